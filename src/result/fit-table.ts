// `fit` as a library function: a model, a table and one record of settings.
import { UnnormError } from '../base/errors.ts'
import type { Engine } from '../engine/engine.ts'
import type { Table } from '../data/table.ts'
import type { Model } from '../model/model.ts'
import { fitModel } from './fit.ts'
import type { NoiseSetting } from './noise.ts'
import type { FitEnvironment, FitRequest } from './request.ts'
import type { FitResult } from './result.ts'

/** What a fit may be told beside the model and the table. */
export interface FitSettings extends Omit<FitRequest, 'noise'>, Pick<FitEnvironment, 'onProgress' | 'onPhase' | 'signal' | 'saveCheckpoint' | 'checkpointInterval'> {
  /** The noise of denoising; a number is a share of each column's standard deviation. Chosen from the data when left out. */
  readonly noise?: NoiseSetting | number
  /** What computes: in a browser `onnxEngine` on its runtime must be given; in Node ONNX Runtime is there by itself. */
  readonly engine?: Engine
  /** Milliseconds of a steady clock; `Date.now` by default. */
  readonly now?: () => number
}

/**
 * Estimates a model from a table: by score matching if it is parametric, by dual score matching if it is a network.
 * @param model from `defineModel`, or a built-in one
 * @param settings options of the fit, the engine, progress and a signal that stops it
 * @throws UnnormError for whatever is wrong with the model, the table or the settings
 */
export async function fitTable(model: Model, table: Table, settings: FitSettings = {}): Promise<FitResult> {
  const { engine, now = Date.now, noise, onProgress, onPhase, signal, saveCheckpoint, checkpointInterval, ...rest } = settings
  if (engine === undefined) {
    throw new UnnormError('missing-engine', 'fit: no engine (give one: { engine: onnxEngine(runtime) }, with onnxruntime-web as the runtime in a browser)', 'usage')
  }
  const request: FitRequest = noise === undefined ? rest : { ...rest, noise: typeof noise === 'number' ? { kind: 'relative', share: noise } : noise }
  return fitModel(model, table, request, {
    engine, now,
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(onPhase === undefined ? {} : { onPhase }),
    ...(signal === undefined ? {} : { signal }),
    ...(saveCheckpoint === undefined ? {} : { saveCheckpoint }),
    ...(checkpointInterval === undefined ? {} : { checkpointInterval }),
  })
}
