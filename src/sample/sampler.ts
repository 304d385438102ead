// What a sampler is: a pair init/step over a batch of chains in lock-step, one evaluation of the target for all of them.
import type { Random } from '../base/random.ts'
import type { Evaluated, Target } from './target.ts'

/** Where all chains stand. A step never changes a state it was given. */
export interface State extends Evaluated {
  /** Row-major [chains × d]. */
  readonly positions: Float64Array
}

/** What happened in a step. */
export interface StepInfo {
  /** The probability with which each chain's proposal was accepted, [chains]; 1 where nothing is ever rejected. */
  readonly acceptance: Float64Array
  /** Change of the total energy along each chain's proposal, [chains]; what an exact integrator would keep at zero. */
  readonly energyError: Float64Array
  /** Chains whose proposal ran off: an energy error that is not finite or beyond 1000. */
  readonly divergences: number
  /** Between neighbouring rungs: the mean probability of a swap, NaN where none was tried in this step. */
  readonly swaps?: Float64Array
}

export interface Stepped<S extends State = State> {
  readonly state: S
  readonly info: StepInfo
}

interface Named {
  readonly name: string
  /** One sentence without a final stop. */
  readonly sentence: string
}

/** A Markov chain that leaves the target's density as it is (without a rejection: nearly). */
export interface ChainSampler<T = Target> extends Named {
  readonly kind: T extends Target ? 'chain' : 'replicas'
  /** The acceptance that warm-up adapts the step size to; null: the step size is kept. */
  readonly targetAcceptance: number | null
  /** In coordinates of unit scale. */
  readonly initialStep: number
  init(target: T, positions: Float64Array): Promise<State>
  /** @param stepSizes one a chain [chains], in the target's coordinates */
  step(target: T, state: State, stepSizes: Float64Array, random: Random): Promise<Stepped>
}

/** The densities of the data with noise of variances that fall, in coordinates in which the noise has unit scale at t = 1. */
export interface Levels {
  readonly dimension: number
  /** t, from the highest to the lowest. */
  readonly variances: Float64Array
  at(level: number): Target
}

export interface DescentState extends State {
  /** Index into the variances. */
  readonly level: number
}

/** Carries independent draws of the highest level down to the lowest, one level a step. */
export interface DescentSampler extends Named {
  readonly kind: 'descent'
  /** Levels where the user does not say. */
  readonly levels: number
  /** @param positions draws of the highest level [chains × d] */
  init(levels: Levels, positions: Float64Array): Promise<DescentState>
  step(levels: Levels, state: DescentState, random: Random): Promise<Stepped<DescentState>>
}

/** A state at given positions. */
export async function stateAt(target: Target, positions: Float64Array): Promise<State> {
  return { positions, ...await target.evaluate(positions) }
}

/** Beyond this error of the energy a proposal is said to have run off (as in Stan). */
const DIVERGED = 1000

/**
 * The Metropolis rule for a batch: a chain moves to `proposal` with probability min(1, exp(−error)), else stays.
 * Takes over the arrays of `proposal`.
 * @param energyError [chains]; NaN counts as +∞
 */
export function metropolis(state: State, proposal: State, energyError: Float64Array, random: Random): Stepped {
  const chains = state.energy.length
  const d = state.positions.length / chains
  const acceptance = new Float64Array(chains)
  let divergences = 0
  for (let c = 0; c < chains; c++) {
    if (!(energyError[c] < DIVERGED)) divergences++
    acceptance[c] = energyError[c] <= 0 ? 1 : Math.exp(-energyError[c]) || 0
    if (random.uniform() < acceptance[c]) continue
    proposal.energy[c] = state.energy[c]
    for (let k = c * d; k < (c + 1) * d; k++) {
      proposal.positions[k] = state.positions[k]
      proposal.score[k] = state.score[k]
    }
  }
  return { state: proposal, info: { acceptance, energyError, divergences } }
}

/** What a step without a rejection reports. */
export function unjudged(chains: number): StepInfo {
  return { acceptance: new Float64Array(chains).fill(1), energyError: new Float64Array(chains), divergences: 0 }
}
