// Linear ops that move elements, each beside its transpose: slice ↔ pad, gather ↔ scatter; concatenation.
import { build, showShape, sizeOf } from '../node.ts'
import type { Attributes, Node, Op, Shape } from '../node.ts'
import { gatherStrided, stridesOf, tensor, visit } from '../tensor.ts'
import { constant, constantOp, inputOp } from './leaf.ts'
import { coefficient, expand, fill, reshape, scale, splat } from './linear.ts'

const matrix = tensor([3, 4], [0.4, -1.3, 0.7, 2.1, -0.6, 1.9, 1, -2, 3, 0.5, 2, 0.1])

/** Hoists a constant factor out of a linear op of one input. */
const hoist = (x: Node, rebuild: (x: Node) => Node): Node | undefined => {
  const [factor, rest] = coefficient(x)
  return factor === 1 ? undefined : scale(rebuild(rest), factor)
}

/** A literal stays one: what is known when the graph is built is computed then. */
const literal = (op: Op, x: Node, attributes: Attributes, shape: Shape): Node =>
  constant(x.graph, op.value([{ shape: x.shape, data: x.attributes.data as Float64Array }], attributes, shape).data, shape)

/** Elements start … start + length − 1 along one axis. */
export const sliceOp: Op = {
  name: 'slice',
  formula: 'part of x along an axis',
  smooth: true,
  shape: ([x], { axis, start, length }) => {
    if ((start as number) < 0 || (start as number) + (length as number) > x[axis as number]) {
      throw new Error(`elements ${(start as number) + 1} to ${(start as number) + (length as number)} are outside ${showShape(x)}`)
    }
    return x.map((own, position) => (position === axis ? (length as number) : own))
  },
  value: ([x], { axis, start }, shape) => {
    const strides = stridesOf(x.shape)
    return gatherStrided(x.data, shape, strides, strides[axis as number] * (start as number))
  },
  forward: (node, [tangent]) => (tangent ? [build(sliceOp, [tangent], node.attributes)] : []),
  reverse: (node, adjoint) => {
    const { axis, start, length } = node.attributes as Record<string, number>
    return [pad(adjoint, axis, start, node.inputs[0].shape[axis] - start - length)]
  },
  vectorize: (node, [x]) => build(sliceOp, [x], { ...node.attributes, axis: (node.attributes.axis as number) + 1 }),
  simplify: ([x], attributes, shape) => {
    const { axis, start, length } = attributes as Record<string, number>
    if (length === x.shape[axis]) return x
    if (splat(x) !== undefined) return fill(x.graph, splat(x)!, shape)
    if (x.op === constantOp) return literal(sliceOp, x, attributes, shape)
    // A slice of an input may be a parameter, by which gradients are taken: a way around it would hide what depends on it.
    if (x.op === sliceOp && x.attributes.axis === axis && x.inputs[0].op !== inputOp) return slice(x.inputs[0], axis, start + (x.attributes.start as number), length)
    if (x.op === concatOp && x.attributes.axis === axis) {
      let offset = 0
      for (const part of x.inputs) {
        const size = part.shape[axis]
        if (start >= offset && start + length <= offset + size) return slice(part, axis, start - offset, length)
        offset += size
      }
    }
    return hoist(x, (rest) => build(sliceOp, [rest], attributes))
  },
  onnx: (emitter, node, [x]) => {
    const { axis, start, length } = node.attributes as Record<string, number>
    return emitter.emit('Slice', [x, emitter.integers([start]), emitter.integers([start + length]), emitter.integers([axis])])
  },
  samples: [{ inputs: [matrix], attributes: { axis: 1, start: 1, length: 2 } }, { inputs: [matrix], attributes: { axis: 0, start: 2, length: 1 } }],
}

export function slice(x: Node, axis: number, start: number, length: number): Node {
  return build(sliceOp, [x], { axis, start, length })
}

/** x between zeros along one axis. */
export const padOp: Op = {
  name: 'pad',
  formula: 'zeros, x, zeros along an axis',
  smooth: true,
  shape: ([x], { axis, before, after }) => x.map((own, position) => (position === axis ? own + (before as number) + (after as number) : own)),
  value: ([x], { axis, before }, shape) => {
    const data = new Float64Array(sizeOf(shape))
    const strides = stridesOf(shape)
    const start = strides[axis as number] * (before as number)
    visit(x.shape, [strides], ([to], position) => { data[start + to] = x.data[position] })
    return { shape, data }
  },
  forward: (node, [tangent]) => (tangent ? [build(padOp, [tangent], node.attributes)] : []),
  reverse: (node, adjoint) => {
    const { axis, before } = node.attributes as Record<string, number>
    return [slice(adjoint, axis, before, node.inputs[0].shape[axis])]
  },
  vectorize: (node, [x]) => build(padOp, [x], { ...node.attributes, axis: (node.attributes.axis as number) + 1 }),
  simplify: ([x], attributes, shape) => {
    const { before, after } = attributes as Record<string, number>
    if (before === 0 && after === 0) return x
    if (splat(x) === 0) return fill(x.graph, 0, shape)
    return hoist(x, (rest) => build(padOp, [rest], attributes))
  },
  onnx: (emitter, node, [x]) => {
    const { axis, before, after } = node.attributes as Record<string, number>
    const rank = node.shape.length
    const pads = new Array<number>(2 * rank).fill(0)
    pads[axis] = before
    pads[rank + axis] = after
    return emitter.emit('Pad', [x, emitter.integers(pads)], { mode: 'constant' })
  },
  samples: [{ inputs: [matrix], attributes: { axis: 0, before: 1, after: 2 } }, { inputs: [matrix], attributes: { axis: 1, before: 0, after: 1 } }],
}

export function pad(x: Node, axis: number, before: number, after: number): Node {
  return build(padOp, [x], { axis, before, after })
}

/** Parts one behind the other along an axis. */
export const concatOp: Op = {
  name: 'concat',
  formula: 'parts along an axis',
  smooth: true,
  shape: (shapes, { axis }) => {
    const at = axis as number
    const fits = shapes.every((shape) => shape.length === shapes[0].length && shape.every((length, k) => k === at || length === shapes[0][k]))
    if (!fits) throw new Error(`parts of shapes ${shapes.map(showShape).join(', ')} do not fit together`)
    return shapes[0].map((length, k) => (k === at ? shapes.reduce((total, shape) => total + shape[at], 0) : length))
  },
  value: (parts, { axis }, shape) => {
    const data = new Float64Array(sizeOf(shape))
    const strides = stridesOf(shape)
    let start = 0
    for (const part of parts) {
      const offset = start * strides[axis as number]
      visit(part.shape, [strides], ([to], position) => { data[offset + to] = part.data[position] })
      start += part.shape[axis as number]
    }
    return { shape, data }
  },
  forward: (node, tangents) => (tangents.some((tangent) => tangent)
    ? [concat(tangents.map((tangent, k) => tangent ?? fill(node.graph, 0, node.inputs[k].shape)), node.attributes.axis as number)]
    : []),
  reverse: (node, adjoint) => {
    const axis = node.attributes.axis as number
    let start = 0
    return node.inputs.map((part) => {
      const own = slice(adjoint, axis, start, part.shape[axis])
      start += part.shape[axis]
      return own
    })
  },
  vectorize: (node, inputs, batched, size) => concat(
    inputs.map((part, k) => (batched[k] ? part : expand(reshape(part, [1, ...part.shape]), [size, ...part.shape]))),
    (node.attributes.axis as number) + 1,
  ),
  simplify: (parts, attributes, shape) => {
    if (parts.length === 1) return parts[0]
    const known = parts.map(splat)
    if (known[0] !== undefined && known.every((value) => value === known[0])) return fill(parts[0].graph, known[0], shape)
    const [factor] = coefficient(parts[0])
    if (factor !== 1 && parts.every((part) => coefficient(part)[0] === factor)) {
      return scale(build(concatOp, parts.map((part) => coefficient(part)[1]), attributes), factor)
    }
    return undefined
  },
  onnx: (emitter, node, parts) => emitter.emit('Concat', parts, { axis: node.attributes.axis as number }),
  samples: [{ inputs: [matrix, tensor([1, 4], [9, -8, 7, 0.3])], attributes: { axis: 0 } }, { inputs: [tensor([3, 1], [9, -8, 7]), matrix], attributes: { axis: 1 } }],
}

export function concat(parts: readonly Node[], axis: number): Node {
  return build(concatOp, parts, { axis })
}

/** Vectors of more elements are computed with whole: a graph grows with what is written out. */
export const MOST_SINGLES = 12

/**
 * The elements, each of shape [1], of a vector that was put together from single numbers; undefined for others. What is done to such a
 * vector is done to its elements: runtimes take an operation on n numbers for granted, and several times as long to put two together.
 */
export function singlesOf(node: Node): readonly Node[] | undefined {
  return node.op === concatOp && node.shape.length === 1 && node.inputs.length <= MOST_SINGLES && node.inputs.every((part) => part.shape[0] === 1) ? node.inputs : undefined
}

/** Elements of the first axis picked by a fixed list of positions. */
export const gatherOp: Op = {
  name: 'gather',
  formula: 'x at listed positions',
  smooth: true,
  shape: ([x], { axis, positions }) => x.map((own, k) => (k === axis ? (positions as number[]).length : own)),
  value: ([x], attributes, shape) => {
    const { axis, positions } = attributes as unknown as { axis: number; positions: number[] }
    return moveAlong(x.data, x.shape, shape, axis, positions, false)
  },
  forward: (node, [tangent]) => (tangent ? [build(gatherOp, [tangent], node.attributes)] : []),
  reverse: (node, adjoint) => {
    const { axis, positions } = node.attributes as unknown as { axis: number; positions: number[] }
    return [build(scatterOp, [adjoint], { axis, positions, length: node.inputs[0].shape[axis] })]
  },
  vectorize: (node, [x]) => build(gatherOp, [x], { ...node.attributes, axis: (node.attributes.axis as number) + 1 }),
  simplify: ([x], attributes, shape) => {
    const positions = attributes.positions as readonly number[]
    if (positions.length === x.shape[attributes.axis as number] && positions.every((position, k) => position === k)) return x
    if (splat(x) !== undefined) return fill(x.graph, splat(x)!, shape)
    if (x.op === constantOp) return literal(gatherOp, x, attributes, shape)
    return hoist(x, (rest) => build(gatherOp, [rest], attributes))
  },
  onnx: (emitter, node, [x]) => emitter.emit('Gather', [x, emitter.integers(node.attributes.positions as number[])], { axis: node.attributes.axis as number }),
  samples: [{ inputs: [tensor([3], [0.5, -1, 2])], attributes: { axis: 0, positions: [0, 1, 1, 2] } }, { inputs: [matrix], attributes: { axis: 1, positions: [3, 0] } }],
}

export function gather(x: Node, axis: number, positions: readonly number[]): Node {
  return build(gatherOp, [x], { axis, positions })
}

/** The transpose of gather: adds each element to its listed position. */
export const scatterOp: Op = {
  name: 'scatter',
  formula: 'x added up at listed positions',
  smooth: true,
  shape: ([x], { axis, length }) => x.map((own, k) => (k === axis ? (length as number) : own)),
  value: ([x], attributes, shape) => {
    const { axis, positions } = attributes as unknown as { axis: number; positions: number[] }
    return moveAlong(x.data, x.shape, shape, axis, positions, true)
  },
  forward: (node, [tangent]) => (tangent ? [build(scatterOp, [tangent], node.attributes)] : []),
  reverse: (node, adjoint) => [gather(adjoint, node.attributes.axis as number, node.attributes.positions as number[])],
  vectorize: (node, [x]) => build(scatterOp, [x], { ...node.attributes, axis: (node.attributes.axis as number) + 1 }),
  simplify: ([x], attributes, shape) => {
    if (splat(x) === 0) return fill(x.graph, 0, shape)
    return hoist(x, (rest) => build(scatterOp, [rest], attributes))
  },
  // As a product with a 0/1 matrix: positions are few (they index parameters), and every runtime has it. As Gemm, not MatMul:
  // ONNX Runtime takes a number that multiplies a MatMul into it as float32, in float64 models too.
  onnx: (emitter, node, [x]) => {
    const { axis, positions, length } = node.attributes as unknown as { axis: number; positions: number[]; length: number }
    const rank = node.shape.length
    const last = Array.from({ length: rank }, (_, k) => k).filter((k) => k !== axis)
    const order = [...last, axis]
    const selector = new Float64Array(positions.length * length)
    positions.forEach((position, k) => { selector[k * length + position] = 1 })
    const turned = axis === rank - 1 ? x : emitter.emit('Transpose', [x], { perm: order })
    const product = emitter.emit('Gemm', [emitter.reshape(turned, [-1, positions.length]), emitter.constant(node, selector, [positions.length, length])])
    const spread = emitter.reshape(product, order.map((k) => node.shape[k]))
    return axis === rank - 1 ? spread : emitter.emit('Transpose', [spread], { perm: order.map((_, k) => order.indexOf(k)) })
  },
  samples: [{ inputs: [tensor([4], [0.5, -1, 2, 3])], attributes: { axis: 0, positions: [0, 1, 1, 2], length: 4 } }, { inputs: [matrix], attributes: { axis: 1, positions: [3, 0, 0, 2], length: 5 } }],
}

function moveAlong(from: Float64Array, fromShape: Shape, shape: Shape, axis: number, positions: readonly number[], adding: boolean) {
  const data = new Float64Array(sizeOf(shape))
  const source = stridesOf(fromShape)
  const target = stridesOf(shape)
  const walked = fromShape.map((own, k) => (k === axis ? positions.length : own))
  const flat = (strides: readonly number[]): number[] => strides.map((stride, k) => (k === axis ? 0 : stride))
  const step = stridesOf(walked)[axis]
  visit(walked, [flat(source), flat(target)], ([a, b], position) => {
    const k = Math.floor(position / step) % positions.length
    const listed = positions[k]
    if (adding) data[b + listed * target[axis]] += from[a + k * source[axis]]
    else data[b + k * target[axis]] = from[a + listed * source[axis]]
  })
  return { shape, data }
}
