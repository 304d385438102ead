// A fitted model opened again, from its run folder or its model.onnx alone.
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UnnormError } from '../base/errors.ts'
import { readModelMetadata } from '../compile/model-file.ts'
import type { LadderMetadata, ModelMetadata } from '../compile/model-file.ts'
import { keepOutputs } from '../compile/prune.ts'
import { energyOf, ladderOf } from '../engine/energy.ts'
import type { LadderEnergy, RunningEnergy } from '../engine/energy.ts'
import { denoiserOf } from '../engine/denoiser.ts'
import type { Denoiser } from '../engine/denoiser.ts'
import type { Values } from '../engine/engine.ts'
import { executableOf, openSession } from '../engine/onnx.ts'
import { inParts } from '../engine/parts.ts'
import type { OnnxRuntime } from '../engine/onnx.ts'
import { domain, isDiscrete } from '../model/domain.ts'
import type { PlacedDomain } from '../model/domain.ts'
import type { FitJson } from '../report/fit-json.ts'
import { defaultThreads, loadOnnxRuntime } from './engine.ts'
import type { NodeEngineOptions } from './engine.ts'
import { fileError } from './files.ts'
import { pooled } from './row-pool.ts'
import { writerOf } from './run-folder.ts'

/** A fitted model, ready to compute. */
export interface OpenedModel {
  readonly metadata: ModelMetadata
  /** Where it lives, on the model's columns. */
  readonly domain: PlacedDomain
  /** Energies and scores in the data's units; release it when done. */
  readonly energy: RunningEnergy
  /** The run folder, when the model was opened by it. */
  readonly folder: string | null
  /** What `fit.json` says; null when the model file was opened alone. */
  readonly fit: FitJson | null
}

/** The denoiser of a run, for the noise that its metadata tell. */
export interface OpenedDenoiser extends Denoiser {
  readonly metadata: ModelMetadata
}

/** The objective that a run minimized, for other rows. */
export interface OpenedObjective {
  /** Standard normal numbers that each row needs, 0, d or 2d; beside them perhaps a uniform one for its noise level. */
  readonly drawsPerRow: number
  /** The objective of each row [n × d], in the units of the fit. */
  perRow(rows: Float64Array, draws: { readonly normal: Float64Array; readonly uniform: Float64Array } | null): Promise<Float64Array>
  release(): Promise<void>
}

export const objectiveName = 'checkpoint.objective.onnx'
export const ladderName = 'ladder.onnx'
export const denoiserName = 'denoiser.onnx'

/**
 * Opens a fitted model.
 * @param path a run folder or a `model.onnx`
 * @throws UnnormError `missing-file` …, `not-a-run`, `incomplete-run`, `run-active`, `no-estimate`, `bad-model`, `foreign-model`
 */
export async function openModel(path: string, options: NodeEngineOptions = {}): Promise<OpenedModel> {
  const found = await stat(path).catch((error: unknown) => { throw fileError(error, 'read', path) })
  const folder = found.isDirectory() ? path : null
  const fit = folder === null ? null : await readFit(folder)
  if (fit?.estimator.stopped === 'unbounded') throw new UnnormError('no-estimate', `${path} holds no estimate: its objective has no minimum, and ${fit.estimator.name} ran off (its report says why; fit again with another --by)`)
  const file = folder === null ? path : join(folder, 'model.onnx')
  const bytes = await readFile(file).catch((error: unknown) => { throw fileError(error, 'read', file) })
  const metadata = readModelMetadata(bytes, file)
  checkMetadata(metadata, file)
  const where = domain(metadata.domain).over(metadata.columns)
  return { metadata, domain: where, energy: await openEnergy(bytes, file, where, options), folder, fit }
}

/**
 * `fit.json` of a run folder.
 * @throws UnnormError `run-active`, `incomplete-run`, `not-a-run`, and those of the file system
 */
export async function readFit(folder: string): Promise<FitJson> {
  const path = join(folder, 'fit.json')
  const text = await readFile(path, 'utf8').catch(async (error: unknown) => {
    const names: string[] = await readdir(folder).catch(() => [])
    if (names.includes('fit.json')) throw fileError(error, 'read', path)
    const writer = await writerOf(folder)
    if (writer !== undefined) throw new UnnormError('run-active', `${folder} is not finished: process ${writer} is still writing it (wait for its end; a network's model.onnx may be used before)`)
    if (names.some((name) => name.startsWith('checkpoint.'))) {
      throw new UnnormError('incomplete-run', `${folder} holds a run that was stopped before its end (continue it with unnorm fit --resume ${folder})`)
    }
    throw new UnnormError('not-a-run', `${folder} is no run folder: it holds no fit.json (give the folder that unnorm fit wrote, or a model.onnx)`)
  })
  try {
    const fit = JSON.parse(text) as FitJson
    if (fit.format === 'unnorm.fit/1') return fit
  } catch {
    // Told below, as anything else that is no fit.json of ours.
  }
  throw new UnnormError('not-a-run', `${path} is damaged or of another version: it does not say format unnorm.fit/1 (fit the model again)`)
}

function checkMetadata(metadata: ModelMetadata, file: string): void {
  const { columns, logNormalizer } = metadata
  const isSound = Array.isArray(columns) && columns.length > 0 && columns.every((name) => typeof name === 'string')
    && (logNormalizer === null || typeof logNormalizer?.value === 'number')
  if (!isSound) throw new UnnormError('bad-model', `${file}: its description is damaged; fit the model again, or copy the file again`)
}

async function openEnergy(bytes: Uint8Array, file: string, where: PlacedDomain, options: NodeEngineOptions): Promise<RunningEnergy> {
  const wanted = isDiscrete(where) ? ['energy'] : ['energy', 'score']
  const { executable, inputNames, outputNames } = await openOnnx(bytes, file, wanted, options)
  if (inputNames.join() !== 'x' || !wanted.every((name) => outputNames.includes(name))) {
    await executable.release()
    throw new UnnormError('foreign-model', `${file} is an ONNX model, but not one that unnorm wrote: it must take x and give ${wanted.join(' and ')}`)
  }
  return energyOf(executable, where.columns, isDiscrete(where) ? undefined : scoresAlone(bytes, file, options))
}

/**
 * The energies of all noise levels of a run; null where it was fitted at one level.
 * @param folder a run folder
 */
export async function openLadder(folder: string, options: NodeEngineOptions = {}): Promise<LadderEnergy | null> {
  const file = join(folder, ladderName)
  const bytes = await readFile(file).catch(() => null)
  if (bytes === null) return null
  const { columns, ladder, deviations } = readModelMetadata(bytes, file) as LadderMetadata
  const { executable } = await openOnnx(bytes, file, ['energy', 'score'], options)
  return ladderOf(executable, { columns, ladder, deviations }, scoresAlone(bytes, file, options))
}

/**
 * What a run knows of clean rows given noisy ones; null where it was fitted without noise.
 * @param folder a run folder
 */
export async function openDenoiser(folder: string, options: NodeEngineOptions = {}): Promise<OpenedDenoiser | null> {
  const file = join(folder, denoiserName)
  const bytes = await readFile(file).catch(() => null)
  if (bytes === null) return null
  const metadata = readModelMetadata(bytes, file)
  const { executable } = await openOnnx(bytes, file, ['denoised', 'covariance'], options)
  return { ...denoiserOf(executable, metadata.columns.length), metadata }
}

/** The objective of a completed run; null where the run did not keep it. */
export async function openObjective(folder: string, dimension: number, options: NodeEngineOptions = {}): Promise<OpenedObjective | null> {
  const file = join(folder, objectiveName)
  const bytes = await readFile(file).catch(() => null)
  if (bytes === null) return null
  const { executable, inputNames, inputMetadata } = await openOnnx(bytes, file, ['objective'], options)
  const drawsPerRow = Number(inputMetadata.find(({ name }) => name === 'draws')?.shape?.[1] ?? 0)
  const needsLevels = inputNames.includes('levels')
  return {
    drawsPerRow,
    perRow: async (rows, draws) => {
      const count = rows.length / dimension
      const result = new Float64Array(count)
      const given = (values: Float64Array, ...widths: number[]): Values => ({ shape: [count, ...widths], data: values })
      await (executable.runRows ?? inParts(executable))({
        x: given(rows, dimension), ...(drawsPerRow > 0 ? { draws: given(draws!.normal, drawsPerRow) } : {}), ...(needsLevels ? { levels: given(draws!.uniform) } : {}),
      }, { objective: given(result) })
      return result
    },
    release: () => executable.release(),
  }
}

const scoresAlone = (bytes: Uint8Array, file: string, options: NodeEngineOptions) => async () => (await openOnnx(keepOutputs(bytes, ['score']), file, ['score'], options)).executable

/** A float64 model as an executable of the wanted outputs. */
async function openOnnx(bytes: Uint8Array, file: string, wanted: readonly string[], options: NodeEngineOptions) {
  const runtime: OnnxRuntime = await loadOnnxRuntime()
  const threads = options.threads ?? defaultThreads()
  const session = await openSession(runtime, bytes, { threads }).catch((error: unknown) => {
    const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0]
    throw new UnnormError('bad-model', `${file} cannot be opened, so it is damaged: ${reason} (fit the model again, or copy the file again)`)
  })
  const executable = pooled(executableOf(runtime, session, wanted), runtime, bytes, wanted, threads)
  return { executable, inputNames: session.inputNames, inputMetadata: session.inputMetadata, outputNames: session.outputNames }
}
