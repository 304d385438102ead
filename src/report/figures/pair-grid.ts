// Three columns or more: histograms on the diagonal, rows below it, the score at some of the rows above it.
import * as Plot from '@observablehq/plot'
import { arrowsMark, dotsMark } from '../drawing/marks.ts'
import { colors } from '../drawing/palette.ts'
import { drawPlot } from '../drawing/plot.ts'
import { besides, composeFigure, stacked } from '../drawing/svg.ts'
import type { Note, Piece } from '../drawing/svg.ts'
import type { DrawnFigure, SvgDocument } from '../figure.ts'
import { formatCount, formatSetting, shortList } from '../format.ts'
import type { PairsLandscape } from '../landscape/landscape.ts'

/** The pair grid of a landscape of three columns or more. */
export function drawPairGrid(landscape: PairsLandscape, document: SvgDocument): DrawnFigure {
  const count = landscape.columns.length
  const cell = Math.max(132, Math.min(210, Math.floor(780 / count)))
  const outer = { left: 50, bottom: 42 }
  const rows: Piece[] = []
  for (let down = 0; down < count; down++) {
    const pieces = Array.from({ length: count }, (_, across) => {
      const left = across === 0 ? outer.left : 5
      const bottom = down === count - 1 ? outer.bottom : 5
      const box = { width: cell + left + 5, height: cell + bottom + 5, left, right: 5, top: 5, bottom }
      return across === down ? drawHistogram(landscape, down, box, document) : drawPair(landscape, across, down, box, document)
    })
    rows.push(besides(pieces))
  }
  const noise = landscape.noise === null ? '' : ` of the noisy data, σ = ${shortList(landscape.noise.map((sigma) => formatSetting(sigma)), 4)}`
  const shown = landscape.points.length / count
  return composeFigure(landscape.heading, [{
    title: `Data and score φ = ∇ log p${noise}`,
    subtitle: `Below the diagonal: ${shown < landscape.rows ? `${formatCount(shown)} of the ${formatCount(landscape.rows)}` : `all ${formatCount(landscape.rows)}`} rows. Above: the score at some of them, projected on each pair. Diagonal: histograms.`,
    body: stacked(rows), notes: pairNotes(landscape),
  }])
}

type Box = Parameters<typeof drawPlot>[1]

function drawPair(landscape: PairsLandscape, across: number, down: number, box: Box, document: SvgDocument): Piece {
  const count = landscape.columns.length
  const points = Float64Array.from(landscape.points.filter((_, index) => index % count === across || index % count === down))
  // Filtering keeps the order of the columns; below the diagonal the horizontal column comes first, above it second.
  if (across > down) for (let index = 0; index < points.length; index += 2) points.subarray(index, index + 2).reverse()
  const marks = across < down
    ? [...dotsMark(points, points.length > 600 ? 1.3 : 1.7, colors.point, 0.6)]
    : [...dotsMark(points, 1.2, colors.point, 0.3), arrowsMark(landscape.pairs.find((pair) => pair.across === across && pair.down === down)?.arrows ?? [], colors.arrow, 0.95)]
  return drawPlot(document, box, axisOf(landscape, across, down === count - 1), axisOf(landscape, down, across === 0), [Plot.frame({ stroke: colors.grid }), ...marks])
}

function drawHistogram(landscape: PairsLandscape, column: number, box: Box, document: SvgDocument): Piece {
  const { edges, counts } = landscape.bars[column]
  const highest = Math.max(...counts) * 1.3 || 1
  const name = landscape.columns[column]
  const [from, to] = landscape.frame[column]
  // The vertical axis of the first and the last row belongs to the pairs beside it; counts have none of their own.
  const heights = Array.from(counts, (count, index) => ({ from: edges[index], to: edges[index + 1], height: count / highest }))
  const vertical = axisOf(landscape, column, column === 0)
  const place = (share: number): number => from + share * (to - from)
  return drawPlot(document, box, axisOf(landscape, column, column === landscape.columns.length - 1), vertical, [
    Plot.frame({ stroke: colors.grid }),
    Plot.rect(heights.filter(({ height }) => height > 0), { x1: 'from', x2: 'to', y1: from, y2: (bar: { height: number }) => place(bar.height), fill: colors.bar, insetLeft: 0.4, insetRight: 0.4 }),
    Plot.text([name], { frameAnchor: 'top', dy: 6, fontSize: 11, fontWeight: 600, fill: colors.ink, text: (label: string) => fitText(label, box.width - box.left - box.right) }),
  ])
}

function axisOf(landscape: PairsLandscape, column: number, numbers: boolean): { label: string | null; interval: readonly [number, number]; numbers: boolean; ticks: number } {
  return { label: numbers ? landscape.columns[column] : null, interval: landscape.frame[column], numbers, ticks: 4 }
}

function fitText(label: string, width: number): string {
  const most = Math.floor(width / 7)
  return label.length <= most ? label : `${label.slice(0, most - 1)}…`
}

function pairNotes(landscape: PairsLandscape): Note[] {
  const notes: Note[] = [{ text: 'Arrows point uphill as drawn; their lengths are compressed so that none hides the data.' }]
  if (landscape.rowsOutside > 0) notes.push({ text: `${formatCount(landscape.rowsOutside)} far ${landscape.rowsOutside === 1 ? 'row lies' : 'rows lie'} outside the frames.` })
  if (landscape.columnsNotShown.length > 0) notes.push({ text: `Not shown: ${shortList(landscape.columnsNotShown, 8)} (the grid holds the first ${landscape.columns.length} of ${landscape.columns.length + landscape.columnsNotShown.length} columns).` })
  return notes.concat(landscape.warnings.filter(({ code }) => code === 'separated-clusters').map(({ message }) => ({ text: message, warning: true })))
}
