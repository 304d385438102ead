// How sure an estimate is: the sandwich covariance A⁻¹BA⁻¹/n of an M-estimator (Huber 1967; Godambe 1960), which of its
// parameters the objective determines at all, and the delta method for what is computed from them.
import { choleskyDecompose, invertCholesky, symmetricEigen } from '../base/linear-algebra.ts'
import type { TracedModel } from '../model/model.ts'
import { NULL_SHARE, factorWellConditioned, scaleToUnitDiagonal, submatrix } from './closed-form.ts'

/** A parameter with its error; what is unknown is null. */
export interface ParameterEstimate {
  readonly name: string
  readonly estimate: number | null
  readonly standardError: number | null
  readonly interval: readonly [number, number] | null
}

export interface Uncertainty {
  /** Row-major [P × P]; NaN in rows and columns of parameters without an error. */
  readonly covariance: Float64Array
  /** Whether the objective determines each parameter, [P]; those not searched count as determined. */
  readonly determined: readonly boolean[]
  /** Parameters that no direction of change of the objective involves at all (not even with others). */
  readonly absent: readonly number[]
}

/**
 * The sandwich covariance at an optimum.
 * @param hessian mean Hessian A, row-major [P × P]
 * @param products mean over rows of g gᵀ, B, row-major [P × P]
 * @param free the parameters that were free to move; the others (at a bound) get no error
 */
export function sandwich(hessian: Float64Array, products: Float64Array, rowCount: number, free: readonly number[], size: number): Uncertainty {
  const count = free.length
  const { matrix, factors } = scaleToUnitDiagonal(submatrix(hessian, free, size), count)
  const lower = factorWellConditioned(matrix, count)
  const { inverse, undetermined } = lower ? { inverse: invertCholesky(lower, count), undetermined: new Float64Array(count) } : pseudoInverse(matrix, count)
  const lost = Array.from(undetermined, (share) => share > 1e-8)
  const middle = submatrix(products, free, size).map((value, e) => value * (factors[Math.floor(e / count)] * factors[e % count]))
  const scaled = sandwiched(inverse, middle, count)
  const covariance = new Float64Array(size * size).fill(NaN)
  free.forEach((p, i) => free.forEach((q, j) => {
    if (!lost[i] && !lost[j]) covariance[p * size + q] = (scaled[i * count + j] * (factors[i] * factors[j])) / rowCount
  }))
  const determined = Array.from({ length: size }, () => true)
  free.forEach((p, i) => { determined[p] = !lost[i] })
  return { covariance, determined, absent: free.filter((_, i) => undetermined[i] > 1 - 1e-8) }
}

/** A⁻¹BA⁻¹ for symmetric matrices, symmetric to the last bit. */
function sandwiched(inverse: Float64Array, middle: Float64Array, size: number): Float64Array {
  const half = new Float64Array(size * size)
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < size; k++) {
      const factor = inverse[i * size + k]
      for (let j = 0; j < size; j++) half[i * size + j] += factor * middle[k * size + j]
    }
  }
  const result = new Float64Array(size * size)
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let total = 0
      for (let k = 0; k < size; k++) total += half[i * size + k] * inverse[j * size + k]
      result[i * size + j] = result[j * size + i] = total
    }
  }
  return result
}

/** The inverse on the space the matrix acts on, and the share of each coordinate that lies in its null space. */
function pseudoInverse(matrix: Float64Array, size: number): { inverse: Float64Array; undetermined: Float64Array } {
  const { values, vectors } = symmetricEigen(matrix, size)
  const limit = NULL_SHARE * Math.max(values.at(-1) ?? 0, 1)
  const inverse = new Float64Array(size * size)
  const undetermined = new Float64Array(size)
  values.forEach((value, column) => {
    for (let i = 0; i < size; i++) {
      const v = vectors[i * size + column]
      if (Math.abs(value) <= limit) undetermined[i] += v * v
      else for (let j = 0; j < size; j++) inverse[i * size + j] += v * vectors[j * size + column] / value
    }
  })
  return { inverse, undetermined }
}

/** What `describeParameters` needs of a fit. */
export interface EstimatedParameters {
  /** [P] */
  readonly theta: Float64Array
  /** Row-major [P × P], NaN where unknown; null where no error is known. */
  readonly covariance: Float64Array | null
  /** Whether each parameter has an estimate at all, [P]. */
  readonly determined: readonly boolean[]
}

export interface ParameterDescription {
  /** The natural parameters, then the reported ones. */
  readonly parameters: readonly ParameterEstimate[]
  /** Of the natural parameters, [P][P]; null where unknown. */
  readonly covariance: readonly (readonly (number | null)[])[] | null
}

/**
 * Estimates, standard errors and normal intervals of the natural parameters and of the model's reported ones.
 * @param level of the intervals, between 0 and 1
 */
export function describeParameters(traced: TracedModel, fit: EstimatedParameters, level: number): ParameterDescription {
  const { parameterCount: size, parameterNames } = traced
  const quantile = normalQuantile((1 + level) / 2)
  const { covariance } = fit
  const natural = parameterNames.map((name, k) => describe(name, fit.determined[k] ? fit.theta[k] : NaN, covariance ? Math.sqrt(covariance[k * size + k]) : NaN, quantile))
  const known = (value: number): number | null => (Number.isFinite(value) ? value : null)
  return {
    parameters: [...natural, ...reported(traced, fit, quantile)],
    covariance: covariance && Array.from({ length: size }, (_, i) => Array.from(covariance.subarray(i * size, (i + 1) * size), known)),
  }
}

function describe(name: string, estimate: number, standardError: number, quantile: number): ParameterEstimate {
  if (!Number.isFinite(estimate)) return { name, estimate: null, standardError: null, interval: null }
  if (!Number.isFinite(standardError)) return { name, estimate, standardError: null, interval: null }
  return { name, estimate, standardError, interval: [estimate - quantile * standardError, estimate + quantile * standardError] }
}

/** The packed value of each parameter by name. */
export function naturalValues(traced: TracedModel, theta: Float64Array): Record<string, Float64Array> {
  return Object.fromEntries(traced.parameters.map(({ name, parameter, start }) => [name, theta.slice(start, start + parameter.size)]))
}

function reported(traced: TracedModel, fit: EstimatedParameters, quantile: number): ParameterEstimate[] {
  const { dimension } = traced
  const { reported: quantities } = traced.model
  if (!quantities) return []
  const valuesAt = (theta: Float64Array): readonly number[] | undefined => quantities.values(naturalValues(traced, theta), dimension)
  const center = fit.determined.every(Boolean) ? valuesAt(fit.theta) : undefined
  const variances = center && fit.covariance ? deltaVariances(valuesAt, fit.theta, fit.covariance) : undefined
  return quantities.names(dimension).map((name, k) => describe(name, center?.[k] ?? NaN, Math.sqrt(variances?.[k] ?? NaN), quantile))
}

/** A hundredth of a standard error: far inside where the values exist, and far above rounding. */
const DELTA_STEP = 0.01

/**
 * Variances of f(θ̂) by the delta method: with the covariance as Σ_c v_c v_cᵀ they are Σ_c (∂f/∂v_c)², each derivative by
 * central differences with one Richardson step. The directions v_c keep θ inside the plausible ellipsoid, where a
 * precision matrix stays positive definite; steps along single parameters would not.
 */
function deltaVariances(f: (theta: Float64Array) => readonly number[] | undefined, theta: Float64Array, covariance: Float64Array): number[] | undefined {
  const size = theta.length
  if (covariance.some(Number.isNaN)) return undefined
  // Scaled first: η may be a million times larger than the precisions.
  const { matrix, factors } = scaleToUnitDiagonal(covariance, size)
  const root = choleskyDecompose(matrix, size) ?? symmetricRoot(matrix, size)
  let variances: number[] | undefined
  for (let column = 0; column < size; column++) {
    const along = (by: number): readonly number[] | undefined => f(theta.map((value, k) => value + (by * root[k * size + column]) / factors[k]))
    const [near, back, far, farBack] = [DELTA_STEP, -DELTA_STEP, 2 * DELTA_STEP, -2 * DELTA_STEP].map(along)
    if (!near || !back || !far || !farBack) return undefined
    const slopes = near.map((value, k) => (8 * (value - back[k]) - (far[k] - farBack[k])) / (12 * DELTA_STEP))
    variances = slopes.map((slope, k) => (variances?.[k] ?? 0) + slope * slope)
  }
  return variances
}

/** R with R Rᵀ = M, also for a singular M (fewer rows than parameters). */
function symmetricRoot(matrix: Float64Array, size: number): Float64Array {
  const { values, vectors } = symmetricEigen(matrix, size)
  return vectors.map((value, e) => value * Math.sqrt(Math.max(0, values[e % size])))
}

/** z with Φ(z) = p: Newton's method on the distribution function, to rounding. */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) return NaN
  if (p < 0.5) return -normalQuantile(1 - p)
  let z = 0
  for (let step = 0; step < 100; step++) {
    const error = 1 - p - upperTail(z)
    // Φ is concave here, so that the steps come from below without overshooting.
    const next = z - error / (Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI))
    if (Math.abs(next - z) <= 1e-15 * Math.max(1, z)) return next
    z = next
  }
  return z
}

/** 1 − Φ(z) for z ≥ 0: the power series of Φ near zero, Laplace's continued fraction further out. */
function upperTail(z: number): number {
  const density = Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI)
  // Where the tail is small it is computed as such: one half minus the series would lose its digits.
  if (z < 1.5) {
    let term = z
    let total = z
    for (let k = 1; Math.abs(term) > 1e-17 * total; k++) {
      term *= (z * z) / (2 * k + 1)
      total += term
    }
    return 0.5 - density * total
  }
  let fraction = z
  for (let k = 100; k >= 1; k--) fraction = z + k / fraction
  return density / fraction
}
