// Gauss–Legendre rules on cubes: nodes are the roots of the Legendre polynomial (Golub & Welsch 1969; here by Newton's method).

/** Nodes and weights on [−1, 1]; the weights sum to 2. */
export interface QuadratureRule {
  readonly nodes: Float64Array
  readonly weights: Float64Array
}

/** The rule of `order` nodes, exact for polynomials of degree 2·order − 1. */
export function gaussLegendre(order: number): QuadratureRule {
  const nodes = new Float64Array(order)
  const weights = new Float64Array(order)
  for (let i = 0; i < order; i++) {
    // Tricomi's approximation of the root is close enough for Newton's method to converge to it.
    let x = -Math.cos((Math.PI * (i + 0.75)) / (order + 0.5))
    let derivative = 1
    for (let step = 0; step < 50; step++) {
      let previous = 1
      let current = x
      for (let k = 2; k <= order; k++) {
        const following = ((2 * k - 1) * x * current - (k - 1) * previous) / k
        previous = current
        current = following
      }
      derivative = (order * (x * current - previous)) / (x * x - 1)
      const change = current / derivative
      x -= change
      if (Math.abs(change) < 1e-16) break
    }
    nodes[i] = x
    weights[i] = 2 / ((1 - x * x) * derivative * derivative)
  }
  return { nodes, weights }
}

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
