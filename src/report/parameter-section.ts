// The section of the report with the parameters: their table by kind, the forest plot, how the estimates hang together.
import type { ParameterEstimate } from './fit-json.ts'
import { formatError, formatEstimate, formatSetting, typographic } from './format.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'
import { formatZ, heldWords, parameterGroups, zValue } from './parameter-table.ts'
import type { ParameterGroup } from './parameter-table.ts'
import type { ReportInput } from './report-input.ts'
import { folded } from './report-sections.ts'

/** Null for a fit without parameters. */
export function parametersSection({ fit }: Pick<ReportInput, 'fit'>, forest: Html | null, correlations: Html | null): Html | null {
  const groups = parameterGroups(fit)
  if (groups.length === 0) return null
  const head = ['parameter', 'estimate', 'std. error', 'z', `${formatSetting(fit.level * 100)} % interval`]
  const indexed = fit.data.columns.length > 1 && groups.some(({ parameters }) => parameters.some(({ name }) => name.endsWith(']')))
  const count = groups.reduce((sum, { parameters }) => sum + parameters.length, 0)
  return html`<section><h2>Parameters</h2>
${folded(count, 'parameters', html`<div class="scroll"><table><thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
${groups.map((group) => groupRows(group, groups.length > 1))}</table></div>`)}
${indexed ? html`<p class="quiet">Columns by number: ${fit.data.columns.map((name, k) => `${k + 1}\u00a0${name}`).join(', ')}.</p>` : null}
<p class="quiet">z: the estimate in its standard errors. An interval that holds 0 means that the rows do not show on which side of 0 the parameter lies.</p>
${forest}
${correlations}</section>
`
}

function groupRows({ kind, parameters }: ParameterGroup, titled: boolean): Html {
  return html`<tbody>${titled ? html`<tr class="group"><th scope="rowgroup" colspan="5">${kind}</th></tr>` : null}
${parameters.map((parameter) => html`<tr>${parameterRow(parameter).map((cell, index) => (index === 0 ? html`<th scope="row">${cell}</th>` : html`<td>${cell}</td>`))}</tr>
`)}</tbody>`
}

function parameterRow(parameter: ParameterEstimate): string[] {
  const { name, estimate, standardError, interval } = parameter
  const z = zValue(parameter)
  return [
    name,
    estimate === null ? '–' : typographic(formatEstimate(estimate, standardError)),
    standardError === null ? '–' : typographic(formatError(standardError)),
    z === null ? '' : typographic(formatZ(z)),
    heldWords(parameter) ?? (interval === null ? '–' : `${typographic(formatEstimate(interval[0], standardError))} to ${typographic(formatEstimate(interval[1], standardError))}`),
  ]
}
