// Commands that take a fitted model and rows: opening both at once, and writing the rows with new columns.
import type { Options, OptionValues } from '../base/options.ts'
import type { Table } from '../data/table.ts'
import type { DataSource } from '../node/data-source.ts'
import type { OpenedModel } from '../node/open-model.ts'
import type { ReadOptions } from '../node/read-table.ts'
import type { NewColumn } from '../node/write-table.ts'
import type { CommandResult } from './command.ts'
import type { Context } from './context.ts'
import { openData, readModelColumns, readOptions } from './data-options.ts'
import type { dataOptions, threadsOption } from './data-options.ts'

export const modelArgument = { placeholder: 'MODEL', sentence: 'the run folder that unnorm fit wrote, or a model.onnx', required: true } as const

export const outOption = { type: 'path', short: 'o', placeholder: 'OUT', required: true, sentence: 'Where the rows go: .csv, .tsv (also .gz, .zst) or .parquet' } as const satisfies Options[string]

/** The rows of DATA in the model's columns, with their source still open. */
export interface ModelRows {
  readonly source: DataSource
  readonly options: ReadOptions
  readonly table: Table
}

type DataValues = OptionValues<typeof dataOptions & { threads: typeof threadsOption }>

/** Opens a model, hands it on, and releases it. */
export async function withModel<Result>(path: string, threads: number | undefined, work: (model: OpenedModel) => Promise<Result>): Promise<Result> {
  const { openModel } = await import('../node/open-model.ts')
  const opened = await openModel(path, threads === undefined ? {} : { threads })
  try {
    return await work(opened)
  } finally {
    await opened.energy.release()
  }
}

/** Opens a model and DATA, reads the model's columns, and closes both when the work is done. */
export async function withModelAndData<Result>(
  context: Context, model: string, data: string | undefined, values: DataValues, work: (model: OpenedModel, rows: ModelRows) => Promise<Result>,
): Promise<Result> {
  return withModel(model, values.threads, async (opened) => {
    const options = readOptions(context, values, values.threads)
    const source = await openData(data, options)
    try {
      context.progress.phase(`reading ${data === '-' ? 'standard input' : data ?? 'the data'}`)
      const table = await readModelColumns(context, source, opened.metadata.columns, options)
      return await work(opened, { source, options: { ...options, columns: opened.metadata.columns }, table })
    } finally {
      await source.close()
    }
  })
}

/** Refuses an output whose name says no format, before anything is computed. */
export async function checkOutput(out: string): Promise<void> {
  const { outputFormat } = await import('../node/write-table.ts')
  outputFormat(out)
}

/** Writes the rows with new columns, and says so. */
export async function writeRows(context: Context, { source, options, table }: ModelRows, newColumns: readonly NewColumn[], out: string): Promise<CommandResult> {
  const { appendColumns } = await import('../node/write-table.ts')
  context.progress.phase(`writing ${out}`)
  await appendColumns(source, options, newColumns, out)
  const names = newColumns.map(({ name }) => name)
  return {
    json: { out, rows: table.rows, newColumns: names },
    text: `${table.rows} ${table.rows === 1 ? 'row' : 'rows'} written to ${out} with ${names.join(', ')}`,
    kind: 'summary',
  }
}
