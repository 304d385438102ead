// Fits of parametric models: float64, over all rows, in the data's own units; in closed form where the objective is quadratic.
import { UnnormError } from '../base/errors.ts'
import type { Warning } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import type { Engine } from '../engine/engine.ts'
import type { TracedModel } from '../model/model.ts'
import { minimizeQuadratic } from './closed-form.ts'
import type { QuadraticMinimum, QuadraticProblem } from './closed-form.ts'
import type { Estimator, Noise } from './estimator.ts'
import { Interrupted, openFullBatch } from './full-batch.ts'
import type { Evaluation, FullBatch } from './full-batch.ts'
import { integrateNoise } from './integrate-noise.ts'
import type { IntegratedObjective } from './integrate-noise.ts'
import { isQuadraticIn } from './quadratic.ts'
import { lbfgs, newton } from './search.ts'
import type { SearchResult } from './search.ts'
import { fromSearch, searchProblem, toSearch } from './search-space.ts'
import { naturalValues, sandwich } from './uncertainty.ts'
import * as warn from './parametric-warnings.ts'

export { describeParameters } from './uncertainty.ts'

/** How a parametric fit ended. `stuck`: no step lowers the objective though its gradient is not zero. */
export type ParametricStop = 'solved' | 'converged' | 'at a bound' | 'flat direction' | 'unbounded' | 'interrupted' | 'steps' | 'stuck'

export interface ParametricFit {
  readonly route: 'closed-form' | 'newton' | 'lbfgs'
  readonly stopped: ParametricStop
  /** [P]; where an element is not determined, the last value tried or the start. */
  readonly theta: Float64Array
  /** Which parameters have an estimate, [P]: not those the objective does not depend on, nor those that ran off. */
  readonly determined: readonly boolean[]
  /** Mean over rows. */
  readonly objective: number
  /** Of the mean over rows, from their spread. */
  readonly objectiveStandardError: number
  /** Euclidean length of the gradient in θ. */
  readonly gradientNorm: number
  /** Of θ̂ (sandwich), row-major [P × P], NaN for parameters without an error (at a bound, not identified); null if there is none. */
  readonly covariance: Float64Array | null
  /** How the expectation over noise was taken, and from how many points for each row. */
  readonly noise: { readonly method: IntegratedObjective['method']; readonly points: number }
  readonly warnings: readonly Warning[]
  readonly history: readonly { readonly step: number; readonly objective: number }[]
}

export interface ParametricOptions {
  /** In the data's units; for estimators that need it. */
  readonly noise?: Noise
  /** Start values and simulated noise are drawn from streams of it. */
  readonly random: Random
  readonly signal?: AbortSignal
  /** Steps of each start of a search; 200 by default (1000 for L-BFGS). */
  readonly maxSteps?: number
  /** Noise points of each row, see `NoiseIntegration`. */
  readonly draws?: number
  onProgress?(update: { readonly step: number; readonly objective: number }): void
}

/** Largest number of parameters for which a Hessian is built: the time grows with its cube. */
const LARGEST_HESSIAN = 1500
/** Up to here a search by Newton's method costs less than one by L-BFGS. */
const LARGEST_NEWTON = 64
const STARTS = 5

/** Where a fit stands before its errors are computed. */
interface Found {
  readonly route: ParametricFit['route']
  readonly stopped: ParametricStop
  readonly theta: Float64Array
  readonly atBound: readonly number[]
  /** Parameters that went to infinity. */
  readonly ranOff: readonly number[]
  readonly warnings: readonly Warning[]
  readonly history: ParametricFit['history']
  /** At θ, where they are known already. */
  readonly hessian?: Float64Array
  readonly evaluation?: Evaluation
}

/**
 * Fits a parametric model.
 * @param rows row-major [n × d], in the data's units
 * @throws UnnormError `model` without parameters, `objective-not-finite` where it cannot be computed at the start values
 */
export async function fitParametric(traced: TracedModel, estimator: Estimator, rows: Float64Array, engine: Engine, options: ParametricOptions): Promise<ParametricFit> {
  if (traced.parameterCount === 0) throw new UnnormError('model', `model ${traced.model.name} has no parameters: there is nothing to estimate`)
  if (rows.length === 0 || rows.length % traced.dimension !== 0) throw new Error(`${rows.length} numbers are no rows of ${traced.dimension} columns`)
  const objective = integrateNoise(traced, estimator.objective(traced, options.noise), {
    random: options.random.split('noise'),
    ...(options.draws === undefined ? {} : { draws: options.draws }),
  })
  const batch = openFullBatch(traced, objective, rows, engine, options.signal)
  try {
    const quadratic = traced.parameterCount <= LARGEST_HESSIAN && isQuadraticIn(objective.value, [traced.theta])
    const found = quadratic ? await solve(traced, estimator, batch, options) : await search(traced, estimator, batch, options)
    return { ...(await conclude(traced, batch, found)), noise: { method: objective.method, points: objective.points } }
  } finally {
    await batch.release()
  }
}

const isPositive = (traced: TracedModel): boolean[] => traced.parameters.flatMap(({ parameter }) => new Array<boolean>(parameter.size).fill(parameter.constraint === 'positive'))

/** Start values: the model's own, or each parameter's. */
function startValues(traced: TracedModel, random: Random): Float64Array {
  const { model, dimension, parameterCount } = traced
  const theta = new Float64Array(parameterCount)
  const together = model.initial?.(random.split('initial'), dimension)
  if (together) theta.set(together)
  else for (const { parameter, start, name } of traced.parameters) theta.set(parameter.initial(random.split('initial').split(name)), start)
  isPositive(traced).forEach((positive, k) => {
    if (positive && !(theta[k] > 0)) throw new UnnormError('model', `model ${model.name}: invalid initial value of ${traced.parameterNames[k]}: ${theta[k]} (must be > 0)`)
  })
  return theta
}

async function refuseNonFinite(traced: TracedModel, batch: FullBatch, theta: Float64Array): Promise<void> {
  const row = await batch.firstNonFiniteRow(theta)
  const start = traced.parameterNames.slice(0, 6).map((name, k) => `${name} = ${theta[k]}`).join(', ')
  const more = theta.length > 6 ? ', …' : ''
  throw new UnnormError(
    'objective-not-finite',
    `model ${traced.model.name}: the objective is not a finite number${row === undefined ? '' : ` at row ${row + 1}`} for the start values ${start}${more}. `
    + 'Start where the model is defined, e.g. scalar({ initial: 1 }), and check that logDensity is defined at every row.',
  )
}

// ---- quadratic objectives ----------------------------------------------------------------------------------------

/** Steps that repair rounding: each takes the gradient from the rows anew. */
const REFINEMENTS = 3

async function solve(traced: TracedModel, estimator: Estimator, batch: FullBatch, { random, onProgress }: ParametricOptions): Promise<Found> {
  const positive = isPositive(traced)
  const start = startValues(traced, random)
  const found = { route: 'closed-form', theta: start, atBound: [], ranOff: [], warnings: [], history: [] } as const
  try {
    const first = await batch.evaluate(start)
    if (!Number.isFinite(first.objective) || !first.gradient.every(Number.isFinite)) await refuseNonFinite(traced, batch, start)
    const hessian = await batch.hessian(start)
    const problem = { hessian, gradient: first.gradient, start, positive }
    const minimum = solvedPlainly(problem) ?? minimizeQuadratic({ ...problem, gradientSize: (await batch.gradientSquares(start)).map(Math.sqrt) })
    const history = [{ step: 0, objective: first.objective }]
    if (minimum.ray) {
      const ranOff = movingParameters(minimum.ray, hessian)
      const arrows = ranOff.map((k) => ({ name: traced.parameterNames[k], up: minimum.ray![k] > 0 }))
      return { ...found, stopped: 'unbounded', theta: minimum.theta, ranOff, history, warnings: [warn.unbounded(arrows, estimator, batch.rowCount)] }
    }
    // A bound stays one while rounding is repaired.
    const free = positive.map((_, k) => !minimum.atBound.includes(k))
    let { theta } = minimum
    let evaluation = await batch.evaluate(theta)
    for (let k = 0; k < REFINEMENTS; k++) {
      const correction = minimum.correction(evaluation.gradient)
      const corrected = theta.map((value, p) => value + correction[p])
      if (corrected.every((value, p) => value === theta[p]) || positive.some((bounded, p) => bounded && free[p] && !(corrected[p] > 0))) break
      const next = await batch.evaluate(corrected)
      if (!(Math.hypot(...scaledBy(next.gradient, hessian, free)) < Math.hypot(...scaledBy(evaluation.gradient, hessian, free)))) break
      theta = corrected
      evaluation = next
    }
    const { objective } = evaluation
    onProgress?.({ step: 1, objective })
    history.push({ step: 1, objective })
    return { ...found, theta, hessian, evaluation, atBound: minimum.atBound, stopped: minimum.atBound.length > 0 ? 'at a bound' : 'solved', history }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
    return { ...found, stopped: 'interrupted' }
  }
}

/** The minimum where it is unique and meets no bound, as it mostly is: then the spread of the gradients is not needed. */
function solvedPlainly(problem: Omit<QuadraticProblem, 'gradientSize'>): QuadraticMinimum | undefined {
  const gradientSize = new Float64Array(problem.start.length)
  const minimum = minimizeQuadratic({ ...problem, positive: problem.positive.map(() => false), gradientSize })
  const inside = problem.positive.every((bounded, k) => !bounded || minimum.theta[k] > 0)
  return minimum.unique && inside ? minimum : undefined
}

/** The free gradient in units that do not depend on those of the parameters. */
function scaledBy(gradient: Float64Array, hessian: Float64Array, free: readonly boolean[]): number[] {
  return Array.from(gradient, (value, k) => (free[k] ? value / Math.sqrt(Math.abs(hessian[k * gradient.length + k]) || 1) : 0))
}

/** Parameters that take part in a direction, each measured in its own unit. */
function movingParameters(direction: Float64Array, hessian: Float64Array): number[] {
  const size = direction.length
  const parts = Array.from(direction, (value, k) => Math.abs(value) * Math.sqrt(Math.abs(hessian[k * size + k]) || 1))
  const largest = Math.max(...parts)
  return parts.flatMap((part, k) => (part > 1e-6 * largest ? [k] : []))
}

// ---- everything else ---------------------------------------------------------------------------------------------

async function search(traced: TracedModel, estimator: Estimator, batch: FullBatch, options: ParametricOptions): Promise<Found> {
  const { random, onProgress } = options
  const positive = isPositive(traced)
  const problem = searchProblem(batch, positive)
  const route = traced.parameterCount <= LARGEST_NEWTON ? 'newton' : 'lbfgs'
  const method = route === 'newton' ? newton : lbfgs
  const maxSteps = options.maxSteps ?? (route === 'newton' ? 200 : 1000)
  const base = toSearch(startValues(traced, random), positive)
  let total = 0
  const results: { start: Float64Array; result: SearchResult }[] = []
  for (let attempt = 0; attempt < STARTS; attempt++) {
    const start = attempt === 0 ? base : scattered(base, positive, random.split('starts').split(attempt))
    const result = await method(problem, start, { maxSteps, onStep: (_, objective) => onProgress?.({ step: ++total, objective }) })
    if (attempt === 0 && result.steps === 0 && result.outcome !== 'interrupted' && !Number.isFinite(result.objective)) {
      await refuseNonFinite(traced, batch, fromSearch(start, positive))
    }
    results.push({ start, result })
    const known = result.outcome === 'ran-off' && estimator.unboundedBecause !== undefined
    if (result.outcome === 'converged' || result.outcome === 'interrupted' || known) break
  }
  const last = results[results.length - 1]
  const settled = last.result.outcome === 'converged' || last.result.outcome === 'interrupted'
  const { start, result } = settled ? last : results[0]
  return { route, ...verdict(traced, estimator, batch, positive, start, result, settled ? results.slice(0, -1).map((tried) => tried.result) : []), history: result.history }
}

/** Another start: positive parameters by some factor around e, the others by about their size or one. */
function scattered(base: Float64Array, positive: readonly boolean[], random: Random): Float64Array {
  return base.map((value, k) => value + random.normal() * (positive[k] ? 1 : Math.max(1, Math.abs(value))))
}

function verdict(
  traced: TracedModel, estimator: Estimator, batch: FullBatch, positive: readonly boolean[],
  start: Float64Array, result: SearchResult, failed: readonly SearchResult[],
): Omit<Found, 'route' | 'history'> {
  const theta = fromSearch(result.u, positive)
  const nothing = { theta, atBound: [], ranOff: [], warnings: [] }
  switch (result.outcome) {
    case 'converged': {
      const escaped = failed.some(({ outcome }) => outcome === 'ran-off')
      return { ...nothing, stopped: 'converged', warnings: escaped ? [warn.localMinimum()] : [] }
    }
    case 'ran-off': {
      const zero = result.ranOff.filter((k) => positive[k] && result.u[k] < start[k])
      const infinite = result.ranOff.filter((k) => !zero.includes(k))
      // A positive parameter that goes to zero has a limit, which is an estimate; one that goes to infinity has none.
      if (infinite.length === 0) {
        zero.forEach((k) => { theta[k] = 0 })
        return { ...nothing, stopped: 'at a bound', atBound: zero }
      }
      const arrows = infinite.map((k) => ({ name: traced.parameterNames[k], up: result.u[k] > start[k] }))
      return { ...nothing, stopped: 'unbounded', ranOff: infinite, warnings: [warn.unbounded(arrows, estimator, batch.rowCount)] }
    }
    case 'stalled':
      return { ...nothing, stopped: 'stuck', warnings: [warn.notConverged('no step lowers the objective any more, though its gradient is not zero', STARTS)] }
    case 'steps':
      return { ...nothing, stopped: 'steps', warnings: [warn.notConverged(`the search was stopped after ${result.steps} steps`, STARTS)] }
    case 'interrupted':
      return { ...nothing, stopped: 'interrupted' }
  }
}

// ---- errors ------------------------------------------------------------------------------------------------------

async function conclude(traced: TracedModel, batch: FullBatch, found: Found): Promise<Omit<ParametricFit, 'noise'>> {
  const { parameterCount: size, parameterNames } = traced
  const { route, theta, history, atBound, ranOff } = found
  const warnings = [...found.warnings]
  const without = { route, theta, history, stopped: found.stopped, determined: parameterNames.map((_, k) => !ranOff.includes(k)), covariance: null, warnings }
  try {
    const { objective, gradient } = found.evaluation ?? await batch.evaluate(theta)
    const gradientNorm = Math.hypot(...gradient)
    const optimal = found.stopped === 'solved' || found.stopped === 'converged' || found.stopped === 'at a bound'
    if (!optimal || size > LARGEST_HESSIAN) {
      if (optimal) warnings.push(warn.tooManyForErrors(size, LARGEST_HESSIAN))
      const objectiveStandardError = size > LARGEST_HESSIAN ? NaN : (await batch.spread(theta)).objectiveError
      return { ...without, objective, gradientNorm, objectiveStandardError }
    }
    const { objectiveError, gradientProducts } = await batch.spread(theta)
    const free = parameterNames.map((_, k) => k).filter((k) => !atBound.includes(k))
    const { covariance, determined, absent } = sandwich(found.hessian ?? await batch.hessian(theta), gradientProducts, batch.rowCount, free, size)
    if (atBound.length > 0) warnings.push(warn.atBound(atBound.map((k) => parameterNames[k])))
    const flat = determined.includes(false)
    if (flat) warnings.push(...warn.notIdentified(parameterNames, determined, absent))
    if (!flat && notADensity(traced, theta)) warnings.push(warn.notIntegrable(traced.model.name))
    return {
      ...without, objective, gradientNorm, objectiveStandardError: objectiveError,
      stopped: flat && found.stopped !== 'at a bound' ? 'flat direction' : found.stopped,
      determined,
      covariance: covariance.every(Number.isNaN) ? null : covariance,
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
    const objective = history.at(-1)?.objective ?? NaN
    return { ...without, stopped: 'interrupted', objective, objectiveStandardError: NaN, gradientNorm: NaN }
  }
}

/** The estimate solves the objective's equations without being a density, as a precision that is not positive definite. */
function notADensity({ model, dimension, ...traced }: TracedModel, theta: Float64Array): boolean {
  const natural = naturalValues({ model, dimension, ...traced }, theta)
  return (model.logNormalizer !== undefined && model.logNormalizer(natural, dimension) === undefined)
    || (model.reported !== undefined && model.reported.values(natural, dimension) === undefined)
}
