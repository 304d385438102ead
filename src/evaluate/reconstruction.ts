// The reconstruction error of the denoiser x̂(x̃) = x̃ + Cφ(x̃) on noisy rows, E‖x − x̂(x̃)‖², and the one that the model expects.
//
// With φ the score of the noisy density, x̂ is the posterior mean, whose errors have the covariance C − C E[φφᵀ] C (Tweedie–Miyasawa:
// Cov{x|x̃} = C + C ∇φ(x̃) C, and E ∇φ = −E φφᵀ). The model's own φ in its place gives `floor`: not what is possible, but what the model
// expects if its score is right. A gap says that it is not. Agreement says less: E‖n + Cφ‖² = tr C − E‖Cφ‖² wherever no factor on φ
// lowers the left side, hence at the optimum of every family that holds its multiples, however coarse.
import { multiply } from '../base/linear-algebra.ts'
import type { Random } from '../base/random.ts'
import { choleskyFactor, thinRows, unwhiten } from '../estimate/row-moments.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'
import { meanWithError } from './mean-with-error.ts'

/** Squared errors of one column, in the data's units squared. */
export interface ColumnReconstruction {
  readonly column: string
  /** mean (xⱼ − x̂ⱼ)². */
  readonly error: number
  readonly standardError: number
  /** Cⱼⱼ − mean (Cφ(x̃))ⱼ² with the model's own score: the error that it expects, no bound on what a better one leaves. */
  readonly floor: number
  /** Cⱼⱼ: what leaving the noisy value as it is costs. */
  readonly noDenoising: number
}

export interface Reconstruction {
  readonly columns: readonly ColumnReconstruction[]
  /** Sums over the columns, each divided by the column's variance over the rows: in standard deviations squared. */
  readonly total: { readonly error: number; readonly standardError: number; readonly floor: number; readonly noDenoising: number }
  /** Mean of error − floor over rows in the total's units, with its error: more than a few errors from 0, the score is not that of the noisy rows. */
  readonly aboveFloor: { readonly value: number; readonly standardError: number }
  /** Rows that noise was added to. */
  readonly rows: number
}

export interface ReconstructionOptions {
  /** Most rows used, evenly spaced over the table. */
  readonly maximumRows?: number
  /** Independent noises per row. */
  readonly draws?: number
  /** What counts as one standard deviation of each column; by default that of these rows, none of which may then be constant. */
  readonly deviations?: ArrayLike<number>
}

/**
 * @param energy a fit whose score is that of the noisy density, at this noise
 * @param rows row-major [n × d], in the data's units
 * @param covariance C of the noise, row-major [d × d], in the data's units squared
 * @throws RangeError for a covariance that is not positive definite, or a constant column without `deviations`
 */
export async function reconstruction(
  energy: FittedEnergy,
  rows: Float64Array,
  covariance: Float64Array,
  random: Random,
  options: ReconstructionOptions = {},
): Promise<Reconstruction> {
  const { columns } = energy
  const dimension = columns.length
  const used = thinRows(rows, dimension, options.maximumRows ?? 10_000)
  const count = used.length / dimension
  const draws = options.draws ?? 4
  const variance = options.deviations ? Float64Array.from(options.deviations, (value) => value ** 2) : columnVariances(used, dimension)
  const factor = choleskyFactor(covariance, dimension, 0)
  if (factor === null) throw new RangeError('the covariance of the noise is not positive definite')
  const centre = new Float64Array(dimension)
  // Per row, averaged over its draws: rows are independent, the draws of one row are not.
  const error = new Float64Array(used.length)
  const square = new Float64Array(used.length)
  const normal = new Float64Array(used.length)
  for (let draw = 0; draw < draws; draw++) {
    random.fillNormal(normal)
    const noise = unwhiten(normal, centre, factor)
    const { score } = await energy.evaluate(used.map((value, k) => value + noise[k]))
    const shift = multiply(score, covariance, count, dimension, dimension)
    for (let k = 0; k < used.length; k++) {
      error[k] += (noise[k] + shift[k]) ** 2 / draws
      square[k] += shift[k] ** 2 / draws
    }
  }
  const perRow = (weigh: (k: number, j: number) => number) =>
    Float64Array.from({ length: count }, (_, i) => columns.reduce((sum, _column, j) => sum + weigh(i * dimension + j, j), 0))
  const noDenoising = columns.map((_, j) => covariance[j * (dimension + 1)])
  const floorOf = (k: number, j: number) => noDenoising[j] - square[k]
  const total = meanWithError(perRow((k, j) => error[k] / variance[j]))
  return {
    columns: columns.map((column, j) => {
      const own = Float64Array.from({ length: count }, (_, i) => error[i * dimension + j])
      const floor = meanWithError(own.map((_, i) => floorOf(i * dimension + j, j))).value
      const { value, standardError } = meanWithError(own)
      return { column, error: value, standardError, floor, noDenoising: noDenoising[j] }
    }),
    total: {
      error: total.value,
      standardError: total.standardError,
      floor: meanWithError(perRow((k, j) => floorOf(k, j) / variance[j])).value,
      noDenoising: noDenoising.reduce((sum, value, j) => sum + value / variance[j], 0),
    },
    aboveFloor: meanWithError(perRow((k, j) => (error[k] - floorOf(k, j)) / variance[j])),
    rows: count,
  }
}

function columnVariances(rows: Float64Array, dimension: number): Float64Array {
  return Float64Array.from({ length: dimension }, (_, j) => {
    const values = Float64Array.from({ length: rows.length / dimension }, (_row, i) => rows[i * dimension + j])
    const { value, standardError } = meanWithError(values)
    const variance = standardError ** 2 * values.length
    if (!(variance > 0)) throw new RangeError(`column ${j + 1} is constant at ${value}: its errors cannot be put in standard deviations`)
    return variance
  })
}
