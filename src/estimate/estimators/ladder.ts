// Denoising at all noise levels at once (Song & Ermon 2019, eq. 6; Li, Chen & Sommer 2023): the score of every level, none of
// their normalizers.
import type { Estimator } from '../estimator.ts'
import { errorInSpace, noisyPoints } from '../noisy-points.ts'

export const ladder: Estimator = {
  name: 'ladder',
  sentence: 'multi-level denoising: the scores of a ladder of noise levels by one energy, not its normalization',
  formula: 'mean over rows and levels t of ‖√t∇ᵧU − z‖²/d, U = −log p(y, t), y = x + √t z, z ~ N(0, I), log t uniform',
  tex: String.raw`J(\theta) = \frac1{nd} \sum_{i=1}^n \left\| \sqrt{t_i}\, \nabla_y U(y_i, t_i) - z_i \right\|^2, \quad y_i = x_i + \sqrt{t_i}\, z_i`,
  usesLadder: true,
  training: { steps: 12000, allStepsFrom: 7000, batch: 512, learningRate: 0.003, decayTimesRows: 100 },
  objective: (model, _noise, levels) => {
    const noisy = noisyPoints(model, levels)
    return { value: errorInSpace(noisy, model.dimension), draws: [noisy.draw], level: noisy.level }
  },
}
