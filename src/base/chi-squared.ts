// The upper tail of the χ² distribution: the regularized incomplete gamma function Q(k/2, x/2), by recurrence from its closed
// forms for one and two degrees of freedom (Abramowitz & Stegun 1964, 26.4.4 and 26.4.5).
import { normalTail } from './normal-distribution.ts'

/**
 * P{χ²_k > x}.
 * @param degreesOfFreedom a whole number ≥ 1
 */
export function chiSquaredTail(x: number, degreesOfFreedom: number): number {
  if (!(x >= 0)) return x < 0 ? 1 : NaN
  const isOdd = degreesOfFreedom % 2 === 1
  let tail = isOdd ? 2 * normalTail(Math.sqrt(x)) : Math.exp(-x / 2)
  // (x/2)^{j/2} e^{−x/2} / Γ(j/2 + 1) for j = k − 2, in logarithms as far as it goes down.
  let term = isOdd ? Math.sqrt((2 * x) / Math.PI) * Math.exp(-x / 2) : (x / 2) * Math.exp(-x / 2)
  for (let k = isOdd ? 3 : 4; k <= degreesOfFreedom; k += 2) {
    tail += term
    term *= x / k
  }
  return Math.min(1, tail)
}
