// The polynomially tilted pairwise interaction model of compositions (Scealy & Wood 2023): a Gaussian in the first parts times a Dirichlet.
import { domain } from '../domain.ts'
import { dot, log, quadraticForm } from '../expression.ts'
import { defineModel } from '../model.ts'
import type { Model } from '../model.ts'
import { symmetric, vector } from '../parameters.ts'

/** log p = uᵀA u + bᵀu + Σ beta[i] log xᵢ + constant on the simplex, u all parts but the last. */
export const ppi: Model = defineModel({
  name: 'ppi',
  formula: 'uᵀ A u + bᵀ u + Σᵢ betaᵢ log xᵢ, u = all parts but the last',
  tex: String.raw`u^\top A u + b^\top u + \sum_i \beta_i \log x_i`,
  domain: domain('simplex'),
  parameters: (dimension) => ({ A: symmetric(dimension - 1, { initial: 0 }), b: vector(dimension - 1), beta: vector(dimension) }),
  logDensity: ({ A, b, beta }, x) => {
    const u = x.slice(0, x.shape[0] - 1)
    return quadraticForm(A, u).add(dot(b, u)).add(dot(beta, log(x)))
  },
})
