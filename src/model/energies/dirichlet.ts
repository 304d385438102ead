// The Dirichlet distribution of compositions.
import { logGammaOf } from '../../graph/ops/special.ts'
import { domain } from '../domain.ts'
import { dot, log } from '../expression.ts'
import { defineModel } from '../model.ts'
import type { Model } from '../model.ts'
import { positiveVector } from '../parameters.ts'

/** log p = Σ (alpha[i] − 1) log xᵢ + constant on the simplex. */
export const dirichlet: Model = defineModel({
  name: 'dirichlet',
  formula: 'Σᵢ (alphaᵢ − 1) log xᵢ',
  tex: String.raw`\sum_i (\alpha_i - 1) \log x_i`,
  domain: domain('simplex'),
  parameters: (dimension) => ({ alpha: positiveVector(dimension) }),
  logDensity: ({ alpha }, x) => dot(alpha.sub(1), log(x)),
  // ∫ Π xᵢ^{αᵢ − 1} dx = Π Γ(αᵢ) / Γ(Σ αᵢ)
  logNormalizer: ({ alpha }) => (alpha.every((value) => value > 0) ? alpha.reduce((total, value) => total + logGammaOf(value), -logGammaOf(alpha.reduce((total, value) => total + value, 0))) : undefined),
})
