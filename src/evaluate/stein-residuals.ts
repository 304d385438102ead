// Where a fitted density misses its rows: residuals of Stein's identity, by column and aspect, in standard errors that know that
// the parameters were estimated from the same rows.
//
// For x ~ p, φ = ∇ log p and smooth g of moderate growth, E[g φⱼ + ∂ⱼg] = 0 (Stein 1972; integration by parts, as in Hyvärinen
// 2005). If the rows come from a density ∝ p·(1 + εa) instead, it is −ε E[g ∂ⱼa]: with the sign turned, g = 1, u, u² − 1 and
// u³ − 3u of a standardized column u see what the rows have more of in location, spread, skewness and tails (under a Gaussian
// they are the means of Hermite polynomials, the classical moment tests), and g = uᵢ beside φⱼ sees dependence. The last two
// polynomials are damped by exp(−u²/8): their errors then hold from a hundred rows on, and heavy tails are seen sooner than by
// the fourth moment. With θ estimated, θ̂ − θ ≈ mean aᵢ, the mean of rᵢ has the variance of rᵢ + (∂r/∂θ)aᵢ over n (Pierce 1982).
import { rowMoments } from '../estimate/row-moments.ts'

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
  /** These rows, some of all, row-major [m × d], with their scores. */
  readonly rows: Float64Array
  readonly scores: Float64Array
}

/** Damping of the polynomials of degree two and three. */
const DAMPING = 8
/** A mean this small in its own errors is no chance. */
const FITTED = 1e-4

/** g(u) and g′(u) of the four aspects of one column. */
const functions: readonly (readonly [Aspect, (u: number) => readonly [number, number]])[] = [
  ['location', () => [1, 0]],
  ['spread', (u) => [u, 1]],
  ['skewness', (u) => damped(u, u * u - 1, 2 * u)],
  ['tails', (u) => damped(u, u * (u * u - 3), 3 * (u * u - 1))],
]

function damped(u: number, value: number, slope: number): readonly [number, number] {
  const factor = Math.exp(-u * u / DAMPING)
  return [value * factor, (slope - value * 2 * u / DAMPING) * factor]
}

/** One residual as a function of a row: −Σ gₖ(u) φₖ − Σ ∂ₖgₖ, in standardized units. */
interface Test {
  readonly aspect: Aspect
  readonly columns: readonly number[]
  /** gₖ for each of `columns`, and Σ ∂ₖgₖ as the last number. */
  weigh(u: Float64Array): readonly number[]
}

function testsOf(dimension: number): Test[] {
  const columns = Array.from({ length: dimension }, (_, j) => j)
  return [
    ...columns.flatMap((j) => functions.map(([aspect, g]): Test => ({ aspect, columns: [j], weigh: (u) => g(u[j]) }))),
    ...columns.flatMap((j) => columns.slice(0, j).map((i): Test => ({ aspect: 'dependence', columns: [i, j], weigh: (u) => [u[j] / 2, u[i] / 2, 0] }))),
  ]
}

/**
 * The residuals of all columns and pairs of columns.
 * @param rows row-major [n × d]: those that were fitted, all or many of them
 * @param scores φ at them, [n × d]; finite
 * @param estimation what is known of the estimate; null for a density that owes nothing to these rows
 * @param fittedRows how many rows were fitted
 */
export function steinResiduals(rows: Float64Array, scores: Float64Array, dimension: number, estimation: Estimation | null, fittedRows: number): SteinResidual[] {
  const { mean, covariance } = rowMoments(rows, dimension)
  const deviation = Float64Array.from({ length: dimension }, (_, j) => Math.sqrt(covariance[j * (dimension + 1)]))
  const tests = testsOf(dimension)
  const whole = perRow(tests, rows, scores, mean, deviation)
  const count = rows.length / dimension
  const plain = Array.from(tests, (_, t) => moments(whole, t, tests.length))
  const corrected = estimation && correctedVariances(tests, estimation, mean, deviation)
  return tests.map(({ aspect, columns }, t): SteinResidual => {
    const { value, variance } = plain[t]
    // All rows share the error of the estimate; rows that were left out add their own chance.
    const squared = corrected === null ? variance / count : corrected[t] * variance / fittedRows + variance * Math.max(0, 1 / count - 1 / fittedRows)
    const isFitted = estimation !== null && value ** 2 * count <= FITTED ** 2 * variance
    const standardError = isFitted ? 0 : Math.sqrt(squared)
    return { aspect, columns, value, standardError, z: standardError > 0 ? value / standardError : null }
  })
}

/** Residuals of rows, row-major [n × tests]. */
function perRow(tests: readonly Test[], rows: Float64Array, scores: Float64Array, mean: Float64Array, deviation: Float64Array): Float64Array {
  const d = mean.length
  const count = rows.length / d
  const values = new Float64Array(count * tests.length)
  const u = new Float64Array(d)
  for (let row = 0; row < count; row++) {
    standardize(u, rows, row, mean, deviation)
    tests.forEach(({ columns, weigh }, t) => {
      const weights = weigh(u)
      let value = weights[columns.length]
      columns.forEach((j, k) => { value += weights[k] * deviation[j] * scores[row * d + j] })
      values[row * tests.length + t] = -value
    })
  }
  return values
}

function standardize(u: Float64Array, rows: Float64Array, row: number, mean: Float64Array, deviation: Float64Array): void {
  for (let j = 0; j < u.length; j++) u[j] = (rows[row * u.length + j] - mean[j]) / deviation[j]
}

/** Mean and variance (divisor n) of one column of a row-major table. */
function moments(values: Float64Array, column: number, columns: number): { readonly value: number; readonly variance: number } {
  const count = values.length / columns
  let value = 0
  for (let k = column; k < values.length; k += columns) value += values[k] / count
  let variance = 0
  for (let k = column; k < values.length; k += columns) variance += (values[k] - value) ** 2 / count
  return { value, variance }
}

/** The variance of r + (∂r/∂θ)a as a share of that of r, for each test. */
function correctedVariances(tests: readonly Test[], { rows, scores, influences, scoreSlopes }: Estimation, mean: Float64Array, deviation: Float64Array): number[] {
  const d = mean.length
  const count = rows.length / d
  const size = influences.length / count
  const slopes = tests.map(() => new Float64Array(size))
  const u = new Float64Array(d)
  for (let row = 0; row < count; row++) {
    standardize(u, rows, row, mean, deviation)
    tests.forEach(({ columns, weigh }, t) => {
      const weights = weigh(u)
      columns.forEach((j, k) => {
        const factor = -weights[k] * deviation[j] / count
        const start = (row * d + j) * size
        for (let p = 0; p < size; p++) slopes[t][p] += factor * scoreSlopes[start + p]
      })
    })
  }
  const own = perRow(tests, rows, scores, mean, deviation)
  const whole = own.slice()
  for (let row = 0; row < count; row++) {
    for (let t = 0; t < tests.length; t++) {
      for (let p = 0; p < size; p++) whole[row * tests.length + t] += slopes[t][p] * influences[row * size + p]
    }
  }
  return tests.map((_, t) => {
    const raw = moments(own, t, tests.length).variance
    return raw > 0 ? moments(whole, t, tests.length).variance / raw : 1
  })
}
