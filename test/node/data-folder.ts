// A folder of data files for a test, and reading them: what is read, or why it is refused.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, expect } from 'vitest'
import { UnnormError } from '../../src/base/errors.ts'
import { readTable } from '../../src/node/read-table.ts'
import type { ReadOptions } from '../../src/node/read-table.ts'

export async function duckdb(...statements: readonly string[]): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  for (const statement of statements) await connection.run(statement)
  connection.closeSync()
  instance.closeSync()
}

export async function read(source: string | null, options: ReadOptions = {}): Promise<{ columns: readonly string[]; values: number[]; columnsLeftOut: readonly string[] }> {
  const table = await readTable(source, options)
  expect(table.values.length).toBe(table.rows * table.columns.length)
  return { columns: table.columns, values: [...table.values], columnsLeftOut: table.columnsLeftOut }
}

/** A folder that is removed after the tests; in messages its path is left out. */
export function dataFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'data-folder-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const named = (text: string): string => text.replaceAll(`${folder}/`, '')
  return {
    folder,
    file(name: string, content: string | Uint8Array): string {
      const path = join(folder, name)
      writeFileSync(path, content)
      return path
    },
    async refusal(source: string | null, options: ReadOptions = {}): Promise<{ code: string; message: string; kind: string }> {
      const error = await readTable(source, options).then(() => undefined, (reason: unknown) => reason)
      if (!(error instanceof UnnormError)) throw error ?? new Error('nothing was refused')
      return { code: error.code, message: named(error.message), kind: error.kind }
    },
    /** Codes and messages. */
    async warnings(source: string, options: ReadOptions = {}): Promise<string[][]> {
      return (await readTable(source, options)).warnings!.map(({ code, message }) => [code, named(message)])
    },
  }
}
