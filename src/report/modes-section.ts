// The section of the report on modes: where they are, their weights beside the rows' shares.
import { formatEstimate, formatPercent, formatWithError, shortList, typographic } from './format.ts'
import { html, numberTable } from './html.ts'
import type { Html } from './html.ts'
import type { ReportInput } from './report-input.ts'
import { weightWords } from './words.ts'

/** Columns whose peaks are told; more make no table. */
const SHOWN_COLUMNS = 8
/** Digits of a peak: a hundredth of the column's standard deviation. */
const DIGITS = 0.1

/** Modes with their weights; null where they are not known. */
export function modesSection({ fit, columnScales }: ReportInput): Html | null {
  const { modes } = fit
  if (!modes || modes.list.length === 0) return null
  const { list, method, effectiveShare, identified } = modes
  if (list.length === 1) {
    return html`<section><h2>Modes</h2><p>The density has one mode: between any two of its peaks there is a way on which it falls by less than a factor of e below the lower one.</p></section>
`
  }
  const shown = fit.data.columns.slice(0, SHOWN_COLUMNS)
  const rows = list.map((mode, k) => [
    `${k + 1}`, weightWords(mode), formatWithError(100 * mode.rowsShare, 100 * mode.rowsShareError),
    ...shown.map((_, j) => typographic(formatEstimate(mode.peak[j], columnScales === null ? null : DIGITS * columnScales[j]))),
  ])
  const how = method === 'quadrature' ? 'summed on a grid' : `by importance sampling, of whose draws ${formatPercent(effectiveShare!)} count`
  const notShown = fit.data.columns.slice(SHOWN_COLUMNS)
  return html`<section><h2>Modes</h2>${identified ? null : html`<p class="warning"><b>⚠</b> The weights are not identified: the rows form separated clusters, and this estimator hardly sees how high one stands against the other.</p>`}
<p>Peaks between which the density falls by a factor of e or more, whatever the way. A mode's weight is the probability of its basin, from which the score leads up to it (${how}; an error is told where the sum has one worth telling; it is not that of the fit). Beside it the share of the training rows in that basin, with the error of a sample of their number.</p>
${numberTable(['mode', '% of the density', '% of the rows', ...shown], rows)}
${notShown.length === 0 ? null : html`<p class="quiet">Not shown: ${shortList(notShown, 8)}.</p>`}</section>
`
}
