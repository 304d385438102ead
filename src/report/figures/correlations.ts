// How the estimates hang together: their correlations, from the covariance of the natural parameters.
import * as Plot from '@observablehq/plot'
import { colors, divergingRamp, divergingSteps } from '../drawing/palette.ts'
import { drawPlot } from '../drawing/plot.ts'
import { composeFigure } from '../drawing/svg.ts'
import { fitNames, textWidth } from '../drawing/text.ts'
import type { DrawnFigure, Figure, SvgDocument } from '../figure.ts'
import type { FitJson } from '../fit-json.ts'
import { typographic } from '../format.ts'

/** Correlations of some parameters. */
export interface EstimateCorrelations {
  readonly names: readonly string[]
  /** [count][count], ones on the diagonal. */
  readonly matrix: readonly (readonly number[])[]
  /** The pair that is hardest to tell apart. */
  readonly strongest: { readonly names: readonly [string, string]; readonly correlation: number }
  /** Parameters with errors that are not among these: less correlated with any other. */
  readonly more: number
}

const mostShown = 36
/** Above so many a cell has no room for its number. */
const mostNumbers = 14
/** Correlations at which two estimates are hardly told apart: nine tenths of the variance of one is that of the other. */
const entangled = 0.95
const nameSize = 11

/** The correlations of the estimates, from two on. */
export const correlations: Figure = {
  name: 'correlations',
  sentence: 'Correlations of the estimates.',
  draw: ({ fit }, document) => {
    const prepared = estimateCorrelations(fit)
    return prepared === null ? null : drawCorrelations(prepared, document)
  },
}

/** The correlations of the parameters that have errors; of many, those with the strongest. */
export function estimateCorrelations({ parameters = [], parameterCovariance }: FitJson): EstimateCorrelations | null {
  if (!parameterCovariance) return null
  const known = parameterCovariance.flatMap((row, k) => ((row[k] ?? 0) > 0 && parameters[k] !== undefined ? [k] : []))
  if (known.length < 2) return null
  const between = (a: number, b: number): number => {
    const value = parameterCovariance[a][b]
    return value === null ? 0 : Math.max(-1, Math.min(1, value / Math.sqrt(parameterCovariance[a][a]! * parameterCovariance[b][b]!)))
  }
  const strength = new Map(known.map((a) => [a, Math.max(...known.map((b) => (a === b ? 0 : Math.abs(between(a, b)))))]))
  const shown = known.length <= mostShown ? known
    : [...known].sort((a, b) => strength.get(b)! - strength.get(a)!).slice(0, mostShown).sort((a, b) => a - b)
  const pairs = shown.flatMap((a, i) => shown.slice(i + 1).map((b) => [a, b] as const))
  const [a, b] = pairs.reduce((most, pair) => (Math.abs(between(...pair)) > Math.abs(between(...most)) ? pair : most))
  return {
    names: shown.map((k) => parameters[k].name),
    matrix: shown.map((i) => shown.map((j) => (i === j ? 1 : between(i, j)))),
    strongest: { names: [parameters[a].name, parameters[b].name], correlation: between(a, b) },
    more: known.length - shown.length,
  }
}

function drawCorrelations({ names, matrix, strongest, more }: EstimateCorrelations, document: SvgDocument): DrawnFigure {
  const count = names.length
  const shownNames = fitNames(names, 200, nameSize)
  const left = 14 + Math.max(...shownNames.map((name) => textWidth(name, nameSize)))
  const cell = Math.max(15, Math.min(46, Math.floor((820 - left - 40) / count)))
  // The lower triangle; a row's name stands at its left, a column's at the diagonal, above its first cell.
  const cells = matrix.flatMap((row, i) => row.slice(0, i).map((correlation, j) => ({ x1: j, x2: j + 1, y1: i, y2: i + 1, x: j + 0.5, y: i + 0.5, correlation, fill: colorOf(correlation) })))
  const right = 20 + Math.max(...shownNames.map((name, j) => textWidth(name, nameSize) - (count - 1 - j) * cell))
  // Words stand under the narrowest of them, too.
  const width = Math.max(left + count * cell + Math.max(right, 20), 460)
  const box = { width, height: count * cell + 14, left, right: width - left - count * cell, top: 6, bottom: 8 }
  const body = drawPlot(document, box, { label: null, interval: [0, count], numbers: false, ticks: 0 }, { label: null, interval: [0, count], numbers: false, ticks: 0 }, [
    Plot.rect(cells, { x1: 'x1', x2: 'x2', y1: 'y1', y2: 'y2', fill: 'fill', inset: 0.75 }),
    ...(count > mostNumbers ? [] : [Plot.text(cells, { x: 'x', y: 'y', text: ({ correlation }: { correlation: number }) => typographic(shortCorrelation(correlation)), fontSize: Math.min(11, cell / 3.4), fill: colors.ink })]),
    Plot.text(shownNames.map((name, i) => ({ name, y: i + 0.5 })).slice(1), { x: 0, y: 'y', text: 'name', textAnchor: 'end', dx: -8, fontSize: nameSize, fill: colors.ink }),
    Plot.text(shownNames.map((name, j) => ({ name, x: j, y: j + 0.5 })).slice(0, -1), { x: 'x', y: 'y', text: 'name', textAnchor: 'start', dx: 5, fontSize: nameSize, fill: colors.quiet }),
  ], { y: { domain: [count, 0], axis: null }, color: { type: 'identity' } })
  const isEntangled = Math.abs(strongest.correlation) > entangled
  const rest = more === 0 ? [] : [{ text: `${more} more parameters are less correlated with any other; all covariances are in fit.json.` }]
  return composeFigure('', [{
    title: 'Correlations of the estimates',
    subtitle: 'Blue: when one comes out higher, so does the other. Red: then the other comes out lower.',
    body,
    notes: [{
      text: `Strongest: ${strongest.names[0]} and ${strongest.names[1]}, ${typographic(strongest.correlation.toFixed(Math.abs(strongest.correlation) > 0.995 ? 4 : 2))}.${isEntangled ? ' The rows say much about a combination of the two and little about each: do not read one without the other.' : ''}`,
      warning: isEntangled,
    }, ...rest],
  }])
}

/** `.53`: two decimals without what is always zero. */
function shortCorrelation(value: number): string {
  return value.toFixed(2).replace(/^(-?)0\./, '$1.').replace(/^-\.00$/, '.00')
}

function colorOf(correlation: number): string {
  const { light } = divergingRamp()
  return light[Math.round((correlation + 1) / 2 * (divergingSteps - 1))]
}
