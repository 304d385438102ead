// The Gaussian in its natural parameters, precision K and η = K·mean, in which score matching is quadratic (Hyvärinen 2005, §3.1).
import { choleskyDecompose, logDeterminant, solveCholesky, unpackSymmetric } from '../../base/linear-algebra.ts'
import { dot, quadraticForm } from '../expression.ts'
import { defineModel } from '../model.ts'
import type { Model } from '../model.ts'
import { symmetric, vector } from '../parameters.ts'

/** log p = −½xᵀKx + ηᵀx + constant on ℝᵈ; reports the mean K⁻¹η. */
export const gaussian: Model = defineModel({
  name: 'gaussian',
  formula: '−½ xᵀ K x + ηᵀ x',
  parameters: (dimension) => ({ precision: symmetric(dimension), eta: vector(dimension) }),
  logDensity: ({ precision, eta }, x) => quadraticForm(precision, x).mul(-0.5).add(dot(eta, x)),
  reported: {
    names: (dimension) => Array.from({ length: dimension }, (_, k) => `mean[${k + 1}]`),
    values: ({ precision, eta }, dimension) => {
      const factor = choleskyDecompose(unpackSymmetric(precision, dimension), dimension)
      return factor && Array.from(solveCholesky(factor, dimension, eta))
    },
  },
  // ∫ exp(−½xᵀKx + ηᵀx) dx = (2π)^{d/2} |K|^{−½} exp(½ηᵀK⁻¹η)
  logNormalizer: ({ precision, eta }, dimension) => {
    const factor = choleskyDecompose(unpackSymmetric(precision, dimension), dimension)
    if (!factor) return undefined
    const mean = solveCholesky(factor, dimension, eta)
    const quadratic = eta.reduce((total, value, k) => total + value * mean[k], 0)
    return (dimension / 2) * Math.log(2 * Math.PI) - logDeterminant(factor, dimension) / 2 + quadratic / 2
  },
})
