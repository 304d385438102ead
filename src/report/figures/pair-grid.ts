// Three columns or more: histograms on the diagonal, rows below it, the score at some of the rows above it.
import * as Plot from '@observablehq/plot'
import { arrowsMark, dotsMark } from '../drawing/marks.ts'
import { colors } from '../drawing/palette.ts'
import { drawPlot, leftMargin } from '../drawing/plot.ts'
import { besides, composeFigure, stacked } from '../drawing/svg.ts'
import type { Note, Piece } from '../drawing/svg.ts'
import { fitNames } from '../drawing/text.ts'
import type { DrawnFigure, SvgDocument } from '../figure.ts'
import { formatCount, shortList } from '../format.ts'
import type { PairsLandscape } from '../landscape/landscape.ts'
import { noiseText, outsideText, warningNotes } from './landscape-words.ts'

const nameSize = 11

/** The pair grid of a landscape of three columns or more. */
export function drawPairGrid(landscape: PairsLandscape, document: SvgDocument): DrawnFigure {
  const count = landscape.columns.length
  const cell = Math.max(132, Math.min(210, Math.floor(780 / count)))
  // One short name for a column wherever it stands, which leaves room for a power of ten behind it.
  const names = fitNames(landscape.columns, cell - 20, nameSize, 'bold')
  const axes = names.map((label, column) => ({ label, interval: landscape.frame[column], ticks: 4 }))
  const outer = { left: leftMargin(axes), bottom: 42 }
  const rows: Piece[] = []
  for (let down = 0; down < count; down++) {
    const pieces = Array.from({ length: count }, (_, across) => {
      const left = across === 0 ? outer.left : 5
      const bottom = down === count - 1 ? outer.bottom : 5
      const box = { width: cell + left + 5, height: cell + bottom + 5, left, right: 5, top: 5, bottom }
      const [x, y] = [{ ...axes[across], numbers: down === count - 1 }, { ...axes[down], numbers: across === 0 }]
      return drawPlot(document, box, x, y, [Plot.frame({ stroke: colors.grid }), ...(across === down ? histogramMarks(landscape, down, names[down]) : pairMarks(landscape, across, down))])
    })
    rows.push(besides(pieces))
  }
  const shown = landscape.points.length / count
  return composeFigure(landscape.heading, [{
    title: `Data and score φ = ∇ log p${landscape.noise === null ? '' : ' of the noisy data'}`,
    subtitle: `Below the diagonal: ${shown < landscape.rows ? `${formatCount(shown)} of the ${formatCount(landscape.rows)}` : `all ${formatCount(landscape.rows)}`} rows${landscape.level === undefined ? '' : ', without noise'}. Above: the score at some of them, projected on each pair. Diagonal: histograms.${noiseText(landscape)}`,
    body: stacked(rows), notes: pairNotes(landscape),
  }])
}

function pairMarks(landscape: PairsLandscape, across: number, down: number): Plot.Markish[] {
  const count = landscape.columns.length
  const points = Float64Array.from(landscape.points.filter((_, index) => index % count === across || index % count === down))
  // Filtering keeps the order of the columns; below the diagonal the horizontal column comes first, above it second.
  if (across > down) for (let index = 0; index < points.length; index += 2) points.subarray(index, index + 2).reverse()
  return across < down
    ? [...dotsMark(points, points.length > 600 ? 1.3 : 1.7, colors.point, 0.6)]
    : [...dotsMark(points, 1.2, colors.point, 0.3), arrowsMark(landscape.pairs.find((pair) => pair.across === across && pair.down === down)?.arrows ?? [], colors.arrow, 0.95)]
}

function histogramMarks(landscape: PairsLandscape, column: number, name: string): Plot.Markish[] {
  const { edges, counts } = landscape.bars[column]
  const highest = Math.max(...counts) * 1.3 || 1
  const [from, to] = landscape.frame[column]
  // The vertical axis of the first and the last row belongs to the pairs beside it; counts have none of their own.
  const heights = Array.from(counts, (count, index) => ({ from: edges[index], to: edges[index + 1], height: count / highest }))
  const place = (share: number): number => from + share * (to - from)
  return [
    Plot.rect(heights.filter(({ height }) => height > 0), { x1: 'from', x2: 'to', y1: from, y2: (bar: { height: number }) => place(bar.height), fill: colors.bar, insetLeft: 0.4, insetRight: 0.4 }),
    Plot.text([name], { frameAnchor: 'top', dy: 6, fontSize: nameSize, fontWeight: 600, fill: colors.ink }),
  ]
}

function pairNotes(landscape: PairsLandscape): Note[] {
  const notes: Note[] = [{ text: `Arrows point uphill as drawn; their lengths are compressed so that none hides the data.${outsideText(landscape)}` }]
  if (landscape.columnsNotShown.length > 0) notes.push({ text: `Not shown: ${shortList(landscape.columnsNotShown, 8)} (the grid holds the first ${landscape.columns.length} of ${landscape.columns.length + landscape.columnsNotShown.length} columns).` })
  return notes.concat(warningNotes(landscape))
}
