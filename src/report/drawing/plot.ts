// Observable Plot in the style of all figures, drawn into a document handed in and turned into compact SVG text.
import * as Plot from '@observablehq/plot'
import type { SvgDocument } from '../figure.ts'
import { axisNumbers, axisTitle, horizontalNumbers, logarithmicNumbers, numberSize, usualTicks } from './axis.ts'
import type { AxisNumbers, Interval } from './axis.ts'
import { colors } from './palette.ts'
import type { Piece } from './svg.ts'
import { textWidth } from './text.ts'

/** Options of one axis: its name, which must fit, its interval, and whether numbers and name are drawn. */
export interface AxisOptions {
  readonly label: string | null
  readonly interval: Interval
  /** The interval is one of decimal logarithms, and the numbers are what they are logarithms of; for horizontal axes. */
  readonly logarithmic?: boolean
  /** Without numbers only the grid is drawn. */
  readonly numbers?: boolean
  /** About how many numbers, where there is room; default 6. */
  readonly ticks?: number
}

/** The size of a plot and the margins around it, in pixels. */
export interface Box {
  readonly width: number
  readonly height: number
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** What `(×10⁻³)` after a name may take, in pixels. */
export const powerWidth = 50
const numberPadding = 6
const nameHeight = 20

/** The left margin that holds numbers and name of each of these vertical axes. */
export function leftMargin(axes: readonly AxisOptions[]): number {
  return Math.ceil(Math.max(...axes.map((axis) => {
    const numbers = axisNumbers(axis.interval, axis.ticks ?? usualTicks)
    const widest = Math.max(0, ...numbers.texts.map((text) => textWidth(text, numberSize)))
    return widest + numberPadding + (axisTitle(axis.label, numbers) === null ? 2 : nameHeight)
  })))
}

/** A plot with the usual frame: light grid, numbers outside, names in the middle of the axes. */
export function drawPlot(
  document: SvgDocument,
  box: Box,
  x: AxisOptions,
  y: AxisOptions,
  marks: readonly Plot.Markish[],
  scales: Readonly<Record<string, unknown>> = {},
): Piece {
  const grid = { stroke: colors.grid, strokeOpacity: 1 }
  const [from, to] = x.interval
  const across = x.logarithmic ? everyNumber(logarithmicNumbers(x.interval)) : horizontalNumbers(x.interval, x.ticks ?? usualTicks, (value) => box.left + ((value - from) / (to - from)) * (box.width - box.left - box.right), box.width)
  const up = axisNumbers(y.interval, y.ticks ?? usualTicks)
  const options = {
    document: document as never,
    className: 'plot',
    width: box.width, height: box.height,
    marginLeft: box.left, marginRight: box.right, marginTop: box.top, marginBottom: box.bottom,
    x: { domain: x.interval, axis: null },
    y: { domain: y.interval, axis: null },
    ...scales,
    marks: [
      Plot.gridX(across.values, grid), Plot.gridY(up.values, grid),
      ...marks,
      ...(x.numbers === false ? [] : [Plot.axisX(across.shown, { ...axisStyle(x.label, across), labelOffset: box.bottom - 4 })]),
      ...(y.numbers === false ? [] : [Plot.axisY(up.values, { ...axisStyle(y.label, up), labelOffset: box.left - 4 })]),
    ],
  }
  return svgPiece(Plot.plot(options as Plot.PlotOptions), box.width, box.height)
}

const everyNumber = (numbers: AxisNumbers) => ({ ...numbers, shown: numbers.values })

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

function axisStyle(name: string | null, numbers: AxisNumbers): Plot.AxisXOptions & Plot.AxisYOptions {
  return {
    tickSize: 0, tickPadding: numberPadding,
    tickFormat: (value: number) => numbers.texts[numbers.values.indexOf(value)],
    label: axisTitle(name, numbers),
    labelAnchor: 'center', labelArrow: 'none',
    color: colors.quiet,
    fontSize: numberSize,
  }
}
