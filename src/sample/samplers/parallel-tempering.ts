// Parallel tempering (Geyer 1991): Hamiltonian moves on every rung, then exchanges of neighbouring rungs, of even and of odd
// pairs in turn, which carries chains up and down rather than letting them diffuse (Syed, Bouchard-Côté, Deligiannidis & Doucet
// 2022, §3). Exchange k ↔ k+1 is accepted with probability min(1, exp[Eₖ(x) + Eₖ₊₁(y) − Eₖ(y) − Eₖ₊₁(x)]).
import type { Random } from '../../base/random.ts'
import type { Rungs } from '../rungs.ts'
import type { ChainSampler, Stepped } from '../sampler.ts'
import { hmc } from './hmc.ts'

const own = (rungs: Rungs): number[] => Array.from({ length: rungs.count }, (_, k) => k)
const targetOf = (rungs: Rungs) => ({ dimension: rungs.dimension, ...(rungs.spheres ? { spheres: rungs.spheres } : {}), evaluate: (points: Float64Array) => rungs.evaluate(points, own(rungs)) })

export const parallelTempering: ChainSampler<Rungs> = {
  name: 'parallel-tempering', kind: 'replicas',
  sentence: 'parallel tempering: chains on flattened densities, or on the noise levels, that trade places; crosses from mode to mode',
  targetAcceptance: hmc.targetAcceptance, initialStep: hmc.initialStep,
  init: (rungs, positions) => hmc.init(targetOf(rungs), positions),
  step: async (rungs, before, stepSizes, random) => {
    const moved = await hmc.step(targetOf(rungs), before, stepSizes, random)
    const odd = await exchange(rungs, await exchange(rungs, moved, 0, random), 1, random)
    return odd
  },
}

/** Exchanges rungs first, first + 2, … with those above them; takes over the arrays of the state. */
async function exchange(rungs: Rungs, { state, info }: Stepped, first: number, random: Random): Promise<Stepped> {
  const { positions, energy, score } = state
  const [chains, d] = [energy.length / rungs.count, rungs.dimension]
  const partner = own(rungs).map((k) => (k < first ? k : k + (((k - first) & 1) === 0 ? 1 : -1))).map((other, k) => (other < rungs.count ? other : k))
  const there = await rungs.evaluate(positions, partner)
  const swaps = info.swaps?.slice() ?? new Float64Array(rungs.count - 1).fill(Number.NaN)
  for (let k = first; k + 1 < rungs.count; k += 2) {
    let total = 0
    for (let c = 0; c < chains; c++) {
      const [low, high] = [k * chains + c, (k + 1) * chains + c]
      const probability = Math.min(1, Math.exp(energy[low] + energy[high] - there.energy[low] - there.energy[high]) || 0)
      total += probability
      if (!(random.uniform() < probability)) continue
      energy[low] = there.energy[high]
      energy[high] = there.energy[low]
      for (let j = 0; j < d; j++) {
        const [a, b] = [low * d + j, high * d + j]
        ;[positions[a], positions[b]] = [positions[b], positions[a]]
        score[a] = there.score[b]
        score[b] = there.score[a]
      }
    }
    swaps[k] = total / chains
  }
  return { state, info: { ...info, swaps } }
}
