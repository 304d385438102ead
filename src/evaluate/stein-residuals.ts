// Where a fitted density misses its rows: residuals of Stein's identity, by column and aspect, in standard errors that know that
// the parameters were estimated from the same rows.
//
// For x ~ p, φ = ∇ log p and smooth g of moderate growth, E[g φⱼ + ∂ⱼg] = 0 (Stein 1972; integration by parts, as in Hyvärinen
// 2005). If the rows come from a density ∝ p·(1 + εa) instead, it is −ε E[g ∂ⱼa]: with the sign turned, g = 1, u, u² − 1 and
// u³ − 3u of a standardized column u see what the rows have more of in location, spread, skewness and tails (under a Gaussian
// they are the means of Hermite polynomials, the classical moment tests), and g = uᵢ beside φⱼ sees dependence. The last two
// polynomials are damped by exp(−u²/8): their errors then hold from a hundred rows on, and heavy tails are seen sooner than by
// the fourth moment. Where the domain ends or is curved, the squares are weighted by a matrix W along it that vanishes at its
// ends, as in the objective: E[φᵀWg + ∇·(Wg)] = 0 for fields g. With θ estimated, θ̂ − θ ≈ mean aᵢ, the mean of rᵢ has the variance of rᵢ + (∂r/∂θ)aᵢ over n (Pierce 1982).
// Where rows count for more or less than one, all means are weighted; where they form clusters, what varies are sums over these.
import type { RowWeights } from '../estimate/domain-metric.ts'
import { rowMoments } from '../estimate/row-moments.ts'
import { errorOfMean } from '../estimate/weighting.ts'
import type { Weighting } from '../estimate/weighting.ts'

/** What a residual is about; `dependence` is that of two columns. */
export type Aspect = 'location' | 'spread' | 'skewness' | 'tails' | 'dependence'

export interface SteinResidual {
  readonly aspect: Aspect
  /** One column from 0, or two for dependence. */
  readonly columns: readonly number[]
  /** Positive where the rows have more of it than the density: lie higher, spread wider, lean to the right, have heavier tails, rise together. */
  readonly value: number
  readonly standardError: number
  /** Value over error: standard normal where the density is the true one; null where the fit makes the residual zero. */
  readonly z: number | null
}

/** How scores hang on the parameters that were estimated from the rows. */
export interface Estimation {
  /** How each of `rows` moves the estimate, times the number of rows fitted, [m × P]. */
  readonly influences: Float64Array
  /** ∂φ/∂θ at each of `rows`, [m × d × P]. */
  readonly scoreSlopes: Float64Array
  /** These rows, some of all, row-major [m × d], with their scores and weights. */
  readonly rows: Float64Array
  readonly scores: Float64Array
  readonly weights?: RowWeights | undefined
  /** How these rows count. */
  readonly weighting?: Weighting
  /** Σ wᵢaᵢ of all rows of each cluster, over the number of rows fitted, [C × P]; only where there are clusters. */
  readonly ofClusters?: Float64Array
}

/** Damping of the polynomials of degree two and three. */
const DAMPING = 8
/** A mean this small in its own errors is no chance. */
const FITTED = 1e-4
/** What the estimate leaves of a residual's variance where the fit makes it zero: all but nothing, and the error of a slope from some rows. */
const LEFT = 0.01

/** The four aspects of one column: each writes g(u) and g′(u) into a field. Tables are long: nothing is made anew for each row. */
const functions: readonly (readonly [Aspect, (u: number, field: Float64Array) => void])[] = [
  ['location', (_, field) => write(field, 1, 0)],
  ['spread', (u, field) => write(field, u, 1)],
  ['skewness', (u, field) => damped(field, u, u * u - 1, 2 * u)],
  ['tails', (u, field) => damped(field, u, u * (u * u - 3), 3 * (u * u - 1))],
]

function write(field: Float64Array, value: number, slope: number): void {
  field[0] = value
  field[1] = slope
}

function damped(field: Float64Array, u: number, value: number, slope: number): void {
  const factor = Math.exp(-u * u / DAMPING)
  write(field, value * factor, (slope - value * 2 * u / DAMPING) * factor)
}

/** The field g of one residual, in standardized units: nonzero in `columns` only. */
interface Test {
  readonly aspect: Aspect
  readonly columns: readonly number[]
  /** Writes gₖ of each of `columns`, then ∂gₖ/∂uₖ of each. For dependence ∂g/∂u of the other column is ½ for both. */
  write(field: Float64Array, u: Float64Array): void
}

function testsOf(dimension: number): Test[] {
  const columns = Array.from({ length: dimension }, (_, j) => j)
  return [
    ...columns.flatMap((j) => functions.map(([aspect, g]): Test => ({ aspect, columns: [j], write: (field, u) => g(u[j], field) }))),
    ...columns.flatMap((j) => columns.slice(0, j).map((i): Test => ({
      aspect: 'dependence', columns: [i, j],
      write: (field, u) => {
        field[0] = u[j] / 2
        field[1] = u[i] / 2
        field[2] = field[3] = 0
      },
    }))),
  ]
}

/**
 * The residuals of all columns and pairs of columns.
 * @param rows row-major [n × d]: those that were fitted, all or many of them
 * @param scores φ at them, [n × d]; finite
 * @param estimation what is known of the estimate; null for a density that owes nothing to these rows
 * @param fittedRows how many rows were fitted
 * @param weights of the rows, on domains that end or are curved
 * @param weighting how the rows count; its clusters numbered as in `estimation.ofClusters`
 */
export function steinResiduals(rows: Float64Array, scores: Float64Array, dimension: number, estimation: Estimation | null, fittedRows: number, weights?: RowWeights, weighting: Weighting = {}): SteinResidual[] {
  const { mean, covariance } = rowMoments(rows, dimension, weighting.weights)
  const deviation = Float64Array.from({ length: dimension }, (_, j) => Math.sqrt(covariance[j * (dimension + 1)]))
  const tests = testsOf(dimension)
  const whole = perRow(tests, { rows, scores, weights }, mean, deviation)
  const count = rows.length / dimension
  const slopes = estimation && meanSlopes(tests, estimation, mean, deviation)
  const corrected = estimation && correctedVariances(tests, slopes!, estimation, mean, deviation)
  return tests.map(({ aspect, columns }, t): SteinResidual => {
    const own = columnOf(whole, t, tests.length)
    const { value, variance } = moments(own, weighting)
    // All rows share the error of the estimate; rows that were left out add their own chance.
    const squared = corrected === null ? variance / count
      : estimation?.ofClusters && weighting.clusters ? clusterVariance(own, value, weighting, slopes![t], estimation.ofClusters)
      : corrected[t] * variance / fittedRows + variance * Math.max(0, 1 / count - 1 / fittedRows)
    const isFitted = corrected !== null && (value ** 2 * count <= FITTED ** 2 * variance || corrected[t] < LEFT)
    const standardError = isFitted ? 0 : Math.sqrt(squared)
    return { aspect, columns, value, standardError, z: standardError > 0 ? value / standardError : null }
  })
}

/** The variance of the mean of r + (∂r/∂θ)a, r of some of the rows of the clusters and a of all of them. */
function clusterVariance(own: Float64Array, value: number, { weights, clusters }: Weighting, slope: Float64Array, ofClusters: Float64Array): number {
  const size = slope.length
  const sums = Float64Array.from({ length: ofClusters.length / size }, (_, c) => slope.reduce((sum, factor, p) => sum + factor * ofClusters[c * size + p], 0))
  own.forEach((residual, i) => { sums[clusters!.of[i]] += (weights ? weights[i] : 1) * (residual - value) / own.length })
  return sums.reduce((sum, each) => sum + each * each, 0)
}

interface WeightedRows {
  readonly rows: Float64Array
  readonly scores: Float64Array
  readonly weights?: RowWeights | undefined
}

/** Residuals of rows, row-major [n × tests]: −[φᵀWg + W:∇g + b·g]. */
function perRow(tests: readonly Test[], { rows, scores, weights }: WeightedRows, mean: Float64Array, deviation: Float64Array): Float64Array {
  const d = mean.length
  const count = rows.length / d
  const values = new Float64Array(count * tests.length)
  const at = openRows(rows, mean, deviation, weights)
  const along = new Float64Array(d)
  for (let row = 0, to = 0; row < count; row++) {
    at.moveTo(row)
    at.weigh(scores, row * d, 1, along)
    for (const test of tests) {
      let value = at.write(test)
      const { columns } = test
      for (let k = 0; k < columns.length; k++) value += at.field[k] * deviation[columns[k]] * along[columns[k]]
      values[to++] = -value
    }
  }
  return values
}

/** What a residual is made of at one row. */
interface AtRow {
  moveTo(row: number): void
  /** Writes a test's field into `field`; W:∇g + b·g. */
  write(test: Test): number
  readonly field: Float64Array
  /** W times vectors: `size` of them, the elements of each `size` apart from `start` on, into [d × size]. */
  weigh(vectors: Float64Array, start: number, size: number, into: Float64Array): void
}

function openRows(rows: Float64Array, mean: Float64Array, deviation: Float64Array, weights: RowWeights | undefined): AtRow {
  const d = mean.length
  const u = new Float64Array(d)
  const field = new Float64Array(4)
  let at = 0
  const weighted = ({ columns }: Test, { diagonal, radial, divergence, part }: RowWeights): number => {
    const size = columns.length
    let constant = 0
    for (let k = 0; k < size; k++) {
      const j = columns[k]
      constant += field[k] * deviation[j] * divergence[at + j] + field[size + k] * (diagonal[at + j] - radial[at + j] * rows[at + j] ** 2)
    }
    if (size === 2 && part[columns[0]] === part[columns[1]]) {
      const [i, j] = columns
      const ratio = deviation[i] / deviation[j]
      constant -= radial[at + i] * rows[at + i] * rows[at + j] * (ratio + 1 / ratio) / 2
    }
    return constant
  }
  return {
    field,
    moveTo: (row) => {
      at = row * d
      for (let j = 0; j < d; j++) u[j] = (rows[at + j] - mean[j]) / deviation[j]
    },
    write: (test) => {
      test.write(field, u)
      if (weights) return weighted(test, weights)
      return test.columns.length === 1 ? field[1] : 0
    },
    weigh: (vectors, start, size, into) => {
      for (let j = 0; j < d; j++) {
        const own = weights ? weights.diagonal[at + j] : 1
        for (let p = 0; p < size; p++) into[j * size + p] = own * vectors[start + j * size + p]
        const pull = weights ? weights.radial[at + j] * rows[at + j] : 0
        if (pull === 0) continue
        for (let l = 0; l < d; l++) {
          if (weights!.part[l] !== weights!.part[j]) continue
          const factor = pull * rows[at + l]
          for (let p = 0; p < size; p++) into[j * size + p] -= factor * vectors[start + l * size + p]
        }
      }
    },
  }
}

function columnOf(values: Float64Array, column: number, columns: number): Float64Array {
  const own = new Float64Array(values.length / columns)
  for (let row = 0; row < own.length; row++) own[row] = values[row * columns + column]
  return own
}

/** Weighted mean of values, and the variance of that mean times their number. */
function moments(values: Float64Array, weighting: Weighting): { readonly value: number; readonly variance: number } {
  const { weights } = weighting
  const weighted = weights ? values.map((value, i) => weights[i] * value) : values
  let sum = 0
  for (let i = 0; i < weighted.length; i++) sum += weighted[i]
  const value = sum / values.length
  return { value, variance: errorOfMean(weighted, weighting) ** 2 * values.length }
}

/** ∂/∂θ of the mean residual of each test, [tests][P]. */
function meanSlopes(tests: readonly Test[], { rows, weights, weighting, influences, scoreSlopes }: Estimation, mean: Float64Array, deviation: Float64Array): Float64Array[] {
  const d = mean.length
  const count = rows.length / d
  const size = influences.length / count
  const slopes = tests.map(() => new Float64Array(size))
  const at = openRows(rows, mean, deviation, weights)
  const along = new Float64Array(d * size)
  for (let row = 0; row < count; row++) {
    at.moveTo(row)
    at.weigh(scoreSlopes, row * d * size, size, along)
    const share = (weighting?.weights?.[row] ?? 1) / count
    tests.forEach((test, t) => {
      at.write(test)
      const own = slopes[t]
      const { columns } = test
      for (let k = 0; k < columns.length; k++) {
        const factor = at.field[k] * deviation[columns[k]] * share
        if (factor === 0) continue
        const start = columns[k] * size
        for (let p = 0; p < size; p++) own[p] -= factor * along[start + p]
      }
    })
  }
  return slopes
}

/** The variance of r + (∂r/∂θ)a as a share of that of r, for each test. */
function correctedVariances(tests: readonly Test[], slopes: readonly Float64Array[], estimation: Estimation, mean: Float64Array, deviation: Float64Array): number[] {
  const { influences, weighting = {} } = estimation
  const all = perRow(tests, estimation, mean, deviation)
  return slopes.map((slope, t) => {
    const own = columnOf(all, t, tests.length)
    const moved = own.slice()
    const size = slope.length
    for (let row = 0; row < moved.length; row++) for (let p = 0; p < size; p++) moved[row] += slope[p] * influences[row * size + p]
    const raw = moments(own, weighting).variance
    return raw > 0 ? moments(moved, weighting).variance / raw : 1
  })
}
