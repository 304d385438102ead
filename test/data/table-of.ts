// A table written out by columns, for tests.
import type { Table } from '../../src/data/table.ts'

export function tableOf(columns: Readonly<Record<string, readonly number[]>>): Table {
  const names = Object.keys(columns)
  const rows = columns[names[0]].length
  const values = new Float64Array(rows * names.length)
  names.forEach((name, j) => columns[name].forEach((value, i) => { values[i * names.length + j] = value }))
  return { source: 'test', columns: names, rows, values, rowsRead: rows, columnsLeftOut: [] }
}
