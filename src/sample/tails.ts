// Whether an energy can be integrated, told by its tails: along every ray tried it must end by growing faster than d log r, for
// exp(−E) r^(d−1) to have a finite integral over r.
import { UnnormError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import type { Target } from './target.ts'

const RAYS = 32
/** Where to look, in units of the spread: far beyond any chain, and within what float32 can square. */
const [NEAR, FAR] = [2 ** 10, 2 ** 11]

/**
 * Refuses an energy whose tails do not hold the chains.
 * @param target in coordinates of unit spread around zero
 * @param describe a point of these coordinates in words
 * @throws UnnormError `not-integrable`
 */
export async function refuseOpenTails(target: Target, describe: (point: Float64Array) => string, random: Random): Promise<void> {
  const d = target.dimension
  const directions = new Float64Array((2 * d + RAYS) * d)
  random.fillNormal(directions, 2 * d * d)
  for (let j = 0; j < d; j++) {
    directions[2 * j * d + j] = 1
    directions[(2 * j + 1) * d + j] = -1
  }
  for (let start = 2 * d * d; start < directions.length; start += d) {
    const length = Math.hypot(...directions.subarray(start, start + d))
    for (let k = start; k < start + d; k++) directions[k] /= length
  }
  const near = (await target.evaluate(directions.map((value) => NEAR * value))).energy
  const far = (await target.evaluate(directions.map((value) => FAR * value))).energy
  for (let ray = 0; ray < near.length; ray++) {
    // An energy of +∞ is no density at all there; where it is not a number nothing can be said, and chains do not go.
    if (far[ray] - near[ray] > d * Math.log(FAR / NEAR) || !(far[ray] < Infinity)) continue
    const point = directions.subarray(ray * d, (ray + 1) * d)
    throw new UnnormError('not-integrable', `no samples: exp(−energy) cannot be integrated, because the energy does not grow towards ${describe(point)}; it is no density (fit the model again: for a Gaussian the rows may be too few, a model of your own needs a term that grows in every direction)`)
  }
}
