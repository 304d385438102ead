// How well each noise level fits held-out rows: what must be one or zero there, with bands of two standard errors.
import * as Plot from '@observablehq/plot'
import type { LadderCalibration } from '../../evaluate/ladder-calibration.ts'
import { isOff } from '../../evaluate/ladder-calibration.ts'
import type { MeanWithError } from '../../evaluate/mean-with-error.ts'
import { colors } from '../drawing/palette.ts'
import { drawPlot, leftMargin } from '../drawing/plot.ts'
import { composeFigure } from '../drawing/svg.ts'
import type { PanelContent } from '../drawing/svg.ts'
import type { Figure, SvgDocument } from '../figure.ts'
import { clipLine } from './training-curve.ts'

/** The calibration of a ladder of noise levels. */
export const ladderCalibration: Figure = {
  name: 'ladder-calibration',
  sentence: 'How well each noise level fits rows that the fit has not seen.',
  draw: ({ fit }, document) => {
    const calibration = fit.ladderCalibration ?? null
    if (calibration === null) return null
    const hasSlope = calibration.levels.every(({ level, drift }) => level !== null && drift !== null)
    return composeFigure('', [
      panel(calibration, ({ space }) => space, { title: 'Steepness of the score', subtitle: 'Right where it is 1.', expected: 1, ...slopeLimits }, document),
      ...(hasSlope ? [
        panel(calibration, ({ level }) => level!, { title: 'Change with the noise', subtitle: 'Right where it is 1.', expected: 1, ...slopeLimits }, document),
        panel(calibration, ({ drift }) => drift!, { title: 'Drift of log Z, in nats', subtitle: 'Right where it is 0.', expected: 0, least: 0.05, most: Infinity }, document),
      ] : []),
    ])
  },
}

interface Shown {
  readonly title: string
  readonly subtitle: string
  readonly expected: number
  /** How far from the expected value the axis reaches, at least and at most. */
  readonly least: number
  readonly most: number
}

const slopeLimits = { least: 0.1, most: 0.5 }

/** One curve over the noise of the levels, with what is expected and a band of two standard errors. */
function panel({ levels }: LadderCalibration, numberOf: (level: LadderCalibration['levels'][number]) => MeanWithError, { title, subtitle, expected, least, most }: Shown, document: SvgDocument): PanelContent {
  const points = levels.map((level) => ({ place: Math.log10(level.noise), ...numberOf(level) })).filter(({ value, standardError }) => Number.isFinite(value) && Number.isFinite(standardError))
  const reach = Math.min(most, points.reduce((far, { value, standardError }) => Math.max(far, 1.1 * (Math.abs(value - expected) + 2 * standardError)), least))
  const y = { label: null, interval: [expected - reach, expected + reach] as const, ticks: 5 }
  const x = { label: 'noise, in standard deviations', interval: [Math.log10(levels[levels.length - 1].noise), Math.log10(levels[0].noise)] as const, logarithmic: true }
  const box = { width: 262, height: 200, left: leftMargin([y]), right: 12, top: 8, bottom: 40 }
  const within = (value: number): number => Math.min(Math.max(value, y.interval[0]), y.interval[1])
  const shown = points.filter(({ value }) => within(value) === value)
  const outside = points.length - shown.length
  return {
    title, subtitle,
    body: drawPlot(document, box, x, y, [
      Plot.areaY(points, { x: 'place', y1: (point: MeanWithError) => within(point.value - 2 * point.standardError), y2: (point: MeanWithError) => within(point.value + 2 * point.standardError), fill: colors.bar, fillOpacity: 0.6 }),
      Plot.ruleY([expected], { stroke: colors.quiet, strokeWidth: 1 }),
      ...clipLine(points.map(({ place, value }) => [place, value] as const), y.interval).map((piece) => Plot.line(piece, { stroke: colors.point, strokeWidth: 1.5 })),
      ...[false, true].map((off) => Plot.dot(shown.filter((point) => isOff(point, expected) === off), { x: 'place', y: 'value', r: 2.6, fill: off ? colors.warning : colors.point })),
    ]),
    notes: [
      { text: 'Band: two standard errors.' },
      ...(outside === 0 ? [] : [{ text: `${outside} of ${points.length} levels lie outside the frame.` }]),
    ],
  }
}
