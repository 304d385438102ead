// Dual score matching (Guth, Kadkhodaie & Simoncelli 2025): one energy U(y, t) = −log p of all noise levels, fitted in space
// and in level. With y = x + √t z, ∇_y U → E{z | y}/√t and ∂_t U → E{d/(2t) − ‖y − x‖²/(2t²) | y}. Since p is known where the
// noise drowns the data, the derivative in t carries the normalization, and the weights of separated modes, down to small t.
import { add, square, subtract } from '../../graph/ops/arithmetic.ts'
import { constant } from '../../graph/ops/leaf.ts'
import { scale, sum } from '../../graph/ops/linear.ts'
import type { Estimator } from '../estimator.ts'
import { noisyPoint } from '../noisy-point.ts'

export const dual: Estimator = {
  name: 'dual',
  sentence: 'dual score matching: one energy for all noise levels, fitted in space and in level, which makes it normalized',
  formula: 'mean over rows and levels t of ‖√t∇ᵧU − z‖²/d + 2(t∂ₜU − (d − ‖z‖²)/2)²/d, U = −log p(y, t), y = x + √t z, z ~ N(0, I), log t uniform',
  tex: String.raw`J(\theta) = \frac1{nd} \sum_{i=1}^n \left\| \sqrt{t_i}\, \nabla_y U(y_i, t_i) - z_i \right\|^2 + 2 \left( t_i\, \partial_t U(y_i, t_i) - \frac{d - \|z_i\|^2}{2} \right)^2, \quad y_i = x_i + \sqrt{t_i}\, z_i`,
  usesLadder: true,
  training: { steps: 8000, batch: 512, learningRate: 0.001, decayTimesRows: 80 },
  objective: (model, _noise, ladder) => {
    const { graph, dimension: d } = model
    const { z, level, scoreInDeviations, slope } = noisyPoint(model, ladder)
    // Over the noise alone the two errors have expectation d and d/2: each is brought to one.
    const inSpace = sum(square(add(scoreInDeviations, z)))
    const inLevel = square(add(slope, scale(subtract(constant(graph, d), sum(square(z))), 0.5)))
    return { value: scale(add(inSpace, scale(inLevel, 2)), 1 / d), draws: [z], level }
  },
}
