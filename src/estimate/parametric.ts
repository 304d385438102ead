// Fits of parametric models: float64, over all rows, in the data's own units; in closed form where the objective is quadratic.
import { UnnormError } from '../base/errors.ts'
import type { Warning } from '../base/errors.ts'
import type { Engine } from '../engine/engine.ts'
import { sharingEngine } from '../engine/sharing.ts'
import type { Random } from '../base/random.ts'
import { initialValues } from '../model/model.ts'
import type { TracedModel } from '../model/model.ts'
import { isReal } from '../model/domain.ts'
import { lift, restrict } from '../model/restriction.ts'
import { bootstrap } from './bootstrap.ts'
import type { Replicates } from './bootstrap.ts'
import type { Basis } from './curvature.ts'
import type { Estimator } from './estimator.ts'
import { Interrupted, productsOf, remembering } from './full-batch.ts'
import type { FullBatch } from './full-batch.ts'
import { gradientsWithoutOwnPull } from './leverage.ts'
import { integrateNoise } from './integrate-noise.ts'
import type { IntegratedObjective } from './integrate-noise.ts'
import { search } from './parametric-search.ts'
import { solve } from './parametric-solve.ts'
import { LARGEST_HESSIAN, feel } from './parametric-work.ts'
import type { Found, ParametricOptions, ParametricStop, ParametricWork } from './parametric-work.ts'
import * as warn from './parametric-warnings.ts'
import { openTable } from './moment-points.ts'
import { isQuadraticIn } from './quadratic.ts'
import { liftFit } from './restricted-fit.ts'
import type { FreeFit } from './sensitivity.ts'
import { refuseSeparation } from './separation.ts'
import { thinRows } from './row-moments.ts'
import { weightingOf } from './weighting.ts'
import { covarianceOf, naturalValues, sandwich } from './uncertainty.ts'

export { describeParameters } from './uncertainty.ts'
export type { ParametricOptions, ParametricStop } from './parametric-work.ts'

export interface ParametricFit {
  readonly rowCount: number
  readonly route: Found['route']
  readonly stopped: ParametricStop
  /** [P]; where an element is not determined, the last value tried or the start. */
  readonly theta: Float64Array
  /** Which parameters have an estimate, [P]: not those the objective does not depend on, nor those that ran off. */
  readonly determined: readonly boolean[]
  /** Which parameters were held, [P]. */
  readonly fixed: readonly boolean[]
  /** Which parameters ended at the edge of what they may be, [P]. */
  readonly atBound: readonly boolean[]
  /** Mean over rows. */
  readonly objective: number
  /** Of the mean over rows, from their spread. */
  readonly objectiveStandardError: number
  /** Euclidean length of the gradient in θ. */
  readonly gradientNorm: number
  /** Of θ̂ (sandwich), row-major [P × P], NaN for parameters without an error (at a bound, not identified); null if there is none. */
  readonly covariance: Float64Array | null
  /** Columns v_c with Σ_c v_c v_cᵀ the covariance: what cancels in the sum has not cancelled in them. */
  readonly covarianceRoot: Basis | null
  /** The same of the jackknife's covariance, which intervals are made of; the sandwich's where rows are too many for it to matter. */
  readonly intervalRoot: Basis | null
  /** The free parameters, with which errors were computed; null where none were, and where the objective needs draws. */
  readonly free: FreeFit | null
  /** How the expectation over noise was taken, and from how many points for each row. */
  readonly noise: { readonly method: IntegratedObjective['method']; readonly points: number }
  /** Estimates from rows drawn with replacement; null where none were asked for or there is nothing to repeat. */
  readonly replicates: Replicates | null
  readonly warnings: readonly Warning[]
  readonly history: Found['history']
}

/**
 * Fits a parametric model.
 * @param rows row-major [n × d], in the data's units
 * @throws UnnormError `model` without parameters, `objective-not-finite` where it cannot be computed at the start values,
 *   `invalid-option` for a number of steps where none are taken, `separation` of binary rows
 */
export async function fitParametric(whole: TracedModel, estimator: Estimator, rows: Float64Array, engine: Engine, options: ParametricOptions): Promise<ParametricFit> {
  if (whole.parameterCount === 0) throw new UnnormError('model', `model ${whole.model.name} has no parameters: there is nothing to estimate`)
  if (rows.length === 0 || rows.length % whole.dimension !== 0) throw new Error(`${rows.length} numbers are no rows of ${whole.dimension} columns`)
  const { restriction, weighting } = options
  const started = options.initial ? startingAt(whole, options.initial, options.random.split('initial')) : whole
  const traced = restriction ? restrict(started, restriction) : started
  const objective = integrateNoise(traced, estimator.objective(traced, options.noise), {
    random: options.random.split('noise'),
    ...(options.draws === undefined ? {} : { draws: options.draws }),
  })
  const quadratic = traced.parameterCount <= LARGEST_HESSIAN && isQuadraticIn(objective.value, [traced.theta])
  if (quadratic && options.maxSteps !== undefined) {
    throw new UnnormError('invalid-option', `invalid steps: ${estimator.name} of ${traced.model.name} is solved in closed form, without steps (leave it out)`, 'usage')
  }
  if (quadratic && options.initial) {
    throw new UnnormError('invalid-option', `invalid init: ${estimator.name} of ${traced.model.name} is solved in closed form, wherever it starts (leave it out)`, 'usage')
  }
  if (estimator.domains === 'discrete') await refuseSeparation(traced, rows, engine, weighting?.weights)
  const shared = sharingEngine(engine)
  const batch = remembering(openTable(traced, objective, rows, shared.engine, options.signal, weighting))
  const scout = quadratic || objective.convex || options.initial ? undefined : openScout(batch, traced, objective, rows, shared.engine, options)
  const work: ParametricWork = { traced, estimator, objective, quadratic, batch, options, ...(scout ? { scout } : {}) }
  try {
    const free = await conclude(work, await (quadratic ? solve(work) : search(work)))
    const isFound = isOptimal(free.stopped) && free.determined.every(Boolean)
    const replicates = isFound && options.bootstrap !== undefined ? await repeat(work, free.theta, rows, engine, options.bootstrap) : null
    const lifted = restriction ? liftFit(restriction, free) : free
    const fit: ParametricFit = { ...lifted, replicates, noise: { method: objective.method, points: objective.points } }
    return isFound ? { ...fit, warnings: [...fit.warnings, ...doubts(whole, fit.theta)] } : fit
  } finally {
    await shared.release()
  }
}

/** Rows at which a search looks for other minima: they cost next to nothing. */
const SCOUT_ROWS = 2000

/** Some of the rows, evenly spread; all of them where they are few. */
function openScout(batch: FullBatch, traced: TracedModel, objective: IntegratedObjective, rows: Float64Array, engine: Engine, { signal, weighting = {} }: ParametricOptions): FullBatch {
  const count = batch.rowCount
  if (count <= SCOUT_ROWS) return batch
  const { weights } = weighting
  const some = weights ? weightingOf({ weights: { values: weights } }, SCOUT_ROWS, (k) => Math.floor(((k + 0.5) * count) / SCOUT_ROWS)) : {}
  return remembering(openTable(traced, objective, thinRows(rows, traced.dimension, SCOUT_ROWS), engine, signal, some))
}

/** The model with other start values; NaN where its own stand. */
function startingAt(traced: TracedModel, initial: ArrayLike<number>, random: Random): TracedModel {
  const { model, parameterCount } = traced
  if (initial.length !== parameterCount) throw new UnnormError('wrong-model', `cannot start from ${initial.length} numbers: model ${model.name} has ${parameterCount} parameters`)
  const start = initialValues(traced, random).map((value, k) => (Number.isNaN(initial[k]) ? value : initial[k]))
  return { ...traced, model: { ...model, initial: () => start } }
}

const isOptimal = (stopped: ParametricStop): boolean => stopped === 'solved' || stopped === 'converged' || stopped === 'at a bound'

/** The bootstrap, over all parameters. */
async function repeat(work: ParametricWork, theta: Float64Array, rows: Float64Array, engine: Engine, count: number): Promise<Replicates | null> {
  const { random, restriction, onPhase } = work.options
  onPhase?.(`fitting ${count} bootstrap replicates`)
  const found = await bootstrap(work, theta, rows, engine, count, random.split('bootstrap'))
  if (!found || !restriction) return found
  const size = theta.length
  const whole = Array.from({ length: found.thetas.length / size }, (_, r) => [...lift(restriction, found.thetas.subarray(r * size, (r + 1) * size))])
  return { ...found, thetas: Float64Array.from(whole.flat()) }
}

/** The errors of what was found, over the free parameters. */
async function conclude(work: ParametricWork, found: Found): Promise<Omit<ParametricFit, 'noise' | 'replicates'>> {
  const { traced, batch, options } = work
  const { parameterCount: size, parameterNames } = traced
  const { route, theta, history, atBound, ranOff } = found
  const warnings = [...found.warnings]
  const without = { rowCount: batch.rowCount, route, theta, history, stopped: found.stopped, determined: parameterNames.map((_, k) => !ranOff.includes(k)), fixed: parameterNames.map(() => false), atBound: parameterNames.map((_, k) => atBound.includes(k)), covariance: null, covarianceRoot: null, intervalRoot: null, free: null, warnings }
  try {
    const { objective, gradient } = found.evaluation ?? await batch.evaluate(theta)
    const gradientNorm = Math.hypot(...gradient)
    if (!isOptimal(found.stopped) || size > LARGEST_HESSIAN) {
      if (isOptimal(found.stopped)) warnings.push(warn.tooManyForErrors(size, LARGEST_HESSIAN))
      const objectiveStandardError = size > LARGEST_HESSIAN ? NaN : (await batch.spread(theta)).objectiveError
      return { ...without, objective, gradientNorm, objectiveStandardError }
    }
    const { curvature, absent } = found.felt ?? await feel(work, theta, await batch.hessian(theta), atBound)
    const { objectiveError, gradientProducts } = await batch.spread(theta, curvature.basis)
    const { root, determined } = sandwich(curvature, gradientProducts, batch.rowCount, [...atBound, ...absent])
    absent.forEach((k) => { determined[k] = false })
    const apart = await gradientsWithoutOwnPull(batch, theta, curvature)
    const intervalRoot = apart ? sandwich(curvature, productsOf(apart, curvature.basis.count, batch.rowCount), batch.rowCount, [...atBound, ...absent]).root : root
    const isFlat = determined.includes(false)
    if (atBound.length > 0) warnings.push(warn.atBound(atBound.map((k) => parameterNames[k])))
    if (isFlat) warnings.push(...warn.notIdentified(parameterNames, determined, absent, curvature.flatShare, options.scale, work.estimator.domains === 'discrete'))
    const covariance = covarianceOf(root, size)
    const isKnown = !covariance.every(Number.isNaN)
    return {
      ...without, objective, gradientNorm, objectiveStandardError: objectiveError,
      stopped: isFlat && found.stopped !== 'at a bound' ? 'flat direction' : found.stopped,
      determined,
      covariance: isKnown ? covariance : null,
      covarianceRoot: isKnown ? root : null,
      intervalRoot: isKnown ? intervalRoot : null,
      free: work.objective.draws.length > 0 ? null : { traced, objective: work.objective, theta, curvature },
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
    const objective = history.at(-1)?.objective ?? NaN
    return { ...without, stopped: 'interrupted', objective, objectiveStandardError: NaN, gradientNorm: NaN }
  }
}

/** What it means that the estimate solves the objective's equations without being a density, as a precision that is not positive definite. */
function doubts({ model, dimension, domain, ...traced }: TracedModel, theta: Float64Array): Warning[] {
  const natural = naturalValues({ model, dimension, domain, ...traced }, theta)
  const isUndefined = model.reported !== undefined && model.reported.values(natural, dimension) === undefined
  if ((model.logNormalizer !== undefined && model.logNormalizer(natural, dimension) === undefined) || (isUndefined && isReal(domain))) return [warn.notIntegrable(model.name)]
  return isUndefined ? [warn.noReported(model.reported!.names(dimension), domain.text)] : []
}
