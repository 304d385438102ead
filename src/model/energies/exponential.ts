// The exponential distribution.
import { domain } from '../domain.ts'
import { defineModel } from '../model.ts'
import type { Model } from '../model.ts'
import { positive } from '../parameters.ts'

/** log p = −rate x + constant on x > 0. */
export const exponential: Model = defineModel({
  name: 'exponential',
  formula: '−rate x',
  domain: domain('positive', 1),
  parameters: { rate: positive() },
  logDensity: ({ rate }, x) => x.at(0).mul(rate).neg(),
  logNormalizer: ({ rate: [rate] }) => (rate > 0 ? -Math.log(rate) : undefined),
})
