// The rows that a fitted model learned from, for commands that compare other rows with them.
import { UnnormError } from '../base/errors.ts'
import type { OpenedModel } from '../node/open-model.ts'
import type { ReadOptions } from '../node/read-table.ts'
import type { Context } from './context.ts'

/**
 * The training rows of a run, or those of --train; at most 100 000, evenly spaced. A text says why there are none.
 * @param reading how the rows of DATA were read: the model's columns, and what to do about missing values
 * @throws UnnormError those of reading --train
 */
export async function trainingRows(context: Context, { folder }: OpenedModel, train: string | undefined, { table: _table, sql: _sql, ...reading }: ReadOptions): Promise<Float64Array | string> {
  const [{ baselineRows }, { splitOfFit }] = await Promise.all([import('../result/assess.ts'), import('../result/held-out.ts')])
  if (train !== undefined) {
    const { readTable } = await import('../node/read-table.ts')
    // `--table` and `--sql` are of DATA.
    const table = await readTable(train, reading)
    for (const warning of table.warnings ?? []) context.warn(warning)
    return baselineRows(table, splitOfFit(table.rows, { seed: 0, holdout: 0 }, false))
  }
  if (folder === null) return 'a model file alone does not say which rows it was fitted to'
  const { trainingTable } = await import('./run-data.ts')
  try {
    const { table, checkpoint } = await trainingTable(folder)
    const { seed = 0, holdout } = checkpoint.request.fit
    return baselineRows(table, splitOfFit(table.rows, { seed, holdout }, checkpoint.state !== null))
  } catch (error) {
    if (error instanceof UnnormError && error.code === 'no-training-data') return error.message
    throw error
  }
}
