// A neural energy: a fully connected network with scalar output on top of a quadratic that keeps exp(−E) integrable.
import { UnnormError } from '../../base/errors.ts'
import type { Options } from '../../base/options.ts'
import { dot, matmul, quadraticForm, sigmoid, silu, softplus, tanh } from '../expression.ts'
import type { Expression } from '../expression.ts'
import { defineModel } from '../model.ts'
import type { Model } from '../model.ts'
import { matrix, vector } from '../parameters.ts'
import type { Parameter } from '../parameters.ts'

/** Smooth activations: J̃ uses second derivatives in x, its gradient third ones. */
export const activations = { silu, softplus, tanh, sigmoid } as const
export type Activation = keyof typeof activations

/** The options a user of the command line sets. */
export const mlpOptions = {
  hidden: { type: 'numbers', integer: true, minimum: 1, default: [128, 128], placeholder: 'N,N', sentence: 'Hidden units of each layer of the network' },
  activation: { type: 'choice', choices: Object.keys(activations) as Activation[], default: 'silu', sentence: 'Activation of the network, smooth because score matching needs second derivatives' },
} as const satisfies Options

export interface MlpOptions {
  /** Units in each hidden layer. */
  readonly hidden?: readonly number[]
  readonly activation?: Activation
  /**
   * A fixed quadratic term ½ yᵀ K y of the energy, row-major [d × d], positive definite: the network grows at most
   * linearly, so exp(−E) is integrable whatever the weights are. Left out: a fit takes the inverse covariance of the
   * standardized columns with their noise. null: no such term, and nothing makes exp(−E) integrable.
   */
  readonly quadratic?: ArrayLike<number> | null
}

/**
 * E(y) = ½ yᵀ K y + wᵀ f(W₂ f(W₁ y + b₁) + b₂).
 * Weights start uniform in ±1/√inputs: smoother than the ±√(3/inputs) that keeps the units' variance at one, and with a few
 * thousand rows closer to the truth (bench/quality.ts).
 */
export function mlp(options: MlpOptions = {}): Model {
  const { hidden = [128, 128], activation = 'silu', quadratic } = options
  if (hidden.length === 0 || hidden.some((units) => !Number.isInteger(units) || units < 1)) {
    throw new UnnormError('invalid-option', `invalid hidden: ${hidden.join(',')} (must be one or more whole numbers ≥ 1)`, 'usage')
  }
  const activate = activations[activation]
  if (!activate) {
    throw new UnnormError('invalid-option', `invalid activation: ${String(activation)} (must be one of ${Object.keys(activations).join(', ')}: smooth ones, because score matching needs second derivatives)`, 'usage')
  }
  const layers = hidden.map((_, k) => k + 1)
  return defineModel<string>({
    name: 'mlp',
    kind: 'network',
    ...(quadratic === undefined ? { withPrecision: (precision) => mlp({ ...options, quadratic: precision }) } : {}),
    formula: `${quadratic === null ? '' : '−½ yᵀ K y '}− wᵀ f(${hidden.length > 1 ? '… ' : ''}f(W₁ y + b₁)${hidden.length > 1 ? ' …' : ''}), f = ${activation}, hidden units ${hidden.join(', ')}, y standardized`,
    parameters: (dimension) => {
      const parameters: Record<string, Parameter> = {}
      for (const layer of layers) {
        parameters[`weight${layer}`] = matrix(hidden[layer - 1], layer === 1 ? dimension : hidden[layer - 2])
        parameters[`bias${layer}`] = vector(hidden[layer - 1])
      }
      parameters.readout = vector(hidden[hidden.length - 1])
      return parameters
    },
    logDensity: (parameters, y) => {
      let h: Expression = y
      for (const layer of layers) {
        h = activate(matmul(parameters[`weight${layer}`], h).add(parameters[`bias${layer}`]))
      }
      const network = dot(parameters.readout, h).neg()
      if (!quadratic) return network
      const d = y.shape[0]
      const rows = Array.from({ length: d }, (_, i) => Array.from({ length: d }, (__, j) => quadratic[i * d + j]))
      return network.sub(quadraticForm(rows, y).mul(0.5))
    },
    initial: (random, dimension) => {
      const parts: number[] = []
      for (const layer of layers) {
        const inputs = layer === 1 ? dimension : hidden[layer - 2]
        const bound = 1 / Math.sqrt(inputs)
        for (let k = 0; k < hidden[layer - 1] * inputs; k++) parts.push(bound * (2 * random.uniform() - 1))
        // Biases spread the units' bends over the data's range instead of stacking them at the origin.
        for (let k = 0; k < hidden[layer - 1]; k++) parts.push(layer === 1 ? 0.6 * (2 * random.uniform() - 1) : 0)
      }
      const units = hidden[hidden.length - 1]
      for (let k = 0; k < units; k++) parts.push((2 * random.uniform() - 1) / Math.sqrt(units))
      return Float64Array.from(parts)
    },
  })
}
