// CSV read strictly: one delimiter, one header of column names, every row as wide as the header. DuckDB's own detection would
// skip lines that do not fit, without a word; here they are errors.
import type { DuckDBConnection } from '@duckdb/node-api'
import { UnnormError } from '../base/errors.ts'
import { queryRows, sqlText } from './duckdb.ts'
import { columnsDiffer, escapeGlob } from './source-files.ts'

/** The columns of CSV files and the SQL of their rows, in which column k is the text `c<k>`, null where empty. */
export interface CsvSource {
  readonly names: readonly string[]
  readonly delimiter: string
  readonly relation: string
  /** Empty lines before and between the rows. They are rows only where there is one column; else DuckDB passes over them. */
  blankLines(): Promise<number>
}

/**
 * Reads the headers of CSV files, which must agree.
 * @param display what messages call a file
 * @throws UnnormError `empty-table`, `no-header`, `malformed-csv`, `columns-differ`
 */
export async function openCsv(connection: DuckDBConnection, paths: readonly string[], display: (path: string) => string): Promise<CsvSource> {
  const headers = []
  for (const path of paths) headers.push(await readHeader(connection, path, display(path)))
  const [{ names, delimiter }] = headers
  headers.forEach((header, i) => {
    if (header.delimiter !== delimiter || header.names.join('\0') !== names.join('\0')) {
      throw columnsDiffer(display(paths[i]), header.names, display(paths[0]), names)
    }
  })
  const columns = names.map((_, k) => `'c${k}': 'VARCHAR'`).join(', ')
  const rowsOf = (files: readonly string[]): string =>
    `read_csv([${files.map((path) => sqlText(escapeGlob(path))).join(', ')}], auto_detect = false, header = true, delim = ${sqlText(delimiter)}, quote = '"', escape = '"', `
    + `strict_mode = true, null_padding = false, ignore_errors = false, skip = 0, comment = '', columns = {${columns}})`
  async function blankLines(): Promise<number> {
    let count = 0
    if (names.length > 1) for (const path of paths) count += await blankLinesOf(connection, path, rowsOf([path]), names.length)
    return count
  }
  return { names, delimiter, relation: rowsOf(paths), blankLines }
}

/** The lines of a file as they are, null where empty. Through DuckDB rather than the file system, because it unpacks gz and zst. */
const linesOf = (path: string): string =>
  `read_csv(${sqlText(escapeGlob(path))}, auto_detect = false, header = false, strict_mode = false, delim = '', quote = '', escape = '', columns = {'line': 'VARCHAR'})`

async function blankLinesOf(connection: DuckDBConnection, path: string, rows: string, width: number): Promise<number> {
  const [[empty]] = await queryRows(connection, `select count(*) from ${linesOf(path)} where line is null`)
  if (empty === 0) return 0
  // The lines up to the last row, less the header, the rows and what is inside of quotes: such lines belong to cells.
  const [[last]] = await queryRows(connection, `select max(number) from (select row_number() over () as number, line from ${linesOf(path)}) where line is not null`)
  const lineEnds = Array.from({ length: width }, (_, k) => `coalesce(length(c${k}) - length(replace(c${k}, chr(10), '')), 0)`).join(' + ')
  const [[count, inside]] = await queryRows(connection, `select count(*), coalesce(sum(${lineEnds}), 0)::bigint from ${rows}`)
  return Number(last) - 1 - Number(count) - Number(inside)
}

async function readHeader(connection: DuckDBConnection, path: string, shown: string): Promise<{ names: string[]; delimiter: string }> {
  const [row] = await queryRows(connection, `select line from ${linesOf(path)} limit 1`)
  const line = String(row?.[0] ?? '').replace(/^\uFEFF/, '')
  if (line.trim() === '') throw new UnnormError('empty-table', `${shown}: its first line is empty (must hold the column names)`)
  const delimiter = delimiterOf(line)
  const cells = splitLine(line, delimiter)
  if (cells === null) throw new UnnormError('malformed-csv', `${shown}: line 1: a quotation mark is not closed (column names must be on one line)`)
  if (cells.every((cell) => cell.trim() !== '' && Number.isFinite(Number(cell)))) {
    throw new UnnormError('no-header', `${shown}: its first line is all numbers, ${line.slice(0, 60)} (must hold the column names: add a line such as ${cells.map((_, k) => `x${k + 1}`).join(delimiter)})`)
  }
  return { names: cells.map((cell, k) => cell.trim() || `column${k + 1}`), delimiter }
}

/** The delimiter that occurs most often outside quotes; a comma where none does. */
export function delimiterOf(line: string): string {
  const bare = line.replaceAll(/"[^"]*"/g, '')
  const counted = [',', '\t', ';', '|'].map((delimiter) => ({ delimiter, count: bare.split(delimiter).length }))
  return counted.reduce((best, next) => (next.count > best.count ? next : best)).delimiter
}

/** The cells of a line, without their quotes; null if a quotation mark is not closed. */
export function splitLine(line: string, delimiter: string): string[] | null {
  const cells: string[] = []
  let rest = line
  for (;;) {
    let cell: string
    if (rest.startsWith('"')) {
      const quoted = /^"((?:[^"]|"")*)"/.exec(rest)
      if (quoted === null) return null
      const end = rest.indexOf(delimiter, quoted[0].length)
      cell = quoted[1].replaceAll('""', '"')
      rest = end < 0 ? '' : rest.slice(end + 1)
      cells.push(cell)
      if (end < 0) return cells
    } else {
      const end = rest.indexOf(delimiter)
      cells.push(end < 0 ? rest : rest.slice(0, end))
      if (end < 0) return cells
      rest = rest.slice(end + 1)
    }
  }
}

/** The error of a row that does not fit, in our words; anything else unchanged. */
export function csvError(error: unknown, display: (path: string) => string): unknown {
  const message = error instanceof Error ? error.message : ''
  const line = /CSV Error on Line: (\d+)/.exec(message)?.[1]
  if (line === undefined) return error
  const file = display(/^\s*file = (.*)$/m.exec(message)?.[1] ?? '')
  const original = /^Original Line: ?(.*)$/m.exec(message)?.[1] ?? ''
  const expected = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(message)
  const reason = expected !== null
    ? `${expected[2]} ${expected[2] === '1' ? 'cell' : 'cells'} where the header has ${expected[1]}`
    : message.includes('unterminated quote')
      ? 'a quotation mark is not closed'
      : message.includes('unicode')
        ? 'not UTF-8 text'
        : message.split('\n').slice(2).find((text) => text.trim() !== '')?.trim() ?? 'it cannot be read'
  return new UnnormError('malformed-csv', `${file}: line ${line}: ${reason}: ${original.slice(0, 80)} (correct the line; lines count from 1, the header included)`)
}
