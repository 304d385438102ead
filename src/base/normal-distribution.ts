// The standard normal distribution: its tail and its quantiles, to rounding.

/** z with Φ(z) = p: Newton's method on the distribution function, to rounding. */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) return NaN
  if (p < 0.5) return -normalQuantile(1 - p)
  let z = 0
  for (let step = 0; step < 100; step++) {
    const error = 1 - p - normalTail(z)
    // Φ is concave here, so that the steps come from below without overshooting.
    const next = z - error / (Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI))
    if (Math.abs(next - z) <= 1e-15 * Math.max(1, z)) return next
    z = next
  }
  return z
}

/** 1 − Φ(z) for z ≥ 0: the power series of Φ near zero, Laplace's continued fraction further out. */
export function normalTail(z: number): number {
  const density = Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI)
  // Where the tail is small it is computed as such: one half minus the series would lose its digits.
  if (z < 1.5) {
    let term = z
    let total = z
    for (let k = 1; Math.abs(term) > 1e-17 * total; k++) {
      term *= (z * z) / (2 * k + 1)
      total += term
    }
    return 0.5 - density * total
  }
  let fraction = z
  for (let k = 100; k >= 1; k--) fraction = z + k / fraction
  return density / fraction
}
