// A noise-conditional neural energy U(y, t): a fully connected network of the point and the noise level on top of the
// normalized Gaussian that the noisy data tend to as t grows.
import { createRandom } from '../base/random.ts'
import { symmetricEigen } from '../base/linear-algebra.ts'
import { concatenate, log, matmul, sqrt } from './expression.ts'
import { fourierFeatures, frequencies } from './fourier-features.ts'
import { defineModel } from './model.ts'
import type { Ladder, Model } from './model.ts'
import type { Activation, StartWeights } from './layers.ts'
import { evenly, layersOf } from './layers.ts'

export interface ConditionalOptions {
  readonly hidden: readonly number[]
  readonly activation: Activation
  /** Covariance Σ of the data, row-major [d × d], in the units of y. */
  readonly covariance: ArrayLike<number>
  /** The noise levels the network is to serve. */
  readonly ladder: Ladder
  /** Fourier features of the point beside its coordinates; none by default. */
  readonly fourier?: number
}

/** Fine from the start: at small levels the density may have many narrow modes, and at large ones the noise smooths what is too fine. */
const [GAIN, GAIN_OF_FEATURES] = [6, 2]
const fineStart = { first: evenly(GAIN), later: Math.sqrt(3), biases: 2 }

/** Radians per standard deviation; and per deviation of the smallest noise, so that no feature is finer than four of these. */
const [COARSEST, FINEST] = [1, 0.25]

/** Coordinates and level enter as they do without features. */
function startOf(fourier: number): StartWeights {
  return fourier === 0 ? fineStart : { ...fineStart, first: (inputs) => [...evenly(GAIN)(inputs - 2 * fourier), ...evenly(GAIN_OF_FEATURES)(2 * fourier)] }
}

/** U(y, t) = −log N(y; 0, Σ + tI) + network(y/√(1 + t), log t). */
export function conditionalMlp({ hidden, activation, covariance, ladder, fourier = 0 }: ConditionalOptions): Model {
  const layers = layersOf(hidden, activation)
  const inputs = (d: number): number => d + 1 + 2 * fourier
  const waves = (d: number): number[][] => frequencies(fourier, d, COARSEST, FINEST / Math.sqrt(ladder.least), createRandom('fourier features'))
  const [least, most] = [Math.log(ladder.least), Math.log(ladder.most)]
  return defineModel<string>({
    name: 'mlp',
    kind: 'network',
    formula: `log N(y; 0, Σ + tI) − ${layers.formula(fourier === 0 ? '[y/√(1 + t), log t]' : '[y/√(1 + t), log t, e^(−½‖ω‖²t) cos ω·y, … sin ω·y]')}, f = ${activation}, hidden units ${hidden.join(', ')}, y standardized, t the variance of the noise`,
    parameters: (dimension) => layers.parameters(inputs(dimension)),
    logDensity: (parameters, y, t) => {
      const d = y.shape[0]
      const { values, vectors } = symmetricEigen(covariance, d)
      const transposed = Array.from({ length: d }, (_, i) => Array.from({ length: d }, (__, j) => vectors[j * d + i]))
      const variances = t.add(Array.from(values))
      const along = matmul(transposed, y)
      const base = along.square().div(variances).add(log(variances)).sum().mul(-0.5)
      const level = log(t).sub((least + most) / 2).div((most - least) / 2).reshape([1])
      return base.sub(d / 2 * Math.log(2 * Math.PI)).sub(layers.value(parameters, concatenate([y.div(sqrt(t.add(1))), level, ...(fourier ? [fourierFeatures(y, t, waves(d))] : [])])))
    },
    initial: (random, dimension) => layers.initial(random, inputs(dimension), startOf(fourier)),
  })
}
