// Gauss–Legendre rules on cubes: all products of the rule in one dimension.
import type { QuadratureRule } from '../../base/gauss-legendre.ts'

export { gaussLegendre } from '../../base/gauss-legendre.ts'

/** The product rule on [−1, 1]^d, with the corners of the cube as further points of weight 0. */
export interface CubeRule {
  readonly dimension: number
  readonly order: number
  /** Row-major [count × d]. */
  readonly points: Float64Array
  /** −∞ at the corners. */
  readonly logWeights: Float64Array
}

/** All products of a one-dimensional rule, for the cube [−1, 1]^d; the corners show an edge that passes beside all nodes. */
export function cubeRule(rule: QuadratureRule, dimension: number): CubeRule {
  const order = rule.nodes.length
  const inner = order ** dimension
  const count = inner + 2 ** dimension
  const points = new Float64Array(count * dimension)
  const logWeights = new Float64Array(count)
  for (let i = 0; i < inner; i++) {
    let rest = i
    for (let j = 0; j < dimension; j++) {
      const k = rest % order
      rest = (rest - k) / order
      points[i * dimension + j] = rule.nodes[k]
      logWeights[i] += Math.log(rule.weights[k])
    }
  }
  for (let corner = 0; corner < 2 ** dimension; corner++) {
    logWeights[inner + corner] = -Infinity
    for (let j = 0; j < dimension; j++) points[(inner + corner) * dimension + j] = ((corner >> j) & 1) === 1 ? 1 : -1
  }
  return { dimension, order, points, logWeights }
}
