// Rebuilding a graph with some nodes replaced; every simplification rule gets a second chance on the way.
import { topological } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'

/** The outputs with every key of `replacements` replaced by its value. */
export function substitute(outputs: readonly Node[], replacements: ReadonlyMap<Node, Node>): Node[] {
  const made = new Map<Node, Node>(replacements)
  for (const node of topological(outputs)) {
    if (made.has(node)) continue
    const inputs = node.inputs.map((input) => made.get(input)!)
    const same = inputs.every((input, k) => input === node.inputs[k])
    made.set(node, same ? node : inputs[0].graph.node(node.op, inputs, node.attributes))
  }
  return outputs.map((output) => made.get(output)!)
}
