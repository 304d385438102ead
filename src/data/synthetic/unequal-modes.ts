// Two far modes of unequal weight, .2 N(−5u, I) + .8 N(5u, I): the weights are what a single noise level does not see.
import { gaussianMixture, isotropicCovariance } from './gaussian-mixture.ts'
import type { GaussianMixture } from './gaussian-mixture.ts'

/**
 * u is the unit vector along the diagonal, so that the modes are ten deviations apart in every dimension, and no column alone
 * separates them in many.
 * @param options `dimension`: 1 by default
 */
export function unequalModes(options: { readonly dimension?: number } = {}): GaussianMixture {
  const { dimension = 1 } = options
  const covariance = isotropicCovariance(dimension, 1)
  const mean = (distance: number): number[] => new Array<number>(dimension).fill(distance / Math.sqrt(dimension))
  return gaussianMixture('unequal-modes', [
    { weight: 0.2, mean: mean(-5), covariance },
    { weight: 0.8, mean: mean(5), covariance },
  ])
}
