// Denoising at all noise levels at once (Song & Ermon 2019, eq. 6; Li, Chen & Sommer 2023): the score of every level, none of
// their normalizers.
import { add, square } from '../../graph/ops/arithmetic.ts'
import { scale, sum } from '../../graph/ops/linear.ts'
import type { Estimator } from '../estimator.ts'
import { noisyPoint } from '../noisy-point.ts'

export const ladder: Estimator = {
  name: 'ladder',
  sentence: 'multi-level denoising: the scores of a ladder of noise levels by one energy, not its normalization',
  formula: 'mean over rows and levels t of ‖√t∇ᵧU − z‖²/d, U = −log p(y, t), y = x + √t z, z ~ N(0, I), log t uniform',
  tex: String.raw`J(\theta) = \frac1{nd} \sum_{i=1}^n \left\| \sqrt{t_i}\, \nabla_y U(y_i, t_i) - z_i \right\|^2, \quad y_i = x_i + \sqrt{t_i}\, z_i`,
  usesLadder: true,
  training: { steps: 8000, batch: 512, learningRate: 0.001, decayTimesRows: 80 },
  objective: (model, _noise, levels) => {
    const { z, level, scoreInDeviations } = noisyPoint(model, levels)
    return { value: scale(sum(square(add(scoreInDeviations, z))), 1 / model.dimension), draws: [z], level }
  },
}
