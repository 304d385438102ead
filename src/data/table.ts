// A table: named numeric columns, held row by row, because training draws whole rows at random.
import type { Warning } from '../base/errors.ts'

/** A numeric table in the user's units. */
export interface Table {
  /** Where it came from, as the user wrote it; `-` for standard input, the statement for `--sql`. */
  readonly source: string
  readonly columns: readonly string[]
  /** Number of rows in `values`. */
  readonly rows: number
  /** Row-major [rows × columns]; every value is finite. */
  readonly values: Float64Array
  /** Rows read before any were dropped for missing values. */
  readonly rowsRead: number
  /** Columns of the source that are not in `columns` (text, or not asked for). */
  readonly columnsLeftOut: readonly string[]
  /** How much each row counts, [rows]: at least 0, not all 0. All alike if left out. */
  readonly weights?: { readonly column: string; readonly values: Float64Array }
  /** Which rows belong together: the cluster of each, from 0, [rows]. Every row by itself if left out. */
  readonly clusters?: { readonly column: string; readonly of: Int32Array; readonly count: number }
  /** What whoever reads the numbers should know of how the table was read; none if left out. */
  readonly warnings?: readonly Warning[]
}
