// Draws of a learned density beside the rows it was learned from: histograms, points of pairs of columns, and how far the two samples are apart.
import type { Random } from '../../base/random.ts'
import { UnnormError } from '../../base/errors.ts'
import { spreadRows } from '../../data/spread-rows.ts'
import { columnScale, standardizeRows } from '../../data/standardize.ts'
import type { Table } from '../../data/table.ts'
import { meanDiscrepancy, slicedWasserstein } from '../../evaluate/sample-distances.ts'
import type { MeanDiscrepancy, SlicedWasserstein } from '../../evaluate/sample-distances.ts'
import type { LadderToSample } from '../../sample/descent.ts'
import { sampleLadder } from '../../sample/draw-samples.ts'
import { predictorCorrector } from '../../sample/samplers/predictor-corrector.ts'
import { dependentPairs } from './dependent-pairs.ts'
import { binCount, equalUnits, frameOf, histogram, rowsInside, thinRows } from './frame.ts'
import type { Frame } from './frame.ts'

/** One column: histograms as densities, whose areas are the shares inside the frame. */
export interface Marginal {
  readonly edges: Float64Array
  readonly rows: Float64Array
  readonly draws: Float64Array
}

/** All that the figure of a learned density against its sample shows. */
export interface LearnedSample {
  readonly columns: readonly string[]
  /** Where rows and draws lie; far outliers are left outside. */
  readonly frame: Frame
  /** Rows of the table. */
  readonly rows: number
  /** Draws made, and those of them outside of the frame. */
  readonly draws: number
  readonly drawsOutside: number
  readonly marginals: readonly Marginal[]
  /** Pairs of columns, the first across: all of few columns, else the most dependent. */
  readonly pairs: readonly (readonly [number, number])[]
  /** As many rows as draws where there are as many, those inside the frame, row-major [m × d]. */
  readonly rowPoints: Float64Array
  readonly drawPoints: Float64Array
  readonly distances: SampleDistances | null
  /** Whether the draws agree with the lowest level by R̂. */
  readonly mixed: boolean
}

/** On columns divided by their standard deviations, between samples of one size. */
export interface SampleDistances {
  /** Rows and draws in each sample. */
  readonly count: number
  /** Sliced Wasserstein-2 distance of draws from rows. */
  readonly wasserstein: SlicedWasserstein
  /** The same of other rows from these: what a perfect fit would have. */
  readonly wassersteinOfRows: SlicedWasserstein
  /** Squared maximum mean discrepancies of draws from rows, unbiased: by a kernel as wide as the median distance, and by one a quarter as wide, which sees the shape of single modes. */
  readonly discrepancies: readonly [MeanDiscrepancy, MeanDiscrepancy]
}

/** A second or two of a network; marginals of them are good to a few percent of their height. */
const DRAWS = 1500
const LEVELS = 80
/** Points of each sample in a picture of two columns, and in each of many. */
const MOST_POINTS = { two: 1000, many: 500 }
const MOST_COMPARED = 1000
const LEAST_COMPARED = 20
const MOST_ROWS = 20_000
const MOST_BINS = 40
const LEAST_BINS = 32
/** All pairs of so many columns are shown, else this many pairs. */
const ALL_PAIRS = 6
const MOST_PAIRS = 12

/**
 * Draws from the lowest level of a ladder, down all levels.
 * @param table the rows, in the units of the data
 * @throws UnnormError where the energy cannot be sampled
 */
export async function prepareLearnedSample(ladder: LadderToSample, table: Table, random: Random): Promise<LearnedSample> {
  if (table.rows < 2) throw new UnnormError('no-rows', `cannot compare draws with ${table.source}: it has fewer than two rows`)
  const samples = await sampleLadder(ladder, predictorCorrector, { count: DRAWS, lowest: ladder.ladder.least, levels: LEVELS }, random.split('draws'))
  return compareSamples(table, samples.rows, samples.mixed, random)
}

/**
 * What the figure shows of rows and draws.
 * @param draws row-major [m × d], in the data's units
 */
export function compareSamples(table: Table, draws: Float64Array, mixed: boolean, random: Random): LearnedSample {
  const d = table.columns.length
  const rows = mixedRows(table, random.split('rows'))
  const pooled = new Float64Array(rows.length + draws.length)
  pooled.set(rows)
  pooled.set(draws, rows.length)
  const own = frameOf(pooled, d)
  const frame = d === 2 ? equalUnits(own) : own
  const inside = [rows, draws].map((sample) => rowsInside(sample, frame))
  const points = Math.min(d <= 2 ? MOST_POINTS.two : MOST_POINTS.many, ...inside.map((sample) => sample.length / d))
  const [rowPoints, drawPoints] = inside.map((sample) => thinRows(sample, d, points))
  return {
    columns: table.columns, frame, rows: table.rows, draws: draws.length / d, drawsOutside: (draws.length - inside[1].length) / d,
    marginals: frame.map((interval, j) => marginal(column(rows, d, j), column(draws, d, j), interval)),
    pairs: dependentPairs(rows, d, d <= ALL_PAIRS ? (d * (d - 1)) / 2 : MOST_PAIRS),
    rowPoints, drawPoints, distances: distancesOf(table, rows, draws, random.split('directions')), mixed,
  }
}

/** Rows spread over the table, in random order: whatever order they came in, any first half of them is like the second. */
function mixedRows({ values, rows, columns }: Table, random: Random): Float64Array {
  const d = columns.length
  const chosen = spreadRows(rows, MOST_ROWS)
  const order = Array.from({ length: chosen.count }, (_, k) => chosen.row(k))
  for (let k = order.length - 1; k > 0; k--) {
    const other = random.integer(k + 1)
    ;[order[k], order[other]] = [order[other], order[k]]
  }
  return Float64Array.from(order.flatMap((row) => [...values.subarray(row * d, (row + 1) * d)]))
}

const column = (rows: Float64Array, d: number, j: number): Float64Array => Float64Array.from({ length: rows.length / d }, (_, row) => rows[row * d + j])

function marginal(rows: Float64Array, draws: Float64Array, interval: readonly [number, number]): Marginal {
  const fewest = rows.length < draws.length ? rows : draws
  // The usual rule is coarse where a column has several peaks, since its quartiles are then far apart.
  const bins = Math.max(binCount(fewest, interval, MOST_BINS), Math.min(LEAST_BINS, Math.round(Math.sqrt(fewest.length))))
  const densityOf = (values: Float64Array): { edges: Float64Array; density: Float64Array } => {
    const { edges, counts } = histogram(values, interval, bins)
    return { edges, density: counts.map((count) => count / (values.length * (edges[1] - edges[0]))) }
  }
  const own = densityOf(rows)
  return { edges: own.edges, rows: own.density, draws: densityOf(draws).density }
}

function distancesOf(table: Table, rows: Float64Array, draws: Float64Array, random: Random): SampleDistances | null {
  const d = table.columns.length
  const scale = columnScale(table)
  const count = Math.min(MOST_COMPARED, Math.floor(rows.length / d / 2), draws.length / d)
  if (count < LEAST_COMPARED) return null
  const [first, second] = [rows.subarray(0, count * d), rows.subarray(count * d, 2 * count * d)].map((part) => standardizeRows(part, scale))
  const drawn = standardizeRows(thinRows(draws, d, count), scale)
  const wide = meanDiscrepancy(drawn, first, d)
  return {
    count, wasserstein: slicedWasserstein(drawn, first, d, random.split(0)), wassersteinOfRows: slicedWasserstein(second, first, d, random.split(0)),
    discrepancies: [wide, meanDiscrepancy(drawn, first, d, { bandwidth: wide.bandwidth / 4 })],
  }
}
