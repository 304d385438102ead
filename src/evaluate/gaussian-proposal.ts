// Densities one can draw from: a Gaussian N(mean, covariance), with its energy and score.
import { choleskyDecompose, invertCholesky, logDeterminant } from '../base/linear-algebra.ts'
import { UnnormError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'

/** A density one can draw from. */
export interface Proposal {
  /** n rows [n × d]. */
  sample(n: number, random: Random): Float64Array
  /** log q of rows [n × d]. */
  logDensity(rows: Float64Array): Float64Array
}

/** A Gaussian; its energy is −log q, so that its log Z is 0. */
export interface Gaussian extends Proposal {
  readonly mean: ArrayLike<number>
  /** Row-major [d × d]. */
  readonly covariance: Float64Array
  /** The Cholesky factor of the covariance, row-major [d × d]. */
  readonly lower: Float64Array
  /** Energy [n] and score [n × d] of rows [n × d]. */
  evaluate(rows: Float64Array): { energy: Float64Array; score: Float64Array }
}

/** @param covariance row-major [d × d], positive definite */
export function gaussianProposal(mean: ArrayLike<number>, covariance: ArrayLike<number>): Gaussian {
  const d = mean.length
  const lower = choleskyDecompose(covariance, d)
  if (!lower) throw new UnnormError('singular-covariance', 'the covariance of a Gaussian to draw from is not positive definite')
  const precision = invertCholesky(lower, d)
  const constant = (d / 2) * Math.log(2 * Math.PI) + logDeterminant(lower, d) / 2
  const evaluate = (rows: Float64Array): { energy: Float64Array; score: Float64Array } => {
    const energy = new Float64Array(rows.length / d)
    const score = new Float64Array(rows.length)
    const centred = new Float64Array(d)
    for (let row = 0; row < energy.length; row++) {
      for (let j = 0; j < d; j++) centred[j] = rows[row * d + j] - mean[j]
      let form = 0
      for (let i = 0; i < d; i++) {
        let value = 0
        for (let j = 0; j < d; j++) value += precision[i * d + j] * centred[j]
        score[row * d + i] = -value
        form += centred[i] * value
      }
      energy[row] = constant + form / 2
    }
    return { energy, score }
  }
  return {
    mean, covariance: Float64Array.from(covariance), lower, evaluate,
    sample: (n, random) => {
      const z = new Float64Array(n * d)
      random.fillNormal(z)
      const rows = new Float64Array(n * d)
      for (let row = 0; row < n; row++) {
        for (let i = 0; i < d; i++) {
          let value = mean[i]
          for (let j = 0; j <= i; j++) value += lower[i * d + j] * z[row * d + j]
          rows[row * d + i] = value
        }
      }
      return rows
    },
    logDensity: (rows) => evaluate(rows).energy.map((value) => -value),
  }
}
