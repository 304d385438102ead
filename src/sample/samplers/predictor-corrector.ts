// Predictor–corrector sampling (Song, Sohl-Dickstein, Kingma, Kumar, Ermon & Poole 2021, algorithm 1): the predictor is ancestral
// sampling (there, appendix F) from the posterior of a level given the one above; the corrector is a Langevin step at the new
// level, here with the Metropolis rule, since the energy is known.
import { stateAt } from '../sampler.ts'
import type { DescentSampler } from '../sampler.ts'
import { mala } from './mala.ts'

export const predictorCorrector: DescentSampler = {
  name: 'predictor-corrector', kind: 'descent',
  sentence: 'predictor–corrector: down the ladder by the posterior of each level given the one above, each time corrected by a Metropolis-adjusted Langevin step',
  levels: 200,
  init: async (levels, positions) => ({ level: 0, ...await stateAt(levels.at(0), positions) }),
  step: async (levels, { level: above, positions, score, energy }, random) => {
    const level = above + 1
    const [t, high] = [levels.variances[level], levels.variances[above]]
    const predicted = new Float64Array(positions.length)
    random.fillNormal(predicted)
    const spread = Math.sqrt(t * (high - t) / high)
    for (let k = 0; k < predicted.length; k++) predicted[k] = positions[k] + (high - t) * score[k] + spread * predicted[k]
    const target = levels.at(level)
    // A noisy density is nowhere bent more than 1/t, so that steps of this size are accepted mostly, whatever the data.
    const stepSizes = new Float64Array(energy.length).fill(Math.sqrt(t) * levels.dimension ** (-1 / 6))
    const { state, info } = await mala.step(target, await stateAt(target, predicted), stepSizes, random)
    return { state: { level, ...state }, info }
  },
}
