// The Gaussian baseline: maximum likelihood on the training rows (mean, covariance with divisor n).
import { UnnormError } from '../../base/errors.ts'
import { choleskyFactor, rowMoments, whiten } from '../../estimate/row-moments.ts'
import type { Baseline } from './baseline.ts'

export interface GaussianBaseline extends Baseline {
  readonly mean: Float64Array
  /** Row-major [d × d]. */
  readonly covariance: Float64Array
}

/**
 * @param training row-major [n × d], n > d
 * @param weights of the rows, with mean one; all alike if left out
 * @throws UnnormError `singular-covariance`
 */
export function gaussianBaseline(training: Float64Array, dimension: number, weights?: Float64Array): GaussianBaseline {
  const { mean, covariance } = rowMoments(training, dimension, weights)
  const factor = choleskyFactor(covariance, dimension)
  if (factor === null) {
    throw new UnnormError(
      'singular-covariance',
      `no Gaussian baseline: the covariance of the ${training.length / dimension} training rows is singular; drop columns that are combinations of others`,
    )
  }
  const constant = -0.5 * dimension * Math.log(2 * Math.PI) - factor.logDeterminant
  return {
    name: 'gaussian',
    mean,
    covariance,
    logDensity(rows) {
      const whitened = whiten(rows, mean, factor)
      const result = new Float64Array(rows.length / dimension)
      for (let i = 0; i < result.length; i++) {
        let squared = 0
        for (let j = i * dimension; j < (i + 1) * dimension; j++) squared += whitened[j] * whitened[j]
        result[i] = constant - 0.5 * squared
      }
      return result
    },
  }
}
