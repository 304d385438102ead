// Columns that are no data but say how rows count: their weights, and which of them belong together.
import { counted } from '../base/counted.ts'
import { UnnormError } from '../base/errors.ts'
import { isBad, isMissing, numberOf, textOf } from './cells.ts'
import type { DataSource, SourceColumn } from './data-source.ts'
import { queryRows } from './duckdb.ts'

/** Whether a column can be the weights of rows. @throws UnnormError `invalid-weights`, naming cells */
export async function checkWeights(source: DataSource, column: SourceColumn): Promise<void> {
  if (column.kind === 'other') throw new UnnormError('invalid-weights', `${source.name}: column ${JSON.stringify(column.name)} cannot be weights: its type is ${column.type} (must be numbers ≥ 0)`)
  const wrong = `(${column.kind === 'text' ? isBad(column) : 'false'}) or coalesce(${numberOf(column)} < 0, false)`
  const [[count]] = await queryRows(source.connection, `select count(*) from ${source.relation} where ${wrong}`)
  if (Number(count) === 0) return
  const cells = await queryRows(source.connection, `select number, cell from (select row_number() over () as number, ${textOf(column)} as cell, ${wrong} as wrong from ${source.relation}) where wrong limit 5`)
  const places = await source.places(cells.map(([number]) => Number(number)))
  const list = cells.map(([, cell], i) => `row ${places[i].row} has ${JSON.stringify(cell)}`).join(', ')
  throw new UnnormError('invalid-weights', `${places[0].file}: column ${JSON.stringify(column.name)} cannot be weights: ${list}${Number(count) > cells.length ? ', …' : ''} (${counted(Number(count), 'cell')}; weights must be numbers ≥ 0; rows count from 1, without the header)`)
}

/** SQL of a row's cluster: the text of the cell, null where it is missing. */
export const clusterOf = (column: SourceColumn): string => `case when ${isMissing(column)} then null else ${textOf(column)} end`

/** Numbers the clusters in the order in which their first rows come. */
export function numberClusters(names: readonly string[]): { readonly of: Int32Array; readonly count: number } {
  const numbers = new Map<string, number>()
  const of = Int32Array.from(names, (name) => {
    const known = numbers.get(name) ?? numbers.size
    numbers.set(name, known)
    return known
  })
  return { of, count: numbers.size }
}
