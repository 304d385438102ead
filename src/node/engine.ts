// ONNX Runtime in Node as the engine, loaded when it is first needed.
import { availableParallelism } from 'node:os'
import type { Engine } from '../engine/engine.ts'
import { onnxEngine } from '../engine/onnx.ts'
import type { OnnxRuntime } from '../engine/onnx.ts'
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
