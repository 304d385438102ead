// Formulas written once for plain numbers and for graph nodes: what an op's value computes is then what it is lowered to.
import type { ElementType, Node } from '../node.ts'
import { add, divide, logarithm, mul, square, subtract } from './arithmetic.ts'
import { exp, log1p, rounded } from './exponential.ts'
import { fill } from './linear.ts'
import { abs, minimum, selectLess } from './piecewise.ts'
import { polynomial, polynomialValue } from './polynomial.ts'

/** The operations formulas are made of, on numbers or on nodes; a literal number may stand for any operand. */
export interface Algebra<T> {
  add(a: T | number, b: T | number): T
  subtract(a: T | number, b: T | number): T
  multiply(a: T | number, b: T | number): T
  divide(a: T | number, b: T | number): T
  square(a: T): T
  abs(a: T): T
  exp(a: T): T
  log(a: T): T
  log1p(a: T): T
  minimum(a: T, b: number): T
  /** p where a < b, q elsewhere (also where a or b is not a number). */
  where(a: T | number, b: T | number, p: T | number, q: T | number): T
  /** Value of a polynomial, coefficients ascending. */
  polynomial(coefficients: readonly number[], a: T): T
  /** The few leading bits of a, for 0 ≤ a ≤ 40, such that their square is exact wherever exp(−½ a²) is not zero. */
  leadingBits(a: T): T
}

/** Adding and taking away 1.5·2ᵐ leaves the nearest multiple of 2^(m − (bits − 1)), `bits` those of the significand. */
const roundingShift = {
  // Multiples of 2⁻¹⁶ below 2⁶: 22 bits, whose square fits in 53.
  float64: 1.5 * 2 ** 36,
  // Multiples of 2⁻⁸; below 2⁴ that is 12 bits, whose square fits in 24, and exp(−½·16²) is below the smallest float32.
  float32: 1.5 * 2 ** 15,
} as const

/** float64 numbers. */
export const numbers: Algebra<number> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  square: (a) => a * a,
  abs: Math.abs,
  exp: Math.exp,
  log: Math.log,
  log1p: Math.log1p,
  minimum: Math.min,
  where: (a, b, p, q) => (a < b ? p : q),
  polynomial: polynomialValue,
  leadingBits: (a) => a + roundingShift.float64 - roundingShift.float64,
}

/** Nodes of the graph that `sample` belongs to, to be computed in the given element type. */
export function nodes(sample: Node, type: ElementType): Algebra<Node> {
  const node = (operand: Node | number): Node => (typeof operand === 'number' ? fill(sample.graph, operand, []) : operand)
  return {
    add: (a, b) => add(node(a), node(b)),
    subtract: (a, b) => subtract(node(a), node(b)),
    multiply: (a, b) => mul(node(a), node(b)),
    divide: (a, b) => divide(node(a), node(b)),
    square,
    abs,
    exp,
    log: logarithm,
    log1p,
    minimum: (a, b) => minimum(a, node(b)),
    where: (a, b, p, q) => selectLess(node(a), node(b), node(p), node(q)),
    polynomial: (coefficients, a) => polynomial(coefficients, a),
    // `rounded` keeps the simplifier from cancelling the shift.
    leadingBits: (a) => rounded(add(a, node(roundingShift[type])), node(roundingShift[type])),
  }
}
