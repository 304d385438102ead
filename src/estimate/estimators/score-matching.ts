// Score matching (Hyvärinen 2005, eq. 4): J̃ = mean Σⱼ [∂ⱼφⱼ + ½φⱼ²], φ = ∇ₓ log p. It needs neither Z nor the data's score.
import { gradient } from '../../differentiate/reverse.ts'
import { laplacian } from '../../differentiate/second-order.ts'
import { add, square } from '../../graph/ops/arithmetic.ts'
import { scale, sum } from '../../graph/ops/linear.ts'
import type { Estimator } from '../estimator.ts'

export const scoreMatching: Estimator = {
  name: 'score-matching',
  sentence: 'exact implicit score matching: the Laplacian is computed, not sampled; it needs neither Z nor noise',
  formula: 'mean over rows of Σⱼ [∂ⱼφⱼ(x) + ½ φⱼ(x)²], φ = ∇ₓ log p',
  tex: String.raw`\tilde J(\theta) = \frac1n \sum_{t=1}^n \sum_{j=1}^d \left[ \partial_j \varphi_j(x_t;\theta) + \tfrac12 \varphi_j(x_t;\theta)^2 \right]`,
  // It overfits sooner than denoising, which blurs the rows.
  training: { steps: 2000, batch: 256, learningRate: 0.002, decayTimesRows: 700 },
  objective: ({ logDensity, x }) => {
    const [score] = gradient(logDensity, [x])
    return { value: add(laplacian(logDensity, x), scale(sum(square(score)), 0.5)), draws: [] }
  },
}
