// Forward mode: directional derivatives, as a graph.
import { topological } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { add } from '../graph/ops/arithmetic.ts'
import { fill } from '../graph/ops/linear.ts'

/** The sum of the parts of a forward rule; undefined when there are none. */
export function total(parts: readonly Node[]): Node | undefined {
  return parts.length === 0 ? undefined : parts.reduce((left, right) => add(left, right))
}

/**
 * Tangents of all nodes computing `outputs` along the given tangents of some of them.
 * Nodes without an entry do not move. Seeded nodes are not looked behind.
 */
export function tangents(outputs: readonly Node[], seeds: ReadonlyMap<Node, Node>): Map<Node, Node> {
  const moving = new Map<Node, Node>(seeds)
  for (const node of topological(outputs)) {
    if (moving.has(node) || !node.inputs.some((input) => moving.has(input))) continue
    const tangent = total(node.op.forward(node, node.inputs.map((input) => moving.get(input))))
    if (tangent) moving.set(node, tangent)
  }
  return moving
}

/** The directional derivative of each output (Jacobian–vector product); zeros where it does not move. */
export function directional(outputs: readonly Node[], seeds: ReadonlyMap<Node, Node>): Node[] {
  const moving = tangents(outputs, seeds)
  return outputs.map((output) => moving.get(output) ?? fill(output.graph, 0, output.shape))
}
