// CSV read strictly: one delimiter, one header of column names, every row as wide as the header. DuckDB's own detection would
// skip lines that do not fit, without a word; here they are errors.
import type { DuckDBConnection } from '@duckdb/node-api'
import { UnnormError } from '../base/errors.ts'
import { queryRows, sqlText } from './duckdb.ts'
import { escapeGlob } from './source-files.ts'

/** The columns of CSV files and the SQL of their rows, in which column k is the text `c<k>`, null where empty. */
export interface CsvSource {
  readonly names: readonly string[]
  readonly relation: string
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
      throw new UnnormError('columns-differ', `${display(paths[i])}: columns ${header.names.join(', ')} differ from those of ${display(paths[0])}, ${names.join(', ')} (files read together must have the same columns)`)
    }
  })
  const columns = names.map((_, k) => `'c${k}': 'VARCHAR'`).join(', ')
  const files = paths.map((path) => sqlText(escapeGlob(path))).join(', ')
  const relation = `read_csv([${files}], auto_detect = false, header = true, delim = ${sqlText(delimiter)}, quote = '"', escape = '"', `
    + `strict_mode = true, null_padding = false, ignore_errors = false, skip = 0, comment = '', columns = {${columns}})`
  return { names, relation }
}

async function readHeader(connection: DuckDBConnection, path: string, shown: string): Promise<{ names: string[]; delimiter: string }> {
  // Through DuckDB rather than the file system, because it unpacks gz and zst.
  const [row] = await queryRows(connection, `select line from read_csv(${sqlText(escapeGlob(path))}, auto_detect = false, header = false, strict_mode = false, delim = '', quote = '', escape = '', columns = {'line': 'VARCHAR'}) limit 1`)
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

// The one that occurs most often outside quotes; a comma where none does.
function delimiterOf(line: string): string {
  const bare = line.replaceAll(/"[^"]*"/g, '')
  const counted = [',', '\t', ';', '|'].map((delimiter) => ({ delimiter, count: bare.split(delimiter).length }))
  return counted.reduce((best, next) => (next.count > best.count ? next : best)).delimiter
}

function splitLine(line: string, delimiter: string): string[] | null {
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
