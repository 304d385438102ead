// Which columns a log-density does not depend on.
import { directional } from '../differentiate/forward.ts'
import type { Node } from '../graph/node.ts'
import { constant } from '../graph/ops/leaf.ts'
import { splat } from '../graph/ops/linear.ts'

/**
 * Places of x that change nothing. Found by derivatives, which see through what is said and taken back, as x − x.
 * @param logDensity a scalar
 * @param x of shape [d]
 */
export function idleColumns(logDensity: Node, x: Node): number[] {
  const [d] = x.shape
  return Array.from({ length: d }, (_, j) => j).filter((j) => {
    const along = constant(x.graph, Array.from({ length: d }, (_, k) => (k === j ? 1 : 0)), [d])
    return splat(directional([logDensity], new Map([[x, along]]))[0]) === 0
  })
}
