// Annealed Langevin dynamics (Song & Ermon 2019, algorithm 1): some unadjusted Langevin steps at each noise level, their size h
// in proportion to the level's variance t. It lags behind the levels and is biased by its steps, both by a few per cent of a variance:
// for N(0, s²) the variance follows v ← (1 − h/(2(s² + t)))² v + h.
import { stateAt, unjudged } from '../sampler.ts'
import type { DescentSampler, State } from '../sampler.ts'
import { langevinProposal } from './ula.ts'

export const STEPS_PER_LEVEL = 8
/** h/t: a noisy density is nowhere bent more than 1/t, so the bias of the variance stays below h/(4t). */
export const STEP_SHARE = 0.3

export const annealedLangevin: DescentSampler = {
  name: 'annealed-langevin', kind: 'descent',
  sentence: 'annealed Langevin: Langevin steps at each noise level on the way down the ladder',
  levels: 120,
  init: async (levels, positions) => ({ level: 0, ...await stateAt(levels.at(0), positions) }),
  step: async (levels, before, random) => {
    const level = before.level + 1
    const target = levels.at(level)
    const chains = before.energy.length
    const stepSizes = new Float64Array(chains).fill(Math.sqrt(STEP_SHARE * levels.variances[level]))
    let state: State = await stateAt(target, before.positions)
    for (let k = 0; k < STEPS_PER_LEVEL; k++) state = await stateAt(target, langevinProposal(state.positions, state.score, stepSizes, random))
    return { state: { level, ...state }, info: unjudged(chains) }
  },
}
