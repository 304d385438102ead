// Every row of a source with its own columns, and new numeric ones after them: CSV or Parquet, whole or not at all.
import { open, realpath } from 'node:fs/promises'
import type { DuckDBDoubleVector } from '@duckdb/node-api'
import { UnnormError } from '../base/errors.ts'
import { completeRow } from './cells.ts'
import { openSource } from './data-source.ts'
import type { DataSource, SourceColumn } from './data-source.ts'
import { queryRows, sqlName, sqlText } from './duckdb.ts'
import { writeWhole } from './files.ts'
import { selectColumns } from './read-table.ts'
import type { ReadOptions } from './read-table.ts'
import { requireDuckDb } from './require.ts'

/** A column to add: one value for each row that `readTable` gives under the same options. */
export interface NewColumn {
  readonly name: string
  readonly values: Float64Array
}

/** How a file is written, told from its name. */
export interface OutputFormat {
  readonly format: 'csv' | 'parquet'
  readonly delimiter: ',' | '\t'
  readonly compression: 'none' | 'gzip' | 'zstd'
}

/**
 * The format of an output file: `.csv`, `.tsv` (also with `.gz` or `.zst`) or `.parquet`.
 * @throws UnnormError `unknown-format` (usage)
 */
export function outputFormat(path: string): OutputFormat {
  const match = /\.(csv|tsv|parquet)(?:\.(gz|zst))?$/i.exec(path)
  const ending = match?.[1].toLowerCase()
  const packed = match?.[2]?.toLowerCase()
  if (ending === undefined || (ending === 'parquet' && packed !== undefined)) {
    throw new UnnormError('unknown-format', `invalid output: ${path} (must end in .csv, .tsv, .parquet, .csv.gz, .csv.zst, .tsv.gz or .tsv.zst)`, 'usage')
  }
  return {
    format: ending === 'parquet' ? 'parquet' : 'csv',
    delimiter: ending === 'tsv' ? '\t' : ',',
    compression: packed === 'gz' ? 'gzip' : packed === 'zst' ? 'zstd' : 'none',
  }
}

/**
 * Writes the rows of a source with new columns behind its own. Rows keep their order. Cells of CSV stay the text they are in
 * CSV; in Parquet a column of whole numbers becomes BIGINT, of other numbers DOUBLE. Under `missing: 'drop'` the dropped
 * rows are left out here too.
 * @param source as for `readTable`; to read and append from standard input, open it once with `openSource`
 * @param options the options the table was read with
 * @param newColumns their names must be new, their lengths those of the table read
 * @throws UnnormError `column-exists`, `unknown-format`, those of `readTable`, and those of the file system
 */
export async function appendColumns(source: string | null | DataSource, options: ReadOptions, newColumns: readonly NewColumn[], out: string): Promise<void> {
  const output = outputFormat(out)
  if (source !== null && typeof source === 'object') return source.guarded(() => append(source, options, newColumns, out, output))
  const opened = await openSource(source, options)
  try {
    await opened.guarded(() => append(opened, options, newColumns, out, output))
  } finally {
    await opened.close()
  }
}

async function append(source: DataSource, options: ReadOptions, newColumns: readonly NewColumn[], out: string, output: OutputFormat): Promise<void> {
  refuseTakenNames(source, newColumns.map(({ name }) => name), out)
  const where = options.missing === 'drop' ? ` where ${completeRow((await selectColumns(source, options)).columns)}` : ''
  const [[count]] = await queryRows(source.connection, `select count(*) from ${source.relation}${where}`)
  for (const { name, values } of newColumns) {
    if (values.length !== Number(count)) throw new RangeError(`appendColumns: ${values.length} values of ${name} for ${count} rows of ${source.name}`)
  }
  const own = output.format === 'parquet' ? await typedColumns(source) : source.columns.map(({ sql, name }) => `${sql} as ${sqlName(name)}`)
  const functions = await registerColumns(source, newColumns)
  const added = newColumns.map(({ name }, k) => `${functions[k]}(unnorm_place) as ${sqlName(name)}`)
  // Numbering the rows also keeps DuckDB to one thread and their order.
  const rows = `(select *, (row_number() over ())::double as unnorm_place from ${source.relation}${where})`
  await copyRows(source, `select ${[...own, ...added].join(', ')} from ${rows}`, out, output)
}

/**
 * Writes a table of numeric columns.
 * @param columns all of the same length
 * @throws UnnormError `unknown-format`, and those of the file system
 */
export async function writeColumns(columns: readonly NewColumn[], out: string): Promise<void> {
  const output = outputFormat(out)
  refuseAlike(columns.map(({ name }) => name), out)
  const source = await openSource(null, { sql: `select range from range(${columns[0].values.length})` })
  try {
    await source.guarded(async () => {
      const functions = await registerColumns(source, columns)
      const selected = columns.map(({ name }, k) => `${functions[k]}(unnorm_place) as ${sqlName(name)}`)
      await copyRows(source, `select ${selected.join(', ')} from (select (row_number() over ())::double as unnorm_place from ${source.relation})`, out, output)
    })
  } finally {
    await source.close()
  }
}

async function copyRows(source: DataSource, select: string, out: string, output: OutputFormat): Promise<void> {
  // Without a temporary file of DuckDB's own, which it would leave behind when the disk is full.
  const settings = 'use_tmp_file false, ' + (output.format === 'parquet'
    ? 'format parquet, compression zstd'
    : `format csv, header true, delimiter ${sqlText(output.delimiter)}, compression ${output.compression}`)
  await writeWhole(out, async (temporary) => {
    // Opened by the file system first: its errors have codes, DuckDB's only texts.
    await (await open(temporary, 'w')).close()
    await source.connection.run(`copy (${select}) to ${sqlText(temporary)} (${settings})`)
  })
}

/**
 * Refuses names that could not be told apart in the file: case aside, because DuckDB and other readers of Parquet tell them so.
 * @throws UnnormError `column-exists`
 */
export function refuseTakenNames(source: Pick<DataSource, 'name' | 'columns'>, names: readonly string[], out: string): void {
  const own = source.columns.map(({ name }) => name)
  refuseAlike(own, out)
  refuseAlike(names, out)
  const taken = new Map(own.map((name) => [name.toLowerCase(), name]))
  for (const name of names) {
    const found = taken.get(name.toLowerCase())
    if (found !== undefined) {
      throw new UnnormError('column-exists', `cannot write ${out}: ${source.name} already has a column ${JSON.stringify(found)}, which would be written (rename it there, or select the other columns with --sql)`)
    }
  }
}

/** Two columns whose names differ in case alone would be renamed in the file. */
function refuseAlike(names: readonly string[], out: string): void {
  const seen = new Map<string, string>()
  for (const name of names) {
    const other = seen.get(name.toLowerCase())
    if (other !== undefined) throw new UnnormError('column-exists', `cannot write ${out}: its columns ${JSON.stringify(other)} and ${JSON.stringify(name)} would differ in case only (rename one of them in the data, with --sql for instance)`)
    seen.set(name.toLowerCase(), name)
  }
}

/**
 * Refuses to replace a file by what is read from it.
 * @throws UnnormError `output-is-input`
 */
export async function refuseInput({ paths, name }: DataSource, out: string): Promise<void> {
  const real = (path: string): Promise<string> => realpath(path).catch(() => path)
  const target = await real(out)
  for (const path of paths) {
    if (await real(path) === target) throw new UnnormError('output-is-input', `cannot write ${out}: the rows are read from it${path === name ? '' : `, as one of ${name}`} (name another file with -o)`)
  }
}

// Columns of CSV are all text to DuckDB; Parquet has types. Numbers with leading zeros are codes, and stay text.
async function typedColumns(source: DataSource): Promise<string[]> {
  if (source.delimiter === null) return source.columns.map(({ sql, name }) => `${sql} as ${sqlName(name)}`)
  const texts = source.columns
  const whole = ({ sql }: SourceColumn): string => `bool_and(regexp_full_match(${sql}, '-?(0|[1-9][0-9]{0,17})'))`
  const number = ({ sql }: SourceColumn): string => `bool_and(regexp_full_match(${sql}, '[-+]?(0|[1-9][0-9]*)?([.][0-9]*)?([eE][-+]?[0-9]+)?') and try_cast(${sql} as double) is not null)`
  const [found] = await queryRows(source.connection, `select ${texts.flatMap((column) => [whole(column), number(column)]).join(', ')} from ${source.relation}`)
  return texts.map(({ sql, name }, k) => {
    const cast = found[2 * k] === true ? '::bigint' : found[2 * k + 1] === true ? '::double' : ''
    return `${sql}${cast} as ${sqlName(name)}`
  })
}

// SQL functions from the number of a row to a new value: nothing is copied into DuckDB beforehand.
async function registerColumns(source: DataSource, newColumns: readonly NewColumn[]): Promise<string[]> {
  const { DOUBLE, DuckDBScalarFunction } = requireDuckDb()
  return newColumns.map(({ values }, k) => {
    const name = `unnorm_new_${k}_${source.nextNumber()}`
    source.connection.registerScalarFunction(DuckDBScalarFunction.create({
      name,
      parameterTypes: [DOUBLE],
      returnType: DOUBLE,
      mainFunction: (_, input, output) => {
        const places = input.getColumnVector(0) as DuckDBDoubleVector
        for (let i = 0; i < input.rowCount; i++) output.setItem(i, values[(places.getItem(i) ?? 0) - 1])
        output.flush()
      },
    }))
    return name
  })
}
