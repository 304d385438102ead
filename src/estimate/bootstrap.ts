// The nonparametric bootstrap (Efron 1979) of a parametric fit: it is solved again for rows drawn with replacement.
//
// Resampling only changes how much each row counts. Where the objective is quadratic in the parameters a row enters by its own
// Hessian and gradient: those of all replicates are one product of the counts with them, and each replicate one small system.
// It is written in the coordinates in which the Hessian of all rows is one, so that no column's offset costs digits.
import { choleskyDecompose, multiply, solveCholesky } from '../base/linear-algebra.ts'
import type { Random } from '../base/random.ts'
import type { Engine } from '../engine/engine.ts'
import { boundedMinimum } from './bounded-minimum.ts'
import { Interrupted, openFullBatch } from './full-batch.ts'
import { search } from './parametric-search.ts'
import { feel, startValues } from './parametric-work.ts'
import type { ParametricWork } from './parametric-work.ts'
import { resample, resampleMany } from './resample.ts'
import { openStatistics } from './row-statistics.ts'

export interface Replicates {
  /** Estimates of the free parameters, row-major [found × P]. */
  readonly thetas: Float64Array
  /** Replicates without an estimate: their objective has no minimum, or the search found none. */
  readonly failed: number
}

/** Counts that are held at once. */
const HELD_COUNTS = 2 ** 23
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
  const { traced: { dimension, positive }, batch, options: { weighting } } = work
  const { curvature: { basis, flat }, absent } = await feel(work, theta, await batch.hessian(theta), [])
  if (flat.length > 0 || absent.length > 0) return null
  const rowCount = rows.length / dimension
  const block = Math.max(1, Math.min(replicates, Math.floor(HELD_COUNTS / rowCount)))
  const statistics = await openStatistics(work, theta, basis.columns, rows, engine, block)
  const { length } = statistics
  const estimates: Estimates = []
  try {
    for (let first = 0; first < replicates; first += block) {
      const own = Math.min(block, replicates - first)
      const means = await statistics.means(resampleMany(random, weighting ?? {}, rowCount, { first, count: own, width: block }))
      for (let r = 0; r < own; r++) estimates.push(solveOne(means.subarray(r * length, (r + 1) * length), basis.columns, theta, positive))
    }
  } finally {
    await statistics.release()
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

async function searchAgain(work: ParametricWork, theta: Float64Array, rows: Float64Array, engine: Engine, replicates: number, random: Random): Promise<Estimates> {
  const { scout: _scout, ...without } = work
  const { traced, objective, batch, options: { onProgress: _, ...options } } = without
  const { weighting = {}, signal } = options
  const usual = startValues(traced, options.random)
  // From the estimate, which is near; what ended at its bound starts inside.
  const start = theta.map((value, k) => (traced.positive[k] && !(value > 0) ? usual[k] : value))
  const weights = new Float64Array(batch.rowCount)
  const again = openFullBatch(traced, objective, rows, engine, signal, { weights })
  const once: ParametricWork = { ...without, traced: { ...traced, model: { ...traced.model, initial: () => start } }, batch: again, options }
  const estimates: Estimates = []
  try {
    for (let r = 0; r < replicates; r++) {
      resample(random.split(r), weighting, weights)
      const { stopped, theta: found } = await search(once)
      if (stopped === 'interrupted') throw new Interrupted('interrupted')
      estimates.push(stopped === 'converged' || stopped === 'at a bound' ? found : undefined)
    }
  } finally {
    await again.release()
  }
  return estimates
}
