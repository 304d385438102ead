// An opened DATA argument: its columns, and its rows as one SQL relation that reads the same way every time.
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { DuckDBConnection } from '@duckdb/node-api'
import { UnnormError } from '../base/errors.ts'
import { didYouMean } from '../base/nearest.ts'
import { csvError, openCsv } from './csv-source.ts'
import { firstLine, openDatabase, queryRows, sqlName, sqlText } from './duckdb.ts'
import type { DatabaseLimits } from './duckdb.ts'
import { fileError } from './files.ts'
import { refuseDamaged } from './packed-files.ts'
import { columnsDiffer, escapeGlob, findFiles } from './source-files.ts'

export interface SourceOptions extends DatabaseLimits {
  /** The table or view of a DuckDB database file, `name` or `schema.name`. */
  readonly table?: string
  /** One SELECT; it may refer to files, and to the tables of `source` where that is a database file. */
  readonly sql?: string
  /** What `-` stands for: CSV text. */
  readonly standardInput?: Readable
}

/** A column as the user names it, and as SQL over the relation. */
export interface SourceColumn {
  readonly name: string
  /** The column itself. */
  readonly sql: string
  readonly kind: 'number' | 'text' | 'other'
  /** DuckDB's name of its type; VARCHAR for all columns of CSV. */
  readonly type: string
}

/** Where a row lies: the file, and the row within it. Rows count from 1 and leave the header out. */
export interface RowPlace {
  readonly file: string
  readonly row: number
}

export interface DataSource {
  /** As the user wrote it: the path, `-`, or the statement. */
  readonly name: string
  readonly columns: readonly SourceColumn[]
  /** The files that are read; none of standard input, and of a statement as far as it is told. */
  readonly paths: readonly string[]
  /** Of CSV, in which every column is text, whatever it holds; null where columns have types. */
  readonly delimiter: string | null
  /** SQL to stand after FROM; its rows come in the same order every time. */
  readonly relation: string
  readonly connection: DuckDBConnection
  /** Runs a query over the relation, its errors in our words. */
  guarded<T>(work: () => Promise<T>): Promise<T>
  /** The places of rows, given by their numbers from 1 over all files. */
  places(rows: readonly number[]): Promise<RowPlace[]>
  /** Empty lines of CSV that are no rows. */
  blankLines(): Promise<number>
  /** 0, 1, 2 …: for names of what is registered with the connection. */
  nextNumber(): number
  close(): Promise<void>
}

/**
 * Opens a source. Close it when done: standard input and the result of a statement are kept in temporary files until then.
 * @param source a path, a glob, a folder of Parquet files, `-`, or null with `sql`
 * @throws UnnormError `missing-file`, `unreadable-file`, `empty-table`, `duplicate-names`, `missing-table`, `unknown-table`,
 *   `invalid-sql`, `not-a-database` and those of `findFiles` and `openCsv`
 */
export async function openSource(source: string | null, options: SourceOptions = {}): Promise<DataSource> {
  if (source === null && options.sql === undefined) throw new UnnormError('missing-data', 'no data (must be a file, a folder, - or --sql)', 'usage')
  if (options.table !== undefined && options.sql !== undefined) throw new UnnormError('conflicting-options', 'invalid --table: not together with --sql (name the table in the statement)', 'usage')
  const other = options.sql !== undefined ? '--sql' : options.table !== undefined ? '--table' : undefined
  if (source === '-' && other !== undefined) throw new UnnormError('conflicting-options', `invalid ${other}: not together with standard input, which is CSV (leave out - or ${other})`, 'usage')
  const database = await openDatabase(options)
  try {
    const { connection, temporaryFolder } = database
    const name = options.sql ?? source!
    const opened = await open(connection, source, options, temporaryFolder).catch((error: unknown) => { throw readError(error, name) })
    refuseDuplicateNames(name, opened.columns)
    const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
      try {
        return await work()
      } catch (error) {
        throw readError(csvError(error, opened.display), name)
      }
    }
    let number = 0
    return {
      name,
      nextNumber: () => number++,
      columns: opened.columns,
      paths: opened.paths,
      delimiter: opened.delimiter ?? null,
      relation: opened.relation,
      connection,
      guarded,
      places: (rows) => guarded(() => placesOf(connection, opened, rows)),
      blankLines: async () => opened.blankLines?.() ?? 0,
      close: () => database.close(),
    }
  } catch (error) {
    await database.close()
    throw error
  }
}

interface Opened {
  readonly columns: readonly SourceColumn[]
  readonly delimiter?: string
  readonly relation: string
  readonly paths: readonly string[]
  display(path: string): string
  blankLines?(): Promise<number>
}

async function open(connection: DuckDBConnection, source: string | null, options: SourceOptions, folder: string): Promise<Opened> {
  const whole = (): string => options.sql ?? source!
  if (source === '-') {
    if (options.standardInput === undefined) throw new Error('openSource: `-` needs options.standardInput')
    const path = join(folder, 'standard-input.csv')
    await pipeline(options.standardInput, createWriteStream(path)).catch((error: unknown) => { throw fileError(error, 'write', path) })
    return openCsvFiles(connection, [path], () => 'standard input')
  }
  if (options.sql !== undefined) {
    if (source !== null) await attach(connection, source)
    const relation = await keepResult(connection, options.sql, join(folder, 'result.parquet'))
    return { ...relation, paths: [], display: whole }
  }
  const { format, paths } = await findFiles(connection, source!)
  const display = paths.length === 1 ? whole : (path: string): string => path
  for (const path of paths) await refuseDamaged(path, display(path))
  if (options.table !== undefined && format !== 'database') {
    throw new UnnormError('not-a-database', `invalid --table: ${options.table} (only for a DuckDB database file, which ${source} is not)`)
  }
  if (format === 'csv') return openCsvFiles(connection, paths, display)
  if (format === 'database') {
    const relation = await tableIn(connection, source!, options.table)
    return { columns: await describe(connection, relation), relation, paths: [], display: whole }
  }
  if (format === 'parquet') await refuseDifferentColumns(connection, paths, display)
  const relation = format === 'parquet' ? parquetRows(paths) : jsonRows(paths)
  return { columns: await describe(connection, relation), relation, paths, display }
}

const sqlList = (paths: readonly string[]): string => `[${paths.map((path) => sqlText(escapeGlob(path))).join(', ')}]`
// All of a file is looked at for its columns and types: a sample would lose late ones.
const jsonRows = (paths: readonly string[]): string => `read_json(${sqlList(paths)}, sample_size = -1)`
// Types that hold the cells of every file: to that of a column of the first one, whole numbers, fractions of a later one would be rounded.
const parquetRows = (paths: readonly string[]): string => `read_parquet(${sqlList(paths)}, union_by_name = true)`

// Read by name, columns that a file lacks would be empty. Their order may differ.
async function refuseDifferentColumns(connection: DuckDBConnection, paths: readonly string[], display: (path: string) => string): Promise<void> {
  let first: readonly string[] | undefined
  for (const path of paths.length > 1 ? paths : []) {
    const names = (await describe(connection, parquetRows([path]))).map(({ name }) => name)
    first ??= names
    if (names.toSorted().join('\0') !== first.toSorted().join('\0')) throw columnsDiffer(display(path), names, display(paths[0]), first)
  }
}

async function openCsvFiles(connection: DuckDBConnection, paths: readonly string[], display: (path: string) => string): Promise<Opened> {
  const { names, ...csv } = await openCsv(connection, paths, display).catch((error: unknown) => { throw csvError(error, display) })
  const columns = names.map((name, k): SourceColumn => ({ name, sql: `c${k}`, kind: 'text', type: 'VARCHAR' }))
  return { ...csv, columns, paths, display }
}

async function describe(connection: DuckDBConnection, relation: string): Promise<SourceColumn[]> {
  const rows = await queryRows(connection, `describe select * from ${relation}`)
  return rows.map(([name, type]) => ({ name: String(name), sql: sqlName(String(name)), kind: kindOf(String(type)), type: String(type) }))
}

function kindOf(type: string): SourceColumn['kind'] {
  if (/^(?:U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)|BIGNUM)$/.test(type)) return 'number'
  return /^(?:VARCHAR|JSON|ENUM\(.*\))$/s.test(type) ? 'text' : 'other'
}

// The result is kept, for a statement need not give the same rows, or their order, twice.
async function keepResult(connection: DuckDBConnection, sql: string, path: string): Promise<{ columns: SourceColumn[]; relation: string }> {
  // The closing bracket on its own line: the statement may end in a comment.
  const statement = `(${sql.trim().replace(/;+$/, '')}\n)`
  try {
    const described = await queryRows(connection, `describe ${statement}`)
    const names = described.map(([name]) => String(name))
    refuseDuplicateNames(sql, names.map((name) => ({ name })))
    const columns = describedColumns(described)
    const list = names.map((_, k) => `c${k}`).join(', ')
    await connection.run(`copy (select * from ${statement} as result(${list})) to ${sqlText(path)} (format parquet)`)
    return { columns, relation: `read_parquet(${sqlText(escapeGlob(path))})` }
  } catch (error) {
    if (error instanceof UnnormError) throw error
    const known = fileError(error, 'write', path)
    throw known === error ? new UnnormError('invalid-sql', `invalid --sql: ${firstLine(error)} (must be one SELECT)`) : known
  }
}

function describedColumns(described: readonly (readonly unknown[])[]): SourceColumn[] {
  return described.map(([name, type], k) => ({ name: String(name), sql: `c${k}`, kind: kindOf(String(type)), type: String(type) }))
}

async function attach(connection: DuckDBConnection, path: string): Promise<void> {
  const { format } = await findFiles(connection, path)
  if (format !== 'database') {
    throw new UnnormError('not-a-database', `invalid data: ${path} together with --sql (must be a DuckDB database file; name other files in the statement)`)
  }
  try {
    await connection.run(`attach ${sqlText(path)} as data (read_only)`)
    await connection.run('use data')
  } catch (error) {
    throw new UnnormError('not-a-database', `${path}: cannot be opened as a DuckDB database: ${firstLine(error)} (copy the file again; if another program writes it, end that first)`)
  }
}

async function tableIn(connection: DuckDBConnection, path: string, table: string | undefined): Promise<string> {
  await attach(connection, path)
  const rows = await queryRows(connection, `select schema_name, table_name from duckdb_tables() where database_name = 'data'
    union all select schema_name, view_name from duckdb_views() where database_name = 'data' and not internal order by 1, 2`)
  const tables = rows.map(([schema, name]) => ({ schema: String(schema), shown: schema === 'main' ? String(name) : `${schema}.${name}`, name: String(name) }))
  const list = tables.map(({ shown }) => shown).join(', ')
  if (tables.length === 0) throw new UnnormError('empty-table', `${path}: no table in this database (choose another file)`)
  const asked = table ?? (tables.length === 1 ? tables[0].shown : undefined)
  if (asked === undefined) throw new UnnormError('missing-table', `${path}: a database; which table? (--table, one of ${list})`)
  const found = tables.find(({ shown, schema, name }) => shown === asked || `${schema}.${name}` === asked)
  if (found === undefined) {
    throw new UnnormError('unknown-table', `${path}: unknown table: ${asked}${didYouMean(asked, tables.map(({ shown }) => shown))} (must be one of ${list})`)
  }
  return `data.${sqlName(found.schema)}.${sqlName(found.name)}`
}

function refuseDuplicateNames(source: string, columns: readonly { readonly name: string }[]): void {
  const seen = new Map<string, number>()
  columns.forEach(({ name }, k) => {
    const before = seen.get(name)
    if (before !== undefined) {
      throw new UnnormError('duplicate-names', `${source}: columns ${before + 1} and ${k + 1} are both named ${JSON.stringify(name)} (names must differ: rename one)`)
    }
    seen.set(name, k)
  })
}

async function placesOf(connection: DuckDBConnection, opened: Opened, rows: readonly number[]): Promise<RowPlace[]> {
  if (opened.paths.length <= 1) return rows.map((row) => ({ file: opened.display(opened.paths[0] ?? ''), row }))
  const counts = new Map((await queryRows(connection, `select filename, count(*) from ${opened.relation} group by all`)).map(([file, count]) => [String(file), Number(count)]))
  return rows.map((row) => {
    let rest = row
    for (const path of opened.paths) {
      const count = counts.get(path) ?? 0
      if (rest <= count) return { file: opened.display(path), row: rest }
      rest -= count
    }
    return { file: opened.display(opened.paths[0]), row }
  })
}

function readError(error: unknown, name: string): unknown {
  if (error instanceof UnnormError) return error
  const known = fileError(error, 'read', name)
  if (known !== error) return known
  // Errors of DuckDB are plain errors whose message begins with their class.
  if (error instanceof Error && /^(?:[A-Z][A-Za-z]+ )+Error: /.test(error.message)) {
    return new UnnormError('unreadable-file', `${name}: cannot be read: ${firstLine(error)} (write or copy the file again; its ending must say what it holds)`)
  }
  return error
}
