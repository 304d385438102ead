// The sections of the report that put numbers into words: the fit, the log-likelihood, the noise, the denoiser, the parameters.
import katex from 'katex'
import { readFormula } from '../model/written-formula.ts'
import { asSentence, formatCount, formatEstimate, formatNumber, formatPercent, formatSetting, formatWithError, typographic } from './format.ts'
import type { FitJson } from './fit-json.ts'
import { formulaTex } from './formula-tex.ts'
import { html, numberTable, trusted } from './html.ts'
import type { Html } from './html.ts'
import type { ReportInput } from './report-input.ts'
import { compareBaselines, comparisonWords, correctionWords, domainWords, routeWords, shownLogLikelihood, stoppedWords, testWords } from './words.ts'

/** Longer tables are folded. */
const openRows = 20

/** What was fitted and how. */
export function fitSection({ fit, objective, modelTex }: ReportInput): Html {
  const { train, heldOut, heldOutStandardError, units } = fit.objective
  const parts: string[] = []
  if (train !== null) parts.push(`${formatNumber(train, 5)} on the training rows`)
  if (heldOut !== null) parts.push(`${formatWithError(heldOut, heldOutStandardError)} on held-out rows`)
  const where = units === 'standardized' ? 'on standardized columns' : 'in the units of the data'
  const dropped = fit.data.rows - fit.data.rowsUsed
  return html`<section><h2>What was fitted, and how</h2>
${modelWords(fit, modelTex)}
<p>Estimated by ${routeWords(fit)}: ${stoppedWords(fit)}.${objective === null ? '' : ` ${asSentence(objective.sentence)}`}</p>
${objective === null ? null : html`<div class="formula">${trusted(formula(objective.tex))}</div>`}
${parts.length === 0 ? null : html`<p>Objective at the estimate: ${typographic(parts.join(', '))} (${where}).</p>`}
${dropped === 0 ? null : html`<p>${formatCount(dropped)} of ${formatCount(fit.data.rows)} rows were not used.</p>`}</section>
`
}

/** The model: its formula typeset where it has one, else as it was written. */
function modelWords(fit: FitJson, tex: string | null): Html {
  const { logDensity, parameterCount } = fit.model
  const parameters = `${formatCount(parameterCount)} ${parameterCount === 1 ? 'parameter' : 'parameters'}`
  const { expression, clauses } = readFormula(logDensity)
  const typeset = tex ?? (fit.parameters === undefined ? null : formulaTex(expression))
  const where = clauses.length === 0 ? '' : html`, where ${clauses.join(', ')}`
  if (typeset === null) return html`<p>Model: log <i>p</i>(<i>x</i>) = <code>${expression}</code> − log <i>Z</i> on <code>${domainWords(fit)}</code>${where}, with ${parameters}. The fit never needs <i>Z</i>.</p>`
  return html`<p>The model, on <code>${domainWords(fit)}</code>, with ${parameters}:</p>
<div class="formula">${trusted(formula(String.raw`\log\, p(x) = ${typeset} - \log Z`))}</div>
${clauses.length === 0 ? null : html`<p>Here ${clauses.join(', ')}.</p>`}`
}

/** TeX as MathML, which needs neither fonts nor styles. */
function formula(tex: string): string {
  return katex.renderToString(tex, { output: 'mathml', displayMode: true, throwOnError: false, trust: false })
}

/** The log-likelihood next to the baselines, and which wins. */
export function likelihoodSection({ fit, goodnessOfFit }: ReportInput): Html {
  const own = shownLogLikelihood(fit)
  const { standardError } = fit.logLikelihood
  const { value, standardError: normalizerError, method } = fit.logNormalizer
  const normalizer = value === null
    ? 'log Z is unknown.'
    : `log Z = ${typographic(formatWithError(value, normalizerError))}${method === null ? '' : ` (${method})`}.`
  const test = goodnessOfFit === null ? null : html`<p>Goodness of fit: ${testWords(goodnessOfFit.test)}, statistic ${typographic(formatNumber(goodnessOfFit.statistic, 3))}, p = ${typographic(formatNumber(goodnessOfFit.pValue, 2))}${goodnessOfFit.pValue < 0.05 ? '; the rows differ from the model by more than chance' : '; no sign against the model'}.</p>`
  const clusters = fit.warnings.some(({ code }) => code === 'separated-clusters')
    ? html`<p class="warning"><b>⚠</b> The rows form separated clusters: their relative heights are not identified, and the log-likelihood depends on them.</p>`
    : null
  if (own === null) {
    return html`<section><h2>Log-likelihood</h2>${clusters}<p>Unknown: ${value === null ? 'it needs the normalizing constant, and ' : ''}${normalizer}</p>${test}</section>
`
  }
  const comparisons = compareBaselines(fit)
  const verdict = comparisonWords(comparisons, standardError)
  const rows = [
    ['this model', typographic(formatWithError(own.value, standardError)), ''],
    ...comparisons.map(({ name, value: baseline, difference, standardError: error }) => [name, typographic(formatEstimate(baseline, standardError)), `${difference > 0 ? '+' : ''}${typographic(error === null ? formatEstimate(difference, standardError) : formatWithError(difference, error))}`]),
  ]
  return html`<section><h2>Log-likelihood</h2>${clusters}
<p class="verdict">${verdict === null ? null : typographic(verdict)}</p>
${numberTable(['', 'nats a row', 'model − baseline'], rows)}
<p class="quiet">Mean log density of the ${own.rows} rows without noise, in the units of the data${own.rows === 'training' ? '; training rows flatter models with many parameters' : ''}. ${normalizer}</p>${test}</section>
`
}

/** How far the noise biases the result: its size against the data's. */
export function noiseSection({ fit, columnScales, noiseReason }: ReportInput): Html | null {
  const { noise, noiseCorrection } = fit.estimator
  if (noise === null) return null
  if (noiseCorrection) {
    return html`<section><h2>What the noise does</h2><p>The fit saw rows with noise of standard deviation ${noise.map(formatSetting).join(', ')} added. It was ${correctionWords(noiseCorrection)}: energy, score, log Z and log-likelihood are those of the rows without noise, but for what is of second order in the noise's variance${fit.parameters ? '; the parameters are those of the fit, with noise' : ''}.</p></section>
`
  }
  const why = noiseReason === null ? null : html`<p>${asSentence(noiseReason)}</p>`
  if (columnScales === null) {
    return html`<section><h2>What the noise does</h2><p>The fit describes rows with noise of standard deviation ${noise.map(formatSetting).join(', ')} added.</p>${why}</section>
`
  }
  const shares = noise.map((sigma, column) => sigma / columnScales[column])
  const rows = fit.data.columns.map((name, column) => [
    name, formatNumber(columnScales[column], 4), formatSetting(noise[column]), formatPercent(shares[column]), `+${formatPercent(Math.hypot(1, shares[column]) - 1)}`,
  ])
  const largest = Math.max(...shares)
  return html`<section><h2>What the noise does</h2>
<p>Denoising learns the density of rows with noise added, so details finer than the noise are blurred and every column is widened: its variance by the square of σ over its standard deviation, here at most ${formatPercent(largest * largest)}.</p>${why}
${folded(rows.length, 'columns', numberTable(['column', 'std. deviation', 'noise σ', 'σ / std. dev.', 'widening'], rows))}</section>
`
}

/** How well the denoiser restores noisy rows, beside what the model itself expects. */
export function denoiserSection({ denoiser }: ReportInput): Html | null {
  if (denoiser === null) return null
  const { reconstructionError: error, standardError = null, floor: expected, withoutDenoising, units } = denoiser
  const share = (value: number): string => (withoutDenoising === null ? '' : formatPercent(value / withoutDenoising))
  // Unlike the errors themselves, their difference over the same rows says whether they agree.
  const gap = expected === null ? null : denoiser.aboveFloor ?? { value: error - expected, standardError: null }
  const rows = [
    ...(withoutDenoising === null ? [] : [['noisy rows as they are', formatNumber(withoutDenoising, 4), '100 %']]),
    ['denoised by this model', standardError === null ? formatNumber(error, 4) : formatWithError(error, standardError), share(error)],
    ...(expected === null || gap === null ? [] : [
      ['expected by this model', formatEstimate(expected, standardError), share(expected)],
      ['denoised − expected', typographic(formatWithError(gap.value, gap.standardError)), ''],
    ]),
  ]
  return html`<section><h2>Denoising</h2>
<p>The right score gives the best guess of a row behind its noise (Tweedie–Miyasawa): x̂ = x̃ + C φ(x̃), with C the covariance of the noise. A model whose score is right expects the error tr C − E‖C φ(x̃)‖². ${agreementWords(gap)}</p>
${numberTable(['mean squared error', units === 'standardized' ? 'standardized columns' : 'units of the data', 'of the noise'], rows)}</section>
`
}

/** What the gap between the error and the one that the model expects says about the score. */
function agreementWords(gap: { readonly value: number; readonly standardError: number | null } | null): string {
  if (gap === null) return 'What this model expects is unknown.'
  const where = gap.value > 0 ? 'above' : 'below'
  const size = formatWithError(Math.abs(gap.value), gap.standardError)
  if (gap.standardError === null || Number.isNaN(gap.standardError)) return `The error lies ${size} ${where}; whether by more than chance is unknown.`
  return Math.abs(gap.value) > 2 * gap.standardError
    ? `The error lies ${size} ${where}: the score does not fit these rows.`
    : 'Here the two agree within two standard errors, so the score has the right scale. That does not make it right: a simple model can expect a large error, and make it.'
}

/** A table that opens when asked to, where it is long. */
export function folded(rows: number, what: string, table: Html): Html {
  return rows <= openRows ? table : html`<details><summary>All ${formatCount(rows)} ${what}</summary>${table}</details>`
}
