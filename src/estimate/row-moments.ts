// Moments of rows and what is made of them: covariance, its Cholesky factor, whitened coordinates, thinning of long tables.
import { choleskyDecompose, invertCholesky, logDeterminant } from '../base/linear-algebra.ts'
import { someRows } from '../data/spread-rows.ts'

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

/** Rows from which the origin of the sums is taken. */
const CENTRE_ROWS = 1000
/** Rows that are multiplied at once: what they add to an element of the covariance is loaded and stored once. */
const TOGETHER = 8

/**
 * Mean and covariance (divisor n) of rows, in one pass about the mean of some of them, so that a mean far from zero costs no digits.
 * @param rows row-major [n × d]
 * @param weights with mean one, [n]; all alike if left out
 */
export function rowMoments(rows: Float64Array, dimension: number, weights?: Float64Array): RowMoments {
  const count = rows.length / dimension
  const centre = plainMean(thinRows(rows, dimension, CENTRE_ROWS), dimension)
  const totals = new Float64Array(dimension)
  const covariance = new Float64Array(dimension * dimension)
  // Rows beyond the last whole block stand in one of their own, the rest of it zero.
  const whole = count - (count % TOGETHER)
  addBlocks(rows, dimension, 0, whole, centre, weights, totals, covariance)
  if (whole < count) {
    const rest = new Float64Array(TOGETHER * dimension)
    const counts = new Float64Array(TOGETHER)
    rest.set(rows.subarray(whole * dimension))
    for (let i = whole; i < count; i++) counts[i - whole] = weights ? weights[i] : 1
    addBlocks(rest, dimension, 0, TOGETHER, centre, counts, totals, covariance)
  }
  const shift = totals.map((total) => total / count)
  for (let j = 0; j < dimension; j++) {
    for (let k = 0; k <= j; k++) {
      const value = covariance[j * dimension + k] / count - shift[j] * shift[k]
      covariance[j * dimension + k] = covariance[k * dimension + j] = value
    }
  }
  return { mean: centre.map((value, j) => value + shift[j]), covariance }
}

function plainMean(rows: Float64Array, dimension: number): Float64Array {
  const mean = new Float64Array(dimension)
  for (let i = 0; i < rows.length; i += dimension) for (let j = 0; j < dimension; j++) mean[j] += rows[i + j]
  return mean.map((total) => total / (rows.length / dimension))
}

/** Adds Σ w c and Σ w c cᵀ (lower triangle), c = x − centre, of rows first … end − 1, whole blocks of them. */
function addBlocks(rows: Float64Array, d: number, first: number, end: number, centre: Float64Array, weights: Float64Array | undefined, totals: Float64Array, products: Float64Array): void {
  const c = new Float64Array(TOGETHER * d)
  for (let i = first; i < end; i += TOGETHER) {
    for (let j = 0; j < d; j++) {
      const m = centre[j]
      const p = i * d + j
      // In variables, not in a loop: they stay in registers while the columns before are passed.
      let a0 = rows[p] - m, a1 = rows[p + d] - m, a2 = rows[p + 2 * d] - m, a3 = rows[p + 3 * d] - m
      let a4 = rows[p + 4 * d] - m, a5 = rows[p + 5 * d] - m, a6 = rows[p + 6 * d] - m, a7 = rows[p + 7 * d] - m
      const q = TOGETHER * j
      c[q] = a0; c[q + 1] = a1; c[q + 2] = a2; c[q + 3] = a3; c[q + 4] = a4; c[q + 5] = a5; c[q + 6] = a6; c[q + 7] = a7
      if (weights) {
        a0 *= weights[i]; a1 *= weights[i + 1]; a2 *= weights[i + 2]; a3 *= weights[i + 3]
        a4 *= weights[i + 4]; a5 *= weights[i + 5]; a6 *= weights[i + 6]; a7 *= weights[i + 7]
      }
      totals[j] += ((a0 + a1) + (a2 + a3)) + ((a4 + a5) + (a6 + a7))
      for (let k = 0, r = 0; k <= j; k++, r += TOGETHER) {
        products[j * d + k] += ((a0 * c[r] + a1 * c[r + 1]) + (a2 * c[r + 2] + a3 * c[r + 3])) + ((a4 * c[r + 4] + a5 * c[r + 5]) + (a6 * c[r + 6] + a7 * c[r + 7]))
      }
    }
  }
}

/** Mean and factored covariance of rows; undefined where the covariance is singular. */
export function whiteningOf(rows: Float64Array, dimension: number, weights?: Float64Array): { readonly mean: Float64Array; readonly factor: CholeskyFactor } | undefined {
  const { mean, covariance } = rowMoments(rows, dimension, weights)
  const factor = choleskyFactor(covariance, dimension)
  return factor === null ? undefined : { mean, factor }
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

/** Which of `count` rows is row i of `limit` that are evenly spaced over them. */
export const thinnedRow = (i: number, count: number, limit: number): number => Math.floor(((i + 0.5) * count) / limit)

/** At most `limit` rows, evenly spaced over the table (all of them, uncopied, when they are fewer). */
export function thinRows(rows: Float64Array, dimension: number, limit: number): Float64Array {
  const count = rows.length / dimension
  if (count <= limit) return rows
  return someRows(rows, dimension, { count: limit, row: (i) => thinnedRow(i, count, limit) })
}
