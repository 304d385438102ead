// Standardized columns y = (x − mean)/sd and the way back: φ_x = φ_y/sd and log p_x = log p_y − Σ log sd.
import { UnnormError } from '../base/errors.ts'
import type { Table } from './table.ts'

/** What each column was shifted and scaled by; all arrays [d], in the data's units. */
export interface Scale {
  readonly columns: readonly string[]
  readonly mean: Float64Array
  /** Standard deviations with divisor n, all > 0. */
  readonly deviation: Float64Array
  readonly minimum: Float64Array
  readonly maximum: Float64Array
}

/** Some rows of a table: how many, and which. */
export interface RowSelection {
  readonly count: number
  row(i: number): number
}

/**
 * Means and standard deviations (divisor n) of the columns over all rows or some of them.
 * Two passes with the corrected sum of squares (Chan, Golub & LeVeque 1983, eq. 1.7), shifted by the first row and scaled
 * by the range: exact to rounding for mean ≫ sd, and no square overflows.
 * @param selection e.g. the training rows of a split; all rows by default
 * @throws UnnormError `no-rows`; `constant-column`; `range-overflow` where maximum − minimum exceeds the largest number
 */
export function columnScale(table: Table, selection: RowSelection = { count: table.rows, row: (i) => i }): Scale {
  const { values, columns } = table
  const d = columns.length
  const n = selection.count
  if (n < 1) throw new UnnormError('no-rows', `${table.source}: no rows (at least one is needed)`)
  const first = values.slice(selection.row(0) * d, selection.row(0) * d + d)
  const minimum = first.slice()
  const maximum = first.slice()
  const mean = new Float64Array(d)
  const share = 1 / n
  for (let i = 0; i < n; i++) {
    const start = selection.row(i) * d
    for (let j = 0; j < d; j++) {
      const x = values[start + j]
      if (x < minimum[j]) minimum[j] = x
      else if (x > maximum[j]) maximum[j] = x
      mean[j] += (x - first[j]) * share
    }
  }
  const range = maximum.map((x, j) => x - minimum[j])
  refuseUnscalable(table, range, first)
  for (let j = 0; j < d; j++) mean[j] += first[j]

  const squares = new Float64Array(d)
  const rest = new Float64Array(d)
  for (let i = 0; i < n; i++) {
    const start = selection.row(i) * d
    for (let j = 0; j < d; j++) {
      const x = (values[start + j] - mean[j]) / range[j]
      squares[j] += x * x
      rest[j] += x
    }
  }
  const deviation = range.map((r, j) => r * Math.sqrt(squares[j] / n - (rest[j] / n) ** 2))
  for (let j = 0; j < d; j++) mean[j] += (rest[j] / n) * range[j]
  return { columns, mean, deviation, minimum, maximum }
}

/** That of some of the columns. */
export function scaleOf(scale: Scale, columns: readonly string[]): Scale {
  if (columns.length === scale.columns.length) return scale
  const places = columns.map((name) => scale.columns.indexOf(name))
  const some = (values: Float64Array): Float64Array => Float64Array.from(places, (place) => values[place])
  return { columns, mean: some(scale.mean), deviation: some(scale.deviation), minimum: some(scale.minimum), maximum: some(scale.maximum) }
}

function refuseUnscalable(table: Table, range: Float64Array, first: Float64Array): void {
  range.forEach((r, j) => {
    const where = `${table.source}: column ${JSON.stringify(table.columns[j])}`
    if (r === 0) {
      throw new UnnormError('constant-column', `${where} is constant: every row is ${first[j]} (a density over it does not exist; leave it out with --columns)`)
    }
    if (r === Number.POSITIVE_INFINITY) {
      throw new UnnormError('range-overflow', `${where} spans more than the largest number, 1.8e308 (give it in a larger unit)`)
    }
  })
}

/** (x − mean)/sd of rows, row-major [n × d], into `target` (a fresh Float64Array by default; may be `rows` itself). */
export function standardizeRows<T extends Float32Array | Float64Array = Float64Array<ArrayBuffer>>(
  rows: Float64Array, scale: Scale, target: T = new Float64Array(rows.length) as Float32Array | Float64Array as T,
): T {
  const d = scale.mean.length
  for (let i = 0; i < rows.length; i += d) {
    for (let j = 0; j < d; j++) target[i + j] = (rows[i + j] - scale.mean[j]) / scale.deviation[j]
  }
  return target
}

/** mean + sd · y of standardized rows, row-major [n × d]: rows in the data's units. */
export function unstandardizeRows(standardized: Float32Array | Float64Array, scale: Scale): Float64Array {
  const d = scale.mean.length
  const rows = new Float64Array(standardized.length)
  for (let i = 0; i < rows.length; i += d) {
    for (let j = 0; j < d; j++) rows[i + j] = scale.mean[j] + scale.deviation[j] * standardized[i + j]
  }
  return rows
}

/** φ_y/sd of scores of standardized rows, row-major [n × d]: scores in the data's units. */
export function unstandardizeScores(scores: Float32Array | Float64Array, scale: Scale): Float64Array {
  const d = scale.mean.length
  const result = new Float64Array(scores.length)
  for (let i = 0; i < result.length; i += d) {
    for (let j = 0; j < d; j++) result[i + j] = scores[i + j] / scale.deviation[j]
  }
  return result
}

/** Σ log sd: log p_x = log p_y − it, and log Z_x = log Z_y + it. */
export function logVolume(scale: Scale): number {
  return scale.deviation.reduce((sum, deviation) => sum + Math.log(deviation), 0)
}

/** log p_y − Σ log sd of log-densities of standardized rows [n]: log-densities in the data's units. */
export function unstandardizeLogDensities(logDensities: Float32Array | Float64Array, scale: Scale): Float64Array {
  const shift = logVolume(scale)
  const result = new Float64Array(logDensities.length)
  for (let i = 0; i < result.length; i++) result[i] = logDensities[i] - shift
  return result
}
