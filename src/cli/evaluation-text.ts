// What `unnorm evaluate` finds, as a record and as lines for a person.
import type { Warning } from '../base/errors.ts'
import type { PerBaseline } from '../evaluate/baselines/baseline.ts'
import type { GoodnessOfFit } from '../evaluate/goodness-of-fit.ts'
import { formatCount, formatNumber, formatSeconds, formatWithError } from '../report/format.ts'
import type { FlowCheck, ToldEstimate } from './model-normalizer.ts'
import { baselineWords, testWords } from '../report/words.ts'

/** Numbers that are unknown are null. */
export interface Evaluation {
  readonly rows: number
  /** Mean per row, in nats, in the data's units. */
  readonly logLikelihood: {
    readonly value: number | null
    readonly standardError: number | null
    /** `independent` on binary domains alone. */
    readonly baselines: Omit<PerBaseline<number | null>, 'independent'> & { readonly independent?: number | null }
  }
  readonly logNormalizer: { readonly value: number | null; readonly standardError: number | null; readonly method: string | null }
  /** What each method found that was run. */
  readonly logNormalizers: readonly ToldEstimate[]
  /** The probability flow's check; null where it was not asked for. */
  readonly check: FlowCheck | null
  /** In the units of the fit. */
  readonly objective: { readonly value: number | null; readonly standardError: number | null; readonly units: 'data' | 'standardized' | null }
  readonly goodnessOfFit: { readonly test: GoodnessOfFit['test'] | null; readonly statistic: number | null; readonly pValue: number | null }
  readonly warnings: readonly Warning[]
}

/** The lines a terminal shows. */
export function evaluationText({ rows, logLikelihood, logNormalizer, logNormalizers, check, objective, goodnessOfFit }: Evaluation): string {
  const withError = ({ value, standardError }: { readonly value: number | null; readonly standardError: number | null }): string =>
    (value === null ? 'unknown' : formatWithError(value, standardError))
  const plain = (value: number | null): string => (value === null ? 'unknown' : formatNumber(value, 5))
  const { baselines } = logLikelihood
  // Of directions and binary columns a Gaussian is not asked for.
  const isUsual = baselines.uniform === undefined && baselines.independent === undefined
  const shown = baselineWords.filter(([key]) => baselines[key] !== undefined && (isUsual || baselines[key] !== null))
  return [
    ['rows', formatCount(rows)],
    ['log-likelihood', logLikelihood.value === null ? 'unknown' : `${withError(logLikelihood)} nats a row`],
    ...shown.map(([key, name]) => [`  ${name}`, plain(baselines[key] ?? null)]),
    ['log Z', `${withError(logNormalizer)}${logNormalizer.method === null ? '' : ` (${logNormalizer.method})`}`],
    ...logNormalizers.map((each): [string, string] => [`  ${each.method}`, estimateWords(each)]),
    ...(check === null ? [] : [['flow', `log p of ${formatCount(check.rows)} rows ${formatWithError(check.value, check.standardError)}${check.difference === null ? '' : `, by ${formatWithError(check.difference.value, check.difference.standardError)} more than by energy and log Z`} (${formatCount(check.evaluations)} evaluations, ${formatSeconds(check.seconds)})`]]),
    ['objective', `${withError(objective)}${objective.units === 'standardized' ? ' (standardized columns)' : ''}`],
    ['goodness of fit', goodnessOfFit.test === null || goodnessOfFit.pValue === null
      ? 'unknown'
      : `p = ${formatNumber(goodnessOfFit.pValue, 2)} (${testWords(goodnessOfFit.test)}, statistic ${plain(goodnessOfFit.statistic)})`],
  ].map(([name, value]) => name.padEnd(20) + value).join('\n')
}

/** `−0.26 ± 0.05, 473 888 evaluations, 4 s`; for bounds both, with their errors. */
function estimateWords({ value, standardError, bounds, doubt, evaluations, seconds }: ToldEstimate): string {
  if (value === null) return `none: ${doubt}`
  const upper = bounds?.upper
  const found = bounds === null ? formatWithError(value, standardError)
    : `${formatWithError(bounds.lower.value, bounds.lower.standardError)} from below, ${upper ? `${formatWithError(upper.value, upper.standardError)} from above` : 'no bound from above'}`
  return `${found} (${formatCount(evaluations!)} evaluations, ${formatSeconds(seconds!)})${doubt === null ? '' : `; ${doubt}`}`
}
