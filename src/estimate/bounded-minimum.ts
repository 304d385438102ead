// The minimum of a small strictly convex quadratic over θ ≥ 0 in some elements: an active set, its multipliers by the Schur
// complement (Nocedal & Wright 2006, §16.3 and §16.5).
import { choleskyDecompose, multiply, solveCholesky } from '../base/linear-algebra.ts'

export interface BoundedProblem {
  /** Cholesky factor of the Hessian in the coordinates z, row-major [P × P]. */
  readonly lower: Float64Array
  /** Gradient in z where z = 0, [P]. */
  readonly slope: ArrayLike<number>
  /** θ = start + basis·z, row-major [P × P]. */
  readonly basis: Float64Array
  readonly start: Float64Array
  /** Elements of θ that must be ≥ 0. */
  readonly positive: readonly boolean[]
}

/** θ at the minimum; undefined if no set of bounds settles, which rounding alone can cause. */
export function boundedMinimum({ lower, slope, basis, start, positive }: BoundedProblem): Float64Array | undefined {
  const size = start.length
  const row = (k: number): Float64Array => basis.subarray(k * size, (k + 1) * size)
  const at = (z: Float64Array): Float64Array => multiply(basis, z, size, size, 1).map((value, k) => value + start[k])
  const free = solveCholesky(lower, size, Array.from(slope, (value) => -value))
  const active = new Set<number>()
  for (let pass = 0; pass < 20 * size + 20; pass++) {
    const bound = [...active]
    // z = free − Σ λₖ A⁻¹Rₖ with (start + basis z)ₖ = 0 for the active k.
    const reach = bound.map((k) => solveCholesky(lower, size, row(k)))
    const gram = Float64Array.from(bound.flatMap((k) => reach.map((column) => dot(row(k), column))))
    const factor = choleskyDecompose(gram, bound.length)
    if (!factor) return undefined
    const unbound = at(free)
    const multipliers = solveCholesky(factor, bound.length, bound.map((k) => unbound[k]))
    const z = free.map((value, c) => bound.reduce((total, _, b) => total - multipliers[b] * reach[b][c], value))
    const theta = at(z)
    bound.forEach((k) => { theta[k] = 0 })
    const below = positive.flatMap((isBounded, k) => (isBounded && !active.has(k) && theta[k] < 0 ? [k] : []))
    // The objective's slope along θₖ at the bound is −λₖ: one that falls inwards is let go.
    const pull = bound.reduce((most, _, b) => (multipliers[b] > (multipliers[most] ?? 0) ? b : most), -1)
    if (below.length === 0 && pull < 0) return theta
    if (below.length > 0) active.add(below.reduce((a, b) => (theta[b] < theta[a] ? b : a)))
    else active.delete(bound[pull])
  }
  return undefined
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let total = 0
  for (let k = 0; k < a.length; k++) total += a[k] * b[k]
  return total
}
