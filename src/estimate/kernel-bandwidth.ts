// The bandwidth of a Gaussian kernel density by leave-one-out likelihood (Habbema, Hermans & van den Broek 1974; Duin 1976).
import { NEGLIGIBLE, expNegative } from '../base/exponential.ts'
import { thinRows } from './row-moments.ts'

export interface Bandwidth {
  /** Standard deviation of the kernel, in the units of the rows, for a density of as many centres as there are rows. */
  readonly bandwidth: number
  /** Mean leave-one-out log-density at the best bandwidth, of the thinned rows. */
  readonly logLikelihood: number
  /** Rows that served as centres; where the table has more, the bandwidth is scaled by (used/rows)^(1/(d+4)). */
  readonly used: number
}

export interface BandwidthOptions {
  /** Most centres taken, evenly spaced over the rows. */
  readonly maximumCentres?: number
  /** Most rows at which the density is evaluated. */
  readonly maximumQueries?: number
  /** Share of the rows, the most isolated ones, whose density does not count: a few of them can double the bandwidth. */
  readonly ignoredShare?: number
  /** Of the rows, with mean one: those of centres and of the density at queries. */
  readonly weights?: Float64Array
}

const COARSE = 5

/**
 * Chooses one bandwidth for all coordinates: they must have comparable scales.
 *
 * Copies of the row itself are left out with it: in tied data they would drive the bandwidth to zero.
 * @param rows row-major [n × d], n ≥ 2
 */
export function chooseBandwidth(rows: Float64Array, dimension: number, options: BandwidthOptions = {}): Bandwidth {
  const count = rows.length / dimension
  const centres = thinRows(rows, dimension, options.maximumCentres ?? 2000)
  const used = centres.length / dimension
  const weights = options.weights && thinRows(options.weights, 1, used)
  const pairs = pairDistances(centres, dimension, options.maximumQueries ?? 500, options.ignoredShare ?? 0, weights)
  const at = (logBandwidth: number, every = 1): number => leaveOneOut(pairs, Math.exp(logBandwidth), dimension, every)
  // The normal reference rule (Silverman 1986, eq. 4.14) in units of the typical spread; clustered data need far less.
  const reference = Math.log(pairs.spread * (4 / (dimension + 2)) ** (1 / (dimension + 4)) * used ** (-1 / (dimension + 4)))
  const grid = Array.from({ length: 13 }, (_, i) => reference + Math.log(2) * (i - 10) * 0.5)
  // Some of the queries tell which two steps on either side hold the best.
  const values = grid.map((logBandwidth) => at(logBandwidth, COARSE))
  const best = values.indexOf(Math.max(...values))
  const found = goldenSection(at, grid[Math.max(0, best - 2)], grid[Math.min(grid.length - 1, best + 2)])
  return {
    bandwidth: Math.exp(found.at) * (used / count) ** (1 / (dimension + 4)),
    logLikelihood: found.value,
    used,
  }
}

interface PairDistances {
  readonly queries: number
  readonly centres: number
  // Half the squared distance of every query to every centre; ∞ for itself and its copies.
  readonly halfSquared: Float32Array
  // The smallest of them for every query; ∞ for a query that does not count.
  readonly nearest: Float64Array
  // The root mean square deviation per coordinate.
  readonly spread: number
  readonly weights: { readonly queries: Float64Array; readonly centres: Float64Array; readonly total: number } | undefined
}

function pairDistances(centres: Float64Array, dimension: number, maximumQueries: number, ignoredShare: number, weights: Float64Array | undefined): PairDistances {
  const count = centres.length / dimension
  const queries = thinRows(centres, dimension, maximumQueries)
  const queryCount = queries.length / dimension
  const halfSquared = new Float32Array(queryCount * count)
  const nearest = new Float64Array(queryCount).fill(Infinity)
  const own = weights && { centres: weights, queries: thinRows(weights, 1, queryCount), total: totalOf(weights) }
  let sum = 0
  for (let q = 0; q < queryCount; q++) {
    for (let c = 0; c < count; c++) {
      let squared = 0
      for (let j = 0; j < dimension; j++) squared += (queries[q * dimension + j] - centres[c * dimension + j]) ** 2
      sum += own ? own.queries[q] * own.centres[c] * squared : squared
      const half = squared === 0 || own?.centres[c] === 0 ? Infinity : squared / 2
      halfSquared[q * count + c] = half
      if (half < nearest[q]) nearest[q] = half
    }
  }
  const bound = nearest.filter((value) => value < Infinity).sort()
  const limit = bound[Math.ceil(bound.length * (1 - ignoredShare)) - 1]
  for (let q = 0; q < queryCount; q++) if (nearest[q] > limit) nearest[q] = Infinity
  const pairs = own ? totalOf(own.queries) * own.total : queryCount * count
  return { queries: queryCount, centres: count, halfSquared, nearest, spread: Math.sqrt(sum / (2 * pairs * dimension)), weights: own }
}

const totalOf = (weights: Float64Array): number => weights.reduce((sum, weight) => sum + weight, 0)

/** @param every of the queries only every so-manieth, from the first */
function leaveOneOut(pairs: PairDistances, bandwidth: number, dimension: number, every: number): number {
  const { queries, centres, halfSquared, nearest, weights } = pairs
  const scale = -1 / (bandwidth * bandwidth)
  let total = 0
  let counted = 0
  for (let q = 0; q < queries; q += every) {
    // Isolated, or all rows are copies of it.
    if (nearest[q] === Infinity) continue
    const shift = nearest[q]
    let sum = 0
    for (let i = q * centres; i < (q + 1) * centres; i++) {
      const exponent = (halfSquared[i] - shift) * scale
      if (exponent > NEGLIGIBLE) sum += weights ? weights.centres[i - q * centres] * expNegative(exponent) : expNegative(exponent)
    }
    const counts = weights ? weights.queries[q] : 1
    total += counts * (Math.log(sum) + shift * scale - Math.log(weights ? weights.total - counts : centres - 1))
    counted += counts
  }
  return total / counted - dimension * Math.log(bandwidth * Math.sqrt(2 * Math.PI))
}

/** The highest value of a function with one peak, by its place to within 0.02. */
export function goldenSection(f: (x: number) => number, from: number, to: number): { at: number; value: number } {
  const ratio = (Math.sqrt(5) - 1) / 2
  let low = from
  let high = to
  let left = high - ratio * (high - low)
  let right = low + ratio * (high - low)
  let atLeft = f(left)
  let atRight = f(right)
  // A bandwidth within 2 % of the best loses nothing measurable.
  while (high - low > 0.02) {
    if (atLeft > atRight) {
      high = right
      right = left
      atRight = atLeft
      left = high - ratio * (high - low)
      atLeft = f(left)
    } else {
      low = left
      left = right
      atLeft = atRight
      right = low + ratio * (high - low)
      atRight = f(right)
    }
  }
  return atLeft > atRight ? { at: left, value: atLeft } : { at: right, value: atRight }
}
