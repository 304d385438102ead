// The built-in models by name: what `--model NAME` stands for, with the options each of them has.
import type { Options, OptionValues } from '../../base/options.ts'
import type { Model } from '../model.ts'
import { beta } from './beta.ts'
import { bingham } from './bingham.ts'
import { dirichlet } from './dirichlet.ts'
import { exponential } from './exponential.ts'
import { fisherBingham } from './fisher-bingham.ts'
import { gamma } from './gamma.ts'
import { gaussian } from './gaussian.ts'
import { ica } from './ica.ts'
import { interaction, interactionOptions } from './interaction.ts'
import { ising } from './ising.ts'
import { kernel, kernelOptions } from './kernel.ts'
import { mlp, mlpOptions } from './mlp.ts'
import { ppi } from './ppi.ts'
import { precision } from './precision.ts'
import { truncatedGaussian } from './truncated-gaussian.ts'
import { vonMisesFisher } from './von-mises-fisher.ts'

/** A model the package brings along. */
export interface BuiltInModel {
  readonly sentence: string
  /** The unnormalized log-density in words a person reads. */
  readonly formula: string
  readonly kind: Model['kind']
  readonly options: Options
  /** @param given values for its options; defaults stand for those left out */
  make(given: Readonly<Record<string, unknown>>): Model
}

/** Every built-in model. */
export const builtInModels: Readonly<Record<string, BuiltInModel>> = {
  gaussian: {
    sentence: 'The Gaussian in its natural parameters, precision K and η = K·mean; reports the mean',
    formula: gaussian.formula, kind: 'parametric', options: {},
    make: () => gaussian,
  },
  precision: {
    sentence: 'The zero-mean Gaussian, never centered: its precision K is the inverse of mean xxᵀ',
    formula: precision.formula, kind: 'parametric', options: {},
    make: () => precision,
  },
  ica: {
    sentence: 'Independent components: a linear mixture W⁻¹s of sources s with logistic distributions of variance one; columns have mean zero',
    formula: ica.formula, kind: 'parametric', options: {},
    make: () => ica,
  },
  kernel: {
    sentence: 'A kernel exponential family: a fitted Gaussian, bent by bumps around rows, one weight each',
    formula: kernel().formula, kind: 'parametric', options: kernelOptions,
    make: (given) => kernel(given as OptionValues<typeof kernelOptions>),
  },
  interaction: {
    sentence: 'Interactions of powers of columns > 0: a quadratic form of xᵃ and a linear one of xᵇ',
    formula: '−(1/2a) (xᵃ)ᵀ K xᵃ + (1/b) ηᵀ xᵇ', kind: 'parametric', options: interactionOptions,
    make: (given) => interaction(given as OptionValues<typeof interactionOptions>),
  },
  'truncated-gaussian': {
    sentence: 'The Gaussian cut off where its domain ends, x > 0 in all columns unless --domain says otherwise; reports the mean before the cut',
    formula: truncatedGaussian.formula, kind: 'parametric', options: {},
    make: () => truncatedGaussian,
  },
  exponential: {
    sentence: 'The exponential distribution of one column > 0',
    formula: exponential.formula, kind: 'parametric', options: {},
    make: () => exponential,
  },
  gamma: {
    sentence: 'The gamma distribution of one column > 0',
    formula: gamma.formula, kind: 'parametric', options: {},
    make: () => gamma,
  },
  beta: {
    sentence: 'The beta distribution of one column between 0 and 1',
    formula: beta.formula, kind: 'parametric', options: {},
    make: () => beta,
  },
  dirichlet: {
    sentence: 'The Dirichlet distribution of compositions',
    formula: dirichlet.formula, kind: 'parametric', options: {},
    make: () => dirichlet,
  },
  ppi: {
    sentence: 'The polynomially tilted pairwise interaction model of compositions: a Gaussian times a Dirichlet',
    formula: ppi.formula, kind: 'parametric', options: {},
    make: () => ppi,
  },
  'von-mises-fisher': {
    sentence: 'The von Mises–Fisher distribution of directions; reports concentration and direction',
    formula: vonMisesFisher.formula, kind: 'parametric', options: {},
    make: () => vonMisesFisher,
  },
  bingham: {
    sentence: 'The Bingham distribution of axes: directions of which the sign means nothing',
    formula: bingham.formula, kind: 'parametric', options: {},
    make: () => bingham,
  },
  'fisher-bingham': {
    sentence: 'The Fisher–Bingham distribution of directions: von Mises–Fisher times Bingham',
    formula: fisherBingham.formula, kind: 'parametric', options: {},
    make: () => fisherBingham,
  },
  ising: {
    sentence: 'The Ising model of binary columns (0 or -1, and 1): a field h for each, a coupling J for each pair; estimated by pseudo-likelihood or ratio-matching',
    formula: ising.formula, kind: 'parametric', options: {},
    make: () => ising,
  },
  mlp: {
    sentence: 'A neural energy: a fully connected network on top of a Gaussian, so that exp(−E) is integrable',
    formula: mlp().formula, kind: 'network', options: mlpOptions,
    make: (given) => mlp(given as OptionValues<typeof mlpOptions>),
  },
}
