// What a DATA argument stands for: its files and their format, found without reading the data.
import { constants } from 'node:fs'
import { access, open, stat } from 'node:fs/promises'
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
 * @throws UnnormError `missing-file`, `not-permitted` …, `unknown-format`, `mixed-formats`, `compressed-parquet`
 */
export async function findFiles(connection: DuckDBConnection, source: string): Promise<SourceFiles> {
  const found = await stat(source).catch((error: unknown) => error)
  if (found instanceof Error) {
    if (!/[*?[]/.test(source)) throw fileError(found, 'read', source)
    const paths = await glob(connection, source)
    if (paths.length === 0) throw new UnnormError('missing-file', `no file matches ${source} (check the path; put the pattern in quotes)`)
    return { format: await commonFormat(source, paths), paths }
  }
  if ((found as Awaited<ReturnType<typeof stat>>).isDirectory()) {
    const inside = escapeGlob(source)
    const paths = (await Promise.all(['parquet', 'pq'].map((ending) => glob(connection, join(inside, '**', `*.${ending}`))))).flat().sort()
    if (paths.length === 0) {
      throw new UnnormError('missing-file', `${source}: no Parquet file in this folder (name a file, or other files by a pattern such as '${join(source, '*.csv')}')`)
    }
    return { format: 'parquet', paths }
  }
  return { format: await commonFormat(source, [source]), paths: [source] }
}

async function glob(connection: DuckDBConnection, pattern: string): Promise<string[]> {
  const rows = await queryRows(connection, `select file from glob(${sqlText(pattern)})`)
  return rows.map(([file]) => String(file))
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

async function formatOf(path: string): Promise<SourceFormat> {
  await access(path, constants.R_OK).catch((error: unknown) => { throw fileError(error, 'read', path) })
  const name = path.toLowerCase()
  const packed = /\.(?:gz|zst)$/.exec(name)
  const ending = /\.([a-z0-9]+)$/.exec(packed ? name.slice(0, packed.index) : name)?.[1] ?? ''
  const format = FORMATS[ending] ?? (packed ? 'csv' : await formatByContent(path))
  if (packed && (format === 'parquet' || format === 'database')) {
    throw new UnnormError('compressed-file', `${path}: a compressed ${format === 'parquet' ? 'Parquet' : 'database'} file cannot be read (unpack it first)`)
  }
  return format
}

// Files of an unknown name tell by their first bytes; text that is no JSON is taken for CSV.
async function formatByContent(path: string): Promise<SourceFormat> {
  const head = Buffer.alloc(512)
  const handle = await open(path, 'r').catch((error: unknown) => { throw fileError(error, 'read', path) })
  const { bytesRead } = await handle.read(head, 0, head.length, 0).finally(() => handle.close())
  if (head.toString('latin1', 0, 4) === 'PAR1') return 'parquet'
  if (head.toString('latin1', 8, 12) === 'DUCK') return 'database'
  const text = head.toString('utf8', 0, bytesRead)
  if (text.includes('\0')) {
    throw new UnnormError('unknown-format', `${path}: unknown format (must be CSV, TSV, JSON, Parquet or a DuckDB database)`)
  }
  return /^\s*[[{]/.test(text) ? 'json' : 'csv'
}
