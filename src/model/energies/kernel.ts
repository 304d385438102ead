// A kernel exponential family with few inducing points (Sriperumbudur et al. 2017; Sutherland et al. 2018): a fitted Gaussian, bent by
// bumps around points among the rows. The score is linear in the weights, so score matching has a closed form.
import { UnnormError } from '../../base/errors.ts'
import { choleskyDecompose, invertCholesky, invertLower, multiply, transpose } from '../../base/linear-algebra.ts'
import type { Options } from '../../base/options.ts'
import { dot, exp, matmul, quadraticForm } from '../expression.ts'
import { defineModel } from '../model.ts'
import type { Model } from '../model.ts'
import { vector } from '../parameters.ts'

/** The options a user of the command line sets. */
export const kernelOptions = {
  points: { type: 'number', integer: true, minimum: 1, default: 20, sentence: 'Inducing points of the kernel model' },
  bandwidth: { type: 'number', above: 0, defaultWords: '1.5 times the median distance of an inducing point to the nearest other', sentence: 'Width of the bumps around them, in standard deviations of the rows' },
} as const satisfies Options

export interface KernelOptions {
  readonly points?: number
  readonly bandwidth?: number | undefined
}

interface Moments {
  readonly mean: Float64Array
  /** Row-major, positive definite. */
  readonly covariance: Float64Array
}

/** What the model is fixed to before its weights are estimated. */
interface KernelSetting extends Moments {
  /** Row-major [points × d]. */
  readonly points: Float64Array
  /** In standard deviations. */
  readonly bandwidth: number
}

const BANDWIDTH_OF_SPACING = 1.5
const ROUNDS = 30

/**
 * log p = log N(x; m, S) + Σ weight[k] exp(−½ (x − zₖ)ᵀS⁻¹(x − zₖ)/h²) + constant on ℝᵈ: m and S are mean and covariance of the
 * rows, the zₖ rows chosen by `inducingPoints`. Bumps are bounded, so it is a density for all weights.
 */
export function kernel({ points: count = kernelOptions.points.default, bandwidth }: KernelOptions = {}): Model {
  return defineModel<string>({
    name: 'kernel',
    formula: 'log N(x; m, S) + Σₖ weight[k] exp(−½ (x − zₖ)ᵀ S⁻¹ (x − zₖ)/h²)',
    parameters: () => ({ weight: vector(count) }),
    logDensity: () => { throw new UnnormError('model', 'model kernel has no points yet: they are chosen from the rows of a fit') },
    forRows: ({ rows, moments }) => {
      const { mean, covariance } = moments()
      const { points, spacing } = inducingPoints(rows(), { mean, covariance }, count)
      return kernelAt({ points, mean, covariance, bandwidth: bandwidth ?? BANDWIDTH_OF_SPACING * spacing })
    },
  })
}

/** The model once its points are known. */
export function kernelAt({ points, bandwidth, mean, covariance }: KernelSetting): Model {
  const dimension = mean.length
  const count = points.length / dimension
  const lower = factorOf(covariance, dimension)
  const precision = rowsOf(invertCholesky(lower, dimension), dimension)
  const whitening = invertLower(lower, dimension)
  const whitened = multiply(points, transpose(whitening, dimension, dimension), count, dimension, dimension)
  const norms = Array.from({ length: count }, (_, k) => whitened.subarray(k * dimension, (k + 1) * dimension).reduce((total, value) => total + value * value, 0))
  const matrix = rowsOf(whitening, dimension)
  const centers = rowsOf(whitened, dimension)
  return defineModel<string>({
    name: 'kernel',
    formula: `log N(x; m, S) + Σₖ weight[k] exp(−½ (x − zₖ)ᵀ S⁻¹ (x − zₖ)/h²), k = 1 … ${count}, h = ${Number(bandwidth.toPrecision(4))}`,
    tex: String.raw`\log N(x; m, S) + \sum_{k=1}^{${count}} \text{weight}_k \exp\left(-\frac{(x - z_k)^\top S^{-1} (x - z_k)}{2 \cdot ${Number(bandwidth.toPrecision(4))}^2}\right)`,
    details: { points: rowsOf(points, dimension), bandwidth, mean: Array.from(mean), covariance: rowsOf(covariance, dimension) },
    parameters: () => ({ weight: vector(count) }),
    logDensity: ({ weight }, x) => {
      const base = quadraticForm(precision, x.sub(Array.from(mean))).mul(-0.5)
      const u = matmul(matrix, x)
      // ‖u − c‖² for all points at once.
      const distances = u.square().sum().add(norms).sub(matmul(centers, u).mul(2))
      return base.add(dot(weight, exp(distances.mul(-0.5 / bandwidth ** 2))))
    },
  })
}

const rowsOf = (flat: Float64Array, width: number): number[][] => Array.from({ length: flat.length / width }, (_, i) => Array.from(flat.subarray(i * width, (i + 1) * width)))

/** @throws UnnormError `singular-covariance` */
function factorOf(covariance: Float64Array, dimension: number): Float64Array {
  const factor = choleskyDecompose(covariance, dimension)
  if (!factor) throw new UnnormError('singular-covariance', 'model kernel: the covariance of the rows is singular (drop columns that are combinations of others)')
  return factor
}

/**
 * Points where the rows are: k-means of the whitened rows (Lloyd 1982), from evenly spread rows, each center moved to the row
 * nearest to it. So every point has about as many rows around it.
 * @returns the points [count × d], fewer where centers meet in one row, and the median distance of a point to the nearest other
 */
export function inducingPoints(rows: Float64Array, { mean, covariance }: Moments, count: number): { points: Float64Array; spacing: number } {
  const d = mean.length
  const lower = factorOf(covariance, d)
  const whitened = multiply(rows, transpose(invertLower(lower, d), d, d), rows.length / d, d, d)
  const total = rows.length / d
  const wanted = Math.min(count, total)
  let centers = Float64Array.from({ length: wanted * d }, (_, e) => whitened[Math.floor((Math.floor(e / d) + 0.5) * total / wanted) * d + (e % d)])
  for (let round = 0; round < ROUNDS; round++) centers = moved(whitened, centers, d)
  const chosen = [...new Set(Array.from({ length: wanted }, (_, k) => nearestTo(centers.subarray(k * d, (k + 1) * d), whitened, d)))].sort((a, b) => a - b)
  const points = Float64Array.from(chosen.flatMap((row) => Array.from(rows.subarray(row * d, (row + 1) * d))))
  const places = Float64Array.from(chosen.flatMap((row) => Array.from(whitened.subarray(row * d, (row + 1) * d))))
  const gaps = chosen.map((_, k) => Math.sqrt(Math.min(...chosen.map((__, l) => (l === k ? Infinity : squaredDistance(places, k, places, l, d)))))).sort((a, b) => a - b)
  const spacing = gaps[Math.floor(gaps.length / 2)]
  return { points, spacing: Number.isFinite(spacing) && spacing > 0 ? spacing : 1 }
}

/** Each center at the mean of the rows nearest to it; one without rows stays. */
function moved(rows: Float64Array, centers: Float64Array, d: number): Float64Array<ArrayBuffer> {
  const sums = new Float64Array(centers.length)
  const counts = new Float64Array(centers.length / d)
  for (let row = 0; row < rows.length / d; row++) {
    const own = nearestTo(rows.subarray(row * d, (row + 1) * d), centers, d)
    counts[own]++
    for (let j = 0; j < d; j++) sums[own * d + j] += rows[row * d + j]
  }
  return sums.map((value, e) => (counts[Math.floor(e / d)] > 0 ? value / counts[Math.floor(e / d)] : centers[e]))
}

function nearestTo(point: Float64Array, among: Float64Array, d: number): number {
  let best = 0
  let least = Infinity
  for (let k = 0; k < among.length / d; k++) {
    const distance = squaredDistance(point, 0, among, k, d)
    if (distance < least) [best, least] = [k, distance]
  }
  return best
}

function squaredDistance(a: Float64Array, i: number, b: Float64Array, j: number, d: number): number {
  let total = 0
  for (let k = 0; k < d; k++) total += (a[i * d + k] - b[j * d + k]) ** 2
  return total
}
