// Gaussian mixtures by EM (Dempster, Laird & Rubin 1977), on whitened rows.
import { NEGLIGIBLE, expNegative } from '../../base/exponential.ts'
import { invertLower } from '../../base/linear-algebra.ts'
import { choleskyFactor } from '../../estimate/row-moments.ts'
import type { CholeskyFactor } from '../../estimate/row-moments.ts'

/** One component in whitened coordinates. */
export interface Component {
  readonly logWeight: number
  readonly mean: Float64Array
  readonly factor: CholeskyFactor
}

/** Rows that count: row-major [n × d], and their weights, with mean one; all alike if left out. */
export interface CountedRows {
  readonly values: Float64Array
  readonly weights?: Float64Array | undefined
}

export interface Effort {
  readonly tolerance: number
  readonly steps: number
}

/** EM from given components, every second step lengthened (SQUAREM, Varadhan & Roland 2008) as long as that raises the likelihood. */
export function maximize(rows: CountedRows, d: number, start: readonly Component[], floor: Float64Array, { tolerance, steps }: Effort): { components: readonly Component[]; logLikelihood: number } {
  const count = rows.values.length / d
  let trail: (readonly Component[])[] = [start]
  let plain: readonly Component[] | undefined
  let last = { components: start, logLikelihood: -Infinity }
  for (let step = 0; step < steps; step++) {
    const components = trail[trail.length - 1]
    const sums = emptySums(components.length, d)
    const logLikelihood = weightedSum(posterior(rows, d, components, sums), rows.weights)
    const gain = logLikelihood - last.logLikelihood
    if (plain && !(gain >= 0)) {
      trail = [plain]
      plain = undefined
      continue
    }
    // What a lengthened step gains says nothing about how much there is left.
    const isPlain = plain === undefined
    plain = undefined
    last = { components, logLikelihood }
    if (isPlain && gain < tolerance * count) break
    const next = componentsOf(sums, d, count, floor)
    trail.push(next)
    if (trail.length === 3) {
      plain = next
      trail = [lengthened(trail as [readonly Component[], readonly Component[], readonly Component[]], d)]
    }
  }
  return last
}

function weightedSum(values: Float64Array, weights: Float64Array | undefined): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += weights ? weights[i] * values[i] : values[i]
  return sum
}

/** Of three points of EM, where they lead: steps r and then r + v go on as θ₀ + 2ar + a²v, a = ‖r‖/‖v‖ (at least one, which is the third point). */
function lengthened(trail: readonly [readonly Component[], readonly Component[], readonly Component[]], d: number): Component[] {
  const [zero, one, two] = trail.map(coordinatesOf)
  let [r, v] = [0, 0]
  zero.forEach((value, e) => {
    r += (one[e] - value) ** 2
    v += (two[e] - 2 * one[e] + value) ** 2
  })
  const a = Math.max(1, Math.sqrt(r / v))
  if (!Number.isFinite(a)) return [...trail[2]]
  return fromCoordinates(zero.map((value, e) => value + 2 * a * (one[e] - value) + a * a * (two[e] - 2 * one[e] + value)), d)
}

/** Numbers without bounds: of each component the log-weight, the mean and the factor with logarithms on its diagonal. */
function coordinatesOf(components: readonly Component[]): Float64Array {
  return Float64Array.from(components.flatMap(({ logWeight, mean, factor: { lower } }) => [
    logWeight, ...mean, ...Array.from(lower, (value, e) => (e % (mean.length + 1) === 0 ? Math.log(value) : value)),
  ]))
}

function fromCoordinates(coordinates: Float64Array, d: number): Component[] {
  const length = 1 + d + d * d
  const all = Array.from({ length: coordinates.length / length }, (_, k) => coordinates.subarray(k * length, (k + 1) * length))
  const total = Math.log(all.reduce((sum, [logWeight]) => sum + Math.exp(logWeight), 0))
  return all.map((own) => {
    const factor = own.slice(1 + d)
    let logDeterminant = 0
    for (let j = 0; j < d; j++) {
      logDeterminant += factor[j * (d + 1)]
      factor[j * (d + 1)] = Math.exp(factor[j * (d + 1)])
    }
    return { logWeight: own[0] - total, mean: own.slice(1, 1 + d), factor: { dimension: d, lower: factor, logDeterminant } }
  })
}

/** Of each component: Σ shares, then Σ shares·x [d], then Σ shares·x xᵀ, its lower triangle row by row; row-major [k × length]. */
export type Sums = Float64Array

/** A smaller share of a row says nothing of a component, which has thousands of them. */
const NO_SHARE = 1e-12

export const sumLength = (d: number): number => 1 + d + (d * (d + 1)) / 2
export const emptySums = (size: number, d: number): Sums => new Float64Array(size * sumLength(d))

/** What is summed of a row: 1, x, x xᵀ. */
export function writeFeatures(features: Float64Array, rows: Float64Array, start: number, d: number): void {
  let at = 0
  features[at++] = 1
  for (let a = 0; a < d; a++) features[at++] = rows[start + a]
  for (let a = 0; a < d; a++) for (let b = 0; b <= a; b++) features[at++] = rows[start + a] * rows[start + b]
}

export function addRow(sums: Sums, k: number, features: Float64Array, share: number): void {
  const start = k * features.length
  for (let e = 0; e < features.length; e++) sums[start + e] += share * features[e]
}

/**
 * log-density of every row under the mixture (E step).
 * @param sums where the rows are added by their posterior shares times their weights, if wanted
 */
export function posterior({ values: rows, weights }: CountedRows, d: number, components: readonly Component[], sums: Sums | null): Float64Array {
  const count = rows.length / d
  const size = components.length
  // L⁻¹ of each component, its lower triangle row by row, each row followed by what takes the mean off: most of the time of a fit's
  // baselines is spent here, and neither divisions nor waiting for the element before suit it.
  const each = (d * (d + 3)) / 2
  const inverses = new Float64Array(size * each)
  components.forEach(({ mean, factor: { lower } }, k) => {
    const inverse = invertLower(lower, d)
    for (let j = 0, at = k * each; j < d; j++) {
      let offset = 0
      for (let m = 0; m <= j; m++) {
        inverses[at++] = inverse[j * d + m]
        offset += inverse[j * d + m] * mean[m]
      }
      inverses[at++] = offset
    }
  })
  const constants = components.map(({ logWeight, factor }) => logWeight - factor.logDeterminant - (d / 2) * Math.log(2 * Math.PI))
  const result = new Float64Array(count)
  const logs = new Float64Array(size)
  const features = new Float64Array(sumLength(d))
  const expOf = expNegative
  for (let i = 0; i < count; i++) {
    let most = -Infinity
    for (let k = 0, at = 0; k < size; k++) {
      let squared = 0
      for (let j = 0; j < d; j++) {
        let value = 0
        for (let m = 0; m <= j; m++) value += inverses[at++] * rows[i * d + m]
        value -= inverses[at++]
        squared += value * value
      }
      logs[k] = constants[k] - squared / 2
      if (logs[k] > most) most = logs[k]
    }
    let sum = 0
    for (let k = 0; k < size; k++) sum += logs[k] = logs[k] > most + NEGLIGIBLE ? expOf(logs[k] - most) : 0
    result[i] = most + Math.log(sum)
    if (!sums) continue
    writeFeatures(features, rows, i * d, d)
    for (let k = 0; k < size; k++) {
      const share = weights ? weights[i] * logs[k] / sum : logs[k] / sum
      if (share > NO_SHARE) addRow(sums, k, features, share)
    }
  }
  return result
}

/** Weights, means and covariances (M step). Rows are whitened, so second moments lose nothing when means are taken off. */
export function componentsOf(sums: Sums, d: number, count: number, floor: Float64Array): Component[] {
  const length = sumLength(d)
  return Array.from({ length: sums.length / length }, (_, k): Component => {
    // A component that lost all of its rows stays where the rows are, with next to no weight.
    const divisor = Math.max(sums[k * length], 1e-9)
    const mean = sums.slice(k * length + 1, k * length + 1 + d).map((value) => value / divisor)
    const covariance = new Float64Array(d * d)
    for (let a = 0, at = k * length + 1 + d; a < d; a++) {
      for (let b = 0; b <= a; b++) {
        const product = sums[at++] / divisor - mean[a] * mean[b]
        covariance[a * d + b] = covariance[b * d + a] = (a === b ? Math.max(0, product) : product) + floor[a * d + b]
      }
    }
    return { logWeight: Math.log(divisor / count), mean, factor: choleskyFactor(covariance, d, 0)! }
  })
}
