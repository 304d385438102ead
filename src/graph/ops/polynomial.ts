// Derivatives of functions that satisfy f′ = D(f) for a polynomial D: all of them are polynomials in f.
import type { Node } from '../node.ts'
import { add, mul } from './arithmetic.ts'
import { fill } from './linear.ts'

/**
 * Coefficients (ascending) of the polynomial P_k with f⁽ᵏ⁾ = P_k(f), given f′ = D(f): P₀ = f, P_{k+1} = P_k′·D.
 * The logistic function has D = f − f², tanh has D = 1 − f².
 */
export function derivativePolynomial(order: number, slope: readonly number[]): number[] {
  let coefficients = [0, 1]
  for (let k = 0; k < order; k++) {
    const next = new Array<number>(coefficients.length - 1 + slope.length - 1).fill(0)
    for (let i = 1; i < coefficients.length; i++) {
      slope.forEach((factor, j) => { next[i - 1 + j] += i * coefficients[i] * factor })
    }
    coefficients = next
  }
  return coefficients
}

/** Value of a polynomial, coefficients ascending. */
export function polynomialValue(coefficients: readonly number[], x: number): number {
  return coefficients.reduceRight((total, coefficient) => total * x + coefficient, 0)
}

/** The same as a node. */
export function polynomial(coefficients: readonly number[], x: Node): Node {
  const last = coefficients.length - 1
  let total = fill(x.graph, coefficients[last], [])
  for (let k = last - 1; k >= 0; k--) total = add(mul(total, x), fill(x.graph, coefficients[k], []))
  return total
}
