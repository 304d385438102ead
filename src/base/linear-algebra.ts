// Small dense linear algebra on row-major arrays; eigenvectors come from ml-matrix.
import { EigenvalueDecomposition, Matrix } from 'ml-matrix'

/** Row-major square matrix of packed elements i ≤ j. */
export function unpackSymmetric(packed: ArrayLike<number>, size: number): Float64Array {
  const full = new Float64Array(size * size)
  for (let i = 0, k = 0; i < size; i++) {
    for (let j = i; j < size; j++, k++) full[i * size + j] = full[j * size + i] = packed[k]
  }
  return full
}

/** Elements i ≤ j of a row-major symmetric matrix. */
export function packSymmetric(full: ArrayLike<number>, size: number): Float64Array {
  const packed = new Float64Array((size * (size + 1)) / 2)
  for (let i = 0, k = 0; i < size; i++) for (let j = i; j < size; j++, k++) packed[k] = full[i * size + j]
  return packed
}

const toMatrix = (full: ArrayLike<number>, rows: number, columns = rows): Matrix => Matrix.from1DArray(rows, columns, Array.from(full))

/** Lower Cholesky factor, row-major, of a symmetric matrix (its upper half is not read); undefined if it is not positive definite. */
export function choleskyDecompose(full: ArrayLike<number>, size: number): Float64Array | undefined {
  const lower = new Float64Array(size * size)
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = full[i * size + j]
      for (let k = 0; k < j; k++) rest -= lower[i * size + k] * lower[j * size + k]
      if (j < i) lower[i * size + j] = rest / lower[j * size + j]
      else if (rest > 0) lower[i * size + i] = Math.sqrt(rest)
      else return undefined
    }
  }
  return lower
}

/** Solves L Lᵀ x = b. */
export function solveCholesky(lower: Float64Array, size: number, right: ArrayLike<number>): Float64Array {
  const x = Float64Array.from(right)
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) x[i] -= lower[i * size + j] * x[j]
    x[i] /= lower[i * size + i]
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let j = i + 1; j < size; j++) x[i] -= lower[j * size + i] * x[j]
    x[i] /= lower[i * size + i]
  }
  return x
}

/** L⁻¹, row-major. All inner loops run along rows: matrices of a thousand columns leave the cache. */
export function invertLower(lower: Float64Array, size: number): Float64Array {
  const inverse = new Float64Array(size * size)
  for (let i = 0; i < size; i++) {
    const row = inverse.subarray(i * size, (i + 1) * size)
    for (let k = 0; k < i; k++) {
      const factor = lower[i * size + k]
      const other = inverse.subarray(k * size, (k + 1) * size)
      for (let j = 0; j <= k; j++) row[j] -= factor * other[j]
    }
    row[i] = 1
    for (let j = 0; j <= i; j++) row[j] /= lower[i * size + i]
  }
  return inverse
}

/** (L Lᵀ)⁻¹ = L⁻ᵀ L⁻¹, row-major. */
export function invertCholesky(lower: Float64Array, size: number): Float64Array {
  const inverseLower = invertLower(lower, size)
  const inverse = new Float64Array(size * size)
  for (let k = 0; k < size; k++) {
    const row = inverseLower.subarray(k * size, (k + 1) * size)
    for (let i = 0; i <= k; i++) {
      const factor = row[i]
      const target = inverse.subarray(i * size, (i + 1) * size)
      for (let j = 0; j <= i; j++) target[j] += factor * row[j]
    }
  }
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) inverse[j * size + i] = inverse[i * size + j]
  return inverse
}

/** log |L Lᵀ|. */
export function logDeterminant(lower: Float64Array, size: number): number {
  let total = 0
  for (let i = 0; i < size; i++) total += 2 * Math.log(lower[i * size + i])
  return total
}

export interface SymmetricEigen {
  /** Increasing. */
  readonly values: Float64Array
  /** Row-major; column k belongs to value k. */
  readonly vectors: Float64Array
}

/** Eigenvalues and eigenvectors of a symmetric matrix. */
export function symmetricEigen(full: ArrayLike<number>, size: number): SymmetricEigen {
  const decomposition = new EigenvalueDecomposition(toMatrix(full, size), { assumeSymmetric: true })
  return { values: Float64Array.from(decomposition.realEigenvalues), vectors: Float64Array.from(decomposition.eigenvectorMatrix.to1DArray()) }
}

/** Row-major product of [rows × inner] and [inner × columns]. */
export function multiply(a: ArrayLike<number>, b: ArrayLike<number>, rows: number, inner: number, columns: number): Float64Array {
  const product = new Float64Array(rows * columns)
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const factor = a[i * inner + k]
      if (factor === 0) continue
      for (let j = 0; j < columns; j++) product[i * columns + j] += factor * b[k * columns + j]
    }
  }
  return product
}

/** The transpose of a row-major [rows × columns] matrix. */
export function transpose(full: ArrayLike<number>, rows: number, columns: number): Float64Array {
  return Float64Array.from({ length: rows * columns }, (_, e) => full[(e % rows) * columns + Math.floor(e / rows)])
}

/** Mᵖ of a symmetric positive definite matrix. */
export function symmetricPower(full: ArrayLike<number>, size: number, power: number): Float64Array {
  const { values, vectors } = symmetricEigen(full, size)
  return multiply(vectors.map((value, e) => value * values[e % size] ** power), transpose(vectors, size, size), size, size, size)
}

/** Rows and columns `kept` of a row-major [size × size] matrix. */
export function submatrix(full: ArrayLike<number>, kept: readonly number[], size: number): Float64Array {
  return Float64Array.from({ length: kept.length ** 2 }, (_, e) => full[kept[Math.floor(e / kept.length)] * size + kept[e % kept.length]])
}

/** F M F with F = diag(factors), which has ones (or minus ones) on its diagonal; zeros stay, with factor one. */
export function scaleToUnitDiagonal(matrix: Float64Array, size: number): { matrix: Float64Array; factors: Float64Array } {
  const factors = Float64Array.from({ length: size }, (_, k) => {
    const diagonal = Math.abs(matrix[k * size + k])
    return diagonal > 0 ? 1 / Math.sqrt(diagonal) : 1
  })
  return { matrix: matrix.map((value, e) => value * (factors[Math.floor(e / size)] * factors[e % size])), factors }
}
