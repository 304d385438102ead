// The von Mises–Fisher distribution of directions, on the circle von Mises' (Mardia & Jupp 2000, §9.3).
//
// Its score-matching estimate is η = (p − 1)(I − mean zzᵀ)⁻¹ z̄ (Mardia, Kent & Laha 2016, eq. 3.6).
import { logBesselI } from '../bessel.ts'
import { domain } from '../domain.ts'
import { dot } from '../expression.ts'
import { defineModel } from '../model.ts'
import type { Model } from '../model.ts'
import { vector } from '../parameters.ts'

/** log p = ηᵀz + constant on unit vectors z; reports kappa = ‖η‖ and the direction η/kappa. */
export const vonMisesFisher: Model = defineModel({
  name: 'von-mises-fisher',
  formula: 'ηᵀ z, ‖z‖ = 1',
  domain: domain('sphere'),
  parameters: (dimension) => ({ eta: vector(dimension) }),
  logDensity: ({ eta }, z) => dot(eta, z),
  reported: {
    names: (dimension) => ['kappa', ...directionNames(dimension)],
    values: ({ eta }) => {
      const kappa = Math.hypot(...eta)
      return kappa > 0 ? [kappa, ...Array.from(eta, (value) => value / kappa)] : undefined
    },
  },
  logNormalizer: ({ eta }, dimension) => logNormalizerOfKappa(dimension, Math.hypot(...eta)),
  holds: {
    direction: {
      parameter: 'eta', sentence: 'the direction at the mean direction of the rows, which leaves kappa',
      restrict: (rows, dimension, weights) => ({ names: ['kappa'], positive: [true], columns: Float64Array.from(meanDirection(rows, dimension, weights)), start: Float64Array.of(1) }),
    },
  },
})

const directionNames = (dimension: number): string[] => Array.from({ length: dimension }, (_, k) => `direction[${k + 1}]`)

/** log ∫ exp(κ mᵀz) over the sphere's area: (2π)^{p/2} I_ν(κ)/κ^ν, ν = p/2 − 1; at κ = 0 the area itself. */
export function logNormalizerOfKappa(dimension: number, kappa: number): number {
  const half = dimension / 2
  const order = half - 1
  const small = 1e-8
  const size = Math.max(kappa, small)
  return half * Math.log(2 * Math.PI) + logBesselI(order, size) - order * Math.log(size)
}

/** The mean of unit vectors [n × p], of length one. */
function meanDirection(rows: Float64Array, dimension: number, weights: ArrayLike<number> | undefined): number[] {
  const mean = new Array<number>(dimension).fill(0)
  rows.forEach((value, k) => { mean[k % dimension] += value * (weights?.[Math.floor(k / dimension)] ?? 1) })
  const length = Math.hypot(...mean)
  return mean.map((value) => value / length)
}
