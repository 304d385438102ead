// The estimators there are, by name.
import type { Estimator } from '../estimate/estimator.ts'
import { denoising } from '../estimate/estimators/denoising.ts'
import { dual } from '../estimate/estimators/dual.ts'
import { ladder } from '../estimate/estimators/ladder.ts'
import { naiveLikelihood } from '../estimate/estimators/naive-likelihood.ts'
import { pseudoLikelihood } from '../estimate/estimators/pseudo-likelihood.ts'
import { ratioMatching } from '../estimate/estimators/ratio-matching.ts'
import { scoreMatching } from '../estimate/estimators/score-matching.ts'

export const estimators = {
  'score-matching': scoreMatching,
  denoising,
  dual,
  ladder,
  'pseudo-likelihood': pseudoLikelihood,
  'ratio-matching': ratioMatching,
  'naive-likelihood': naiveLikelihood,
} as const satisfies Record<string, Estimator>

export type EstimatorName = keyof typeof estimators
