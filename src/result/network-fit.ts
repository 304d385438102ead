// Fitting a network: minibatches on standardized columns.
import { UnnormError } from '../base/errors.ts'
import { LARGEST_DECAY, LEAST_SHARE_OF_STEPS } from '../estimate/estimator.ts'
import { initialState, train } from '../estimate/train.ts'
import type { TrainingState } from '../estimate/train.ts'
import { formatNumber } from '../report/format.ts'
import type { Estimated, FitContext } from './estimated.ts'

/** Looks at the held-out objective in a full run. */
const LOOKS = 50

export async function estimateNetwork(context: FitContext): Promise<Estimated> {
  const { traced, estimator, objective, table, scale, split, random, options, request, environment } = context
  if (split.trainCount < 2) throw new UnnormError('too-few-rows', `${table.source}: ${table.rows} rows are too few for a network`)
  const { training } = estimator
  const steps = options.steps ?? Math.round(training.steps * Math.min(1, Math.max(LEAST_SHARE_OF_STEPS, split.trainCount / (training.allStepsFrom ?? 0))))
  const start = request.resume ?? startFrom(initialState(traced, random), request.initial)
  const trained = await train(
    traced, objective, { values: table.values, scale, split }, environment.engine,
    {
      steps, batch: options.batch ?? training.batch, learningRate: options.learningRate ?? training.learningRate,
      weightDecay: options.weightDecay ?? Math.min(LARGEST_DECAY, (training.decayTimesRows * traced.dimension) / split.trainCount),
      clip: 10, evaluateEvery: Math.max(1, Math.round(steps / LOOKS)), patience: LOOKS / 3,
    },
    random, start,
    {
      now: environment.now, ...(environment.signal ? { signal: environment.signal } : {}),
      onProgress: (update) => environment.onProgress?.({ ...update, steps }),
      ...(environment.saveCheckpoint ? { saveCheckpoint: environment.saveCheckpoint } : {}),
      ...(environment.checkpointInterval === undefined ? {} : { checkpointInterval: environment.checkpointInterval }),
    },
  )
  const { metrics } = trained.state
  const ranOff = estimator.unboundedBecause !== undefined && trained.stopped !== 'interrupted'
  const warnings = ranOff
    ? [...trained.warnings, {
      code: 'unbounded',
      message: `The objective has no minimum: it fell from ${shortly(metrics[0]?.objective)} to ${shortly(metrics.at(-1)?.objective)} in ${trained.state.step} steps and would go on falling. ${estimator.unboundedBecause}`,
    }]
    : trained.warnings
  return {
    theta: Float64Array.from(trained.theta), route: 'adam', stopped: ranOff ? 'unbounded' : trained.stopped,
    objective: {
      train: trained.train.mean,
      heldOut: trained.heldOut?.mean ?? null,
      heldOutStandardError: trained.heldOut?.standardError ?? null,
    },
    integrable: !ranOff, sensitivity: null, stepsPerSecond: trained.stepsPerSecond, metrics, state: trained.state, warnings,
  }
}

const shortly = (value: number | undefined): string => (value === undefined ? 'its start' : formatNumber(value))

function startFrom(state: TrainingState, initial: ArrayLike<number> | undefined): TrainingState {
  if (!initial) return state
  if (initial.length !== state.theta.length) {
    throw new UnnormError('wrong-model', `cannot start from weights of another shape: ${initial.length} numbers, this network has ${state.theta.length} (use the same --hidden and columns)`)
  }
  return { ...state, theta: Float32Array.from(initial), average: Float32Array.from(initial) }
}
