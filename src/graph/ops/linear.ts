// Linear ops that come in pairs, each the other's transpose: sum ↔ expand, reshape, transpose, scale, cast.
import { ROWS, build, sameShape, showShape, sizeOf } from '../node.ts'
import type { Graph, Node, Op, Shape } from '../node.ts'
import type { Emitter } from '../emitter.ts'
import { broadcastStrides, gatherStrided, stridesOf, tensor, visit } from '../tensor.ts'
import { constant, constantOp } from './leaf.ts'

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)
const sample = tensor([2, 3], [0.4, -1.3, 0.7, 2.1, -0.6, 1.9])
const isLiteral = (node: Node): boolean => node.op === constantOp
/** A literal's value after a linear op: literals fold when they are built. */
const folded = (op: Op, node: Node, attributes: Node['attributes'], shape: Shape): Node => {
  const value = op.value([{ shape: node.shape, data: node.attributes.data as Float64Array }], attributes, shape)
  return constant(node.graph, value.data, shape)
}

// ---- scale -------------------------------------------------------------------------------------------------------

/** x times a number known when the graph is built. Such factors float outward until a contraction absorbs them. */
export const scaleOp: Op = {
  name: 'scale',
  formula: 'factor · x',
  smooth: true,
  shape: ([x]) => x,
  value: ([x], { factor }) => tensor(x.shape, x.data.map((value) => value * (factor as number))),
  forward: (node, [tangent]) => (tangent ? [scale(tangent, node.attributes.factor as number)] : []),
  reverse: (node, adjoint) => [scale(adjoint, node.attributes.factor as number)],
  vectorize: (node, [x]) => scale(x, node.attributes.factor as number),
  simplify: ([x], { factor }) => {
    if (factor === 1) return x
    if (factor === 0) return fill(x.graph, 0, x.shape)
    if (x.op === scaleOp) return scale(x.inputs[0], (x.attributes.factor as number) * (factor as number))
    if (isLiteral(x)) return folded(scaleOp, x, { factor }, x.shape)
    if (x.op === expandOp && splat(x) !== undefined) return fill(x.graph, splat(x)! * (factor as number), x.shape)
    return undefined
  },
  onnx: (emitter, node, [x]) => (node.attributes.factor === -1
    ? emitter.emit('Neg', [x])
    : emitter.emit('Mul', [x, emitter.constant(node, [node.attributes.factor as number], [])])),
  samples: [{ inputs: [sample], attributes: { factor: -1.7 } }],
}

export function scale(x: Node, factor: number): Node {
  return build(scaleOp, [x], { factor })
}

/** Splits a node into a number and the rest: c·x gives [c, x]. */
export function coefficient(node: Node): readonly [number, Node] {
  return node.op === scaleOp ? [node.attributes.factor as number, node.inputs[0]] : [1, node]
}

// ---- cast --------------------------------------------------------------------------------------------------------

/** Changes the element type at run time; the identity in exact arithmetic. */
export const castOp: Op = {
  name: 'cast',
  formula: 'x in another precision',
  smooth: true,
  shape: ([x]) => x,
  value: ([x]) => x,
  forward: (node, [tangent]) => (tangent ? [cast(tangent, node.attributes.to as string)] : []),
  reverse: (node, adjoint) => [cast(adjoint, node.attributes.to === 'float32' ? 'float64' : 'float32')],
  vectorize: (node, [x]) => cast(x, node.attributes.to as string),
  onnx: (emitter, node, [x]) => emitter.emit('Cast', [x], { to: node.attributes.to === 'float32' ? 1 : 11 }),
  samples: [],
  unsampled: 'it joins two precisions, and the suite computes in one',
}

export function cast(x: Node, to: string): Node {
  return build(castOp, [x], { to })
}

// ---- expand and sum ----------------------------------------------------------------------------------------------

/** Repeats x along new leading axes and along axes of length 1. */
export const expandOp: Op = {
  name: 'expand',
  formula: 'x repeated to a shape',
  smooth: true,
  shape: ([x], { shape }) => {
    const to = shape as Shape
    const lead = to.length - x.length
    if (lead < 0 || x.some((length, axis) => length !== 1 && length !== to[lead + axis])) {
      throw new Error(`cannot repeat ${showShape(x)} to ${showShape(to)}`)
    }
    return to
  },
  value: ([x], _, shape) => gatherStrided(x.data, shape, broadcastStrides(x.shape, shape)),
  forward: (node, [tangent]) => (tangent ? [expand(tangent, node.shape)] : []),
  reverse: (node, adjoint) => [unbroadcast(adjoint, node.inputs[0].shape)],
  vectorize: (node, [x], _, size) => expand(alignRank(x, node.shape.length + 1, true), [size, ...node.shape]),
  simplify: ([x], _, shape) => {
    if (sameShape(x.shape, shape)) return x
    const [factor, rest] = coefficient(x)
    if (factor !== 1) return scale(expand(rest, shape), factor)
    if (x.op === expandOp && x.shape.length === shape.length) return expand(alignRank(x.inputs[0], shape.length), shape)
    if (x.shape.length > 0 && splat(x) !== undefined) return fill(x.graph, splat(x)!, shape)
    return undefined
  },
  onnx: (emitter, node, [x]) => emitter.emit('Expand', [x, emitter.shapeVector(node.shape)]),
  samples: [{ inputs: [tensor([3], [0.3, -1.1, 2.2])], attributes: { shape: [2, 3] } }, { inputs: [tensor([2, 1], [0.3, -1.1])], attributes: { shape: [4, 2, 3] } }],
}

export function expand(x: Node, shape: Shape): Node {
  return build(expandOp, [x], { shape })
}

/** The number `value` in every element of `shape`, never stored element by element. */
export function fill(graph: Graph, value: number, shape: Shape): Node {
  return expand(constant(graph, value), shape)
}

/** The number that every element of the node is known to be, if there is one. */
export function splat(node: Node): number | undefined {
  if (node.op === constantOp) {
    const data = node.attributes.data as Float64Array
    return data.length > 0 && data.every((value) => value === data[0]) ? data[0] : undefined
  }
  return node.op === expandOp ? splat(node.inputs[0]) : undefined
}

/** Sums over axes, which disappear. */
export const sumOp: Op = {
  name: 'sum',
  formula: 'Σ x over axes',
  smooth: true,
  shape: ([x], { axes }) => x.filter((_, axis) => !(axes as number[]).includes(axis)),
  value: ([x], { axes }, shape) => {
    const data = new Float64Array(sizeOf(shape))
    const own = stridesOf(shape)
    let kept = 0
    const strides = x.shape.map((_, axis) => ((axes as number[]).includes(axis) ? 0 : own[kept++]))
    visit(x.shape, [strides], ([to], position) => { data[to] += x.data[position] })
    return { shape, data }
  },
  forward: (node, [tangent]) => (tangent ? [sum(tangent, node.attributes.axes as number[])] : []),
  reverse: (node, adjoint) => {
    const { shape } = node.inputs[0]
    const axes = node.attributes.axes as number[]
    return [expand(reshape(adjoint, shape.map((length, axis) => (axes.includes(axis) ? 1 : length))), shape)]
  },
  vectorize: (node, [x]) => sum(x, (node.attributes.axes as number[]).map((axis) => axis + 1)),
  simplify: ([x], { axes }, shape) => {
    const over = axes as number[]
    if (over.length === 0) return x
    const [factor, rest] = coefficient(x)
    if (factor !== 1) return scale(sum(rest, over), factor)
    if (isLiteral(x)) return folded(sumOp, x, { axes }, shape)
    if (x.op === expandOp) {
      // Summing what was repeated: multiply by how often, unless that is only known at run time.
      const lead = x.shape.length - x.inputs[0].shape.length
      const repeated = over.filter((axis) => axis < lead || x.inputs[0].shape[axis - lead] !== x.shape[axis])
      if (repeated.length > 0 && repeated.every((axis) => x.shape[axis] !== ROWS)) {
        const times = repeated.reduce((product, axis) => product * x.shape[axis], 1)
        const inner = alignRank(x.inputs[0], x.shape.length)
        const target = x.shape.map((length, axis) => (repeated.includes(axis) ? 1 : length))
        const reduced = reshape(expand(inner, target), target.filter((_, axis) => !repeated.includes(axis)))
        const remaining = over.filter((axis) => !repeated.includes(axis)).map((axis) => axis - repeated.filter((gone) => gone < axis).length)
        return scale(sum(reduced, remaining), times)
      }
    }
    if (x.op === sumOp) {
      const inner = x.attributes.axes as number[]
      const outerAxes = range(x.inputs[0].shape.length).filter((axis) => !inner.includes(axis))
      return sum(x.inputs[0], [...inner, ...over.map((axis) => outerAxes[axis])])
    }
    return x.op.sumOver?.(x, over)
  },
  onnx: (emitter, node, [x]) => {
    const axes = node.attributes.axes as number[]
    const { shape } = node.inputs[0]
    if (emitter.typeOf(node) === 'float32' && shape.length > 1 && axes.length === 1 && shape[0] === ROWS && axes[0] === 0) return sumRows(emitter, node, x)
    return emitter.emit('ReduceSum', [x, emitter.integers(axes)], { keepdims: 0 })
  },
  samples: [{ inputs: [sample], attributes: { axes: [0] } }, { inputs: [sample], attributes: { axes: [0, 1] } }],
}

/**
 * Σ over rows as a product with a vector of ones: ONNX Runtime's matrix product reads memory several times faster than its ReduceSum.
 * In float64 it does not, and a number that multiplies the sum would be taken into the product as float32.
 */
function sumRows(emitter: Emitter, node: Node, x: string): string {
  const ones = emitter.emit('Expand', [emitter.constant(node, [1], [1]), emitter.shapeVector([ROWS])])
  if (node.shape.length === 1) return emitter.emit('MatMul', [ones, x])
  return emitter.reshape(emitter.emit('MatMul', [ones, emitter.emit('Reshape', [x, emitter.integers([-1, sizeOf(node.shape)])])]), node.shape)
}

/** Sum over the given axes (all by default). */
export function sum(x: Node, axes: readonly number[] = range(x.shape.length)): Node {
  return build(sumOp, [x], { axes: [...axes].sort((a, b) => a - b) })
}

/** The transpose of broadcasting: sums g down to `shape`. */
export function unbroadcast(g: Node, shape: Shape): Node {
  const lead = g.shape.length - shape.length
  const axes = range(g.shape.length).filter((axis) => axis < lead || (shape[axis - lead] === 1 && g.shape[axis] !== 1))
  return reshape(sum(g, axes), shape)
}

// ---- reshape and transpose ---------------------------------------------------------------------------------------

/** The same elements in row-major order under another shape. */
export const reshapeOp: Op = {
  name: 'reshape',
  formula: 'x under another shape',
  smooth: true,
  shape: ([x], { shape }) => {
    const to = shape as Shape
    const symbolic = (s: Shape): number => s.filter((length) => length === ROWS).length
    if (symbolic(x) !== symbolic(to) || sizeOf(x) !== sizeOf(to)) throw new Error(`cannot reshape ${showShape(x)} to ${showShape(to)}`)
    return to
  },
  value: ([x], _, shape) => ({ shape, data: x.data }),
  forward: (node, [tangent]) => (tangent ? [reshape(tangent, node.shape)] : []),
  reverse: (node, adjoint) => [reshape(adjoint, node.inputs[0].shape)],
  vectorize: (node, [x], _, size) => reshape(x, [size, ...node.shape]),
  simplify: ([x], attributes, shape) => {
    if (sameShape(x.shape, shape)) return x
    const [factor, rest] = coefficient(x)
    if (factor !== 1) return scale(reshape(rest, shape), factor)
    if (x.op === reshapeOp) return reshape(x.inputs[0], shape)
    if (isLiteral(x)) return folded(reshapeOp, x, attributes, shape)
    if (x.op === expandOp && splat(x) !== undefined) return fill(x.graph, splat(x)!, shape)
    return undefined
  },
  onnx: (emitter, node, [x]) => emitter.reshape(x, node.shape),
  samples: [{ inputs: [sample], attributes: { shape: [3, 2] } }, { inputs: [sample], attributes: { shape: [6] } }],
}

export function reshape(x: Node, shape: Shape): Node {
  return build(reshapeOp, [x], { shape })
}

/** Adds axes of length 1 behind the leading (rows) axis of a batched node, or in front, up to `rank`. */
export function alignRank(x: Node, rank: number, batched = false): Node {
  const missing = rank - x.shape.length
  if (missing <= 0) return x
  const ones = new Array<number>(missing).fill(1)
  return reshape(x, batched ? [x.shape[0], ...ones, ...x.shape.slice(1)] : [...ones, ...x.shape])
}

/** Axes in another order: axis k of the result is axis `order[k]` of x. */
export const transposeOp: Op = {
  name: 'transpose',
  formula: 'x with its axes in another order',
  smooth: true,
  shape: ([x], { order }) => (order as number[]).map((axis) => x[axis]),
  value: ([x], { order }, shape) => {
    const strides = stridesOf(x.shape)
    return gatherStrided(x.data, shape, (order as number[]).map((axis) => strides[axis]))
  },
  forward: (node, [tangent]) => (tangent ? [transpose(tangent, node.attributes.order as number[])] : []),
  reverse: (node, adjoint) => {
    const order = node.attributes.order as number[]
    return [transpose(adjoint, range(order.length).map((axis) => order.indexOf(axis)))]
  },
  vectorize: (node, [x]) => transpose(x, [0, ...(node.attributes.order as number[]).map((axis) => axis + 1)]),
  simplify: ([x], attributes, shape) => {
    const order = attributes.order as number[]
    if (order.every((axis, position) => axis === position)) return x
    const [factor, rest] = coefficient(x)
    if (factor !== 1) return scale(transpose(rest, order), factor)
    if (isLiteral(x)) return folded(transposeOp, x, attributes, shape)
    if (x.op === transposeOp) {
      const inner = x.attributes.order as number[]
      return transpose(x.inputs[0], order.map((axis) => inner[axis]))
    }
    // Moving only axes of length 1 moves no element.
    const long = (s: Shape, axes: readonly number[]): number[] => axes.filter((axis) => s[axis] !== 1)
    const moved = long(x.shape, order)
    if (moved.every((axis, position) => axis === long(x.shape, range(x.shape.length))[position])) return reshape(x, shape)
    return undefined
  },
  onnx: (emitter, node, [x]) => emitter.emit('Transpose', [x], { perm: node.attributes.order as number[] }),
  samples: [{ inputs: [sample], attributes: { order: [1, 0] } }, { inputs: [tensor([2, 3, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])], attributes: { order: [2, 0, 1] } }],
}

export function transpose(x: Node, order: readonly number[] = range(x.shape.length).reverse()): Node {
  return build(transposeOp, [x], { order })
}
