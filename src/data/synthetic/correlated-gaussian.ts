// A Gaussian whose columns are a stationary first-order autoregression: covariance ρ^|i − j|, as ill-conditioned as ρ makes it.
import { gaussianMixture } from './gaussian-mixture.ts'
import type { GaussianMixture } from './gaussian-mixture.ts'

/**
 * Mean 0, variances 1. Its covariance has determinant (1 − ρ²)^(d − 1).
 * @param options `dimension`: 50 by default; `correlation`: ρ of neighbouring columns, .9 by default (condition number about 300)
 * @throws UnnormError `invalid-mixture` unless |ρ| < 1
 */
export function correlatedGaussian(options: { readonly dimension?: number; readonly correlation?: number } = {}): GaussianMixture {
  const { dimension = 50, correlation = 0.9 } = options
  const indices = Array.from({ length: dimension }, (_, i) => i)
  const covariance = indices.map((i) => indices.map((j) => correlation ** Math.abs(i - j)))
  return gaussianMixture('correlated-gaussian', [{ weight: 1, mean: new Array<number>(dimension).fill(0), covariance }])
}
