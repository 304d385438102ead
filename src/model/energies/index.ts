// The built-in models by name: what `--model NAME` stands for, with the options each of them has.
import type { Options, OptionValues } from '../../base/options.ts'
import type { Model } from '../model.ts'
import { gaussian } from './gaussian.ts'
import { ica } from './ica.ts'
import { kernel, kernelOptions } from './kernel.ts'
import { mlp, mlpOptions } from './mlp.ts'
import { precision } from './precision.ts'

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
  mlp: {
    sentence: 'A neural energy: a fully connected network on top of a Gaussian, so that exp(−E) is integrable',
    formula: mlp().formula, kind: 'network', options: mlpOptions,
    make: (given) => mlp(given as OptionValues<typeof mlpOptions>),
  },
}
