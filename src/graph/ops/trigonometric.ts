// Trigonometric functions, their inverses, and the hyperbolic sine, cosine and inverse sine.
//
// Runtimes compute sine, cosine, square roots and tanh in both precisions; the rest is composed from those so that the
// relative error stays at a few units in the last place on the whole domain.
import type { Node } from '../node.ts'
import { add, divide, elementwise, logarithm, mul, power, reciprocal, sqrt, square, subtract } from './arithmetic.ts'
import { atanSmall } from './coefficients.ts'
import type { ElementwiseOp } from './elementwise.ts'
import { exp, log1p } from './exponential.ts'
import { tanh } from './hyperbolic.ts'
import { fill, scale } from './linear.ts'
import { abs, maximum, minimum, selectLess } from './piecewise.ts'
import { polynomial } from './polynomial.ts'

const number = (like: Node, value: number): Node => fill(like.graph, value, [])
const samples = [[0.7, -1.2, 0.3, 2.5, -3.4]]
const insideOne = [[0.7, -0.95, 0.3, 0.02, -0.4]]
/** √(1 − a²), without the rounding of a² where it is near 1. */
const complement = (a: Node): Node => sqrt(mul(subtract(number(a, 1), a), add(number(a, 1), a)))

export const sin: ElementwiseOp<[Node]> = elementwise({
  name: 'sin',
  formula: 'sin a',
  value: Math.sin,
  partials: [([a]) => cos(a)],
  onnx: 'Sin',
  samples,
})

export const cos: ElementwiseOp<[Node]> = elementwise({
  name: 'cos',
  formula: 'cos a',
  value: Math.cos,
  partials: [([a]) => scale(sin(a), -1)],
  onnx: 'Cos',
  samples,
})

export const tan: ElementwiseOp<[Node]> = elementwise({
  name: 'tan',
  formula: 'sin a / cos a',
  value: Math.tan,
  partials: [([a], output) => add(square(output), number(a, 1))],
  lower: ([a]) => divide(sin(a), cos(a)),
  samples,
})

/** t with 2·atan t = atan a: |t| ≤ 1 for every a, ≤ tan(π/8) for |a| ≤ 1. */
const halfAngle = (a: Node): Node => divide(a, add(number(a, 1), sqrt(add(number(a, 1), square(a)))))

export const atan: ElementwiseOp<[Node]> = elementwise({
  name: 'atan',
  formula: 'the angle in (−π/2, π/2) whose tangent is a',
  value: Math.atan,
  partials: [([a]) => reciprocal(add(square(a), number(a, 1)))],
  // Halving the angle twice leaves |w| ≤ tan(π/8), where twelve terms are enough. Beyond ±10¹⁸ the angle is ±π/2 to the
  // last bit, and the square of 10¹⁸ is still a float32.
  lower: ([a]) => {
    const w = halfAngle(halfAngle(maximum(minimum(a, number(a, 1e18)), number(a, -1e18))))
    return scale(mul(w, polynomial(atanSmall, square(w))), 4)
  },
  samples,
})

export const asin: ElementwiseOp<[Node]> = elementwise({
  name: 'asin',
  formula: 'the angle in [−π/2, π/2] whose sine is a',
  value: Math.asin,
  partials: [([a]) => reciprocal(complement(a))],
  // At ±1 this is the arc tangent of ±∞; beyond, the square root of a negative number: no number.
  lower: ([a]) => atan(divide(a, complement(a))),
  samples: insideOne,
})

export const acos: ElementwiseOp<[Node]> = elementwise({
  name: 'acos',
  formula: 'the angle in [0, π] whose cosine is a',
  value: Math.acos,
  partials: [([a]) => scale(reciprocal(complement(a)), -1)],
  // By the half angle, tan²(y/2) = (1 − cos y)/(1 + cos y): exact near a = 1, where the angle vanishes.
  lower: ([a]) => scale(atan(sqrt(divide(subtract(number(a, 1), a), add(number(a, 1), a)))), 2),
  samples: insideOne,
})

export const cosh: ElementwiseOp<[Node]> = elementwise({
  name: 'cosh',
  formula: '(eᵃ + e⁻ᵃ) / 2',
  value: Math.cosh,
  partials: [([a]) => sinh(a)],
  // Overflows where eᵃ does, log 2 before its half would: past 709 (88 in float32).
  lower: ([a]) => scale(add(exp(a), exp(scale(a, -1))), 0.5),
  samples,
})

export const sinh: ElementwiseOp<[Node]> = elementwise({
  name: 'sinh',
  formula: '(eᵃ − e⁻ᵃ) / 2',
  value: Math.sinh,
  partials: [([a]) => cosh(a)],
  // No difference of exponentials: nothing cancels near zero.
  lower: ([a]) => mul(tanh(a), cosh(a)),
  samples,
})

/** From here on, √(1 + a²) is |a| to the last bit of float64. */
const largeForAsinh = 2 ** 27

export const asinh: ElementwiseOp<[Node]> = elementwise({
  name: 'asinh',
  formula: 'log(a + √(a² + 1))',
  value: Math.asinh,
  partials: [([a]) => power(add(square(a), number(a, 1)), -0.5)],
  // With t = |a|: log1p(t + t²/(1 + √(1 + t²))) keeps every digit near zero, log t + log 2 does not overflow.
  lower: ([a]) => {
    const t = abs(a)
    const near = log1p(add(t, mul(t, halfAngle(t))))
    const far = add(logarithm(t), number(a, Math.LN2))
    const size = selectLess(t, number(a, largeForAsinh), near, far)
    return selectLess(a, number(a, 0), scale(size, -1), size)
  },
  samples: [[0.7, -1.2, 1e-9, 2.5, -340]],
})
