// The gamma distribution in shape and rate, in which score matching is quadratic.
import { logGammaOf } from '../../graph/ops/special.ts'
import { domain } from '../domain.ts'
import { log } from '../expression.ts'
import { defineModel } from '../model.ts'
import type { Model } from '../model.ts'
import { positive } from '../parameters.ts'

/** log p = (shape − 1) log x − rate x + constant on x > 0. */
export const gamma: Model = defineModel({
  name: 'gamma',
  formula: '(shape − 1) log x − rate x',
  domain: domain('positive', 1),
  parameters: { shape: positive(), rate: positive() },
  logDensity: ({ shape, rate }, x) => log(x.at(0)).mul(shape.sub(1)).sub(x.at(0).mul(rate)),
  // ∫ x^{shape − 1} exp(−rate x) dx = Γ(shape) / rate^shape
  logNormalizer: ({ shape: [shape], rate: [rate] }) => (shape > 0 && rate > 0 ? logGammaOf(shape) - shape * Math.log(rate) : undefined),
})
