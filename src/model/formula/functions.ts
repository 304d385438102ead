// The functions a formula can call: what they compute, how they are typeset, and whether they have kinks.
import {
  abs, acos, asin, asinh, atan, cos, cosh, digamma, dot, erf, erfc, exp, expm1, log, log1p, logGamma, logNormalCdf, logSumExp, maximum, mean, minimum, normalCdf,
  quadraticForm, relu, sigmoid, silu, sin, sinh, softplus, sqrt, tan, tanh,
} from '../expression.ts'
import type { Expression } from '../expression.ts'

export interface FormulaFunction {
  /** How it is written, its name first. */
  readonly usage: string
  /** Numbers of operands it takes. */
  readonly operands: readonly number[]
  /** Its value; `sum` over an index has none here, because its body is no value. */
  readonly apply: (...operands: Expression[]) => Expression
  /** TeX from that of its operands, which are in brackets where they must be. */
  readonly tex: (...operands: string[]) => string
  /** The operand that may be a parameter that occurs nowhere else: a vector or a symmetric matrix that fits the other operand. */
  readonly shapes?: 'vector' | 'symmetric'
  /** False for kinks and jumps. */
  readonly isSmooth: boolean
}

const brackets = (tex: string): string => String.raw`\left(${tex}\right)`
const named = (name: string) => (...operands: string[]): string => `${name}${brackets(operands.join(', '))}`
const operatorName = (name: string) => named(String.raw`\operatorname{${name}}`)

const unary = (usage: string, apply: (a: Expression) => Expression, tex: (operand: string) => string, isSmooth = true): FormulaFunction => ({ usage, operands: [1], apply, tex, isSmooth })

/** Those of the library's expressions, under the same names. */
const list: readonly FormulaFunction[] = [
  unary('exp(a)', exp, named(String.raw`\exp`)),
  unary('log(a)', log, named(String.raw`\log`)),
  unary('log1p(a) = log(1 + a)', log1p, (a) => String.raw`\log${brackets(`1 + ${a}`)}`),
  unary('expm1(a) = exp(a) − 1', expm1, (a) => brackets(String.raw`e^{${a}} - 1`)),
  unary('sqrt(a)', sqrt, (a) => String.raw`\sqrt{${a}}`),
  unary('tanh(a)', tanh, named(String.raw`\tanh`)),
  unary('sigmoid(a) = 1/(1 + exp(−a))', sigmoid, operatorName('sigmoid')),
  unary('softplus(a) = log(1 + exp(a))', softplus, operatorName('softplus')),
  unary('silu(a) = a·sigmoid(a)', silu, operatorName('silu')),
  unary('sin(a)', sin, named(String.raw`\sin`)),
  unary('cos(a)', cos, named(String.raw`\cos`)),
  unary('tan(a)', tan, named(String.raw`\tan`)),
  unary('asin(a)', asin, named(String.raw`\arcsin`)),
  unary('acos(a)', acos, named(String.raw`\arccos`)),
  unary('atan(a)', atan, named(String.raw`\arctan`)),
  unary('sinh(a)', sinh, named(String.raw`\sinh`)),
  unary('cosh(a)', cosh, named(String.raw`\cosh`)),
  unary('asinh(a)', asinh, operatorName('arsinh')),
  unary('erf(a)', erf, operatorName('erf')),
  unary('erfc(a) = 1 − erf(a)', erfc, operatorName('erfc')),
  unary('normalCdf(a), the distribution function Φ of the standard normal', normalCdf, named(String.raw`\Phi`)),
  unary('logNormalCdf(a) = log Φ(a)', logNormalCdf, named(String.raw`\log\Phi`)),
  unary('logGamma(a), log Γ(a) for a > 0', logGamma, named(String.raw`\log\Gamma`)),
  unary('digamma(a), the derivative of log Γ(a)', digamma, named(String.raw`\psi`)),
  unary('logSumExp(v), the logarithm of the sum of the exponentials of a vector', logSumExp, operatorName('logsumexp')),
  unary('mean(v), of the elements of a vector', (v) => mean(v), operatorName('mean')),
  { usage: 'sum(v) of a vector, sum(i, a) over all columns i, or sum(i, from, to, a)', operands: [1, 2, 4], apply: (v) => v.sum(), tex: (v) => String.raw`\textstyle\sum ${v}`, isSmooth: true },
  { usage: 'dot(v, w), the inner product of two vectors', operands: [2], apply: dot, tex: (v, w) => String.raw`${v}^\top ${w}`, shapes: 'vector', isSmooth: true },
  { usage: 'quadratic(K, v) = vᵀKv with a symmetric matrix of parameters K', operands: [2], apply: quadraticForm, tex: (matrix, v) => String.raw`${v}^\top ${matrix}\, ${v}`, shapes: 'symmetric', isSmooth: true },
  unary('abs(a)', abs, (a) => String.raw`\left|${a}\right|`, false),
  unary('relu(a) = max(a, 0)', relu, (a) => String.raw`\max${brackets(`${a}, 0`)}`, false),
  { usage: 'min(a, b)', operands: [2], apply: minimum, tex: named(String.raw`\min`), isSmooth: false },
  { usage: 'max(a, b)', operands: [2], apply: maximum, tex: named(String.raw`\max`), isSmooth: false },
]

/** Functions by name. */
export const formulaFunctions: Readonly<Record<string, FormulaFunction>> = Object.fromEntries(list.map((record) => [record.usage.slice(0, record.usage.indexOf('(')), record]))

/** What other programs call them. */
export const meantByOthers: Readonly<Record<string, string>> = {
  ln: 'log(a)', log10: 'log(a)/log(10)', log2: 'log(a)/log(2)', pow: 'a^b', square: 'a^2', lgamma: 'logGamma(a)', gammaln: 'logGamma(a)', pnorm: 'normalCdf(a)',
  arcsin: 'asin(a)', arccos: 'acos(a)', arctan: 'atan(a)', norm: 'sqrt(sum(v^2))', logistic: 'sigmoid(a)', expit: 'sigmoid(a)', inner: 'dot(v, w)',
}
