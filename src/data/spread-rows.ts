// Rows spread evenly over a table without falling into step with any period in it: the golden-ratio sequence.
import type { RowSelection } from './standardize.ts'

const GOLDEN = (Math.sqrt(5) - 1) / 2

/** `limit` different rows, row i at the fraction (i·0.618…) mod 1 of the table; all rows where there are at most three times as many. */
export function spreadRows(rows: number, limit: number): RowSelection {
  // Neighbouring points of the sequence are more than 1/(3 · limit) apart, so that no row comes twice.
  if (rows <= 3 * limit) return { count: rows, row: (i) => i }
  return { count: limit, row: (i) => Math.floor(((i * GOLDEN) % 1) * rows) }
}
