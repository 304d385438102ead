// Three round Gaussians in the plane: the example of the score matching chapter (Dive into Deep Learning, draft §17.3).
import { gaussianMixture, isotropicCovariance } from './gaussian-mixture.ts'
import type { GaussianMixture } from './gaussian-mixture.ts'

/**
 * Means (−2.5, −1.5), (2.5, −1.5), (0, 2.5) with weights .5, .3, .2.
 * @param options `deviation`: of each component, .5 by default (separated clusters); 1 makes them overlap
 */
export function threeGaussians(options: { readonly deviation?: number } = {}): GaussianMixture {
  const covariance = isotropicCovariance(2, options.deviation ?? 0.5)
  return gaussianMixture('three-gaussians', [
    { weight: 0.5, mean: [-2.5, -1.5], covariance },
    { weight: 0.3, mean: [2.5, -1.5], covariance },
    { weight: 0.2, mean: [0, 2.5], covariance },
  ])
}
