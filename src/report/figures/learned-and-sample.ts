// The learned density against its sample: each column's histograms one over the other, pairs of columns side by side in the same axes.
import * as Plot from '@observablehq/plot'
import { numberSize } from '../drawing/axis.ts'
import { dotsMark } from '../drawing/marks.ts'
import { colors } from '../drawing/palette.ts'
import { drawPlot, leftMargin } from '../drawing/plot.ts'
import type { AxisOptions } from '../drawing/plot.ts'
import { besides, composeFigure, stacked } from '../drawing/svg.ts'
import type { Note, PanelContent, Piece } from '../drawing/svg.ts'
import { fitNames } from '../drawing/text.ts'
import type { MeanWithError } from '../../evaluate/mean-with-error.ts'
import type { Figure, SvgDocument } from '../figure.ts'
import type { FitJson } from '../fit-json.ts'
import { formatCount, formatNumber, formatSetting, formatWithError, shortList, typographic } from '../format.ts'
import type { LearnedSample, SampleDistances } from '../landscape/learned-sample.ts'

export const learnedAndSample: Figure = {
  name: 'learned-and-sample',
  sentence: 'Draws of the learned density beside the rows.',
  draw: ({ learned, fit }, document) => {
    if (!learned) return null
    const pairs = learned.pairs.length === 0 ? [] : [pairsPanel(learned, fit, document)]
    return composeFigure('', [marginalsPanel(learned, fit, document), ...pairs], 'column')
  },
}

/** Pixels that a line of plots may take, and the side of a plot by the number of plots that share a line. */
const lineWidth = 800
const captionHeight = 16

function marginalsPanel(learned: LearnedSample, { estimator }: FitJson, document: SvgDocument): PanelContent {
  const count = learned.columns.length
  const perLine = count <= 3 ? count : 4
  const width = Math.min(600, Math.floor(lineWidth / perLine))
  const names = fitNames(learned.columns, width - 70, numberSize)
  const plots = learned.marginals.map(({ edges, rows, draws }, column): Piece => {
    const highest = Math.max(...rows, ...draws) * 1.06 || 1
    const x: AxisOptions = { label: names[column], interval: learned.frame[column], ticks: width < 250 ? 4 : 6 }
    const y: AxisOptions = { label: null, interval: [0, highest], ticks: 4 }
    const box = { width, height: width < 250 ? 150 : 230, left: leftMargin([y]), right: 12, top: 8, bottom: 38 }
    const bars = Array.from(rows, (value, k) => ({ from: edges[k], to: edges[k + 1], value }))
    return drawPlot(document, box, x, y, [
      Plot.rect(bars.filter(({ value }) => value > 0), { x1: 'from', x2: 'to', y1: 0, y2: 'value', fill: colors.bar, insetLeft: 0.4, insetRight: 0.4 }),
      Plot.line(outline(edges, draws), { stroke: colors.curve, strokeWidth: 1.8, strokeLinejoin: 'round' }),
    ])
  })
  return {
    title: count === 1 ? 'The column: density of rows and draws' : 'Each column: density of rows and draws',
    subtitle: `Bars: the ${formatCount(learned.rows)} rows. Line: ${formatCount(learned.draws)} draws of the learned density.${estimator.noise === null ? '' : ` They have its noise: σ\u00a0=\u00a0${shortList(estimator.noise.map(formatSetting), 4)}.`}`,
    body: lines(plots, perLine), notes: learned.pairs.length === 0 ? notesOf(learned) : [],
  }
}

/** The outline of a histogram, from zero to zero. */
function outline(edges: Float64Array, heights: Float64Array): [number, number][] {
  const last = edges.length - 1
  return [[edges[0], 0], ...Array.from(heights).flatMap((height, k): [number, number][] => [[edges[k], height], [edges[k + 1], height]]), [edges[last], 0]]
}

function pairsPanel(learned: LearnedSample, fit: FitJson, document: SvgDocument): PanelContent {
  const { pairs, columns } = learned
  const perLine = pairs.length === 1 ? 1 : pairs.length === 3 ? 2 : 3
  const side = pairs.length === 1 ? 360 : perLine === 2 ? 160 : 112
  const names = fitNames(columns, side - 10, numberSize)
  const axes = names.map((label, column): AxisOptions => ({ label, interval: learned.frame[column], ticks: side < 200 ? 3 : 6 }))
  const left = leftMargin(pairs.map(([, down]) => axes[down]))
  const cards = pairs.map(([across, down]) => besides(
    (['rows', 'draws'] as const).map((which, k): Piece => {
      const points = pointsOf(which === 'rows' ? learned.rowPoints : learned.drawPoints, columns.length, across, down)
      const box = { width: side + (k === 0 ? left : 8) + 8, height: side + captionHeight + 40, left: k === 0 ? left : 8, right: 8, top: captionHeight, bottom: 40 }
      return drawPlot(document, box, axes[across], { ...axes[down], numbers: k === 0 }, [
        Plot.frame({ stroke: colors.grid }),
        ...dotsMark(points, side > 200 ? 1.7 : 1, which === 'rows' ? colors.point : colors.curve, side > 200 ? 0.55 : 0.5),
        Plot.text([which], { frameAnchor: 'top-left', lineAnchor: 'bottom', dy: -4, fontSize: numberSize, fontWeight: 600, fill: which === 'rows' ? colors.point : colors.curve }),
        ...(columns.length === 2 ? peakMarks(fit) : []),
      ])
    }),
  ))
  const all = (columns.length * (columns.length - 1)) / 2
  const which = pairs.length === all ? (all === 1 ? 'The pair of columns' : 'Every pair of columns') : `The ${pairs.length} of ${all} pairs of columns that depend on each other most`
  const shown = learned.rowPoints.length / columns.length
  const marked = columns.length === 2 && (fit.modes?.list.length ?? 0) > 1 ? ' Numbers: modes.' : ''
  return {
    title: `${which}: rows, and draws in the same axes`,
    subtitle: `${formatCount(shown)} points each.${marked}`,
    body: lines(cards, perLine), notes: notesOf(learned),
  }
}

/** Numbers at the peaks, as in the table of modes. */
function peakMarks({ modes }: FitJson): Plot.Markish[] {
  if (!modes || modes.list.length < 2) return []
  const at = modes.list.map(({ peak: [x, y] }, k) => ({ x, y, name: `${k + 1}` }))
  return [Plot.text(at, { x: 'x', y: 'y', text: 'name', fontSize: 13, fontWeight: 700, fill: colors.ink, stroke: colors.background, strokeWidth: 3.5 })]
}

function pointsOf(points: Float64Array, d: number, across: number, down: number): Float64Array {
  return Float64Array.from({ length: (2 * points.length) / d }, (_, k) => points[Math.floor(k / 2) * d + (k % 2 === 0 ? across : down)])
}

function lines(pieces: readonly Piece[], perLine: number): Piece {
  const rows = Array.from({ length: Math.ceil(pieces.length / perLine) }, (_, row) => besides(pieces.slice(row * perLine, (row + 1) * perLine)))
  return stacked(rows)
}

function notesOf({ distances, drawsOutside, mixed }: LearnedSample): Note[] {
  const outside = drawsOutside === 0 ? [] : [{ text: `${formatCount(drawsOutside)} far ${drawsOutside === 1 ? 'draw lies' : 'draws lie'} outside the frame.` }]
  const settled = mixed ? [] : [{ text: 'The draws are not those of the lowest noise level alone: on the last steps they still moved (R̂ above 1.01).', warning: true }]
  return [...(distances === null ? [] : distanceNotes(distances)), ...outside, ...settled]
}

/** Two tests at a level of 5 % together. */
const BEYOND_CHANCE = 2.24

function distanceNotes({ count, wasserstein, wassersteinOfRows, discrepancies }: SampleDistances): Note[] {
  const apart = discrepancies.some(({ value, standardError }) => Math.abs(value) > BEYOND_CHANCE * standardError)
  const told = ({ value, standardError }: MeanWithError): string => typographic(formatWithError(value, standardError)).replaceAll(' ', '\u00a0')
  const [wide, narrow] = discrepancies.map((each) => `by a Gaussian kernel of width ${formatNumber(each.bandwidth, 2)} ${told(each)}`)
  return [
    { text: `Sliced Wasserstein distance of ${formatCount(count)} draws from as many rows, in standard deviations: ${told(wasserstein)}; of other rows from these: ${told(wassersteinOfRows)}.` },
    { text: `Squared maximum mean discrepancy, zero on average for one density: ${wide}, ${narrow}, ${apart ? 'more than chance explains' : 'no more than chance explains'}.` },
  ]
}
