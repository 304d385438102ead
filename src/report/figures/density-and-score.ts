// The figure of a fit: the learned density beside the data with the score as arrows; curves in one dimension, pairs above two.
import * as Plot from '@observablehq/plot'
import { axisNumbers, axisTitle, numberSize } from '../drawing/axis.ts'
import { arrowsMark, dotsMark, openAtFrame } from '../drawing/marks.ts'
import { colors, heatRamp, heatSteps } from '../drawing/palette.ts'
import { drawPlot, leftMargin, svgPiece } from '../drawing/plot.ts'
import type { AxisOptions, Box } from '../drawing/plot.ts'
import { besides, composeFigure } from '../drawing/svg.ts'
import type { Note, PanelContent, Piece } from '../drawing/svg.ts'
import { fitNames, textWidth } from '../drawing/text.ts'
import type { DrawnFigure, Figure, SvgDocument } from '../figure.ts'
import { formatCount, formatNumber, formatPercent, formatWithError, typographic } from '../format.ts'
import type { Landscape, LineLandscape, PlaneLandscape } from '../landscape/landscape.ts'
import { noiseText, outsideText, warningNotes } from './landscape-words.ts'
import { drawPairGrid } from './pair-grid.ts'

/** The density-and-score figure of a fit. */
export const densityAndScore: Figure = {
  name: 'density-and-score',
  sentence: 'The learned density, and the data with the score as arrows.',
  draw: ({ landscape }, document) => (landscape === null ? null : drawLandscape(landscape, document)),
}

/** What `(×10⁻³)` after a name may take, in pixels. */
const powerWidth = 50

/** Draws a landscape, whatever its dimension. */
export function drawLandscape(landscape: Landscape, document: SvgDocument): DrawnFigure {
  if (landscape.kind === 'pairs') return drawPairGrid(landscape, document)
  if (landscape.kind === 'line') return composeFigure(landscape.heading, linePanels(landscape, document), 'column')
  return composeFigure(landscape.heading, planePanels(landscape, document))
}

function planePanels(landscape: PlaneLandscape, document: SvgDocument): PanelContent[] {
  const side = 380
  const [x, y] = fitNames(landscape.columns, side - powerWidth, numberSize).map((label, column) => ({ label, interval: landscape.frame[column] }))
  const [left, right] = [leftMargin([y]), 8]
  const box = { width: left + side + right, height: side + 44, left, right, top: 6, bottom: 38 }
  const heat = besides([drawPlot(document, box, x, y, heatMarks(landscape), heatScale(landscape.grid.peak)), colorBar(landscape.grid.peak, box, document)])
  const points = shownPoints(landscape, 1)
  const field = drawPlot(document, box, x, y, [
    Plot.frame({ stroke: colors.grid }),
    ...dotsMark(landscape.points, points.radius, colors.point, points.opacity),
    arrowsMark(landscape.arrows, colors.arrow, 1.05),
  ])
  const sameUnits = sameWidth(landscape.frame)
  return [
    { title: densityTitle(landscape), subtitle: normalizationText(landscape), body: heat, notes: [...enclosedNote(landscape), ...frameNotes(landscape), ...warningNotes(landscape)] },
    {
      title: scoreTitle(landscape), subtitle: points.sentence, body: field,
      notes: [{
        text: sameUnits
          ? `Arrow lengths are compressed: half of the longest where ‖φ‖\u00a0=\u00a0${formatNumber(landscape.halfLengthAt / (x.interval[1] - x.interval[0]), 2)}.`
          : 'Arrows point uphill as drawn in these axes; their lengths are compressed so that none hides its neighbors.',
      }],
    },
  ]
}

/** Filled steps of density, and lines that enclose shares of the probability. */
function heatMarks(landscape: PlaneLandscape): Plot.Markish[] {
  const { cells, grid, frame } = landscape
  // Without interpolation, since the values are a grid already: else Plot triangulates the cells to find each one's nearest.
  const bounds = { width: cells, height: cells, interpolate: null, x1: frame[0][0], x2: frame[0][1], y1: frame[1][0], y2: frame[1][1] }
  const lines = landscape.contours.map(({ level }) => level).sort((a, b) => a - b)
  return [
    Plot.rect([0], { ...bounds, fill: heatRamp(heatSteps).light[0] }),
    Plot.contour(grid.density, { ...bounds, fill: Plot.identity, stroke: 'none', thresholds: stepStarts(grid.peak) }),
    Plot.frame({ stroke: colors.grid }),
    ...(lines.length === 0 ? [] : [Plot.contour(grid.density, { ...bounds, value: Plot.identity, fill: 'none', stroke: colors.contour, strokeWidth: 0.9, strokeOpacity: 0.7, thresholds: lines, render: openAtFrame })]),
  ]
}

function heatScale(peak: number): Readonly<Record<string, unknown>> {
  return { color: { type: 'threshold', domain: stepStarts(peak), range: heatRamp(heatSteps).light } }
}

/** The lowest densities of all steps but the first: even, but for the second, which only tells little from nothing. */
function stepStarts(peak: number): number[] {
  return Array.from({ length: heatSteps - 1 }, (_, step) => peak * Math.max(0.01, (step + 0.5) / heatSteps))
}

function colorBar(peak: number, box: Box, document: SvgDocument): Piece {
  const numbers = axisNumbers([0, peak], 5)
  const { values, texts } = numbers
  const right = Math.max(40, ...texts.map((text) => textWidth(text, numberSize) + 4))
  const width = 18 + right
  // Each step is drawn up to the top and the next one over it: no seams.
  const steps = [0, ...stepStarts(peak)].map((from, step) => ({ from, to: peak, color: heatRamp(heatSteps).light[step] }))
  const options = {
    document: document as never, className: 'plot', width, height: box.height,
    marginLeft: 6, marginRight: right, marginTop: box.top, marginBottom: box.bottom,
    x: { axis: null, domain: [0, 1] }, y: { domain: [0, peak], axis: null }, color: { type: 'identity' },
    marks: [
      Plot.rect(steps, { x1: 0, x2: 1, y1: 'from', y2: 'to', fill: 'color' }),
      Plot.axisY(values, { anchor: 'right', tickSize: 0, tickPadding: 4, color: colors.quiet, fontSize: numberSize, label: null, tickFormat: (value: number) => texts[values.indexOf(value)] }),
      Plot.text([(axisTitle('density', numbers) ?? '').replace(' ', '\n')], { frameAnchor: 'bottom', lineAnchor: 'top', dx: 16, dy: 11, fontSize: numberSize, fill: colors.quiet }),
    ],
  }
  return svgPiece(Plot.plot(options as unknown as Plot.PlotOptions), width, box.height)
}

function linePanels(landscape: LineLandscape, document: SvgDocument): PanelContent[] {
  const x = { label: fitNames(landscape.columns, 560 - powerWidth, numberSize)[0], interval: landscape.frame[0] }
  const { edges, density: heights } = landscape.bars
  const bars = Array.from(heights, (value, index) => ({ from: edges[index], to: edges[index + 1], value }))
  const highest = Math.max(landscape.grid.peak, ...heights) * 1.06
  const curve = Array.from(landscape.x, (x, index) => ({ x, density: landscape.grid.density[index], score: landscape.score[index] }))
  const finite = curve.filter(({ score }) => Number.isFinite(score))
  const low = Math.min(0, ...finite.map(({ score }) => score))
  const high = Math.max(0, ...finite.map(({ score }) => score))
  const slack = (high - low || 1) * 0.08
  const points = shownPoints(landscape, 1)
  const density: AxisOptions = { label: 'density', interval: [0, highest] }
  const score: AxisOptions = { label: 'score φ(x)', interval: [low - slack, high + slack] }
  const box = { width: 640, height: 290, left: leftMargin([density, score]), right: 10, top: 8, bottom: 42 }
  const onAxis = Float64Array.from({ length: 2 * landscape.points.length }, (_, index) => (index % 2 === 0 ? landscape.points[index / 2] : 0))
  return [
    {
      title: densityTitle(landscape), subtitle: normalizationText(landscape),
      body: drawPlot(document, box, x, density, [
        Plot.rect(bars.filter(({ value }) => value > 0), { x1: 'from', x2: 'to', y1: 0, y2: 'value', fill: colors.bar, insetLeft: 0.5, insetRight: 0.5 }),
        Plot.line(curve, { x: 'x', y: 'density', stroke: colors.curve, strokeWidth: 2 }),
      ]),
      notes: [{ text: `Bars: histogram of the ${formatCount(landscape.rows)} rows. Line: the learned density.` }, ...frameNotes(landscape), ...warningNotes(landscape)],
    },
    {
      title: scoreTitle(landscape), subtitle: points.sentence,
      body: drawPlot(document, { ...box, height: 210 }, x, score, [
        Plot.ruleY([0], { stroke: colors.quiet, strokeWidth: 1 }),
        ...dotsMark(onAxis, points.radius, colors.point, points.opacity),
        Plot.line(finite, { x: 'x', y: 'score', stroke: colors.curve, strokeWidth: 2 }),
      ]),
      notes: [{ text: 'Where the score is positive the density rises to the right; it crosses zero downwards at a mode.' }],
    },
  ]
}

function densityTitle(landscape: Landscape): string {
  return landscape.noise === null ? 'Learned density' : 'Learned density of the noisy data'
}

function scoreTitle(landscape: Landscape): string {
  return landscape.kind === 'line' ? 'Score φ = d log p / dx, and the data' : 'Data and score φ = ∇ log p'
}

/** How the density was normalized, and with which error. */
function normalizationText(landscape: LineLandscape | PlaneLandscape): string {
  const { logNormalizer, standardError, method } = landscape.grid.normalization
  const text = method === 'frame'
    ? 'Normalized over the frame shown.'
    : `log Z = ${typographic(formatWithError(logNormalizer, standardError))} (${method}).${outOfView(landscape)}`
  return text + noiseText(landscape)
}

/** How much of the density the frame does not show, where that is worth a word: a mass of a grid is good to about a hundredth. */
function outOfView({ grid }: LineLandscape | PlaneLandscape): string {
  return grid.mass < 0.995 ? ` ${formatPercent(1 - grid.mass)} of the probability lies outside the frame.` : ''
}

function enclosedNote(landscape: PlaneLandscape): Note[] {
  if (landscape.contours.length === 0) return []
  const shares = landscape.contours.map(({ share }) => Math.round(share * 100)).sort((a, b) => a - b)
  const words = shares.length === 1 ? `${shares[0]}` : `${shares.slice(0, -1).join(', ')} and ${shares[shares.length - 1]}`
  return [{ text: `Lines enclose ${words} % of the probability${landscape.grid.normalization.method === 'frame' ? ' in the frame' : ''}.` }]
}

function frameNotes(landscape: LineLandscape | PlaneLandscape): Note[] {
  const { undefinedPoints, density } = landscape.grid
  if (undefinedPoints === 0) return []
  return [{ text: `The energy is not a number at ${undefinedPoints} of ${density.length} grid points; they are left without density.`, warning: true }]
}

/** Size and opacity of dots by their number, and the sentence that says which rows they are. */
function shownPoints(landscape: Landscape, scale: number): { radius: number; opacity: number; sentence: string } {
  const shown = landscape.points.length / landscape.frame.length
  const radius = scale * (shown <= 200 ? 2.6 : shown <= 800 ? 2.1 : 1.6)
  const inside = landscape.rows - landscape.rowsOutside
  const which = shown < inside ? `${formatCount(shown)} of the ${formatCount(landscape.rows)} rows` : landscape.rowsOutside === 0 ? `All ${formatCount(landscape.rows)} rows` : `${formatCount(shown)} rows`
  return { radius, opacity: shown <= 400 ? 0.75 : 0.5, sentence: `${which} in blue.${outsideText(landscape)}` }
}

function sameWidth(frame: PlaneLandscape['frame']): boolean {
  const [x, y] = frame.map(([from, to]) => to - from)
  return Math.abs(x - y) <= 1e-9 * Math.max(x, y)
}
