// What a model is written in: values with arithmetic, traced into a graph while the user's function runs.
//
// Every method and function here is a thin cover of one op. A mistake (a shape that does not fit, the logarithm of a
// negative number) becomes an error that names the operation and the line of the user's function.
import { UnnormError } from '../base/errors.ts'
import { showShape } from '../graph/node.ts'
import type { Graph, Node, Shape } from '../graph/node.ts'
import * as arithmetic from '../graph/ops/arithmetic.ts'
import { logSumExp as logSumExpOf } from '../graph/ops/compound.ts'
import { contractAxes, matmul as matmulOf } from '../graph/ops/contract.ts'
import * as exponential from '../graph/ops/exponential.ts'
import { expm1 as expm1Of, tanh as tanhOf } from '../graph/ops/hyperbolic.ts'
import { constant } from '../graph/ops/leaf.ts'
import * as linear from '../graph/ops/linear.ts'
import * as piecewise from '../graph/ops/piecewise.ts'
import { concat, gather, slice as sliceOf } from '../graph/ops/rearrange.ts'
import * as sigmoidal from '../graph/ops/sigmoidal.ts'
import * as special from '../graph/ops/special.ts'
import * as trigonometric from '../graph/ops/trigonometric.ts'
import { userLine } from './user-line.ts'

/** Literals: a number, a vector or a matrix. */
export type Literal = number | readonly number[] | readonly (readonly number[])[]
/** Anything an operation accepts. */
export type Operand = Expression | Literal

/** A value in a model: a scalar, vector or matrix known once data and parameters are. */
export class Expression {
  readonly node: Node
  constructor(node: Node) {
    this.node = node
  }

  /** Axis lengths; [] for a scalar. */
  get shape(): Shape {
    return this.node.shape
  }

  /** a + b, element by element with broadcasting. */
  add(other: Operand): Expression { return operate('add', [this, other], (a, b) => arithmetic.add(a, b)) }
  /** a − b. */
  sub(other: Operand): Expression { return operate('sub', [this, other], (a, b) => arithmetic.subtract(a, b)) }
  /** a · b, element by element. */
  mul(other: Operand): Expression { return operate('mul', [this, other], (a, b) => arithmetic.mul(a, b)) }
  /** a / b, element by element. */
  div(other: Operand): Expression { return operate('div', [this, other], (a, b) => arithmetic.divide(a, b)) }
  /** −a. */
  neg(): Expression { return operate('neg', [this], (a) => linear.scale(a, -1)) }
  /** aᵇ; a fixed whole b is exact for negative a too. */
  pow(exponent: Operand): Expression { return operate('pow', [this, exponent], (a, b) => arithmetic.pow(a, b)) }
  /** a². */
  square(): Expression { return operate('square', [this], (a) => arithmetic.square(a)) }
  sqrt(): Expression { return sqrt(this) }
  exp(): Expression { return exp(this) }
  log(): Expression { return log(this) }
  tanh(): Expression { return tanh(this) }
  abs(): Expression { return abs(this) }

  /** Element k (from 0) of the first axis: a scalar of a vector, a row of a matrix. Negative k counts from the end. */
  at(...position: number[]): Expression {
    return position.reduce<Expression>((value, k) => operate('at', [value], (a) => {
      if (a.shape.length === 0) throw new Error('a scalar has no elements')
      const index = k < 0 ? a.shape[0] + k : k
      if (!Number.isInteger(k) || index < 0 || index >= a.shape[0]) throw new Error(`element ${k} is outside 0 … ${a.shape[0] - 1}`)
      return linear.reshape(sliceOf(a, 0, index, 1), a.shape.slice(1))
    }), this)
  }

  /** Elements start … end − 1 of an axis. */
  slice(start: number, end: number, axis = 0): Expression {
    return operate('slice', [this], (a) => sliceOf(a, axis, start, end - start))
  }
  /** Sum over one axis, or over all. */
  sum(axis?: number): Expression { return sum(this, axis) }
  /** Mean over one axis, or over all. */
  mean(axis?: number): Expression { return mean(this, axis) }
  /** Σ a·b of two vectors. */
  dot(other: Operand): Expression { return dot(this, other) }
  /** Matrix product: the last axis of this with the first of the other. */
  matmul(other: Operand): Expression { return matmul(this, other) }
  /** The matrix with rows and columns exchanged. */
  transpose(): Expression { return operate('transpose', [this], (a) => linear.transpose(a)) }
  reshape(shape: readonly number[]): Expression { return operate('reshape', [this], (a) => linear.reshape(a, shape)) }
  /** A comparison, for `where`. */
  lessThan(other: Operand): Condition { return { left: this, right: other } }
  greaterThan(other: Operand): Condition { return { left: other, right: this } }
}

/** left < right. */
export interface Condition {
  readonly left: Operand
  readonly right: Operand
}

function literalShape(value: Literal): Shape {
  if (typeof value === 'number') return []
  const [first] = value
  if (typeof first !== 'object') return [value.length]
  if (value.some((row) => typeof row !== 'object' || row.length !== first.length)) throw new Error('the rows of a literal matrix differ in length')
  return [value.length, first.length]
}

function toNode(graph: Graph, operand: Operand): Node {
  if (operand instanceof Expression) return operand.node
  if (typeof operand !== 'number' && !Array.isArray(operand)) throw new Error(`${String(operand)} is neither a number nor a value of the model`)
  const shape = literalShape(operand)
  const flat = typeof operand === 'number' ? [operand] : (operand as readonly (number | readonly number[])[]).flat() as number[]
  if (flat.some((value) => typeof value !== 'number' || Number.isNaN(value))) throw new Error('a literal holds something that is no number')
  return constant(graph, flat, shape)
}

/** Applies an op to operands, turning what goes wrong into an error at the user's line. */
function operate(name: string, operands: readonly Operand[], rule: (...nodes: Node[]) => Node): Expression {
  const first = operands.find((operand) => operand instanceof Expression)
  try {
    if (!first) throw new Error('none of its inputs depends on data or parameters; compute with plain numbers instead')
    return new Expression(rule(...operands.map((operand) => toNode(first.node.graph, operand))))
  } catch (error) {
    if (error instanceof UnnormError) throw error
    const where = first ? first.node.graph.locate?.() : userLine()
    throw new UnnormError('model', `${name}: ${(error as Error).message}${where ? ` (${where})` : ''}`)
  }
}

const unary = (name: string, rule: (node: Node) => Node) => (value: Operand): Expression => operate(name, [value], rule)

/** A constant that makes the op undefined is a mistake worth naming before any data are read. */
const guarded = (name: string, rule: (node: Node) => Node, allowed: (value: number) => boolean, demand: string) => unary(name, (node) => {
  const value = linear.splat(node)
  if (value !== undefined && !allowed(value)) throw new Error(`of the constant ${value} (must be ${demand})`)
  return rule(node)
})

export const exp = unary('exp', exponential.exp)
export const log = guarded('log', exponential.log, (value) => value > 0, '> 0')
export const log1p = guarded('log1p', exponential.log1p, (value) => value > -1, '> −1')
export const expm1 = unary('expm1', expm1Of)
export const sqrt = guarded('sqrt', arithmetic.sqrt, (value) => value >= 0, '≥ 0')
export const tanh = unary('tanh', (node) => tanhOf(node))
export const sigmoid = unary('sigmoid', (node) => sigmoidal.sigmoid(node))
export const softplus = unary('softplus', sigmoidal.softplus)
export const silu = unary('silu', (node) => sigmoidal.silu(node))
export const sin = unary('sin', trigonometric.sin)
export const cos = unary('cos', trigonometric.cos)
export const tan = unary('tan', trigonometric.tan)
export const asin = guarded('asin', trigonometric.asin, (value) => Math.abs(value) <= 1, 'from −1 to 1')
export const acos = guarded('acos', trigonometric.acos, (value) => Math.abs(value) <= 1, 'from −1 to 1')
export const atan = unary('atan', trigonometric.atan)
export const sinh = unary('sinh', trigonometric.sinh)
export const cosh = unary('cosh', trigonometric.cosh)
export const asinh = unary('asinh', trigonometric.asinh)
export const erf = unary('erf', special.erf)
/** 1 − erf a, exact in the far tail too. */
export const erfc = unary('erfc', special.erfc)
/** Φ(a), the distribution function of the standard normal. */
export const normalCdf = unary('normalCdf', special.normalCdf)
/** log Φ(a), which does not underflow. */
export const logNormalCdf = unary('logNormalCdf', special.logNormalCdf)
/** log Γ(a) for a > 0. */
export const logGamma = guarded('logGamma', (node) => special.logGamma(node), (value) => value > 0, '> 0')
/** The derivative of log Γ(a) for a > 0. */
export const digamma = guarded('digamma', special.digamma, (value) => value > 0, '> 0')
export const abs = unary('abs', piecewise.abs)
/** max(a, 0): has a kink, so an energy that goes through it is refused. */
export const relu = unary('relu', (node) => piecewise.maximum(node, linear.fill(node.graph, 0, [])))
/** log Σ exp over the last axis. */
export const logSumExp = unary('logSumExp', logSumExpOf)

export const minimum = (a: Operand, b: Operand): Expression => operate('min', [a, b], piecewise.minimum)
export const maximum = (a: Operand, b: Operand): Expression => operate('max', [a, b], piecewise.maximum)
/** One value where the condition holds, the other elsewhere. */
export const where = (condition: Condition, then: Operand, otherwise: Operand): Expression =>
  operate('where', [condition.left, condition.right, then, otherwise], piecewise.selectLess)

function axisOf(node: Node, axis: number): number {
  const rank = node.shape.length
  const own = axis < 0 ? rank + axis : axis
  if (!Number.isInteger(axis) || own < 0 || own >= rank) throw new Error(`there is no axis ${axis} in shape ${showShape(node.shape)}`)
  return own
}

/** Sum over one axis, or over all. */
export const sum = (value: Operand, axis?: number): Expression =>
  operate('sum', [value], (node) => (axis === undefined ? linear.sum(node) : linear.sum(node, [axisOf(node, axis)])))

/** Mean over one axis, or over all. */
export const mean = (value: Operand, axis?: number): Expression => operate('mean', [value], (node) => {
  const count = axis === undefined ? node.shape.reduce((product, length) => product * length, 1) : node.shape[axisOf(node, axis)]
  return linear.scale(axis === undefined ? linear.sum(node) : linear.sum(node, [axisOf(node, axis)]), 1 / count)
})

/** Σ a·b of two vectors of one length. */
export const dot = (a: Operand, b: Operand): Expression => operate('dot', [a, b], (x, y) => {
  if (x.shape.length !== 1 || y.shape.length !== 1) throw new Error(`needs two vectors, got shapes ${showShape(x.shape)} and ${showShape(y.shape)}`)
  return contractAxes(x, y, [0], [0])
})

/** Matrix product: the last axis of a with the first of b. */
export const matmul = (a: Operand, b: Operand): Expression => operate('matmul', [a, b], matmulOf)

/** xᵀ A x. */
export const quadraticForm = (matrix: Operand, x: Operand): Expression => operate('quadraticForm', [matrix, x], (a, v) => {
  if (a.shape.length !== 2 || v.shape.length !== 1) throw new Error(`needs a matrix and a vector, got shapes ${showShape(a.shape)} and ${showShape(v.shape)}`)
  return contractAxes(matmulOf(a, v), v, [0], [0])
})

/** Scalars as a vector, vectors as the rows of a matrix. */
export const stack = (values: readonly Operand[]): Expression => operate('stack', values, (...nodes) => {
  if (nodes.some((node) => node.shape.length !== nodes[0].shape.length)) throw new Error(`cannot stack shapes ${nodes.map((node) => showShape(node.shape)).join(', ')}`)
  return concat(nodes.map((node) => linear.reshape(node, [1, ...node.shape])), 0)
})

/** Vectors one behind the other. */
export const concatenate = (values: readonly Operand[], axis = 0): Expression => operate('concatenate', values, (...nodes) => concat(nodes, axis))

/** The listed elements (from 0) of the first axis. */
export const pick = (value: Operand, positions: readonly number[]): Expression => operate('pick', [value], (node) => {
  const wrong = positions.find((position) => !Number.isInteger(position) || position < 0 || position >= (node.shape[0] ?? 0))
  if (wrong !== undefined) throw new Error(`element ${wrong} is outside ${showShape(node.shape)}`)
  return gather(node, 0, positions)
})
