// What the routes of a parametric fit share: what they work on, where they start, what they find, and what the objective feels there.
import { UnnormError } from '../base/errors.ts'
import type { Warning } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import type { Scale } from '../data/standardize.ts'
import { initialValues } from '../model/model.ts'
import type { TracedModel } from '../model/model.ts'
import type { Restriction } from '../model/restriction.ts'
import { absentElements } from './absence.ts'
import { findCurvature } from './curvature.ts'
import type { Curvature } from './curvature.ts'
import type { Estimator, Noise } from './estimator.ts'
import type { Evaluation, FullBatch } from './full-batch.ts'
import type { IntegratedObjective } from './integrate-noise.ts'
import { extremeUnit } from './parametric-warnings.ts'
import type { Weighting } from './weighting.ts'

/** How a parametric fit ended. `stuck`: no step lowers the objective though its gradient is not zero. */
export type ParametricStop = 'solved' | 'converged' | 'at a bound' | 'flat direction' | 'unbounded' | 'interrupted' | 'steps' | 'stuck'

export interface ParametricOptions {
  /** In the data's units; for estimators that need it. */
  readonly noise?: Noise
  /** Of the columns, for messages that name them. */
  readonly scale?: Scale
  /** Start values and simulated noise are drawn from streams of it. */
  readonly random: Random
  readonly signal?: AbortSignal
  /** Where a search starts, [P]; NaN where the model's own start stands. Refused where nothing is searched. */
  readonly initial?: ArrayLike<number>
  /** Steps of each start of a search; 200 by default (1000 for L-BFGS). Refused where nothing is searched. */
  readonly maxSteps?: number
  /** Parameters held at values. */
  readonly restriction?: Restriction
  readonly weighting?: Weighting
  /** Replicates of the bootstrap; none if left out. */
  readonly bootstrap?: number
  /** Noise points of each row, see `NoiseIntegration`. */
  readonly draws?: number
  onProgress?(update: { readonly step: number; readonly objective: number }): void
  onPhase?(text: string): void
}

export interface ParametricWork {
  /** The model of the free parameters. */
  readonly traced: TracedModel
  readonly estimator: Estimator
  readonly objective: IntegratedObjective
  /** Whether the objective is quadratic in all parameters. */
  readonly quadratic: boolean
  readonly batch: FullBatch
  /** Some of the rows, at which a search looks for other minima; none where it need not look. */
  readonly scout?: FullBatch
  readonly options: ParametricOptions
}

/** What the objective feels of the parameters at a point. */
export interface Felt {
  /** Of the parameters that are neither at a bound nor absent. */
  readonly curvature: Curvature
  /** Parameters that the objective does not contain. */
  readonly absent: readonly number[]
}

/** Where a fit stands before its errors are computed. */
export interface Found {
  readonly route: 'closed-form' | 'newton' | 'lbfgs'
  readonly stopped: ParametricStop
  readonly theta: Float64Array
  readonly atBound: readonly number[]
  /** Parameters that went to infinity. */
  readonly ranOff: readonly number[]
  readonly warnings: readonly Warning[]
  readonly history: readonly { readonly step: number; readonly objective: number }[]
  /** At θ, where they are known already. */
  readonly felt?: Felt
  readonly evaluation?: Evaluation
}

/** Largest number of parameters for which a Hessian is built: the time grows with its cube. */
export const LARGEST_HESSIAN = 1500

/** Start values: the model's own, or each parameter's. */
export function startValues(traced: TracedModel, random: Random): Float64Array {
  const { model, parameterNames, positive } = traced
  const theta = initialValues(traced, random.split('initial'))
  positive.forEach((bounded, k) => {
    if (bounded && !(theta[k] > 0)) throw new UnnormError('model', `model ${model.name}: invalid initial value of ${parameterNames[k]}: ${theta[k]} (must be > 0)`)
  })
  return theta
}

/** @throws UnnormError `objective-not-finite`, naming the first rows with their values, and the column whose unit may be why */
export async function refuseNonFinite({ traced, batch, options }: ParametricWork, theta: Float64Array): Promise<never> {
  const { count, first } = await batch.nonFiniteRows(theta)
  const start = traced.parameterNames.slice(0, 6).map((name, k) => `${name} = ${theta[k]}`).join(', ')
  const more = theta.length > 6 ? ', …' : ''
  const columns = options.scale?.columns ?? []
  const point = (values: Float64Array): string => (columns.length === 0 ? '' : ` (${columns.slice(0, 6).map((name, j) => `${name} = ${values[j]}`).join(', ')})`)
  const rows = first.map(({ row, values }) => `row ${row + 1}${point(values)}`).join(', ')
  const others = count > first.length ? ` and ${count - first.length} of the other ${batch.rowCount - first.length} rows` : ''
  // Where every row fails it is the start; where some do it is they.
  const remedy = count === batch.rowCount
    ? 'Start where the model is defined: --parameters "a = 1" for a formula, scalar({ initial: 1 }) in a file.'
    : 'The log-density must be defined at every row: write it so, or leave such rows out.'
  throw new UnnormError(
    'objective-not-finite',
    `model ${traced.model.name}: the objective is not a finite number${count === 0 ? '' : ` at ${rows}${others}`} for the start values ${start}${more}. ${extremeUnit(options.scale) ?? remedy}`,
  )
}

/** What the objective feels at θ, with some parameters at a bound. */
export async function feel({ traced, objective, quadratic, batch }: ParametricWork, theta: Float64Array, hessian: Float64Array, atBound: readonly number[]): Promise<Felt> {
  const all = Array.from({ length: traced.parameterCount }, (_, k) => k)
  const absent = absentElements(objective.value, traced.theta, all.filter((k) => hessian[k * (traced.parameterCount + 1)] === 0))
  const free = all.filter((k) => !absent.includes(k) && !atBound.includes(k))
  // A score that is linear in the parameters is what makes an objective of its squares quadratic in them.
  return { absent, curvature: await findCurvature({ hessian, along: (basis) => batch.hessian(theta, basis), free, squares: quadratic }) }
}
