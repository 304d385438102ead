// Dual score matching (Guth, Kadkhodaie & Simoncelli 2025): one energy U(y, t) = −log p of all noise levels, fitted in space
// and in level. With y = x + √t z, ∇_y U → E{z | y}/√t and ∂_t U → E{d/(2t) − ‖y − x‖²/(2t²) | y}. Since p is known where the
// noise drowns the data, the derivative in t carries the normalization, and the weights of separated modes, down to small t.
import { add, mul, square, subtract } from '../../graph/ops/arithmetic.ts'
import { constant } from '../../graph/ops/leaf.ts'
import { scale } from '../../graph/ops/linear.ts'
import type { Estimator } from '../estimator.ts'
import { errorInSpace, noisyPoints, sumOfSquares } from '../noisy-points.ts'

export const dual: Estimator = {
  name: 'dual',
  sentence: 'dual score matching: one energy for all noise levels, fitted in space and in level, which makes it normalized',
  formula: 'mean over rows and levels t of ‖√t∇ᵧU − z‖²/d + 2(t∂ₜU − (d − ‖z‖²)/2)²/d, U = −log p(y, t), y = x + √t z, z ~ N(0, I), log t uniform',
  tex: String.raw`J(\theta) = \frac1{nd} \sum_{i=1}^n \left\| \sqrt{t_i}\, \nabla_y U(y_i, t_i) - z_i \right\|^2 + 2 \left( t_i\, \partial_t U(y_i, t_i) - \frac{d - \|z_i\|^2}{2} \right)^2, \quad y_i = x_i + \sqrt{t_i}\, z_i`,
  usesLadder: true,
  training: { steps: 12000, allStepsFrom: 7000, batch: 512, learningRate: 0.003, decayTimesRows: 100 },
  objective: (model, _noise, ladder) => {
    const { graph, dimension: d } = model
    const noisy = noisyPoints(model, ladder)
    const [a, b] = noisy.points
    // E(S − T)² = E S² − 2 Cov(S, T) + d/2 for the slope S and its target T = (‖z‖² − d)/2, which has mean 0 and variance d/2. The
    // covariance is taken of two draws of one row, ½(S₁ − S₂)(T₁ − T₂): where S hardly changes within the noise, as at every
    // small level, the noise of T, which would have to average out over many steps, drops out.
    const covariance = scale(mul(subtract(a.slope, b.slope), subtract(sumOfSquares(a.z), sumOfSquares(b.z))), 0.25)
    const errorInLevel = add(subtract(scale(add(square(a.slope), square(b.slope)), 0.5), scale(covariance, 2)), constant(graph, d / 2))
    return { value: add(errorInSpace(noisy, d), scale(errorInLevel, 2 / d)), draws: [noisy.draw], level: noisy.level }
  },
}
