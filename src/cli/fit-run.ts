// A run of `unnorm fit` from its request to its folder: new or resumed, with checkpoints on the way.
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { counted } from '../base/counted.ts'
import { UnnormError } from '../base/errors.ts'
import type { Warning } from '../base/errors.ts'
import { version } from '../base/version.ts'
import { writeModelFile } from '../compile/model-file.ts'
import type { Table } from '../data/table.ts'
import type { TrainingState } from '../estimate/train.ts'
import { ROWS_WORTH_A_THREAD, openApart } from '../node/apart.ts'
import type { ApartThread } from '../node/apart.ts'
import { checkpointName, encodeCheckpoint, readCheckpoint } from '../node/checkpoint.ts'
import type { Checkpoint, RunRequest } from '../node/checkpoint.ts'
import { loadDrawing } from '../node/drawing.ts'
import { loadOnnxRuntime, nodeEngine } from '../node/engine.ts'
import { modelFingerprint, tableFingerprint } from '../node/fingerprint.ts'
import { elementNames } from '../model/parameters.ts'
import { loadFormula, loadModel } from '../node/load-model.ts'
import type { LoadedModel } from '../node/load-model.ts'
import { readFit } from '../node/open-model.ts'
import { createRunFolder, resumeRunFolder, runName } from '../node/run-folder.ts'
import type { RunFolder } from '../node/run-folder.ts'
import { runOutputs } from '../node/save-run.ts'
import { shortList } from '../report/format.ts'
import type { FitJson } from '../report/fit-json.ts'
import { fitModel } from '../result/fit.ts'
import type { FitEnvironment, FitRequest } from '../result/request.ts'
import type { Context } from './context.ts'
import { fromWorkingFolder, readRequested } from './run-data.ts'
import { refuseIfStopped } from './stoppable.ts'

/** Milliseconds from one checkpoint to the next, or more where writing them would take longer than a hundredth of the time. */
const SHORTEST_INTERVAL = 250
const SHARE_OF_TIME = 100

/** What `import … from 'unnorm'` gives a model file: the modules of this very program. */
async function ownModules() {
  const [library, node] = await Promise.all([import('../node/main.ts'), import('../node/index.ts')])
  return { unnorm: library, 'unnorm/node': node }
}

/** Loads what the end of a fit needs while its start waits for the data. */
function loadAhead(): void {
  for (const loading of [loadOnnxRuntime(), loadDrawing()]) loading.catch(() => undefined)
}

const NOTHING_YET = 'nothing was fitted yet, and nothing was saved'

/** A table of so many bytes has rows enough for a second thread, as a rule. */
const LARGE_FILE = 200_000

interface Prepared {
  readonly model: LoadedModel
  readonly table: Table
  /** Begun while the rows are read, if there seem to be many. */
  readonly second: ApartThread | undefined
}

/** Reads the data and loads the model of a request. */
async function prepare(context: Context, request: RunRequest): Promise<Prepared> {
  const { text, options, formula } = request.model
  const isFile = /[\\/.]/.test(text)
  // A wrong name of a model is told before the rows are read; a formula is nothing without their columns.
  const named = formula ? undefined : await loadModel(isFile ? fromWorkingFolder(text, request) : text, options, ownModules)
  context.progress.phase(`reading ${request.read.sql === undefined ? (request.source === '-' ? 'standard input' : request.source) : 'the data'}`)
  const reading = readRequested(request, () => context.stdin as Readable)
  loadAhead()
  // Told when it is waited for.
  reading.catch(() => undefined)
  const second = openApart(request.threads)
  try {
    if (named?.source.kind !== 'network' && await fileSize(request) > LARGE_FILE) second?.begin()
    const table = await reading
    refuseIfStopped(context.signal, NOTHING_YET)
    return { model: named ?? await loadFormula(formula!, table.columns, request.fit.domain), table, second }
  } catch (error) {
    await second?.close()
    throw error
  }
}

/** Bytes of the file that the rows come from; 0 where they come from elsewhere. */
const fileSize = (request: RunRequest): Promise<number> => stat(fromWorkingFolder(request.source ?? '', request)).then((found) => (found.isFile() ? found.size : 0), () => 0)

/** What a new run is asked for, as far as the command line tells; noise of a file is read once the columns are known. */
export interface NewRun {
  readonly request: RunRequest
  readonly out: string | undefined
  readonly init: string | undefined
  /** Reads noise that depends on the columns. */
  noiseOf?(columns: readonly string[]): Promise<RunRequest['noise']>
}

/** Fits from the start and fills a new folder. */
export async function startRun(context: Context, { request: asked, out, init, noiseOf }: NewRun): Promise<FitJson> {
  // Claimed before the rows are read: a place that cannot be written to is found out at once.
  const folder = await createRunFolder({ out, name: runName(asked.read.sql ?? asked.source ?? '', asked.model.text) })
  return inFolder(context, folder, async () => {
    const { model, table, second } = await prepare(context, asked)
    const isNetwork = model.source.kind === 'network'
    const request: RunRequest = {
      ...asked,
      ...(noiseOf === undefined ? {} : { noise: await noiseOf(table.columns) }),
      ...(init === undefined || isNetwork ? {} : { startValues: await initialParameters(init, model, table) }),
    }
    const fingerprint = modelFingerprint(model, table.columns, request.fit.domain)
    const initial = init === undefined || !isNetwork ? null : await initialWeights(init, fingerprint, table)
    const checkpoint: Checkpoint = {
      unnorm: version, request, columns: table.columns, dataFingerprint: tableFingerprint(table), modelFingerprint: fingerprint, initial, state: null,
    }
    return fitInto(context, folder, checkpoint, { model, table, second })
  })
}

/** The weights that another run ended with, for a network of the same kind on the same columns. */
async function initialWeights(run: string, fingerprint: string, table: Table): Promise<Float32Array> {
  const { state, modelFingerprint: theirs, columns, request } = await readCheckpoint(run)
  if (state === null) throw new UnnormError('no-weights', `cannot start from ${run}: it is no fit of a network (leave --init out)`)
  if (theirs !== fingerprint) throw new UnnormError('wrong-model', `cannot start from ${run}: it holds another model, ${modelWords(request)} (give the same --model and its options)`)
  if (columns.join('\0') !== table.columns.join('\0')) {
    throw new UnnormError('wrong-data', `cannot start from ${run}: its columns are ${columns.join(', ')}, these are ${table.columns.join(', ')} (choose the same with --columns)`)
  }
  return state.best?.theta ?? state.average
}

/** The estimates of another run, for the parameters that this model has too. */
async function initialParameters(run: string, { source }: LoadedModel, table: Table): Promise<(number | null)[]> {
  const { parameters = [] } = await readFit(run)
  const parameterNames = Object.entries(source.parameters(table.columns.length)).flatMap(([name, parameter]) => elementNames(name, parameter))
  const values = parameterNames.map((name) => parameters.find((parameter) => parameter.name === name)?.estimate ?? null)
  if (values.some((value) => value !== null)) return values
  const theirs = parameters.length === 0 ? 'it estimated no parameters' : `its parameters are ${shortList(parameters.map(({ name }) => name), 6)}`
  throw new UnnormError('wrong-model', `cannot start from ${run}: ${theirs}, this model has ${shortList(parameterNames, 6)} (leave --init out)`)
}

function modelWords({ model }: RunRequest): string {
  if (model.formula) return `--log-density ${JSON.stringify(model.formula.logDensity)}`
  const options = Object.entries(model.options).map(([name, value]) => ` --${name} ${String(value)}`)
  return model.text + options.join('')
}

/**
 * Continues a run that was stopped; all that it was asked for comes from its checkpoint.
 * @param data where the rows lie now, if not where they were
 */
export async function resumeRun(context: Context, path: string, data: string | undefined): Promise<FitJson> {
  const isComplete = await stat(join(path, 'fit.json')).then(() => true, () => false)
  if (isComplete) throw new UnnormError('complete-run', `cannot resume ${path}: it ran to its end (to train further, start a new run from its weights with --init ${path})`)
  const folder = await resumeRunFolder(path)
  return inFolder(context, folder, async () => {
    const checkpoint = await readCheckpoint(path)
    const request: RunRequest = data === undefined ? checkpoint.request : { ...checkpoint.request, source: data, workingFolder: process.cwd() }
    if (request.source === '-') throw new UnnormError('not-resumable', `cannot resume ${path}: its rows came from standard input, which cannot be read again (if they are in a file too, name it: unnorm fit FILE --resume ${path})`)
    const { model, table, second } = await prepare(context, request)
    if (modelFingerprint(model, table.columns, request.fit.domain) !== checkpoint.modelFingerprint) {
      throw new UnnormError('wrong-model', `cannot resume ${path}: it is the checkpoint of another model; ${modelWords(request)} is not what it was when the run began (undo the change, or start the fit anew)`)
    }
    if (tableFingerprint(table) !== checkpoint.dataFingerprint) {
      throw new UnnormError('wrong-data', `cannot resume ${path}: it is the checkpoint of other data; ${table.source} does not hold the rows that the run began with (restore them, or start the fit anew)`)
    }
    // Its name in the outputs is what it was, wherever the rows lie now; what came from standard input had none.
    const started = checkpoint.request.source === '-' ? { ...checkpoint, request } : checkpoint
    return fitInto(context, folder, started, { model, table: { ...table, source: started.request.read.sql ?? started.request.source ?? table.source }, second })
  })
}

async function inFolder(context: Context, folder: RunFolder, work: () => Promise<FitJson>): Promise<FitJson> {
  try {
    return await work()
  } catch (error) {
    const leftBehind = await folder.release()
    const isStopped = error instanceof UnnormError && error.code === 'interrupted'
    if (leftBehind && !isStopped) {
      context.warn({ code: 'checkpoint-kept', message: `what was learned until this error is kept in ${folder.path} (when its cause is gone, continue with unnorm fit --resume ${folder.path}; otherwise remove the folder)` })
    }
    throw error
  }
}

/** The fit itself, from where the checkpoint stands, and the folder's outputs. */
async function fitInto(context: Context, folder: RunFolder, start: Checkpoint, { model, table, second }: Prepared): Promise<FitJson> {
  const { request } = start
  refuseIfStopped(context.signal, NOTHING_YET)
  const resumeWith = `unnorm fit --resume ${folder.path}`
  const stopped = (what: string): UnnormError => new UnnormError('interrupted', request.source === '-'
    ? `${what}; rows of standard input cannot be read again, so this run can be continued only from a file with the same rows: unnorm fit FILE --resume ${folder.path}`
    : `${what}; continue with: ${resumeWith}`)

  let interval = SHORTEST_INTERVAL
  let hasCheckpoint = start.state !== null
  async function save(state: TrainingState | null): Promise<void> {
    const began = context.now()
    await folder.writeCheckpoint(checkpointName, encodeCheckpoint({ ...start, state }))
    interval = Math.max(SHORTEST_INTERVAL, SHARE_OF_TIME * (context.now() - began))
    hasCheckpoint = true
  }
  const environment: FitEnvironment = {
    ...(second && table.rows >= ROWS_WORTH_A_THREAD ? { apart: second.apart } : {}),
    engine: nodeEngine({ threads: request.threads }), now: context.now, signal: context.signal,
    onProgress: (update) => context.progress.update(update),
    onPhase: (text) => {
      if (context.signal.aborted) throw stopped('before the fit was done')
      context.progress.phase(text)
    },
    // Others may use a network while it is assessed, which can take as long as its training.
    ...(model.source.kind === 'network' ? { onModel: ({ program, metadata }) => folder.writeEarly('model.onnx', writeModelFile(program, metadata)) } : {}),
    saveCheckpoint: async (state) => {
      await save(state)
      if (context.signal.aborted) throw stopped(`at step ${state.step}`)
    },
    get checkpointInterval() { return interval },
  }
  const fitRequest: FitRequest = {
    ...request.fit, command: request.command, out: folder.path,
    ...(request.noise === null ? {} : { noise: request.noise }),
    ...(start.state === null ? {} : { resume: start.state }),
    ...(start.initial === null ? {} : { initial: start.initial }),
    ...(request.startValues === undefined ? {} : { initial: request.startValues.map((value) => value ?? NaN) }),
  }
  context.progress.phase(`fitting ${counted(table.rows, 'row')} of ${counted(table.columns.length, 'column')}`)
  const result = await fitModel(model.source, table, fitRequest, environment).catch(async (error: unknown) => {
    await second?.close()
    // A parametric fit starts anew when it is continued: its checkpoint says only what it was asked for.
    if (error instanceof UnnormError && error.code === 'interrupted' && !hasCheckpoint) await save(null)
    throw error
  })
  try {
    const warnings: Warning[] = [...table.warnings ?? [], ...result.fit.warnings]
    context.progress.phase('drawing')
    const outputs = await runOutputs(result, { ...result.fit, warnings })
    await folder.finish({ ...outputs.files, [checkpointName]: encodeCheckpoint({ ...start, state: result.state }) })
    return outputs.fit
  } finally {
    await second?.close()
    await result.release()
  }
}
