// The default noise of `denoising`: as small as the rows can resolve, so that the learned score is nearly that of the data.
//
// Denoising learns the density of x + σn. For a Gaussian direction of variance s² the loss of log-likelihood on clean rows is
// ½[log(1 + q) − q/(1 + q)] ≤ q²/4 nats, q = σ²/s²; the variance of the objective's gradient grows like 1/σ². A kernel density
// balances the same two errors, so its cross-validated bandwidth measures the finest scale that n rows show in d dimensions.
import { columnTies } from '../data/ties.ts'
import { standardizeRows } from '../data/standardize.ts'
import type { Scale } from '../data/standardize.ts'
import type { Table } from '../data/table.ts'
import { chooseBandwidth } from './kernel-bandwidth.ts'
import { choleskyFactor, rowMoments, squaredNormOfInverse, thinRows } from './row-moments.ts'

/** The noise chosen for a table. */
export interface NoiseChoice {
  /** Standard deviation per column [d], in the data's units. */
  readonly noise: Float64Array
  /** The same in standard deviations of each column [d]. */
  readonly relativeNoise: Float64Array
  /** Cross-validated bandwidth of a Gaussian kernel on the standardized columns. */
  readonly bandwidth: number
  /** Why, for the report. */
  readonly sentence: string
}

// Of the bandwidth: noise adds (¾)⁴ ≈ a third of the bias that the kernel density itself accepts.
const SHARE_OF_BANDWIDTH = 0.75
// Nats that noise may cost where the rows are Gaussian at the scale the bandwidth shows. Rows in many clusters cost more than is
// planned, since each holds few of the n rows: K clusters multiply the bias by up to K^(4/(d+4)).
const TOLERATED_BIAS = 0.005
// In four dimensions and more the leave-one-out likelihood takes 1.13 to 1.26 times the bandwidth of the normal reference rule
// (simulated on Gaussians, 150 and 1000 rows); in fewer it takes no more than that rule, and the ceiling errs on the low side.
const LIKELIHOOD_WIDENING = 1.2
const SMALLEST = 0.01
const LARGEST = 0.5

/**
 * σ = min(¾ h, ceiling) on standardized columns, h the bandwidth of a kernel density by leave-one-out likelihood; the ceiling
 * keeps the bias below 0.005 nats for a Gaussian with the rows' local scale and with their correlations. Then, column by
 * column, no less than the rounding step (below it the learned density would show the grid), and within 0.01 … 0.5 sd.
 * @param table the rows to be fitted
 * @param scale means and standard deviations of its columns
 */
export function chooseNoise(table: Table, scale: Scale): NoiseChoice {
  const dimension = table.columns.length
  const rows = standardizeRows(thinRows(table.values, dimension, 20_000), scale)
  const sample = rows.length / dimension
  const exponent = 1 / (dimension + 4)
  // A few isolated rows would otherwise widen the kernel for all.
  const found = chooseBandwidth(rows, dimension, { maximumCentres: 1000, maximumQueries: 300, ignoredShare: 0.02 })
  const bandwidth = found.bandwidth * (sample / table.rows) ** exponent
  // The bandwidth of n rows of a Gaussian of standard deviation s is s·(4/((d + 2) n))^(1/(d+4)) (Silverman 1986, eq. 4.14), the widening apart.
  const localScale = (bandwidth / LIKELIHOOD_WIDENING) * ((table.rows * (dimension + 2)) / 4) ** exponent
  const candidates: [number, string][] = [
    [SHARE_OF_BANDWIDTH * bandwidth, `three quarters of the bandwidth (${short(bandwidth)}) of a kernel density of these ${table.rows} rows`],
    [
      localScale * ((4 * TOLERATED_BIAS) / dimension) ** 0.25,
      `the most that costs a Gaussian of the rows' local scale (${short(localScale)}) no more than ${TOLERATED_BIAS} nats`,
    ],
    [correlationCeiling(rows, dimension), `the most that costs a Gaussian with the rows' correlations no more than ${TOLERATED_BIAS} nats`],
    [LARGEST, 'the most this rule takes'],
  ]
  let [level, reason] = candidates.reduce((least, candidate) => (candidate[0] < least[0] ? candidate : least))
  if (!(level >= SMALLEST)) {
    reason = `the least this rule takes; ${reason} would be ${short(level)}`
    level = SMALLEST
  }
  const steps = columnTies(table)
  const relativeNoise = Float64Array.from(steps, ({ relativeStep }) => Math.min(LARGEST, Math.max(level, relativeStep ?? 0)))
  return {
    noise: relativeNoise.map((value, j) => value * scale.deviation[j]),
    relativeNoise,
    bandwidth,
    sentence: `noise of ${short(level)} standard deviations of each column: ${reason}${raisedColumns(table, steps.map((step) => step.relativeStep), steps.map((step) => step.roundingStep), level)}`,
  }
}

// The σ at which Σ (σ²/λᵢ)²/4 reaches the tolerated bias, λᵢ the eigenvalues of the correlation matrix.
function correlationCeiling(rows: Float64Array, dimension: number): number {
  const factor = choleskyFactor(rowMoments(rows, dimension).covariance, dimension)
  return factor === null ? 0 : ((4 * TOLERATED_BIAS) / squaredNormOfInverse(factor)) ** 0.25
}

function raisedColumns(table: Table, relativeSteps: (number | null)[], steps: (number | null)[], level: number): string {
  const raised = table.columns.flatMap((column, j) => {
    const relative = relativeSteps[j]
    if (relative === null || relative <= level) return []
    const rounded = `${JSON.stringify(column)} is rounded to ${steps[j]}`
    return relative > LARGEST
      ? [`${rounded}, ${short(relative)} of its standard deviations: noise of ${LARGEST}, which does not hide the grid`]
      : [`${rounded}: noise of ${short(relative)}, its rounding step`]
  })
  return raised.length === 0 ? '' : `; but ${raised.join('; ')}`
}

const short = (value: number): string => String(Number(value.toPrecision(3)))
