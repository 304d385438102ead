// The default ladder of noise levels: from what the rows can resolve up to where the noise drowns them.
import { symmetricEigen } from '../base/linear-algebra.ts'
import { columnTies } from '../data/ties.ts'
import { standardizeRows } from '../data/standardize.ts'
import type { Scale } from '../data/standardize.ts'
import type { Table } from '../data/table.ts'
import type { Ladder } from '../model/model.ts'
import { chooseBandwidth } from './kernel-bandwidth.ts'
import { rowMoments, thinRows } from './row-moments.ts'

/** The ladder chosen for a table, and why. */
export interface LadderChoice {
  readonly ladder: Ladder
  /** Why it ends where it does, for the report. */
  readonly sentence: string
  /** Columns whose rounding sets the resolution: their density is not resolved below it. */
  readonly roundedColumns: readonly string[]
  /** Columns rounded so coarsely that no noise this rule takes would hide it: each of their values is a mode of its own. */
  readonly coarseColumns: readonly string[]
}

// A Gaussian of variance s² loses ½[log(1 + q) − q/(1 + q)] ≈ q²/4 nats by noise of variance q s²; at an eighth of the bandwidth of
// a kernel density, whose own bias the rows bear, that is (1/8)⁴ of it: below what any sample shows.
const SHARE_OF_BANDWIDTH = 0.25
const SMALLEST_DEVIATION = 0.003
const LARGEST_DEVIATION = 0.1
/** No more than this for the sake of a rounded column: the noise blurs all others with it. */
const LARGEST_ROUNDING = 0.5
/** Noise variance at least this share of the smallest variance of any direction would be seen. */
const SHARE_OF_SMALLEST_VARIANCE = 0.02
/** At this variance two modes as far apart as unit variance allows have an excess kurtosis below 0.01. */
const LEAST_TOP = 16
const MOST_TOP = 1000

/**
 * √least = ¼ of the bandwidth of a kernel density by leave-one-out likelihood, within 0.003 … 0.1 standard deviations and no
 * more than a fiftieth of the variance of the narrowest direction; but no less than the rounding step of any column, up to half of
 * its standard deviation: coarser ones, as of a column of zeros and ones, stay as they are.
 * most = 16, or a quarter of the squared distance of the farthest row.
 */
export function chooseLadder(table: Table, scale: Scale): LadderChoice {
  const d = table.columns.length
  const rows = standardizeRows(thinRows(table.values, d, 20_000), scale)
  const count = rows.length / d
  const found = chooseBandwidth(rows, d, { maximumCentres: 1000, maximumQueries: 300, ignoredShare: 0.02 })
  const bandwidth = found.bandwidth * (count / table.rows) ** (1 / (d + 4))
  const narrowest = Math.max(0, symmetricEigen(rowMoments(rows, d).covariance, d).values.reduce((a, b) => Math.min(a, b)))
  const candidates: [deviation: number, why: string][] = [
    [SHARE_OF_BANDWIDTH * bandwidth, `a quarter of the bandwidth (${short(bandwidth)}) of a kernel density of these ${table.rows} rows`],
    [Math.sqrt(SHARE_OF_SMALLEST_VARIANCE * narrowest), 'little beside the narrowest direction of the rows'],
    [LARGEST_DEVIATION, 'the most this rule takes'],
  ]
  let [deviation, why] = candidates.reduce((least, candidate) => (candidate[0] < least[0] ? candidate : least))
  if (!(deviation >= SMALLEST_DEVIATION)) [deviation, why] = [SMALLEST_DEVIATION, 'the least this rule takes']
  const steps = columnTies(table).map(({ column, relativeStep }) => ({ column, step: relativeStep ?? 0 }))
  const rounded = steps.filter(({ step }) => step > deviation && step <= LARGEST_ROUNDING)
  const coarse = steps.filter(({ step }) => step > LARGEST_ROUNDING)
  if (rounded.length > 0) {
    const coarsest = rounded.reduce((most, each) => (each.step > most.step ? each : most))
    ;[deviation, why] = [coarsest.step, `the rounding step of ${JSON.stringify(coarsest.column)}`]
  }
  let farthest = 0
  for (let row = 0; row < count; row++) {
    let distance = 0
    for (let j = 0; j < d; j++) distance = Math.max(distance, Math.abs(rows[row * d + j]))
    farthest = Math.max(farthest, distance)
  }
  const most = Math.min(MOST_TOP, Math.max(LEAST_TOP, farthest ** 2 / 4))
  return {
    ladder: { least: deviation ** 2, most },
    sentence: `noise levels from ${short(deviation)} to ${short(Math.sqrt(most))} standard deviations of each column: the smallest is ${why}`,
    roundedColumns: rounded.map(({ column }) => column),
    coarseColumns: coarse.map(({ column }) => column),
  }
}

const short = (value: number): string => String(Number(value.toPrecision(3)))
