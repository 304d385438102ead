// Energies that are exactly quadratic: a Gaussian, whose score is known at every noise: −(Σ + C)⁻¹(x − mean).
//
// Recognized by its numbers, not by the model's name: the score must be affine, φ(x) = η − Kx, at all rows looked at.
import { choleskyDecompose, invertCholesky, multiply, solveCholesky } from '../base/linear-algebra.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'

/** A Gaussian by its mean [d] and its covariance, row-major [d × d]. */
export interface GaussianForm {
  readonly mean: Float64Array
  readonly covariance: Float64Array
}

const CHECKED_ROWS = 1000
const TOLERANCE = 1e-9
/** A power of two far out: products with it are exact, and η vanishes beside them. */
const FAR = 2 ** 60

/**
 * The Gaussian that an energy is; null if its score is not affine or its precision not positive definite.
 * @param rows row-major [n × d], n ≥ 1: where the score is checked
 */
export async function gaussianForm(energy: FittedEnergy, rows: Float64Array): Promise<GaussianForm | null> {
  const d = energy.columns.length
  const probes = new Float64Array((2 * d + 1) * d)
  for (let j = 0; j < d; j++) {
    probes[(1 + 2 * j) * d + j] = FAR
    probes[(2 + 2 * j) * d + j] = -FAR
  }
  const { score } = await energy.evaluate(probes)
  const eta = score.slice(0, d)
  const precision = Float64Array.from({ length: d * d }, (_, k) => {
    const [i, j] = [Math.floor(k / d), k % d]
    return (score[(2 + 2 * j) * d + i] - score[(1 + 2 * j) * d + i]) / (2 * FAR)
  })
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < i; j++) {
      const [a, b] = [precision[i * d + j], precision[j * d + i]]
      if (!(Math.abs(a - b) <= TOLERANCE * Math.sqrt(precision[i * d + i] * precision[j * d + j]))) return null
    }
  }
  const lower = choleskyDecompose(precision, d)
  if (!lower || !lower.every(Number.isFinite) || !await isAffine(energy, precision, eta, rows)) return null
  return { mean: solveCholesky(lower, d, eta), covariance: invertCholesky(lower, d) }
}

async function isAffine(energy: FittedEnergy, precision: Float64Array, eta: Float64Array, rows: Float64Array): Promise<boolean> {
  const d = eta.length
  const count = rows.length / d
  const stride = Math.max(1, Math.floor(count / CHECKED_ROWS))
  const checked = rows.filter((_, k) => Math.floor(k / d) % stride === 0)
  const { score } = await energy.evaluate(checked)
  for (let k = 0; k < checked.length; k++) {
    const i = k % d
    const start = k - i
    let value = eta[i]
    let size = Math.abs(eta[i])
    for (let j = 0; j < d; j++) {
      const term = precision[i * d + j] * checked[start + j]
      value -= term
      size += Math.abs(term)
    }
    if (!(Math.abs(score[k] - value) <= TOLERANCE * size)) return false
  }
  return true
}

/**
 * E{x | x̃} of rows x̃ = x + n, n ~ N(0, noise), x from the Gaussian: x̃ + Cφ(x̃) with φ the score of N(mean, covariance + noise).
 * @param rows row-major [n × d]
 * @param noise C, row-major [d × d], positive definite
 * @returns undefined if the covariance is not positive definite
 */
export function denoiseGaussian({ mean, covariance }: GaussianForm, rows: Float64Array, noise: ArrayLike<number>): Float64Array | undefined {
  const d = mean.length
  if (!choleskyDecompose(covariance, d)) return undefined
  const lower = choleskyDecompose(covariance.map((value, k) => value + noise[k]), d)
  if (!lower) return undefined
  const result = rows.slice()
  for (let start = 0; start < rows.length; start += d) {
    const pulled = solveCholesky(lower, d, Float64Array.from({ length: d }, (_, j) => rows[start + j] - mean[j]))
    for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) result[start + i] -= noise[i * d + j] * pulled[j]
  }
  return result
}

/** Cov{x | x̃} = C − C(Σ + C)⁻¹C, the same at every row: row-major [d × d]. Both covariances positive definite. */
export function posteriorCovariance({ covariance }: GaussianForm, noise: ArrayLike<number>): Float64Array {
  const d = Math.sqrt(noise.length)
  const inverse = invertCholesky(choleskyDecompose(covariance.map((value, k) => value + noise[k]), d)!, d)
  const less = multiply(noise, multiply(inverse, noise, d, d, d), d, d, d)
  return less.map((value, k) => noise[k] - value)
}
