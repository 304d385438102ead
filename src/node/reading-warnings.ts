// What a user should know of how a table was read: rows and columns left out, lines passed over, numbers rounded.
import { counted } from '../base/counted.ts'
import type { Warning } from '../base/errors.ts'
import { shorten } from '../report/format.ts'
import { isBad, numberOf, textOf } from './cells.ts'
import type { DataSource, SourceColumn } from './data-source.ts'
import { queryRows, sqlText } from './duckdb.ts'

/** Rows in which a cell is looked for that shows why a column is not numeric. */
const SAMPLE_ROWS = 10_000

/**
 * Columns that are not numeric, each with a cell that is no number or with its type: `name ("Smith"), day (DATE)`.
 * @returns the list, and what to do about cells that are numbers but for their commas, if there are any
 */
export async function notNumeric(source: DataSource, columns: readonly SourceColumn[]): Promise<{ list: string; hint: string }> {
  const texts = columns.filter(({ kind }) => kind === 'text')
  const cells = new Map<SourceColumn, string>()
  if (texts.length > 0) {
    const examples = texts.map((column) => `arg_min(${textOf(column)}, unnorm_place) filter (where ${isBad(column)})`)
    const [found] = await queryRows(source.connection, `select ${examples.join(', ')} from (select *, row_number() over () as unnorm_place from ${source.relation} limit ${SAMPLE_ROWS})`)
    texts.forEach((column, k) => { if (found[k] !== null) cells.set(column, String(found[k])) })
  }
  const words = columns.map((column) => {
    const cell = cells.get(column)
    const reason = column.kind === 'other' ? column.type : cell === undefined ? 'no number in it' : JSON.stringify(shorten(cell, 30))
    return `${column.name} (${reason})`
  })
  return { list: words.join(', '), hint: commaHint(source, [...cells.values()]) }
}

/** What to do about cells such as `1,5` or `1,234`; empty if none is so. */
export function commaHint({ name, delimiter }: DataSource, cells: readonly string[]): string {
  const cell = cells.map((text) => text.trim()).find((text) => /^[-+]?\d[\d.]*,\d[\d.,]*$/.test(text))
  if (cell === undefined) return ''
  // Semicolons are what programs write where commas are decimal.
  const marksThousands = delimiter !== ';' && /^[-+]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?$/.test(cell)
  const [what, remedy, option] = marksThousands
    ? ['a comma that marks thousands', 'take it out', 'thousands'] : ['a decimal comma', 'write a point', 'decimal_separator']
  const statement = delimiter === null || name === '-'
    ? '' : `, or read the file with --sql "select * from read_csv(${sqlText(name)}, delim = ${sqlText(delimiter)}, ${option} = ',')"`
  return `${what}, as in ${JSON.stringify(cell)}, is not read: ${remedy}${statement}`
}

/** What reading met. */
export interface Reading {
  readonly rows: number
  readonly rowsRead: number
  /** Columns that were not asked for because none were, and that are not numeric. */
  readonly leftOut: readonly SourceColumn[]
  /** Columns with a number from 2⁵³ up, beyond which not every whole number is a double. */
  readonly large: readonly SourceColumn[]
}

/** The warnings of a reading. */
export async function readingWarnings(source: DataSource, { rows, rowsRead, leftOut, large }: Reading): Promise<Warning[]> {
  const warnings: Warning[] = []
  if (rows < rowsRead) {
    warnings.push({ code: 'rows-dropped', message: `${source.name}: ${rowsRead - rows} of ${counted(rowsRead, 'row')} were dropped for missing or infinite values` })
  }
  const blank = await source.blankLines()
  if (blank > 0) {
    warnings.push({ code: 'blank-lines', message: `${source.name}: ${counted(blank, 'empty line')} passed over, which are no rows (a row of empty cells has its delimiters)` })
  }
  if (leftOut.length > 0) {
    const { list, hint } = await notNumeric(source, leftOut)
    warnings.push({ code: 'columns-left-out', message: `${source.name}: ${leftOut.length === 1 ? 'column' : 'columns'} left out, not numeric: ${list}${hint && `; ${hint}`}` })
  }
  for (const column of large) {
    const [[count]] = await queryRows(source.connection, `select count(*) from ${source.relation} where ${isRounded(column)}`)
    if (Number(count) === 0) continue
    warnings.push({ code: 'rounded-integers', message: `${source.name}: column ${JSON.stringify(column.name)}: ${counted(Number(count), 'whole number')} beyond 2^53 rounded to the nearest double (where the last digits matter, subtract an offset with --sql)` })
  }
  return warnings
}

// Whole numbers only: of fractions nobody expects every digit.
function isRounded(column: SourceColumn): string {
  const exact = `try_cast(${textOf(column)} as hugeint)`
  const isWhole = column.kind === 'number' ? String(/INT|,0\)$/.test(column.type)) : `regexp_full_match(trim(${textOf(column)}), '[-+]?[0-9]+')`
  return `${isWhole} and ${exact} is distinct from try_cast(${numberOf(column)} as hugeint)`
}
