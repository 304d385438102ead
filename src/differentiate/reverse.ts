// Reverse mode: the derivative of one scalar with respect to many nodes, as a graph (Griewank & Walther 2008, ch. 3).
import { dependents, showShape, topological } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { add } from '../graph/ops/arithmetic.ts'
import { fill } from '../graph/ops/linear.ts'

/**
 * Adjoints ∂output/∂node of every node between `sources` and a scalar output.
 * Nodes that the output does not depend on have no entry.
 */
export function adjoints(output: Node, sources: readonly Node[]): Map<Node, Node> {
  if (output.shape.length !== 0) throw new Error(`only a scalar has a gradient, this has shape ${showShape(output.shape)}`)
  const relevant = dependents([output], sources)
  const found = new Map<Node, Node>()
  if (!relevant.has(output)) return found
  found.set(output, fill(output.graph, 1, []))
  for (const node of topological([output]).reverse()) {
    const adjoint = found.get(node)
    if (!adjoint || !relevant.has(node)) continue
    const parts = node.inputs.some((input) => relevant.has(input)) ? node.op.reverse(node, adjoint) : []
    node.inputs.forEach((input, k) => {
      const part = parts[k]
      if (!part || !relevant.has(input)) return
      const before = found.get(input)
      found.set(input, before ? add(before, part) : part)
    })
  }
  return found
}

/** ∂output/∂source for each source, in its shape; zeros where the output does not depend on it. */
export function gradient(output: Node, sources: readonly Node[]): Node[] {
  const found = adjoints(output, sources)
  return sources.map((source) => found.get(source) ?? fill(output.graph, 0, source.shape))
}
