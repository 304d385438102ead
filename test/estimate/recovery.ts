// Whether estimates agree with the truth, jointly over all parameters, by their own covariance.
import { choleskyDecompose, solveCholesky } from '../../src/base/linear-algebra.ts'

/**
 * P(χ² ≥ (θ̂ − θ)ᵀC⁻¹(θ̂ − θ)), the probability of estimates at least as far from the truth.
 * @param covariance of the estimates, row-major [P × P]
 */
export function jointTail(estimates: ArrayLike<number>, covariance: Float64Array, truth: readonly number[]): number {
  const size = truth.length
  const gap = Float64Array.from(truth, (value, k) => estimates[k] - value)
  const solved = solveCholesky(choleskyDecompose(covariance, size)!, size, gap)
  return upperGamma(size / 2, gap.reduce((total, value, k) => total + value * solved[k], 0) / 2)
}

/** Q(a, x) = Γ(a, x)/Γ(a): the series of the lower part below a + 1, Lentz's continued fraction above (Press et al., §6.2). */
function upperGamma(a: number, x: number): number {
  const front = Math.exp(-x + a * Math.log(x) - logGamma(a))
  if (x < a + 1) {
    let term = 1 / a
    let total = term
    for (let k = 1; term > 1e-16 * total; k++) {
      term *= x / (a + k)
      total += term
    }
    return 1 - front * total
  }
  let fraction = 0
  for (let k = 200; k >= 1; k--) fraction = (k * (k - a)) / (x + 2 * k + 1 - a - fraction)
  return front / (x + 1 - a - fraction)
}

/** For the halves of whole numbers: Γ(a + 1) = aΓ(a), Γ(½) = √π. */
function logGamma(a: number): number {
  if (a === 0.5) return Math.log(Math.PI) / 2
  return a === 1 ? 0 : Math.log(a - 1) + logGamma(a - 1)
}
