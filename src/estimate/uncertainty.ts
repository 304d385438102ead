// How sure an estimate is: the sandwich covariance A⁻¹BA⁻¹/n of an M-estimator (Huber 1967; Godambe 1960), which of its
// parameters the objective determines at all, and the delta method for what is computed from them.
import { choleskyDecompose, multiply, scaleToUnitDiagonal, symmetricEigen, transpose } from '../base/linear-algebra.ts'
import { normalQuantile } from '../base/normal-distribution.ts'
import type { TracedModel } from '../model/model.ts'
import type { Basis, Curvature } from './curvature.ts'

/** A parameter with its error; what is unknown is null. */
export interface ParameterEstimate {
  readonly name: string
  readonly estimate: number | null
  readonly standardError: number | null
  readonly interval: readonly [number, number] | null
  /** Held at this value, so that there is no error to tell. */
  readonly fixed?: true
  /** Ended at the edge of what it may be, so that there is no error to tell. */
  readonly atBound?: true
}

export interface Uncertainty {
  /** Columns v_c with Σ_c v_c v_cᵀ the covariance, in which nothing has cancelled; NaN in the rows of parameters without an error. */
  readonly root: Basis
  /** Whether the objective determines each parameter, [P]; those that were not free count as determined. */
  readonly determined: boolean[]
}

/** A parameter of which more than this share lies in flat directions is not determined. */
const LOST = 1e-8
/** Relative errors of reported quantities below this are rounding of differences of values that do not change. */
const ROUNDING = 1e-11

/**
 * The sandwich covariance at an optimum: with the Hessian whitened by T (TᵀAT = S = ±1) and TᵀBT = RRᵀ it is the product of
 * TSR/√n with its transpose. Nothing is inverted.
 * @param products mean over rows of g gᵀ, g the gradient of one row in the basis of the curvature
 * @param fixed the parameters that were not free to move, as at a bound; they get no error
 */
export function sandwich({ basis, signs, flatShare }: Curvature, products: Float64Array, rowCount: number, fixed: readonly number[]): Uncertainty {
  const size = flatShare.length
  const { count } = basis
  const signed = squareRoot(products, count).map((value, e) => value * signs[Math.floor(e / count)] / Math.sqrt(rowCount))
  const columns = multiply(basis.columns, signed, size, count, count)
  const determined = Array.from(flatShare, (share) => share <= LOST)
  determined.forEach((known, p) => { if (!known || fixed.includes(p)) columns.fill(NaN, p * count, (p + 1) * count) })
  return { root: { columns, count }, determined }
}

/** Σ_c v_c v_cᵀ, row-major [P × P]. */
export function covarianceOf({ columns, count }: Basis, size: number): Float64Array {
  const known = columns.map((value) => (Number.isNaN(value) ? 0 : value))
  const covariance = multiply(known, transpose(known, size, count), size, count, size)
  const isKnown = Array.from({ length: size }, (_, p) => count > 0 && !Number.isNaN(columns[p * count]))
  return covariance.map((value, e) => (isKnown[Math.floor(e / size)] && isKnown[e % size] ? value : NaN))
}

/** R with RRᵀ = M, also for a singular M (fewer rows than parameters). */
function squareRoot(full: Float64Array, size: number): Float64Array {
  const { matrix, factors } = scaleToUnitDiagonal(full, size)
  const root = choleskyDecompose(matrix, size) ?? symmetricRoot(matrix, size)
  return root.map((value, e) => value / factors[Math.floor(e / size)])
}

function symmetricRoot(matrix: Float64Array, size: number): Float64Array {
  const { values, vectors } = symmetricEigen(matrix, size)
  return vectors.map((value, e) => value * Math.sqrt(Math.max(0, values[e % size])))
}

/** What `describeParameters` needs of a fit. */
export interface EstimatedParameters {
  /** [P] */
  readonly theta: Float64Array
  /** Row-major [P × P], NaN where unknown; null where no error is known. */
  readonly covariance: Float64Array | null
  /** Columns v_c with Σ_c v_c v_cᵀ the covariance. */
  readonly covarianceRoot: Basis | null
  /** The same of the covariance that intervals are made of. */
  readonly intervalRoot: Basis | null
  readonly rowCount: number
  /** Whether each parameter has an estimate at all, [P]. */
  readonly determined: readonly boolean[]
  /** Which of them were held, [P]. */
  readonly fixed: readonly boolean[]
  /** Which of them are at the edge of what they may be, [P]. */
  readonly atBound: readonly boolean[]
}

export interface ParameterDescription {
  /** The natural parameters, then the reported ones. */
  readonly parameters: readonly ParameterEstimate[]
  /** Of the natural parameters, [P][P]; null where unknown. */
  readonly covariance: readonly (readonly (number | null)[])[] | null
  /** One row a parameter, in their order: the sum of products of two rows is their covariance. NaN in rows without an error, zero in those held. */
  readonly root: Basis | null
  /** The same for intervals. */
  readonly intervalRoot: Basis | null
}

/**
 * Estimates, standard errors and normal intervals of the natural parameters and of the model's reported ones.
 * @param level of the intervals, between 0 and 1
 */
export function describeParameters(traced: TracedModel, fit: EstimatedParameters, level: number): ParameterDescription {
  const { parameterCount: size, parameterNames } = traced
  const quantile = normalQuantile((1 + level) / 2)
  const { covariance } = fit
  const natural = parameterNames.map((name, k): ParameterEstimate => (fit.fixed[k]
    ? { name, estimate: fit.theta[k], standardError: null, interval: null, fixed: true }
    : { ...withInterval(name, fit.determined[k] ? fit.theta[k] : NaN, lengthOf(fit.covarianceRoot, k), lengthOf(fit.intervalRoot, k), quantile), ...(fit.atBound[k] ? { atBound: true } : {}) }))
  const isFree = (e: number): boolean => !fit.fixed[Math.floor(e / size)] && !fit.fixed[e % size]
  const known = (value: number): number | null => (Number.isFinite(value) ? value : null)
  const root = withReported(traced, fit, fit.covarianceRoot)
  const intervalRoot = withReported(traced, fit, fit.intervalRoot)
  const names = traced.model.reported?.names(traced.dimension) ?? []
  const values = fit.determined.every(Boolean) ? reportedValues(traced, fit.theta) : undefined
  return {
    parameters: [...natural, ...names.map((name, k): ParameterEstimate => {
      const value = values?.[k] ?? NaN
      const error = lengthOf(root, size + k)
      // Where fewer directions than parameters were free, some quantities may not move along any: what is left is rounding.
      const isHeld = root !== null && root.count < size && error <= ROUNDING * Math.abs(value)
      return isHeld ? { name, estimate: value, standardError: null, interval: null, fixed: true } : withInterval(name, value, error, lengthOf(intervalRoot, size + k), quantile)
    })],
    covariance: covariance && Array.from({ length: size }, (_, i) => Array.from(covariance.subarray(i * size, (i + 1) * size), (value, j) => (isFree(i * size + j) ? known(value) : null))),
    root, intervalRoot,
  }
}

/** The standard error that a row of a root stands for; NaN without one. */
function lengthOf(root: Basis | null, row: number): number {
  return root && root.count > 0 ? Math.hypot(...root.columns.subarray(row * root.count, (row + 1) * root.count)) : NaN
}

/** A quantity with its normal interval; NaN where unknown. */
export function withInterval(name: string, estimate: number, standardError: number, intervalError: number, quantile: number): ParameterEstimate {
  if (!Number.isFinite(estimate)) return { name, estimate: null, standardError: null, interval: null }
  if (!Number.isFinite(standardError)) return { name, estimate, standardError: null, interval: null }
  return { name, estimate, standardError, interval: [estimate - quantile * intervalError, estimate + quantile * intervalError] }
}

/** The packed value of each parameter by name. */
export function naturalValues(traced: TracedModel, theta: Float64Array): Record<string, Float64Array> {
  return Object.fromEntries(traced.parameters.map(({ name, parameter, start }) => [name, theta.slice(start, start + parameter.size)]))
}

/** What the model reports beside its natural parameters; undefined where that does not exist. */
export function reportedValues(traced: TracedModel, theta: Float64Array): readonly number[] | undefined {
  return traced.model.reported?.values(naturalValues(traced, theta), traced.dimension)
}

/** A root of the natural parameters with a row for each reported one added; NaN where unknown. */
function withReported(traced: TracedModel, fit: EstimatedParameters, root: Basis | null): Basis | null {
  const { model: { reported }, dimension } = traced
  if (!root || !reported) return root
  const valuesAt = (theta: Float64Array): readonly number[] | undefined => reportedValues(traced, theta)
  const slopes = fit.determined.every(Boolean) && valuesAt(fit.theta) ? deltaSlopes(valuesAt, fit.theta, root, deltaStep(fit.rowCount)) : undefined
  const rows = reported.names(dimension).flatMap((_, k) => Array.from({ length: root.count }, (__, c) => slopes?.[c][k] ?? NaN))
  return { columns: Float64Array.from([...root.columns, ...rows]), count: root.count }
}

/**
 * Steps in standard errors. Rounding of θ is one of its own size, so it weighs the more on a difference the smaller standard errors
 * are: steps grow with √n as far as they stay well inside where the values exist.
 */
const deltaStep = (rowCount: number): number => Math.min(0.1, Math.max(0.01, 0.003 * Math.sqrt(rowCount)))

/**
 * ∂f/∂v_c of f(θ̂) for each column v_c of the root: by the delta method Σ_c (∂f/∂v_c)² is the variance of f. Central differences
 * with one Richardson step. The directions v_c keep θ inside the plausible ellipsoid, where a precision matrix stays positive
 * definite; steps along single parameters would not.
 */
function deltaSlopes(f: (theta: Float64Array) => readonly number[] | undefined, theta: Float64Array, { columns, count }: Basis, step: number): number[][] | undefined {
  if (columns.some(Number.isNaN)) return undefined
  const slopes: number[][] = []
  for (let column = 0; column < count; column++) {
    const along = (by: number): readonly number[] | undefined => f(theta.map((value, k) => value + by * columns[k * count + column]))
    const [near, back, far, farBack] = [step, -step, 2 * step, -2 * step].map(along)
    if (!near || !back || !far || !farBack) return undefined
    slopes.push(near.map((value, k) => (8 * (value - back[k]) - (far[k] - farBack[k])) / (12 * step)))
  }
  return slopes
}
