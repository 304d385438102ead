// Parameters held: θ = A·free + b, so that all that is done with a model is done over its free parameters alone.
import { substitute } from '../differentiate/substitute.ts'
import type { Random } from '../base/random.ts'
import type { Node } from '../graph/node.ts'
import { add } from '../graph/ops/arithmetic.ts'
import { contractAxes } from '../graph/ops/contract.ts'
import { constant, input } from '../graph/ops/leaf.ts'
import { slice } from '../graph/ops/rearrange.ts'
import { initialValues } from './model.ts'
import type { TracedModel } from './model.ts'
import { vector } from './parameters.ts'
import type { Placed } from './parameters.ts'

/** A linear restriction of the parameters of a model. */
export interface Restriction {
  /** Names of the free parameters. */
  readonly names: readonly string[]
  /** Which of them must be > 0. */
  readonly positive: readonly boolean[]
  /** A, row-major [parameters × free]. */
  readonly columns: Float64Array
  /** b, [parameters]. */
  readonly offset: Float64Array
  /** Parameters that are known numbers, [parameters]: their row of A is zero. */
  readonly fixed: readonly boolean[]
  /** Start values of the free parameters, from those of all. */
  start(theta: Float64Array): Float64Array
}

/** θ for values of the free parameters. */
export function lift({ columns, offset, names }: Restriction, free: ArrayLike<number>): Float64Array {
  return offset.map((value, p) => {
    let total = value
    // What is not part of an element says nothing about it, not even by being NaN.
    for (let c = 0; c < names.length; c++) if (columns[p * names.length + c] !== 0) total += columns[p * names.length + c] * free[c]
    return total
  })
}

/** The model of the free parameters: one vector, of which θ is made. */
export function restrict(traced: TracedModel, restriction: Restriction): TracedModel {
  const { graph, model, logDensity, parameters } = traced
  const { names, positive, start } = restriction
  const size = names.length
  const free = input(graph, 'theta', [size])
  const [restricted] = substitute([logDensity], new Map(parameters.map((placed) => [placed.packed, packedOf(placed, restriction, free)])))
  return {
    ...traced,
    model: { ...model, initial: (random: Random) => start(initialValues(traced, random)) },
    theta: free, logDensity: restricted, parameterCount: size, parameterNames: names, positive,
    parameters: [{ name: 'free', parameter: vector(size), start: 0, packed: free, value: free }],
  }
}

/** One parameter in terms of the free ones, written so that the graph shows what it depends on. */
function packedOf({ start, parameter: { size } }: Placed, { names, columns, offset }: Restriction, free: Node): Node {
  const count = names.length
  const own = columns.slice(start * count, (start + size) * count)
  const base = constant(free.graph, offset.slice(start, start + size))
  if (own.every((factor) => factor === 0)) return base
  const first = own.findIndex((factor) => factor !== 0)
  const isSlice = own.every((factor, e) => factor === (e % count === first + Math.floor(e / count) ? 1 : 0))
  return isSlice ? slice(free, 0, first, size) : add(contractAxes(constant(free.graph, own, [size, count]), free, [1], [0]), base)
}
