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

/** A table of some of the rows, as `spreadRows` chooses them, with what belongs to them; the table itself where it takes all. */
export function spreadTable(table: Table, limit: number): Table {
  const { count, row } = spreadRows(table.rows, limit)
  if (count === table.rows) return table
  const { columns: { length: d }, weights, clusters } = table
  const values = new Float64Array(count * d)
  for (let k = 0; k < count; k++) values.set(table.values.subarray(row(k) * d, (row(k) + 1) * d), k * d)
  return {
    ...table, rows: count, values,
    ...(weights ? { weights: { ...weights, values: Float64Array.from({ length: count }, (_, k) => weights.values[row(k)]) } } : {}),
    ...(clusters ? { clusters: { ...clusters, of: Int32Array.from({ length: count }, (_, k) => clusters.of[row(k)]) } } : {}),
  }
}
