// The Fisher divergence to a known density: mean ‖φ − φ*‖² over rows (the D2L draft's convention, without the factor ½ of Hyvärinen 2005).
import type { FittedEnergy } from '../model/fitted-energy.ts'
import { meanWithError } from './mean-with-error.ts'

export interface FisherDivergence {
  /** mean ‖φ − φ*‖², in one over the data's units squared; twice Hyvärinen's ½ E‖φ − φ*‖². */
  readonly value: number
  readonly standardError: number
  /** The value as a share of mean ‖φ*‖². */
  readonly relative: number
}

/**
 * Compares the score of a fit to the true one at rows drawn from the true density.
 * @param rows row-major [n × d], best not those of the fit
 * @param trueScore row-major [n × d], the true score of those rows
 */
export async function fisherDivergence(energy: FittedEnergy, rows: Float64Array, trueScore: Float64Array): Promise<FisherDivergence> {
  if (trueScore.length !== rows.length) throw new RangeError(`${rows.length} coordinates but ${trueScore.length} of the true score`)
  const dimension = energy.columns.length
  const { score } = await energy.evaluate(rows)
  const perRow = new Float64Array(rows.length / dimension)
  let magnitude = 0
  for (let k = 0; k < rows.length; k++) {
    perRow[Math.floor(k / dimension)] += (score[k] - trueScore[k]) ** 2
    magnitude += trueScore[k] ** 2
  }
  const { value, standardError } = meanWithError(perRow)
  return { value, standardError, relative: value / (magnitude / perRow.length) }
}
