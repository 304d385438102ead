// The section of the report with the parameters: their table by kind, the forest plot, how the estimates hang together.
import type { FitJson, ParameterEstimate } from './fit-json.ts'
import { formatCount, formatError, formatEstimate, formatNumber, formatSetting, typographic } from './format.ts'
import { html, numberTable } from './html.ts'
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
  if (fit.bootstrap) head.push('bootstrap error', 'bootstrap interval')
  const replicated = new Map((fit.bootstrap?.parameters ?? []).map((own) => [own.name, own]))
  const count = groups.reduce((sum, { parameters }) => sum + parameters.length, 0)
  return html`<section><h2>Parameters</h2>
${folded(count, 'parameters', html`<div class="scroll"><table><thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
${groups.map((group) => groupRows(group, groups.length > 1, head.length, fit.bootstrap ? replicated : null))}</table></div>`)}
${indexed ? html`<p class="quiet">Columns by number: ${fit.data.columns.map((name, k) => `${k + 1}\u00a0${name}`).join(', ')}.</p>` : null}
${fit.bootstrap ? html`<p class="quiet">Bootstrap: ${formatCount(fit.bootstrap.replicates)} fits to rows drawn with replacement${fit.bootstrap.failed > 0 ? `, ${formatCount(fit.bootstrap.failed)} of them without an estimate` : ''}; its intervals are percentiles.</p>` : null}
<p class="quiet">z: the estimate in its standard errors. An interval that holds 0 means that the rows do not show on which side of 0 the parameter lies.</p>
${testTable(fit)}
${forest}
${correlations}</section>
`
}

type Replicated = ReadonlyMap<string, Pick<ParameterEstimate, 'standardError' | 'interval'>>

/** @param replicated what the bootstrap found of each parameter; null where there was none */
function groupRows({ kind, parameters }: ParameterGroup, titled: boolean, columns: number, replicated: Replicated | null): Html {
  return html`<tbody>${titled ? html`<tr class="group"><th scope="rowgroup" colspan="${columns}">${kind}</th></tr>` : null}
${parameters.map((parameter) => html`<tr>${[...parameterRow(parameter), ...(replicated ? bootstrapCells(replicated.get(parameter.name)) : [])].map((cell, index) => (index === 0 ? html`<th scope="row">${cell}</th>` : html`<td>${cell}</td>`))}</tr>
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
    heldWords(parameter) ?? intervalWords(interval, standardError),
  ]
}

function intervalWords(interval: ParameterEstimate['interval'], error: number | null): string {
  return interval === null ? '–' : `${typographic(formatEstimate(interval[0], error))} to ${typographic(formatEstimate(interval[1], error))}`
}

function bootstrapCells(found: Pick<ParameterEstimate, 'standardError' | 'interval'> | undefined): string[] {
  const { standardError = null, interval = null } = found ?? {}
  return [standardError === null ? '–' : typographic(formatError(standardError)), intervalWords(interval, standardError)]
}

/** The Wald tests that were asked for. */
function testTable({ tests = [] }: FitJson): Html | null {
  if (tests.length === 0) return null
  return numberTable(['Wald test', 'χ²', 'degrees of freedom', 'p'], tests.map(({ hypothesis, statistic, degreesOfFreedom, pValue }) => [
    hypothesis, statistic === null ? 'unknown' : typographic(formatNumber(statistic, 4)), String(degreesOfFreedom), pValue === null ? 'unknown' : typographic(formatNumber(pValue, 2)),
  ]))
}
