// What a DATA argument stands for: its files and their format, found without reading the data.
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { UnnormError } from '../base/errors.ts'
import { queryRows, sqlText } from './duckdb.ts'
import { fileError } from './files.ts'

export type SourceFormat = 'csv' | 'json' | 'parquet' | 'database'

/** The files of a source, at least one, in the order they are read. */
export interface SourceFiles {
  readonly format: SourceFormat
  readonly paths: readonly string[]
}

const FORMATS: Readonly<Record<string, SourceFormat>> = {
  csv: 'csv', tsv: 'csv', txt: 'csv',
  json: 'json', ndjson: 'json', jsonl: 'json',
  parquet: 'parquet', pq: 'parquet',
  duckdb: 'database', ddb: 'database', db: 'database',
}

/**
 * The files behind a path, a glob (`*`, `?`, `[…]`, `**`) or a folder of Parquet files. A file that exists under the very
 * name is never taken for a glob.
 * @throws UnnormError `missing-file`, `not-permitted` …, `not-a-file`, `unknown-format`, `mixed-formats`, `compressed-file`
 */
export async function findFiles(connection: DuckDBConnection, source: string): Promise<SourceFiles> {
  const found = await stat(source).catch((error: unknown) => {
    if (/[*?[]/.test(source)) return null
    throw fileError(error, 'read', source)
  })
  if (found === null) {
    const paths = await glob(connection, source)
    if (paths.length === 0) throw new UnnormError('missing-file', `no file matches ${source} (check the path; put the pattern in quotes)`)
    return { format: await commonFormat(source, paths), paths }
  }
  if (found.isDirectory()) {
    const inside = escapeGlob(source)
    const paths = (await Promise.all(['parquet', 'pq'].map((ending) => glob(connection, join(inside, '**', `*.${ending}`))))).flat().sort()
    if (paths.length === 0) {
      throw new UnnormError('missing-file', `${source}: no Parquet file in this folder (name a file, or other files by a pattern such as '${join(source, '*.csv')}')`)
    }
    return { format: 'parquet', paths }
  }
  // Rows are read more than once; from a pipe a second reading would wait forever.
  if (!found.isFile()) throw new UnnormError('not-a-file', `cannot read ${source}: it is a pipe or device, not a file (give CSV as standard input, with - for the data)`)
  return { format: await commonFormat(source, [source]), paths: [source] }
}

async function glob(connection: DuckDBConnection, pattern: string): Promise<string[]> {
  const rows = await queryRows(connection, `select file from glob(${sqlText(pattern)})`)
  return rows.map(([file]) => String(file))
}

/** The error of a file whose columns are not those of the first one. */
export function columnsDiffer(shown: string, names: readonly string[], first: string, firstNames: readonly string[]): UnnormError {
  return new UnnormError('columns-differ', `${shown}: columns ${names.join(', ')} differ from those of ${first}, ${firstNames.join(', ')} (files read together must have the same columns)`)
}

/** A pattern that matches nothing but this path. */
export const escapeGlob = (path: string): string => path.replaceAll(/[*?[]/g, '[$&]')

async function commonFormat(source: string, paths: readonly string[]): Promise<SourceFormat> {
  const formats = await Promise.all(paths.map(formatOf))
  const other = formats.findIndex((format) => format !== formats[0])
  if (other > 0) {
    throw new UnnormError('mixed-formats', `${source}: files of different formats, ${paths[0]} and ${paths[other]} (they must all be CSV, all JSON or all Parquet)`)
  }
  if (paths.length > 1 && formats[0] === 'database') {
    throw new UnnormError('mixed-formats', `${source}: ${paths.length} database files (name one)`)
  }
  return formats[0]
}

// The name decides, not the content: text that is no table can look like one.
async function formatOf(path: string): Promise<SourceFormat> {
  await access(path, constants.R_OK).catch((error: unknown) => { throw fileError(error, 'read', path) })
  const [, name, packing] = /^(.*?)(\.gz|\.zst)?$/s.exec(path.toLowerCase())!
  const ending = /\.([^./\\]+)$/.exec(name)?.[1] ?? ''
  if (!Object.hasOwn(FORMATS, ending)) {
    throw new UnnormError('unknown-format', `${path}: unknown format (must end in ${Object.keys(FORMATS).map((known) => `.${known}`).join(', ')}; text also in .gz or .zst: rename or export the file, or give CSV as standard input, with - for the data)`)
  }
  const format = FORMATS[ending]
  if (packing !== undefined && (format === 'parquet' || format === 'database')) {
    throw new UnnormError('compressed-file', `${path}: a compressed ${format === 'parquet' ? 'Parquet' : 'database'} file cannot be read (unpack it first)`)
  }
  return format
}
