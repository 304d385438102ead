// Runs the built command line, or a stand-in with commands of a test, as a process of its own.
import { spawn } from 'node:child_process'
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const builtProgram = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface Ended { readonly code: number | null, readonly stdout: string, readonly stderr: string }
export interface Running { readonly child: ChildProcess, readonly ended: Promise<Ended>, stderrHas(text: string): Promise<void> }

/** Starts the program; `program` is the path of another one than the built command line. */
export function start(words: readonly string[], options: SpawnOptions & { program?: string, input?: string } = {}): Running {
  const { program = builtProgram, input, ...rest } = options
  const child = spawn(process.execPath, [program, ...words], { ...rest, stdio: 'pipe' })
  let stdout = ''
  let stderr = ''
  const waiting: { text: string, done: () => void }[] = []
  child.stdout?.on('data', (part: Buffer) => { stdout += part.toString() })
  child.stderr?.on('data', (part: Buffer) => {
    stderr += part.toString()
    for (const { text, done } of waiting) if (stderr.includes(text)) done()
  })
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(input ?? '')
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => { resolve({ code, stdout, stderr }) })
  })
  const stderrHas = (text: string) => new Promise<void>((done) => {
    if (stderr.includes(text)) done()
    else waiting.push({ text, done })
  })
  return { child, ended, stderrHas }
}

/** Runs the program to its end. */
export function run(words: readonly string[], options: Parameters<typeof start>[1] = {}): Promise<Ended> {
  return start(words, options).ended
}
