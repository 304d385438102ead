// ONNX Runtime in Node as the engine, loaded when it is first needed.
import { availableParallelism } from 'node:os'
import { compileOnnx } from '../compile/onnx.ts'
import type { Engine } from '../engine/engine.ts'
import { onnxEngine, openSession } from '../engine/onnx.ts'
import type { OnnxRuntime } from '../engine/onnx.ts'
import { Graph } from '../graph/node.ts'
import { input } from '../graph/ops/leaf.ts'
import { requireOnnxRuntime } from './require.ts'
import { pooled } from './row-pool.ts'

export interface NodeEngineOptions {
  /** Threads a program may use; all cores by default. The same number gives the same bits. */
  readonly threads?: number
}

/** ONNX Runtime; loading it takes a tenth of a second, so callers start it early and wait late. */
export async function loadOnnxRuntime(): Promise<OnnxRuntime> {
  return requireOnnxRuntime() as unknown as OnnxRuntime
}

/** Loads ONNX Runtime and has it set itself up, which it does for its first session, in a twentieth of a second. */
export async function beginOnnxRuntime(): Promise<void> {
  const runtime = await loadOnnxRuntime()
  const graph = new Graph()
  const x = input(graph, 'x', [1])
  const session = await openSession(runtime, compileOnnx({ name: 'nothing', inputs: [x], outputs: { y: x }, type: 'float64' }), { threads: 1 })
  await session.release()
}

/** Threads used when the caller does not say. */
export const defaultThreads = (): number => availableParallelism()

/** An engine on onnxruntime-node. The runtime is loaded with the first program. */
export function nodeEngine(options: NodeEngineOptions = {}): Engine {
  const threads = options.threads ?? defaultThreads()
  let engine: Promise<Engine> | undefined
  return {
    name: 'onnx',
    prepare: async (program) => {
      engine ??= loadOnnxRuntime().then((runtime) => onnxEngine(runtime, { threads, share: (executable, model, outputs) => pooled(executable, runtime, model, outputs, threads) }))
      return (await engine).prepare(program)
    },
  }
}
