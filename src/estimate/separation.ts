// Separation (Albert & Anderson 1984): binary rows at which some parameters have no finite estimate, because what they say of a value
// never fails at these rows. A search ends anywhere then, with small errors that mean nothing; so it is looked for before.
//
// With Δ = Aθ what flips add to log p, rows are separated where Av ≤ 0 for some v with Av ≠ 0: along v every value only becomes more
// probable given the others. Newton steps for the pseudo-likelihood tell: they end at a minimum, or walk on along such a v.
import { choleskyDecompose, solveCholesky } from '../base/linear-algebra.ts'
import { UnnormError } from '../base/errors.ts'
import { gradient } from '../differentiate/reverse.ts'
import { vectorize } from '../differentiate/vectorize.ts'
import type { Engine } from '../engine/engine.ts'
import { ROWS } from '../graph/node.ts'
import { input } from '../graph/ops/leaf.ts'
import { reshape } from '../graph/ops/linear.ts'
import { concat, slice } from '../graph/ops/rearrange.ts'
import type { TracedModel } from '../model/model.ts'
import { distinctRows } from './distinct-rows.ts'
import { flipDifferences } from './flips.ts'
import { isLinearIn } from './quadratic.ts'

/** The rows of A that differ from zero, each as the places and values of its elements. */
interface Design {
  readonly size: number
  readonly places: readonly Int32Array[]
  readonly values: readonly Float64Array[]
}

/** Elements of A that are looked at first: rows that are not separated settle it, for more of them are not either. */
const FIRST_ELEMENTS = 1e6
const CHUNK_ELEMENTS = 2 ** 21
const STEPS = 60
/** A step that changes all log-odds by less has arrived. */
const ARRIVED = 1e-6
/** A walk's step lengthens some log-odds by about one and shortens none by more than this share. */
const SHORTENED = 1e-6
const WALKING = 0.3

/**
 * Refuses rows that determine no finite estimate, where what flips do to log p is linear in the parameters.
 * @param rows of points, row-major [n × d]
 * @param weights of the rows; those without any say nothing
 * @throws UnnormError `separation`, naming the parameters and what never fails
 */
export async function refuseSeparation(traced: TracedModel, rows: Float64Array, engine: Engine, weights?: ArrayLike<number>): Promise<void> {
  const { dimension: d, parameterCount: size, parameterNames, domain, positive } = traced
  const flips = flipDifferences(traced)
  // A bound may keep a parameter from walking on.
  if (!isLinearIn(flips, [traced.theta]) || positive.includes(true)) return
  const counted = weights ? rows.filter((_, e) => weights[Math.floor(e / d)] > 0) : rows
  const distinct = distinctRows(counted, d, undefined).rows
  const count = distinct.length / d
  const first = Math.min(count, Math.max(1, Math.floor(FIRST_ELEMENTS / (d * Math.min(size, 2 * d)))))
  for (const part of first < count ? [first, count] : [count]) {
    const along = findSeparation(await designOf(traced, distinct.subarray(0, part * d), engine))
    if (along === undefined) return
    if (part < count) continue
    const longest = along.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    const moved = parameterNames.flatMap((name, k) => (Math.abs(along[k]) > 1e-4 * longest ? [`${name} → ${along[k] > 0 ? '+∞' : '−∞'}`] : []))
    const patterns = emptyCells(distinct, domain.columns)
    throw new UnnormError('separation', `no finite estimate: these rows are separated. The fit gets better without end as ${moved.slice(0, 8).join(', ')}${moved.length > 8 ? ` and ${moved.length - 8} more` : ''}${moved.length > 1 ? ' together' : ''}${patterns.length === 0 ? '' : `: ${patterns.slice(0, 3).join('; ')}${patterns.length > 3 ? '; …' : ''}`} (take more rows, leave such a column out with --columns, or hold parameters with --fix)`)
  }
}

/** A, by differentiating. */
async function designOf(traced: TracedModel, rows: Float64Array, engine: Engine): Promise<Design> {
  const { graph, x, theta, dimension: d, parameterCount: size, parameters } = traced
  const flips = flipDifferences(traced)
  const packed = parameters.map((placed) => placed.packed)
  const slopes = concat(Array.from({ length: d }, (_, i) => concat(gradient(reshape(slice(flips, 0, i, 1), []), packed), 0)), 0)
  const batch = input(graph, 'rows', [ROWS, d])
  const [all] = vectorize([slopes], new Map([[x, batch]]), ROWS)
  const executable = await engine.prepare({ name: 'design', inputs: [batch, theta], outputs: { all }, type: 'float64' })
  const places: Int32Array[] = []
  const values: Float64Array[] = []
  const most = Math.max(1, Math.floor(CHUNK_ELEMENTS / (d * size)))
  const count = rows.length / d
  for (let first = 0; first < count; first += most) {
    const part = Math.min(most, count - first)
    const { all: { data } } = await executable.run({ rows: { shape: [part, d], data: rows.subarray(first * d, (first + part) * d) }, theta: { shape: [size], data: new Float64Array(size) } })
    for (let start = 0; start < data.length; start += size) {
      const own: number[] = []
      for (let k = 0; k < size; k++) if (data[start + k] !== 0) own.push(k)
      if (own.length === 0) continue
      places.push(Int32Array.from(own))
      values.push(Float64Array.from(own, (k) => data[start + k]))
    }
  }
  await executable.release()
  return { size, places, values }
}

/** v with Av ≤ 0 and Av ≠ 0; undefined where there is none. */
function findSeparation(design: Design): Float64Array | undefined {
  const { size } = design
  let theta = new Float64Array(size)
  let current = logisticLoss(design, theta)
  for (let k = 0; k < STEPS; k++) {
    const step = newtonStep(current, size)
    const change = product(design, step)
    const [low, high] = change.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [0, 0])
    if (Math.max(-low, high) < ARRIVED) return undefined
    if (-low > WALKING && high <= SHORTENED * -low) return step
    let next = current
    let length = 1
    let moved = theta
    for (; length > 1e-6; length /= 2) {
      moved = theta.map((value, p) => value + length * step[p])
      next = logisticLoss(design, moved)
      if (next.loss <= current.loss) break
    }
    if (length <= 1e-6) return undefined
    theta = moved
    current = next
  }
  return undefined
}

interface Loss {
  readonly loss: number
  readonly gradient: Float64Array
  /** Row-major [P × P]. */
  readonly hessian: Float64Array
}

function product({ places, values }: Design, theta: Float64Array): Float64Array {
  return Float64Array.from(places, (own, r) => {
    let total = 0
    for (let e = 0; e < own.length; e++) total += values[r][e] * theta[own[e]]
    return total
  })
}

/** Σ log(1 + exp Δ). */
function logisticLoss(design: Design, theta: Float64Array): Loss {
  const { size, places, values } = design
  const gradient = new Float64Array(size)
  const hessian = new Float64Array(size * size)
  let loss = 0
  product(design, theta).forEach((delta, r) => {
    const share = 1 / (1 + Math.exp(-delta))
    loss += Math.max(delta, 0) + Math.log1p(Math.exp(-Math.abs(delta)))
    const bend = share / (1 + Math.exp(delta))
    const [own, factors] = [places[r], values[r]]
    for (let a = 0; a < own.length; a++) {
      gradient[own[a]] += share * factors[a]
      for (let b = 0; b < own.length; b++) hessian[own[a] * size + own[b]] += bend * factors[a] * factors[b]
    }
  })
  return { loss, gradient, hessian }
}

/** −H⁻¹g, a little to the diagonal added for what the rows do not determine. */
function newtonStep({ gradient, hessian }: Loss, size: number): Float64Array {
  const largest = hessian.reduce((most, value, e) => (e % (size + 1) === 0 ? Math.max(most, value) : most), 0) || 1
  for (let ridge = 1e-14; ; ridge *= 100) {
    const factor = choleskyDecompose(hessian.map((value, e) => (e % (size + 1) === 0 ? value + ridge * largest : value)), size)
    if (factor) return solveCholesky(factor, size, gradient).map((value) => -value)
  }
}

/** What never happens in a pair of columns: the usual reason. */
function emptyCells(rows: Float64Array, columns: readonly string[]): string[] {
  const d = columns.length
  const names = columns.map((name) => JSON.stringify(name))
  const isSeen = (i: number, j: number, a: number, b: number): boolean => {
    for (let start = 0; start < rows.length; start += d) if (rows[start + i] === a && rows[start + j] === b) return true
    return false
  }
  const constant = columns.flatMap((_, j) => (isSeen(j, j, 1, 1) && isSeen(j, j, -1, -1) ? [] : [`${names[j]} is the same in every row`]))
  if (constant.length > 0) return constant
  return columns.flatMap((_, i) => columns.flatMap((__, j) => (j <= i ? [] : [
    ...(isSeen(i, j, 1, 1) ? [] : [`${names[i]} and ${names[j]} are never 1 together`]),
    ...(isSeen(i, j, 1, -1) ? [] : [`${names[i]} is never 1 without ${names[j]}`]),
    ...(isSeen(i, j, -1, 1) ? [] : [`${names[j]} is never 1 without ${names[i]}`]),
    ...(isSeen(i, j, -1, -1) ? [] : [`${names[i]} or ${names[j]} is 1 in every row`]),
  ])))
}
