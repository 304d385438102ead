// The smooth activations and their derivatives of every order. Each derivative is one op, so that a reverse sweep
// over a first or second derivative meets one product a layer; only when compiled are they spelled out, in shared parts.
import { build } from '../node.ts'
import type { Attributes, Node } from '../node.ts'
import { fill, scale } from './linear.ts'
import { add, divide, elementwise, mul, reciprocal, subtract } from './arithmetic.ts'
import { exp, log1p } from './exponential.ts'
import { abs, maximum } from './piecewise.ts'
import { derivativePolynomial, polynomial, polynomialValue } from './polynomial.ts'

const logisticSlope = [0, 1, -1]
const samples = [[0.7, -1.2, 0.3, 2.5, -3.4]]
const orders = [{ order: 0 }, { order: 1 }, { order: 2 }, { order: 3 }]
const orderOf = (attributes: Attributes): number => (attributes.order as number | undefined) ?? 0
const one = (node: Node): Node => fill(node.graph, 1, [])

/** Stable on both sides: never exponentiates a positive number. */
const logistic = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)))

/** The `order`-th derivative of the logistic function 1/(1 + e⁻ᵃ). */
const sigmoidDerivative = elementwise({
  name: 'sigmoid',
  formula: '1 / (1 + e⁻ᵃ), differentiated `order` times',
  value: logistic,
  valueFor: (attributes) => {
    const coefficients = derivativePolynomial(orderOf(attributes), logisticSlope)
    return (x) => polynomialValue(coefficients, logistic(x))
  },
  partials: [([a], _, attributes) => sigmoid(a, orderOf(attributes) + 1)],
  // ONNX Runtime fuses float64 x·Sigmoid(x) into an operator that has no float64 kernel: spell it out there.
  lower: ([a], type, attributes) => {
    const order = orderOf(attributes)
    if (order === 0) return type === 'float64' ? reciprocal(add(exp(scale(a, -1)), one(a))) : undefined
    const s = sigmoid(a)
    const slope = mul(s, subtract(one(a), s))
    if (order === 1) return slope
    // Every derivative has the factor s(1 − s): dividing it out of P_k leaves a polynomial.
    const quotient = divideBySlope(derivativePolynomial(order, logisticSlope))
    return mul(slope, polynomial(quotient, s))
  },
  onnx: 'Sigmoid',
  samples,
  sampleAttributes: orders,
})

/** P(s) / (s − s²) for a polynomial divisible by it. */
function divideBySlope(coefficients: readonly number[]): number[] {
  const shifted = coefficients.slice(1)
  const quotient = new Array<number>(shifted.length - 1).fill(0)
  let carry = 0
  for (let k = 0; k < quotient.length; k++) {
    carry += shifted[k]
    quotient[k] = carry
  }
  return quotient
}

export function sigmoid(a: Node, order = 0): Node {
  return build(sigmoidDerivative.op, [a], { order })
}
export const sigmoidOp = sigmoidDerivative.op

/** log(1 + eᵃ): smooth, although computed through a maximum that keeps it from overflowing. */
export const softplus = elementwise({
  name: 'softplus',
  formula: 'log(1 + eᵃ)',
  value: (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))),
  partials: [([a]) => sigmoid(a)],
  lower: ([a]) => add(maximum(a, fill(a.graph, 0, [])), log1p(exp(scale(abs(a), -1)))),
  samples: [[0.7, -1.2, 0.3, 25, -40]],
})

const siluDerivative = elementwise({
  name: 'silu',
  formula: 'a / (1 + e⁻ᵃ), differentiated `order` times',
  value: (a) => a * logistic(a),
  valueFor: (attributes) => {
    const order = orderOf(attributes)
    const here = derivativePolynomial(order, logisticSlope)
    const before = order > 0 ? derivativePolynomial(order - 1, logisticSlope) : []
    return (x) => x * polynomialValue(here, logistic(x)) + (order > 0 ? order * polynomialValue(before, logistic(x)) : 0)
  },
  partials: [([a], _, attributes) => silu(a, orderOf(attributes) + 1)],
  // With s the logistic function, h = a·s and u = 1 − s:
  //   h′ = s + h·u,   h″ = u·(2h′ − h),   h‴ = u·(3(h″ − h′) + h).
  lower: ([a], type, attributes) => {
    const order = orderOf(attributes)
    const s = sigmoid(a)
    if (order === 0) return type === 'float64' ? divide(a, add(exp(scale(a, -1)), one(a))) : mul(a, s)
    const h = silu(a)
    const u = subtract(one(a), s)
    if (order === 1) return add(s, mul(h, u))
    if (order === 2) return mul(u, subtract(scale(silu(a, 1), 2), h))
    if (order === 3) return mul(u, add(scale(subtract(silu(a, 2), silu(a, 1)), 3), h))
    return add(mul(a, sigmoid(a, order)), scale(sigmoid(a, order - 1), order))
  },
  samples,
  sampleAttributes: [...orders, { order: 4 }],
})

/** a/(1 + e⁻ᵃ), the activation of neural energies by default. */
export function silu(a: Node, order = 0): Node {
  return build(siluDerivative.op, [a], { order })
}
export const siluOp = siluDerivative.op
