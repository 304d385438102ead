// A grid of 25 round Gaussians in the plane, equally likely: the usual test of whether a method finds every mode.
import { gaussianMixture, isotropicCovariance } from './gaussian-mixture.ts'
import type { GaussianMixture } from './gaussian-mixture.ts'

/** What centers and deviation are divided by, in the literature as here: √2 rounded to 1.414. */
const DIVISOR = 1414 / 1000

/** Centers {−4, −2, 0, 2, 4}² with deviation .2, all divided by 1.414. */
export function gridGaussians(): GaussianMixture {
  const positions = [-4, -2, 0, 2, 4].map((value) => value / DIVISOR)
  const covariance = isotropicCovariance(2, 0.2 / DIVISOR)
  return gaussianMixture('grid-gaussians', positions.flatMap((first) => positions.map((second) => ({ weight: 1, mean: [first, second], covariance }))))
}
