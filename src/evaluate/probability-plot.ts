// Rows of one column against the fitted distribution function, with a band that holds all of it in 95 % of fits of a true model.
//
// With θ estimated, √n(Fₙ − F(·; θ̂)) is in the limit a Gaussian process with the covariance of 1{x ≤ t} − F(t) − ∂F/∂θ(t)·a(x),
// a the influence of a row on θ̂ (Durbin 1973, theorem 1): narrower than the band of a distribution that was known. The band has
// at every point the same number of standard errors; that number is the 95 % quantile of the largest, found by drawing the process.
// Of rows with weights the shares are weighted; where rows form clusters, what varies are sums over these.
import { multiply, symmetricEigen, transpose } from '../base/linear-algebra.ts'
import type { Random } from '../base/random.ts'
import type { Weighting } from '../estimate/weighting.ts'
import type { LineDistribution } from './line-distribution.ts'

export interface ProbabilityPlot {
  /** Points of the column, increasing, [m]. */
  readonly x: Float64Array
  /** F(x; θ̂), [m]. */
  readonly probability: Float64Array
  /** (Weighted) share of the rows ≤ x less F(x), [m]. */
  readonly difference: Float64Array
  /** Standard error of the difference, [m]. */
  readonly standardError: Float64Array
  /** The rows' quantiles at these probabilities, and where the band has them, [m]. */
  readonly quantile: Float64Array
  readonly low: Float64Array
  readonly high: Float64Array
  /** Standard errors that the largest difference stays below in a share `level` of fits of a true model. */
  readonly critical: number
  readonly level: number
  /** The largest difference in its standard errors, and the share of drawn processes that reach it. */
  readonly largest: number
  readonly pValue: number
  readonly rows: number
}

/** F at the points looked at: further out the normal limit is not reached by a few hundred rows. */
const SHARES = Array.from({ length: 99 }, (_, k) => (k + 1) / 100)
const DRAWS = 1000
const LEVEL = 0.95

export interface ProbabilityPlotRequest {
  /** All rows that were fitted, [n]. */
  readonly rows: Float64Array
  /** How they count. */
  readonly weighting?: Weighting
  readonly distribution: LineDistribution
  /** How the estimate hangs on the rows; null for a distribution that owes nothing to them. */
  readonly influence: RowInfluences | ClusterInfluences | null
  readonly random: Random
}

/** Some of the rows, [m], how they count, and the influence of each, [m × P]. */
export interface RowInfluences {
  readonly rows: Float64Array
  readonly weighting?: Weighting
  readonly values: Float64Array
}

/** Σ wᵢaᵢ of the rows of each cluster, over the number of rows, [C × P]; needed where rows form clusters. */
export interface ClusterInfluences {
  readonly ofClusters: Float64Array
}

export function probabilityPlot({ rows, weighting = {}, distribution, influence, random }: ProbabilityPlotRequest): ProbabilityPlot {
  const places = [...new Set(SHARES.map((share) => nearest(distribution.probability, share)))]
  const x = Float64Array.from(places, (place) => distribution.edges[place])
  const probability = Float64Array.from(places, (place) => distribution.probability[place])
  const { sorted, below } = cumulative(rows, weighting.weights)
  const difference = shareBelow(sorted, below, x).map((share, k) => share - probability[k])
  const size = x.length
  const slopes = (): Float64Array => {
    const count = distribution.slopes!.length / distribution.edges.length
    return Float64Array.from({ length: count * size }, (_, e) => distribution.slopes![places[e % size] * count + Math.floor(e / size)])
  }
  const covariance = weighting.clusters ? clusterCovariance({ x, probability, difference, slopes }, rows, weighting, influence)
    : influence && 'rows' in influence ? processCovariance({ x, slopes }, influence)
    : bridge(probability, weighting.weights)
  const deviation = Float64Array.from({ length: size }, (_, k) => Math.sqrt(Math.max(covariance[k * (size + 1)], 0)))
  const highest = highestOfProcess(covariance, deviation, random)
  const standardError = deviation.map((value) => value / Math.sqrt(rows.length))
  const largest = difference.reduce((most, value, k) => (standardError[k] > 0 ? Math.max(most, Math.abs(value) / standardError[k]) : most), 0)
  const critical = highest[Math.ceil(LEVEL * DRAWS) - 1]
  const at = (sense: number): Float64Array => probability.map((share, k) => inverse(distribution, share + sense * critical * standardError[k]))
  return {
    quantile: probability.map((share) => sorted[Math.min(firstFrom(below, share - 1e-12), below.length - 1)]), low: at(-1), high: at(1),
    x, probability, difference, standardError, largest, rows: rows.length, level: LEVEL,
    critical,
    pValue: (1 + highest.filter((value) => value >= largest).length) / (1 + DRAWS),
  }
}

/** The first of increasing values that is at least this one, or how many there are. */
function firstFrom(increasing: Float64Array, value: number): number {
  let [low, high] = [0, increasing.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (increasing[middle] >= value) high = middle
    else low = middle + 1
  }
  return low
}

function nearest(increasing: Float64Array, value: number): number {
  const above = Math.min(firstFrom(increasing, value), increasing.length - 1)
  return above > 0 && value - increasing[above - 1] <= increasing[above] - value ? firstFrom(increasing, increasing[above - 1]) : above
}

/** The point below which a share of the density lies; the end of what was integrated for shares of 0 and less or 1 and more. */
function inverse({ edges, probability }: LineDistribution, share: number): number {
  const above = firstFrom(probability, share)
  if (above === 0 || above === probability.length) return above === 0 ? edges[0] : edges[edges.length - 1]
  const rise = probability[above] - probability[above - 1]
  return edges[above - 1] + (rise > 0 ? (share - probability[above - 1]) / rise : 0) * (edges[above] - edges[above - 1])
}

/** Rows in increasing order, and the share of their weight up to each. */
function cumulative(rows: Float64Array, weights: Float64Array | undefined): { readonly sorted: Float64Array; readonly below: Float64Array } {
  if (!weights) return { sorted: rows.slice().sort(), below: rows.map((_, k) => (k + 1) / rows.length) }
  const order = Uint32Array.from(rows, (_, k) => k).sort((a, b) => rows[a] - rows[b])
  let sum = 0
  const below = Float64Array.from(order, (row) => (sum += weights[row]))
  return { sorted: Float64Array.from(order, (row) => rows[row]), below: below.map((own) => own / sum) }
}

function shareBelow(sorted: Float64Array, below: Float64Array, x: Float64Array): Float64Array {
  let place = 0
  return x.map((point) => {
    while (place < sorted.length && sorted[place] <= point) place++
    return place === 0 ? 0 : below[place - 1]
  })
}

/** Of the Brownian bridge: (min(p, q) − pq), times the mean of squared weights. */
function bridge(probability: Float64Array, weights: Float64Array | undefined): Float64Array {
  const size = probability.length
  const spread = weights ? weights.reduce((sum, weight) => sum + weight * weight, 0) / weights.length : 1
  return Float64Array.from({ length: size * size }, (_, e) => {
    const [p, q] = [probability[Math.floor(e / size)], probability[e % size]]
    return spread * (Math.min(p, q) - p * q)
  })
}

/** Points of a fitted distribution, [m]; `slopes` are ∂F/∂θ at them, [P × m]. */
interface Points {
  readonly x: Float64Array
  readonly probability: Float64Array
  readonly slopes: () => Float64Array
}

/**
 * The covariance of √n(Fₙ − F(·; θ̂)) between points, row-major: of w·(1{row ≤ x} − m·a) less its mean, m the slope at x. Products of
 * indicators are indicators, so all sums over rows come from those up to each point.
 */
function processCovariance({ x, slopes }: Pick<Points, 'x' | 'slopes'>, { rows, weighting, values }: RowInfluences): Float64Array {
  const count = rows.length
  const [size, parameters] = [x.length, values.length / count]
  const { q, r } = orthogonal(values, count, parameters)
  const order = Uint32Array.from(rows, (_, row) => row).sort((a, b) => rows[a] - rows[b])
  // Of each row [1, a], times w for means and w² for products; the last place holds all rows, the others those up to a point.
  const width = parameters + 1
  const sums = new Float64Array((size + 1) * width)
  const squares = new Float64Array((size + 1) * width)
  const products = new Float64Array(width * width)
  let place = 0
  for (let k = 0; k <= size; k++) {
    if (k > 0) for (const all of [sums, squares]) all.copyWithin(k * width, (k - 1) * width, k * width)
    const last = k === size ? Infinity : x[k]
    for (; place < count && rows[order[place]] <= last; place++) {
      const row = order[place]
      const weight = weighting?.weights?.[row] ?? 1
      for (let p = 0; p < width; p++) {
        const own = p === 0 ? 1 : q[row * parameters + p - 1]
        sums[k * width + p] += weight * own
        squares[k * width + p] += weight * weight * own
        for (let other = 0; other <= p; other++) products[p * width + other] = products[other * width + p] += weight * weight * own * (other === 0 ? 1 : q[row * parameters + other - 1])
      }
    }
  }
  // At each point the process is the indicator plus f·[1, a], where f has the mean taken out.
  const slope = multiply(r, slopes(), parameters, parameters, size)
  const factors = new Float64Array(size * width)
  const all = size * width
  for (let k = 0; k < size; k++) {
    let mean = sums[k * width]
    for (let p = 1; p < width; p++) {
      factors[k * width + p] = -slope[(p - 1) * size + k]
      mean += factors[k * width + p] * sums[all + p]
    }
    factors[k * width] = -mean / sums[all]
  }
  const dot = (a: Float64Array, aStart: number, b: Float64Array, bStart: number): number => {
    let sum = 0
    for (let p = 0; p < width; p++) sum += a[aStart + p] * b[bStart + p]
    return sum
  }
  const moved = multiply(factors, products, size, width, width)
  return Float64Array.from({ length: size * size }, (_, e) => {
    const [k, l] = [Math.floor(e / size) * width, (e % size) * width]
    return (squares[Math.min(k, l)] + dot(factors, k, squares, l) + dot(factors, l, squares, k) + dot(moved, k, factors, l)) / count
  })
}

/**
 * Influences as q r, row-major, columns of q orthogonal and of the size of √n: where influences hang together so that most of a row
 * cancels in m·a, sums of products of q have lost no digits, as those of a would have (modified Gram–Schmidt, twice).
 */
function orthogonal(values: Float64Array, count: number, size: number): { q: Float64Array; r: Float64Array } {
  const columns = Array.from({ length: size }, (_, p) => Float64Array.from({ length: count }, (_unused, row) => values[row * size + p]))
  const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, row) => sum + value * b[row], 0) / count
  const r = new Float64Array(size * size)
  columns.forEach((own, p) => {
    for (const _ of [1, 2]) {
      for (let other = 0; other < p; other++) {
        const along = dot(own, columns[other])
        own.forEach((_value, row) => { own[row] -= along * columns[other][row] })
        r[other * size + p] += along
      }
    }
    const length = Math.sqrt(dot(own, own))
    r[p * size + p] = length
    if (length > 0) own.forEach((_value, row) => { own[row] /= length })
  })
  return { q: Float64Array.from({ length: count * size }, (_, e) => columns[e % size][Math.floor(e / size)]), r }
}

/** The same where what varies are sums over clusters. */
function clusterCovariance({ x, probability, difference, slopes }: Points & { readonly difference: Float64Array }, rows: Float64Array, { weights, clusters }: Weighting, influence: RowInfluences | ClusterInfluences | null): Float64Array {
  const size = x.length
  const { of, count } = clusters!
  const sums = influence && 'ofClusters' in influence
    ? multiply(influence.ofClusters, slopes(), count, influence.ofClusters.length / count, size).map((value) => -rows.length * value)
    : new Float64Array(count * size)
  rows.forEach((row, i) => {
    const weight = weights ? weights[i] : 1
    for (let k = 0; k < size; k++) sums[of[i] * size + k] += weight * ((row <= x[k] ? 1 : 0) - probability[k] - difference[k])
  })
  return multiply(transpose(sums, count, size), sums, size, count, size).map((value) => value / rows.length)
}

/** Largest absolute standardized values of drawn processes, increasing. */
function highestOfProcess(covariance: Float64Array, deviation: Float64Array, random: Random): Float64Array {
  const size = deviation.length
  const { values, vectors } = symmetricEigen(covariance, size)
  const root = vectors.map((value, e) => { const sd = deviation[Math.floor(e / size)]; return sd > 0 ? value * Math.sqrt(Math.max(values[e % size], 0)) / sd : 0 })
  const normal = new Float64Array(size * DRAWS)
  random.fillNormal(normal)
  const paths = multiply(root, normal, size, size, DRAWS)
  const highest = new Float64Array(DRAWS)
  paths.forEach((value, e) => { const draw = e % DRAWS; highest[draw] = Math.max(highest[draw], Math.abs(value)) })
  return highest.sort()
}
