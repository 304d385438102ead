// The closed-form route: objectives that are quadratic in the parameters.
import { minimizeQuadratic } from './closed-form.ts'
import { Interrupted } from './full-batch.ts'
import type { Evaluation } from './full-batch.ts'
import { feel, refuseNonFinite, startValues } from './parametric-work.ts'
import type { Found, ParametricWork } from './parametric-work.ts'
import * as warn from './parametric-warnings.ts'

/** Solves for the minimum; the model's start values stand only for parameters that the objective does not contain. */
export async function solve(work: ParametricWork): Promise<Found> {
  const { traced, estimator, batch, options } = work
  const { positive } = traced
  const given = startValues(traced, options.random)
  const found = { route: 'closed-form', theta: given, atBound: [], ranOff: [], warnings: [], history: [] } as const
  try {
    const hessian = await batch.hessian(given)
    if (!hessian.every(Number.isFinite)) return await refuseNonFinite(work, given)
    const known = new Map<Float64Array, Evaluation>()
    const evaluate = async (theta: Float64Array): Promise<Evaluation> => {
      const evaluation = known.get(theta) ?? await batch.evaluate(theta)
      known.set(theta, evaluation)
      return evaluation
    }
    const inside = await feel(work, given, hessian, [])
    let felt = inside
    const origin = given.map((value, k) => (inside.absent.includes(k) ? value : 0))
    const first = await evaluate(origin)
    if (!Number.isFinite(first.objective) || !first.gradient.every(Number.isFinite)) return await refuseNonFinite(work, origin)
    const start = positive.includes(true) ? insideBounds(origin, first.gradient, hessian, positive) : origin
    const minimum = await minimizeQuadratic({
      start, positive,
      gradient: async (theta) => (await evaluate(theta)).gradient,
      curvature: async (atBound) => {
        felt = atBound.length > 0 ? await feel(work, given, hessian, atBound) : inside
        return felt.curvature
      },
      gradientSize: async () => (await batch.gradientSquares(start)).map(Math.sqrt),
    })
    const history = [{ step: 0, objective: (await evaluate(start)).objective }]
    if (minimum.ray) {
      const ranOff = movingParameters(minimum.ray, hessian)
      const arrows = ranOff.map((k) => ({ name: traced.parameterNames[k], up: minimum.ray![k] > 0 }))
      return { ...found, stopped: 'unbounded', ranOff, history, warnings: [warn.unbounded(arrows, estimator, batch.rowCount, options.scale)] }
    }
    const { theta, atBound } = minimum
    const evaluation = await evaluate(theta)
    options.onProgress?.({ step: 1, objective: evaluation.objective })
    history.push({ step: 1, objective: evaluation.objective })
    return { ...found, theta, felt, evaluation, atBound, stopped: atBound.length > 0 ? 'at a bound' : 'solved', history }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
    return { ...found, stopped: 'interrupted' }
  }
}

/**
 * Where every bounded parameter has about the size that the rows give it: 1/√H_kk times the size of the gradient in such
 * units. A start of one for a parameter of 10⁻⁸⁰ would leave nothing but the rounding of one.
 */
function insideBounds(origin: Float64Array, gradient: Float64Array, hessian: Float64Array, positive: readonly boolean[]): Float64Array {
  const units = origin.map((_, k) => unitOf(hessian, k))
  const size = Math.hypot(...gradient.map((value, k) => value * units[k])) || 1
  return origin.map((value, k) => (positive[k] && value === 0 ? units[k] * size : value))
}

/** Parameters that take part in a direction, each measured in its own unit. */
function movingParameters(direction: Float64Array, hessian: Float64Array): number[] {
  const parts = Array.from(direction, (value, k) => Math.abs(value) / unitOf(hessian, k))
  const largest = Math.max(...parts)
  return parts.flatMap((part, k) => (part > 1e-6 * largest ? [k] : []))
}

/** A length along one parameter over which the objective changes: 1/√|H_kk|, one where it does not curve. */
function unitOf(hessian: Float64Array, k: number): number {
  const size = Math.sqrt(hessian.length)
  return 1 / Math.sqrt(Math.abs(hessian[k * (size + 1)]) || 1)
}
