// The minimum of a convex quadratic with some parameters bounded below by zero: Newton steps in whitened coordinates, an
// active set where bounds are met (Nocedal & Wright 2006, §16.5).
//
// Singular and indefinite Hessians are told apart by their null directions: flat ones do not change the objective, along the
// others it falls without end. Gradients come from the rows at every step, so that steps repair the rounding of those before.
import { multiply } from '../base/linear-algebra.ts'
import type { Curvature } from './curvature.ts'

export interface QuadraticProblem {
  /** Positive where `positive` says so. */
  readonly start: Float64Array
  readonly positive: readonly boolean[]
  /** Of the objective at θ, [P]. */
  gradient(theta: Float64Array): Promise<Float64Array>
  /** Of the objective where these parameters stay at their bound. */
  curvature(atBound: readonly number[]): Promise<Curvature>
  /** Root mean square over rows of the gradient of one row, [P]: below 1e-10 of it a mean gradient is rounding. Asked for where that matters. */
  gradientSize(): Promise<ArrayLike<number>>
}

export interface QuadraticMinimum {
  readonly theta: Float64Array
  readonly outcome: 'solved' | 'unbounded'
  /** Parameters that end at zero though the objective would have them negative. */
  readonly atBound: readonly number[]
  /** A direction [P] along which the objective falls without end. */
  readonly ray: Float64Array | undefined
}

const ROUNDING = 1e-10
/** Most steps that only repair rounding. */
const REFINEMENTS = 5
/** What is left of the way along each whitened coordinate when none is needed: of a million rows a standard error is a billion times as much. */
const ARRIVED = 1e-12

/**
 * Solves the problem; deterministic, P³ operations for each bound that is met.
 * Along directions that do not change the objective it stays where the start is.
 */
export async function minimizeQuadratic(problem: QuadraticProblem): Promise<QuadraticMinimum> {
  const { positive, start } = problem
  const atBound = new Set<number>()
  let theta = start
  let slope = await problem.gradient(theta)
  let curvature = await problem.curvature([])
  let sizes: ArrayLike<number> | undefined
  const way = whitened(curvature, slope)
  const result = (outcome: QuadraticMinimum['outcome'], ray?: Float64Array): QuadraticMinimum =>
    ({ theta, outcome, atBound: [...atBound].sort((a, b) => a - b), ray })
  const moveTo = async (next: Float64Array): Promise<void> => {
    theta = next
    slope = await problem.gradient(theta)
  }
  // Every pass meets a bound, leaves one or ends; strict convexity forbids coming back to the same set.
  for (let pass = 0; pass < 20 * positive.length + 20; pass++) {
    if (curvature.flat.length > 0) sizes ??= await problem.gradientSize()
    const ray = fall(curvature, slope, sizes ?? [])
    const direction = ray ?? newtonStep(curvature, slope)
    const { length, bound } = distanceToBound(theta, direction, positive, atBound)
    if (ray && bound === undefined) return result('unbounded', ray)
    const taken = ray ? length : Math.min(1, length)
    const meets = bound !== undefined && (ray !== undefined || length < 1)
    await moveTo(theta.map((value, k) => (meets && k === bound ? 0 : value + taken * direction[k])))
    if (meets) {
      atBound.add(bound)
      curvature = await problem.curvature([...atBound])
      continue
    }
    if (atBound.size === 0) break
    sizes ??= await problem.gradientSize()
    const pulls = [...atBound].map((k) => ({ k, pull: -slope[k] / (sizes![k] || 1) })).filter(({ pull }) => pull > ROUNDING)
    if (pulls.length === 0) break
    atBound.delete(pulls.reduce((a, b) => (b.pull > a.pull ? b : a)).k)
    curvature = await problem.curvature([...atBound])
  }
  const hasArrived = (): boolean => atBound.size === 0 && whitened(curvature, slope).every((value, c) => Math.abs(value) <= ARRIVED * Math.abs(way[c]))
  for (let k = 0, left = remaining(curvature, slope); k < REFINEMENTS && !hasArrived(); k++) {
    const step = newtonStep(curvature, slope)
    const refined = theta.map((value, p) => value + step[p])
    const before = { theta, slope }
    if (refined.every((value, p) => value === theta[p]) || positive.some((bounded, p) => bounded && !atBound.has(p) && !(refined[p] > 0))) break
    await moveTo(refined)
    const now = remaining(curvature, slope)
    if (!(now < left)) {
      ({ theta, slope } = before)
      break
    }
    left = now
  }
  return result('solved')
}

/** Tᵀg: the gradient in whitened coordinates. */
function whitened({ basis }: Curvature, slope: Float64Array): Float64Array {
  return multiply(slope, basis.columns, 1, slope.length, basis.count)
}

const remaining = (curvature: Curvature, slope: Float64Array): number => Math.hypot(...whitened(curvature, slope))

/** −T Tᵀg: to the minimum over the free parameters. */
function newtonStep(curvature: Curvature, slope: Float64Array): Float64Array {
  return multiply(curvature.basis.columns, whitened(curvature, slope).map((value) => -value), slope.length, curvature.basis.count, 1)
}

/** A direction in which the objective falls without end, if there is one. */
function fall(curvature: Curvature, slope: Float64Array, sizes: ArrayLike<number>): Float64Array | undefined {
  const ray = new Float64Array(slope.length)
  const { basis: { columns, count }, signs, flat } = curvature
  // Along negative curvature it falls both ways; where it is level the descending way is taken.
  whitened(curvature, slope).forEach((along, c) => {
    if (signs[c] < 0) ray.forEach((_, k) => { ray[k] += (along > 0 ? -1 : 1) * Math.max(Math.abs(along), 1) * columns[k * count + c] })
  })
  for (const direction of flat) {
    const along = direction.reduce((total, value, k) => total + value * slope[k], 0)
    const noise = ROUNDING * direction.reduce((total, value, k) => total + Math.abs(value) * sizes[k], 0)
    if (Math.abs(along) > noise) direction.forEach((value, k) => { ray[k] -= along * value })
  }
  return ray.some((value) => value !== 0) ? ray : undefined
}

function distanceToBound(theta: Float64Array, direction: Float64Array, positive: readonly boolean[], atBound: ReadonlySet<number>): { length: number; bound: number | undefined } {
  let length = Infinity
  let bound: number | undefined
  positive.forEach((bounded, k) => {
    if (!bounded || atBound.has(k) || direction[k] >= 0) return
    const distance = theta[k] / -direction[k]
    if (distance < length) [length, bound] = [distance, k]
  })
  return { length, bound }
}
