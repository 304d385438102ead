// Options of every command that reads DATA, and reading it for a model's columns.
import type { Readable } from 'node:stream'
import { UnnormError } from '../base/errors.ts'
import { didYouMean } from '../base/nearest.ts'
import type { Options, OptionValues } from '../base/options.ts'
import type { Table } from '../data/table.ts'
import type { DataSource } from '../node/data-source.ts'
import type { ReadOptions } from '../node/read-table.ts'
import type { Context } from './context.ts'

export const dataArgument = { placeholder: 'DATA', sentence: 'the rows: CSV, TSV, JSON or Parquet (.gz and .zst too), a pattern in quotes, a folder of Parquet files, a DuckDB file, or - for CSV on standard input' } as const

export const dataOptions = {
  table: { type: 'string', placeholder: 'T', sentence: 'Table of DATA where that is a DuckDB file' },
  sql: { type: 'string', placeholder: 'SELECT', sentence: 'The rows are the result of this statement; it may name files' },
  missing: { type: 'choice', choices: ['refuse', 'drop'], default: 'refuse', sentence: 'What to do with rows that have empty, NaN or infinite cells' },
} as const satisfies Options

export const threadsOption = { type: 'number', integer: true, minimum: 1, maximum: 1024, defaultWords: 'all cores', sentence: 'Threads to compute with; the same number gives the same bits' } as const

type DataValues = Pick<OptionValues<typeof dataOptions>, 'table' | 'sql' | 'missing'>

/** Refuses a command line that names no data. */
export function requireData(data: string | undefined, { sql }: { readonly sql?: string | undefined }, command: string): void {
  if (data === undefined && sql === undefined) {
    throw new UnnormError('missing-argument', `missing DATA: ${dataArgument.sentence} (see unnorm ${command} --help)`, 'usage')
  }
}

/** What reading needs beside the source. */
export function readOptions(context: Context, values: DataValues, threads: number | undefined): ReadOptions {
  return {
    missing: values.missing,
    ...(values.table === undefined ? {} : { table: values.table }),
    ...(values.sql === undefined ? {} : { sql: values.sql }),
    ...(threads === undefined ? {} : { threads }),
    get standardInput() { return context.stdin as Readable },
  }
}

/** Opens DATA. Close it when done. */
export async function openData(data: string | undefined, options: ReadOptions): Promise<DataSource> {
  const { openSource } = await import('../node/data-source.ts')
  return openSource(data ?? null, options)
}

/**
 * The columns of a model from an opened source, in the model's order.
 * @throws UnnormError `missing-column` with the nearest name, and those of `readTable`
 */
export async function readModelColumns(context: Context, source: DataSource, columns: readonly string[], options: ReadOptions): Promise<Table> {
  const { readTable } = await import('../node/read-table.ts')
  const names = source.columns.map(({ name }) => name)
  const missing = columns.filter((name) => !names.includes(name))
  if (missing.length > 0) {
    const [first] = missing
    throw new UnnormError('missing-column', `${source.name}: no column ${JSON.stringify(first)}, which the model has${didYouMean(first, names)} (the model's columns are ${columns.join(', ')}; the data have ${names.join(', ')})`)
  }
  const table = await readTable(source, { ...options, columns })
  for (const warning of table.warnings ?? []) context.warn(warning)
  return table
}
