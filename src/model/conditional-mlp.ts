// A noise-conditional neural energy U(y, t): a fully connected network of the point and the noise level on top of the
// normalized Gaussian that the noisy data tend to as t grows.
import { symmetricEigen } from '../base/linear-algebra.ts'
import { concatenate, log, matmul, sqrt } from './expression.ts'
import { defineModel } from './model.ts'
import type { Ladder, Model } from './model.ts'
import type { Activation } from './layers.ts'
import { layersOf } from './layers.ts'

export interface ConditionalOptions {
  readonly hidden: readonly number[]
  readonly activation: Activation
  /** Covariance Σ of the data, row-major [d × d], in the units of y. */
  readonly covariance: ArrayLike<number>
  /** The noise levels the network is to serve. */
  readonly ladder: Ladder
}

/** Fine from the start: at small levels the density may have many narrow modes, and at large ones the noise smooths what is too fine. */
const fineStart = { first: 6, later: Math.sqrt(3), biases: 2 }

/** U(y, t) = −log N(y; 0, Σ + tI) + network(y/√(1 + t), log t). */
export function conditionalMlp({ hidden, activation, covariance, ladder }: ConditionalOptions): Model {
  const layers = layersOf(hidden, activation)
  const [least, most] = [Math.log(ladder.least), Math.log(ladder.most)]
  return defineModel<string>({
    name: 'mlp',
    kind: 'network',
    formula: `log N(y; 0, Σ + tI) − ${layers.formula('[y/√(1 + t), log t]')}, f = ${activation}, hidden units ${hidden.join(', ')}, y standardized, t the variance of the noise`,
    parameters: (dimension) => layers.parameters(dimension + 1),
    logDensity: (parameters, y, t) => {
      const d = y.shape[0]
      const { values, vectors } = symmetricEigen(covariance, d)
      const transposed = Array.from({ length: d }, (_, i) => Array.from({ length: d }, (__, j) => vectors[j * d + i]))
      const variances = t.add(Array.from(values))
      const along = matmul(transposed, y)
      const base = along.square().div(variances).add(log(variances)).sum().mul(-0.5)
      const level = log(t).sub((least + most) / 2).div((most - least) / 2).reshape([1])
      return base.sub(d / 2 * Math.log(2 * Math.PI)).sub(layers.value(parameters, concatenate([y.div(sqrt(t.add(1))), level])))
    },
    initial: (random, dimension) => layers.initial(random, dimension + 1, fineStart),
  })
}
