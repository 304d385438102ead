// Reductions that are smooth although computed through a maximum: logSumExp.
import { build } from '../node.ts'
import type { Node, Op, Shape } from '../node.ts'
import { tensor } from '../tensor.ts'
import { add, logarithm, mul, subtract } from './arithmetic.ts'
import { exp } from './exponential.ts'
import { expand, reshape, sum } from './linear.ts'

const matrix = tensor([2, 3], [0.4, -1.3, 0.7, 2.1, -0.6, 1.9])

/** The largest element along the last axis; only ever a shift that cancels, so it needs no derivative. */
export const maxOp: Op = {
  name: 'largest',
  formula: 'the largest element along the last axis',
  smooth: false,
  shape: ([x]) => x.slice(0, -1),
  value: ([x], _, shape) => ({ shape, data: reduceLast(x.data, x.shape, (row) => row.reduce((a, b) => Math.max(a, b), -Infinity)) }),
  forward: () => { throw new Error('the shift of logSumExp is never differentiated') },
  reverse: () => { throw new Error('the shift of logSumExp is never differentiated') },
  vectorize: (_, [x]) => build(maxOp, [x]),
  onnx: (emitter, node, [x]) => emitter.emit('ReduceMax', [x], { axes: [node.inputs[0].shape.length - 1], keepdims: 0 }),
  samples: [],
  unsampled: 'it has no derivative',
}

function reduceLast(data: Float64Array, shape: Shape, reduce: (row: Float64Array) => number): Float64Array {
  const length = shape[shape.length - 1]
  return Float64Array.from({ length: data.length / length }, (_, k) => reduce(data.subarray(k * length, (k + 1) * length)))
}

const lastAxis = (node: Node): number => node.shape.length - 1
/** A reduced node again beside the axis it lost. */
const restore = (reduced: Node, like: Node): Node => expand(reshape(reduced, [...reduced.shape, 1]), like.shape)

/** log Σ exp(x) over the last axis, without overflow. */
export const logSumExpOp: Op = {
  name: 'logSumExp',
  formula: 'log Σ eˣ over the last axis',
  smooth: true,
  shape: ([x]) => {
    if (x.length === 0) throw new Error('logSumExp needs at least one axis')
    return x.slice(0, -1)
  },
  value: ([x], _, shape) => ({
    shape,
    data: reduceLast(x.data, x.shape, (row) => {
      const top = row.reduce((a, b) => Math.max(a, b), -Infinity)
      return top === -Infinity ? top : top + Math.log(row.reduce((total, value) => total + Math.exp(value - top), 0))
    }),
  }),
  // The derivative is the softmax, written with the output: exp(x − logSumExp x).
  forward: (node, [tangent]) => (tangent ? [sum(mul(exp(subtract(node.inputs[0], restore(node, node.inputs[0]))), tangent), [lastAxis(node.inputs[0])])] : []),
  reverse: (node, adjoint) => {
    const [x] = node.inputs
    return [mul(restore(adjoint, x), exp(subtract(x, restore(node, x))))]
  },
  vectorize: (_, [x]) => logSumExp(x),
  lower: (_, [x]) => {
    const top = build(maxOp, [x])
    return add(top, logarithm(sum(exp(subtract(x, restore(top, x))), [lastAxis(x)])))
  },
  samples: [{ inputs: [tensor([4], [0.4, -1.3, 90, 89])] }, { inputs: [matrix] }],
}

export function logSumExp(x: Node): Node {
  return build(logSumExpOp, [x])
}
