// Maximum likelihood with the normalizer forgotten: maximizes mean −E(x; θ). A teaching estimator: it runs off, and says why.
import { scale } from '../../graph/ops/linear.ts'
import type { Estimator } from '../estimator.ts'

/** Why the naive likelihood has no maximum, in plain words; shown wherever a fit by it ends. */
export const whyNaiveLikelihoodRunsOff
  = 'The unnormalized log-density was maximized as if it were a likelihood. Its normalizer Z(θ) was forgotten: nothing makes a '
  + 'density pay for being large, so exp(−E) can be raised at all rows at once and everywhere else too, without end. A likelihood '
  + 'subtracts log Z(θ); score matching (--by score-matching) needs no Z, because it compares gradients in x, which Z does not have.'

export const naiveLikelihood: Estimator = {
  name: 'naive-likelihood',
  sentence: 'maximum of the unnormalized likelihood (for teaching: without Z it runs off, and the run ends with the explanation)',
  formula: '−mean over rows of log p̃(x), log p̃ = −E',
  tex: String.raw`J(\theta) = -\frac1n \sum_{t=1}^n \log \tilde p(x_t;\theta), \quad \log \tilde p = -E`,
  domains: 'any',
  unboundedBecause: whyNaiveLikelihoodRunsOff,
  training: { steps: 2000, batch: 256, learningRate: 0.003, decayTimesRows: 100 },
  objective: ({ logDensity }) => ({ value: scale(logDensity, -1), draws: [] }),
}
