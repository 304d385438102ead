// Two interleaved half circles with Gaussian noise, laid out as in scikit-learn's `make_moons`, here with its exact density.
import { arc } from './arc.ts'
import type { SyntheticDensity } from './density.ts'
import { mixture } from './mixture.ts'

/**
 * Half circles of radius 1 around (0, 0), upper, and (1, ½), lower, equally likely.
 * @param options `deviation`: of the noise in each coordinate, .1 by default
 * @throws UnnormError `invalid-deviation`
 */
export function twoMoons(options: { readonly deviation?: number } = {}): SyntheticDensity {
  const { deviation = 0.1 } = options
  return mixture('two-moons', [
    { weight: 1, density: arc({ center: [0, 0], radius: 1, angles: [0, Math.PI], deviation }) },
    { weight: 1, density: arc({ center: [1, 0.5], radius: 1, angles: [Math.PI, 2 * Math.PI], deviation }) },
  ])
}
