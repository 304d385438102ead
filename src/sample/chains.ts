// Running chains in lock-step: a warm-up that finds step size and coordinates, then draws.
import { UnnormError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import type { ChainSampler, State, StepInfo } from './sampler.ts'
import { adaptStepSize, settledStepSize, startStepSize } from './step-size.ts'
import type { StepSize } from './step-size.ts'
import { fromData, toData, whitened } from './target.ts'
import type { Coordinates } from './target.ts'

/** What is sampled, in whatever coordinates the warm-up finds. */
export interface Problem<T> {
  readonly sampler: ChainSampler<T>
  in(coordinates: Coordinates): T
  /** Blocks of chains that each have a density of their own and a step size of their own: the rungs of parallel tempering; else 1. */
  readonly blocks: number
}

/** Chains between two steps. */
export interface Chains<T> {
  readonly problem: Problem<T>
  readonly coordinates: Coordinates
  readonly target: T
  /** In these coordinates; all blocks. */
  readonly state: State
  /** One a chain. */
  readonly stepSizes: Float64Array
}

export interface Watch {
  readonly signal?: AbortSignal
  onStep?(done: number, total: number): void
}

export interface WarmUp extends Watch {
  /** Steps. */
  readonly steps: number
  /** Whether coordinates are found too, by the moments of the chains; else only the step size. */
  readonly coordinates: boolean
  /** Kept as it is where given. */
  readonly stepSize?: number
}

/** Shares of the warm-up after which coordinates are renewed, by the points since the share before. */
const RENEWALS = [0.15, 0.4, 0.8] as const
/** Points that a covariance of d columns needs for each of them. */
const POINTS_PER_COLUMN = 20

/**
 * Starts chains and adapts them.
 * @param rows where they start, in the data's units [blocks · chains × d]
 * @throws UnnormError `energy-not-finite`: at none of the starts; `diverged-chains`
 */
export async function warmUp<T>(problem: Problem<T>, rows: Float64Array, start: Coordinates, options: WarmUp, random: Random): Promise<Chains<T>> {
  const { sampler, blocks } = problem
  let chains = await place(problem, rows, start, options.stepSize ?? sampler.initialStep)
  if (!chains.state.energy.some(Number.isFinite)) throw new UnnormError('energy-not-finite', 'no samples: the energy is not a finite number at any start of the chains (are the rows of the fit in the units of the model?)')
  const fresh = (): StepSize[] => Array.from({ length: blocks }, (_, b) => startStepSize(chains.stepSizes[b * chains.stepSizes.length / blocks]))
  const { targetAcceptance } = sampler
  const fixed = options.stepSize !== undefined || targetAcceptance === null
  let adapting = fresh()
  let moments = startMoments(start.center.length)
  const renewals = options.coordinates ? RENEWALS.map((share) => Math.floor(share * options.steps)) : []
  for (let step = 1; step <= options.steps; step++) {
    const { state, info } = await sampler.step(chains.target, chains.state, chains.stepSizes, random.split(step))
    chains = { ...chains, state }
    if (!fixed) {
      adapting = adapting.map((each, b) => adaptStepSize(each, blockMean(info.acceptance, b, blocks), targetAcceptance))
      const last = step === options.steps
      fill(chains.stepSizes, adapting.map((each) => (last ? settledStepSize(each) : Math.exp(each.log))))
    }
    if (options.coordinates) addPoints(moments, state.positions.subarray(0, state.positions.length / blocks))
    if (renewals.includes(step)) {
      const found = step === renewals[0] ? undefined : covarianceOf(moments)
      if (found !== undefined) {
        const before = chains
        chains = await place(problem, toData(state.positions, chains.coordinates), whitened(chains.coordinates, found.mean, found.covariance), sampler.initialStep)
        if (fixed) chains.stepSizes.set(before.stepSizes)
        adapting = fresh()
      }
      moments = startMoments(start.center.length)
    }
    refuseRunaways(state)
    watch(options, step, options.steps)
  }
  return chains
}

async function place<T>(problem: Problem<T>, rows: Float64Array, coordinates: Coordinates, stepSize: number): Promise<Chains<T>> {
  const target = problem.in(coordinates)
  const state = await problem.sampler.init(target, fromData(rows, coordinates))
  return { problem, coordinates, target, state, stepSizes: new Float64Array(state.energy.length).fill(stepSize) }
}

function fill(stepSizes: Float64Array, ofBlocks: readonly number[]): void {
  const size = stepSizes.length / ofBlocks.length
  ofBlocks.forEach((value, b) => { stepSizes.fill(value, b * size, (b + 1) * size) })
}

/** Where nothing is rejected, steps that are too large grow without end. */
function refuseRunaways({ positions }: State): void {
  if (!positions.every(Number.isFinite)) throw new UnnormError('diverged-chains', 'no samples: the chains ran off to infinity (take a smaller --step-size, or a sampler that rejects such steps: hmc, mala)')
}

/** Tells of a step, and stops there if the signal says so. */
export function watch({ signal, onStep }: Watch, step: number, total: number): void {
  onStep?.(step, total)
  refuseIfStopped(signal)
}

/** @throws UnnormError `interrupted` */
export function refuseIfStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new UnnormError('interrupted', 'no samples were written')
}

/** What was drawn. */
export interface Drawn<T> {
  /** Draws of the first block, in the data's units [draws × chains × d]. */
  readonly rows: Float64Array
  /** Their energies [draws × chains]. */
  readonly energy: Float64Array
  readonly chainCount: number
  /** Mean over steps and chains. */
  readonly acceptance: number
  /** Proposals that ran off. */
  readonly divergences: number
  /** Mean probability of exchange between neighbouring rungs. */
  readonly swaps: Float64Array | null
  readonly chains: Chains<T>
}

/** @param draws kept a chain: every `thin`-th step */
export async function draw<T>(start: Chains<T>, draws: number, thin: number, random: Random, watching: Watch = {}): Promise<Drawn<T>> {
  const { problem: { sampler, blocks }, coordinates, target, stepSizes } = start
  const size = start.state.positions.length / blocks
  const chainCount = stepSizes.length / blocks
  const rows = new Float64Array(draws * size)
  const energy = new Float64Array(draws * chainCount)
  const totals = { acceptance: 0, divergences: 0, swaps: [] as { sum: number; count: number }[] }
  let { state } = start
  for (let step = 1; step <= draws * thin; step++) {
    const stepped = await sampler.step(target, state, stepSizes, random.split(step))
    state = stepped.state
    add(totals, stepped.info, blocks)
    refuseRunaways(state)
    if (step % thin === 0) {
      const kept = step / thin - 1
      toData(state.positions.subarray(0, size), coordinates, rows.subarray(kept * size, (kept + 1) * size))
      energy.set(state.energy.subarray(0, chainCount), kept * chainCount)
    }
    watch(watching, step, draws * thin)
  }
  return {
    rows, energy, chainCount, acceptance: totals.acceptance / (draws * thin), divergences: totals.divergences,
    swaps: totals.swaps.length > 0 ? Float64Array.from(totals.swaps, ({ sum, count }) => sum / count) : null,
    chains: { ...start, state },
  }
}

function add(totals: { acceptance: number; divergences: number; swaps: { sum: number; count: number }[] }, info: StepInfo, blocks: number): void {
  totals.acceptance += blockMean(info.acceptance, 0, blocks)
  totals.divergences += info.divergences
  info.swaps?.forEach((value, k) => {
    totals.swaps[k] ??= { sum: 0, count: 0 }
    if (Number.isNaN(value)) return
    totals.swaps[k].sum += value
    totals.swaps[k].count++
  })
}

function blockMean(values: Float64Array, block: number, blocks: number): number {
  const size = values.length / blocks
  let sum = 0
  for (let k = block * size; k < (block + 1) * size; k++) sum += values[k]
  return sum / size
}

interface Moments { count: number; readonly sum: Float64Array; readonly products: Float64Array }

const startMoments = (d: number): Moments => ({ count: 0, sum: new Float64Array(d), products: new Float64Array(d * d) })

/** Points have about unit scale, so that sums of squares lose no digits that matter. */
function addPoints(moments: Moments, points: Float64Array): void {
  const d = moments.sum.length
  for (let start = 0; start < points.length; start += d) {
    moments.count++
    for (let i = 0; i < d; i++) {
      moments.sum[i] += points[start + i]
      for (let j = 0; j <= i; j++) moments.products[i * d + j] += points[start + i] * points[start + j]
    }
  }
}

/** Undefined where the points are too few or have no spread. */
function covarianceOf({ count, sum, products }: Moments): { mean: Float64Array; covariance: Float64Array } | undefined {
  const d = sum.length
  if (count < POINTS_PER_COLUMN * d) return undefined
  const mean = sum.map((value) => value / count)
  const covariance = products.map((_, k) => {
    const [i, j] = [Math.max(Math.floor(k / d), k % d), Math.min(Math.floor(k / d), k % d)]
    return products[i * d + j] / count - mean[i] * mean[j]
  })
  return mean.every((_, j) => covariance[j * (d + 1)] > 0) ? { mean, covariance } : undefined
}
