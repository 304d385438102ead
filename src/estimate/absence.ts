// Which parameters an objective does not contain, told from its formula: a Hessian that is zero at some point does not prove it.
import { directional } from '../differentiate/forward.ts'
import type { Node } from '../graph/node.ts'
import { constant } from '../graph/ops/leaf.ts'
import { splat } from '../graph/ops/linear.ts'

/** Those elements of θ, among the ones asked about, by which the derivative of a scalar is zero after simplification. */
export function absentElements(value: Node, theta: Node, asked: readonly number[]): number[] {
  return asked.filter((k) => {
    const unit = new Float64Array(theta.shape[0])
    unit[k] = 1
    const [slope] = directional([value], new Map([[theta, constant(theta.graph, unit)]]))
    return splat(slope) === 0
  })
}
