// The fully connected network that neural energies share: its parameters, its value, its start weights.
import { UnnormError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import { dot, matmul, sigmoid, silu, softplus, tanh } from './expression.ts'
import type { Expression } from './expression.ts'
import { matrix, vector } from './parameters.ts'
import type { Parameter } from './parameters.ts'

/** Smooth activations: J̃ uses second derivatives in x, its gradient third ones. */
export const activations = { silu, softplus, tanh, sigmoid } as const
export type Activation = keyof typeof activations

/** wᵀ f(W₂ f(W₁ v + b₁) + b₂): a scalar of a vector. */
export interface Layers {
  /** In words a person reads. */
  formula(input: string): string
  parameters(inputs: number): Record<string, Parameter>
  value(parameters: Readonly<Record<string, Expression>>, input: Expression): Expression
  /** Start values of all parameters, packed in their order. */
  initial(random: Random, inputs: number, start: StartWeights): Float64Array
}

/** Weights start uniform within bounds. */
export interface StartWeights {
  /** The bound of the first layer's weights of each input: how finely its units divide the inputs' range. */
  first(inputs: number): readonly number[]
  /** The bound of the others times √inputs; √3 keeps the variance of units at one. */
  readonly later: number
  /** Half the range of the first layer's biases, which spread the units' bends over the data instead of stacking them at the origin. */
  readonly biases: number
}

/** The same bound for every input: a gain over √inputs. */
export const evenly = (gain: number) => (inputs: number): number[] => new Array<number>(inputs).fill(gain / Math.sqrt(inputs))

/** The network with these numbers of hidden units. */
export function layersOf(hidden: readonly number[], activation: Activation): Layers {
  if (hidden.length === 0 || hidden.some((units) => !Number.isInteger(units) || units < 1)) {
    throw new UnnormError('invalid-option', `invalid hidden: ${hidden.join(',')} (must be one or more whole numbers ≥ 1)`, 'usage')
  }
  const activate = activations[activation]
  if (!activate) {
    throw new UnnormError('invalid-option', `invalid activation: ${String(activation)} (must be one of ${Object.keys(activations).join(', ')}: smooth ones, because score matching needs second derivatives)`, 'usage')
  }
  const inputsOf = (layer: number, inputs: number): number => (layer === 0 ? inputs : hidden[layer - 1])
  const last = hidden[hidden.length - 1]
  return {
    formula: (input) => `wᵀ f(${hidden.length > 1 ? '… ' : ''}f(W₁ ${input} + b₁)${hidden.length > 1 ? ' …' : ''})`,
    parameters: (inputs) => {
      const parameters: Record<string, Parameter> = {}
      hidden.forEach((units, layer) => {
        parameters[`weight${layer + 1}`] = matrix(units, inputsOf(layer, inputs))
        parameters[`bias${layer + 1}`] = vector(units)
      })
      parameters.readout = vector(last)
      return parameters
    },
    value: (parameters, input) => {
      let h = input
      for (let layer = 1; layer <= hidden.length; layer++) h = activate(matmul(parameters[`weight${layer}`], h).add(parameters[`bias${layer}`]))
      return dot(parameters.readout, h)
    },
    initial: (random, inputs, start) => {
      const parts: number[] = []
      const spread = (count: number, bound: number): void => {
        for (let k = 0; k < count; k++) parts.push(bound * (2 * random.uniform() - 1))
      }
      hidden.forEach((units, layer) => {
        const count = inputsOf(layer, inputs)
        const bounds = (layer === 0 ? start.first : evenly(start.later))(count)
        for (let unit = 0; unit < units; unit++) for (const bound of bounds) spread(1, bound)
        spread(units, layer === 0 ? start.biases : 0)
      })
      spread(last, 1 / Math.sqrt(last))
      return Float64Array.from(parts)
    },
  }
}
