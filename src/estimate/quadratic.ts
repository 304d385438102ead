// Whether a value is quadratic in some of its inputs, found on the graph: the licence for closed forms and exact integration.
import { directional } from '../differentiate/forward.ts'
import { gradient } from '../differentiate/reverse.ts'
import { dependents } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { input } from '../graph/ops/leaf.ts'

/** True when the derivative of a value by the sources does not contain them, after simplification. */
export function isLinearIn(value: Node, sources: readonly Node[]): boolean {
  const [slope] = directional([value], new Map(sources.map((source) => [source, input(value.graph, `direction of ${source.id}`, source.shape)])))
  return !dependents([slope], sources).has(slope)
}

/**
 * True when the second derivative of a scalar by the sources does not contain them, after simplification.
 * A proof where it says yes; a quadratic written in a roundabout way may go unnoticed.
 */
export function isQuadraticIn(value: Node, sources: readonly Node[]): boolean {
  const directions = sources.map((source) => input(value.graph, `direction of ${source.id}`, source.shape))
  const [slope] = directional([value], new Map(sources.map((source, k) => [source, directions[k]])))
  const bends = gradient(slope, sources)
  const moved = dependents(bends, sources)
  return !bends.some((bend) => moved.has(bend))
}
