// From one point to many: the same graph with one more leading axis, over rows of data or over directions.
import { topological } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { expand, reshape } from '../graph/ops/linear.ts'

/**
 * Runs the outputs' computation for many values of some nodes at once.
 * @param batches for each such node its batched version, with one more leading axis of length `size`
 * @returns each output with a leading axis of length `size` (repeated if it does not depend on the batched nodes)
 */
export function vectorize(outputs: readonly Node[], batches: ReadonlyMap<Node, Node>, size: number): Node[] {
  const batched = vectorized(outputs, batches, size)
  return outputs.map((output) => batched.get(output) ?? expand(reshape(output, [1, ...output.shape]), [size, ...output.shape]))
}

/** The batched versions of all nodes that depend on the batched ones. */
export function vectorized(outputs: readonly Node[], batches: ReadonlyMap<Node, Node>, size: number): Map<Node, Node> {
  const batched = new Map<Node, Node>(batches)
  for (const node of topological(outputs)) {
    if (batched.has(node) || !node.inputs.some((input) => batched.has(input))) continue
    const inputs = node.inputs.map((input) => batched.get(input) ?? input)
    batched.set(node, node.op.vectorize(node, inputs, node.inputs.map((input) => batched.has(input)), size))
  }
  return batched
}
