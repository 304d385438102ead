// Two rings in the plane around one centre, equally likely: a disconnected support of which each part has a hole.
import type { SyntheticDensity } from './density.ts'
import { mixture } from './mixture.ts'
import { ring } from './ring.ts'

/**
 * @param options `radii`: 2 and 5 by default; `deviation`: of each radius, .2 by default; at most an eighth of the smaller radius
 * @throws UnnormError `invalid-deviation`
 */
export function twoRings(options: { readonly radii?: readonly [number, number]; readonly deviation?: number } = {}): SyntheticDensity {
  const { radii = [2, 5], deviation = 0.2 } = options
  return mixture('two-rings', radii.map((radius) => ({ weight: 1, density: ring({ radius, deviation }) })))
}
