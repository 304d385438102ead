// The nonparametric bootstrap (Efron 1979) of a parametric fit: it is solved again for rows drawn with replacement.
//
// Resampling only changes how much each row counts. Where the objective is quadratic in the parameters a row enters by its own
// Hessian and gradient: those of all replicates are one product of the counts with them, and each replicate one small system.
// It is written in the coordinates in which the Hessian of all rows is one, so that no column's offset costs digits.
import { choleskyDecompose, multiply, solveCholesky } from '../base/linear-algebra.ts'
import type { Random } from '../base/random.ts'
import { directional } from '../differentiate/forward.ts'
import { gradient } from '../differentiate/reverse.ts'
import { vectorize } from '../differentiate/vectorize.ts'
import type { Engine } from '../engine/engine.ts'
import { ROWS } from '../graph/node.ts'
import { contractAxes } from '../graph/ops/contract.ts'
import { input } from '../graph/ops/leaf.ts'
import { reshape, transpose } from '../graph/ops/linear.ts'
import { concat, gather } from '../graph/ops/rearrange.ts'
import { boundedMinimum } from './bounded-minimum.ts'
import { Interrupted, openFullBatch } from './full-batch.ts'
import { feel } from './parametric-work.ts'
import type { ParametricWork } from './parametric-work.ts'
import { resample } from './resample.ts'
import { newton } from './search.ts'
import { fromSearch, searchProblem, toSearch } from './search-space.ts'
import { weigh } from './weighting.ts'

export interface Replicates {
  /** Estimates of the free parameters, row-major [found × P]. */
  readonly thetas: Float64Array
  /** Replicates without an estimate: their objective has no minimum, or the search found none. */
  readonly failed: number
}

/** Counts that are held at once. */
const HELD_COUNTS = 2 ** 23
/** Numbers that one intermediate of a chunk may hold. */
const CHUNK_ELEMENTS = 2 ** 21
/** Steps of a search from the estimate, which is near. */
const SEARCH_STEPS = 60

/**
 * Fits again for each replicate.
 * @param theta the estimate from all rows
 * @param rows row-major [n × d]
 * @param random replicate r draws from its split r: the same whatever the number of threads
 * @returns null where the rows do not determine all parameters
 */
export async function bootstrap(work: ParametricWork, theta: Float64Array, rows: Float64Array, engine: Engine, replicates: number, random: Random): Promise<Replicates | null> {
  const found = work.quadratic ? await solveAgain(work, theta, rows, engine, replicates, random) : await searchAgain(work, theta, rows, engine, replicates, random)
  if (!found) return null
  const kept = found.filter((estimate) => estimate !== undefined)
  const thetas = new Float64Array(kept.length * theta.length)
  kept.forEach((estimate, r) => { thetas.set(estimate, r * theta.length) })
  return { thetas, failed: replicates - kept.length }
}

type Estimates = (Float64Array | undefined)[]

async function solveAgain(work: ParametricWork, theta: Float64Array, rows: Float64Array, engine: Engine, replicates: number, random: Random): Promise<Estimates | null> {
  const { traced, batch, options: { weighting, signal } } = work
  const { parameterCount: size, dimension, positive } = traced
  const { curvature: { basis, flat }, absent } = await feel(work, theta, await batch.hessian(theta), [])
  if (flat.length > 0 || absent.length > 0) return null
  const rowCount = rows.length / dimension
  const block = Math.max(1, Math.min(replicates, Math.floor(HELD_COUNTS / rowCount)))
  const { program, length } = statisticsProgram(work, block)
  const executable = await engine.prepare(program)
  const perChunk = Math.max(1, Math.min(rowCount, Math.floor(CHUNK_ELEMENTS / Math.max(size * size, block))))
  const objective = weighting?.weights ? weigh(traced.graph, work.objective, weighting.weights) : work.objective
  const estimates: Estimates = []
  try {
    for (let first = 0; first < replicates; first += block) {
      const own = Math.min(block, replicates - first)
      const counts = new Float64Array(rowCount * block)
      for (let r = 0; r < own; r++) resample(random.split(first + r), rowCount, weighting?.clusters, counts, r, block)
      const sums = new Float64Array(block * length)
      for (let from = 0; from < rowCount; from += perChunk) {
        if (signal?.aborted) throw new Interrupted('interrupted')
        const count = Math.min(perChunk, rowCount - from)
        const outputs = await executable.run({
          theta: { shape: [size], data: theta }, basis: { shape: [size, size], data: basis.columns },
          rows: { shape: [count, dimension], data: rows.subarray(from * dimension, (from + count) * dimension) },
          counts: { shape: [count, block], data: counts.subarray(from * block, (from + count) * block) },
          ...objective.feeds(from, count),
        })
        outputs.sums.data.forEach((value: number, k: number) => { sums[k] += value / rowCount })
      }
      for (let r = 0; r < own; r++) estimates.push(solveOne(sums.subarray(r * length, (r + 1) * length), basis.columns, theta, positive))
    }
  } finally {
    await executable.release()
  }
  return estimates
}

/** One replicate: its Hessian (upper triangle) and gradient at the estimate, in the basis. */
function solveOne(sums: Float64Array, basis: Float64Array, theta: Float64Array, positive: readonly boolean[]): Float64Array | undefined {
  const size = theta.length
  const hessian = new Float64Array(size * size)
  for (let i = 0, k = 0; i < size; i++) for (let j = i; j < size; j++, k++) hessian[i * size + j] = hessian[j * size + i] = sums[k]
  const slope = sums.subarray(sums.length - size)
  const lower = choleskyDecompose(hessian, size)
  if (!lower) return undefined
  const step = multiply(basis, solveCholesky(lower, size, slope).map((value) => -value), size, size, 1)
  const estimate = theta.map((value, k) => value + step[k])
  if (!estimate.every(Number.isFinite)) return undefined
  return estimate.every((value, k) => !positive[k] || value > 0) ? estimate : boundedMinimum({ lower, slope, basis, start: theta, positive })
}

/** Σ over rows of count × [upper triangle of BᵀHᵢB, Bᵀgᵢ], for a block of replicates. */
function statisticsProgram({ traced, objective: plain, options }: ParametricWork, block: number) {
  const { graph, theta, parameters, parameterCount: size, x } = traced
  const { value, draws } = options.weighting?.weights ? weigh(graph, plain, options.weighting.weights) : plain
  const basis = input(graph, 'basis', [size, size])
  const direction = input(graph, 'direction', [size])
  const packed = parameters.map((placed) => placed.packed)
  const [slope] = directional([value], new Map([[theta, direction]]))
  const bend = concat(gradient(slope, packed), 0)
  const [bends] = vectorize([bend], new Map([[direction, transpose(basis, [1, 0])]]), size)
  const hessian = reshape(contractAxes(bends, basis, [1], [0]), [size * size])
  const upper = Array.from({ length: size * size }, (_, e) => e).filter((e) => e % size >= Math.floor(e / size))
  const own = contractAxes(concat(gradient(value, packed), 0), basis, [0], [0])
  const one = concat([gather(hessian, 0, upper), own], 0)
  const inputs = [x, ...draws].map((node) => input(graph, node === x ? 'rows' : `${String(node.attributes.name)}s`, [ROWS, ...node.shape]))
  const [all] = vectorize([one], new Map([x, ...draws].map((node, k) => [node, inputs[k]])), ROWS)
  const counts = input(graph, 'counts', [ROWS, block])
  return {
    program: { name: 'bootstrap', inputs: [theta, basis, counts, ...inputs], outputs: { sums: contractAxes(counts, all, [0], [0]) }, type: 'float64' as const },
    length: upper.length + size,
  }
}

async function searchAgain(work: ParametricWork, theta: Float64Array, rows: Float64Array, engine: Engine, replicates: number, random: Random): Promise<Estimates> {
  const { traced, objective, batch, options: { weighting, signal } } = work
  const { positive } = traced
  const start = toSearch(theta, positive)
  // What a gradient of zero means is told by all rows.
  const errors = await searchProblem(batch, positive).gradientErrors(start)
  const weights = new Float64Array(batch.rowCount)
  const again = openFullBatch(traced, objective, rows, engine, signal, { weights })
  const problem = { ...searchProblem(again, positive), gradientErrors: () => Promise.resolve(errors) }
  const estimates: Estimates = []
  try {
    for (let r = 0; r < replicates; r++) {
      weights.fill(0)
      resample(random.split(r), weights.length, weighting?.clusters, weights)
      weighting?.weights?.forEach((weight, i) => { weights[i] *= weight })
      const { u, outcome } = await newton(problem, start, { maxSteps: SEARCH_STEPS })
      if (outcome === 'interrupted') throw new Interrupted('interrupted')
      estimates.push(outcome === 'converged' ? fromSearch(u, positive) : undefined)
    }
  } finally {
    await again.release()
  }
  return estimates
}
