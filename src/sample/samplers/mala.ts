// The Metropolis-adjusted Langevin algorithm (Roberts & Tweedie 1996, §1.4): a Langevin step, accepted with probability
// min(1, p(y) q(x | y) / [p(x) q(y | x)]), q(y | x) = N(y; x + (h/2) φ(x), h I). That is one leapfrog step (Neal 2011, §5.5.2), which
// serves spheres too.
import { drawMomenta } from '../geometry.ts'
import { metropolis, stateAt } from '../sampler.ts'
import type { ChainSampler } from '../sampler.ts'
import { addKinetic, leapfrog } from './hmc.ts'

export const mala: ChainSampler = {
  name: 'mala', kind: 'chain',
  sentence: 'Metropolis-adjusted Langevin: one gradient a step, exact',
  targetAcceptance: 0.574, initialStep: 0.5,
  init: stateAt,
  step: async (target, state, stepSizes, random) => {
    const momenta = drawMomenta(state.positions, target.dimension, target.spheres ?? [], random)
    const error = new Float64Array(stepSizes.length)
    addKinetic(error, momenta, -1)
    const proposal = await leapfrog(target, state, momenta, stepSizes, 1)
    addKinetic(error, momenta, 1)
    for (let c = 0; c < error.length; c++) error[c] += proposal.energy[c] - state.energy[c]
    return metropolis(state, proposal, error, random)
  },
}
