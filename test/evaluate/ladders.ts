// Ladders of noise levels whose energies are known exactly.
import type { LadderEnergy } from '../../src/engine/energy.ts'
import { gaussianProposal } from '../../src/evaluate/gaussian-proposal.ts'
import type { FittedEnergy } from '../../src/model/fitted-energy.ts'
import { mixtureEnergy } from './energies.ts'
import type { Component } from './energies.ts'

const energies = (energy: FittedEnergy, shift: number): FittedEnergy => ({
  ...energy,
  evaluate: async (rows) => {
    const found = await energy.evaluate(rows)
    return { ...found, energy: found.energy.map((value) => value + shift) }
  },
})

/** Of a mixture: component variances grow by 4t. The energy is −log p − constant + drift · log t, so that log Z is constant − drift · log t. */
export function mixtureLadder(components: readonly Component[], constant: number, drift = 0): LadderEnergy {
  const at = (t: number): FittedEnergy =>
    energies(mixtureEnergy(components.map((each) => ({ ...each, deviation: Math.sqrt(each.deviation ** 2 + 4 * t) }))), drift * Math.log(t) - constant)
  const d = components[0].mean.length
  return { columns: at(1).columns, ladder: { least: 0.001, most: 16 }, deviations: new Array<number>(d).fill(2), at, release: async () => {} }
}

/** Of N(mean, covariance): N(mean, covariance + t diag(deviations²)). */
export function gaussianLadder(mean: readonly number[], covariance: Float64Array, deviations: readonly number[]): LadderEnergy {
  const d = mean.length
  const columns = mean.map((_, j) => `x${j + 1}`)
  return {
    columns, deviations, ladder: { least: 0.001, most: 16 }, release: async () => {},
    at: (t) => {
      const gaussian = gaussianProposal(mean, covariance.map((value, k) => (k % (d + 1) === 0 ? value + t * deviations[k / (d + 1)] ** 2 : value)))
      return { columns, evaluate: async (rows) => gaussian.evaluate(rows) }
    },
  }
}
