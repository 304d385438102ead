// The density of the rows from energies of rows with noise: denoising learns log p̃, p̃ = p ∗ N(0, C), and log p is wanted.
//
// p_t = p ∗ N(0, tC) solves the heat equation ∂ₜp = ½ tr(C ∇∇p), hence ∂ₜ log p = ½[tr(C ∇∇log p) + φᵀCφ]. One step back from t = 1:
//   log p = log p̃ − ½[tr(C ∇∇log p̃) + φ̃ᵀCφ̃] + ½ ∂ₜ² log p, an error of second order in C;
// or, with energies of two levels, Richardson's extrapolation (1911) to t = 0:
//   log p = 2 log p_½ − log p₁ + ¼ ∂ₜ² log p, half that error for the price of a second fit.
// A Gaussian of variance s² with noise σ²: the first leaves (σ²/(s² + σ²))² of the precision missing, the second
// σ⁴/(2(s² + σ²/2)(s² + σ²)); no correction σ²/(s² + σ²).
import { gradient } from '../differentiate/reverse.ts'
import { laplacian } from '../differentiate/second-order.ts'
import { substitute } from '../differentiate/substitute.ts'
import type { Noise } from '../estimate/estimator.ts'
import type { Node } from '../graph/node.ts'
import { add, square, subtract } from '../graph/ops/arithmetic.ts'
import { matmul } from '../graph/ops/contract.ts'
import { constant, input } from '../graph/ops/leaf.ts'
import { fill, scale, sum } from '../graph/ops/linear.ts'
import type { TracedModel } from '../model/model.ts'

/** The ways to take the noise out of a fit at one level. */
export const noiseCorrections = ['derivatives', 'extrapolate'] as const
export type NoiseCorrection = (typeof noiseCorrections)[number]

/** Part of the noise's variance that the second fit of an extrapolation has. */
export const SECOND_VARIANCE = 0.5

/**
 * The model with log p̃ − ½[tr(C ∇∇log p̃) + φ̃ᵀCφ̃] for its log-density, all derivatives exact.
 * @param model of rows with noise
 * @param noise in the units of the model's x
 */
export function correctedByDerivatives(model: TracedModel, { factor, isotropic }: Noise): TracedModel {
  const { graph, x, dimension, logDensity } = model
  // As a function of z at x + Lz, C = LLᵀ, these are the Laplacian and the squared gradient at z = 0.
  const z = input(graph, 'noise', [dimension])
  const shift = isotropic === undefined ? matmul(constant(graph, factor, [dimension, dimension]), z) : scale(z, isotropic)
  const [moved] = substitute([logDensity], new Map([[x, add(x, shift)]]))
  const [slope] = gradient(moved, [z])
  const change = scale(add(laplacian(moved, z), sum(square(slope))), 0.5)
  const [atRow] = substitute([change], new Map([[z, fill(graph, 0, [dimension])]]))
  return { ...model, logDensity: subtract(logDensity, atRow) }
}

/**
 * The model with 2 log p_½ − log p₁ for its log-density; its parameters are inside.
 * @param half parameters fitted with half of the noise's variance
 * @param full parameters fitted with all of it
 */
export function extrapolated(model: TracedModel, half: ArrayLike<number>, full: ArrayLike<number>): TracedModel {
  const at = (theta: ArrayLike<number>): Node => substitute([model.logDensity], new Map([[model.theta, constant(model.graph, theta)]]))[0]
  return { ...model, logDensity: subtract(scale(at(half), 2), at(full)) }
}
