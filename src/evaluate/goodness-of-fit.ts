// The kernel Stein test of rows against a score (Chwialkowski, Strathmann & Gretton 2016; Liu, Lee & Jordan 2016): no log Z is needed.
//
// Under p, E u(x, y) = 0 for u = φ(x)ᵀφ(y) k + φ(x)ᵀ∇ᵧk + φ(y)ᵀ∇ₓk + tr ∇ₓ∇ᵧᵀk. The kernel is the inverse multiquadric
// k = (c² + ‖x − y‖²)^−½ (Gorham & Mackey 2017), which also sees mass that escapes to infinity.
//
// On spheres φ and gradients are projected along them: with s = φ − (p − 1)z, which is Wφ + ∇·W of W = I − zzᵀ,
// u = s(x)ᵀs(y) k + s(x)ᵀW(y)∇ᵧk + s(y)ᵀW(x)∇ₓk + tr W(x) ∇ₓ∇ᵧᵀk W(y) (Stein's identity of the Laplace–Beltrami operator, as in Barp, Oates,
// Porcu & Girolami 2022).
import { UnnormError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import { someColumns } from '../data/domain-rows.ts'
import { choleskyFactor, rowMoments, thinRows, thinnedRow, whiten, whitenScores } from '../estimate/row-moments.ts'
import { weightingOf } from '../estimate/weighting.ts'
import type { Weighting } from '../estimate/weighting.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'

export interface GoodnessOfFit {
  readonly test: 'kernel-stein' | 'discrete-kernel-stein'
  /** Number of rows times the squared kernel Stein discrepancy (V-statistic; of real columns in coordinates whitened by the rows). */
  readonly statistic: number
  /** Share of the wild bootstrap draws that reach the statistic, of the first 50 that do; the smallest possible is 1/(draws + 1). */
  readonly pValue: number
  /** Rows that were used: the table's, or an evenly spaced part of it. */
  readonly rows: number
}

export interface GoodnessOfFitOptions {
  /** Most rows used; time and memory grow with the square. */
  readonly maximumRows?: number
  /** Most draws of the wild bootstrap. */
  readonly draws?: number
  /** Positions of coordinates that are unit vectors; scores are along their spheres. */
  readonly spheres?: readonly (readonly number[])[]
  /**
   * How rows count: the statistic is Σ wᵢwₖu(xᵢ, xₖ)/n, weights with mean one. As for the sandwich standard errors, rows are drawn
   * one by one (clusters as a whole), each with its weight, and weighting makes them draws of the density. So the squared
   * discrepancy is that of rows repeated by their weights, and the p-value is not: copies are no independent rows.
   */
  readonly weighting?: Weighting
}

/** Most rows used unless told otherwise. */
const STEIN_ROWS = 1000

// c² = d/4 in whitened coordinates, where a typical squared distance is 2d. Of d/64, d/16, d/4, d, 4d this had the most power
// over wrong variances (two and five dimensions), wrong tails, a missed curvature, and mixtures with too wide components.
const KERNEL_SCALE = 0.25

/**
 * Tests the hypothesis that the rows are independent draws of the fitted density.
 *
 * The p-value is calibrated for rows that the fit has not seen; on its own training rows the test is conservative.
 * It compares scores, so it hardly sees wrong relative heights of separated modes.
 * @param rows row-major [n × d], n ≥ 2, in the data's units
 * @throws UnnormError `score-not-finite`, `too-few-rows`
 */
export async function kernelSteinTest(
  energy: FittedEnergy,
  rows: Float64Array,
  random: Random,
  options: GoodnessOfFitOptions = {},
): Promise<GoodnessOfFit> {
  const dimension = energy.columns.length
  const { rows: used, count, weighting } = rowsToTest(rows, dimension, options)
  const { score } = await energy.evaluate(used)
  const bad = score.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) {
    const row = Math.floor(bad / dimension)
    throw new UnnormError(
      'score-not-finite',
      `no test of goodness of fit: the score of the row (${Array.from(used.subarray(row * dimension, (row + 1) * dimension)).join(', ')}) is ${score[bad]}`,
    )
  }
  const stein = steinMatrix(used, score, dimension, options.spheres ?? [], weighting.weights)
  return { test: 'kernel-stein', ...wildBootstrap(stein, count, weighting, random, options.draws), rows: count }
}

/**
 * The rows that a test uses, evenly spaced, and how they count.
 * @throws UnnormError `too-few-rows`
 */
export function rowsToTest(rows: Float64Array, dimension: number, { maximumRows = STEIN_ROWS, weighting = {} }: GoodnessOfFitOptions): { rows: Float64Array; count: number; weighting: Weighting } {
  const total = rows.length / dimension
  const used = thinRows(rows, dimension, maximumRows)
  const count = used.length / dimension
  if (count < 2) throw new UnnormError('too-few-rows', `no test of goodness of fit: ${count} rows (must be at least 2)`)
  const { weights, clusters } = weighting
  const counted = { ...(weights ? { weights: { values: weights } } : {}), ...(clusters ? { clusters } : {}) }
  return { rows: used, count, weighting: weightingOf(counted, count, (k) => (count < total ? thinnedRow(k, total, maximumRows) : k)) }
}

/** So many draws that reach the statistic tell a p-value well enough: to a seventh of itself, which is what 999 draws tell of 0.05. */
const ENOUGH_REACHED = 50
const ROUNDING = 1e-12
/** Draws computed together: enough for p-values above a fifth; where the p-value is large, the first of them are all. */
const FIRST_DRAWS = 252

/**
 * The wild bootstrap of a V-statistic that is degenerate under the hypothesis: signs of the rows, one for a whole cluster. Draws end
 * with the 50th that reaches the statistic; the p-value is then 50 over their number, and exact as ever (Besag & Clifford 1991, eq. 2).
 * @param matrix u(xᵢ, xₖ), symmetric, row-major [n × n]
 */
export function wildBootstrap(matrix: Float64Array, count: number, weighting: Weighting, random: Random, draws = 999): { statistic: number; pValue: number } {
  const drawn = sumsOfDrawn(matrix, count, weighting)
  let [total, size] = [0, 0]
  for (const value of drawn.matrix) {
    total += value
    size += Math.abs(value)
  }
  const statistic = total / count
  // Draws of few signs equal the statistic, but for the order in which they are summed.
  const least = total - ROUNDING * size
  let reached = 0
  for (let done = 0; done < draws;) {
    const some = done === 0 ? Math.min(FIRST_DRAWS, draws) : draws - done
    for (const form of quadraticForms(drawn.matrix, drawn.count, drawSigns(random, some, drawn.count))) {
      done++
      if (form >= least && ++reached === ENOUGH_REACHED) return { statistic, pValue: reached / done }
    }
  }
  return { statistic, pValue: (1 + reached) / (1 + draws) }
}

/** Sums of wᵢwₖu(xᵢ, xₖ) over what is drawn together: rows, or the rows of clusters. */
function sumsOfDrawn(matrix: Float64Array, count: number, { weights, clusters }: Weighting): { matrix: Float64Array; count: number } {
  if (!weights && !clusters) return { matrix, count }
  const size = clusters?.count ?? count
  const sums = new Float64Array(size * size)
  for (let i = 0; i < count; i++) {
    const start = (clusters ? clusters.of[i] : i) * size
    for (let k = 0; k < count; k++) sums[start + (clusters ? clusters.of[k] : k)] += (weights ? weights[i] * weights[k] : 1) * matrix[i * count + k]
  }
  return { matrix: sums, count: size }
}

/** The coordinates of a flat space, whitened. */
interface Flat {
  /** [n × d] */
  readonly y: Float64Array
  readonly phi: Float64Array
  readonly dimension: number
}

function flatOf(rows: Float64Array, score: Float64Array, dimension: number, weights: Float64Array | undefined): Flat {
  const { mean, covariance } = rowMoments(rows, dimension, weights)
  const factor = choleskyFactor(covariance, dimension)
  // Rows on a line or a plane have no whitened coordinates; the test is valid in any.
  return factor === null ? { y: rows, phi: score, dimension } : { y: whiten(rows, mean, factor), phi: whitenScores(score, factor), dimension }
}

/** A sphere of a radius at which the spread of the rows is that of whitened coordinates. */
interface Sphere {
  /** Unit vectors [n × p]. */
  readonly z: Float64Array
  /** (φ − (p − 1)z) / radius, [n × p]. */
  readonly drift: Float64Array
  readonly radius: number
  readonly p: number
}

function sphereOf(z: Float64Array, score: Float64Array, p: number, weights: Float64Array | undefined): Sphere {
  const { covariance } = rowMoments(z, p, weights)
  let spread = 0
  for (let k = 0; k < p; k++) spread += covariance[k * (p + 1)]
  const radius = Math.sqrt((p - 1) / spread) || 1
  return { z, p, radius, drift: score.map((value, e) => (value - (p - 1) * z[e]) / radius) }
}

// u(xᵢ, xₖ) for all pairs, row-major [n × n].
function steinMatrix(rows: Float64Array, score: Float64Array, dimension: number, positions: readonly (readonly number[])[], weights: Float64Array | undefined): Float64Array {
  const count = rows.length / dimension
  const pick = (values: Float64Array, which: readonly number[]): Float64Array => someColumns(values, dimension, which)
  const curved = new Set(positions.flat())
  const flat = Array.from({ length: dimension }, (_, j) => j).filter((j) => !curved.has(j))
  const { y, phi, dimension: d } = curved.size === 0 ? flatOf(rows, score, dimension, weights) : flatOf(pick(rows, flat), pick(score, flat), flat.length, weights)
  const spheres = positions.map((own) => sphereOf(pick(rows, own), pick(score, own), own.length, weights))
  const scale = KERNEL_SCALE * (d + spheres.reduce((sum, { p }) => sum + p - 1, 0))
  const matrix = new Float64Array(count * count)
  for (let i = 0; i < count; i++) {
    for (let k = 0; k <= i; k++) {
      let squared = 0
      let scores = 0
      let cross = 0
      for (let j = 0; j < d; j++) {
        const a = phi[i * d + j]
        const b = phi[k * d + j]
        const difference = y[i * d + j] - y[k * d + j]
        squared += difference * difference
        scores += a * b
        cross += (a - b) * difference
      }
      let trace = d
      let along = squared
      for (const { z, drift, radius, p } of spheres) {
        let [cosine, own, forward, backward] = [0, 0, 0, 0]
        for (let j = 0; j < p; j++) {
          cosine += z[i * p + j] * z[k * p + j]
          own += drift[i * p + j] * drift[k * p + j]
        }
        for (let j = 0; j < p; j++) {
          forward += drift[i * p + j] * (z[i * p + j] - cosine * z[k * p + j])
          backward += drift[k * p + j] * (cosine * z[i * p + j] - z[k * p + j])
        }
        squared += 2 * radius * radius * (1 - cosine)
        scores += own
        cross += radius * (forward - backward)
        trace += p - 2 + cosine * cosine
        along += radius * radius * cosine * (1 - cosine * cosine)
      }
      const q = 1 / Math.sqrt(scale + squared)
      const cubed = q * q * q
      const value = scores * q + (cross + trace) * cubed - 3 * along * cubed * q * q
      matrix[i * count + k] = value
      matrix[k * count + i] = value
    }
  }
  return matrix
}

// Signs ±1 of the draws, of 32 rows in a number: bit j of [b × draws] is set where row 32b + j has a plus.
function drawSigns(random: Random, draws: number, count: number): Int32Array {
  const signs = new Int32Array(Math.ceil(count / 32) * draws)
  for (let e = 0; e < signs.length; e++) signs[e] = random.integer(2 ** 32)
  return signs
}

// sᵀUs of every draw. Eight elements of a row of U have 256 signed sums, made by turning one sign after the other; a draw then
// picks one of them (Arlazarov et al. 1970), instead of eight products. Four times eight at once, whose signs are one number.
function quadraticForms(matrix: Float64Array, count: number, signs: Int32Array): Float64Array {
  const draws = signs.length / Math.ceil(count / 32)
  const totals = new Float64Array(draws)
  const own = new Float64Array(draws)
  const sums = [0, 1, 2, 3].map(() => new Float64Array(256))
  const [first, second, third, fourth] = sums
  let diagonal = 0
  for (let i = 0; i < count; i++) {
    own.fill(0)
    for (let group = 0; 32 * group < i; group++) {
      // What lies before no row adds nothing.
      sums.forEach((table, k) => signedSums(matrix, i * count + 32 * group + 8 * k, Math.max(0, Math.min(8, i - 32 * group - 8 * k)), table))
      const start = group * draws
      for (let draw = 0; draw < draws; draw++) {
        const bits = signs[start + draw]
        own[draw] += first[bits & 255] + second[(bits >> 8) & 255] + third[(bits >> 16) & 255] + fourth[bits >>> 24]
      }
    }
    const [at, bit] = [(i >> 5) * draws, 1 << (i & 31)]
    for (let draw = 0; draw < draws; draw++) totals[draw] += (signs[at + draw] & bit) === 0 ? -own[draw] : own[draw]
    diagonal += matrix[i * count + i]
  }
  return totals.map((value) => 2 * value + diagonal)
}

// The sums of `most` elements from `start` with all signs, bit j of the place: whether element j has a plus; other bits say nothing.
function signedSums(matrix: Float64Array, start: number, most: number, sums: Float64Array): void {
  sums[0] = 0
  for (let j = 0; j < most; j++) sums[0] -= matrix[start + j]
  for (let j = 0; j < 8; j++) {
    const turned = j < most ? 2 * matrix[start + j] : 0
    for (let pattern = 0; pattern < 1 << j; pattern++) sums[pattern | (1 << j)] = sums[pattern] + turned
  }
}
