// The error function, the normal distribution and its logarithm, the logarithm of the gamma function and its derivatives.
//
// Everything normal rests on one polynomial, fitted by scripts/coefficients.py on the whole half line: the excess
//   δ(s) = φ(s)/Φ(−s) − s,   s ≥ 0
// of the inverse Mills ratio over its argument. It is positive, of order 1/s, and Φ(−s) = φ(s)/(s + δ(s)), so that
// neither a tail nor its logarithm nor the first two derivatives of the latter are differences of nearly equal numbers.
import { build } from '../node.ts'
import type { Attributes, ElementType, Node } from '../node.ts'
import { nodes, numbers } from './algebra.ts'
import type { Algebra } from './algebra.ts'
import { elementwise, mul, square, subtract } from './arithmetic.ts'
import { erfSmall, logGammaLarge, logGammaMiddle, millsExcess } from './coefficients.ts'
import type { ElementwiseOp } from './elementwise.ts'
import { exp } from './exponential.ts'
import { fill, scale } from './linear.ts'

const samples = [[0.7, -1.2, 0.3, 2.5, -3.4]]
const halfLogTwoPi = Math.log(2 * Math.PI) / 2
/** exp(−½·40²) is zero in float64: arguments past this change nothing and are brought back to it. */
const farthest = 40

// ---- formulas, for numbers and for nodes -------------------------------------------------------------------------

/** δ(s) for s ≥ 0. */
function excessAbove<T>(k: Algebra<T>, s: T): T {
  const u = k.subtract(1, k.divide(8, k.add(s, 4)))
  return k.divide(k.polynomial(millsExcess, u), k.add(s, 1.25))
}

/**
 * exp(−rate·s²) for 0 ≤ s ≤ 40, rate ½ or 1. The rounding of s² alone would cost a relative error of s² units in the last
 * place: so the square of the leading bits, which is exact, and the small rest are taken apart.
 */
function decay<T>(k: Algebra<T>, s: T, rate: number): T {
  const leading = k.leadingBits(s)
  const rest = k.multiply(k.subtract(s, leading), k.add(s, leading))
  return k.multiply(k.exp(k.multiply(k.square(leading), -rate)), k.exp(k.multiply(rest, -rate)))
}

/** erfc(t) for t ≥ 0: 2Φ(−√2·t), with the exponential taken of t itself. */
function errorTail<T>(k: Algebra<T>, t: T): T {
  const bounded = k.minimum(t, farthest)
  const s = k.multiply(bounded, Math.SQRT2)
  return k.divide(k.multiply(decay(k, bounded, 1), Math.sqrt(2 / Math.PI)), k.add(s, excessAbove(k, s)))
}

function erfFormula<T>(k: Algebra<T>, a: T): T {
  const t = k.abs(a)
  const near = k.multiply(a, k.polynomial(erfSmall, k.minimum(k.square(a), 1)))
  const tail = errorTail(k, t)
  return k.where(t, 1, near, k.where(a, 0, k.subtract(tail, 1), k.subtract(1, tail)))
}

function erfcFormula<T>(k: Algebra<T>, a: T): T {
  const tail = errorTail(k, k.abs(a))
  return k.where(a, 0, k.subtract(2, tail), tail)
}

/** Φ(−s), φ(s) for s = |a|, zero where they underflow. */
function tails<T>(k: Algebra<T>, a: T): { tail: T; density: T } {
  const s = k.abs(a)
  const density = k.multiply(decay(k, k.minimum(s, farthest), 0.5), 1 / Math.sqrt(2 * Math.PI))
  return { tail: k.divide(density, k.add(s, excessAbove(k, s))), density }
}

function normalFormula<T>(k: Algebra<T>, a: T): T {
  const { tail } = tails(k, a)
  return k.where(a, 0, tail, k.subtract(1, tail))
}

function logNormalFormula<T>(k: Algebra<T>, a: T): T {
  const s = k.abs(a)
  const logTail = k.subtract(k.subtract(k.multiply(k.square(s), -0.5), k.log(k.add(s, excessAbove(k, s)))), halfLogTwoPi)
  return k.where(a, 0, logTail, k.log1p(k.subtract(0, tails(k, a).tail)))
}

/** φ(a)/Φ(a) for a ≥ 0. */
function ratioAbove<T>(k: Algebra<T>, a: T): T {
  const { tail, density } = tails(k, a)
  return k.divide(density, k.subtract(1, tail))
}

function ratioFormula<T>(k: Algebra<T>, a: T): T {
  const s = k.abs(a)
  return k.where(a, 0, k.add(s, excessAbove(k, s)), ratioAbove(k, a))
}

function excessFormula<T>(k: Algebra<T>, a: T): T {
  return k.where(a, 0, excessAbove(k, k.abs(a)), k.add(a, ratioAbove(k, a)))
}

/** log Γ(a): by one polynomial from 3/4 to 6, by Stirling's series above, by Γ(a) = Γ(a + 1)/a below; no number for a < 0. */
function logGammaFormula<T>(k: Algebra<T>, a: T): T {
  const logarithm = k.log(a)
  // The zeros at 1 and 2 are factors: near them, and near 0, no digit of the distance to them is lost.
  const fromOne = k.where(a, 0.75, a, k.subtract(a, 1))
  const v = k.divide(k.subtract(fromOne, 1.125), k.add(fromOne, 3.125))
  const middle = k.multiply(k.multiply(fromOne, k.subtract(fromOne, 1)), k.polynomial(logGammaMiddle, v))
  const inverse = k.divide(1, a)
  const series = k.multiply(inverse, k.polynomial(logGammaLarge, k.square(inverse)))
  const stirling = k.add(k.multiply(k.subtract(a, 0.5), k.subtract(logarithm, 1)), k.add(series, halfLogTwoPi - 0.5))
  return k.where(a, 0.75, k.subtract(middle, logarithm), k.where(a, 6, middle, stirling))
}

/** Bernoulli numbers B₂, B₄, …, B₂₂. */
const bernoulli = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330, 854513 / 138]

const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1))

/** The coefficients B₂ₖ·(2k + n − 1)!/(2k)! of y^(−2k) in the asymptotic series of yⁿ·|ψ⁽ⁿ⁾(y)|. */
const asymptotic = (n: number): number[] => bernoulli.map((value, index) => {
  let product = value
  for (let i = 2 * index + 3; i < 2 * index + 2 + n; i++) product *= i
  // (2k − 1)!/(2k)! for n = 0
  return n === 0 ? value / (2 * index + 2) : product
})

/** The least y from which the asymptotic series, broken off after B₂₂, is exact to float64: its last term tells. */
function asymptoticFrom(n: number): number {
  const last = Math.abs(asymptotic(n)[bernoulli.length - 1])
  const leading = factorial(Math.max(0, n - 1))
  let y = 8
  while (last / y ** (2 * bernoulli.length) > 1e-17 * leading) y++
  return y
}

/**
 * ψ⁽ⁿ⁾(a), the n-th derivative of digamma, for a > 0: moved by the recurrence to y = a + m, where the asymptotic series
 * (Abramowitz & Stegun 6.4.11) is exact. For n ≥ 1 all large terms have one sign.
 */
function polygammaFormula<T>(k: Algebra<T>, a: T, n: number): T {
  const shift = asymptoticFrom(n)
  const powerOf = (base: T, exponent: number): T => Array.from({ length: exponent - 1 }).reduce<T>((total) => k.multiply(total, base), base)
  let moved = powerOf(k.divide(1, a), n + 1)
  for (let j = 1; j < shift; j++) moved = k.add(moved, powerOf(k.divide(1, k.add(a, j)), n + 1))
  const y = k.add(a, shift)
  const inverse = k.divide(1, y)
  const z = k.square(inverse)
  const series = k.multiply(z, k.polynomial(asymptotic(n), z))
  const half = k.multiply(inverse, factorial(n) / 2)
  let result: T
  if (n === 0) result = k.subtract(k.subtract(k.log(y), k.add(half, series)), moved)
  else {
    const size = k.add(k.multiply(powerOf(inverse, n), k.add(k.add(half, series), factorial(n - 1))), k.multiply(moved, factorial(n)))
    result = n % 2 === 1 ? size : k.multiply(size, -1)
  }
  return k.where(0, a, result, Number.NaN)
}

// ---- the ops -----------------------------------------------------------------------------------------------------

/** An op of one input whose value and lowering are the same formula. */
const special = (name: string, text: string, formula: <T>(k: Algebra<T>, a: T) => T, partial: (a: Node, output: Node) => Node): ElementwiseOp<[Node]> => elementwise({
  name,
  formula: text,
  value: (a) => formula(numbers, a),
  partials: [([a], output) => partial(a, output)],
  lower: ([a], type) => formula(nodes(a, type), a),
  samples,
})

/** c·exp(−rate·a²) */
const bell = (a: Node, c: number, rate: number): Node => scale(exp(scale(square(a), -rate)), c)

export const erf = special('erf', '2/√π · ∫₀ᵃ exp(−t²) dt', erfFormula, (a) => bell(a, 2 / Math.sqrt(Math.PI), 1))

/** 1 − erf a, to full relative accuracy until it underflows near a = 26.5 (9.2 in float32). */
export const erfc = special('erfc', '1 − erf a', erfcFormula, (a) => bell(a, -2 / Math.sqrt(Math.PI), 1))

/** The distribution function Φ of the standard normal. */
export const normalCdf = special('normalCdf', 'Φ(a) = P(N(0, 1) ≤ a)', normalFormula, (a) => bell(a, 1 / Math.sqrt(2 * Math.PI), 0.5))

/** log Φ(a); where Φ underflows it goes on as −½a² − log(|a|√(2π)) − …. */
export const logNormalCdf = special('logNormalCdf', 'log Φ(a)', logNormalFormula, (a) => inverseMillsRatio(a))

/** (log Φ)′ = φ(a)/Φ(a), which tends to −a for a → −∞ and to 0 for a → ∞. */
export const inverseMillsRatio: ElementwiseOp<[Node]> = special('inverseMillsRatio', 'φ(a)/Φ(a)', ratioFormula,
  (a, output) => scale(mul(output, inverseMillsExcess(a)), -1))

/** a + φ(a)/Φ(a), of order 1/|a| for a → −∞: with it (log Φ)″ = −(φ/Φ)·(a + φ/Φ) is free of cancellation. */
export const inverseMillsExcess: ElementwiseOp<[Node]> = special('inverseMillsExcess', 'a + φ(a)/Φ(a)', excessFormula,
  (a, output) => subtract(fill(a.graph, 1, []), mul(inverseMillsRatio(a), output)))

const orderOf = (attributes: Attributes): number => (attributes.order as number | undefined) ?? 0
const gammaFormula = <T>(k: Algebra<T>, a: T, order: number): T => (order === 0 ? logGammaFormula(k, a) : polygammaFormula(k, a, order - 1))

const logGammaDerivative = elementwise({
  name: 'logGamma',
  formula: 'log Γ(a), differentiated `order` times',
  value: (a) => gammaFormula(numbers, a, 0),
  valueFor: (attributes) => (a) => gammaFormula(numbers, a, orderOf(attributes)),
  partials: [([a], _, attributes) => logGamma(a, orderOf(attributes) + 1)],
  lower: ([a], type: ElementType, attributes) => gammaFormula(nodes(a, type), a, orderOf(attributes)),
  samples: [[0.3, 0.8, 1.7, 4.2, 12.5]],
  sampleAttributes: [{ order: 0 }, { order: 1 }, { order: 2 }, { order: 3 }],
})

/** The `order`-th derivative of log Γ(a), a > 0: 1 is digamma, 2 trigamma. No number for a < 0. */
export function logGamma(a: Node, order = 0): Node {
  return build(logGammaDerivative.op, [a], { order })
}
export const logGammaOp = logGammaDerivative.op

/** log Γ of a number > 0. */
export const logGammaOf = (a: number): number => gammaFormula(numbers, a, 0)

/** The derivative of log Γ. */
export const digamma = (a: Node): Node => logGamma(a, 1)
