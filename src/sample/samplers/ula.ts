// The unadjusted Langevin algorithm: x ← x + (h/2) φ(x) + √h z (Roberts & Tweedie 1996, §1.2), h the square of the step size.
//
// Without a rejection it is biased: for N(0, 1) its variance is v = (1 − h/2)² v + h, so v = 1/(1 − h/4).
import type { Random } from '../../base/random.ts'
import { advance, drawMomenta, drift } from '../geometry.ts'
import type { SphereBlock } from '../geometry.ts'
import { stateAt, unjudged } from '../sampler.ts'
import type { ChainSampler } from '../sampler.ts'

/** x + (ε²/2) φ + ε z for every chain, fresh [chains × d], on spheres along great circles; each chain has its own ε. */
export function langevinProposal(positions: Float64Array, score: Float64Array, stepSizes: Float64Array, random: Random, spheres: readonly SphereBlock[] = []): Float64Array {
  const d = positions.length / stepSizes.length
  const momenta = drawMomenta(positions, d, spheres, random)
  advance(momenta, score, stepSizes, 0.5)
  const proposal = positions.slice()
  drift(proposal, momenta, stepSizes, spheres)
  return proposal
}

export const ula: ChainSampler = {
  name: 'ula', kind: 'chain',
  sentence: 'unadjusted Langevin: cheap steps that are never rejected, with a bias that falls with the step size',
  targetAcceptance: null, initialStep: 0.2,
  init: stateAt,
  step: async (target, { positions, score }, stepSizes, random) => ({
    state: await stateAt(target, langevinProposal(positions, score, stepSizes, random, target.spheres)),
    info: unjudged(stepSizes.length),
  }),
}
