// Contraction: the one product-and-sum op, of which dot, matrix-vector and matrix-matrix products are cases.
import { build, lengthOver, ROWS, showShape } from '../node.ts'
import type { Node, Op, Shape } from '../node.ts'
import type { Emitter } from '../emitter.ts'
import { gatherStrided, stridesOf, tensor } from '../tensor.ts'
import { constant, constantOp } from './leaf.ts'
import { coefficient, expand, fill, reshape, scale, splat, sum, transpose, transposeOp } from './linear.ts'

/** Which axes of a and b are multiplied and summed, and which run along together. */
interface Axes {
  readonly left: readonly number[]
  readonly right: readonly number[]
  readonly batchLeft: readonly number[]
  readonly batchRight: readonly number[]
}

const axesOf = (node: { attributes: Node['attributes'] }): Axes => node.attributes as unknown as Axes

function freeAxes(rank: number, ...taken: (readonly number[])[]): number[] {
  return Array.from({ length: rank }, (_, axis) => axis).filter((axis) => !taken.some((axes) => axes.includes(axis)))
}

const pick = (shape: Shape, axes: readonly number[]): number[] => axes.map((axis) => shape[axis])

/**
 * Σ over the paired axes of a·b. The result's axes: the batch axes, a's free axes, b's free axes, each in order.
 */
export const contractOp: Op = {
  name: 'contract',
  formula: 'Σ a · b over paired axes',
  smooth: true,
  shape: ([a, b], attributes) => {
    const { left, right, batchLeft, batchRight } = attributes as unknown as Axes
    const fit = (x: readonly number[], y: readonly number[]): boolean => x.every((axis, k) => a[axis] === b[y[k]])
    if (!fit(left, right) || !fit(batchLeft, batchRight)) {
      throw new Error(`cannot multiply ${showShape(a)} with ${showShape(b)}: axis lengths ${pick(a, left).join(', ')} and ${pick(b, right).join(', ')} differ`)
    }
    return [...pick(a, batchLeft), ...pick(a, freeAxes(a.length, left, batchLeft)), ...pick(b, freeAxes(b.length, right, batchRight))]
  },
  value: ([a, b], attributes, shape) => {
    const { left, right, batchLeft, batchRight } = attributes as unknown as Axes
    const arrange = (x: typeof a, order: readonly number[]): Float64Array => {
      const strides = stridesOf(x.shape)
      return gatherStrided(x.data, pick(x.shape, order), order.map((axis) => strides[axis])).data
    }
    const freeLeft = freeAxes(a.shape.length, left, batchLeft)
    const freeRight = freeAxes(b.shape.length, right, batchRight)
    const product = (lengths: readonly number[]): number => lengths.reduce((p, n) => p * n, 1)
    const [count, m, n, k] = [product(pick(a.shape, batchLeft)), product(pick(a.shape, freeLeft)), product(pick(b.shape, freeRight)), product(pick(a.shape, left))]
    const x = arrange(a, [...batchLeft, ...freeLeft, ...left])
    const y = arrange(b, [...batchRight, ...freeRight, ...right])
    const data = new Float64Array(count * m * n)
    for (let batch = 0; batch < count; batch++) {
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let total = 0
          for (let l = 0; l < k; l++) total += x[(batch * m + i) * k + l] * y[(batch * n + j) * k + l]
          data[(batch * m + i) * n + j] = total
        }
      }
    }
    return { shape, data }
  },
  forward: (node, [ta, tb]) => {
    const [a, b] = node.inputs
    return [...(ta ? [build(contractOp, [ta, b], node.attributes)] : []), ...(tb ? [build(contractOp, [a, tb], node.attributes)] : [])]
  },
  reverse: (node, adjoint) => [adjointOf(node, adjoint, 'a'), adjointOf(node, adjoint, 'b')],
  vectorize: (node, [a, b], [batchedA, batchedB]) => {
    const { left, right, batchLeft, batchRight } = axesOf(node)
    const shift = (axes: readonly number[]): number[] => axes.map((axis) => axis + 1)
    if (batchedA && batchedB) {
      return contractGeneral(a, b, { left: shift(left), right: shift(right), batchLeft: [0, ...shift(batchLeft)], batchRight: [0, ...shift(batchRight)] })
    }
    if (batchedA) {
      const made = contractGeneral(a, b, { left: shift(left), right, batchLeft: shift(batchLeft), batchRight })
      return bringToFront(made, batchLeft.length)
    }
    // The batched factor goes first, so that its axis leads; then b's free axes stand before a's and are moved back.
    const made = contractGeneral(b, a, { left: shift(right), right: left, batchLeft: shift(batchRight), batchRight: batchLeft })
    const swapped = bringToFront(made, batchLeft.length)
    const batch = batchLeft.length
    const freeA = freeAxes(a.shape.length, left, batchLeft).length
    const freeB = freeAxes(b.shape.length - 1, right, batchRight).length
    const order = [...Array(1 + batch).keys(), ...Array.from({ length: freeA }, (_, k) => 1 + batch + freeB + k), ...Array.from({ length: freeB }, (_, k) => 1 + batch + k)]
    return transpose(swapped, order)
  },
  simplify: ([a, b], attributes, shape) => {
    const { left, right, batchLeft, batchRight } = attributes as unknown as Axes
    if (splat(a) === 0 || splat(b) === 0) return fill(a.graph, 0, shape)
    if (a.op === constantOp && b.op === constantOp) {
      const value = (node: Node) => ({ shape: node.shape, data: node.attributes.data as Float64Array })
      return constant(a.graph, contractOp.value([value(a), value(b)], attributes, shape).data, shape)
    }
    if (batchLeft.length === 0) {
      // A factor that is the same number everywhere leaves a sum of the other, repeated along its own free axes.
      if (splat(a) !== undefined) return scale(spread(sum(b, right), freeAxes(a.shape.length, left).length, shape, 'front'), splat(a)!)
      if (splat(b) !== undefined) return scale(spread(sum(a, left), freeAxes(b.shape.length, right).length, shape, 'back'), splat(b)!)
    } else if (left.length === 0) {
      // A number for each of what runs along, the same number everywhere, only multiplies the other factor.
      if (splat(a) !== undefined && a.shape.length === batchLeft.length) return scale(transpose(b, [...batchRight, ...freeAxes(b.shape.length, batchRight)]), splat(a)!)
      if (splat(b) !== undefined && b.shape.length === batchRight.length) return scale(transpose(a, [...batchLeft, ...freeAxes(a.shape.length, batchLeft)]), splat(b)!)
    }
    const [ca, ra] = coefficient(a)
    const [cb, rb] = coefficient(b)
    if (ca !== 1 || cb !== 1) return scale(build(contractOp, [ra, rb], attributes), ca * cb)
    if (left.length === 1 && batchLeft.length === 0) {
      // Multiplying with the identity matrix only renames an axis.
      if (isIdentity(b)) return bringToEnd(a, left[0])
      if (isIdentity(a)) return bringToFront(b, right[0])
    }
    // Matrix products read through a transpose.
    const direct = (x: Node, axes: readonly number[], batch: readonly number[]): { x: Node; axes: number[]; batch: number[] } | undefined => {
      if (x.op !== transposeOp || freeAxes(x.shape.length, axes, batch).length > 1 || batch.length > 0) return undefined
      const order = x.attributes.order as number[]
      return { x: x.inputs[0], axes: axes.map((axis) => order[axis]), batch: [] }
    }
    const throughA = direct(a, left, batchLeft)
    if (throughA) return build(contractOp, [throughA.x, b], { left: throughA.axes, right, batchLeft, batchRight })
    const throughB = direct(b, right, batchRight)
    if (throughB) return build(contractOp, [a, throughB.x], { left, right: throughB.axes, batchLeft, batchRight })
    return undefined
  },
  onnx: (emitter, node, [a, b]) => emitContraction(emitter, node, a, b),
  samples: [
    { inputs: [tensor([3], [0.4, -1.3, 0.7]), tensor([3], [2.1, -0.6, 1.9])], attributes: { left: [0], right: [0], batchLeft: [], batchRight: [] } },
    { inputs: [tensor([2, 3], [0.4, -1.3, 0.7, 2.1, -0.6, 1.9]), tensor([3], [1.1, 0.3, -0.8])], attributes: { left: [1], right: [0], batchLeft: [], batchRight: [] } },
    { inputs: [tensor([3], [1.1, 0.3, -0.8]), tensor([2, 3], [0.4, -1.3, 0.7, 2.1, -0.6, 1.9])], attributes: { left: [0], right: [1], batchLeft: [], batchRight: [] } },
    { inputs: [tensor([3, 2], [0.4, -1.3, 0.7, 2.1, -0.6, 1.9]), tensor([3, 4], [1, -2, 3, 0.5, 2, 0.1, -1, 0.7, 0.3, 0.9, -0.2, 1.2])], attributes: { left: [0], right: [0], batchLeft: [], batchRight: [] } },
    { inputs: [tensor([2, 2, 3], [1, -2, 3, 0.5, 2, 0.1, -1, 0.7, 0.3, 0.9, -0.2, 1.2]), tensor([2, 2, 3], [0.2, 1.1, -0.3, 0.5, 0.6, 0.1, -1, 0.4, 0.3, 0.8, -0.2, 1.5])], attributes: { left: [0, 1], right: [0, 1], batchLeft: [], batchRight: [] } },
    { inputs: [tensor([2, 3], [0.4, -1.3, 0.7, 2.1, -0.6, 1.9]), tensor([2, 3], [1.1, 0.3, -0.8, 0.2, 0.6, -1.4])], attributes: { left: [1], right: [1], batchLeft: [0], batchRight: [0] } },
    { inputs: [tensor([2, 2, 3], [1, -2, 3, 0.5, 2, 0.1, -1, 0.7, 0.3, 0.9, -0.2, 1.2]), tensor([2, 3], [1.1, 0.3, -0.8, 0.2, 0.6, -1.4])], attributes: { left: [2], right: [1], batchLeft: [0], batchRight: [0] } },
    { inputs: [tensor([2], [1.5, -0.5]), tensor([3], [0.3, 0.2, -1.1])], attributes: { left: [], right: [], batchLeft: [], batchRight: [] } },
    { inputs: [tensor([2], [1.5, -0.5]), tensor([2, 3], [0.4, -1.3, 0.7, 2.1, -0.6, 1.9])], attributes: { left: [], right: [], batchLeft: [0], batchRight: [0] } },
    { inputs: [tensor([2, 2], [1.5, -0.5, 0.8, 0.3]), tensor([3, 2], [0.4, -1.3, 0.7, 2.1, -0.6, 1.9])], attributes: { left: [], right: [], batchLeft: [1], batchRight: [1] } },
  ],
}

/** The adjoint of one factor: contract the output's adjoint with the other factor, then put the axes back in order. */
function adjointOf(node: Node, adjoint: Node, which: 'a' | 'b'): Node {
  const [a, b] = node.inputs
  const { left, right, batchLeft, batchRight } = axesOf(node)
  const batch = batchLeft.length
  const freeLeft = freeAxes(a.shape.length, left, batchLeft)
  const freeRight = freeAxes(b.shape.length, right, batchRight)
  const outBatch = Array.from({ length: batch }, (_, k) => k)
  const outLeft = freeLeft.map((_, k) => batch + k)
  const outRight = freeRight.map((_, k) => batch + freeLeft.length + k)
  const [self, other] = which === 'a'
    ? [{ free: freeLeft, outFree: outLeft, sum: left, batch: batchLeft }, { node: b, free: freeRight, outFree: outRight, sum: right, batch: batchRight }]
    : [{ free: freeRight, outFree: outRight, sum: right, batch: batchRight }, { node: a, free: freeLeft, outFree: outLeft, sum: left, batch: batchLeft }]
  // The other factor's summed axes come out in increasing order: which of ours is each?
  const summed = [...other.sum].sort((x, y) => x - y).map((axis) => self.sum[other.sum.indexOf(axis)])
  const put = (result: Node, order: readonly number[]): Node => {
    const position = new Array<number>(order.length)
    order.forEach((axis, k) => { position[axis] = k })
    return transpose(result, position)
  }
  // A matrix's own adjoint is best taken with the factors the other way round: no transpose of the product is needed.
  const ordered = put(contractGeneral(adjoint, other.node, { left: other.outFree, right: other.free, batchLeft: outBatch, batchRight: other.batch }), [...self.batch, ...self.free, ...summed])
  if (coefficient(ordered)[1].op !== transposeOp) return ordered
  return put(contractGeneral(other.node, adjoint, { left: other.free, right: other.outFree, batchLeft: other.batch, batchRight: outBatch }), [...self.batch, ...summed, ...self.free])
}

function contractGeneral(a: Node, b: Node, axes: Axes): Node {
  return build(contractOp, [a, b], { left: axes.left, right: axes.right, batchLeft: axes.batchLeft, batchRight: axes.batchRight })
}

/** Sums a·b over paired axes. */
export function contractAxes(a: Node, b: Node, left: readonly number[], right: readonly number[]): Node {
  return contractGeneral(a, b, { left, right, batchLeft: [], batchRight: [] })
}

/** Sums over the last axis of a and the first of b: dot, matrix-vector, matrix-matrix. */
export function matmul(a: Node, b: Node): Node {
  if (a.shape.length === 0 || b.shape.length === 0) throw new Error(`matmul needs vectors or matrices, got ${showShape(a.shape)} and ${showShape(b.shape)}`)
  return contractAxes(a, b, [a.shape.length - 1], [0])
}

function bringToFront(node: Node, axis: number): Node {
  return transpose(node, [axis, ...freeAxes(node.shape.length, [axis])])
}

function bringToEnd(node: Node, axis: number): Node {
  return transpose(node, [...freeAxes(node.shape.length, [axis]), axis])
}

/** Adds `count` repeated axes before or behind those of the node. */
function spread(node: Node, count: number, shape: Shape, where: 'front' | 'back'): Node {
  const ones = new Array<number>(count).fill(1)
  return expand(reshape(node, where === 'front' ? [...ones, ...node.shape] : [...node.shape, ...ones]), shape)
}

function isIdentity(node: Node): boolean {
  if (node.op !== constantOp || node.shape.length !== 2 || node.shape[0] !== node.shape[1]) return false
  const data = node.attributes.data as Float64Array
  return data.every((value, index) => value === (index % (node.shape[0] + 1) === 0 ? 1 : 0))
}

/** Writes a contraction as Gemm, MatMul, or a product and a sum, whichever moves the least memory. */
function emitContraction(emitter: Emitter, node: Node, a: string, b: string): string {
  return isGemm(node) ? writeGemm(emitter, node, a, b) : emitBatched(emitter, node, a, b)
}

/** Whether a contraction is one matrix product (no axes running along). */
export function isGemm(node: Node): boolean {
  return axesOf(node).batchLeft.length === 0
}

/** Writes alpha · contraction + beta · addend as one Gemm; the addend has the contraction's shape or that of a row. */
export function writeGemm(emitter: Emitter, node: Node, a: string, b: string, extras: { alpha?: number; addend?: string; beta?: number } = {}): string {
  const [x, y] = node.inputs
  const { left, right } = axesOf(node)
  const { alpha = 1, beta = 1 } = extras
  // Rows by a vector: MatMul takes three fifths of Gemm's time for a matrix of one column, and needs no reshaping. In float64 it is
  // a product for each row, and takes twenty times as long.
  if (emitter.typeOf(node) === 'float32' && y.shape.length === 1 && x.shape.length === 2 && left[0] === 1 && alpha === 1 && extras.addend === undefined) return emitter.emit('MatMul', [a, b])
  const [p, q] = [matrixSide(emitter, x, a, left), matrixSide(emitter, y, b, right)]
  const isMatrix = x.shape.length - left.length === 1 && y.shape.length - right.length === 1
  const columns = lengthOver(y.shape, freeAxes(y.shape.length, right))
  const rows = columns === ROWS ? lengthOver(x.shape, freeAxes(x.shape.length, left)) : ROWS
  const addend = extras.addend === undefined ? [] : [isMatrix ? extras.addend : emitter.reshape(extras.addend, [rows, columns])]
  const made = emitter.emit('Gemm', [p.name, q.name, ...addend], {
    transA: p.summedFirst ? 1 : 0,
    transB: q.summedFirst ? 0 : 1,
    ...(alpha === 1 ? {} : { alpha: { float: alpha } }),
    ...(beta === 1 ? {} : { beta: { float: beta } }),
  })
  return isMatrix ? made : emitter.reshape(made, node.shape)
}

interface MatrixSide {
  readonly name: string
  /** The summed axes lead (they trail otherwise). */
  readonly summedFirst: boolean
}

/** A factor as a matrix [free, summed] or [summed, free], without moving memory if that can be. */
function matrixSide(emitter: Emitter, node: Node, name: string, summed: readonly number[]): MatrixSide {
  const rank = node.shape.length
  const free = freeAxes(rank, summed)
  const first = summed.every((axis, k) => axis === k)
  const last = summed.every((axis, k) => axis === rank - summed.length + k)
  const arranged = first || last ? name : emitter.emit('Transpose', [name], { perm: [...free, ...summed] })
  const summedFirst = first && !(last && free.length === 0)
  if (rank === 2 && summed.length === 1) return { name: arranged, summedFirst }
  const [overSummed, overFree] = [lengthOver(node.shape, summed), lengthOver(node.shape, free)]
  return { name: emitter.reshape(arranged, summedFirst ? [overSummed, overFree] : [overFree, overSummed]), summedFirst }
}

/** Batched products: a plain product where nothing is summed, product and sum where nothing is free, MatMul otherwise: of many tiny matrices it costs several times as much. */
function emitBatched(emitter: Emitter, node: Node, a: string, b: string): string {
  const [x, y] = node.inputs
  const { left, right, batchLeft, batchRight } = axesOf(node)
  const freeLeft = freeAxes(x.shape.length, left, batchLeft)
  const freeRight = freeAxes(y.shape.length, right, batchRight)
  const arrange = (name: string, order: readonly number[]): string => (order.every((axis, k) => axis === k) ? name : emitter.emit('Transpose', [name], { perm: order }))
  if (freeLeft.length === 0 && freeRight.length === 0) {
    const both = emitter.emit('Mul', [arrange(a, [...batchLeft, ...left]), arrange(b, [...batchRight, ...right])])
    return left.length === 0 ? both : emitter.emit('ReduceSum', [both, emitter.integers(left.map((_, k) => batchLeft.length + k))], { keepdims: 0 })
  }
  const batch = pick(x.shape, batchLeft)
  if (left.length === 0) {
    const ones = (axes: readonly number[]): number[] => axes.map(() => 1)
    const p = emitter.reshape(arrange(a, [...batchLeft, ...freeLeft]), [...batch, ...pick(x.shape, freeLeft), ...ones(freeRight)])
    const q = arrange(b, [...batchRight, ...freeRight])
    return emitter.emit('Mul', [p, freeLeft.length === 0 ? q : emitter.reshape(q, [...batch, ...ones(freeLeft), ...pick(y.shape, freeRight)])])
  }
  const p = emitter.reshape(arrange(a, [...batchLeft, ...freeLeft, ...left]), [...batch, lengthOver(x.shape, freeLeft), lengthOver(x.shape, left)])
  const q = emitter.reshape(arrange(b, [...batchRight, ...right, ...freeRight]), [...batch, lengthOver(y.shape, right), lengthOver(y.shape, freeRight)])
  return emitter.reshape(emitter.emit('MatMul', [p, q]), node.shape)
}

