// Denoising score matching (Vincent 2011; eq. 13 of the lecture): mean ‖x − [x̃ + Cφ(x̃)]‖², x̃ = x + n, n ~ N(0, C).
// By Tweedie–Miyasawa the bracket is the best denoiser E{x|x̃} when φ is the score of the noisy density.
import { gradient } from '../../differentiate/reverse.ts'
import { substitute } from '../../differentiate/substitute.ts'
import type { Node } from '../../graph/node.ts'
import { add, square } from '../../graph/ops/arithmetic.ts'
import { matmul } from '../../graph/ops/contract.ts'
import { constant, input } from '../../graph/ops/leaf.ts'
import { scale, sum } from '../../graph/ops/linear.ts'
import { multiply } from '../../base/linear-algebra.ts'
import type { Estimator, Noise } from '../estimator.ts'

export const denoising: Estimator = {
  name: 'denoising',
  sentence: 'denoising score matching: the score of the noisy density, learned as the best denoiser',
  formula: 'mean over rows of ‖x − [x̃ + C φ(x̃)]‖², x̃ = x + n, n ~ N(0, C)',
  tex: String.raw`J_{\mathrm{DSM}}(\theta) = \frac1n \sum_{t=1}^n \left\| x_t - \left[ \tilde x_t + C \varphi(\tilde x_t;\theta) \right] \right\|^2, \quad \tilde x_t = x_t + n_t, \quad n_t \sim \mathcal N(0, C)`,
  training: { steps: 2000, batch: 256, learningRate: 0.003, decayTimesRows: 100 },
  objective: ({ logDensity, x, dimension, graph }, noise) => {
    if (!noise) throw new Error('denoising needs noise')
    const draw = input(graph, 'draw', [dimension])
    const shift = applyFactor(draw, noise, dimension)
    const [clean] = gradient(logDensity, [x])
    const [score] = substitute([clean], new Map([[x, add(x, shift)]]))
    // x − [x̃ + Cφ] = −(n + Cφ)
    return { value: sum(square(add(shift, applyCovariance(score, noise, dimension)))), draws: [draw] }
  },
}

/** L z. */
function applyFactor(z: Node, noise: Noise, dimension: number): Node {
  if (noise.isotropic !== undefined) return scale(z, noise.isotropic)
  return matmul(constant(z.graph, noise.factor, [dimension, dimension]), z)
}

/** C v = L Lᵀ v. */
function applyCovariance(v: Node, noise: Noise, dimension: number): Node {
  if (noise.isotropic !== undefined) return scale(v, noise.isotropic ** 2)
  return matmul(constant(v.graph, noiseCovariance(noise, dimension), [dimension, dimension]), v)
}

/** C = L Lᵀ, row-major. */
function noiseCovariance({ factor }: Noise, dimension: number): Float64Array {
  const transposed = factor.map((_, k) => factor[(k % dimension) * dimension + Math.floor(k / dimension)])
  return multiply(factor, transposed, dimension, dimension, dimension)
}

