// The estimators there are, by name.
import type { Estimator } from '../estimate/estimator.ts'
import { denoising } from '../estimate/estimators/denoising.ts'
import { naiveLikelihood } from '../estimate/estimators/naive-likelihood.ts'
import { scoreMatching } from '../estimate/estimators/score-matching.ts'

export const estimators = {
  'score-matching': scoreMatching,
  denoising,
  'naive-likelihood': naiveLikelihood,
} as const satisfies Record<string, Estimator>
