// What the cells of a column are, as SQL: their text, their number, whether they are missing.
import type { SourceColumn } from './data-source.ts'

/** Cells of text that stand for a missing value, in any case. */
const MISSING_TEXTS = ['', 'na', 'n/a', 'nan', 'null', 'none']

// The text of a cell; JSON texts without their quotes.
export const textOf = ({ sql, type }: SourceColumn): string => (type === 'JSON' ? `(${sql} ->> '$')` : `${sql}::varchar`)

/** SQL that holds for cells that stand for no value. */
export const isMissing = (column: SourceColumn): string =>
  `coalesce(lower(trim(${textOf(column)})) in (${MISSING_TEXTS.map((text) => `'${text}'`).join(', ')}), true)`

// DuckDB takes 1_000 for a number; nobody else does.
export function numberOf(column: SourceColumn): string {
  if (column.kind === 'number') return `${column.sql}::double`
  return `case when contains(${textOf(column)}, '_') then null else try_cast(${textOf(column)} as double) end`
}

// Most cells are numbers, and whether their text stands for a missing value is asked only where it can: `nan` alone is both.
export const isNumber = (column: SourceColumn): string => `case when (${numberOf(column)}) is null then false when isnan(${numberOf(column)}) then not ${isMissing(column)} else true end`
export const isBad = (column: SourceColumn): string => `case when (${numberOf(column)}) is null then not ${isMissing(column)} else false end`

/** SQL that holds for rows whose cells in these columns are all finite numbers. */
export const completeRow = (columns: readonly SourceColumn[]): string =>
  columns.map((column) => `coalesce(isfinite(${numberOf(column)}), false)`).join(' and ')
