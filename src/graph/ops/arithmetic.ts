// Sums, products, quotients and powers, element by element with broadcasting.
import { build, sameShape, sizeOf } from '../node.ts'
import type { Node, Shape } from '../node.ts'
import { declareElementwise } from './elementwise.ts'
import type { ElementwiseDeclaration, ElementwiseOp } from './elementwise.ts'
import { contractAxes } from './contract.ts'
import { coefficient, expand, fill, reshape, scale, splat, sum } from './linear.ts'
import { singlesOf } from './rearrange.ts'

/** Declares an elementwise op and gives it as a function of nodes. */
export function elementwise<Inputs extends readonly Node[] = [Node]>(declaration: ElementwiseDeclaration): ElementwiseOp<Inputs> {
  const op = declareElementwise(declaration, (a, b) => mul(a, b))
  return Object.assign((...inputs: Inputs) => build(op, inputs), { op })
}

const one = (node: Node): Node => fill(node.graph, 1, [])
/** x in the shape that broadcasting gives it. */
const as = (x: Node, shape: Shape): Node => expand(x, shape)

const left = [0.7, -1.2, 0.3, 2.5, -0.4]
const right = [1.4, 0.8, -2.1, 0.6, -0.9]

export const add: ElementwiseOp<[Node, Node]> = elementwise<[Node, Node]>({
  name: 'add',
  formula: 'a + b',
  value: (a, b) => a + b,
  partials: [([a]) => one(a), ([a]) => one(a)],
  simplify: ([a, b], shape) => {
    if (splat(a) === 0) return as(b, shape)
    if (splat(b) === 0) return as(a, shape)
    const [ca, ra] = coefficient(a)
    const [cb, rb] = coefficient(b)
    if (ra === rb) return scale(ra, ca + cb)
    if (ca === cb && ca !== 1) return scale(add(ra, rb), ca)
    if (cb < 0) return subtract(a, scale(rb, -cb))
    if (ca < 0) return subtract(b, scale(ra, -ca))
    if (a.id > b.id) return build(add.op, [b, a])
    return undefined
  },
  sumOver: (node, axes) => sumOfTerms(node, axes, add),
  onnx: 'Add',
  samples: [left, right],
})

export const subtract: ElementwiseOp<[Node, Node]> = elementwise<[Node, Node]>({
  name: 'subtract',
  formula: 'a − b',
  value: (a, b) => a - b,
  partials: [([a]) => one(a), ([a]) => fill(a.graph, -1, [])],
  simplify: ([a, b], shape) => {
    if (splat(b) === 0) return as(a, shape)
    if (splat(a) === 0) return as(scale(b, -1), shape)
    const [ca, ra] = coefficient(a)
    const [cb, rb] = coefficient(b)
    if (ra === rb) return scale(ra, ca - cb)
    if (ca === cb && ca !== 1) return scale(subtract(ra, rb), ca)
    if (cb < 0) return add(a, scale(rb, -cb))
    return undefined
  },
  sumOver: (node, axes) => sumOfTerms(node, axes, subtract),
  onnx: 'Sub',
  samples: [left, right],
})

export const mul: ElementwiseOp<[Node, Node]> = elementwise<[Node, Node]>({
  name: 'multiply',
  formula: 'a · b',
  value: (a, b) => a * b,
  partials: [([, b]) => b, ([a]) => a],
  simplify: ([a, b], shape) => {
    const sa = splat(a)
    const sb = splat(b)
    if (sa !== undefined) return as(scale(b, sa), shape)
    if (sb !== undefined) return as(scale(a, sb), shape)
    const [ca, ra] = coefficient(a)
    const [cb, rb] = coefficient(b)
    if (ca * cb !== 1) return scale(mul(ra, rb), ca * cb)
    if (ra !== a || rb !== b) return mul(ra, rb)
    if (a === b) return square(a)
    const [p, q] = [repeatedFactor(a, b), repeatedFactor(b, a)]
    if (p) return mul(p, square(b))
    if (q) return mul(q, square(a))
    if (a.id > b.id) return build(mul.op, [b, a])
    return undefined
  },
  sumOver: (node, axes) => {
    const [a, b] = node.inputs
    return factorOut(node, a, b, axes) ?? factorOut(node, b, a, axes) ?? asContraction(node, a, b, axes) ?? asContraction(node, b, a, axes)
  },
  onnx: 'Mul',
  samples: [left, right],
})

/** The c of a = c·b: a square of b then lets a sum over what c does not depend on be taken first. */
function repeatedFactor(a: Node, b: Node): Node | undefined {
  if (a.op !== mul.op) return undefined
  if (a.inputs[0] === b) return a.inputs[1]
  return a.inputs[1] === b ? a.inputs[0] : undefined
}

/** Σ(a ± b) term by term when both need broadcasting anyway or a term is constant along the summed axes. */
function sumOfTerms(node: Node, axes: readonly number[], combine: ElementwiseOp<[Node, Node]>): Node | undefined {
  const [a, b] = node.inputs
  if (sameShape(a.shape, b.shape)) return undefined
  if (axes.some((axis) => node.shape[axis] < 0)) return undefined
  return combine(sum(expand(a, node.shape), axes), sum(expand(b, node.shape), axes))
}

/** Σ a·b = a·Σb when a is constant along all summed axes: the product is then taken on fewer elements. */
function factorOut(node: Node, a: Node, b: Node, axes: readonly number[]): Node | undefined {
  const length = (x: Node, axis: number): number => x.shape[axis - (node.shape.length - x.shape.length)] ?? 1
  if (!axes.every((axis) => length(a, axis) === 1)) return undefined
  if (axes.some((axis) => length(b, axis) !== node.shape[axis])) return undefined
  const full = reshape(a, [...new Array<number>(node.shape.length - a.shape.length).fill(1), ...a.shape])
  const kept = reshape(full, full.shape.filter((_, axis) => !axes.includes(axis)))
  const wide = b.shape.length === node.shape.length ? b : reshape(b, [...new Array<number>(node.shape.length - b.shape.length).fill(1), ...b.shape])
  return mul(kept, sum(wide, axes))
}

/** Σₖ a[…,k]·b[k] over trailing axes is a matrix product: one pass instead of two. */
function asContraction(node: Node, a: Node, b: Node, axes: readonly number[]): Node | undefined {
  if (!sameShape(a.shape, node.shape) || b.shape.length !== axes.length || b.shape.length === a.shape.length) return undefined
  const trailing = axes.every((axis, k) => axis === a.shape.length - axes.length + k)
  if (!trailing || b.shape.some((length, axis) => length === 1 && a.shape[axes[axis]] !== 1)) return undefined
  return contractAxes(a, b, axes, axes.map((_, k) => k))
}

export const square: ElementwiseOp<[Node]> = elementwise({
  name: 'square',
  formula: 'a²',
  value: (a) => a * a,
  partials: [([a]) => scale(a, 2)],
  simplify: ([a]) => {
    const [factor, rest] = coefficient(a)
    return factor === 1 ? undefined : scale(square(rest), factor * factor)
  },
  onnx: (emitter, _, [a]) => emitter.emit('Mul', [a, a]),
  samples: [left],
})

export const reciprocal: ElementwiseOp<[Node]> = elementwise({
  name: 'reciprocal',
  formula: '1 / a',
  value: (a) => 1 / a,
  partials: [(_, output) => scale(square(output), -1)],
  simplify: ([a]) => {
    const [factor, rest] = coefficient(a)
    return factor === 1 ? undefined : scale(reciprocal(rest), 1 / factor)
  },
  onnx: 'Reciprocal',
  samples: [left],
})

export const divide: ElementwiseOp<[Node, Node]> = elementwise<[Node, Node]>({
  name: 'divide',
  formula: 'a / b',
  value: (a, b) => a / b,
  partials: [([, b]) => reciprocal(b), ([, b], output) => scale(divide(output, b), -1)],
  simplify: ([a, b], shape) => {
    const by = splat(b)
    if (by !== undefined && by !== 0) return as(scale(a, 1 / by), shape)
    if (splat(a) === 1 && sizeOf(a.shape) === 1) return as(reciprocal(b), shape)
    if (splat(a) === 0) return fill(a.graph, 0, shape)
    const [ca, ra] = coefficient(a)
    const [cb, rb] = coefficient(b)
    if (ca !== 1 || cb !== 1) return scale(divide(ra, rb), ca / cb)
    return undefined
  },
  onnx: 'Div',
  samples: [left, right],
})

export const sqrt: ElementwiseOp<[Node]> = elementwise({
  name: 'sqrt',
  formula: '√a',
  value: Math.sqrt,
  partials: [(_, output) => scale(reciprocal(output), 0.5)],
  onnx: 'Sqrt',
  samples: [[0.7, 1.2, 0.3, 2.5, 4.1]],
})

/** a to a power that may itself vary; a must then be positive. For fixed integer powers use `power`. */
export const pow: ElementwiseOp<[Node, Node]> = elementwise<[Node, Node]>({
  name: 'pow',
  formula: 'aᵇ',
  value: (a, b) => a ** b,
  partials: [
    ([a, b]) => mul(b, pow(a, subtract(b, one(b)))),
    // aᵇ·log a, with log a as the op below computes it; a zero base makes it undefined, as it should be.
    ([a], output) => mul(output, logarithm(a)),
  ],
  simplify: ([a, b], shape) => {
    const exponent = splat(b)
    return exponent !== undefined ? as(power(a, exponent), shape) : undefined
  },
  onnx: 'Pow',
  samples: [[0.7, 1.2, 0.3, 2.5, 1.4], right],
})

/** The natural logarithm; lives here because powers need it, and is exported from the exponential family. */
export const logarithm: ElementwiseOp<[Node]> = elementwise({
  name: 'log',
  formula: 'log a',
  value: Math.log,
  partials: [([a]) => reciprocal(a)],
  onnx: 'Log',
  samples: [[0.7, 1.2, 0.3, 2.5, 4.1]],
})

/** Σ of a vector; term by term where it was put together from single numbers. */
export function sumOf(vector: Node): Node {
  const singles = singlesOf(vector)
  return singles ? reshape(singles.reduce((total, single) => add(total, single)), []) : sum(vector)
}

/** Σ a·b of two vectors; term by term where one was put together from single numbers. */
export function dot(a: Node, b: Node): Node {
  return singlesOf(a) || singlesOf(b) ? sumOf(mul(a, b)) : contractAxes(a, b, [0], [0])
}

/** a to a fixed power: small whole powers as products, exact for negative bases too. */
export function power(a: Node, exponent: number): Node {
  if (exponent === 0) return fill(a.graph, 1, a.shape)
  if (exponent === 1) return a
  if (exponent === 2) return square(a)
  if (exponent === 0.5) return sqrt(a)
  if (exponent < 0) return reciprocal(power(a, -exponent))
  if (Number.isInteger(exponent) && exponent <= 64) {
    const half = power(a, Math.floor(exponent / 2))
    return exponent % 2 === 0 ? square(half) : mul(square(half), a)
  }
  return build(fixedPower.op, [a], { exponent })
}

/** a^exponent for a fixed exponent that is no small whole number: a must be positive (or zero). */
export const fixedPower: ElementwiseOp<[Node]> = elementwise({
  name: 'power',
  formula: 'a^exponent',
  value: (a) => a ** 2.5,
  valueFor: ({ exponent }) => (a) => a ** (exponent as number),
  partials: [([a], _, { exponent }) => scale(power(a, (exponent as number) - 1), exponent as number)],
  onnx: (emitter, node, [a]) => emitter.emit('Pow', [a, emitter.constant(node, [node.attributes.exponent as number], [])]),
  samples: [[0.7, 1.2, 0.3, 2.5, 4.1]],
  sampleAttributes: [{ exponent: 2.5 }, { exponent: -1 / 3 }],
})
