// The kernel density baseline: a Gaussian kernel on whitened rows (Fukunaga 1972), its bandwidth by leave-one-out likelihood.
import { NEGLIGIBLE, expNegative } from '../../base/exponential.ts'
import { chooseBandwidth } from '../../estimate/kernel-bandwidth.ts'
import { choleskyFactor, rowMoments, thinRows, whiten } from '../../estimate/row-moments.ts'
import { UnnormError } from '../../base/errors.ts'
import type { Baseline } from './baseline.ts'

export interface KernelDensityBaseline extends Baseline {
  /** In whitened coordinates, that is in standard deviations along each principal direction. */
  readonly bandwidth: number
  /** Training rows that serve as centres. */
  readonly centres: number
}

export interface KernelDensityOptions {
  /** Most centres taken, evenly spaced over the training rows. Evaluation costs centres × rows × d operations. */
  readonly maximumCentres?: number
  /** Most centres, and most queries, that the bandwidth is chosen on: as many times each other kernels are computed, some fifteen times. */
  readonly bandwidth?: { readonly centres: number; readonly queries: number }
  /** Of the training rows, with mean one: of kernels, and of rows left out in the choice of the bandwidth. */
  readonly weights?: Float64Array
}

/**
 * With weights it is the kernel density of rows repeated by their weights, but that a row is left out as a whole, where of its
 * copies only one would be. Of training rows that are copies of each other with other weights, the first one's is left out.
 * @param training row-major [n × d], n > d
 * @throws UnnormError `singular-covariance`
 */
export function kernelDensityBaseline(training: Float64Array, dimension: number, options: KernelDensityOptions = {}): KernelDensityBaseline {
  const { mean, covariance } = rowMoments(training, dimension, options.weights)
  const factor = choleskyFactor(covariance, dimension)
  if (factor === null) {
    throw new UnnormError(
      'singular-covariance',
      `no kernel density baseline: the covariance of the ${training.length / dimension} training rows is singular; drop columns that are combinations of others`,
    )
  }
  const centres = whiten(thinRows(training, dimension, options.maximumCentres ?? 4000), mean, factor)
  const count = centres.length / dimension
  const weights = options.weights && thinRows(options.weights, 1, count)
  const { bandwidth } = chooseBandwidth(centres, dimension, { maximumCentres: options.bandwidth?.centres ?? count, maximumQueries: options.bandwidth?.queries ?? 500, ...weights ? { weights } : {} })
  const logWeights = weights?.map(Math.log)
  const total = weights ? weights.reduce((sum, weight) => sum + weight, 0) : count
  const scale = -0.5 / (bandwidth * bandwidth)
  const constant = -dimension * Math.log(bandwidth * Math.sqrt(2 * Math.PI)) - factor.logDeterminant
  return {
    name: 'kernel density',
    bandwidth,
    centres: count,
    logDensity(rows, isTraining = () => false) {
      const queries = whiten(rows, mean, factor)
      const exponents = new Float64Array(count)
      const result = new Float64Array(rows.length / dimension)
      for (let i = 0; i < result.length; i++) {
        let most = -Infinity
        // A training row's own centre says nothing about it. (Copies of the row are other rows, as among rows not seen.)
        let others = total
        for (let c = 0; c < count; c++) {
          let squared = 0
          for (let j = 0; j < dimension; j++) squared += (queries[i * dimension + j] - centres[c * dimension + j]) ** 2
          const isOwn = squared === 0 && others === total && isTraining(i)
          if (isOwn) others -= weights ? weights[c] : 1
          exponents[c] = isOwn ? -Infinity : logWeights ? squared * scale + logWeights[c] : squared * scale
          if (exponents[c] > most) most = exponents[c]
        }
        let sum = 0
        for (let c = 0; c < count; c++) if (exponents[c] > most + NEGLIGIBLE) sum += expNegative(exponents[c] - most)
        result[i] = constant - Math.log(others) + most + Math.log(sum)
      }
      return result
    },
  }
}
