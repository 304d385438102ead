// Hyperbolic functions and what is computed through them.
import { build } from '../node.ts'
import type { Attributes, Node } from '../node.ts'
import { add, elementwise, mul, square, subtract } from './arithmetic.ts'
import { exp } from './exponential.ts'
import { fill, scale } from './linear.ts'
import { derivativePolynomial, polynomial, polynomialValue } from './polynomial.ts'

const tanhSlope = [1, 0, -1]
const samples = [[0.7, -1.2, 0.3, 2.5, -3.4]]
const orders = [{ order: 0 }, { order: 1 }, { order: 2 }, { order: 3 }]
const orderOf = (attributes: Attributes): number => (attributes.order as number | undefined) ?? 0
const one = (node: Node): Node => fill(node.graph, 1, [])

const tanhDerivative = elementwise({
  name: 'tanh',
  formula: 'tanh a, differentiated `order` times',
  value: Math.tanh,
  valueFor: (attributes) => {
    const coefficients = derivativePolynomial(orderOf(attributes), tanhSlope)
    return (x) => polynomialValue(coefficients, Math.tanh(x))
  },
  partials: [([a], _, attributes) => tanh(a, orderOf(attributes) + 1)],
  lower: ([a], _, attributes) => {
    const order = orderOf(attributes)
    if (order === 0) return undefined
    const t = tanh(a)
    if (order === 1) return subtract(one(a), square(t))
    // All later derivatives have the factor 1 − t².
    const coefficients = derivativePolynomial(order, tanhSlope)
    const quotient = new Array<number>(coefficients.length - 2).fill(0)
    for (let k = 0; k < quotient.length; k++) quotient[k] = coefficients[k] + (k >= 2 ? quotient[k - 2] : 0)
    return mul(tanh(a, 1), polynomial(quotient, t))
  },
  onnx: 'Tanh',
  samples,
  sampleAttributes: orders,
})

export function tanh(a: Node, order = 0): Node {
  return build(tanhDerivative.op, [a], { order })
}
export const tanhOp = tanhDerivative.op

export const expm1 = elementwise({
  name: 'expm1',
  formula: 'eᵃ − 1',
  value: Math.expm1,
  partials: [([a]) => exp(a)],
  // eᵃ − 1 = tanh(a/2)·(eᵃ + 1): no cancellation anywhere.
  lower: ([a]) => mul(tanh(scale(a, 0.5)), add(exp(a), one(a))),
  samples: [[0.7, -1.2, 1e-9, 2.5, -1e-5]],
})
