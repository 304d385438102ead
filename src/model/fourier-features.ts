// Fourier features of a noisy point (random directions as in Rahimi & Recht 2007, Tancik et al. 2020), each smoothed by the noise:
// E cos(w·(y − √t z)) = exp(−½‖w‖²t) cos(w·y). A feature fades where the noise level has no such fine structure left, and its two
// scaled derivatives, √t∇ and t∂ₜ, are bounded by one number at every level and frequency.
import type { Random } from '../base/random.ts'
import { concatenate, cos, exp, matmul, sin } from './expression.ts'
import type { Expression } from './expression.ts'

/** `count` frequency vectors [d]: directions at random, lengths at equal ratios from `low` to `high`. */
export function frequencies(count: number, dimension: number, low: number, high: number, random: Random): number[][] {
  return Array.from({ length: count }, (_, k) => {
    const direction = new Float64Array(dimension)
    random.fillNormal(direction)
    const length = low * (high / low) ** (count > 1 ? k / (count - 1) : 1)
    return Array.from(direction, (value) => (length * value) / Math.hypot(...direction))
  })
}

/** exp(−½‖w‖²t) cos(w·y) of all w, then the same with sin: [2 · count], of y [d] and the variance t of its noise. */
export function fourierFeatures(y: Expression, t: Expression, vectors: readonly (readonly number[])[]): Expression {
  const angles = matmul(vectors, y)
  const fading = exp(t.mul(vectors.map((w) => -0.5 * w.reduce((sum, each) => sum + each * each, 0))))
  return concatenate([cos(angles).mul(fading), sin(angles).mul(fading)])
}
