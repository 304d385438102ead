// Moments of rows and what is made of them: covariance, its Cholesky factor, whitened coordinates, thinning of long tables.
import { choleskyDecompose, invertCholesky, logDeterminant } from '../base/linear-algebra.ts'

/** A lower triangular factor L (row-major [d × d], LLᵀ the matrix it was made of) and log |det L|. */
export interface CholeskyFactor {
  readonly dimension: number
  readonly lower: Float64Array
  readonly logDeterminant: number
}

/** Mean [d] and covariance (row-major [d × d], divisor n). */
export interface RowMoments {
  readonly mean: Float64Array
  readonly covariance: Float64Array
}

/**
 * Mean and covariance (divisor n) of rows, in two passes, so that a mean far from zero costs no digits.
 * @param rows row-major [n × d]
 * @param weights with mean one, [n]; all alike if left out
 */
export function rowMoments(rows: Float64Array, dimension: number, weights?: Float64Array): RowMoments {
  const count = rows.length / dimension
  const mean = new Float64Array(dimension)
  for (let i = 0, row = 0; i < rows.length; i += dimension, row++) for (let j = 0; j < dimension; j++) mean[j] += weights ? weights[row] * rows[i + j] : rows[i + j]
  for (let j = 0; j < dimension; j++) mean[j] /= count
  const covariance = new Float64Array(dimension * dimension)
  const centred = new Float64Array(dimension)
  for (let i = 0, row = 0; i < rows.length; i += dimension, row++) {
    for (let j = 0; j < dimension; j++) centred[j] = rows[i + j] - mean[j]
    for (let j = 0; j < dimension; j++) {
      const own = weights ? weights[row] * centred[j] : centred[j]
      for (let k = 0; k <= j; k++) covariance[j * dimension + k] += own * centred[k]
    }
  }
  for (let j = 0; j < dimension; j++) {
    for (let k = 0; k <= j; k++) {
      covariance[j * dimension + k] /= count
      covariance[k * dimension + j] = covariance[j * dimension + k]
    }
  }
  return { mean, covariance }
}

/**
 * The Cholesky factor of a symmetric matrix, or null where it is not positive definite to working precision:
 * a pivot below `relativeTolerance` times its diagonal element means that a column is a combination of earlier ones.
 * @param matrix row-major [d × d]
 */
export function choleskyFactor(matrix: Float64Array, dimension: number, relativeTolerance = 1e-12): CholeskyFactor | null {
  const lower = choleskyDecompose(matrix, dimension)
  if (lower === undefined) return null
  for (let j = 0; j < dimension; j++) {
    if (!(lower[j * (dimension + 1)] ** 2 > relativeTolerance * matrix[j * (dimension + 1)])) return null
  }
  return { dimension, lower, logDeterminant: logDeterminant(lower, dimension) / 2 }
}

/**
 * Rows in the coordinates y = L⁻¹(x − centre), row-major [n × d].
 * @param rows row-major [n × d]
 * @param centre [d]
 */
export function whiten(rows: Float64Array, centre: ArrayLike<number>, factor: CholeskyFactor): Float64Array {
  const { dimension, lower } = factor
  const result = new Float64Array(rows.length)
  for (let i = 0; i < rows.length; i += dimension) {
    for (let j = 0; j < dimension; j++) {
      let sum = rows[i + j] - centre[j]
      for (let k = 0; k < j; k++) sum -= lower[j * dimension + k] * result[i + k]
      result[i + j] = sum / lower[j * dimension + j]
    }
  }
  return result
}

/** Rows x = centre + L y, the inverse of `whiten`. */
export function unwhiten(whitened: Float64Array, centre: ArrayLike<number>, factor: CholeskyFactor): Float64Array {
  const { dimension, lower } = factor
  const result = new Float64Array(whitened.length)
  for (let i = 0; i < whitened.length; i += dimension) {
    for (let j = 0; j < dimension; j++) {
      let sum = centre[j]
      for (let k = 0; k <= j; k++) sum += lower[j * dimension + k] * whitened[i + k]
      result[i + j] = sum
    }
  }
  return result
}

/** Scores in the whitened coordinates, Lᵀ ∇ₓ, row-major [n × d]. */
export function whitenScores(scores: Float64Array, factor: CholeskyFactor): Float64Array {
  const { dimension, lower } = factor
  const result = new Float64Array(scores.length)
  for (let i = 0; i < scores.length; i += dimension) {
    for (let k = 0; k < dimension; k++) {
      let sum = 0
      for (let j = k; j < dimension; j++) sum += lower[j * dimension + k] * scores[i + j]
      result[i + k] = sum
    }
  }
  return result
}

/** ‖(LLᵀ)⁻¹‖²_F, the sum of the squared inverse eigenvalues of the factored matrix. */
export function squaredNormOfInverse(factor: CholeskyFactor): number {
  return invertCholesky(factor.lower, factor.dimension).reduce((sum, value) => sum + value * value, 0)
}

/** At most `limit` rows, evenly spaced over the table (all of them, uncopied, when they are fewer). */
export function thinRows(rows: Float64Array, dimension: number, limit: number): Float64Array {
  const count = rows.length / dimension
  if (count <= limit) return rows
  const result = new Float64Array(limit * dimension)
  for (let i = 0; i < limit; i++) {
    const from = Math.floor(((i + 0.5) * count) / limit) * dimension
    result.set(rows.subarray(from, from + dimension), i * dimension)
  }
  return result
}
