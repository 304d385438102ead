// Commands that take a fitted model and rows: opening both at once, and writing the rows with new columns.
import { counted } from '../base/counted.ts'
import type { Options, OptionValues } from '../base/options.ts'
import type { ModelMetadata } from '../compile/model-file.ts'
import type { Table } from '../data/table.ts'
import type { DataSource } from '../node/data-source.ts'
import type { OpenedModel } from '../node/open-model.ts'
import type { ReadOptions } from '../node/read-table.ts'
import type { NewColumn } from '../node/write-table.ts'
import type { CommandResult } from './command.ts'
import type { Context } from './context.ts'
import { openData, readModelColumns, readOptions } from './data-options.ts'
import type { dataOptions, threadsOption } from './data-options.ts'
import { refuseIfStopped, stoppable } from './stoppable.ts'

export const modelArgument = { placeholder: 'MODEL', sentence: 'the run folder that unnorm fit wrote, or a model.onnx', required: true } as const

export const outOption = { type: 'path', short: 'o', placeholder: 'OUT', required: true, sentence: 'Where the rows go: .csv, .tsv (also .gz, .zst) or .parquet' } as const satisfies Options[string]

/** The rows of DATA in the model's columns, with their source still open. */
export interface ModelRows {
  readonly source: DataSource
  readonly options: ReadOptions
  readonly table: Table
}

type DataValues = OptionValues<typeof dataOptions & { threads: typeof threadsOption }> & { readonly close?: boolean }

/** Opens a model, hands it on, and releases it. */
export async function withModel<Result>(path: string, threads: number | undefined, signal: AbortSignal, work: (model: OpenedModel) => Promise<Result>): Promise<Result> {
  const { openModel } = await import('../node/open-model.ts')
  const opened = await openModel(path, threads === undefined ? {} : { threads })
  try {
    return await work({ ...opened, energy: stoppable(opened.energy, signal) })
  } finally {
    await opened.energy.release()
  }
}

/**
 * Opens a model and DATA, reads the model's columns, and closes both when the work is done.
 * @param check looks at the two before the rows are read, and throws if they do not go together
 */
export async function withModelAndData<Result>(
  context: Context, model: string, data: string | undefined, values: DataValues, work: (model: OpenedModel, rows: ModelRows) => Promise<Result>,
  check?: (model: OpenedModel, source: DataSource) => void | Promise<void>,
): Promise<Result> {
  return withModel(model, values.threads, context.signal, async (opened) => {
    const options = readOptions(context, values, values.threads)
    const source = await openData(data, options)
    try {
      await check?.(opened, source)
      context.progress.phase(`reading ${data === '-' ? 'standard input' : data ?? 'the data'}`)
      const { checkDomain, closeRows } = await import('../data/domain-rows.ts')
      const given = await readModelColumns(context, source, opened.metadata.columns, options)
      const table = values.close ? closeRows(opened.domain, given) : given
      checkDomain(opened.domain, table)
      return await work(opened, { source, options: { ...options, columns: opened.metadata.columns }, table })
    } finally {
      await source.close()
    }
  })
}

/** Row-major values [n × d] as columns `prefix_column`. */
export const perColumn = (prefix: string, columns: readonly string[], values: Float64Array): NewColumn[] =>
  columns.map((column, j) => ({ name: `${prefix}_${column}`, values: Float64Array.from({ length: values.length / columns.length }, (_, row) => values[row * columns.length + j]) }))

/** Refuses an output of rows that cannot be written, before the work. */
export async function checkOutput(out: string): Promise<void> {
  const [{ outputFormat }, { writableFile }] = await Promise.all([import('../node/write-table.ts'), import('../node/files.ts')])
  outputFormat(out)
  await writableFile(out)
}

/** Columns that a command adds to the rows of DATA. */
export interface AddedColumns {
  /** All names that may be written: none of them may be a column of DATA. */
  names(metadata: ModelMetadata): readonly string[]
  /** The columns that are written, one value for each row. */
  values(model: OpenedModel, rows: ModelRows): Promise<readonly NewColumn[]>
}

/** Writes every row of DATA with columns that a model gives. What stands in the way of the output is refused before the rows are read. */
export async function addColumns(
  context: Context, model: string, data: string | undefined, options: DataValues & { readonly out: string }, added: AddedColumns,
): Promise<CommandResult> {
  const { out } = options
  await checkOutput(out)
  const { appendColumns, refuseInput, refuseTakenNames } = await import('../node/write-table.ts')
  return withModelAndData(context, model, data, options, async (opened, rows) => {
    const columns = await added.values(opened, rows)
    const names = columns.map(({ name }) => name)
    refuseIfStopped(context.signal)
    context.progress.phase(`writing ${out}`)
    await appendColumns(rows.source, rows.options, columns, out)
    return {
      json: { out, rows: rows.table.rows, newColumns: names },
      text: `${counted(rows.table.rows, 'row')} written to ${out} with ${names.join(', ')}`,
      kind: 'summary',
    }
  }, ({ metadata }, source) => {
    refuseTakenNames(source, added.names(metadata), out)
    return refuseInput(source, out)
  })
}
