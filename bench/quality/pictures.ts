// Pictures of a density and of what was learned of it: small panels in the same colors, for a table of the page.
import * as Plot from '@observablehq/plot'
import type { SyntheticDensity } from '../../src/data/synthetic/density.ts'
import { createSvgDocument, renderPng } from '../../src/node/render.ts'
import { colors, heatRamp, heatSteps } from '../../src/report/drawing/palette.ts'
import { drawPlot } from '../../src/report/drawing/plot.ts'
import { cellMiddles, planeRows } from '../../src/report/landscape/density.ts'
import { equalUnits, frameOf } from '../../src/report/landscape/frame.ts'
import type { Frame } from '../../src/report/landscape/frame.ts'

const SIDE = 190
const CELLS = { 1: 480, 2: 128 } as const
const box = { width: SIDE, height: SIDE, left: 1, right: 1, top: 1, bottom: 1 }
const axis = (interval: readonly [number, number]) => ({ label: null, interval, numbers: false })

/** Densities that can be drawn: of one or two columns. */
export const canBeDrawn = ({ dimension }: SyntheticDensity): boolean => dimension <= 2

/**
 * PNGs of the truth and of a learned density, in two dimensions; in one the learned curve over the true one.
 * @param rows draws of the truth, which say what part of the space is shown
 * @param learned log-densities of rows [n × d]
 */
export async function drawBeside(density: SyntheticDensity, rows: Float64Array, learned: (rows: Float64Array) => Promise<Float64Array>): Promise<{ truth: Uint8Array; learned: Uint8Array }> {
  const d = density.dimension as 1 | 2
  const frame = equalUnits(frameOf(rows, d))
  const points = d === 1 ? cellMiddles(frame[0], CELLS[1]) : planeRows(frame, CELLS[2])
  const truth = Float64Array.from({ length: points.length / d }, (_, k) => Math.exp(density.logDensity(points.subarray(k * d, (k + 1) * d))))
  const found = (await learned(points)).map((value) => Math.exp(value))
  const draw = d === 1 ? drawCurves : drawHeat
  return { truth: await draw(frame, truth, truth), learned: await draw(frame, found, truth) }
}

async function drawHeat(frame: Frame, values: Float64Array, truth: Float64Array): Promise<Uint8Array> {
  // Both in the colors of the truth, so that what is too high or too low shows.
  const peak = truth.reduce((a, b) => Math.max(a, b))
  const thresholds = Array.from({ length: heatSteps - 1 }, (_, step) => peak * Math.max(0.01, (step + 0.5) / heatSteps))
  const bounds = { width: CELLS[2], height: CELLS[2], interpolate: null, x1: frame[0][0], x2: frame[0][1], y1: frame[1][0], y2: frame[1][1] }
  return render(drawPlot(await createSvgDocument(), box, axis(frame[0]), axis(frame[1]), [
    Plot.rect([0], { ...bounds, fill: heatRamp(heatSteps).light[0] }),
    Plot.contour(values, { ...bounds, fill: Plot.identity, stroke: 'none', thresholds }),
    Plot.frame({ stroke: colors.grid }),
  ], { color: { type: 'threshold', domain: thresholds, range: heatRamp(heatSteps).light } }))
}

async function drawCurves(frame: Frame, values: Float64Array, truth: Float64Array): Promise<Uint8Array> {
  const x = cellMiddles(frame[0], CELLS[1])
  const peak = truth.reduce((a, b) => Math.max(a, b))
  const curve = (of: Float64Array) => Array.from(of, (density, k) => ({ x: x[k], density }))
  return render(drawPlot(await createSvgDocument(), box, axis(frame[0]), axis([0, 1.1 * peak]), [
    Plot.areaY(curve(truth), { x: 'x', y: 'density', fill: colors.bar }),
    Plot.line(curve(values), { x: 'x', y: 'density', stroke: colors.curve, strokeWidth: 1.5, clip: true }),
    Plot.frame({ stroke: colors.grid }),
  ]))
}

const render = ({ markup, width, height }: { readonly markup: string; readonly width: number; readonly height: number }): Promise<Uint8Array> =>
  renderPng(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"><rect width="${width}" height="${height}" fill="${colors.background}"/>${markup}</svg>`, 1.5)
