// The Gaussian cut off where its domain ends, in its natural parameters (Yu, Drton & Shojaie 2019, §4): K and η are those of the
// Gaussian before it was cut, and mean is K⁻¹η, not the mean of the rows.
import { share } from '../domain/boundary-weight.ts'
import { defineModel } from '../model.ts'
import type { Model } from '../model.ts'
import { gaussian } from './gaussian.ts'

/** log p = −½xᵀKx + ηᵀx + constant on the domain; on the positive orthant unless another is given. */
export const truncatedGaussian: Model = defineModel({
  name: 'truncated-gaussian',
  formula: gaussian.formula,
  domain: 'positive', within: 'real',
  boundaryWeight: share,
  parameters: (dimension) => gaussian.parameters(dimension) as ReturnType<typeof gaussian.parameters>,
  logDensity: ({ precision, eta }, x, t) => gaussian.logDensity({ precision, eta }, x, t),
  ...(gaussian.reported ? { reported: gaussian.reported } : {}),
})
