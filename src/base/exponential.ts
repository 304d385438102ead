// exp for sums of very many densities, where Math.exp would be most of the time.

/** exp(x) of a smaller x is not asked for: e⁻³⁶ of the largest term does not change a sum. */
export const NEGLIGIBLE = -36

const STEPS = 16
const STEP = Math.LN2 / STEPS
const PER_UNIT = 1 / STEP
const powers = Float64Array.from({ length: Math.ceil(-NEGLIGIBLE * PER_UNIT) + 2 }, (_, n) => 2 ** (-n / STEPS))

/**
 * exp(x) for NEGLIGIBLE ≤ x ≤ 0, to a relative 2·10⁻¹³: 2^(−n/16) from a table times eʳ, |r| ≤ log(2)/32, by its series.
 * Outside that range it is undefined or NaN.
 */
export function expNegative(x: number): number {
  const n = (0.5 - x * PER_UNIT) | 0
  const r = x + n * STEP
  return powers[n] * (1 + r * (1 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120))))))
}
