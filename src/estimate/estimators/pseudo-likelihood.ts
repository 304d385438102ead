// Pseudo-likelihood (Besag 1975): the log-probability of each value given the others of its row. With Δᵢ what a flip of value i adds
// to log p, −log p(xᵢ | others) = log(1 + exp Δᵢ). For the Ising model: d logistic regressions that share their couplings.
import { softplus } from '../../graph/ops/sigmoidal.ts'
import { sum } from '../../graph/ops/linear.ts'
import type { Estimator } from '../estimator.ts'
import { flipDifferences } from '../flips.ts'
import { isLinearIn } from '../quadratic.ts'

export const pseudoLikelihood: Estimator = {
  name: 'pseudo-likelihood',
  sentence: 'pseudo-likelihood of binary columns: the probability of each value given the others in its row; the default on binary domains',
  formula: '−mean over rows of Σᵢ log p(xᵢ | others) = mean of Σᵢ log(1 + p(x with xᵢ flipped)/p(x))',
  tex: String.raw`J(\theta) = -\frac1n \sum_{t=1}^n \sum_{i=1}^d \log p(x_{t,i} \mid x_{t,-i};\theta)`,
  domains: 'discrete',
  training: { steps: 2000, batch: 256, learningRate: 0.003, decayTimesRows: 100 },
  objective: (model) => {
    const differences = flipDifferences(model)
    return { value: sum(softplus(differences)), draws: [], convex: isLinearIn(differences, [model.theta]) }
  },
}
