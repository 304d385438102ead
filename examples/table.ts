// A table made in a program: what `readTable` of unnorm/node gives for a file.
import type { Table } from 'unnorm'

/** Named columns over numbers that stand row by row. */
export function tableOf(columns: readonly string[], values: Float64Array): Table {
  const rows = values.length / columns.length
  return { source: 'made in the example', columns, values, rows, rowsRead: rows, columnsLeftOut: [] }
}
