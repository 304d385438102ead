// Ops with kinks or jumps. They are allowed in data and parameters, never on the way from x to the energy.
import type { Node } from '../node.ts'
import { fill, scale, scaleOp } from './linear.ts'
import { elementwise } from './arithmetic.ts'
import type { ElementwiseOp } from './elementwise.ts'

const left = [0.7, -1.2, 0.3, 2.5, -0.4]
const right = [1.4, 0.8, -2.1, 0.6, -0.9]
const number = (node: Node, value: number): Node => fill(node.graph, value, [])

/** p where a < b, q elsewhere (also where a or b is not a number). */
export const selectLess: ElementwiseOp<[Node, Node, Node, Node]> = elementwise<[Node, Node, Node, Node]>({
  name: 'where',
  formula: 'p where a < b, else q',
  smooth: false,
  value: (a, b, p, q) => (a < b ? p : q),
  partials: [null, null, ([a, b]) => selectLess(a, b, number(a, 1), number(a, 0)), ([a, b]) => selectLess(a, b, number(a, 0), number(a, 1))],
  onnx: (emitter, _, [a, b, p, q]) => emitter.emit('Where', [emitter.emit('Less', [a, b]), p, q]),
  samples: [left, right, [0.1, 0.2, 0.3, 0.4, 0.5], [-1, -2, -3, -4, -5]],
})

/** −1, 0 or 1. */
export const sign: ElementwiseOp<[Node]> = elementwise({
  name: 'sign',
  formula: 'sign of a',
  smooth: false,
  value: Math.sign,
  partials: [null],
  onnx: 'Sign',
  samples: [left],
})

export const abs: ElementwiseOp<[Node]> = elementwise({
  name: 'abs',
  formula: '|a|',
  smooth: false,
  value: Math.abs,
  partials: [([a]) => sign(a)],
  simplify: ([a]) => (a.op === scaleOp ? scale(abs(a.inputs[0]), Math.abs(a.attributes.factor as number)) : undefined),
  onnx: 'Abs',
  samples: [left],
})

export const minimum: ElementwiseOp<[Node, Node]> = elementwise<[Node, Node]>({
  name: 'min',
  formula: 'the smaller of a and b',
  smooth: false,
  value: Math.min,
  partials: [([a, b]) => selectLess(a, b, number(a, 1), number(a, 0)), ([a, b]) => selectLess(a, b, number(a, 0), number(a, 1))],
  onnx: 'Min',
  samples: [left, right],
})

export const maximum: ElementwiseOp<[Node, Node]> = elementwise<[Node, Node]>({
  name: 'max',
  formula: 'the larger of a and b',
  smooth: false,
  value: Math.max,
  partials: [([a, b]) => selectLess(b, a, number(a, 1), number(a, 0)), ([a, b]) => selectLess(b, a, number(a, 0), number(a, 1))],
  onnx: 'Max',
  samples: [left, right],
})
