// Constants that multiply a vector before a constant matrix does belong in the matrix: once, instead of in every row.
import { topological } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { mul } from '../graph/ops/arithmetic.ts'
import { contractOp } from '../graph/ops/contract.ts'
import { constant, constantOp } from '../graph/ops/leaf.ts'
import { stridesOf } from '../graph/tensor.ts'

/** The outputs, of one row each, with such constants moved. */
export function foldFactors(outputs: readonly Node[]): Node[] {
  const made = new Map<Node, Node>()
  for (const node of topological(outputs)) {
    const inputs = node.inputs.map((input) => made.get(input)!)
    const rebuilt = inputs.every((input, k) => input === node.inputs[k]) ? node : node.graph.node(node.op, inputs, node.attributes)
    made.set(node, rebuilt.op === contractOp ? folded(rebuilt) : rebuilt)
  }
  return outputs.map((output) => made.get(output)!)
}

function folded(product: Node): Node {
  const [a, b] = product.inputs
  const { left, right } = product.attributes as { left: readonly number[]; right: readonly number[] }
  const [inA, inB] = [foldInto(b, a, right), foldInto(a, b, left)]
  if (inA) return product.graph.node(contractOp, [inA.vector, inA.matrix], product.attributes)
  if (inB) return product.graph.node(contractOp, [inB.matrix, inB.vector], product.attributes)
  return product
}

/** @param summed the matrix's axes that run along the vector */
function foldInto(matrix: Node, product: Node, summed: readonly number[]): { vector: Node; matrix: Node } | undefined {
  if (product.op !== mul.op || matrix.op !== constantOp || summed.length !== 1 || product.inputs.some(({ shape }) => shape.length !== 1)) return undefined
  const at = product.inputs.findIndex(({ op }) => op === constantOp)
  if (at === -1) return undefined
  const factors = product.inputs[at].attributes.data as Float64Array
  const stride = stridesOf(matrix.shape)[summed[0]]
  const scaled = Float64Array.from(matrix.attributes.data as Float64Array, (value, k) => value * factors[Math.floor(k / stride) % factors.length])
  return { vector: product.inputs[1 - at], matrix: constant(matrix.graph, scaled, matrix.shape) }
}
