// The zero-mean Gaussian: its score-matching estimate is the inverse of mean xxᵀ, never centered.
import { choleskyDecompose, logDeterminant, unpackSymmetric } from '../../base/linear-algebra.ts'
import { quadraticForm } from '../expression.ts'
import { defineModel } from '../model.ts'
import type { Model } from '../model.ts'
import { symmetric } from '../parameters.ts'

/** log p = −½xᵀKx + constant on ℝᵈ. */
export const precision: Model = defineModel({
  name: 'precision',
  formula: '−½ xᵀ K x',
  parameters: (dimension) => ({ precision: symmetric(dimension) }),
  logDensity: (parameters, x) => quadraticForm(parameters.precision, x).mul(-0.5),
  logNormalizer: (natural, dimension) => {
    const factor = choleskyDecompose(unpackSymmetric(natural.precision, dimension), dimension)
    return factor && (dimension / 2) * Math.log(2 * Math.PI) - logDeterminant(factor, dimension) / 2
  },
})
