// Each column by itself: the histogram of the rows and the density that the fit gives this column.
import * as Plot from '@observablehq/plot'
import { colors } from '../drawing/palette.ts'
import { drawPlot } from '../drawing/plot.ts'
import { besides, composeFigure, stacked } from '../drawing/svg.ts'
import type { Note, Piece } from '../drawing/svg.ts'
import { fitNames } from '../drawing/text.ts'
import type { DrawnFigure, Figure, SvgDocument } from '../figure.ts'
import { formatCount } from '../format.ts'
import type { Margin, Margins } from '../landscape/margins.ts'

const totalWidth = 820
const nameSize = 11.5

/** Of two columns or more; one column has its density in the main figure. */
export const columns: Figure = {
  name: 'columns',
  sentence: 'Each column by itself: the rows and the fitted density.',
  draw: ({ margins }, document) => (margins === null || margins.margins === null || margins.margins.length < 2 ? null : drawMargins(margins, document)),
}

const methodWords = {
  'closed form': 'in closed form',
  quadrature: 'by quadrature over the others',
  'reweighted draws': 'by reweighted draws',
} as const

function drawMargins(shown: Extract<Margins, { method: string }>, document: SvgDocument): DrawnFigure {
  const { margins } = shown
  const across = margins.length === 2 || margins.length === 4 ? 2 : 3
  const names = fitNames(margins.map(({ name }) => name), totalWidth / across - 60, nameSize, 'bold')
  const cells = margins.map((margin, index) => drawMargin(margin, names[index], totalWidth / across, document))
  const lines = Array.from({ length: Math.ceil(cells.length / across) }, (_, line) => besides(cells.slice(line * across, (line + 1) * across)))
  const notes: Note[] = [
    ...(shown.effectiveDraws === null ? [] : [{ text: `The curves come from draws of which ${formatCount(Math.round(shown.effectiveDraws))} count; small bumps may be chance.` }]),
    ...(shown.columnsNotShown === 0 ? [] : [{ text: `${formatCount(shown.columnsNotShown)} more columns are not shown.` }]),
  ]
  return composeFigure('', [{
    title: 'Histograms and fitted densities',
    subtitle: `Bars: histogram of the ${formatCount(shown.rows)} rows${shown.weightedBy === null ? '' : ` as ${shown.weightedBy} weighs them`}. Lines: the fitted density of the column alone, ${methodWords[shown.method]}.`,
    body: stacked(lines), notes,
  }])
}

function drawMargin({ interval, edges, bars, x, density }: Margin, name: string, width: number, document: SvgDocument): Piece {
  const highest = Math.max(...bars, ...density) * 1.18 || 1
  const box = { width, height: 160, left: 12, right: 12, top: 4, bottom: 26 }
  const rects = Array.from(bars, (value, index) => ({ from: edges[index], to: edges[index + 1], value }))
  const curve = Array.from(x, (value, index) => ({ x: value, density: density[index] }))
  return drawPlot(document, box, { label: null, interval, ticks: 5 }, { label: null, interval: [0, highest], numbers: false, ticks: 0 }, [
    Plot.ruleY([0], { stroke: colors.grid }),
    Plot.rect(rects.filter(({ value }) => value > 0), { x1: 'from', x2: 'to', y1: 0, y2: 'value', fill: colors.bar, insetLeft: 0.4, insetRight: 0.4 }),
    Plot.line(curve, { x: 'x', y: 'density', stroke: colors.curve, strokeWidth: 1.8 }),
    Plot.text([name], { frameAnchor: 'top', dy: 2, fontSize: nameSize, fontWeight: 600, fill: colors.ink }),
  ])
}
