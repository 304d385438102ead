// One column: the quantiles of the rows against those of the fitted density, and the same as a difference of probabilities, each with its band.
import * as Plot from '@observablehq/plot'
import { colors } from '../drawing/palette.ts'
import { drawPlot, leftMargin } from '../drawing/plot.ts'
import type { AxisOptions, Box } from '../drawing/plot.ts'
import { composeFigure } from '../drawing/svg.ts'
import type { PanelContent } from '../drawing/svg.ts'
import { fitNames } from '../drawing/text.ts'
import type { DrawnFigure, Figure, SvgDocument } from '../figure.ts'
import type { ProbabilityPlot } from '../../evaluate/probability-plot.ts'
import { formatCount, formatNumber, formatSetting, typographic } from '../format.ts'

/** Quantiles and probabilities of the rows against the fitted density. */
export const quantiles: Figure = {
  name: 'quantiles',
  sentence: 'The rows against the fitted density: quantiles and probabilities.',
  draw: ({ probabilities, fit }, document) => (probabilities === null ? null : drawQuantiles(probabilities, fit.data.columns[0], document)),
}

const side = 330

function drawQuantiles(plot: ProbabilityPlot, column: string, document: SvgDocument): DrawnFigure {
  return composeFigure('', [quantilePanel(plot, column, document), differencePanel(plot, document)])
}

function boxOf(left: number): Box {
  return { width: left + side + 10, height: side + 40, left, right: 10, top: 6, bottom: 38 }
}

function quantilePanel({ x, quantile, low, high, level }: ProbabilityPlot, column: string, document: SvgDocument): PanelContent {
  const [from, to] = [Math.min(x[0], quantile[0]), Math.max(x[x.length - 1], quantile[quantile.length - 1])]
  const slack = (to - from) * 0.04
  const interval: readonly [number, number] = [from - slack, to + slack]
  const [name] = fitNames([column], side - 120, 10.5)
  const across: AxisOptions = { label: `${name}: fitted quantile`, interval }
  const up: AxisOptions = { label: 'quantile of the rows', interval }
  const points = Array.from(x, (value, k) => ({ x: value, y: quantile[k], low: low[k], high: high[k] }))
  const within = (value: number): number => Math.min(Math.max(value, interval[0]), interval[1])
  return {
    title: 'Quantiles', subtitle: `Blue: 1 %, 2 %, … 99 %. Band: where all of them lie in ${formatSetting(100 * level)}\u00a0% of fits of a true model.`,
    body: drawPlot(document, boxOf(leftMargin([up])), across, up, [
      Plot.areaY(points, { x: 'x', y1: ({ low: value }: { low: number }) => within(value), y2: ({ high: value }: { high: number }) => within(value), fill: colors.band, fillOpacity: 0.6 }),
      Plot.line([[interval[0], interval[0]], [interval[1], interval[1]]], { stroke: colors.quiet, strokeWidth: 1 }),
      Plot.dot(points, { x: 'x', y: 'y', r: 2.1, fill: colors.point }),
    ]),
    notes: [{ text: 'Above the line: the rows lie further right there than the density.' }],
  }
}

function differencePanel({ x, probability, difference, standardError, critical, largest, pValue, rows }: ProbabilityPlot, document: SvgDocument): PanelContent {
  const points = Array.from(probability, (p, k) => ({ p, difference: difference[k], band: critical * standardError[k] }))
  const reach = 1.1 * Math.max(...points.map(({ difference: own, band }) => Math.max(Math.abs(own), band)))
  const up: AxisOptions = { label: 'share of the rows − fitted', interval: [-reach, reach] }
  const beyond = largest > critical
  const inErrors = (k: number): number => (standardError[k] > 0 ? Math.abs(difference[k]) / standardError[k] : 0)
  const farthest = points.reduce((most, _, k) => (inErrors(k) > inErrors(most) ? k : most), 0)
  return {
    title: 'Probabilities', subtitle: 'Blue: share of the rows below a point, less its fitted probability.',
    body: drawPlot(document, boxOf(leftMargin([up])), { label: 'fitted probability below the point', interval: [0, 1] }, up, [
      Plot.areaY(points, { x: 'p', y1: ({ band }: { band: number }) => -band, y2: 'band', fill: colors.band, fillOpacity: 0.6 }),
      Plot.ruleY([0], { stroke: colors.quiet, strokeWidth: 1 }),
      Plot.line(points, { x: 'p', y: 'difference', stroke: colors.point, strokeWidth: 1.8 }),
      ...(beyond ? [Plot.dot([points[farthest]], { x: 'p', y: 'difference', r: 4, stroke: colors.point, strokeWidth: 1.8 })] : []),
    ]),
    notes: [{
      text: `${beyond ? 'The rows leave the band' : 'The rows stay inside the band'}: the largest difference, at ${typographic(formatNumber(x[farthest], 3))}${beyond ? ' (ring)' : ''}, is ${formatNumber(largest, 3)} standard errors (p\u00a0=\u00a0${typographic(formatNumber(pValue, 2))}; ${formatCount(rows)} rows). The band knows that the parameters were estimated from these rows.`,
      warning: beyond,
    }],
  }
}
