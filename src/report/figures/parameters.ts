// Estimated parameters with their intervals, one plot for each group of names, because groups differ in scale.
import * as Plot from '@observablehq/plot'
import { axisNumbers, axisTitle, usualTicks } from '../drawing/axis.ts'
import { colors } from '../drawing/palette.ts'
import { drawPlot } from '../drawing/plot.ts'
import { composeFigure, stacked } from '../drawing/svg.ts'
import type { Piece } from '../drawing/svg.ts'
import { fitNames, textWidth } from '../drawing/text.ts'
import type { DrawnFigure, Figure, SvgDocument } from '../figure.ts'
import type { ParameterEstimate } from '../fit-json.ts'
import { formatSetting } from '../format.ts'

/** A parameter that can be drawn. */
export interface DrawableParameter {
  readonly name: string
  readonly estimate: number
  readonly interval: readonly [number, number] | null
  /** Held by the user or at a bound: a value without an error of its own. */
  readonly held: boolean
}

/** Parameters that share a name before the bracket, as `precision[1,2]` and `precision[2,2]` do. */
export interface ParameterGroup {
  readonly name: string
  /** In units of their standard errors where these differ so much that one scale would hide most of the group. */
  readonly inErrors: boolean
  readonly shown: readonly DrawableParameter[]
  /** How many more there are than a plot can show: those nearest to zero in their standard errors. */
  readonly more: number
}

const mostShown = 24
/** The largest standard error over the smallest for one scale to show both. */
const mostContrast = 30
const nameSize = 11

/** Estimates and intervals of a parametric model. */
export const parameters: Figure = {
  name: 'parameters',
  sentence: 'Estimates of the parameters with their intervals.',
  draw: ({ fit }, document) => {
    const groups = groupParameters([...fit.parameters ?? [], ...fit.derived])
    return groups.length === 0 ? null : drawParameters(groups, fit.level, document)
  },
}

/** Groups parameters by name, in their order; those without a finite estimate cannot be drawn and are left to the table. */
export function groupParameters(estimates: readonly ParameterEstimate[]): ParameterGroup[] {
  const groups = new Map<string, (DrawableParameter & { readonly error: number })[]>()
  for (const { name, estimate, standardError, interval, fixed, atBound } of estimates) {
    if (estimate === null || !Number.isFinite(estimate)) continue
    const group = name.replace(/\[.*$/s, '')
    groups.set(group, [...(groups.get(group) ?? []), { name, estimate, error: standardError ?? Number.NaN, interval: interval?.every(Number.isFinite) ? interval : null, held: fixed === true || atBound === true }])
  }
  return [...groups].map(([name, all]) => {
    const first = farthest(all)
    // What is held has no error, and zero is zero in any unit.
    const errors = first.flatMap(({ error, held }) => (held ? [] : [error]))
    const inErrors = first.every(({ held, estimate }) => !held || estimate === 0) && Math.min(...errors) > 0 && Math.max(...errors) > mostContrast * Math.min(...errors)
    const shown = first.map(({ name: own, estimate, interval, error, held }): DrawableParameter => {
      const unit = inErrors && !held ? error : 1
      return { name: own, held, estimate: estimate / unit, interval: interval === null ? null : [interval[0] / unit, interval[1] / unit] }
    })
    return { name, inErrors, shown, more: all.length - shown.length }
  })
}

/** As many as a plot can show, in their order: those farthest from zero in their standard errors. */
function farthest<Drawable extends DrawableParameter & { readonly error: number }>(all: readonly Drawable[]): readonly Drawable[] {
  if (all.length <= mostShown) return all
  const distance = ({ estimate, error }: Drawable): number => (error > 0 ? Math.abs(estimate) / error : 0)
  const chosen = new Set([...all].sort((a, b) => distance(b) - distance(a)).slice(0, mostShown))
  return all.filter((parameter) => chosen.has(parameter))
}

/** Draws groups of parameters one under the other. */
function drawParameters(groups: readonly ParameterGroup[], level: number, document: SvgDocument): DrawnFigure {
  const more = groups.filter((group) => group.more > 0).map((group) => ({ text: `${group.more} more of ${group.name}, nearer to zero in their standard errors, are in the table.` }))
  // One margin for all groups, wide enough for the longest name, so that the plots line up.
  const names = groups.map(({ shown }) => fitNames(shown.map(({ name }) => name), 220, nameSize))
  const left = 14 + Math.max(...names.flat().map((name) => textWidth(name, nameSize)))
  return composeFigure('', [{
    title: 'Estimates and intervals',
    subtitle: `Points: estimates. Lines: ${formatSetting(level * 100)} % intervals.${groups.some(({ shown }) => shown.some(({ held }) => held)) ? ' Open points: held, or at a bound.' : ''}`,
    body: stacked(groups.map((group, index) => drawGroup(group, names[index], left, document))), notes: more,
  }])
}

function drawGroup(group: ParameterGroup, shownNames: readonly string[], left: number, document: SvgDocument): Piece {
  const names = group.shown.map(({ name }) => name)
  const ends = group.shown.flatMap(({ estimate, interval }) => [estimate, ...(interval ?? [])])
  const [low, high] = [Math.min(...ends), Math.max(...ends)]
  const slack = (high - low || Math.abs(high) || 1) * 0.06
  const interval: readonly [number, number] = [low - slack, high + slack]
  const label = group.inErrors ? `${group.name}, each in its standard errors` : null
  const bottom = axisTitle(label, axisNumbers(interval, usualTicks)) === null ? 28 : 42
  const box = { width: 820, height: 26 * names.length + 6 + bottom, left, right: 14, top: 6, bottom }
  const zero = interval[0] <= 0 && interval[1] >= 0 ? [Plot.ruleX([0], { stroke: colors.quiet, strokeDasharray: '2,3' })] : []
  return drawPlot(document, box, { label, interval }, { label: null, interval: [0, 1], numbers: false, ticks: 0 }, [
    ...zero,
    Plot.ruleY(group.shown.filter((parameter) => parameter.interval !== null), {
      x1: (parameter: DrawableParameter) => parameter.interval?.[0], x2: (parameter: DrawableParameter) => parameter.interval?.[1], y: 'name', stroke: colors.point, strokeWidth: 2.2, strokeLinecap: 'round',
    }),
    Plot.dot(group.shown, {
      x: 'estimate', y: 'name', r: 4, stroke: colors.point, strokeWidth: 1.6, fill: ({ held }: DrawableParameter) => (held ? colors.background : colors.point),
    }),
    Plot.axisY(names, { tickSize: 0, tickPadding: 8, color: colors.ink, fontSize: nameSize, label: null, tickFormat: (name: string) => shownNames[names.indexOf(name)] }),
  ], { y: { type: 'point', domain: names, axis: null, padding: 0.6 } })
}
