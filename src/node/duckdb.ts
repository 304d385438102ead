// DuckDB as a reader and writer of files: loaded when first used, in memory, and never fetching an extension.
import { mkdtemp, rm } from 'node:fs/promises'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { requireDuckDb } from './require.ts'

/** A DuckDB in memory with a private folder for temporary files. */
export interface Database {
  readonly connection: DuckDBConnection
  /** Removed by `close`. DuckDB spills into it; others may put files there. */
  readonly temporaryFolder: string
  /** Closes the database and removes the folder; may be called twice. */
  close(): Promise<void>
}

/** How much of the machine DuckDB may use. */
export interface DatabaseLimits {
  /** All cores by default. */
  readonly threads?: number
  /** Such as `1GB`, the default: beyond it DuckDB writes to its temporary folder. */
  readonly memoryLimit?: string
}

/** Opens a DuckDB in memory. `INSTALL` and `LOAD` never happen by themselves. */
export async function openDatabase(limits: DatabaseLimits): Promise<Database> {
  const { DuckDBInstance } = requireDuckDb()
  const temporaryFolder = await mkdtemp(join(tmpdir(), 'unnorm-'))
  // An exit in the middle (Ctrl-C) must not leave a copy of someone's data behind.
  const removeAtExit = (): void => rmSync(temporaryFolder, { recursive: true, force: true })
  process.once('exit', removeAtExit)
  try {
    const instance = await DuckDBInstance.create(':memory:', {
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      memory_limit: limits.memoryLimit ?? '1GB',
      temp_directory: temporaryFolder,
      ...(limits.threads === undefined ? {} : { threads: String(limits.threads) }),
    })
    const connection = await instance.connect()
    let open = true
    return {
      connection,
      temporaryFolder,
      async close() {
        if (!open) return
        open = false
        connection.closeSync()
        instance.closeSync()
        process.removeListener('exit', removeAtExit)
        await rm(temporaryFolder, { recursive: true, force: true })
      },
    }
  } catch (error) {
    process.removeListener('exit', removeAtExit)
    await rm(temporaryFolder, { recursive: true, force: true })
    throw error
  }
}

/** A value of one cell of a small result. */
export type Cell = string | number | boolean | null

/** All rows of a small result, each an array; whole numbers as numbers, anything not a number or boolean as text. */
export async function queryRows(connection: DuckDBConnection, sql: string): Promise<Cell[][]> {
  const reader = await connection.runAndReadAll(sql)
  return reader.getRows().map((row) => row.map((value) => {
    if (value === null || typeof value === 'number' || typeof value === 'boolean') return value
    return typeof value === 'bigint' ? Number(value) : String(value)
  }))
}

/** A text as SQL: `'it''s'`. */
export const sqlText = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** A name as SQL: `"a ""b"""`. */
export const sqlName = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** The first line of an error of DuckDB, without its class: what went wrong, not how DuckDB would repair it. */
export function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.split('\n')[0].replace(/^(?:[A-Z][A-Za-z]+ )+Error: /, '').trim().replace(/\.$/, '')
}
