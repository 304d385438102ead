// A thread of the row pool: one-threaded sessions of the models it is told of; takes parts of rows until none is left.
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { executableOf, openSession } from '../engine/onnx.ts'
import type { OnnxRuntime } from '../engine/onnx.ts'
import { partRunner } from '../engine/parts.ts'
import { requireOnnxRuntime } from './require.ts'
import { insideRuntime } from './inside.ts'
import { FAILED, FINISHED, NEXT } from './row-message.ts'
import type { RowMessage } from './row-message.ts'

const { inside, isQuitting } = insideRuntime(workerData as Int32Array)
const runtime = inside(() => requireOnnxRuntime() as unknown as OnnxRuntime)
const opened = new Map<string, Promise<{ run: ReturnType<typeof partRunner>; release(): Promise<void> }>>()

async function open(model: Uint8Array, outputs: readonly string[]) {
  const executable = executableOf(await runtime, await openSession(await runtime, model, { threads: 1 }), outputs)
  return { run: partRunner(executable), release: () => executable.release() }
}

/** Samplers ask again within a millisecond; a thread that sleeps takes a tenth of one to awake. */
const AWAKE_MS = 0.8

const obey = (message: RowMessage): void => {
  if (message.kind === 'open') opened.set(message.id, inside(() => open(message.model, message.outputs)))
  else if (message.kind === 'close') {
    void opened.get(message.id)?.then(({ release }) => release()).catch(() => {})
    opened.delete(message.id)
  } else void work(message)
}
parentPort!.on('message', obey)

async function work({ id, work: rows, control }: Extract<RowMessage, { kind: 'run' }>): Promise<void> {
  const finished = (): void => {
    Atomics.add(control, FINISHED, 1)
    Atomics.notify(control, FINISHED)
  }
  try {
    const { run } = await opened.get(id)!
    await inside(() => run(rows, () => (isQuitting() ? Infinity : Atomics.add(control, NEXT, 1)), finished))
  } catch {
    // Whoever asked computes everything again by itself, and meets the error there if it is the model's.
    Atomics.store(control, FAILED, 1)
    finished()
  }
  for (const until = performance.now() + AWAKE_MS; performance.now() < until;) {
    const next = receiveMessageOnPort(parentPort!) as { message: RowMessage } | undefined
    if (next === undefined) continue
    obey(next.message)
    return
  }
}
