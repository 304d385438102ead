// Small training runs for tests: rows, a network, and the loop with its parts spelled out.
import * as onnxruntime from 'onnxruntime-node'
import { createRandom } from '../../src/base/random.ts'
import { splitRows } from '../../src/data/split.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { onnxEngine } from '../../src/engine/onnx.ts'
import type { OnnxRuntime } from '../../src/engine/onnx.ts'
import type { Estimator } from '../../src/estimate/estimator.ts'
import { denoising } from '../../src/estimate/estimators/denoising.ts'
import { initialState, train } from '../../src/estimate/train.ts'
import type { TrainingHooks, TrainingOptions, TrainingResult, TrainingState } from '../../src/estimate/train.ts'
import type { TrainingData } from '../../src/estimate/training-rows.ts'
import { mlp } from '../../src/model/energies/mlp.ts'
import { trace } from '../../src/model/model.ts'
import type { Model } from '../../src/model/model.ts'
import { isotropic, normalRows } from './parametric-fixtures.ts'

export const engineWith = (threads: number): Engine => onnxEngine(onnxruntime as unknown as OnnxRuntime, { threads })

export const smallNetwork: Model = mlp({ hidden: [8, 8], quadratic: [1, 0, 0, 1] })
export const trainingOptions: TrainingOptions = { steps: 60, batch: 16, learningRate: 0.01, weightDecay: 0.1, clip: 10, evaluateEvery: 10, patience: 1000 }

/** Rows used as they are: not standardized. */
export function dataOf(values: Float64Array, holdout: number, dimension = 2): TrainingData {
  const zeros = new Float64Array(dimension)
  const ones = new Float64Array(dimension).fill(1)
  return {
    values, split: splitRows(values.length / dimension, holdout, createRandom('split')),
    scale: { columns: Array.from(zeros, (_, j) => `x${j + 1}`), mean: zeros, deviation: ones, minimum: zeros, maximum: ones },
  }
}

/** Two correlated columns. */
export const correlatedRows = (count: number): Float64Array => normalRows(count, 2, 'training').map((value, k, all) => (k % 2 ? 0.6 * all[k - 1] + 0.8 * value : value))

export interface Run {
  readonly model?: Model
  readonly estimator?: Estimator
  readonly sigma?: number
  readonly data?: TrainingData
  readonly options?: Partial<TrainingOptions>
  readonly seed?: number
  readonly threads?: number
  readonly start?: TrainingState
  readonly hooks?: Partial<TrainingHooks>
}

/** Trains from the start, or from a state. The clock stands still. */
export function runTraining(run: Run = {}): Promise<TrainingResult> {
  const { model = smallNetwork, estimator = denoising, sigma = 0.2, data = dataOf(correlatedRows(200), 0.2), seed = 0, threads = 1 } = run
  const traced = trace(model, data.scale.mean.length)
  const random = createRandom(seed)
  const objective = estimator.objective(traced, estimator === denoising ? isotropic(sigma, traced.dimension) : undefined)
  return train(traced, objective, data, engineWith(threads),
    { ...trainingOptions, ...run.options }, random, run.start ?? initialState(traced, random), { now: () => 0, ...run.hooks })
}

/** Stops a run after a number of steps, as Ctrl-C does, and gives the state that was saved. */
export async function stateAfter(steps: number, run: Run = {}): Promise<TrainingState> {
  const controller = new AbortController()
  let saved: TrainingState | undefined
  const result = await runTraining({
    ...run,
    hooks: {
      signal: controller.signal,
      onProgress: ({ step }) => { if (step === steps) controller.abort() },
      saveCheckpoint: async (state) => { saved = structuredClone(state) },
      checkpointInterval: Infinity,
    },
  })
  if (result.stopped !== 'interrupted' || saved === undefined) throw new Error(`the run ended as ${result.stopped} before step ${steps}`)
  return saved
}
