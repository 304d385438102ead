// The modified Bessel function of the first kind, by its logarithm (Abramowitz & Stegun 1965, 9.6.10 and 9.7.1).
import { logGammaOf } from '../graph/ops/special.ts'

/** log I_ν(x) for ν ≥ 0, x > 0: about 12 digits of I. */
export function logBesselI(order: number, x: number): number {
  return x > Math.max(60, 3 * order * order) ? byDecay(order, x) : bySeries(order, x)
}

/** Σ (x/2)^{2k + ν} / (k! Γ(k + ν + 1)): all terms are positive. */
function bySeries(order: number, x: number): number {
  const squares = (x / 2) ** 2
  let [term, sum, scale] = [1, 1, 0]
  for (let k = 1; term > 1e-17 * sum; k++) {
    term *= squares / (k * (k + order))
    sum += term
    if (sum > 1e200) {
      scale += Math.log(sum)
      term /= sum
      sum = 1
    }
  }
  return order * Math.log(x / 2) - logGammaOf(order + 1) + scale + Math.log(sum)
}

/** eˣ/√(2πx) Σ (−1)ᵏ Π (4ν² − (2j − 1)²)/(k! (8x)ᵏ), up to its smallest term. */
function byDecay(order: number, x: number): number {
  let [term, sum] = [1, 1]
  for (let k = 1; k < 60; k++) {
    const next = -term * (4 * order * order - (2 * k - 1) ** 2) / (k * 8 * x)
    if (Math.abs(next) >= Math.abs(term) || Math.abs(next) < 1e-17) break
    term = next
    sum += term
  }
  return x - Math.log(2 * Math.PI * x) / 2 + Math.log(sum)
}
