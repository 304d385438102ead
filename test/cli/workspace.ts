// A folder of its own for a test file, in which the built command line runs.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { run } from './program.ts'
import type { Ended } from './program.ts'

export const iris = fileURLToPath(new URL('../../examples/data/iris.csv', import.meta.url))

export interface Workspace {
  readonly folder: string
  path(name: string): string
  write(name: string, content: string | Uint8Array): string
  read(name: string): Buffer
  json(name: string): Record<string, unknown>
  /** All files below the folder, sorted. */
  files(): string[]
  /** Runs `unnorm` here. */
  cli(...words: string[]): Promise<Ended>
  /** Runs it, expects success, and gives the document of `--json`. */
  document(...words: string[]): Promise<Record<string, never>>
  /** Runs it, expects failure with this code and error, and that no file came or went. */
  refused(words: readonly string[], code: number, error: { readonly code: string; readonly message: RegExp | string }): Promise<void>
}

export function workspace(): Workspace {
  const folder = mkdtempSync(join(tmpdir(), 'unnorm-cli-'))
  afterAll(() => { rmSync(folder, { recursive: true, force: true }) })
  const path = (name: string) => join(folder, name)
  const cli = (...words: string[]) => run(words, { cwd: folder })
  const read = (name: string) => readFileSync(path(name))
  const files = () => readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort()
  return {
    folder, path, cli, read, files,
    write(name, content) {
      mkdirSync(dirname(path(name)), { recursive: true })
      writeFileSync(path(name), content)
      return path(name)
    },
    json: (name) => JSON.parse(read(name).toString()) as Record<string, unknown>,
    async document(...words) {
      const { code, stdout, stderr } = await cli(...words, '--json')
      expect({ code, stderr: code === 0 ? '' : stderr + stdout }).toEqual({ code: 0, stderr: '' })
      return JSON.parse(stdout) as Record<string, never>
    },
    async refused(words, code, error) {
      const before = files()
      const ended = await cli(...words, '--json')
      const document = JSON.parse(ended.stdout) as { error: { code: string; message: string } }
      expect({ code: ended.code, error: document.error }).toEqual({
        code, error: { code: error.code, message: typeof error.message === 'string' ? error.message : expect.stringMatching(error.message) },
      })
      expect(ended.stderr).not.toMatch(/\n\s+at /)
      expect(files()).toEqual(before)
    },
  }
}

/** CSV of rows on a bent ridge: one connected cloud that is no Gaussian. */
export function ridgeCsv(rows: number, seed: number): string {
  const random = createRandom(seed)
  const lines = Array.from({ length: rows }, () => {
    const x = random.normal()
    return `${x},${0.5 * (x * x - 1) + 0.35 * random.normal()}`
  })
  return `x,y\n${lines.join('\n')}\n`
}

/** Numbers of a CSV file without quotes. */
export function columnsOf(csv: string): Record<string, number[]> {
  const [head, ...lines] = csv.trim().split('\n').map((line) => line.split(',').map((cell) => cell.replaceAll('"', '')))
  return Object.fromEntries(head.map((name, j) => [name, lines.map((line) => Number(line[j]))]))
}
