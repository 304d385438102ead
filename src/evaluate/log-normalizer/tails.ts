// Whether exp(−E) can be integrated, as far as rays tell: before chains are sent to look.
import { UnnormError } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import { rowMoments, thinRows } from '../../estimate/row-moments.ts'
import type { FittedEnergy } from '../../model/fitted-energy.ts'

const RANDOM_RAYS = 64
/** Radii 2⁰ … 2²⁰ standard deviations. */
const DOUBLINGS = 20
const LAST = 4

/**
 * Looks along both senses of every axis and along random rays. The mass of a shell, rᵈ exp(−E), must fall at the far end.
 * @param rows row-major [n × d]: where the rays start and in what unit they are measured
 * @throws UnnormError `not-integrable`
 */
export async function refuseRisingTails(energy: FittedEnergy, rows: Float64Array, random: Random): Promise<void> {
  const d = energy.columns.length
  const { mean, covariance } = rowMoments(thinRows(rows, d, 20_000), d)
  const rays = 2 * d + RANDOM_RAYS
  const directions = new Float64Array(rays * d)
  random.fillNormal(directions, 2 * d * d)
  for (let k = 0; k < 2 * d; k++) directions[k * d + (k >> 1)] = k % 2 === 0 ? 1 : -1
  const points = new Float64Array(rays * (DOUBLINGS + 1) * d)
  for (let ray = 0; ray < rays; ray++) {
    const own = directions.subarray(ray * d, (ray + 1) * d)
    const norm = Math.sqrt(own.reduce((sum, value) => sum + value * value, 0))
    for (let k = 0; k <= DOUBLINGS; k++) {
      for (let j = 0; j < d; j++) points[(ray * (DOUBLINGS + 1) + k) * d + j] = mean[j] + (2 ** k * Math.sqrt(covariance[j * (d + 1)]) * own[j]) / norm
    }
  }
  const { energy: found } = await energy.evaluate(points)
  for (let ray = 0; ray < rays; ray++) {
    const logMass = (k: number): number => d * k * Math.LN2 - found[ray * (DOUBLINGS + 1) + k]
    if (logMass(DOUBLINGS) > -Infinity && logMass(DOUBLINGS) >= logMass(DOUBLINGS - LAST)) {
      const where = ray < 2 * d ? `along ${ray % 2 === 0 ? '+' : '−'}${energy.columns[ray >> 1]}` : 'in some direction'
      throw new UnnormError('not-integrable', `exp(−energy) does not fall fast enough ${where}, ${2 ** DOUBLINGS} standard deviations from the rows: it has no finite integral, so it is no density`)
    }
  }
}
