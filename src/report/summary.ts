// A fit as plain text that fits on a screen: what was fitted, the parameters in aligned columns, how good it is, warnings.
import { readFormula } from '../model/written-formula.ts'
import type { FitJson } from './fit-json.ts'
import { formatCount, formatError, formatEstimate, formatNumber, formatSeconds, formatSetting, formatWithError, plainText, shorten, shortList, wrapText } from './format.ts'
import { parameterTable } from './parameter-table.ts'
import { judgeResiduals, residualWords } from './residual-words.ts'
import { compareBaselines, comparisonWords, correctionWords, domainWords, isDecided, modeWords, routeWords, shownLogLikelihood, stoppedWords } from './words.ts'

/** How the summary is laid out. */
export interface SummaryOptions {
  /** Characters a line; default 80, at least 60. */
  readonly width?: number
  /** Lines of the screen; longer parameter tables are cut to fit, though never below four rows. Default 24. */
  readonly height?: number
  /** Makes text stand out, e.g. by terminal codes; default: leaves it plain. */
  readonly bold?: (text: string) => string
}

const labelWidth = 16

/** The summary of a fit, without a line break at its end. */
export function summarize(fit: FitJson, options: SummaryOptions = {}): string {
  const width = Math.max(options.width ?? 80, 60)
  const bold = options.bold ?? ((text: string) => text)
  const title = `${plainText(fit.model.name)} energy, ${plainText(fit.data.source)}`
  const version = `unnorm ${fit.unnorm}`
  const room = width - version.length - 2
  const head = [
    bold(shorten(title, room)) + ' '.repeat(Math.max(2, width - [...shorten(title, room)].length - version.length)) + version,
    '─'.repeat(width),
    ...entries([['data', dataWords(fit)], ['model', modelWords(fit)], ['fitted by', fittedWords(fit)]], width),
  ]
  const tail = [
    ...entries(resultEntries(fit), width),
    ...(fit.warnings.length === 0 ? [] : ['', ...fit.warnings.flatMap(({ message }) => indent(wrapText(plainText(message), width - 3), '! ', '  '))]),
    ...(fit.out === null ? [] : ['', shorten(`report: ${plainText(fit.out)}/report.html`, width)]),
  ]
  // The prompt takes the last line of the screen; blank lines stand around the table.
  const space = (options.height ?? 24) - 1 - head.length - tail.length - 2
  const table = parameterTable(fit, { lines: Math.max(space, 6), width, bold })
  // Blanks that hold words together on a line have done so; to whoever searches the text they are blanks.
  return [...head, '', ...(table.length === 0 ? [] : [...table, '']), ...tail].join('\n').replaceAll('\u00a0', ' ')
}

function dataWords(fit: FitJson): string {
  const { rows, rowsUsed, columns, columnsLeftOut } = fit.data
  const used = rowsUsed === rows ? `${formatCount(rows)} rows` : `${formatCount(rowsUsed)} of ${formatCount(rows)} rows`
  const leftOut = columnsLeftOut.length === 0 ? '' : `; left out: ${plainText(shortList(columnsLeftOut, 3))}`
  const weighted = fit.data.weights === undefined ? '' : `, weighted by ${plainText(fit.data.weights)}`
  const clustered = fit.data.cluster === undefined ? '' : `, ${formatCount(fit.data.clusters ?? NaN)} clusters by ${plainText(fit.data.cluster)}`
  // Which column an index in a parameter's name means.
  const isIndexed = columns.length > 1 && (fit.parameters ?? []).some(({ name }) => name.endsWith(']'))
  const names = columns.map((name, index) => (isIndexed ? `${index + 1}\u00a0${name}` : name))
  return `${used}${weighted}${clustered}, ${columns.length} ${columns.length === 1 ? 'column' : 'columns'} (${plainText(shortList(names, isIndexed ? 12 : 6))}${leftOut})`
}

function modelWords(fit: FitJson): string {
  const { logDensity, parameterCount } = fit.model
  const { expression, clauses } = readFormula(logDensity)
  const where = clauses.length === 0 ? '' : `, where ${shorten(plainText(clauses.join(', ')), 120)}`
  return `log p(x) = ${shorten(plainText(expression), 120)} − log Z on ${plainText(domainWords(fit))}${where}; ${formatCount(parameterCount)} ${parameterCount === 1 ? 'parameter' : 'parameters'}`
}

function fittedWords(fit: FitJson): string {
  const { seconds, stepsPerSecond } = fit.timing
  const speed = stepsPerSecond === null ? '' : `, ${formatNumber(stepsPerSecond, 3)} steps/s`
  const noise = fit.estimator.noise === null ? '' : `, noise σ = ${shortList(fit.estimator.noise.map(formatSetting), 4)}`
  const correction = fit.estimator.noiseCorrection
  const corrected = correction ? ` (${correctionWords(correction)})` : ''
  return `${routeWords(fit)}${noise}${corrected}; ${stoppedWords(fit)} (${formatSeconds(seconds)}${speed}, seed ${fit.seed})`
}

function resultEntries(fit: FitJson): [string, string][] {
  const { objective, logNormalizer, logLikelihood } = fit
  const parts: string[] = []
  if (objective.train !== null) parts.push(`${formatNumber(objective.train, 5)} on the training rows`)
  if (objective.heldOut !== null) parts.push(`${formatWithError(objective.heldOut, objective.heldOutStandardError)} on held-out rows`)
  const units = objective.units === 'standardized' && parts.length > 0 ? ' (standardized columns)' : ''
  const own = shownLogLikelihood(fit)
  const comparisons = compareBaselines(fit)
  const baselines = comparisons.map(({ name, value }) => `${name} ${formatEstimate(value, logLikelihood.standardError)}`)
  const verdict = logLikelihood.differences && isDecided(comparisons) ? comparisonWords(comparisons, logLikelihood.standardError) : null
  const modes = modeWords(fit)
  return [
    ...(fit.tests ?? []).map(({ hypothesis, statistic, degreesOfFreedom, pValue }, k): [string, string] => [k === 0 ? 'Wald test' : '', `${plainText(hypothesis)}: ${statistic === null || pValue === null ? 'unknown' : `χ² = ${formatNumber(statistic, 4)} on ${degreesOfFreedom}, p = ${formatNumber(pValue, 2)}`}`]),
    ...(fit.bootstrap ? [['bootstrap', bootstrapWords(fit.bootstrap)] as [string, string]] : []),
    ['objective', parts.length === 0 ? 'unknown' : parts.join(', ') + units],
    ['log-likelihood', own === null ? 'unknown' : `${formatWithError(own.value, logLikelihood.standardError)} nats a row (${own.rows} rows)`],
    ...(baselines.length === 0 ? [] : [['  baselines', baselines.join(', ')] as [string, string]]),
    ...(verdict === null ? [] : [['', verdict] as [string, string]]),
    ...residualEntry(fit),
    ['log Z', logNormalizer.value === null ? 'unknown' : `${formatWithError(logNormalizer.value, logNormalizer.standardError)}${logNormalizer.method === null ? '' : ` (${plainText(logNormalizer.method)})`}`],
    ...(modes === null ? [] : [['modes', modes] as [string, string]]),
  ]
}

function bootstrapWords({ replicates, failed, parameters }: NonNullable<FitJson['bootstrap']>): string {
  const shown = parameters.slice(0, 4).flatMap(({ name, standardError }) => (standardError === null ? [] : [`${plainText(name)} ${formatError(standardError)}`]))
  return `${formatCount(replicates)} replicates${failed > 0 ? `, ${formatCount(failed)} of them without an estimate` : ''}; standard errors ${shown.join(', ')}${parameters.length > 4 ? ', … (all in fit.json)' : ''}`
}

/** What the residuals found, or that they found nothing. */
function residualEntry(fit: FitJson): [string, string][] {
  const judged = judgeResiduals(fit)
  if (judged === null) return []
  const { tested, critical, beyond } = judged
  const which = beyond.slice(0, 3).map((residual) => plainText(residualWords(residual)))
  const more = beyond.length > 3 ? `; and ${beyond.length - 3} more` : ''
  const words = beyond.length > 0 ? which.join('; ') + more : `no misfit beyond chance in ${tested.length} Stein residuals (all |z| < ${formatNumber(critical, 2)})`
  return [[beyond.length > 0 ? 'misfit' : 'residuals', words]]
}

function entries(items: readonly (readonly [string, string])[], width: number): string[] {
  return items.flatMap(([label, text]) => indent(wrapText(text, width - labelWidth), label.padEnd(labelWidth), ' '.repeat(labelWidth)))
}

function indent(lines: readonly string[], first: string, others: string): string[] {
  return lines.map((line, index) => (index === 0 ? first : others) + line)
}
