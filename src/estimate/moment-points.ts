// A few points that stand for a table: with its mean and covariance, they give the mean of any function that is quadratic in x.
//
// The mean of a quadratic f depends on the rows through their mean m and covariance LLᵀ alone, and the 2d points m ± √d·Lⱼ have
// both. So the objective of a Gaussian over millions of rows costs one pass over them, as its closed form does.
import type { Engine } from '../engine/engine.ts'
import type { TracedModel } from '../model/model.ts'
import { openFullBatch } from './full-batch.ts'
import type { FullBatch } from './full-batch.ts'
import type { IntegratedObjective } from './integrate-noise.ts'
import { isQuadraticIn } from './quadratic.ts'
import { choleskyFactor, rowMoments } from './row-moments.ts'
import type { Weighting } from './weighting.ts'

/** Below so many rows a pass costs nothing. */
const FEWEST_ROWS = 20_000

/**
 * Points that count alike, row-major [2d × d]; undefined where the rows are few, or their covariance is singular.
 * @param rows row-major [n × d]
 * @param weights with mean one, [n]; all alike if left out
 */
function momentPoints(rows: Float64Array, dimension: number, weights?: Float64Array): Float64Array | undefined {
  if (rows.length / dimension < FEWEST_ROWS) return undefined
  const { mean, covariance } = rowMoments(rows, dimension, weights)
  const factor = choleskyFactor(covariance, dimension)
  if (!factor) return undefined
  const length = Math.sqrt(dimension)
  const points = new Float64Array(2 * dimension * dimension)
  for (let j = 0; j < dimension; j++) {
    for (let i = 0; i < dimension; i++) {
      const step = length * factor.lower[i * dimension + j]
      points[2 * j * dimension + i] = mean[i] + step
      points[(2 * j + 1) * dimension + i] = mean[i] - step
    }
  }
  return points
}

/**
 * An objective over a table, as `openFullBatch` gives it: where it is quadratic in x and the rows are many, its mean, gradient and
 * Hessian come from points that stand for them. How much the rows differ is still told by all of them.
 */
export function openTable(traced: TracedModel, objective: IntegratedObjective, rows: Float64Array, engine: Engine, signal?: AbortSignal, weighting: Weighting = {}): FullBatch {
  const all = openFullBatch(traced, objective, rows, engine, signal, weighting)
  const isQuadratic = objective.draws.length === 0 && isQuadraticIn(objective.value, [traced.x])
  const points = isQuadratic ? momentPoints(rows, traced.dimension, weighting.weights) : undefined
  if (!points) return all
  const few = openFullBatch(traced, objective, points, engine, signal)
  return {
    ...all, evaluate: few.evaluate, hessian: few.hessian,
    release: async () => {
      await few.release()
      await all.release()
    },
  }
}
