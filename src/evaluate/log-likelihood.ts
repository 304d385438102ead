// The log-likelihood of rows under a fitted energy: mean of −E(x) − log Z, in nats per row, in the data's own units.
import type { FittedEnergy } from '../model/fitted-energy.ts'
import { meanWithError } from './mean-with-error.ts'

export interface LogLikelihood {
  /** Mean per row, in nats. */
  readonly value: number
  /** The sampling error over the rows and the error of log Z together (root of the sum of squares). */
  readonly standardError: number
  /** log p of every row [n]: for paired comparisons, in which the error of log Z does not appear. */
  readonly perRow: Float64Array
}

/**
 * @param rows row-major [n × d], in the data's units
 * @param logNormalizer log Z with its error
 */
export async function logLikelihood(
  energy: FittedEnergy,
  rows: Float64Array,
  logNormalizer: { readonly value: number; readonly standardError: number },
): Promise<LogLikelihood> {
  const { energy: values } = await energy.evaluate(rows)
  const perRow = values.map((value) => -value - logNormalizer.value)
  const { value, standardError } = meanWithError(perRow)
  return { value, standardError: Math.hypot(standardError, logNormalizer.standardError), perRow }
}
