// The plots of a plane: the density in steps of color with lines that enclose shares of the probability, and the score beside the rows.
import * as Plot from '@observablehq/plot'
import { axisNumbers, axisTitle, numberSize } from '../drawing/axis.ts'
import { arrowsMark, dotsMark, dotStyle, openAtFrame } from '../drawing/marks.ts'
import { colors, heatRamp, heatSteps } from '../drawing/palette.ts'
import { drawPlot, leftMargin, powerWidth, svgPiece } from '../drawing/plot.ts'
import type { Box } from '../drawing/plot.ts'
import { besides } from '../drawing/svg.ts'
import type { Piece } from '../drawing/svg.ts'
import { fitNames, textWidth } from '../drawing/text.ts'
import type { SvgDocument } from '../figure.ts'
import type { PlaneLandscape } from '../landscape/landscape.ts'

const side = 380

/**
 * Density and score of a plane.
 * @param tell what the colors stand for: the density, or its share of the highest density, which compares pictures of any height
 */
export function planePlots(landscape: PlaneLandscape, tell: 'density' | 'share', document: SvgDocument): { readonly density: Piece; readonly score: Piece } {
  const [x, y] = fitNames(landscape.columns, side - powerWidth, numberSize).map((label, column) => ({ label, interval: landscape.frame[column] }))
  const [left, right] = [leftMargin([y]), 8]
  const box = { width: left + side + right, height: side + 44, left, right, top: 6, bottom: 38 }
  const shown = tell === 'density' ? landscape : inShares(landscape)
  const { peak } = shown.grid
  const { radius, opacity } = dotStyle(landscape.points.length / 2)
  return {
    density: besides([drawPlot(document, box, x, y, heatMarks(shown), heatScale(peak)), colorBar(peak, box, tell === 'density' ? 'density' : 'of highest', document)]),
    score: drawPlot(document, box, x, y, [
      Plot.frame({ stroke: colors.grid }),
      ...dotsMark(landscape.points, radius, colors.point, opacity),
      arrowsMark(landscape.arrows, colors.arrow, 1.05),
    ]),
  }
}

/** The landscape with its highest density as the unit. */
function inShares(landscape: PlaneLandscape): PlaneLandscape {
  const { grid, contours } = landscape
  return {
    ...landscape,
    grid: { ...grid, density: grid.density.map((value) => value / grid.peak), peak: 1 },
    contours: contours.map(({ share, level }) => ({ share, level: level / grid.peak })),
  }
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

/** What the colors mean, as tall as the plot beside it. */
function colorBar(peak: number, box: Box, label: string, document: SvgDocument): Piece {
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
      Plot.text([(axisTitle(label, numbers) ?? '').replace(' ', '\n')], { frameAnchor: 'bottom', lineAnchor: 'top', dx: 16, dy: 11, fontSize: numberSize, fill: colors.quiet }),
    ],
  }
  return svgPiece(Plot.plot(options as unknown as Plot.PlotOptions), width, box.height)
}
