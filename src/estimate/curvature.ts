// Coordinates in which an objective curves alike in all directions: θ = Tz with TᵀHT = ±1, found in passes over the rows.
//
// A Hessian has the square of the rows' condition number: formed once and inverted, it keeps no digit of the precision of a
// column that lies 10⁸ standard deviations from zero. Here every pass computes it anew in the coordinates of the pass before,
// where rounding costs the condition number only once: Cholesky QR, repeated (Yamamoto et al. 2015; Fukaya et al. 2020).
import { choleskyDecompose, invertLower, multiply, scaleToUnitDiagonal, solveCholesky, submatrix, symmetricEigen, transpose } from '../base/linear-algebra.ts'

/** Vectors of parameter space. */
export interface Basis {
  /** One a column, row-major [P × count]. */
  readonly columns: Float64Array
  readonly count: number
}

export interface Curvature {
  /** Columns t_c of T: t_cᵀHt_c = ±1, t_bᵀHt_c = 0; zero outside the free parameters. */
  readonly basis: Basis
  /** The signs of the curvature along them. */
  readonly signs: Float64Array
  /** Directions [P] along which the objective does not curve; orthonormal in units of 1/√H_kk. */
  readonly flat: readonly Float64Array[]
  /** The share of each parameter that lies in the span of these, [P]. */
  readonly flatShare: Float64Array
}

export interface CurvatureProblem {
  /** H, row-major [P × P]. */
  readonly hessian: Float64Array
  /** BᵀHB for a basis, computed from the rows: what is small in it must not be a difference of large numbers. */
  along(basis: Basis): Promise<Float64Array>
  /** Parameters that move. */
  readonly free: readonly number[]
  /** Whether H is a mean of squares of what is linear in the parameters: then rounding is squared too. */
  readonly squares: boolean
}

/** Curvatures, in units of H_kk, that count as none: the rounding of a Hessian; or where four digits of what is squared are left. */
const NONE = { any: 1e-12, squares: 1e-20 } as const
/** Smaller condition numbers leave eleven digits. */
const GOOD_CONDITION = 1e5
/** Largest condition number that Cholesky is trusted with. */
const LARGEST_CONDITION = 1e11
/** A curvature that is a smaller share of the largest shows no digit in this pass; the next sees it in a direction a million times longer. */
const RESOLVED = 1e-12
const PASSES = 6

/** Finds the coordinates; costs one more Hessian for every twelve digits of the condition number beyond the first five. */
export async function findCurvature({ hessian, along, free, squares }: CurvatureProblem): Promise<Curvature> {
  const size = Math.sqrt(hessian.length)
  const scaled = scaleToUnitDiagonal(submatrix(hessian, free, size), free.length)
  const units = new Float64Array(size).fill(1)
  const columns = new Float64Array(size * free.length)
  free.forEach((k, i) => { columns[k * free.length + i] = units[k] = scaled.factors[i] })
  let found: Whitened = { basis: { columns, count: free.length }, signs: new Float64Array(free.length).fill(1), isGood: free.length === 0, flat: [] }
  const flat: Float64Array[] = []
  const none = free.length * (squares ? NONE.squares : NONE.any)
  for (let pass = 1, isTurned = false; pass <= PASSES && !found.isGood; pass++) {
    const seen = pass === 1 ? scaled.matrix : await along(found.basis)
    // What a pass does not resolve may be there; what the last has not resolved is not.
    const isFlat = (curvature: number, length: number): boolean => (pass === PASSES
      ? Math.abs(curvature) < 1 / GOOD_CONDITION
      : Math.abs(curvature) <= none * length ** 2 && RESOLVED <= 2 * none * length ** 2)
    // Once eigenvectors were needed they are to the end, for they alone tell flat directions.
    const plain: Whitened | undefined = isTurned ? undefined : byCholesky(found.basis, seen, size)
    isTurned = plain === undefined
    found = plain ?? byEigenvectors(found.basis, seen, units, isFlat)
    flat.push(...found.flat)
  }
  return { basis: found.basis, signs: found.signs, ...orthonormal(flat, units, free) }
}

/** A pass: the basis in which what it saw is ±1. */
interface Whitened extends Pick<Curvature, 'basis' | 'signs'> {
  readonly flat: readonly Float64Array[]
  /** Whether it saw enough digits of all. */
  readonly isGood: boolean
}

function byCholesky({ columns, count }: Basis, seen: Float64Array, size: number): Whitened | undefined {
  const factored = factorWellConditioned(seen, count)
  if (!factored) return undefined
  const whitened = multiply(columns, transpose(invertLower(factored.lower, count), count, count), size, count, count)
  return { basis: { columns: whitened, count }, signs: new Float64Array(count).fill(1), flat: [], isGood: factored.condition < GOOD_CONDITION }
}

/** @param isFlat of a curvature and the length of its direction in units of the parameters */
function byEigenvectors({ columns, count }: Basis, seen: Float64Array, units: Float64Array, isFlat: (curvature: number, length: number) => boolean): Whitened {
  const size = units.length
  const { values, vectors } = symmetricEigen(seen, count)
  const turned = transpose(multiply(columns, vectors, size, count, count), size, count)
  const directions = Array.from(values, (curvature, c) => {
    const direction = turned.subarray(c * size, (c + 1) * size)
    return { direction, curvature, isKept: !isFlat(curvature, Math.hypot(...direction.map((value, k) => value / units[k]))) }
  })
  const kept = directions.filter(({ isKept }) => isKept)
  const stretched = kept.flatMap(({ direction, curvature }) => Array.from(direction, (value) => value / Math.sqrt(Math.max(Math.abs(curvature), RESOLVED))))
  return {
    basis: { columns: transpose(stretched, kept.length, size), count: kept.length },
    signs: Float64Array.from(kept, ({ curvature }) => (curvature < 0 ? -1 : 1)),
    flat: directions.flatMap(({ direction, isKept }) => (isKept ? [] : [direction])),
    isGood: kept.every(({ curvature }) => Math.abs(curvature) >= 1 / GOOD_CONDITION),
  }
}

/** The Cholesky factor of a matrix of unit diagonal that is far enough from singular, and its condition number. */
function factorWellConditioned(matrix: Float64Array, size: number): { readonly lower: Float64Array; readonly condition: number } | undefined {
  const lower = choleskyDecompose(matrix, size)
  if (!lower) return undefined
  // The smallest eigenvalue by inverse iteration; the largest is between 1 and the size.
  let vector: Float64Array = Float64Array.from({ length: size }, (_, k) => 1 + Math.sin(k + 1) / 2)
  let condition = 0
  for (let k = 0; k < 8; k++) {
    const length = Math.hypot(...vector)
    vector = solveCholesky(lower, size, vector.map((value) => value / length))
    condition = Math.hypot(...vector)
  }
  return condition < LARGEST_CONDITION ? { lower, condition } : undefined
}

/** Gram–Schmidt in units of the parameters: directions of one pass are orthogonal to each other, not to those of another. */
function orthonormal(directions: readonly Float64Array[], units: Float64Array, free: readonly number[]): Pick<Curvature, 'flat' | 'flatShare'> {
  const scaled: Float64Array[] = []
  for (const direction of directions) {
    const own = Float64Array.from(free, (k) => direction[k] / units[k])
    // Twice: once leaves what rounding makes of nearly parallel vectors.
    for (const other of [...scaled, ...scaled]) {
      const along = own.reduce((total, value, i) => total + value * other[i], 0)
      own.forEach((_, i) => { own[i] -= along * other[i] })
    }
    const length = Math.hypot(...own)
    scaled.push(own.map((value) => value / length))
  }
  const flatShare = new Float64Array(units.length)
  free.forEach((k, i) => { flatShare[k] = scaled.reduce((total, vector) => total + vector[i] ** 2, 0) })
  const flat = scaled.map((vector) => {
    const direction = new Float64Array(units.length)
    free.forEach((k, i) => { direction[k] = vector[i] * units[k] })
    return direction
  })
  return { flat, flatShare }
}
