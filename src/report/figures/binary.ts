// Binary columns: how often each is 1 and how pairs go together, in the rows and under the fit.
import * as Plot from '@observablehq/plot'
import type { BinaryMoments, Compared } from '../binary-moments.ts'
import { colors, divergingRamp, divergingSteps } from '../drawing/palette.ts'
import { drawPlot } from '../drawing/plot.ts'
import { composeFigure } from '../drawing/svg.ts'
import type { Note, PanelContent } from '../drawing/svg.ts'
import { fitNames, textWidth } from '../drawing/text.ts'
import type { DrawnFigure, Figure, SvgDocument } from '../figure.ts'
import { formatCount, formatNumber, typographic } from '../format.ts'

const mostShown = 24
const nameSize = 11
/** Above so many columns a cell has no room for its number. */
const mostNumbers = 10
const panelWidth = 430

export const binary: Figure = {
  name: 'binary',
  sentence: 'Binary columns: shares and pairs, of the rows and of the fit.',
  draw: ({ binary: moments }, document) => (moments ? drawBinary(moments, '', document) : null),
}

/** @param heading above both panels; empty for none */
export function drawBinary(moments: BinaryMoments, heading: string, document: SvgDocument): DrawnFigure {
  return composeFigure(heading, moments.columns.length < 2 ? [sharesPanel(moments, document)] : [sharesPanel(moments, document), pairsPanel(moments, document)])
}

const isKnown = ({ shares }: BinaryMoments): boolean => shares[0].fit !== null

function moreNote(count: number): Note[] {
  return count > mostShown ? [{ text: `${formatCount(count - mostShown)} more columns are not shown.` }] : []
}

function sharesPanel(moments: BinaryMoments, document: SvgDocument): PanelContent {
  const { columns, shares, rows } = moments
  const shown = Math.min(columns.length, mostShown)
  const names = fitNames(columns.slice(0, shown), 120, nameSize)
  const left = 14 + Math.max(...names.map((name) => textWidth(name, nameSize)))
  const line = Math.max(15, Math.min(30, Math.floor(360 / shown)))
  const bars = shares.slice(0, shown).map(({ rows: share, standardError, fit }, k) => ({ share, fit, top: k + 0.18, bottom: k + 0.82, middle: k + 0.5, low: share - 2 * standardError, high: share + 2 * standardError, name: names[k] }))
  const box = { width: panelWidth, height: shown * line + 48, left, right: 14, top: 6, bottom: 42 }
  const body = drawPlot(document, box, { label: 'share of ones', interval: [0, 1], ticks: 5 }, { label: null, interval: [0, shown], numbers: false, ticks: 0 }, [
    Plot.rect(bars, { x1: 0, x2: 'share', y1: 'top', y2: 'bottom', fill: colors.bar }),
    Plot.link(bars, { x1: 'low', x2: 'high', y1: 'middle', y2: 'middle', stroke: colors.point, strokeWidth: 1.4 }),
    ...(isKnown(moments) ? [Plot.dot(bars, { x: 'fit', y: 'middle', r: 3.4, fill: colors.curve })] : []),
    Plot.text(bars, { x: 0, y: 'middle', text: 'name', textAnchor: 'end', dx: -8, fontSize: nameSize, fill: colors.ink }),
  ], { y: { domain: [shown, 0], axis: null } })
  return {
    title: 'How often each column is 1',
    subtitle: `Bars: the ${formatCount(rows)} rows, ± two standard errors.${isKnown(moments) ? ' Dots: the fit.' : ''}`,
    body, notes: [...moreNote(columns.length), ...(isKnown(moments) ? [] : [{ text: `The fit's own shares are a sum over all possible rows, of which there are too many for ${columns.length} columns.` }])],
  }
}

function pairsPanel(moments: BinaryMoments, document: SvgDocument): PanelContent {
  const { columns, pairs } = moments
  const shown = Math.min(columns.length, mostShown)
  const known = isKnown(moments)
  const names = fitNames(columns.slice(0, shown), 90, nameSize)
  const left = 14 + Math.max(...names.map((name) => textWidth(name, nameSize)))
  const cell = Math.max(12, Math.min(46, Math.floor((panelWidth - left - 14) / shown)))
  const { light } = divergingRamp()
  const square = (across: number, down: number, correlation: number) => ({ x1: across, x2: across + 1, y1: down, y2: down + 1, x: across + 0.5, y: down + 0.5, correlation, fill: light[Math.round((correlation + 1) / 2 * (divergingSteps - 1))] })
  const cells = pairs.filter(({ second }) => second < shown).flatMap(({ first, second, rows, fit }) => [square(first, second, rows), ...(fit === null ? [] : [square(second, first, fit)])])
  const box = { width: panelWidth, height: shown * cell + 34, left, right: panelWidth - left - shown * cell, top: 26, bottom: 8 }
  const numbers = names.map((name, k) => ({ name, number: String(k + 1), at: k + 0.5 }))
  const body = drawPlot(document, box, { label: null, interval: [0, shown], numbers: false, ticks: 0 }, { label: null, interval: [0, shown], numbers: false, ticks: 0 }, [
    Plot.rect(cells, { x1: 'x1', x2: 'x2', y1: 'y1', y2: 'y2', fill: 'fill', inset: 0.75 }),
    ...(shown > mostNumbers ? [] : [Plot.text(cells, { x: 'x', y: 'y', text: ({ correlation }: { correlation: number }) => typographic(correlation.toFixed(2).replace(/^(-?)0\./, '$1.').replace(/^-\.00$/, '.00')), fontSize: Math.min(11, cell / 3.4), fill: colors.ink })]),
    Plot.text(numbers, { x: 0, y: 'at', text: 'name', textAnchor: 'end', dx: -8, fontSize: nameSize, fill: colors.ink }),
    Plot.text(numbers, { x: 'at', y: 0, text: 'number', dy: -9, fontSize: nameSize, fill: colors.quiet }),
    Plot.text(numbers, { x: 'at', y: 'at', text: 'number', fontSize: Math.min(nameSize, cell - 3), fill: colors.quiet }),
  ], { y: { domain: [shown, 0], axis: null }, color: { type: 'identity' } })
  return {
    title: 'Correlations of pairs',
    subtitle: known ? 'Below the diagonal: of the rows. Above: of the fit.' : 'Of the rows.',
    body, notes: [...worstNote(moments), ...moreNote(columns.length)],
  }
}

/** In standard errors of the rows' number. */
const AGREES = 0.01

/** The pair in which rows and fit differ most. */
function worstNote({ pairs, columns }: BinaryMoments): Note[] {
  const errors = ({ rows, fit, standardError }: Compared): number => (fit === null || !(standardError > 0) ? 0 : Math.abs(rows - fit) / standardError)
  const worst = pairs.reduce((most, pair) => (errors(pair) > errors(most) ? pair : most))
  if (worst.fit === null) return []
  // As of a fit that has a parameter for every correlation.
  if (errors(worst) < AGREES) return [{ text: 'The fit has the correlations of the rows.' }]
  return [{ text: `Farthest apart: ${columns[worst.first]} and ${columns[worst.second]}, ${typographic(formatNumber(worst.rows, 3))} in the rows and ${typographic(formatNumber(worst.fit, 3))} under the fit, ${formatNumber(errors(worst), 2)} standard errors of the rows' number.` }]
}
