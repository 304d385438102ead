// The integrand of log Z: exp(−E) in coordinates whitened by the rows, the Jacobian included, on a log scale.
import { UnnormError } from '../../base/errors.ts'
import { choleskyFactor, rowMoments, unwhiten, whiten, whitenScores } from '../../estimate/row-moments.ts'
import type { CholeskyFactor } from '../../estimate/row-moments.ts'
import type { FittedEnergy } from '../../model/fitted-energy.ts'

/** Where the mass is to be looked for, in the data's units. */
export type Surroundings =
  | { /** Row-major [n × d]. */ readonly rows: Float64Array }
  | { readonly center: readonly number[]; readonly scale: readonly number[] }

const ROWS_PER_BATCH = 65_536

// The unnormalized log-density in whitened coordinates, the Jacobian included.
export interface Integrand {
  readonly dimension: number
  // Throws where the energy is NaN.
  evaluate(points: Float64Array): Promise<Float64Array>
  // For scouting, where nothing is integrated: NaN counts as no density at all.
  scout(points: Float64Array): Promise<{ log: Float64Array; gradient: Float64Array }>
  evaluations(): number
  toWhitened(rows: Float64Array): Float64Array
}

export function whitenedIntegrand(energy: FittedEnergy, where: Surroundings): Integrand {
  const dimension = energy.columns.length
  const { center, factor } = frameOf(where, dimension)
  let evaluations = 0
  const inBatches = async (points: Float64Array, use: (result: Awaited<ReturnType<FittedEnergy['evaluate']>>, rows: Float64Array, start: number) => void) => {
    const count = points.length / dimension
    evaluations += count
    for (let start = 0; start < count; start += ROWS_PER_BATCH) {
      const rows = unwhiten(points.subarray(start * dimension, Math.min(count, start + ROWS_PER_BATCH) * dimension), center, factor)
      use(await energy.evaluate(rows), rows, start)
    }
  }
  return {
    dimension,
    async evaluate(points) {
      const log = new Float64Array(points.length / dimension)
      await inBatches(points, (result, rows, start) => {
        result.energy.forEach((value, i) => {
          if (Number.isNaN(value)) throw notFinite(rows.subarray(i * dimension, (i + 1) * dimension))
          log[start + i] = logOfEnergy(value, rows.subarray(i * dimension, (i + 1) * dimension)) + factor.logDeterminant
        })
      })
      return log
    },
    async scout(points) {
      const log = new Float64Array(points.length / dimension)
      const gradient = new Float64Array(points.length)
      await inBatches(points, (result, rows, start) => {
        result.energy.forEach((value, i) => {
          log[start + i] = logOfEnergy(value, rows.subarray(i * dimension, (i + 1) * dimension)) + factor.logDeterminant
        })
        gradient.set(whitenScores(result.score, factor), start * dimension)
      })
      return { log, gradient }
    },
    evaluations: () => evaluations,
    toWhitened: (rows) => whiten(rows, center, factor),
  }
}

function logOfEnergy(value: number, x: Float64Array): number {
  if (value === -Infinity) throw notIntegrable(`the energy is −∞ at (${placeOf(x)})`)
  return Number.isNaN(value) ? -Infinity : -value
}

function placeOf(x: Float64Array): string {
  return Array.from(x, (value) => value.toPrecision(4)).join(', ')
}

function notFinite(x: Float64Array): UnnormError {
  return new UnnormError(
    'energy-not-finite',
    `no log normalizer: the energy is NaN at (${placeOf(x)}); check the model there, or restrict it to a domain`,
  )
}

export function notIntegrable(reason: string): UnnormError {
  return new UnnormError(
    'not-integrable',
    `no log normalizer: exp(−energy) cannot be integrated: ${reason}; give the model an energy that grows in every direction`,
  )
}

function frameOf(where: Surroundings, dimension: number): { center: ArrayLike<number>; factor: CholeskyFactor } {
  if ('center' in where) return { center: where.center, factor: diagonalFactor(where.scale) }
  const { mean, covariance } = rowMoments(where.rows, dimension)
  const factor = choleskyFactor(covariance, dimension)
  if (factor !== null) return { center: mean, factor }
  const scale = Array.from({ length: dimension }, (_, j) => Math.sqrt(covariance[j * dimension + j]) || 1)
  return { center: mean, factor: diagonalFactor(scale) }
}

function diagonalFactor(scale: readonly number[]): CholeskyFactor {
  const dimension = scale.length
  const lower = new Float64Array(dimension * dimension)
  scale.forEach((value, j) => {
    if (!(value > 0 && value < Infinity)) throw new UnnormError('invalid-scale', `invalid scale: ${value} (must be > 0)`, 'usage')
    lower[j * dimension + j] = value
  })
  return { dimension, lower, logDeterminant: scale.reduce((sum, value) => sum + Math.log(value), 0) }
}

// Points known to have a high density: rows, and points that climbed from the best nodes of the cells.
export interface Detectors {
  readonly points: Float64Array
  readonly log: Float64Array
}
