// Parameters of a model: named numbers, vectors and matrices, packed one behind the other into one vector θ.
import { UnnormError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import type { Node, Shape } from '../graph/node.ts'
import { fill, reshape, scale, sum } from '../graph/ops/linear.ts'
import { concat, gather, slice } from '../graph/ops/rearrange.ts'

/** A kind of parameter: its shape, how it is packed, its constraint and where a search starts. */
export interface Parameter {
  /** The shape the model's function sees. */
  readonly shape: Shape
  /** Numbers it takes up in θ; fewer than elements when it is symmetric. */
  readonly size: number
  /** `positive`: every element must be > 0. */
  readonly constraint: 'none' | 'positive'
  readonly symmetric: boolean
  /** Whether the last element, on the diagonal, is what makes the trace zero; it takes up no number. */
  readonly traceless?: boolean
  /** Whether the diagonal is zero and takes up no numbers. */
  readonly hollow?: boolean
  /** Start values in θ, [size]. */
  initial(random: Random): Float64Array
}

export interface ParameterOptions {
  /** A start value for every element, or one for each. */
  readonly initial?: number | readonly number[]
}

function parameter(shape: Shape, constraint: Parameter['constraint'], start: number, options: ParameterOptions, symmetric = false): Parameter {
  for (const length of shape) {
    if (!Number.isInteger(length) || length < 1) throw new UnnormError('invalid-parameters', `invalid length of a parameter: ${length} (must be a whole number from 1 on, as in vector(3) or matrix(2, 3))`)
  }
  const size = symmetric ? (shape[0] * (shape[0] + 1)) / 2 : shape.reduce((product, length) => product * length, 1)
  const given = options.initial ?? start
  if (typeof given !== 'number' && given.length !== size) throw new Error(`invalid initial: ${given.length} values (must be ${size})`)
  return {
    shape, size, constraint, symmetric,
    initial: () => (typeof given === 'number' ? new Float64Array(size).fill(given) : Float64Array.from(given)),
  }
}

/** A number. */
export const scalar = (options: ParameterOptions = {}): Parameter => parameter([], 'none', 0, options)
/** A number > 0. */
export const positive = (options: ParameterOptions = {}): Parameter => parameter([], 'positive', 1, options)
/** `length` numbers. */
export const vector = (length: number, options: ParameterOptions = {}): Parameter => parameter([length], 'none', 0, options)
/** `length` numbers > 0. */
export const positiveVector = (length: number, options: ParameterOptions = {}): Parameter => parameter([length], 'positive', 1, options)
export const matrix = (rows: number, columns: number, options: ParameterOptions = {}): Parameter => parameter([rows, columns], 'none', 0, options)
/** A symmetric matrix; θ holds its elements i ≤ j row by row. */
export function symmetric(size: number, options: ParameterOptions = {}): Parameter {
  const identity = Array.from({ length: (size * (size + 1)) / 2 }, () => 0)
  for (let i = 0, k = 0; i < size; i++) for (let j = i; j < size; j++, k++) if (i === j) identity[k] = 1
  const made = parameter([size, size], 'none', 0, { initial: options.initial ?? identity }, true)
  return made
}

/** A symmetric matrix with trace 0; θ holds its elements i ≤ j row by row, but for the last, which the others determine. */
export function traceless(size: number): Parameter {
  const made = symmetric(size, { initial: 0 })
  return { ...made, size: made.size - 1, traceless: true, initial: () => new Float64Array(made.size - 1) }
}

/** A symmetric matrix with zeros on its diagonal; θ holds its elements i < j row by row, which start at zero. */
export function hollow(size: number): Parameter {
  const count = (size * (size - 1)) / 2
  return { ...symmetric(size, { initial: 0 }), size: count, hollow: true, initial: () => new Float64Array(count) }
}

/** Positions of the diagonal among the packed elements of a symmetric matrix. */
const diagonalOf = (n: number): number[] => Array.from({ length: n }, (_, i) => i * n - (i * (i - 1)) / 2)

/** The packed form with all elements. */
function completed(packed: Node, { shape: [n], traceless: isTraceless, hollow: isHollow }: Parameter): Node {
  if (isHollow) {
    const diagonal = new Set(diagonalOf(n))
    const zero = packed.shape[0]
    let next = 0
    return gather(concat([packed, fill(packed.graph, 0, [1])], 0), 0, Array.from({ length: zero + n }, (_, k) => (diagonal.has(k) ? zero : next++)))
  }
  if (!isTraceless) return packed
  const diagonal = diagonalOf(n).slice(0, -1)
  return concat([packed, reshape(scale(sum(gather(packed, 0, diagonal)), -1), [1])], 0)
}

/** Where each element of a parameter's value stands in its packed form. */
function packing(parameter: Parameter): readonly number[] {
  if (!parameter.symmetric) return Array.from({ length: parameter.size }, (_, k) => k)
  const [n] = parameter.shape
  const start = (i: number): number => i * n - (i * (i - 1)) / 2 - i
  return Array.from({ length: n * n }, (_, k) => {
    const [i, j] = [Math.floor(k / n), k % n]
    return i <= j ? start(i) + j : start(j) + i
  })
}

/** Names of a parameter's packed elements: `a`, `eta[1]`, `precision[1,2]`; indices count from 1. */
export function elementNames(name: string, parameter: Parameter): string[] {
  if (parameter.shape.length === 0) return [name]
  if (parameter.shape.length === 1) return Array.from({ length: parameter.size }, (_, k) => `${name}[${k + 1}]`)
  const [rows, columns] = parameter.shape
  const names: string[] = []
  for (let i = 0; i < rows; i++) {
    for (let j = parameter.hollow ? i + 1 : parameter.symmetric ? i : 0; j < columns; j++) names.push(`${name}[${i + 1},${j + 1}]`)
  }
  return parameter.traceless ? names.slice(0, -1) : names
}

/** One parameter inside θ. */
export interface Placed {
  readonly name: string
  readonly parameter: Parameter
  /** Position of its first number in θ. */
  readonly start: number
  /** Its part of θ, [size]: what gradients are taken by. */
  readonly packed: Node
  /** Its value as the model's function sees it. */
  readonly value: Node
}

/** Cuts θ into the parameters. */
export function place(theta: Node, parameters: Readonly<Record<string, Parameter>>): Placed[] {
  let start = 0
  return Object.entries(parameters).map(([name, parameter]) => {
    const packed = slice(theta, 0, start, parameter.size)
    const spread = parameter.symmetric ? gather(completed(packed, parameter), 0, packing(parameter)) : packed
    const placed = { name, parameter, start, packed, value: reshape(spread, parameter.shape) }
    start += parameter.size
    return placed
  })
}
