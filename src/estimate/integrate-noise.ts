// The expectation of a row's objective over its noise draws: exactly where it is quadratic in them, else from a fixed set
// of antithetic draws.
//
// A quadratic f has E f(z) = f(0) + ½ Δf for z ~ N(0, I): what the mean over the 2D points ±√D·e_j would give, without
// computing f at 2D points. Denoising with a score that is affine in x is such a case.
import { UnnormError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import { laplacian } from '../differentiate/second-order.ts'
import { substitute } from '../differentiate/substitute.ts'
import { vectorize } from '../differentiate/vectorize.ts'
import type { Values } from '../engine/engine.ts'
import { sizeOf } from '../graph/node.ts'
import { add } from '../graph/ops/arithmetic.ts'
import { input } from '../graph/ops/leaf.ts'
import { fill, scale, sum } from '../graph/ops/linear.ts'
import type { TracedModel } from '../model/model.ts'
import type { RowObjective } from './estimator.ts'
import { isQuadraticIn } from './quadratic.ts'

/** A row's objective averaged over noise. */
export interface IntegratedObjective extends RowObjective {
  /** Points at which the objective of one row is computed. */
  readonly points: number
  readonly method: 'none' | 'exact' | 'simulation'
  /** What to feed for the draws of some consecutive rows of the table; the same for a row whatever the chunk. */
  feeds(firstRow: number, count: number): Record<string, Values>
}

export interface NoiseIntegration {
  /**
   * Noise points of each row, half of them the negatives of the others. Left out: the exact expectation where the objective is
   * quadratic in the noise, 32 points otherwise. Given: always simulated.
   */
  readonly draws?: number
  readonly random: Random
}

/** Points of noise of each row when it is simulated: the estimate's variance is then within a few percent of the limit. */
const defaultDraws = 32

/** Numbers kept for a table's draws before they are computed anew in every pass. */
const KEPT_DRAWS = 2 ** 22

/**
 * Averages a row's objective over its draws.
 * @throws UnnormError `invalid-option` for a number of draws that is odd or less than 2
 */
export function integrateNoise(traced: TracedModel, objective: RowObjective, { draws, random }: NoiseIntegration): IntegratedObjective {
  if (draws !== undefined && (!Number.isInteger(draws) || draws < 2 || draws % 2 !== 0)) {
    throw new UnnormError('invalid-option', `invalid draws: ${draws} (must be an even whole number ≥ 2: they come in pairs ±z)`, 'usage')
  }
  if (objective.draws.length === 0) return { ...objective, points: 1, method: 'none', feeds: () => ({}) }
  if (draws === undefined && isQuadraticIn(objective.value, objective.draws)) return exactly(objective)
  return simulated(traced, objective, draws ?? defaultDraws, random)
}

function exactly(objective: RowObjective): IntegratedObjective {
  const { value, draws } = objective
  const whole = draws.reduce((total, draw) => add(total, scale(laplacian(value, draw), 0.5)), value)
  const [atZero] = substitute([whole], new Map(draws.map((draw) => [draw, fill(draw.graph, 0, draw.shape)])))
  return { value: atZero, draws: [], points: 1, method: 'exact', feeds: () => ({}) }
}

function simulated({ graph }: TracedModel, objective: RowObjective, count: number, random: Random): IntegratedObjective {
  const sets = objective.draws.map((draw, k) => input(graph, `set${k}`, [count, ...draw.shape]))
  const points = new Map(objective.draws.map((draw, k) => [draw, sets[k]]))
  const [values] = vectorize([objective.value], points, count)
  const stream = random.split('draws')
  const kept = new Map<string, Values>()
  let keptNumbers = 0
  return {
    value: scale(sum(values), 1 / count),
    draws: sets,
    points: count,
    method: 'simulation',
    feeds: (firstRow, rowCount) => Object.fromEntries(sets.map((set, k) => {
      const key = `${k} ${firstRow} ${rowCount}`
      const values = kept.get(key) ?? { shape: [rowCount, ...set.shape], data: pairedDraws(stream.split(k), firstRow, rowCount, sizeOf(set.shape)) }
      if (!kept.has(key) && keptNumbers + values.data.length <= KEPT_DRAWS) {
        kept.set(key, values)
        keptNumbers += values.data.length
      }
      return [`set${k}s`, values]
    })),
  }
}

/** For each row `size` normal numbers of its own stream, the second half the negatives of the first. */
function pairedDraws(stream: Random, firstRow: number, rowCount: number, size: number): Float64Array {
  const data = new Float64Array(rowCount * size)
  const half = size / 2
  for (let row = 0; row < rowCount; row++) {
    const start = row * size
    stream.split(firstRow + row).fillNormal(data, start, start + half)
    for (let k = 0; k < half; k++) data[start + half + k] = -data[start + k]
  }
  return data
}
