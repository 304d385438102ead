// The beta distribution: shares between zero and one.
import { logGammaOf } from '../../graph/ops/special.ts'
import { domain } from '../domain.ts'
import { log, log1p } from '../expression.ts'
import { defineModel } from '../model.ts'
import type { Model } from '../model.ts'
import { positiveVector } from '../parameters.ts'

/** log p = (alpha[1] − 1) log x + (alpha[2] − 1) log(1 − x) + constant on 0 < x < 1. */
export const beta: Model = defineModel({
  name: 'beta',
  formula: '(alpha₁ − 1) log x + (alpha₂ − 1) log(1 − x)',
  tex: String.raw`(\alpha_1 - 1) \log x + (\alpha_2 - 1) \log(1 - x)`,
  domain: domain('unit', 1),
  parameters: { alpha: positiveVector(2) },
  logDensity: ({ alpha }, x) => log(x.at(0)).mul(alpha.at(0).sub(1)).add(log1p(x.at(0).neg()).mul(alpha.at(1).sub(1))),
  // ∫ x^{a − 1} (1 − x)^{b − 1} dx = Γ(a) Γ(b) / Γ(a + b)
  logNormalizer: ({ alpha: [a, b] }) => (a > 0 && b > 0 ? logGammaOf(a) + logGammaOf(b) - logGammaOf(a + b) : undefined),
})
