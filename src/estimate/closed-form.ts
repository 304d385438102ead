// The minimum of a convex quadratic with some parameters bounded below by zero: scaled Cholesky, an active set where needed.
//
// min ½ (θ−θ₀)ᵀH(θ−θ₀) + g₀ᵀ(θ−θ₀), θ_k ≥ 0 for k positive (Nocedal & Wright 2006, §16.5). Singular and indefinite H are
// told apart by their null directions: flat ones do not change the objective, along the others it falls without end.
import { choleskyDecompose, multiply, solveCholesky, symmetricEigen } from '../base/linear-algebra.ts'

export interface QuadraticProblem {
  /** Row-major [P × P]. */
  readonly hessian: Float64Array
  /** At `start`, [P]. */
  readonly gradient: Float64Array
  /** Positive where `positive` says so. */
  readonly start: Float64Array
  readonly positive: readonly boolean[]
  /** Root mean square over rows of the gradient of one row, [P]: below 1e-10 of it a mean gradient is rounding. */
  readonly gradientSize: ArrayLike<number>
}

export interface QuadraticMinimum {
  readonly theta: Float64Array
  readonly outcome: 'solved' | 'unbounded'
  /** Parameters that end at zero though the objective would have them negative. */
  readonly atBound: readonly number[]
  /** A direction [P] along which the objective falls without end. */
  readonly ray: Float64Array | undefined
  /** Whether the Hessian of the free parameters is well away from singular. */
  readonly unique: boolean
  /** The Newton step [P] of the parameters not at a bound for a gradient [P]: what a gradient computed anew still asks for. */
  correction(gradient: Float64Array): Float64Array
}

/** Largest condition number, after scaling to unit diagonal, that Cholesky is trusted with. */
const LARGEST_CONDITION = 1e11
/** Eigenvalues of the scaled Hessian below this share of the largest are zero to working precision. */
export const NULL_SHARE = 1e-12
const ROUNDING = 1e-10

/**
 * Solves the problem; deterministic, P³ operations for each bound that is met.
 * Along directions that do not change the objective it stays where the start is.
 */
export function minimizeQuadratic(problem: QuadraticProblem): QuadraticMinimum {
  const { hessian, positive, gradientSize } = problem
  const size = positive.length
  const theta = problem.start.slice()
  const atBound = new Set<number>()
  let step: StepRule = () => ({ step: new Float64Array(size), ray: undefined, unique: true })
  let unique = true
  const result = (outcome: QuadraticMinimum['outcome'], ray?: Float64Array): QuadraticMinimum =>
    ({ theta, outcome, atBound: [...atBound].sort((a, b) => a - b), ray, unique, correction: (slope) => step(slope).step })
  // Every pass meets a bound, leaves one or ends; strict convexity forbids coming back to the same set.
  for (let pass = 0; pass < 20 * size + 20; pass++) {
    const free = Array.from({ length: size }, (_, k) => k).filter((k) => !atBound.has(k))
    step = stepRule(hessian, free, gradientSize, size)
    const move = step(slopeAt(problem, theta))
    unique = move.unique
    const direction = move.ray ?? move.step
    const { length, bound } = distanceToBound(theta, direction, positive, atBound)
    if (move.ray && bound === undefined) return result('unbounded', move.ray)
    const taken = move.ray ? length : Math.min(1, length)
    for (const k of free) theta[k] += taken * direction[k]
    if (bound !== undefined && (move.ray || length < 1)) {
      theta[bound] = 0
      atBound.add(bound)
      continue
    }
    const after = slopeAt(problem, theta)
    const pulls = [...atBound].map((k) => ({ k, pull: -after[k] / (gradientSize[k] || 1) })).filter(({ pull }) => pull > ROUNDING)
    if (pulls.length === 0) break
    atBound.delete(pulls.reduce((a, b) => (b.pull > a.pull ? b : a)).k)
  }
  return result('solved')
}

function slopeAt({ hessian, gradient, start }: QuadraticProblem, theta: Float64Array): Float64Array {
  const size = theta.length
  const moved = multiply(hessian, theta.map((value, k) => value - start[k]), size, size, 1)
  return gradient.map((value, k) => value + moved[k])
}

function distanceToBound(theta: Float64Array, direction: Float64Array, positive: readonly boolean[], atBound: ReadonlySet<number>): { length: number; bound: number | undefined } {
  let length = Infinity
  let bound: number | undefined
  positive.forEach((bounded, k) => {
    if (!bounded || atBound.has(k) || direction[k] >= 0) return
    const distance = theta[k] / -direction[k]
    if (distance < length) [length, bound] = [distance, k]
  })
  return { length, bound }
}

interface FreeStep {
  /** To the minimum over the free parameters, [P]; zero elsewhere. */
  readonly step: Float64Array
  readonly ray: Float64Array | undefined
  readonly unique: boolean
}

/** From a gradient [P] to the step of the free parameters. */
type StepRule = (slope: Float64Array) => FreeStep

function stepRule(hessian: Float64Array, free: readonly number[], gradientSize: ArrayLike<number>, size: number): StepRule {
  const spread = (part: ArrayLike<number>): Float64Array => {
    const full = new Float64Array(size)
    free.forEach((k, i) => { full[k] = part[i] })
    return full
  }
  const scaled = scaleToUnitDiagonal(submatrix(hessian, free, size), free.length)
  const scaledSlope = (slope: Float64Array): Float64Array => Float64Array.from(free, (k, i) => -slope[k] * scaled.factors[i])
  const lower = factorWellConditioned(scaled.matrix, free.length)
  if (lower) return (slope) => ({ step: spread(solveCholesky(lower, free.length, scaledSlope(slope)).map((value, i) => value * scaled.factors[i])), ray: undefined, unique: true })

  const { values, vectors } = symmetricEigen(scaled.matrix, free.length)
  const limit = NULL_SHARE * Math.max(values.at(-1) ?? 0, 1)
  return (slope) => {
    const right = scaledSlope(slope)
    const step = new Float64Array(free.length)
    const fall = new Float64Array(free.length)
    values.forEach((value, column) => {
      const vector = Float64Array.from(free, (_, i) => vectors[i * free.length + column])
      const along = vector.reduce((total, v, i) => total + v * right[i], 0)
      const noise = ROUNDING * vector.reduce((total, v, i) => total + Math.abs(v) * scaled.factors[i] * gradientSize[free[i]], 0)
      if (value > limit) vector.forEach((v, i) => { step[i] += (along / value) * v * scaled.factors[i] })
      // Along negative curvature the objective falls both ways; where it is level the descending way is taken.
      else if (value < -limit) vector.forEach((v, i) => { fall[i] += (along < 0 ? -1 : 1) * Math.max(Math.abs(along), 1) * v * scaled.factors[i] })
      else if (Math.abs(along) > noise) vector.forEach((v, i) => { fall[i] += along * v * scaled.factors[i] })
    })
    return { step: spread(step), ray: fall.some((value) => value !== 0) ? spread(fall) : undefined, unique: false }
  }
}

export function submatrix(full: Float64Array, kept: readonly number[], size: number): Float64Array {
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

/** The Cholesky factor of a matrix of unit diagonal that is far enough from singular; undefined otherwise. */
export function factorWellConditioned(matrix: Float64Array, size: number): Float64Array | undefined {
  const lower = choleskyDecompose(matrix, size)
  if (!lower || size === 0) return lower
  // The smallest eigenvalue by inverse iteration; the largest is between 1 and the size.
  let vector: Float64Array = Float64Array.from({ length: size }, (_, k) => 1 + Math.sin(k + 1) / 2)
  let inverseNorm = 0
  for (let k = 0; k < 8; k++) {
    const length = Math.hypot(...vector)
    vector = solveCholesky(lower, size, vector.map((value) => value / length))
    inverseNorm = Math.hypot(...vector)
  }
  return inverseNorm < LARGEST_CONDITION ? lower : undefined
}
