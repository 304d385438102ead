// Minimizing over a whole table: Newton steps in a trust region (Nocedal & Wright 2006, ch. 4) for few parameters,
// limited-memory BFGS (Liu & Nocedal 1989) for many. Both end with an honest verdict.
import { symmetricEigen } from '../base/linear-algebra.ts'
import { Interrupted } from './full-batch.ts'
import type { SearchProblem } from './search-space.ts'

/** Where a search ended. `ran-off`: coordinates went on growing; `stalled`: no step lowers the objective, yet the gradient is not zero. */
export type SearchOutcome = 'converged' | 'ran-off' | 'stalled' | 'steps' | 'interrupted'

export interface SearchResult {
  /** In search coordinates, [size]. */
  readonly u: Float64Array
  readonly objective: number
  readonly gradient: Float64Array
  readonly outcome: SearchOutcome
  /** Coordinates that went on growing, where the outcome is that. */
  readonly ranOff: readonly number[]
  readonly steps: number
  readonly history: readonly { readonly step: number; readonly objective: number }[]
}

export interface SearchOptions {
  readonly maxSteps: number
  onStep?(step: number, objective: number): void
}

// A gradient is zero when it is this far below its own standard error: the estimate then moves by no more of its own.
// (Relative to the objective it would vanish wherever a parameter runs off to infinity.)
const NEWTON_TOLERANCE = 1e-9
const LBFGS_TOLERANCE = 1e-6
/** Where rounding forbids more, this is still far below what the data tell. */
const ACCEPTED_TOLERANCE = 1e-3
/** Distances nobody's parameter has: 10³⁰ times the start, or a factor of e¹⁰⁰. */
const FAR = 1e30
const FAR_LOGARITHM = 100
/** Having come this far with a gradient that does not vanish is a run to infinity too. */
const DISTANT = 1e8
const DISTANT_LOGARITHM = 18
const LONGEST_LOGARITHMIC_STEP = 3

interface Point {
  readonly u: Float64Array
  readonly objective: number
  readonly gradient: Float64Array
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let total = 0
  for (let k = 0; k < a.length; k++) total += a[k] * b[k]
  return total
}
const isFinitePoint = ({ objective, gradient }: Point): boolean => Number.isFinite(objective) && gradient.every(Number.isFinite)

/** The largest element of the gradient in units of its standard error; an element without spread must be exactly zero. */
function gradientInErrors(gradient: Float64Array, errors: Float64Array): number {
  return gradient.reduce((largest, value, k) => Math.max(largest, value === 0 ? 0 : Math.abs(value) / errors[k]), 0)
}

/** Coordinates that have gone far from where they started. */
function farCoordinates(problem: SearchProblem, start: Float64Array, u: Float64Array, multiple: number, logarithm: number): number[] {
  return Array.from(u, (_, k) => k).filter((k) => (problem.logarithmic[k] ? Math.abs(u[k] - start[k]) > logarithm : Math.abs(u[k]) > multiple * (1 + Math.abs(start[k]))))
}

/** Steps looked back on to tell an asymptote from slow progress. */
const WINDOW = 20

/**
 * Coordinates that walk on towards an infimum nobody reaches, as in exp(−u): over many steps the gains die out while the
 * steps do not shrink. (Along a valley steps and gains stay, near a minimum both shrink.)
 */
function walkingCoordinates(trail: readonly Point[]): number[] {
  if (trail.length <= WINDOW) return []
  const recent = trail.slice(-WINDOW - 1)
  const gain = (k: number): number => recent[k].objective - recent[k + 1].objective
  if (!(gain(WINDOW - 1) <= 1e-3 * gain(0))) return []
  return Array.from(recent[0].u, (_, k) => k).filter((k) => {
    const steps = recent.slice(1).map(({ u }, step) => u[k] - recent[step].u[k])
    return steps.every((step) => step * steps[0] > 0) && Math.abs(steps[WINDOW - 1]) >= 0.5 * Math.abs(steps[0])
  })
}

/** A gain that is a smaller share of the objective is no longer a way down from a start far off, as to a variance of 10¹² from one. */
const DYING = 1e-6

/** Whether each step gains less than the one before and next to nothing is left: what walks on meanwhile need not be followed until rounding hides it. */
function dyingGains(trail: readonly Point[]): boolean {
  if (trail.length <= WINDOW) return false
  const gains = trail.slice(1).map(({ objective }, k) => trail[k].objective - objective)
  return gains.every((gain, k) => gain > 0 && (k === 0 || gain <= 0.9 * gains[k - 1])) && gains[WINDOW - 1] <= DYING * Math.abs(trail[WINDOW].objective)
}

async function withVerdict(problem: SearchProblem, start: Float64Array, options: SearchOptions, method: Method): Promise<SearchResult> {
  const history: { step: number; objective: number }[] = []
  let point: Point = { u: start, objective: NaN, gradient: new Float64Array(start.length).fill(NaN) }
  let outcome: SearchOutcome = 'steps'
  let ranOff: readonly number[] = []
  const trail: Point[] = []
  let step = 0
  try {
    point = { u: start, ...(await problem.evaluate(start)) }
    history.push({ step, objective: point.objective })
    const advance = method(problem)
    for (; step < options.maxSteps; step++) {
      const next = await advance(point)
      if (typeof next === 'string') {
        outcome = next
        break
      }
      point = next
      trail.push(point)
      if (trail.length > WINDOW + 1) trail.shift()
      history.push({ step: step + 1, objective: point.objective })
      options.onStep?.(step + 1, point.objective)
      ranOff = dyingGains(trail) ? walkingCoordinates(trail) : []
      if (ranOff.length > 0 || farCoordinates(problem, start, point.u, FAR, FAR_LOGARITHM).length > 0) {
        outcome = 'ran-off'
        break
      }
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
    outcome = 'interrupted'
  }
  if (outcome === 'stalled' || outcome === 'steps' || outcome === 'ran-off') {
    const distant = farCoordinates(problem, start, point.u, DISTANT, DISTANT_LOGARITHM)
    if (ranOff.length === 0) ranOff = distant.length > 0 ? distant : walkingCoordinates(trail)
    if (ranOff.length > 0) outcome = 'ran-off'
  }
  return { ...point, outcome, ranOff, steps: step, history }
}

/** One step from a point, or how the search ends there. */
type Method = (problem: SearchProblem) => (point: Point) => Promise<Point | 'converged' | 'stalled'>

/** Newton's method in a trust region, with the exact Hessian. */
export function newton(problem: SearchProblem, start: Float64Array, options: SearchOptions): Promise<SearchResult> {
  return withVerdict(problem, start, options, newtonMethod)
}

/** So near, in standard errors of the gradient, a Hessian costs several evaluations and hardly changes. */
const NEAR = 10
/** There one that left no more of the gradient than this share will do for the next step too. */
const KEPT = 0.25
/** Steps by a kept Hessian go on so far below the tolerance as one by a fresh Hessian would fall. */
const KEPT_TOLERANCE = 1e-2 * NEWTON_TOLERANCE

const newtonMethod: Method = (problem) => {
  const { size } = problem
  // The largest curvature met so far: a coordinate keeps its unit while its curvature fades (Moré 1978).
  const curvature = new Float64Array(size)
  let radius: number | undefined
  // What the last step tells of the Hessian changes it; only a fresh one decides how a search ends.
  let kept: { readonly point: Point; readonly hessian: Float64Array; readonly errors: Float64Array; readonly ratio: number } | undefined
  const advance = async (point: Point): Promise<Point | 'converged' | 'stalled'> => {
    const left = kept ? gradientInErrors(point.gradient, kept.errors) : Infinity
    const isNear = kept !== undefined && kept.ratio <= NEAR && left <= KEPT * kept.ratio
    const isFresh = !isNear || left <= KEPT_TOLERANCE
    const hessian = isFresh ? await problem.hessian(point.u) : bySecant(kept!.hessian, kept!.point, point)
    const errors = isNear ? kept!.errors : await problem.gradientErrors(point.u)
    if (!hessian.every(Number.isFinite)) return 'stalled'
    for (let k = 0; k < size; k++) curvature[k] = Math.max(curvature[k], Math.abs(hessian[k * size + k]))
    const unit = curvature.map((value) => (value > 0 ? 1 / Math.sqrt(value) : 1))
    const gradient = point.gradient.map((value, k) => value * unit[k])
    const { values, vectors } = symmetricEigen(hessian.map((value, e) => value * unit[Math.floor(e / size)] * unit[e % size]), size)
    const ratio = gradientInErrors(point.gradient, errors)
    kept = { point, hessian, errors, ratio }
    const bent = values[0] < -1e-9 * Math.max(1, values[size - 1])
    if (isFresh && ratio <= NEWTON_TOLERANCE && !bent) return 'converged'
    // The full step of Newton's method: one that moves nothing is as good a sign as a gradient of zero.
    const still = !bent && movesNothing(trustRegionStep(values, vectors, gradient, Infinity).step, unit, point.u, problem.logarithmic)
    radius ??= 10 * Math.max(Math.hypot(...gradient), Math.sqrt(Math.abs(point.objective)), 1e-150)
    for (let attempt = 0; attempt < (isFresh ? 60 : 1); attempt++) {
      const { step: scaled, predicted } = trustRegionStep(values, vectors, gradient, radius)
      const step = shortened(scaled.map((value, k) => value * unit[k]), problem.logarithmic)
      const u = point.u.map((value, k) => value + step.values[k])
      const trial: Point = { u, ...(await problem.evaluate(u)) }
      const length = Math.hypot(...scaled) * step.factor
      const measurable = predicted > 1e-12 * Math.abs(point.objective)
      const gain = point.objective - trial.objective
      // Below the rounding of the objective the gradient alone tells whether the step was good.
      const improves = isFinitePoint(trial) && (measurable && step.factor === 1
        ? gain >= 1e-4 * predicted
        : measurable ? gain > 0 : dot(trial.gradient.map((g, k) => g * unit[k]), trial.gradient.map((g, k) => g * unit[k])) < dot(gradient, gradient))
      if (improves) {
        if (length > 0.8 * radius) radius *= 3
        else if (measurable && gain < 0.25 * predicted) radius = length / 2
        return trial
      }
      radius = length / 4
      if (!(radius > 0) || u.every((value, k) => value === point.u[k])) break
    }
    if (!isFresh) {
      kept = undefined
      return advance(point)
    }
    return (still || ratio <= ACCEPTED_TOLERANCE) && !bent ? 'converged' : 'stalled'
  }
  return advance
}

/** A Hessian changed along one direction so that it explains how the gradient changed (symmetric rank one: Nocedal & Wright 2006, §6.2). */
function bySecant(hessian: Float64Array, from: Point, to: Point): Float64Array {
  const size = to.u.length
  const step = to.u.map((value, k) => value - from.u[k])
  const missed = to.gradient.map((value, k) => value - from.gradient[k] - dot(hessian.subarray(k * size, (k + 1) * size), step))
  const along = dot(missed, step)
  if (!(Math.abs(along) > 1e-8 * Math.sqrt(dot(missed, missed) * dot(step, step)))) return hessian
  return hessian.map((value, e) => value + (missed[Math.floor(e / size)] * missed[e % size]) / along)
}

function movesNothing(scaled: Float64Array, unit: Float64Array, u: Float64Array, logarithmic: readonly boolean[]): boolean {
  return u.every((value, k) => Math.abs(scaled[k] * unit[k]) <= 1e-8 * (logarithmic[k] ? 1 : Math.abs(value)))
}

/** A step with no logarithm changed by more than a few units: exp is no place for leaps. */
function shortened(step: Float64Array, logarithmic: readonly boolean[]): { values: Float64Array; factor: number } {
  const longest = step.reduce((largest, value, k) => (logarithmic[k] ? Math.max(largest, Math.abs(value)) : largest), 0)
  const factor = longest > LONGEST_LOGARITHMIC_STEP ? LONGEST_LOGARITHMIC_STEP / longest : 1
  return { values: step.map((value) => value * factor), factor }
}

/** The minimum of gᵀs + ½sᵀHs over ‖s‖ ≤ radius, from the eigenvectors of H. */
function trustRegionStep(values: Float64Array, vectors: Float64Array, gradient: Float64Array, radius: number): { step: Float64Array; predicted: number } {
  const size = values.length
  const along = Float64Array.from({ length: size }, (_, column) => {
    let total = 0
    for (let i = 0; i < size; i++) total += vectors[i * size + column] * gradient[i]
    return total
  })
  const coefficients = (shift: number): Float64Array => along.map((value, k) => (value === 0 ? 0 : -value / (values[k] + shift)))
  const lowest = Math.max(0, -values[0])
  let chosen = coefficients(0)
  if (values[0] <= 0 || !(Math.hypot(...chosen) <= radius)) {
    // ‖s(shift)‖ falls as the shift grows: bisection on its logarithm finds the one at the edge.
    const scale = Math.max(Math.abs(values[0]), Math.abs(values[size - 1]), 1e-300)
    let low = scale * 1e-15
    let high = Math.max(scale, Math.hypot(...along) / radius) * 2
    if (Math.hypot(...coefficients(lowest + low)) > radius) {
      for (let k = 0; k < 100; k++) {
        const middle = Math.sqrt(low * high)
        if (Math.hypot(...coefficients(lowest + middle)) > radius) low = middle
        else high = middle
      }
      chosen = coefficients(lowest + high)
    } else {
      chosen = coefficients(lowest + low)
      // The hard case: the gradient has nothing along the lowest curvature, so the step goes along it to the edge.
      if (values[0] < 0) chosen[0] += (along[0] > 0 ? -1 : 1) * Math.sqrt(Math.max(0, radius ** 2 - dot(chosen, chosen)))
    }
  }
  const step = new Float64Array(size)
  for (let i = 0; i < size; i++) for (let column = 0; column < size; column++) step[i] += vectors[i * size + column] * chosen[column]
  const predicted = -chosen.reduce((total, value, k) => total + value * (along[k] + (values[k] * value) / 2), 0)
  return { step, predicted }
}

/** Limited-memory BFGS with a Wolfe line search. */
export function lbfgs(problem: SearchProblem, start: Float64Array, options: SearchOptions): Promise<SearchResult> {
  return withVerdict(problem, start, options, lbfgsMethod)
}

const MEMORY = 12

const lbfgsMethod: Method = (problem) => {
  const pairs: { s: Float64Array; y: Float64Array }[] = []
  let taken = 0
  return async (point) => {
    const { gradient } = point
    // The spread of the gradients costs as much as a step: every fourth is enough.
    const settled = async (tolerance: number): Promise<boolean> => gradientInErrors(gradient, await problem.gradientErrors(point.u)) <= tolerance
    if (taken++ % 4 === 0 && await settled(LBFGS_TOLERANCE)) return 'converged'
    let direction = quasiNewtonDirection(gradient, pairs)
    if (!(dot(direction, gradient) < 0)) {
      pairs.length = 0
      direction = quasiNewtonDirection(gradient, pairs)
    }
    const next = await lineSearch(problem, point, direction, pairs.length === 0)
    if (!next) {
      if (pairs.length > 0) {
        pairs.length = 0
        return point
      }
      return (await settled(ACCEPTED_TOLERANCE)) ? 'converged' : 'stalled'
    }
    const s = next.u.map((value, k) => value - point.u[k])
    const y = next.gradient.map((value, k) => value - gradient[k])
    if (dot(s, y) > 1e-12 * Math.sqrt(dot(s, s) * dot(y, y))) {
      pairs.push({ s, y })
      if (pairs.length > MEMORY) pairs.shift()
    }
    return next
  }
}

function quasiNewtonDirection(gradient: Float64Array, pairs: readonly { s: Float64Array; y: Float64Array }[]): Float64Array {
  const direction = gradient.map((value) => -value)
  const factors: number[] = []
  for (let k = pairs.length - 1; k >= 0; k--) {
    const { s, y } = pairs[k]
    factors[k] = dot(s, direction) / dot(s, y)
    y.forEach((value, i) => { direction[i] -= factors[k] * value })
  }
  const last = pairs.at(-1)
  const scale = last ? dot(last.s, last.y) / dot(last.y, last.y) : 1 / Math.max(1, Math.hypot(...gradient))
  for (let i = 0; i < direction.length; i++) direction[i] *= scale
  pairs.forEach(({ s, y }, k) => {
    const correction = factors[k] - dot(y, direction) / dot(s, y)
    s.forEach((value, i) => { direction[i] += correction * value })
  })
  return direction
}

/** A point on the ray that satisfies the weak Wolfe conditions, by bisection (Lewis & Overton 2013); undefined if none is found. */
async function lineSearch(problem: SearchProblem, from: Point, direction: Float64Array, first: boolean): Promise<Point | undefined> {
  const { factor } = shortened(direction, problem.logarithmic)
  const slope = dot(direction, from.gradient)
  let [low, high, length] = [0, Infinity, factor]
  let best: Point | undefined
  for (let attempt = 0; attempt < (first ? 60 : 30); attempt++) {
    const u = from.u.map((value, k) => value + length * direction[k])
    const trial: Point = { u, ...(await problem.evaluate(u)) }
    if (!isFinitePoint(trial) || trial.objective > from.objective + 1e-4 * length * slope) high = length
    else {
      best = trial
      if (dot(direction, trial.gradient) >= 0.9 * slope || length >= 1e3) return trial
      low = length
    }
    length = high === Infinity ? 2 * low : (low + high) / 2
    if (length === low || length === high) break
  }
  return best
}
