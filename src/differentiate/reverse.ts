// Reverse mode: the derivative of one scalar with respect to many nodes, as a graph (Griewank & Walther 2008, ch. 3).
import { dependents, showShape, topological } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { add } from '../graph/ops/arithmetic.ts'
import { fill } from '../graph/ops/linear.ts'
import { MOST_SINGLES, concat, sliceOp } from '../graph/ops/rearrange.ts'

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
  return sources.map((source) => byElements(found, source, elementsUsed([output], source)) ?? found.get(source) ?? fill(output.graph, 0, source.shape))
}

/**
 * The elements of a vector, as slices, where outputs use it by single elements alone, as formulas of columns do; undefined for those
 * that they do not use. Then derivatives are sums and products of scalars: put together last, they cost a fraction of vectors that
 * are zero but in one place.
 */
export function elementsUsed(outputs: readonly Node[], vector: Node): readonly (Node | undefined)[] | undefined {
  if (vector.shape.length !== 1 || vector.shape[0] < 2 || vector.shape[0] > MOST_SINGLES) return undefined
  const elements = new Array<Node | undefined>(vector.shape[0]).fill(undefined)
  for (const node of topological(outputs)) {
    if (node === vector || !node.inputs.includes(vector)) continue
    if (node.op !== sliceOp || node.attributes.length !== 1) return undefined
    elements[node.attributes.start as number] = node
  }
  return elements.some((element) => element) && !outputs.includes(vector) ? elements : undefined
}

function byElements(found: ReadonlyMap<Node, Node>, source: Node, elements: readonly (Node | undefined)[] | undefined): Node | undefined {
  return elements && concat(elements.map((element) => (element && found.get(element)) ?? fill(source.graph, 0, [1])), 0)
}
