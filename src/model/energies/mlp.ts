// A neural energy: a fully connected network with scalar output on top of a quadratic that keeps exp(−E) integrable.
import { UnnormError } from '../../base/errors.ts'
import { choleskyDecompose, invertCholesky } from '../../base/linear-algebra.ts'
import type { Options } from '../../base/options.ts'
import { quadraticForm } from '../expression.ts'
import { defineModel } from '../model.ts'
import type { Model } from '../model.ts'
import { conditionalMlp } from '../conditional-mlp.ts'
import { activations, evenly, layersOf } from '../layers.ts'
import type { Activation } from '../layers.ts'

/** The options a user of the command line sets. */
export const mlpOptions = {
  hidden: { type: 'numbers', integer: true, minimum: 1, defaultWords: '128,128,128 for a ladder of noise levels, else 128,128', placeholder: 'N,N', sentence: 'Hidden units of each layer of the network' },
  activation: { type: 'choice', choices: Object.keys(activations) as Activation[], default: 'silu', sentence: 'Activation of the network, smooth because score matching needs second derivatives' },
  fourier: { type: 'number', integer: true, minimum: 0, default: 0, placeholder: 'N', sentence: 'Fourier features of the point that the network of a ladder of noise levels sees beside its coordinates: cos and sin of N random frequencies up to the finest the noise leaves; for densities with many narrow modes' },
} as const satisfies Options

export interface MlpOptions {
  /** Units in each hidden layer. */
  readonly hidden?: readonly number[]
  readonly activation?: Activation
  /** Fourier features of the point beside its coordinates; only for a ladder of noise levels. */
  readonly fourier?: number
  /**
   * A fixed quadratic term ½ yᵀ K y of the energy, row-major [d × d], positive definite: the network grows at most
   * linearly, so exp(−E) is integrable whatever the weights are. Left out: a fit takes the inverse covariance of the
   * standardized columns with their noise. null: no such term, and nothing makes exp(−E) integrable.
   */
  readonly quadratic?: ArrayLike<number> | null
}

/** Smoother than what keeps the units' variance at one, and with a few thousand rows closer to the truth (bench/quality.ts). */
const smoothStart = { first: evenly(1), later: 1, biases: 0.6 }

/** E(y) = ½ yᵀ K y + wᵀ f(W₂ f(W₁ y + b₁) + b₂); for a ladder of noise levels, the energy of `conditionalMlp`. */
export function mlp(options: MlpOptions = {}): Model {
  const { activation = 'silu', fourier = 0, quadratic } = options
  const hidden = options.hidden ?? [128, 128]
  const layers = layersOf(hidden, activation)
  return defineModel<string>({
    name: 'mlp',
    kind: 'network',
    ...(quadratic === undefined ? {
      forRows: ({ covariance, ladder, dimension }) => {
        if (ladder) return conditionalMlp({ hidden: options.hidden ?? [128, 128, 128], activation, covariance, ladder, fourier })
        if (fourier > 0) throw new UnnormError('invalid-option', `invalid fourier: ${fourier} (must be 0 for a fit at one noise level: the features fade with the level; use --by dual or ladder)`, 'usage')
        return mlp({ ...options, quadratic: invertCholesky(choleskyDecompose(covariance, dimension)!, dimension) })
      },
    } : {}),
    formula: `${quadratic === null ? '' : '−½ yᵀ K y '}− ${layers.formula('y')}, f = ${activation}, hidden units ${hidden.join(', ')}, y standardized`,
    parameters: (dimension) => layers.parameters(dimension),
    logDensity: (parameters, y) => {
      const network = layers.value(parameters, y).neg()
      if (!quadratic) return network
      const d = y.shape[0]
      const rows = Array.from({ length: d }, (_, i) => Array.from({ length: d }, (__, j) => quadratic[i * d + j]))
      return network.sub(quadraticForm(rows, y).mul(0.5))
    },
    initial: (random, dimension) => layers.initial(random, dimension, smoothStart),
  })
}
