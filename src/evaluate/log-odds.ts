// What a binary column tells a row in place of a score: the log-odds of its value 1 given the other columns.
import type { FittedEnergy } from '../model/fitted-energy.ts'

/**
 * log p(xᵢ = 1 | others) − log p(xᵢ = −1 | others) for every value of rows, row-major [n × d]; Z cancels.
 * @param rows row-major [n × d] of 0 or −1, and 1
 */
export async function conditionalLogOdds(energy: FittedEnergy, rows: Float64Array): Promise<Float64Array> {
  const d = energy.columns.length
  const result = new Float64Array(rows.length)
  for (let i = 0; i < d; i++) {
    const withValue = async (value: number): Promise<Float64Array> => (await energy.evaluate(rows.map((own, e) => (e % d === i ? value : own)))).energy
    const [low, high] = [await withValue(-1), await withValue(1)]
    low.forEach((value, row) => { result[row * d + i] = value - high[row] })
  }
  return result
}
