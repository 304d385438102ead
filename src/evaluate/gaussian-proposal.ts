// A Gaussian to draw from, N(mean, covariance).
import { choleskyDecompose, logDeterminant, solveCholesky } from '../base/linear-algebra.ts'
import { UnnormError } from '../base/errors.ts'
import type { Proposal } from './log-normalizer/importance.ts'

/** @param covariance row-major [d × d], positive definite */
export function gaussianProposal(mean: ArrayLike<number>, covariance: ArrayLike<number>): Proposal {
  const d = mean.length
  const lower = choleskyDecompose(covariance, d)
  if (!lower) throw new UnnormError('singular-covariance', 'the covariance of a Gaussian to draw from is not positive definite')
  const constant = -(d / 2) * Math.log(2 * Math.PI) - logDeterminant(lower, d) / 2
  return {
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
    logDensity: (rows) => Float64Array.from({ length: rows.length / d }, (_, row) => {
      const centered = Float64Array.from({ length: d }, (__, j) => rows[row * d + j] - mean[j])
      const solved = solveCholesky(lower, d, centered)
      let form = 0
      for (let j = 0; j < d; j++) form += centered[j] * solved[j]
      return constant - form / 2
    }),
  }
}
