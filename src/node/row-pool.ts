// Many rows of one model on all cores: every thread has a session of its own and takes the next part of the rows when it is free.
// Threads inside of one session would meet after every operation, thirty times a part, and wait for the slowest of them.
import { randomUUID } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import type { Executable, Values } from '../engine/engine.ts'
import { executableOf, openSession } from '../engine/onnx.ts'
import type { OnnxRuntime } from '../engine/onnx.ts'
import { inParts, partition, partRunner } from '../engine/parts.ts'
import type { RowWork } from '../engine/parts.ts'
import { alarm, waitAtTheEnd } from './inside.ts'
import { FAILED, FINISHED, NEXT } from './row-message.ts'
import type { RowMessage } from './row-message.ts'

/** Fewer rows are computed by the threads of one session. */
const LEAST_ROWS = 4096
/** To go to sleep and awake takes as long. */
const AWAKE_MS = 0.2
/** Smaller models, such as formulas, are computed before another thread has awoken. */
const LEAST_BYTES = 16_384

/** The threads of this process, shared by all pools; they end with it. */
const threads: Worker[] = []

function startThreads(count: number): readonly Worker[] {
  waitAtTheEnd()
  while (threads.length < count) {
    const isSource = import.meta.url.endsWith('.ts')
    const thread = new Worker(new URL(`../node/row-worker.${isSource ? 'ts' : 'js'}`, import.meta.url), { workerData: alarm, ...(isSource ? { execArgv: ['--import', import.meta.resolve('jiti/register')] } : {}) })
    const forget = (): void => { if (threads.includes(thread)) threads.splice(threads.indexOf(thread), 1) }
    thread.on('error', forget).on('exit', forget)
    thread.unref()
    threads.push(thread)
  }
  return threads.slice(0, count)
}

/**
 * The executable with `runRows` on several threads.
 * @param model the ONNX model
 * @param outputs those of the model that are computed
 * @param count threads, with the one that asks
 */
export function pooled(executable: Executable, runtime: OnnxRuntime, model: Uint8Array, outputs: readonly string[], count: number): Executable {
  if (count < 2 || model.length < LEAST_BYTES) return executable
  const alone = inParts(executable)
  let pool: Promise<Pool> | undefined
  let last: Promise<unknown> = Promise.resolve()
  return {
    ...executable,
    runRows: (feeds, results) => {
      if (Object.values(results)[0].shape[0] < LEAST_ROWS) return alone(feeds, results)
      // One at a time: what is computed by the pool must not depend on who came first.
      const before = last
      const run = async (): Promise<void> => {
        await before
        pool ??= createPool(runtime, model, outputs, count)
        if (!await (await pool).run(feeds, results)) await alone(feeds, results)
      }
      const found = run()
      last = found.catch(() => {})
      return found
    },
    release: async () => {
      await (await pool)?.release()
      await executable.release()
    },
  }
}

interface Pool {
  /** @returns whether all went well */
  run(feeds: Readonly<Record<string, Values>>, results: Readonly<Record<string, Values>>): Promise<boolean>
  release(): Promise<void>
}

async function createPool(runtime: OnnxRuntime, model: Uint8Array, outputs: readonly string[], count: number): Promise<Pool> {
  const id = randomUUID()
  const helpers = startThreads(count - 1)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows
  const tell = (message: RowMessage): void => { for (const helper of helpers) helper.postMessage(message) }
  tell({ kind: 'open', id, model, outputs })
  const own = executableOf(runtime, await openSession(runtime, model, { threads: 1 }), outputs)
  const runOwn = partRunner(own)
  let memory = { rows: 0, work: undefined as RowWork | undefined }
  return {
    run: async (feeds, results) => {
      const [rows] = Object.values(results)[0].shape
      const { size, count: parts } = partition(rows)
      if (memory.rows !== rows) memory = { rows, work: { rows, size, feeds: shared(feeds), results: shared(results) } }
      const work = memory.work!
      for (const name in feeds) work.feeds[name].data.set(feeds[name].data)
      const control = new Int32Array(new SharedArrayBuffer(12))
      tell({ kind: 'run', id, work, control })
      await runOwn(work, () => Atomics.add(control, NEXT, 1), () => Atomics.add(control, FINISHED, 1))
      for (const until = performance.now() + AWAKE_MS; Atomics.load(control, FINISHED) < parts && performance.now() < until;);
      // At most the time of one part; then nobody writes there any more.
      for (let finished = Atomics.load(control, FINISHED); finished < parts; finished = Atomics.load(control, FINISHED)) {
        if (Atomics.wait(control, FINISHED, finished, 1000) !== 'timed-out') continue
        await new Promise((resolve) => { setImmediate(resolve) })
        if (helpers.some((helper) => !threads.includes(helper))) return false
      }
      for (const name in results) results[name].data.set(work.results[name].data)
      return Atomics.load(control, FAILED) === 0
    },
    release: async () => {
      tell({ kind: 'close', id })
      await own.release()
    },
  }
}

function shared(values: Readonly<Record<string, Values>>): Record<string, Values> {
  return Object.fromEntries(Object.entries(values).map(([name, { shape, data }]) => [name, { shape, data: new Float64Array(new SharedArrayBuffer(8 * data.length)) }]))
}
