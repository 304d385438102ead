// The report of a fit: one HTML file that needs nothing else, for screens light and dark, phones and paper.
import { calibrationSection } from './calibration-section.ts'
import type { FitJson } from './fit-json.ts'
import { formatCount, formatSeconds, formatSetting, formatWithError, shortList, typographic } from './format.ts'
import { html, trusted } from './html.ts'
import type { Html } from './html.ts'
import { modesSection } from './modes-section.ts'
import { parametersSection } from './parameter-section.ts'
import { residualSection } from './residual-section.ts'
import { denoiserSection, fitSection, likelihoodSection, noiseSection } from './report-sections.ts'
import type { ReportFigure, ReportInput } from './report-input.ts'
import { reportStyle } from './report-style.ts'
import { estimatorWords, shownLogLikelihood, stoppedWords } from './words.ts'

/** Figures with a place of their own; others follow in a section each. */
const placed: ReadonlySet<string> = new Set(['density-and-score', 'binary', 'learned-and-sample', 'training-curve', 'ladder-calibration', 'parameters', 'correlations', 'columns', 'quantiles'])

/**
 * The whole report as an HTML document.
 * It loads nothing: styles, figures and formulas are inside, and its content policy forbids anything else.
 */
export function reportHtml(input: ReportInput): string {
  const { fit } = input
  const title = `${fit.model.name} energy of ${fit.data.source}`
  const others = input.figures.filter(({ name }) => !placed.has(name))
  const sections = [
    figureSection('The density and its score', findFigure(input, 'density-and-score')),
    figureSection('The rows against the fit', findFigure(input, 'binary')),
    figureSection('The learned density against the rows', findFigure(input, 'learned-and-sample')),
    modesSection(input),
    fitSection(input),
    parametersSection(input, figureBody(findFigure(input, 'parameters')), figureBody(findFigure(input, 'correlations'))),
    figureSection('Training', findFigure(input, 'training-curve')),
    likelihoodSection(input),
    figureSection('The rows against the fitted density', findFigure(input, 'quantiles')),
    marginsSection(input),
    residualSection(input),
    calibrationSection(input, figureBody(findFigure(input, 'ladder-calibration'))),
    noiseSection(input),
    denoiserSection(input),
    ...others.map((figure) => figureSection(figure.sentence, figure)),
    reproduceSection(fit),
  ]
  const document = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title} · unnorm</title>
<style>${trusted(reportStyle())}</style></head>
<body><main>
<header><h1>${title}</h1><p class="lead">${leadSentence(fit)}</p>${facts(fit)}</header>
${warnings(fit)}
${sections}
<footer>unnorm ${fit.unnorm} · ${fit.format}</footer>
</main></body></html>
`
  return document.markup
}

function leadSentence(fit: FitJson): string {
  const { rows, rowsUsed, columns } = fit.data
  const used = rowsUsed === rows ? `all ${formatCount(rows)} rows` : `${formatCount(rowsUsed)} of ${formatCount(rows)} rows`
  return `A density of ${shortList(columns, 6)}, known up to its normalizing constant, estimated by ${estimatorWords(fit.estimator.name)} from ${used}.`
}

function facts(fit: FitJson): Html {
  const own = shownLogLikelihood(fit)
  const items: { name: string; value: string; note: string | null }[] = [
    { name: 'rows × columns', value: `${formatCount(fit.data.rowsUsed)} × ${fit.data.columns.length}`, note: null },
    { name: 'parameters', value: formatCount(fit.model.parameterCount), note: null },
    { name: 'log-likelihood', value: own === null ? 'unknown' : typographic(formatWithError(own.value, fit.logLikelihood.standardError)), note: own === null ? null : `nats a row, ${own.rows} rows` },
    { name: 'fit', value: formatSeconds(fit.timing.seconds), note: stoppedWords(fit) },
  ]
  return html`<dl class="facts">${items.map(({ name, value, note }) => html`<div><dt>${name}</dt><dd>${value}${note === null ? null : html`<small>${note}</small>`}</dd></div>`)}</dl>`
}

function warnings(fit: FitJson): Html | null {
  if (fit.warnings.length === 0) return null
  return html`<section><h2>${fit.warnings.length === 1 ? 'A warning' : `${fit.warnings.length} warnings`}</h2>
${fit.warnings.map(({ message }) => html`<p class="warning"><b>⚠</b> ${message}</p>
`)}</section>`
}

function findFigure(input: ReportInput, name: string): ReportFigure | null {
  return input.figures.find((figure) => figure.name === name) ?? null
}

/** Panels side by side where there is room; a wide one scrolls on a phone instead of shrinking until it cannot be read. */
function figureBody(figure: ReportFigure | null): Html | null {
  if (figure === null) return null
  const wide = figure.drawn.panels.some((panel) => Number(/ width="(\d+)"/.exec(panel)?.[1]) > 600)
  return html`<figure${wide ? trusted(' class="wide"') : null}>${figure.drawn.panels.map(trusted)}</figure>`
}

function figureSection(heading: string, figure: ReportFigure | null): Html | null {
  return figure === null ? null : html`<section><h2>${heading}</h2>
${figureBody(figure)}</section>
`
}

/** Each column, or why its density is not shown. */
function marginsSection(input: ReportInput): Html | null {
  const heading = 'Each column by itself'
  if (input.noMargins === null) return figureSection(heading, findFigure(input, 'columns'))
  return html`<section><h2>${heading}</h2><p>Not shown: ${input.noMargins}.</p></section>
`
}

function reproduceSection(fit: FitJson): Html {
  const leftOut = fit.data.columnsLeftOut.length === 0 ? null : html`<p class="quiet">Columns left out: ${shortList(fit.data.columnsLeftOut, 20)}.</p>`
  return html`<section><h2>How to repeat it</h2>
<pre>${fit.command}</pre>
<p class="quiet">Seed ${fit.seed}, unnorm ${fit.unnorm}. The same seed, number of threads and machine give the same bits.</p>${leftOut}
${fit.out === null ? null : html`<p class="quiet">The numbers are in <code>fit.json</code> beside this page, the fitted energy in <code>model.onnx</code>; intervals have level ${formatSetting(fit.level * 100)} %.</p>`}</section>
`
}
