// Leaves of the graph: named inputs (data, parameters) and literals.
import { sizeOf } from '../node.ts'
import type { Graph, Node, Op, Shape } from '../node.ts'

const leaf = {
  smooth: true,
  forward: () => [],
  reverse: () => [],
  vectorize: (node: Node) => node,
  samples: [],
  unsampled: 'it has no inputs',
} as const

/** A named value supplied at run time. Its shape is an attribute; the rows axis may lead. */
export const inputOp: Op = {
  ...leaf,
  name: 'input',
  formula: 'a named input',
  shape: (_, attributes) => attributes.shape as Shape,
  value: () => { throw new Error('an input has no value of its own') },
}

/** A literal array. */
export const constantOp: Op = {
  ...leaf,
  name: 'constant',
  formula: 'a literal',
  shape: (_, attributes) => attributes.shape as Shape,
  value: (_, attributes) => ({ shape: attributes.shape as Shape, data: attributes.data as Float64Array }),
  onnx: (emitter, node) => emitter.constant(node, node.attributes.data as Float64Array, node.shape),
}

export function input(graph: Graph, name: string, shape: Shape): Node {
  return graph.node(inputOp, [], { name, shape })
}

export function constant(graph: Graph, values: number | ArrayLike<number>, shape: Shape = typeof values === 'number' ? [] : [values.length]): Node {
  const data = typeof values === 'number' ? new Float64Array(sizeOf(shape)).fill(values) : Float64Array.from(values)
  return graph.node(constantOp, [], { data, shape })
}
