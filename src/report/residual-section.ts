// The section of the report that says where the density misses its rows: residuals by column and aspect, in standard errors.
import type { FitJson, Residual } from './fit-json.ts'
import { formatCount, formatNumber, typographic } from './format.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'
import { formatZ } from './parameter-table.ts'
import { judgeResiduals, residualWords } from './residual-words.ts'

const columnAspects = ['location', 'spread', 'skewness', 'tails'] as const
const mostColumns = 24
const mostWords = 6
/** A matrix of more columns is no table any more; its largest cells are named in words. */
const mostPairs = 10

/** Where the rows differ from the density; null for a fit without residuals. */
export function residualSection({ fit }: { readonly fit: FitJson }): Html | null {
  const judged = judgeResiduals(fit)
  if (fit.residuals === undefined) return null
  if (judged === null) {
    return html`<section><h2>Where the density misses the rows</h2><p>These residuals say nothing about this model: the fit itself makes all of them zero.</p></section>
`
  }
  const { tested, critical, beyond } = judged
  const chance = `Of ${formatCount(tested.length)} residuals of a true model the largest exceeds ${formatNumber(critical, 3)} in 5 % of fits`
  const verdict = beyond.length === 0
    ? html`<p class="verdict">No sign that it does: no residual is larger than chance makes it.</p>`
    : html`<p class="verdict">${beyond.length === 1 ? 'In one way' : `In ${formatCount(beyond.length)} ways`} beyond chance:</p>
<ul>${beyond.slice(0, mostWords).map((residual) => html`<li>${typographic(residualWords(residual))}</li>`)}${beyond.length > mostWords ? html`<li>and ${formatCount(beyond.length - mostWords)} more</li>` : null}</ul>`
  // Of angles these are the coordinates of the unit vector.
  const columns = [...new Set(fit.residuals.flatMap((residual) => residual.columns))]
  return html`<section><h2>Where the density misses the rows</h2>
${verdict}
${columnTable(fit.residuals, columns, critical)}
${columns.length > 2 && columns.length <= mostPairs ? pairTable(fit.residuals, columns, critical) : null}
<p class="quiet">Under the fitted density the mean of <i>g</i> φ<sub>j</sub> + ∂<sub>j</sub><i>g</i> is zero for every smooth function <i>g</i> of a row (Stein's identity). The tables give these means over the rows in standard errors, which count in that the parameters were estimated. Positive: the rows have more of it than the density. ${chance}. A dash: the fit itself makes it zero.</p></section>
`
}

function columnTable(residuals: readonly Residual[], columns: readonly string[], critical: number): Html {
  const cell = (name: string, aspect: Residual['aspect']): Html => residualCell(residuals.find((residual) => residual.aspect === aspect && residual.columns[0] === name), critical)
  const shown = columns.slice(0, mostColumns)
  const rest = columns.length - shown.length
  return html`<div class="scroll"><table class="residuals"><thead><tr><th scope="col">column</th>${columnAspects.map((aspect) => html`<th scope="col">${aspect}</th>`)}</tr></thead><tbody>
${shown.map((name) => html`<tr><th scope="row">${name}</th>${columnAspects.map((aspect) => cell(name, aspect))}</tr>
`)}</tbody></table></div>${rest === 0 ? null : html`<p class="quiet">${formatCount(rest)} more columns are in <code>fit.json</code>.</p>`}`
}

/** The lower triangle of dependence. */
function pairTable(residuals: readonly Residual[], columns: readonly string[], critical: number): Html | null {
  const pairs = residuals.filter(({ aspect }) => aspect === 'dependence')
  if (pairs.every(({ z }) => z === null)) return null
  return html`<div class="scroll"><table class="residuals"><thead><tr><th scope="col">dependence</th>${columns.slice(0, -1).map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>
${columns.slice(1).map((down, k) => html`<tr><th scope="row">${down}</th>${columns.slice(0, k + 1).map((across) => residualCell(pairs.find((pair) => pair.columns[0] === across && pair.columns[1] === down), critical))}</tr>
`)}</tbody></table></div>`
}

function residualCell(residual: Residual | undefined, critical: number): Html {
  const z = residual?.z ?? null
  if (z === null) return html`<td class="none">–</td>`
  const text = typographic(formatZ(z))
  return Math.abs(z) > critical ? html`<td class="beyond">${text}</td>` : html`<td>${text}</td>`
}
