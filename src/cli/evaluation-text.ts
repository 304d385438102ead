// What `unnorm evaluate` finds, as a record and as lines for a person.
import type { Warning } from '../base/errors.ts'
import type { GoodnessOfFit } from '../evaluate/goodness-of-fit.ts'
import { formatCount, formatNumber, formatWithError } from '../report/format.ts'
import { testWords } from '../report/words.ts'

/** Numbers that are unknown are null. */
export interface Evaluation {
  readonly rows: number
  /** Mean per row, in nats, in the data's units. */
  readonly logLikelihood: {
    readonly value: number | null
    readonly standardError: number | null
    readonly baselines: { readonly gaussian: number | null; readonly kernelDensity: number | null }
  }
  readonly logNormalizer: { readonly value: number | null; readonly standardError: number | null; readonly method: string | null }
  /** In the units of the fit. */
  readonly objective: { readonly value: number | null; readonly standardError: number | null; readonly units: 'data' | 'standardized' | null }
  readonly goodnessOfFit: { readonly test: GoodnessOfFit['test'] | null; readonly statistic: number | null; readonly pValue: number | null }
  readonly warnings: readonly Warning[]
}

/** The lines a terminal shows. */
export function evaluationText({ rows, logLikelihood, logNormalizer, objective, goodnessOfFit }: Evaluation): string {
  const withError = ({ value, standardError }: { readonly value: number | null; readonly standardError: number | null }): string =>
    (value === null ? 'unknown' : formatWithError(value, standardError))
  const plain = (value: number | null): string => (value === null ? 'unknown' : formatNumber(value, 5))
  const { baselines } = logLikelihood
  return [
    ['rows', formatCount(rows)],
    ['log-likelihood', logLikelihood.value === null ? 'unknown' : `${withError(logLikelihood)} nats a row`],
    ['  Gaussian', plain(baselines.gaussian)],
    ['  kernel density', plain(baselines.kernelDensity)],
    ['log Z', `${withError(logNormalizer)}${logNormalizer.method === null ? '' : ` (${logNormalizer.method})`}`],
    ['objective', `${withError(objective)}${objective.units === 'standardized' ? ' (standardized columns)' : ''}`],
    ['goodness of fit', goodnessOfFit.test === null || goodnessOfFit.pValue === null
      ? 'unknown'
      : `p = ${formatNumber(goodnessOfFit.pValue, 2)} (${testWords(goodnessOfFit.test)}, statistic ${plain(goodnessOfFit.statistic)})`],
  ].map(([name, value]) => name.padEnd(18) + value).join('\n')
}
