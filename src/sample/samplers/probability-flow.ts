// The probability flow (Song et al. 2021, eq. 13; Karras, Aittala, Aila & Laine 2022, eq. 1): the ODE dy/dt = −½ φ(y, t) has the
// noisy densities as its marginals. In u = log t, dy/du = −½ t φ; by Heun's method, so that the error falls with the square of
// the step.
import { stateAt, unjudged } from '../sampler.ts'
import type { DescentSampler } from '../sampler.ts'

export const probabilityFlow: DescentSampler = {
  name: 'probability-flow', kind: 'descent',
  sentence: 'probability flow: an ordinary differential equation down the ladder; nothing random after the start',
  levels: 100,
  init: async (levels, positions) => ({ level: 0, ...await stateAt(levels.at(0), positions) }),
  step: async (levels, { level: above, positions, score }) => {
    const level = above + 1
    const [t, high] = [levels.variances[level], levels.variances[above]]
    const step = -0.5 * Math.log(t / high)
    const target = levels.at(level)
    const euler = positions.map((value, k) => value + step * high * score[k])
    const there = await target.evaluate(euler)
    for (let k = 0; k < euler.length; k++) euler[k] = positions[k] + 0.5 * step * (high * score[k] + t * there.score[k])
    return { state: { level, ...await stateAt(target, euler) }, info: unjudged(there.energy.length) }
  },
}
