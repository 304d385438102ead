// Hamiltonian Monte Carlo with unit mass (Neal 2011, §5.3): leapfrog steps along a path whose length is drawn anew each time, so
// that no period of the target is met again and again (Mackenzie 1989). On spheres steps follow great circles.
import { advance, drawMomenta, drift } from '../geometry.ts'
import { metropolis, stateAt } from '../sampler.ts'
import type { ChainSampler, State } from '../sampler.ts'
import type { Target } from '../target.ts'

/** The longest path: half a turn in a Gaussian of unit scale, so that the mean path is the quarter turn that forgets its start. */
const LONGEST_PATH = Math.PI
const MOST_STEPS = 100

/**
 * Leapfrog steps of Hamilton's equations with H = E(x) + ½‖p‖². Undone by the same with −p.
 * @param momenta [chains × d]; overwritten by those at the end
 * @param stepSizes one a chain
 */
export async function leapfrog(target: Target, start: State, momenta: Float64Array, stepSizes: Float64Array, steps: number): Promise<State> {
  const positions = start.positions.slice()
  let { energy, score } = start
  advance(momenta, score, stepSizes, 0.5)
  for (let step = 1; step <= steps; step++) {
    drift(positions, momenta, stepSizes, target.spheres ?? [])
    // On the way the energy is of no use.
    if (step < steps && target.scores) score = await target.scores(positions)
    else ({ energy, score } = await target.evaluate(positions))
    advance(momenta, score, stepSizes, step < steps ? 1 : 0.5)
  }
  return { positions, energy, score }
}

/** Adds sign·½‖p‖² of each chain to `total`. */
export function addKinetic(total: Float64Array, momenta: Float64Array, sign: number): void {
  const d = momenta.length / total.length
  for (let c = 0, k = 0; c < total.length; c++) {
    let square = 0
    for (const end = k + d; k < end; k++) square += momenta[k] * momenta[k]
    total[c] += sign * 0.5 * square
  }
}

export const hmc: ChainSampler = {
  name: 'hmc', kind: 'chain',
  sentence: 'Hamiltonian Monte Carlo: long moves along the energy, exact',
  targetAcceptance: 0.8, initialStep: 0.5,
  init: stateAt,
  step: async (target, state, stepSizes, random) => {
    const momenta = drawMomenta(state.positions, target.dimension, target.spheres ?? [], random)
    const mean = stepSizes.reduce((sum, step) => sum + step, 0) / stepSizes.length
    const most = Math.min(MOST_STEPS, Math.max(1, Math.ceil(LONGEST_PATH / mean)))
    const error = new Float64Array(stepSizes.length)
    addKinetic(error, momenta, -1)
    const end = await leapfrog(target, state, momenta, stepSizes, 1 + random.integer(most))
    addKinetic(error, momenta, 1)
    for (let c = 0; c < error.length; c++) error[c] += end.energy[c] - state.energy[c]
    return metropolis(state, end, error, random)
  },
}
