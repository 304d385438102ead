// Whether exp(−E) can be integrated, as far as rays tell: before chains are sent to look.
import { UnnormError } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import { rowMoments, thinRows } from '../../estimate/row-moments.ts'
import type { FittedEnergy } from '../../model/fitted-energy.ts'
import { openRay } from '../../sample/tails.ts'

/**
 * @param rows row-major [n × d]: where the rays start and in what unit they are measured
 * @throws UnnormError `not-integrable`
 */
export async function refuseRisingTails(energy: FittedEnergy, rows: Float64Array, random: Random): Promise<void> {
  const d = energy.columns.length
  const { mean, covariance } = rowMoments(thinRows(rows, d, 20_000), d)
  const ray = await openRay(async (points) => (await energy.evaluate(points.map((value, k) => mean[k % d] + Math.sqrt(covariance[(k % d) * (d + 1)]) * value))).energy, d, random)
  if (ray === null) return
  const axis = ray.findIndex((value) => Math.abs(value) === 1)
  const where = axis < 0 ? 'in some direction' : `along ${ray[axis] > 0 ? '+' : '−'}${energy.columns[axis]}`
  throw new UnnormError('not-integrable', `exp(−energy) does not fall fast enough ${where}, far from the rows: it has no finite integral, so it is no density`)
}
