// The one node type of the computation graph, and the table that makes equal nodes the same node.
//
// A graph holds values of known shape. One axis length may be unknown until run time: the number of rows,
// written ROWS, the leading axis of inputs and outputs (a product may carry it further in on the way). Nodes are immutable and hash-consed: building the
// same operation on the same inputs twice gives the same object, so common subexpressions are shared by construction.
import type { Shape } from './shape.ts'
import type { Tensor } from './tensor.ts'

export { lengthOver, ROWS, sameShape, showShape, sizeOf } from './shape.ts'
export type { Shape } from './shape.ts'

export type ElementType = 'float32' | 'float64'

export type AttributeValue = number | string | boolean | readonly number[] | Float64Array
export type Attributes = Readonly<Record<string, AttributeValue>>

export interface Node {
  readonly id: number
  readonly graph: Graph
  readonly op: Op
  readonly inputs: readonly Node[]
  readonly attributes: Attributes
  readonly shape: Shape
  /** Where in the user's model it was first built, for error messages. */
  readonly origin: string | undefined
}

/** Example inputs with which the contract suite exercises an op. */
export interface OpSample {
  readonly inputs: readonly Tensor[]
  readonly attributes?: Attributes
}

/**
 * Everything there is to know about one operation, in one place.
 * Rules are written on nodes, so derivatives are graphs again and can be differentiated to any order.
 */
export interface Op {
  readonly name: string
  /** What it computes, for people. */
  readonly formula: string
  /** False when the value has kinks or jumps in its inputs: J̃ would be silently wrong for an energy through it. */
  readonly smooth: boolean
  /** Output shape; throws a plain Error whose message says what does not fit. */
  shape(inputs: readonly Shape[], attributes: Attributes): Shape
  /** The value in float64: the oracle the engines are checked against. `shape` is the concrete output shape. */
  value(inputs: readonly Tensor[], attributes: Attributes, shape: Shape): Tensor
  /** Directional derivative of the output, as parts to be added (none: zero); a missing tangent is zero. */
  forward(node: Node, tangents: readonly (Node | undefined)[]): readonly Node[]
  /** What each input receives from the adjoint of the output. */
  reverse(node: Node, adjoint: Node): readonly (Node | undefined)[]
  /** The same op where the marked inputs carry one more leading axis, of length `size`. */
  vectorize(node: Node, inputs: readonly Node[], batched: readonly boolean[], size: number): Node
  /** A simpler node with the same value, tried before a node is built. */
  simplify?(inputs: readonly Node[], attributes: Attributes, shape: Shape): Node | undefined
  /** The sum over axes of a node of this op, where that is cheaper than computing the node and summing it. */
  sumOver?(node: Node, axes: readonly number[]): Node | undefined
  /** An equal expression in simpler ops, for ops that ONNX lacks or that share parts; undefined where `onnx` serves. */
  lower?(node: Node, inputs: readonly Node[], type: ElementType): Node | undefined
  /** ONNX nodes that compute it; returns the output's name. Ops without it must have `lower`. */
  onnx?(emitter: Emitter, node: Node, inputs: readonly string[]): string
  /** Inputs for the contract suite, at least one unless the op is `unsampled`. */
  readonly samples: readonly OpSample[]
  /** Why the contract suite cannot exercise the op: it has no inputs, no derivative, … */
  readonly unsampled?: string
}

export type OnnxAttribute = number | string | readonly number[] | { readonly float: number }

/** What an op needs from the ONNX compiler to write itself down; implemented in `compile/onnx.ts`. */
export interface Emitter {
  /** Appends an ONNX node with one output and returns the output's name. Integers become int attributes; wrap floats. */
  emit(operator: string, inputs: readonly string[], attributes?: Readonly<Record<string, OnnxAttribute>>): string
  /** A constant of the element type that `node` is computed in. */
  constant(node: Node, values: ArrayLike<number>, shape: Shape): string
  /** An int64 vector (shapes, axes, indices). */
  integers(values: readonly number[], shape?: Shape): string
  /** An int64 vector holding a shape one of whose axes may be the symbolic number of rows. */
  shapeVector(shape: Shape): string
  /** Reshapes a value to a shape one of whose axes may be the symbolic number of rows. */
  reshape(value: string, shape: Shape): string
  /** The element type that `node` is computed in. */
  typeOf(node: Node): ElementType
}

/** Owns the table of nodes; one per model, dropped with it. */
export class Graph {
  readonly #nodes = new Map<string, Node>()
  #next = 0
  /** Set while a user's function is traced: names the line of a node's origin. */
  locate: (() => string | undefined) | undefined

  /** The node for this operation, built at most once. */
  node(op: Op, inputs: readonly Node[], attributes: Attributes = {}): Node {
    const shape = op.shape(inputs.map((input) => input.shape), attributes)
    const simpler = op.simplify?.(inputs, attributes, shape)
    if (simpler) return simpler
    const key = `${op.name}(${inputs.map((input) => input.id).join(',')})${attributeKey(attributes)}`
    const known = this.#nodes.get(key)
    if (known) return known
    const origin = op.smooth ? undefined : this.locate?.()
    const made: Node = { id: this.#next++, graph: this, op, inputs, attributes, shape, origin }
    this.#nodes.set(key, made)
    return made
  }
}

function attributeKey(attributes: Attributes): string {
  const names = Object.keys(attributes)
  if (names.length === 0) return ''
  return names.sort().map((name) => {
    const value = attributes[name]
    return `${name}=${typeof value === 'object' ? Array.from(value).join(' ') : String(value)}`
  }).join(';')
}

/** Builds a node in the graph of its inputs. */
export function build(op: Op, inputs: readonly Node[], attributes?: Attributes): Node {
  return inputs[0].graph.node(op, inputs, attributes)
}

/** All nodes the outputs are computed from, inputs before users. */
export function topological(outputs: readonly Node[]): Node[] {
  const order: Node[] = []
  const seen = new Set<Node>()
  // An explicit stack: graphs of long formulas are deeper than the call stack.
  const stack: { node: Node; next: number }[] = []
  for (const output of outputs) {
    if (seen.has(output)) continue
    seen.add(output)
    stack.push({ node: output, next: 0 })
    while (stack.length > 0) {
      const top = stack[stack.length - 1]
      if (top.next < top.node.inputs.length) {
        const input = top.node.inputs[top.next++]
        if (!seen.has(input)) {
          seen.add(input)
          stack.push({ node: input, next: 0 })
        }
      } else {
        order.push(top.node)
        stack.pop()
      }
    }
  }
  return order
}

/** The nodes among those computing `outputs` whose value depends on one of `sources`. */
export function dependents(outputs: readonly Node[], sources: readonly Node[]): Set<Node> {
  const found = new Set<Node>(sources)
  for (const node of topological(outputs)) {
    if (node.inputs.some((input) => found.has(input))) found.add(node)
  }
  return found
}
