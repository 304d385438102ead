// A second thread for work on plain numbers, beside the search that the first one runs.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { needsRuntime } from '../result/apart.ts'
import type { Apart } from '../result/apart.ts'
import { alarm, waitAtTheEnd } from './inside.ts'
import { keepRuntimeQuiet } from './require.ts'

/** A thread that does one task after the other. */
export interface ApartThread {
  readonly apart: Apart
  /** Begins the thread, which else begins with its first task. */
  begin(): void
  close(): Promise<void>
}

/** Rows from which the work takes longer than a thread to begin. */
export const ROWS_WORTH_A_THREAD = 3000
// Built beside this part of the program; where it runs from its sources there is none, and the work is done in its turn.
const ownProgram = new URL('../node/apart-worker.js', import.meta.url)

/** @returns undefined where there is no second thread */
export function openApart(threads: number, program = ownProgram): ApartThread | undefined {
  if (threads < 2 || !existsSync(fileURLToPath(program))) return undefined
  const waiting = new Map<number, { readonly name: Parameters<Apart>[0]; readonly resolve: (value: never) => void; readonly reject: (error: unknown) => void }>()
  let worker: Worker | undefined
  let died: { readonly error: unknown } | undefined
  const start = (): Worker => {
    waitAtTheEnd()
    keepRuntimeQuiet()
    const started = new Worker(program, { workerData: alarm })
    started.on('message', ({ id, value, error }: Answer) => {
      if (error === undefined) waiting.get(id)!.resolve(value as never)
      else waiting.get(id)!.reject(error)
      waiting.delete(id)
    })
    const fail = (error: unknown): void => {
      died ??= { error }
      for (const { reject } of waiting.values()) reject(error)
      waiting.clear()
    }
    started.on('error', fail)
    // Out of memory, as a rule.
    started.on('exit', () => { fail(new Error('the second thread ended before its work')) })
    return started
  }
  let tasks = 0
  return {
    begin: () => { worker ??= start() },
    apart: (name, work) => new Promise((resolve, reject) => {
      worker ??= start()
      // What is posted to a dead thread is never answered.
      if (died) return reject(died.error)
      const id = tasks++
      waiting.set(id, { name, resolve, reject })
      worker.postMessage({ id, name, work } satisfies Question)
    }),
    close: async () => {
      // A thread must not be ended inside of the runtime.
      while ([...waiting.values()].some(({ name }) => needsRuntime(name))) await new Promise((resolve) => { setTimeout(resolve, 10) })
      await worker?.terminate()
    },
  }
}

export interface Question {
  readonly id: number
  readonly name: Parameters<Apart>[0]
  readonly work: unknown
}

export interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly error?: unknown
}
