// The search route: objectives that are not quadratic in the parameters, from several starts where one does not settle it.
import type { Random } from '../base/random.ts'
import type { FullBatch } from './full-batch.ts'
import { LARGEST_HESSIAN, feel, refuseNonFinite, startValues } from './parametric-work.ts'
import type { Felt, Found, ParametricWork } from './parametric-work.ts'
import * as warn from './parametric-warnings.ts'
import { lbfgs, newton } from './search.ts'
import type { SearchResult } from './search.ts'
import { fromSearch, searchProblem, toSearch } from './search-space.ts'

/** Up to here a search by Newton's method costs less than one by L-BFGS. */
const LARGEST_NEWTON = 64
const STARTS = 5
/** A minimum is lower than another when it is so by more than this share of itself. */
const LOWER = 1e-9
/** Minima that differ by less of a parameter are one. */
const APART = 1e-3

/** A search from one start. */
interface Tried {
  readonly start: Float64Array
  readonly result: SearchResult
  /** Positive parameters that converged to zero. */
  readonly pinned: readonly number[]
  /** Where it converged. */
  readonly felt: Felt | undefined
}

export async function search(work: ParametricWork): Promise<Found> {
  const { traced, estimator, batch, options, scout } = work
  const { random, onProgress } = options
  const { positive } = traced
  const problem = searchProblem(batch, positive)
  const route = traced.parameterCount <= LARGEST_NEWTON ? 'newton' : 'lbfgs'
  const method = route === 'newton' ? newton : lbfgs
  const maxSteps = options.maxSteps ?? (route === 'newton' ? 200 : 1000)
  const base = toSearch(startValues(traced, random), positive)
  const own = Array.from({ length: STARTS }, (_, k) => (k === 0 ? base : scattered(base, positive, random.split('starts').split(k))))
  // Of a long table the starts are tried on some rows: from the lowest minimum of those it is a few steps to that of all.
  const ahead = scout && scout !== batch && route === 'newton' && options.maxSteps === undefined ? await lookAhead(scout, positive, own) : undefined
  const starts = ahead?.lowest ? [ahead.lowest, ...own] : work.objective.convex ? [base] : own
  let total = 0
  const from = async (start: Float64Array, isFirst: boolean): Promise<Tried> => {
    const result = await method(problem, start, { maxSteps, onStep: (_, objective) => onProgress?.({ step: ++total, objective }) })
    if (isFirst && result.steps === 0 && result.outcome !== 'interrupted' && !Number.isFinite(result.objective)) {
      await refuseNonFinite(work, fromSearch(start, positive))
    }
    const found = fromSearch(result.u, positive)
    const pinned = result.outcome === 'converged' ? await pinnedAtZero(batch, found, positive) : []
    const theta = withZeros(found, pinned)
    const felt = result.outcome === 'converged' && traced.parameterCount <= LARGEST_HESSIAN ? await feel(work, theta, await batch.hessian(theta), pinned) : undefined
    return { start, result, pinned, felt }
  }
  const tried: Tried[] = []
  for (const [attempt, start] of starts.entries()) {
    const one = await from(start, attempt === 0)
    tried.push(one)
    const known = one.result.outcome === 'ran-off' && (estimator.unboundedBecause !== undefined || ahead?.ranOff === true)
    // Where parameters that the objective contains change nothing, as factors of a product that starts at zero do, the point
    // may be no minimum: the curvature does not tell, other starts do.
    const isMinimum = one.result.outcome === 'converged' && !(one.felt && one.felt.curvature.flat.length > 0)
    if (isMinimum && attempt === 0 && scout && route === 'newton' && !ahead?.lowest) {
      const lower = await lookAround(scout, positive, one.result.u, own.slice(1))
      if (lower) tried.push(await from(lower, false))
    }
    if (isMinimum || one.result.outcome === 'interrupted' || known) break
  }
  const chosen = choose(tried)
  const escaped = tried.some(({ result }) => result.outcome === 'ran-off')
  return { route, ...verdict(work, positive, chosen, escaped), ...(chosen.felt ? { felt: chosen.felt } : {}), history: chosen.result.history }
}

/** Steps of a search that only looks whether there is a lower minimum. */
const SCOUTING_STEPS = 60

/** Steps within which a start that leads to a minimum gets there as a rule; others are not followed. */
const AHEAD_STEPS = 30

interface Ahead {
  /** Where it ends lowest; undefined where it converges from no start. */
  readonly lowest: Float64Array | undefined
  /** Whether it ran off from every start. */
  readonly ranOff: boolean
}

/** Where a search over some rows ends, from all of the starts. */
async function lookAhead(scout: FullBatch, positive: readonly boolean[], starts: readonly Float64Array[]): Promise<Ahead> {
  const problem = searchProblem(scout, positive)
  let lowest: SearchResult | undefined
  let ranOff = 0
  for (const start of starts) {
    const result = await newton(problem, start, { maxSteps: AHEAD_STEPS })
    if (result.outcome === 'interrupted') return { lowest: undefined, ranOff: false }
    if (result.outcome === 'ran-off') ranOff++
    if (result.outcome === 'converged' && !(lowest && result.objective >= lowest.objective)) lowest = result
  }
  return { lowest: lowest?.u, ranOff: ranOff === starts.length }
}

/**
 * A minimum that is lower than the one at `u` for some of the rows, reached from one of the starts: an objective that is not quadratic
 * may have several, and the first that is found looks like any other.
 */
async function lookAround(scout: FullBatch, positive: readonly boolean[], u: Float64Array, starts: readonly Float64Array[]): Promise<Float64Array | undefined> {
  const problem = searchProblem(scout, positive)
  let lowest = (await problem.evaluate(u)).objective
  let found: Float64Array | undefined
  for (const start of starts) {
    const { outcome, objective, u: other } = await newton(problem, start, { maxSteps: SCOUTING_STEPS })
    // Some rows have their minimum beside that of all: it is lower by a little, and no other one.
    const isApart = other.some((value, k) => Math.abs(value - u[k]) > APART * (1 + Math.abs(u[k])))
    if (outcome !== 'converged' || !isApart || !(objective < lowest - LOWER * Math.abs(lowest))) continue
    lowest = objective
    found = other
  }
  return found
}

const withZeros = (theta: Float64Array, pinned: readonly number[]): Float64Array => theta.map((value, k) => (pinned.includes(k) ? 0 : value))

/** How many times a slope must exceed what curvature makes of the way left to zero, for the objective to fall all that way. */
const STEEP = 1e3

/**
 * Positive parameters so close to zero that the objective still falls towards it: their logarithm settled because it hardly moves
 * them any more. Not those that have no limit there.
 */
async function pinnedAtZero(batch: FullBatch, theta: Float64Array, positive: readonly boolean[]): Promise<number[]> {
  if (!positive.includes(true)) return []
  const { objective, gradient } = await batch.evaluate(theta)
  const pinned: number[] = []
  for (const k of positive.keys()) {
    if (!positive[k] || !(gradient[k] > 0)) continue
    const [curvature] = await batch.hessian(theta, { columns: Float64Array.from(theta, (_, e) => Number(e === k)), count: 1 })
    if (gradient[k] > STEEP * Math.abs(curvature) * theta[k]) pinned.push(k)
  }
  if (pinned.length === 0) return pinned
  const there = await batch.evaluate(withZeros(theta, pinned))
  return there.objective <= objective + LOWER * Math.abs(objective) ? pinned : []
}

/** The lowest minimum, the first among equals; what was interrupted, or the first start where none converged. */
function choose(tried: readonly Tried[]): Tried {
  const last = tried[tried.length - 1]
  if (last.result.outcome === 'interrupted') return last
  const minima = tried.filter(({ result }) => result.outcome === 'converged')
  const isLower = (a: number, b: number): boolean => a < b - LOWER * Math.abs(b)
  return minima.length > 0 ? minima.reduce((best, other) => (isLower(other.result.objective, best.result.objective) ? other : best)) : tried[0]
}

/** Another start: positive parameters by some factor around e, the others by about their size or one. */
function scattered(base: Float64Array, positive: readonly boolean[], random: Random): Float64Array {
  return base.map((value, k) => value + random.normal() * (positive[k] ? 1 : Math.max(1, Math.abs(value))))
}

/** @param escaped whether the objective fell without end from another start */
function verdict({ traced, estimator, batch, options }: ParametricWork, positive: readonly boolean[], { start, result, pinned }: Tried, escaped: boolean): Omit<Found, 'route' | 'history'> {
  const theta = fromSearch(result.u, positive)
  const nothing = { theta, atBound: [], ranOff: [], warnings: [] }
  switch (result.outcome) {
    case 'converged':
      return { ...nothing, theta: withZeros(theta, pinned), atBound: pinned, stopped: pinned.length > 0 ? 'at a bound' : 'converged', warnings: escaped ? [warn.localMinimum()] : [] }
    case 'ran-off': {
      const zero = result.ranOff.filter((k) => positive[k] && result.u[k] < start[k])
      const infinite = result.ranOff.filter((k) => !zero.includes(k))
      // A positive parameter that goes to zero has a limit, which is an estimate; one that goes to infinity has none.
      if (infinite.length === 0) {
        zero.forEach((k) => { theta[k] = 0 })
        return { ...nothing, stopped: 'at a bound', atBound: zero }
      }
      const arrows = infinite.map((k) => ({ name: traced.parameterNames[k], up: result.u[k] > start[k] }))
      return { ...nothing, stopped: 'unbounded', ranOff: infinite, warnings: [warn.unbounded(arrows, estimator, batch.rowCount, options.scale)] }
    }
    case 'stalled':
      return { ...nothing, stopped: 'stuck', warnings: [warn.notConverged('no step lowers the objective any more, though its gradient is not zero', STARTS)] }
    case 'steps':
      return { ...nothing, stopped: 'steps', warnings: [warn.notConverged(`the search was stopped after ${result.steps} steps`, STARTS)] }
    case 'interrupted':
      return { ...nothing, stopped: 'interrupted' }
  }
}
