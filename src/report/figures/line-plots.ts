// The plots of one column: the density as a curve over the histogram of the rows, and the score below it.
import * as Plot from '@observablehq/plot'
import { numberSize } from '../drawing/axis.ts'
import { dotsMark, dotStyle } from '../drawing/marks.ts'
import { colors } from '../drawing/palette.ts'
import { drawPlot, leftMargin, powerWidth } from '../drawing/plot.ts'
import type { AxisOptions } from '../drawing/plot.ts'
import type { Piece } from '../drawing/svg.ts'
import { fitNames } from '../drawing/text.ts'
import type { SvgDocument } from '../figure.ts'
import type { LineLandscape } from '../landscape/landscape.ts'

/** Intervals of the vertical axes. */
export interface LineLimits {
  readonly density: readonly [number, number]
  readonly score: readonly [number, number]
}

/** Intervals that hold curves and bars of all these landscapes. */
export function lineLimits(landscapes: readonly LineLandscape[]): LineLimits {
  let [highest, low, high] = [0, 0, 0]
  for (const { grid, bars, score } of landscapes) {
    highest = Math.max(highest, grid.peak, ...bars.density)
    for (const value of score) {
      if (!Number.isFinite(value)) continue
      low = Math.min(low, value)
      high = Math.max(high, value)
    }
  }
  const slack = (high - low || 1) * 0.08
  return { density: [0, highest * 1.06], score: [low - slack, high + slack] }
}

/** Density and score of one column. */
export function linePlots(landscape: LineLandscape, limits: LineLimits, document: SvgDocument): { readonly density: Piece; readonly score: Piece } {
  const x = { label: fitNames(landscape.columns, 560 - powerWidth, numberSize)[0], interval: landscape.frame[0] }
  const { edges, density: heights } = landscape.bars
  const bars = Array.from(heights, (value, index) => ({ from: edges[index], to: edges[index + 1], value }))
  const curve = Array.from(landscape.x, (x, index) => ({ x, density: landscape.grid.density[index], score: landscape.score[index] }))
  const { radius, opacity } = dotStyle(landscape.points.length)
  const density: AxisOptions = { label: 'density', interval: limits.density }
  const score: AxisOptions = { label: 'score φ(x)', interval: limits.score }
  const box = { width: 640, height: 290, left: leftMargin([density, score]), right: 10, top: 8, bottom: 42 }
  const onAxis = Float64Array.from({ length: 2 * landscape.points.length }, (_, index) => (index % 2 === 0 ? landscape.points[index / 2] : 0))
  return {
    density: drawPlot(document, box, x, density, [
      Plot.rect(bars.filter(({ value }) => value > 0), { x1: 'from', x2: 'to', y1: 0, y2: 'value', fill: colors.bar, insetLeft: 0.5, insetRight: 0.5 }),
      Plot.line(curve, { x: 'x', y: 'density', stroke: colors.curve, strokeWidth: 2 }),
    ]),
    score: drawPlot(document, { ...box, height: 210 }, x, score, [
      Plot.ruleY([0], { stroke: colors.quiet, strokeWidth: 1 }),
      ...dotsMark(onAxis, radius, colors.point, opacity),
      Plot.line(curve.filter(({ score: value }) => Number.isFinite(value)), { x: 'x', y: 'score', stroke: colors.curve, strokeWidth: 2 }),
    ]),
  }
}
