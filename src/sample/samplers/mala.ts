// The Metropolis-adjusted Langevin algorithm (Roberts & Tweedie 1996, §1.4): a Langevin step, accepted with probability
// min(1, p(y) q(x | y) / [p(x) q(y | x)]), q(y | x) = N(y; x + (h/2) φ(x), h I).
import { metropolis, stateAt } from '../sampler.ts'
import type { ChainSampler } from '../sampler.ts'
import { langevinProposal } from './ula.ts'

export const mala: ChainSampler = {
  name: 'mala', kind: 'chain',
  sentence: 'Metropolis-adjusted Langevin: one gradient a step, exact',
  targetAcceptance: 0.574, initialStep: 0.5,
  init: stateAt,
  step: async (target, state, stepSizes, random) => {
    const { positions, energy, score } = state
    const proposal = await stateAt(target, langevinProposal(positions, score, stepSizes, random))
    const d = target.dimension
    const error = new Float64Array(energy.length)
    for (let c = 0; c < error.length; c++) {
      const half = 0.5 * stepSizes[c] * stepSizes[c]
      let [forward, backward] = [0, 0]
      for (let k = c * d; k < (c + 1) * d; k++) {
        forward += (proposal.positions[k] - positions[k] - half * score[k]) ** 2
        backward += (positions[k] - proposal.positions[k] - half * proposal.score[k]) ** 2
      }
      error[c] = proposal.energy[c] - energy[c] + (backward - forward) / (4 * half)
    }
    return metropolis(state, proposal, error, random)
  },
}
