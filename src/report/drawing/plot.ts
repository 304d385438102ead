// Observable Plot in the style of all figures, drawn into a document handed in and turned into compact SVG text.
import * as Plot from '@observablehq/plot'
import type { SvgDocument } from '../figure.ts'
import { shorten } from '../format.ts'
import { colors } from './palette.ts'
import type { Piece } from './svg.ts'

/** The interval an axis shows. */
export type Interval = readonly [number, number]

/** Options of one axis: column name, interval, and whether ticks and names are drawn. */
export interface AxisOptions {
  readonly label: string | null
  readonly interval: Interval
  /** Ticks with their numbers; without them only the grid is drawn. */
  readonly numbers?: boolean
  readonly ticks?: number
}

/** A plot with the usual frame: light grid, numbers outside, names in the middle of the axes. */
export function drawPlot(
  document: SvgDocument,
  box: { readonly width: number; readonly height: number; readonly left: number; readonly right: number; readonly top: number; readonly bottom: number },
  x: AxisOptions,
  y: AxisOptions,
  marks: readonly Plot.Markish[],
  scales: Readonly<Record<string, unknown>> = {},
): Piece {
  const grid = { stroke: colors.grid, strokeOpacity: 1 }
  const options = {
    document: document as never,
    className: 'plot',
    width: box.width, height: box.height,
    marginLeft: box.left, marginRight: box.right, marginTop: box.top, marginBottom: box.bottom,
    x: { domain: x.interval, axis: null },
    y: { domain: y.interval, axis: null },
    ...scales,
    marks: [
      Plot.gridX({ ...grid, ticks: x.ticks ?? 6 }), Plot.gridY({ ...grid, ticks: y.ticks ?? 6 }),
      ...marks,
      ...(x.numbers === false ? [] : [Plot.axisX({ ...axisStyle(x), labelOffset: box.bottom - 4 })]),
      ...(y.numbers === false ? [] : [Plot.axisY({ ...axisStyle(y), labelOffset: box.left - 4 })]),
    ],
  }
  return svgPiece(Plot.plot(options as Plot.PlotOptions), box.width, box.height)
}

/** The SVG text of a drawn plot without what only a browser's page needs, its numbers rounded to hundredths of a pixel. */
export function svgPiece(element: unknown, width: number, height: number): Piece {
  const markup = (element as { readonly outerHTML: string }).outerHTML
    .replace(/<style>[\s\S]*?<\/style>/g, '')
    .replace(/ (class|font-family|xmlns|xmlns:xlink)="[^"]*"/g, '')
    .replace(/&nbsp;/g, '&#160;')
    .replace(/ (d|transform|x|y|x1|x2|y1|y2|cx|cy|width|height|points)="([^"]*)"/g, (_, name: string, value: string) => ` ${name}="${roundNumbers(value)}"`)
  return { markup, width, height }
}

function roundNumbers(text: string): string {
  return text.replace(/-?\d*\.\d{3,}(e[-+]?\d+)?/g, (number) => String(Math.round(Number(number) * 100) / 100))
}

function axisStyle(axis: AxisOptions): Plot.AxisXOptions & Plot.AxisYOptions {
  return {
    ticks: axis.ticks ?? 6,
    tickSize: 0, tickPadding: 6,
    tickFormat: tickFormat(axis.interval),
    label: axis.label === null ? null : shorten(axis.label, 48),
    labelAnchor: 'center', labelArrow: 'none',
    color: colors.quiet,
    fontSize: 10.5,
  }
}

/** Numbers so large or small that they would run out of the margin get a unit prefix or an exponent. */
function tickFormat(interval: Interval): string | undefined {
  const largest = Math.max(Math.abs(interval[0]), Math.abs(interval[1]))
  if (largest >= 1e15 || largest < 1e-3) return '.3~e'
  return largest >= 1e5 ? '.4~s' : undefined
}
