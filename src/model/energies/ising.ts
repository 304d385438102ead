// The Ising model, or Boltzmann machine without hidden units (Ackley, Hinton & Sejnowski 1985; Hyvärinen 2007, section 3): spins
// of ±1 with fields and pairwise couplings.
import { dot, quadraticForm } from '../expression.ts'
import { defineModel } from '../model.ts'
import type { Model } from '../model.ts'
import { hollow, vector } from '../parameters.ts'

/** log p = Σ h[i] sᵢ + Σ_{i<j} J[i,j] sᵢsⱼ + constant on {−1, +1}ᵈ. */
export const ising: Model = defineModel({
  name: 'ising',
  formula: 'Σᵢ hᵢ sᵢ + Σ_{i<j} Jᵢⱼ sᵢ sⱼ, s = ±1',
  tex: String.raw`\sum_i h_i s_i + \sum_{i<j} J_{ij}\, s_i s_j`,
  domain: 'binary',
  parameters: (dimension) => ({ h: vector(dimension), J: hollow(dimension) }),
  // Each pair stands in the quadratic form twice.
  logDensity: ({ h, J }, s) => dot(h, s).add(quadraticForm(J, s).mul(0.5)),
})
