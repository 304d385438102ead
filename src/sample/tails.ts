// Whether an energy can be integrated, told by its tails: along every ray tried exp(−E) must end by falling faster than r⁻ᵈ, for
// exp(−E) r^(d−1) to have a finite integral over r.
import { UnnormError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import type { Target } from './target.ts'

const RANDOM_RAYS = 64
/**
 * Radii in units of the spread. An open tail rises from each to the next; a ray along the mouth of a funnel, whose wall falls
 * exponentially, comes out of it within three doublings and falls from there on.
 */
const RADII = [14, 15, 16, 17, 18, 19, 20].map((power) => 2 ** power)

/**
 * Looks along both senses of every axis and along random rays.
 * @param energyAt energies [n] of points [n × d], in coordinates of unit spread around zero
 * @returns the unit vector [d] of a ray along which the mass of a shell, rᵈ exp(−E), only rises at the end; null where there is none
 */
export async function openRay(energyAt: (points: Float64Array) => Promise<Float64Array>, d: number, random: Random): Promise<Float64Array | null> {
  const directions = new Float64Array((2 * d + RANDOM_RAYS) * d)
  random.fillNormal(directions, 2 * d * d)
  for (let j = 0; j < d; j++) {
    directions[2 * j * d + j] = 1
    directions[(2 * j + 1) * d + j] = -1
  }
  for (let start = 2 * d * d; start < directions.length; start += d) {
    const length = Math.hypot(...directions.subarray(start, start + d))
    for (let k = start; k < start + d; k++) directions[k] /= length
  }
  const count = directions.length / d
  const points = new Float64Array(RADII.length * directions.length)
  RADII.forEach((radius, k) => points.set(directions.map((value) => radius * value), k * directions.length))
  const energies = await energyAt(points)
  for (let ray = 0; ray < count; ray++) {
    const logMass = RADII.map((radius, k) => d * Math.log(radius) - energies[k * count + ray])
    // An energy of +∞ is no density at all there; where it is not a number nothing can be said.
    if (logMass[RADII.length - 1] > -Infinity && logMass.every((value, k) => k === 0 || value >= logMass[k - 1])) return directions.slice(ray * d, (ray + 1) * d)
  }
  return null
}

/**
 * Refuses an energy whose tails do not hold the chains.
 * @param target in coordinates of unit spread around zero
 * @param describe a point of these coordinates in words
 * @throws UnnormError `not-integrable`
 */
export async function refuseOpenTails(target: Target, describe: (point: Float64Array) => string, random: Random): Promise<void> {
  const ray = await openRay(async (points) => (await target.evaluate(points)).energy, target.dimension, random)
  if (ray === null) return
  throw new UnnormError('not-integrable', `no samples: exp(−energy) cannot be integrated, because the energy does not grow towards ${describe(ray)}; it is no density (fit the model again: for a Gaussian the rows may be too few, a model of your own needs a term that grows in every direction)`)
}
