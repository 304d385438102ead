// How a fit went: the objective in minibatches and on held-out rows against the step.
import * as Plot from '@observablehq/plot'
import { colors } from '../drawing/palette.ts'
import { drawPlot, leftMargin } from '../drawing/plot.ts'
import { composeFigure } from '../drawing/svg.ts'
import type { Note } from '../drawing/svg.ts'
import type { DrawnFigure, Figure, SvgDocument } from '../figure.ts'
import type { MetricsRow } from '../fit-json.ts'
import { formatCount, formatNumber, typographic } from '../format.ts'

/** One stretch of steps: the mean of the objective over them, and its extremes. */
export interface CurvePoint {
  readonly step: number
  readonly mean: number
  readonly low: number
  readonly high: number
}

/** A training run prepared for drawing. */
export interface TrainingCurve {
  /** The objective in at most 240 stretches of equally many lines of metrics. */
  readonly train: readonly CurvePoint[]
  readonly heldOut: readonly { readonly step: number; readonly objective: number }[]
  /** The line of metrics with the lowest held-out objective. */
  readonly best: { readonly step: number; readonly objective: number } | null
  /** The objectives shown; the first steps may lie above. */
  readonly interval: readonly [number, number]
  /** How many stretches or held-out values lie outside `interval`, and the most extreme of them. */
  readonly outside: { readonly count: number; readonly extreme: number } | null
}

const mostStretches = 240

/** The objective against the step, with the held-out objective. */
export const trainingCurve: Figure = {
  name: 'training-curve',
  sentence: 'The objective against the step, on the rows of each step and on held-out rows.',
  draw: ({ metrics, fit }, document) => {
    const curve = prepareTrainingCurve(metrics)
    return curve === null ? null : drawTrainingCurve(curve, fit.objective.units, document)
  },
}

/** Puts metrics into stretches and finds the interval worth showing; null with fewer than three finite lines, which show no course. */
export function prepareTrainingCurve(metrics: readonly MetricsRow[]): TrainingCurve | null {
  const finite = metrics.filter(({ objective }) => Number.isFinite(objective))
  if (finite.length < 3) return null
  const size = Math.ceil(finite.length / mostStretches)
  const train: CurvePoint[] = []
  for (let start = 0; start < finite.length; start += size) {
    const stretch = finite.slice(start, start + size)
    const values = stretch.map(({ objective }) => objective)
    train.push({
      step: stretch.reduce((sum, { step }) => sum + step, 0) / stretch.length,
      mean: values.reduce((sum, value) => sum + value, 0) / values.length,
      low: Math.min(...values), high: Math.max(...values),
    })
  }
  const heldOut = metrics.flatMap(({ step, heldOutObjective }) => (heldOutObjective !== null && Number.isFinite(heldOutObjective) ? [{ step, objective: heldOutObjective }] : []))
  const best = heldOut.reduce<TrainingCurve['best']>((lowest, point) => (lowest === null || point.objective < lowest.objective ? point : lowest), null)
  const interval = shownInterval(train, heldOut.map(({ objective }) => objective))
  const values = [...train.map(({ mean }) => mean), ...heldOut.map(({ objective }) => objective)]
  const outside = values.filter((value) => value < interval[0] || value > interval[1])
  const extreme = outside.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0)
  return { train, heldOut, best, interval, outside: outside.length === 0 ? null : { count: outside.length, extreme } }
}

/**
 * Objectives start orders of magnitude above where they end; what matters is the later part.
 * Shown are the extremes of all stretches but those far outside what the last four fifths of the run span.
 */
function shownInterval(train: readonly CurvePoint[], heldOut: readonly number[]): readonly [number, number] {
  const later = train.slice(Math.floor(train.length / 5)).flatMap(({ low, high }) => [low, high]).concat(heldOut.slice(Math.floor(heldOut.length / 5))).sort((a, b) => a - b)
  const at = (share: number): number => later[Math.round(share * (later.length - 1))]
  const all = [...train.flatMap(({ low, high }) => [low, high]), ...heldOut]
  const reach = 1.5 * (at(0.98) - at(0.02))
  const low = Math.max(Math.min(...all), at(0.02) - reach)
  const high = Math.min(Math.max(...all), at(0.98) + reach)
  const slack = (high - low || Math.abs(high) || 1) * 0.06
  return [low - slack, high + slack]
}

/** The pieces of a polyline that lie inside an interval of y, cut where it crosses the borders. */
export function clipLine(points: readonly (readonly [number, number])[], [low, high]: readonly [number, number]): (readonly [number, number])[][] {
  const pieces: (readonly [number, number])[][] = []
  let piece: (readonly [number, number])[] = []
  const inside = (y: number): boolean => y >= low && y <= high
  points.forEach((point, index) => {
    const before = points[index - 1]
    if (before !== undefined) {
      const crossings = [low, high]
        .filter((border) => (before[1] - border) * (point[1] - border) < 0)
        .map((border): readonly [number, number] => [before[0] + ((border - before[1]) / (point[1] - before[1])) * (point[0] - before[0]), border])
        .sort((a, b) => a[0] - b[0])
      for (const crossing of crossings) {
        piece.push(crossing)
        if (piece.length > 1) {
          pieces.push(piece)
          piece = []
        }
      }
    }
    if (inside(point[1])) piece.push(point)
  })
  if (piece.length > 0) pieces.push(piece)
  return pieces
}

/** Draws a prepared training run. */
function drawTrainingCurve(curve: TrainingCurve, units: 'data' | 'standardized', document: SvgDocument): DrawnFigure {
  const y = { label: 'objective', interval: curve.interval }
  const box = { width: 820, height: 280, left: leftMargin([y]), right: 22, top: 8, bottom: 38 }
  const [low, high] = curve.interval
  const within = (value: number): number => Math.min(Math.max(value, low), high)
  const lines = (points: readonly (readonly [number, number])[], stroke: string, strokeWidth: number): Plot.Markish[] =>
    clipLine(points, curve.interval).map((piece) => Plot.line(piece, { stroke, strokeWidth, strokeLinejoin: 'round' }))
  const from = Math.min(curve.train[0].step, curve.heldOut[0]?.step ?? Infinity)
  const to = Math.max(curve.train[curve.train.length - 1].step, curve.heldOut[curve.heldOut.length - 1]?.step ?? -Infinity)
  const body = drawPlot(document, box, { label: 'step', interval: [from, to], ticks: 8 }, y, [
    Plot.areaY(curve.train, { x: 'step', y1: (point: CurvePoint) => within(point.low), y2: (point: CurvePoint) => within(point.high), fill: colors.bar, fillOpacity: 0.6 }),
    ...lines(curve.train.map(({ step, mean }) => [step, mean] as const), colors.point, 1.3),
    ...lines(curve.heldOut.map(({ step, objective }) => [step, objective] as const), colors.curve, 2),
    ...(curve.best === null || curve.best.objective > high ? [] : [Plot.dot([curve.best], { x: 'step', y: 'objective', r: 4, fill: colors.curve, stroke: colors.background, strokeWidth: 1.5 })]),
  ])
  const scale = units === 'standardized' ? ' Objective on standardized columns.' : ''
  const heldOut = curve.heldOut.length === 0 ? 'No rows were held out.' : 'Red: on held-out rows, which the training never saw.'
  return composeFigure('', [{
    title: 'Objective against step',
    subtitle: `Blue: on the rows of each step (mean and range of neighboring steps). ${heldOut}${scale}`,
    body, notes: curveNotes(curve),
  }])
}

function curveNotes(curve: TrainingCurve): Note[] {
  const notes: Note[] = []
  if (curve.best !== null) notes.push({ text: `Lowest held-out objective: ${typographic(formatNumber(curve.best.objective, 4))} at step ${formatCount(curve.best.step)}.` })
  if (curve.outside !== null) notes.push({ text: `${curve.outside.count === 1 ? '1 value lies' : `${formatCount(curve.outside.count)} values lie`} outside the frame, up to ${typographic(formatNumber(curve.outside.extreme, 3))}.` })
  return notes
}
