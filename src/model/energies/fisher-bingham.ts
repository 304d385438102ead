// The Fisher–Bingham distribution of directions (Mardia & Jupp 2000, §9.3): von Mises–Fisher times Bingham.
import { domain } from '../domain.ts'
import { dot, quadraticForm } from '../expression.ts'
import { defineModel } from '../model.ts'
import type { Model } from '../model.ts'
import { traceless, vector } from '../parameters.ts'
import { lastElement } from './bingham.ts'

/** log p = zᵀA z + ηᵀz + constant on unit vectors, trace A = 0. */
export const fisherBingham: Model = defineModel({
  name: 'fisher-bingham',
  formula: 'zᵀ A z + ηᵀ z, trace A = 0, ‖z‖ = 1',
  domain: domain('sphere'),
  parameters: (dimension) => ({ A: traceless(dimension), eta: vector(dimension) }),
  logDensity: ({ A, eta }, z) => quadraticForm(A, z).add(dot(eta, z)),
  reported: lastElement,
})
