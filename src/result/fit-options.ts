// The options of a fit, from which come validation, command line flags and documentation.
import type { OptionInputs, OptionValues } from '../base/options.ts'
import { LARGEST_DECAY, LEAST_SHARE_OF_STEPS } from '../estimate/estimator.ts'
import type { TrainingDefaults } from '../estimate/estimator.ts'
import { closeOption } from '../data/domain-rows.ts'
import { noiseCorrections } from '../evaluate/noise-correction.ts'
import { estimators } from './estimators.ts'

/** `0.003, 0.002 by score-matching`: what holds for most estimators, and the exceptions. */
function defaultByEstimator(show: (defaults: TrainingDefaults) => string): string {
  const named = Object.entries(estimators).map(([name, { training }]) => ({ name, value: show(training) }))
  const usual = named.find(({ name }) => name === 'denoising')!.value
  const others = named.filter(({ value }) => value !== usual)
  return [usual, ...others.map(({ name, value }) => `${value} by ${name}`)].join(', ')
}

/** Options of the library's `fit` and of `unnorm fit`. */
export const fitOptions = {
  by: { type: 'choice', choices: Object.keys(estimators) as (keyof typeof estimators)[], defaultWords: 'score-matching for parametric models, pseudo-likelihood for binary columns, dual for networks', placeholder: 'ESTIMATOR', sentence: 'How the model is estimated (see unnorm estimators)' },
  domain: { type: 'string', placeholder: 'SPEC', defaultWords: "the model's own, for most real", sentence: 'Where the rows live: "x > 0, 0 < u < 1, simplex(a, b, c), sphere(x, y, z), direction(longitude, latitude)" or "binary(a, b, c)"; real, positive, unit, simplex, sphere, direction or binary alone stand for all columns not named' },
  boundaryWeight: { type: 'string', placeholder: 'H', defaultWords: "(x/(x + s))^2, of truncated-gaussian x/(x + s); minsq(0.3) for compositions", sentence: 'Weight of score matching where the domain ends: a function of x, the distance of a value from its bound, and s, the mean distance, such as "min(x, 3)"; distance, that of the whole row; minsq(C) or prodsq(C) for compositions and directions; none' },
  close: closeOption,
  fix: { type: 'string', placeholder: 'NAME=VALUE,…', sentence: 'Parameters of a parametric model held at values: "precision[1,4] = 0, eta = 0"; or what the model can hold at what the rows say, by its name (see unnorm models)' },
  correctNoise: { type: 'choice', choices: noiseCorrections, implied: 'derivatives', placeholder: 'HOW', sentence: 'Take the noise of denoising out of the density again, to first order in its variance: by the energy\'s own derivatives, or extrapolated from a second fit with half of the variance' },
  steps: { type: 'number', integer: true, minimum: 1, defaultWords: `for networks ${defaultByEstimator(({ steps, allStepsFrom }) => (allStepsFrom === undefined ? String(steps) : `${steps} (${Math.round(LEAST_SHARE_OF_STEPS * steps)} for few rows)`))}`, sentence: 'Most training steps' },
  batch: { type: 'number', integer: true, minimum: 1, defaultWords: defaultByEstimator(({ batch }) => String(batch)), sentence: 'Rows in a training step of a network' },
  learningRate: { type: 'number', above: 0, defaultWords: defaultByEstimator(({ learningRate }) => String(learningRate)), sentence: 'Peak learning rate of Adam, reached after a twentieth of the steps, then a half cosine down' },
  weightDecay: { type: 'number', minimum: 0, defaultWords: `falls with the rows: ${defaultByEstimator(({ decayTimesRows }) => `${decayTimesRows}·d/n`)}, at most ${LARGEST_DECAY}`, sentence: 'Decoupled weight decay of networks, times the learning rate per step' },
  holdout: { type: 'number', minimum: 0, below: 1, defaultWords: '0.1 for networks, 0 for parametric models', placeholder: 'F', sentence: 'Share of the rows kept out of the fit, for early stopping and evaluation' },
  bootstrap: { type: 'number', integer: true, minimum: 2, placeholder: 'N', sentence: 'Fit again for N tables of rows drawn with replacement (clusters where there are some): standard errors and percentile intervals beside the others (parametric models)' },
  test: { type: 'string', placeholder: 'EQUATIONS', sentence: 'Wald tests of linear hypotheses about parameters: "a = b, precision[1,2] = 0" tests both at once; semicolons separate tests (parametric models)' },
  level: { type: 'number', above: 0, below: 1, default: 0.95, sentence: 'Confidence level of intervals' },
  derive: { type: 'string', placeholder: 'LIST', sentence: 'Quantities to compute from the parameters, with errors by the delta method: "ratio = a/b, sd = 1/sqrt(precision[1,1])"' },
  seed: { type: 'number', integer: true, default: 0, sentence: 'Seed of everything random' },
} as const

export type FitOptions = OptionInputs<typeof fitOptions>
export type FitOptionValues = OptionValues<typeof fitOptions>
