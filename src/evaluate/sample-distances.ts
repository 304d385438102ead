// Distances between two samples: sliced Wasserstein-2 (Bonneel et al. 2015) and the maximum mean discrepancy (Gretton et al. 2012).
import type { Random } from '../base/random.ts'
import { thinRows } from '../estimate/row-moments.ts'
import type { MeanWithError } from './mean-with-error.ts'
import { meanWithError } from './mean-with-error.ts'

export interface SlicedWasserstein extends MeanWithError {
  /** The squared distance with its error, which is the nearly unbiased one where the distance is far from zero. */
  readonly squared: MeanWithError
}

export interface SlicedWassersteinOptions {
  /** Random directions; one column needs none. */
  readonly projections?: number
}

/**
 * The root of the mean over directions of the squared Wasserstein-2 distance of the projected samples, in the units of the data:
 * standardize columns of different units first. Two samples of one density are at a distance > 0, of the order n^(−½): compare
 * with that of two such samples. Errors are of the rows (the variance of the averaged Kantorovich potentials, the first-order
 * term of Manole, Balakrishnan & Wasserman 2022) and of the directions; they hold where the distance is not that small.
 * @param first row-major [n × d]
 * @param second row-major [m × d]
 */
export function slicedWasserstein(first: Float64Array, second: Float64Array, dimension: number, random: Random, options: SlicedWassersteinOptions = {}): SlicedWasserstein {
  const directions = dimension === 1 ? 1 : options.projections ?? 200
  const influences = [new Float64Array(first.length / dimension), new Float64Array(second.length / dimension)]
  const values = new Float64Array(directions)
  const direction = new Float64Array(dimension)
  for (let k = 0; k < directions; k++) {
    random.fillNormal(direction)
    const norm = Math.hypot(...direction)
    for (let j = 0; j < dimension; j++) direction[j] /= norm
    const { squared, potentials } = wasserstein(project(first, direction), project(second, direction))
    values[k] = squared
    potentials.forEach((potential, which) => potential.forEach((value, row) => { influences[which][row] += value / directions }))
  }
  const mean = meanWithError(values)
  const ofDirections = directions > 1 ? mean.standardError : 0
  const squared = { value: mean.value, standardError: Math.hypot(ofDirections, ...influences.map((influence) => meanWithError(influence).standardError)) }
  const value = Math.sqrt(squared.value)
  return { value, standardError: value > 0 ? squared.standardError / (2 * value) : squared.standardError, squared }
}

function project(rows: Float64Array, direction: Float64Array): Float64Array {
  const d = direction.length
  const result = new Float64Array(rows.length / d)
  for (let i = 0; i < result.length; i++) for (let j = 0; j < d; j++) result[i] += rows[i * d + j] * direction[j]
  return result
}

/** Squared Wasserstein-2 distance of two samples on the line, and the Kantorovich potential at every value of each, in their order. */
function wasserstein(first: Float64Array, second: Float64Array): { squared: number; potentials: readonly [Float64Array, Float64Array] } {
  const orders = [first, second].map((values) => Uint32Array.from(values.keys()).sort((a, b) => values[a] - values[b]))
  const sorted = [first, second].map((values, which) => Float64Array.from(orders[which], (row) => values[row]))
  const [n, m] = [first.length, second.length]
  // Where the mass of each value goes, on average: the quantile functions are steps of widths 1/n and 1/m.
  const images = [new Float64Array(n), new Float64Array(m)]
  let squared = 0
  for (let i = 0, j = 0, level = 0; i < n && j < m;) {
    const [ends, other] = [(i + 1) * m, (j + 1) * n]
    const next = Math.min(ends, other)
    const mass = (next - level) / (n * m)
    squared += mass * (sorted[0][i] - sorted[1][j]) ** 2
    images[0][i] += mass * n * sorted[1][j]
    images[1][j] += mass * m * sorted[0][i]
    level = next
    if (ends === next) i++
    if (other === next) j++
  }
  const potentialOf = (which: number): Float64Array => {
    // φ′(x) = 2(x − T(x)), summed by the trapezoid.
    const potential = new Float64Array(sorted[which].length)
    let sum = 0
    for (let i = 1; i < potential.length; i++) {
      const [low, high] = [sorted[which][i - 1], sorted[which][i]]
      sum += (high - low) * (low - images[which][i - 1] + high - images[which][i])
      potential[orders[which][i]] = sum
    }
    return potential
  }
  return { squared, potentials: [potentialOf(0), potentialOf(1)] }
}

export interface MeanDiscrepancy extends MeanWithError {
  /** h of the kernel exp(−‖x − y‖²/(2h²)). */
  readonly bandwidth: number
  /** Rows used of each sample. */
  readonly rows: number
}

export interface MeanDiscrepancyOptions {
  /** h; by default the median distance between two rows of the pooled samples. */
  readonly bandwidth?: number
  /** Most rows used of each sample, evenly spaced; time grows with the square. */
  readonly maximumRows?: number
}

/**
 * The squared maximum mean discrepancy with a Gaussian kernel, unbiased: it may come out negative. The error is that of a
 * U-statistic of order two (Hoeffding 1948), also where both samples are of one density. In the units of the data: standardize
 * columns of different units first.
 * @param first row-major [n × d]
 * @param second row-major [m × d]; as many rows are used of each
 */
export function meanDiscrepancy(first: Float64Array, second: Float64Array, dimension: number, options: MeanDiscrepancyOptions = {}): MeanDiscrepancy {
  const n = Math.min(options.maximumRows ?? 2000, first.length / dimension, second.length / dimension)
  const [x, y] = [thinRows(first, dimension, n), thinRows(second, dimension, n)]
  const squared = (a: Float64Array, i: number, b: Float64Array, j: number): number => {
    let sum = 0
    for (let k = 0; k < dimension; k++) sum += (a[i * dimension + k] - b[j * dimension + k]) ** 2
    return sum
  }
  const bandwidth = options.bandwidth ?? Math.sqrt(medianSquare(x, y, n, squared))
  const scale = -1 / (2 * bandwidth * bandwidth)
  const kernel = (a: Float64Array, i: number, b: Float64Array, j: number): number => Math.exp(scale * squared(a, i, b, j))
  const sums = new Float64Array(n)
  let squares = 0
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const value = kernel(x, i, x, j) + kernel(y, i, y, j) - kernel(x, i, y, j) - kernel(x, j, y, i)
      sums[i] += value
      sums[j] += value
      squares += 2 * value * value
    }
  }
  const pairs = n * (n - 1)
  const value = sums.reduce((sum, each) => sum + each, 0) / pairs
  // Variances of one term, and of a term's mean given one of its rows (what the spread of finite means overstates is taken off).
  const ofTerm = Math.max(0, squares / pairs - value * value)
  const ofMeans = sums.reduce((sum, each) => sum + (each / (n - 1) - value) ** 2, 0) / n
  const ofRow = Math.max(0, ofMeans - ofTerm / (n - 1))
  return { value, standardError: Math.sqrt((2 * (2 * (n - 2) * ofRow + ofTerm)) / pairs), bandwidth, rows: n }
}

/** The median squared distance between rows of the pooled samples, from at most 500 of each. */
function medianSquare(x: Float64Array, y: Float64Array, n: number, squared: (a: Float64Array, i: number, b: Float64Array, j: number) => number): number {
  const stride = Math.ceil(n / 500)
  const pooled: { rows: Float64Array; i: number }[] = []
  for (let i = 0; i < n; i += stride) pooled.push({ rows: x, i }, { rows: y, i })
  const distances = new Float64Array((pooled.length * (pooled.length - 1)) / 2)
  let next = 0
  pooled.forEach((a, k) => { for (let l = 0; l < k; l++) distances[next++] = squared(a.rows, a.i, pooled[l].rows, pooled[l].i) })
  return distances.sort()[Math.floor(distances.length / 2)]
}
