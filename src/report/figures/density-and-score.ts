// The figure of a fit: the learned density beside the data with the score as arrows; curves in one dimension, pairs above two.
import { composeFigure } from '../drawing/svg.ts'
import type { Note, PanelContent } from '../drawing/svg.ts'
import type { DrawnFigure, Figure, SvgDocument } from '../figure.ts'
import { formatCount, formatNumber, formatPercent, formatWithError, typographic } from '../format.ts'
import type { Landscape, LineLandscape, PlaneLandscape } from '../landscape/landscape.ts'
import { cleanRowsText, noiseText, outsideText, warningNotes } from './landscape-words.ts'
import { lineLimits, linePlots } from './line-plots.ts'
import { drawPairGrid } from './pair-grid.ts'
import { planePlots } from './plane-plots.ts'

/** The density-and-score figure of a fit. */
export const densityAndScore: Figure = {
  name: 'density-and-score',
  sentence: 'The learned density, and the data with the score as arrows.',
  draw: ({ landscape }, document) => (landscape === null ? null : drawLandscape(landscape, document)),
}

/** Draws a landscape, whatever its dimension. */
export function drawLandscape(landscape: Landscape, document: SvgDocument): DrawnFigure {
  if (landscape.kind === 'pairs') return drawPairGrid(landscape, document)
  if (landscape.kind === 'line') return composeFigure(landscape.heading, linePanels(landscape, document), 'column')
  return composeFigure(landscape.heading, planePanels(landscape, document))
}

function planePanels(landscape: PlaneLandscape, document: SvgDocument): PanelContent[] {
  const { density, score } = planePlots(landscape, 'density', document)
  const [from, to] = landscape.frame[0]
  return [
    { title: densityTitle(landscape), subtitle: normalizationText(landscape), body: density, notes: [...enclosedNote(landscape), ...frameNotes(landscape), ...warningNotes(landscape)] },
    {
      title: scoreTitle(landscape), subtitle: rowsText(landscape), body: score,
      notes: [{
        text: sameWidth(landscape.frame)
          ? `Arrow lengths are compressed: half of the longest where ‖φ‖\u00a0=\u00a0${formatNumber(landscape.halfLengthAt / (to - from), 2)}.`
          : 'Arrows point uphill as drawn in these axes; their lengths are compressed so that none hides its neighbors.',
      }],
    },
  ]
}

function linePanels(landscape: LineLandscape, document: SvgDocument): PanelContent[] {
  const { density, score } = linePlots(landscape, lineLimits([landscape]), document)
  const clean = landscape.level === undefined ? '' : ', without noise'
  return [
    {
      title: densityTitle(landscape), subtitle: normalizationText(landscape), body: density,
      notes: [{ text: `Bars: histogram of the ${formatCount(landscape.rows)} rows${clean}${landscape.weightedBy === null ? '' : ` as ${landscape.weightedBy} weighs them`}. Line: the learned density.` }, ...frameNotes(landscape), ...warningNotes(landscape)],
    },
    {
      title: scoreTitle(landscape), subtitle: rowsText(landscape), body: score,
      notes: [{ text: 'Where the score is positive the density rises to the right; it crosses zero downwards at a mode.' }],
    },
  ]
}

function densityTitle(landscape: Landscape): string {
  return landscape.noise === null ? 'Learned density' : 'Learned density of the noisy data'
}

function scoreTitle(landscape: Landscape): string {
  return landscape.kind === 'line' ? 'Score φ = d log p / dx, and the data' : 'Data and score φ = ∇ log p'
}

/** How the density was normalized, and with which error. */
function normalizationText(landscape: LineLandscape | PlaneLandscape): string {
  const { logNormalizer, standardError, method } = landscape.grid.normalization
  const text = method === 'frame'
    ? 'Normalized over the frame shown.'
    : `log Z = ${typographic(formatWithError(logNormalizer, standardError))} (${method}).${outOfView(landscape)}`
  return text + noiseText(landscape)
}

/** How much of the density the frame does not show, where that is worth a word: a mass of a grid is good to about a hundredth. */
function outOfView({ grid }: LineLandscape | PlaneLandscape): string {
  return grid.mass < 0.995 ? ` ${formatPercent(1 - grid.mass)} of the probability lies outside the frame.` : ''
}

function enclosedNote(landscape: PlaneLandscape): Note[] {
  if (landscape.contours.length === 0) return []
  const shares = landscape.contours.map(({ share }) => Math.round(share * 100)).sort((a, b) => a - b)
  const words = shares.length === 1 ? `${shares[0]}` : `${shares.slice(0, -1).join(', ')} and ${shares[shares.length - 1]}`
  return [{ text: `Lines enclose ${words} % of the probability${landscape.grid.normalization.method === 'frame' ? ' in the frame' : ''}.` }]
}

function frameNotes(landscape: LineLandscape | PlaneLandscape): Note[] {
  const { undefinedPoints, density } = landscape.grid
  if (undefinedPoints === 0) return []
  return [{ text: `The energy is not a number at ${undefinedPoints} of ${density.length} grid points; they are left without density.`, warning: true }]
}

/** Which rows are shown. */
function rowsText(landscape: Landscape): string {
  const shown = landscape.points.length / landscape.frame.length
  const inside = landscape.rows - landscape.rowsOutside
  const which = shown < inside ? `${formatCount(shown)} of the ${formatCount(landscape.rows)} rows` : landscape.rowsOutside === 0 ? `All ${formatCount(landscape.rows)} rows` : `${formatCount(shown)} rows`
  return `${which} in blue.${cleanRowsText(landscape)}${outsideText(landscape)}`
}

function sameWidth(frame: PlaneLandscape['frame']): boolean {
  const [x, y] = frame.map(([from, to]) => to - from)
  return Math.abs(x - y) <= 1e-9 * Math.max(x, y)
}
