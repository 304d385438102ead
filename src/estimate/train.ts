// The training loop: minibatches, Adam, held-out objective, early stopping, averaged weights, checkpoints.
//
// Everything random is a function of (seed, step), and everything that changes is in `TrainingState`: a run resumed from a
// checkpoint continues bit by bit as if it had not been interrupted.
import { UnnormError } from '../base/errors.ts'
import type { Warning } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import { batchRows } from '../data/split.ts'
import type { Engine, Executable, Values } from '../engine/engine.ts'
import type { TracedModel } from '../model/model.ts'
import { overRows } from './batch.ts'
import type { RowObjective } from './estimator.ts'
import { adamStep, FIRST_DECAY, learningRateAt, optimizerInputs, SECOND_DECAY } from './optimizer.ts'
import { fillBatch, fillLevels, fillPairs, LOOK_EVALUATIONS, lookBatch, meanObjective, objectiveDifference, REPORTED_EVALUATIONS } from './training-rows.ts'
import type { MeanObjective, Needs, Part, TrainingData } from './training-rows.ts'

export interface TrainingOptions {
  readonly steps: number
  readonly batch: number
  readonly learningRate: number
  readonly weightDecay: number
  /** Gradients longer than this many times their usual length are shortened to it. */
  readonly clip: number
  /** Steps between looks at the held-out objective. */
  readonly evaluateEvery: number
  /** Looks without improvement after which training stops, if the held-out rows can tell that it has become worse. */
  readonly patience: number
}

export interface MetricsEntry {
  readonly step: number
  readonly objective: number
  readonly heldOutObjective: number | null
  readonly seconds: number
}

/** Everything that changes during training. */
export interface TrainingState {
  readonly step: number
  readonly theta: Float32Array
  readonly firstMoment: Float32Array
  readonly secondMoment: Float32Array
  readonly average: Float32Array
  /** The averaged weights with the best held-out objective so far. */
  readonly best: { readonly step: number; readonly objective: number; readonly theta: Float32Array } | null
  /** Typical gradient length, by which clipping is measured. */
  readonly usualNorm: number
  /** Mean training objective since the last look. */
  readonly running: { readonly sum: number; readonly count: number }
  readonly metrics: readonly MetricsEntry[]
}

export interface TrainingHooks {
  /** Milliseconds of a steady clock. */
  readonly now: () => number
  readonly signal?: AbortSignal
  onProgress?(update: { step: number; objective: number | null; heldOutObjective: number | null }): void
  /** Called with the state at intervals and when interrupted. */
  saveCheckpoint?(state: TrainingState): Promise<void>
  /** Milliseconds between checkpoints. */
  readonly checkpointInterval?: number
}

export interface TrainingResult {
  readonly state: TrainingState
  /** The weights to use: the averaged ones of the end, or of the best look if that was clearly better. */
  readonly theta: Float32Array
  readonly stopped: 'steps' | 'early-stopping' | 'interrupted' | 'non-finite'
  /** The objective at `theta` on training rows, and on held-out ones. */
  readonly train: MeanObjective
  readonly heldOut: MeanObjective | null
  readonly stepsPerSecond: number | null
  readonly warnings: readonly Warning[]
}

/**
 * Standard errors by which an earlier look must be better than the end to be kept, and than a later look to stop there. The least
 * of fifty looks at a few hundred rows is often the luckiest one; and in the middle of the schedule, where the learning rate is
 * still high, looks get worse that will be better at its end.
 */
const DOUBT = { end: 1, stop: 2 } as const

export function initialState(model: TracedModel, random: Random): TrainingState {
  const theta = new Float32Array(model.parameterCount)
  const start = model.model.initial?.(random.split('initial'), model.dimension)
  if (start) theta.set(start)
  else for (const { parameter, start: at, name } of model.parameters) theta.set(parameter.initial(random.split('initial').split(name)), at)
  const zeros = (): Float32Array => new Float32Array(model.parameterCount)
  return { step: 0, theta, firstMoment: zeros(), secondMoment: zeros(), average: theta.slice(), best: null, usualNorm: 0, running: { sum: 0, count: 0 }, metrics: [] }
}

/** Trains a network on standardized columns, from `start` on. */
export async function train(
  model: TracedModel, objective: RowObjective, data: TrainingData, engine: Engine,
  options: TrainingOptions, random: Random, start: TrainingState, hooks: TrainingHooks,
): Promise<TrainingResult> {
  const batch = overRows(model, objective)
  const { state: inputs, schedule } = optimizerInputs(model.graph, model.theta)
  const next = adamStep(inputs, batch.gradient, schedule)
  const step = await engine.prepare({
    name: 'training step', type: 'float32',
    inputs: [inputs.theta, inputs.firstMoment, inputs.secondMoment, inputs.average, schedule, ...batch.inputs],
    outputs: { ...nodesOf(next), objective: batch.total, gradientNorm: next.gradientNorm },
  })
  const look = await engine.prepare({ name: 'objective', type: 'float32', inputs: [model.theta, ...batch.inputs], outputs: { perRow: batch.perRow } })
  try {
    return await loop(step, look, model, { draws: objective.draws.reduce((total, { shape }) => total + shape[0], 0), levels: objective.level !== undefined }, data, options, random, start, hooks)
  } finally {
    await step.release()
    await look.release()
  }
}

const nodesOf = ({ theta, firstMoment, secondMoment, average }: ReturnType<typeof adamStep>) => ({ nextTheta: theta, nextFirstMoment: firstMoment, nextSecondMoment: secondMoment, nextAverage: average })

async function loop(
  step: Executable, look: Executable, model: TracedModel, needs: Needs, data: TrainingData,
  options: TrainingOptions, random: Random, start: TrainingState, hooks: TrainingHooks,
): Promise<TrainingResult> {
  const { dimension: d, parameterCount } = model
  const { split } = data
  const distinct = needs.draws > 0 ? Math.max(1, Math.ceil(options.batch / 2)) : options.batch
  const rowsInBatch = needs.draws > 0 ? 2 * distinct : distinct
  const rowNumbers = new Uint32Array(distinct)
  const rows: Values = { shape: [rowsInBatch, d], data: new Float32Array(rowsInBatch * d) }
  const draws: Values = { shape: [rowsInBatch, needs.draws], data: new Float32Array(rowsInBatch * needs.draws) }
  const levels: Values = { shape: [rowsInBatch], data: new Float32Array(rowsInBatch) }
  const scheduleValues: Values = { shape: [7], data: new Float32Array(7) }
  const nextRows = batchRows(split, random.split('rows'))
  const drawn = random.split('noise')
  const placed = random.split('levels')
  const vectorValues = (data_: Float32Array): Values => ({ shape: [parameterCount], data: data_ })
  // Three sets of buffers. A step reads `here` and writes `there`; that its result is bad shows in the objective of the
  // step after it, so the state before `here`, the last whose objective was finite, is kept too.
  const buffers = (from: TrainingState) => ({ theta: vectorValues(from.theta.slice()), firstMoment: vectorValues(from.firstMoment.slice()), secondMoment: vectorValues(from.secondMoment.slice()), average: vectorValues(from.average.slice()) })
  let before = buffers(start)
  let here = buffers(start)
  let there = buffers(start)
  const objectiveOut: Values = { shape: [], data: new Float32Array(1) }
  const normOut: Values = { shape: [], data: new Float32Array(1) }

  let { usualNorm, best } = start
  let running = { ...start.running }
  const metrics = [...start.metrics]
  const warnings: Warning[] = []
  const startedAt = hooks.now() - 1000 * (metrics.at(-1)?.seconds ?? 0)
  const seconds = (): number => (hooks.now() - startedAt) / 1000
  let lastCheckpoint = hooks.now()
  const heldOutRows = lookBatch(data, 'heldOut', d, needs, random, LOOK_EVALUATIONS)
  const snapshot = (at: number): TrainingState => ({
    step: at, theta: here.theta.data.slice() as Float32Array, firstMoment: here.firstMoment.data.slice() as Float32Array,
    secondMoment: here.secondMoment.data.slice() as Float32Array, average: here.average.data.slice() as Float32Array,
    best, usualNorm, running: { ...running }, metrics: [...metrics],
  })
  /** Whether the held-out rows say, with so much doubt, that these weights are worse than those. */
  const isWorse = async (average: Values, than: Float32Array, doubt: number): Promise<boolean> => {
    const { mean, standardError } = await objectiveDifference(look, average, vectorValues(than), heldOutRows!)
    return mean > doubt * standardError
  }
  let at = start.step
  let stopped: TrainingResult['stopped'] = 'steps'
  const timedFrom = { step: at, time: hooks.now() }

  while (at < options.steps) {
    if (hooks.signal?.aborted) { stopped = 'interrupted'; break }
    nextRows(at, rowNumbers)
    fillBatch(rows.data as Float32Array, rowNumbers, data, d, needs.draws > 0)
    if (needs.draws > 0) fillPairs(draws.data as Float32Array, drawn.split(at))
    if (needs.levels) fillLevels(levels.data as Float32Array, placed.split(at))
    const age = at + 1
    scheduleValues.data.set([
      1 / rowsInBatch, learningRateAt(at, options.steps, options.learningRate), 1 / (1 - FIRST_DECAY ** age), 1 / (1 - SECOND_DECAY ** age),
      options.weightDecay, averagingAt(at), usualNorm === 0 ? 3e38 : options.clip * usualNorm,
    ])
    await step.run({ theta: here.theta, firstMoment: here.firstMoment, secondMoment: here.secondMoment, average: here.average, schedule: scheduleValues, rows, draws, levels },
      { nextTheta: there.theta, nextFirstMoment: there.firstMoment, nextSecondMoment: there.secondMoment, nextAverage: there.average, objective: objectiveOut, gradientNorm: normOut })
    const value = objectiveOut.data[0] / rowsInBatch
    const norm = normOut.data[0]
    if (!Number.isFinite(value) || !Number.isFinite(norm)) {
      stopped = 'non-finite'
      const bad = at + 1
      if (at > start.step) {
        here = before
        at--
      }
      const what = `the objective became ${Number.isFinite(value) ? 'so steep that its gradient is not finite' : String(value)} at step ${bad}`
      const remedy = 'A lower --learning-rate, more noise or fewer extreme rows help.'
      if (at === 0) throw new UnnormError('non-finite', `${what}, before anything was learned. ${remedy}`)
      warnings.push({ code: 'non-finite', message: `${what}; the last good state (step ${at}) is kept. ${remedy}` })
      break
    }
    ;[before, here, there] = [here, there, before]
    usualNorm = usualNorm === 0 ? norm : 0.98 * usualNorm + 0.02 * Math.min(norm, options.clip * usualNorm)
    running = { sum: running.sum + value, count: running.count + 1 }
    at++
    let heldOutObjective: number | null = null
    const isLook = at % options.evaluateEvery === 0 || at === options.steps
    if (isLook) {
      if (heldOutRows) {
        heldOutObjective = (await meanObjective(look, here.average, heldOutRows)).mean
        if (heldOutObjective < (best?.objective ?? Infinity)) best = { step: at, objective: heldOutObjective, theta: here.average.data.slice() as Float32Array }
      }
      metrics.push({ step: at, objective: running.sum / running.count, heldOutObjective, seconds: seconds() })
      running = { sum: 0, count: 0 }
    }
    hooks.onProgress?.({ step: at, objective: metrics.at(-1)?.objective ?? value, heldOutObjective: heldOutObjective ?? metrics.at(-1)?.heldOutObjective ?? null })
    if (hooks.saveCheckpoint && hooks.now() - lastCheckpoint >= (hooks.checkpointInterval ?? 5000)) {
      await hooks.saveCheckpoint(snapshot(at))
      lastCheckpoint = hooks.now()
    }
    if (best && isLook && at - best.step >= options.patience * options.evaluateEvery && await isWorse(here.average, best.theta, DOUBT.stop)) { stopped = 'early-stopping'; break }
  }
  const elapsed = (hooks.now() - timedFrom.time) / 1000
  const state = snapshot(at)
  if (stopped === 'interrupted') await hooks.saveCheckpoint?.(state)
  if (!metrics.length && at > 0) metrics.push({ step: at, objective: running.sum / Math.max(1, running.count), heldOutObjective: null, seconds: seconds() })
  const theta = best && (stopped === 'early-stopping' || await isWorse(here.average, best.theta, DOUBT.end)) ? best.theta : state.average
  const reported = async (part: Part): Promise<MeanObjective | null> => {
    const rowsOfPart = lookBatch(data, part, d, needs, random, REPORTED_EVALUATIONS)
    return rowsOfPart ? meanObjective(look, vectorValues(theta), rowsOfPart) : null
  }
  const train = (await reported('train'))!
  const heldOut = await reported('heldOut')
  // Who starts from this run starts from the weights that it uses.
  return { state: { ...state, metrics, best: stopped === 'interrupted' || theta === best?.theta ? best : null }, theta, stopped, train, heldOut, stepsPerSecond: elapsed > 0 && at > timedFrom.step ? (at - timedFrom.step) / elapsed : null, warnings }
}

/** Weight of the newest point in the average: all of them equally at first, then falling by 1/e in 200 steps. */
function averagingAt(step: number): number {
  return Math.max(1 / (step + 1), 0.005)
}
