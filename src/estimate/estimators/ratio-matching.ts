// Ratio matching (Hyvärinen 2007, "Some extensions of score matching", section 3): with g(u) = 1/(1 + u) and p(x)/p(x with xᵢ
// flipped) = exp(−Δᵢ) the objective is mean Σᵢ g(exp(−Δᵢ))². Since g is the probability that the model gives the other value, it is
// also the Brier score of each value given the others of its row.
import { square } from '../../graph/ops/arithmetic.ts'
import { sum } from '../../graph/ops/linear.ts'
import { sigmoid } from '../../graph/ops/sigmoidal.ts'
import type { Estimator } from '../estimator.ts'
import { flipDifferences } from '../flips.ts'

export const ratioMatching: Estimator = {
  name: 'ratio-matching',
  sentence: 'ratio matching of binary columns: the probability of a row against that of the row with one value flipped',
  formula: 'mean over rows of Σᵢ g(p(x)/p(x with xᵢ flipped))², g(u) = 1/(1 + u)',
  tex: String.raw`J(\theta) = \frac1n \sum_{t=1}^n \sum_{i=1}^d \left[ 1 + \frac{p(x_t;\theta)}{p(x_t^{(i)};\theta)} \right]^{-2}, \quad x^{(i)} = x \text{ with } x_i \text{ flipped}`,
  domains: 'discrete',
  training: { steps: 2000, batch: 256, learningRate: 0.003, decayTimesRows: 100 },
  objective: (model) => ({ value: sum(square(sigmoid(flipDifferences(model)))), draws: [] }),
}
