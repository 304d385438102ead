// The rows that a run was fitted to, read again from where it read them.
import { isAbsolute, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { UnnormError } from '../base/errors.ts'
import type { Table } from '../data/table.ts'
import { readCheckpoint } from '../node/checkpoint.ts'
import type { Checkpoint, RunRequest } from '../node/checkpoint.ts'
import { tableFingerprint } from '../node/fingerprint.ts'
import type { ReadOptions } from '../node/read-table.ts'

/** A path of a request, good from wherever the command is run now. */
export function fromWorkingFolder(path: string, { workingFolder }: RunRequest): string {
  return isAbsolute(path) || process.cwd() === workingFolder ? path : resolve(workingFolder, path)
}

/** How a request's data are read; the source itself is null for a statement alone. */
function requestedData(request: RunRequest): { source: string | null; options: ReadOptions } {
  const { source, read, threads } = request
  return { source: source === null || source === '-' ? source : fromWorkingFolder(source, request), options: { ...read, threads } }
}

/** Reads the data of a request; `standardInput` is what `-` stands for. */
export async function readRequested(request: RunRequest, standardInput?: () => Readable): Promise<Table> {
  const { formula } = request.model
  const [{ readTable }, { formulaColumns }] = await Promise.all([
    import('../node/read-table.ts'),
    formula ? import('../model/formula/formula-model.ts') : { formulaColumns: undefined },
  ])
  const { source, options } = requestedData(request)
  const chosen = formulaColumns && { chooseColumns: (names: readonly string[]) => formulaColumns(formula!.logDensity, names, request.fit.domain) }
  return readTable(source, { ...options, ...chosen, ...(source === '-' && standardInput !== undefined ? { standardInput: standardInput() } : {}) })
}

/**
 * The rows that a completed run was fitted to.
 * @throws UnnormError `no-training-data` with the reason: read from standard input, changed since, gone
 */
export async function trainingTable(folder: string): Promise<{ table: Table; checkpoint: Checkpoint }> {
  const unknown = (why: string): UnnormError => new UnnormError('no-training-data', `the rows that ${folder} was fitted to cannot be read again: ${why}`)
  const checkpoint = await readCheckpoint(folder).catch((error: unknown) => { throw error instanceof UnnormError ? unknown(error.message) : error })
  if (checkpoint.request.source === '-') throw unknown('they came from standard input')
  const table = await readRequested(checkpoint.request).catch((error: unknown) => { throw error instanceof UnnormError ? unknown(error.message) : error })
  if (tableFingerprint(table) !== checkpoint.dataFingerprint) throw unknown(`${table.source} has changed since the fit`)
  return { table: checkpoint.request.fit.close ? await closedAsFitted(folder, table) : table, checkpoint }
}

/** Rows that a run closed (--close), closed again. */
async function closedAsFitted(folder: string, table: Table): Promise<Table> {
  const [{ readFit }, { domain }, { closeRows }] = await Promise.all([import('../node/open-model.ts'), import('../model/domain.ts'), import('../data/domain-rows.ts')])
  return closeRows(domain((await readFit(folder)).model.domain).over(table.columns), table)
}
