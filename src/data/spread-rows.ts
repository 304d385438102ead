// Rows spread evenly over a table without falling into step with any period in it: the golden-ratio sequence.
import type { RowSelection } from './standardize.ts'
import type { Table } from './table.ts'

const GOLDEN = (Math.sqrt(5) - 1) / 2

/** `limit` different rows, row i at the fraction (i·0.618…) mod 1 of the table; all rows where there are at most three times as many. */
export function spreadRows(rows: number, limit: number): RowSelection {
  // Neighbouring points of the sequence are more than 1/(3 · limit) apart, so that no row comes twice.
  if (rows <= 3 * limit) return { count: rows, row: (i) => i }
  return { count: limit, row: (i) => Math.floor(((i * GOLDEN) % 1) * rows) }
}

/** Some rows of values [n × d], in the order of their places; fresh. */
export function someRows(values: Float64Array, dimension: number, { count, row }: RowSelection): Float64Array {
  const chosen = new Float64Array(count * dimension)
  for (let k = 0; k < count; k++) {
    const from = row(k) * dimension
    chosen.set(values.subarray(from, from + dimension), k * dimension)
  }
  return chosen
}

/** The rows of values [n × d] that `spreadRows` chooses; the values themselves where it takes all. */
export function spreadValues(values: Float64Array, dimension: number, limit: number): Float64Array {
  const chosen = spreadRows(values.length / dimension, limit)
  return chosen.count * dimension === values.length ? values : someRows(values, dimension, chosen)
}

/** A table of some of the rows, as `spreadRows` chooses them, with what belongs to them; the table itself where it takes all. */
export function spreadTable(table: Table, limit: number): Table {
  const { count, row } = spreadRows(table.rows, limit)
  if (count === table.rows) return table
  const { columns, values, weights, clusters } = table
  return {
    ...table, rows: count, values: someRows(values, columns.length, { count, row }),
    ...(weights ? { weights: { ...weights, values: Float64Array.from({ length: count }, (_, k) => weights.values[row(k)]) } } : {}),
    ...(clusters ? { clusters: { ...clusters, of: Int32Array.from({ length: count }, (_, k) => clusters.of[row(k)]) } } : {}),
  }
}
