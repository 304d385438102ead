// Objectives that are quadratic in x, as that of a Gaussian: over millions of rows they cost a pass for the moments of these.
//
// The mean of a quadratic f depends on the rows through their mean m and covariance LLᵀ alone, and the 2d points m ± √d·Lⱼ have
// both: they stand for the table. How much gradients differ from row to row is told by moments of the fourth order.
import type { Engine } from '../engine/engine.ts'
import { isDiscrete } from '../model/domain.ts'
import type { TracedModel } from '../model/model.ts'
import { gradient } from '../differentiate/reverse.ts'
import { contractAxes } from '../graph/ops/contract.ts'
import { input } from '../graph/ops/leaf.ts'
import { reshape } from '../graph/ops/linear.ts'
import { concat } from '../graph/ops/rearrange.ts'
import type { Basis } from './curvature.ts'
import { overDistinctRows } from './distinct-rows.ts'
import { Interrupted, openFullBatch, wholeSpace } from './full-batch.ts'
import type { FullBatch, Spread } from './full-batch.ts'
import type { IntegratedObjective } from './integrate-noise.ts'
import { isQuadraticIn } from './quadratic.ts'
import { fourthMoments } from './fourth-moments.ts'
import { inCoefficients, interpolate } from './quadratic-in-x.ts'
import type { Whitening } from './quadratic-in-x.ts'
import { whiten, whiteningOf } from './row-moments.ts'
import type { Weighting } from './weighting.ts'

/** Below so many rows a pass costs nothing. */
const FEWEST_ROWS = 20_000
const CHUNK_ROWS = 65_536

/**
 * An objective over a table, as `openFullBatch` gives it, by moments where it is quadratic in x and the rows are many, by the rows that
 * differ on a binary domain.
 * @param rows row-major [n × d], in the data's units
 */
export function openTable(traced: TracedModel, objective: IntegratedObjective, rows: Float64Array, engine: Engine, signal?: AbortSignal, weighting: Weighting = {}): FullBatch {
  const all = openFullBatch(traced, objective, rows, engine, signal, weighting)
  if (isDiscrete(traced.domain)) return overDistinctRows(all, traced, objective, rows, engine, signal, weighting)
  const { dimension } = traced
  const isMany = rows.length / dimension >= FEWEST_ROWS
  const whitening = isMany && objective.draws.length === 0 && isQuadraticIn(objective.value, [traced.x]) ? whiteningOf(rows, dimension, weighting.weights) : undefined
  if (!whitening) return all
  const few = openFullBatch(traced, objective, momentPoints(whitening), engine, signal)
  let products: Float64Array | undefined
  return {
    ...all, evaluate: few.evaluate, hessian: few.hessian,
    // Sums over clusters are no moments.
    ...(weighting.clusters ? {} : {
      spread: async (theta, basis) => {
        products ??= fourthMoments(whitenedParts(rows, whitening, weighting.weights, signal), dimension)
        return spreadOf(traced, objective, theta, basis ?? wholeSpace(traced.parameterCount), products, rows.length / dimension, whitening, engine)
      },
    }),
    release: async () => {
      await few.release()
      await all.release()
    },
  }
}

/** Points that count alike, row-major [2d × d], with mean m and covariance LLᵀ. */
function momentPoints({ mean, factor: { dimension, lower } }: Whitening): Float64Array {
  const length = Math.sqrt(dimension)
  const points = new Float64Array(2 * dimension * dimension)
  for (let j = 0; j < dimension; j++) {
    for (let i = 0; i < dimension; i++) {
      const step = length * lower[i * dimension + j]
      points[2 * j * dimension + i] = mean[i] + step
      points[(2 * j + 1) * dimension + i] = mean[i] - step
    }
  }
  return points
}

/** Rows in pieces, whitened; throws `Interrupted` between two of them. */
function* whitenedParts(rows: Float64Array, { mean, factor }: Whitening, weights: Float64Array | undefined, signal: AbortSignal | undefined) {
  const { dimension } = factor
  const rowCount = rows.length / dimension
  for (let first = 0; first < rowCount; first += CHUNK_ROWS) {
    if (signal?.aborted) throw new Interrupted('interrupted')
    const end = Math.min(rowCount, first + CHUNK_ROWS)
    yield { whitened: whiten(rows.subarray(first * dimension, end * dimension), mean, factor), ...(weights ? { weights: weights.subarray(first, end) } : {}) }
  }
}

/** The spread of the rows at θ: their objectives and gradients are combinations of monomials. */
async function spreadOf(traced: TracedModel, { value }: IntegratedObjective, at: Float64Array, { columns, count }: Basis, products: Float64Array, rowCount: number, whitening: Whitening, engine: Engine): Promise<Spread> {
  const { graph, x, theta, parameterCount: size, parameters } = traced
  const basis = input(graph, 'basis', [size, count])
  const seen = contractAxes(concat(gradient(value, parameters.map(({ packed }) => packed)), 0), basis, [0], [0])
  const feeds = { theta: { shape: [size], data: at }, basis: { shape: [size, count], data: columns } }
  const coefficients = await interpolate(concat([reshape(value, [1]), seen], 0), x, [theta, basis], feeds, whitening, engine)
  const length = count + 1
  // The mean objective: 1 has mean one, whitened rows have mean zero, their squares one.
  const mean = coefficients.reduce((total, one, e) => total + (e % length === 0 ? one * meanOfMonomial(e / length, traced.dimension) : 0), 0)
  const centred = coefficients.map((one, e) => (e === 0 ? one - mean : one))
  const all = inCoefficients(products, centred, length)
  return {
    objectiveError: Math.sqrt(all[0] / rowCount),
    gradientProducts: Float64Array.from({ length: count * count }, (_, e) => all[(1 + Math.floor(e / count)) * length + 1 + (e % count)]),
  }
}

function meanOfMonomial(m: number, dimension: number): number {
  if (m === 0) return 1
  let square = 1 + dimension
  for (let j = 0; j < dimension; square += dimension - j, j++) if (m === square) return 1
  return 0
}
