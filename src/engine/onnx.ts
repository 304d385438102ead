// ONNX Runtime as an engine. The runtime module is handed in, so the same code serves Node and browsers.
import { compileOnnx } from '../compile/onnx.ts'
import type { Program } from '../compile/program.ts'
import { ROWS, sizeOf, topological } from '../graph/node.ts'
import { checkFeeds } from './engine.ts'
import type { Engine, Executable, Values } from './engine.ts'

/** The part of onnxruntime-node's and onnxruntime-web's interface that is used. */
export interface OnnxRuntime {
  readonly InferenceSession: {
    create(model: Uint8Array, options?: Readonly<Record<string, unknown>>): Promise<OnnxSession>
  }
  readonly Tensor: new (type: 'float32' | 'float64', data: Float32Array | Float64Array, shape: readonly number[]) => OnnxTensor
}
export interface OnnxTensor {
  readonly data: unknown
  readonly dims: readonly number[]
}
export interface OnnxSession {
  readonly inputNames: readonly string[]
  /** Beside the names, the axis lengths of tensors; a symbolic one is its name. */
  readonly inputMetadata: readonly { readonly name: string; readonly shape?: readonly (number | string)[] }[]
  readonly outputNames: readonly string[]
  run(feeds: Record<string, OnnxTensor>, fetches?: Record<string, OnnxTensor | null>): Promise<Record<string, OnnxTensor>>
  release(): Promise<void>
}

export interface OnnxEngineOptions {
  /** Threads a program may use; 1 gives bits that do not depend on the number of cores. */
  readonly threads?: number
  /** Gives executables of programs whose rows are independent a `runRows` of their own. */
  readonly share?: (executable: Executable, model: Uint8Array, outputs: readonly string[]) => Executable
}

/** An engine on an ONNX runtime. */
export function onnxEngine(runtime: OnnxRuntime, options: OnnxEngineOptions = {}): Engine {
  return {
    name: 'onnx',
    prepare: async (program) => {
      const model = compileOnnx(program)
      const executable = await openProgram(runtime, model, program, isNarrow(program) ? { ...options, threads: 1 } : options)
      return program.rowwise && options.share ? options.share(executable, model, Object.keys(program.outputs)) : executable
    },
  }
}

/** Up to so many numbers a row, threads of one session cost as much as they do, and more where the other cores have work of their own. */
const NARROW = 128

/** Whether a program of a parametric model, which is in float64, has only such operations. */
function isNarrow({ type, outputs }: Program): boolean {
  return type === 'float64' && topological(Object.values(outputs)).every(({ shape }) => !shape.includes(ROWS) || sizeOf(shape) <= NARROW)
}

/** Opens a session with the settings all our programs run with. */
export function openSession(runtime: OnnxRuntime, model: Uint8Array, options: OnnxEngineOptions = {}): Promise<OnnxSession> {
  return runtime.InferenceSession.create(model, {
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
    interOpNumThreads: 1,
    // Tiny second moments of Adam would otherwise be computed as denormal numbers, a hundred times slower.
    extra: { session: { set_denormal_as_zero: '1' } },
    logSeverityLevel: 3,
  })
}

async function openProgram(runtime: OnnxRuntime, model: Uint8Array, program: Program, options: OnnxEngineOptions): Promise<Executable> {
  const session = await openSession(runtime, model, options)
  const used = program.inputs.filter((node) => session.inputNames.includes(node.attributes.name as string))
  const names = used.map((node) => node.attributes.name as string)
  const executable = executableOf(runtime, session, session.outputNames)
  return {
    ...executable,
    run: async (feeds, into) => {
      checkFeeds(program, used, feeds)
      return executable.run(Object.fromEntries(names.map((name) => [name, feeds[name]])), into)
    },
  }
}

/** A session as an executable of some of its outputs. Feeds are those that it has inputs for. */
export function executableOf(runtime: OnnxRuntime, session: OnnxSession, outputs: readonly string[]): Executable {
  const tensors = new WeakMap<object, OnnxTensor>()
  // A buffer that comes back run after run keeps its tensor: making one costs more than a small op.
  const tensorOf = (values: Values): OnnxTensor => {
    const known = tensors.get(values)
    if (known) return known
    const made = new runtime.Tensor(values.data instanceof Float32Array ? 'float32' : 'float64', values.data, values.shape)
    tensors.set(values, made)
    return made
  }
  return {
    run: async (feeds, into = {}) => {
      const inputs: Record<string, OnnxTensor> = {}
      for (const name in feeds) inputs[name] = tensorOf(feeds[name])
      const fetches: Record<string, OnnxTensor | null> = {}
      for (const name of outputs) fetches[name] = into[name] ? tensorOf(into[name]) : null
      const results = await session.run(inputs, fetches)
      return Object.fromEntries(outputs.map((name) => [
        name,
        into[name] ?? { shape: results[name].dims, data: results[name].data as Float64Array | Float32Array },
      ]))
    },
    release: () => session.release(),
  }
}
