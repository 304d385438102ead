// Gauss–Legendre rules: nodes are the roots of the Legendre polynomial (Golub & Welsch 1969; here by Newton's method).

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
