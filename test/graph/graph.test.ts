// The graph itself: equal nodes are the same node, each rule of simplification by name, printing, shapes that do not fit, rows.
import { describe, expect, test } from 'vitest'
import { evaluate } from '../../src/engine/reference.ts'
import { Graph, ROWS, build, dependents, sameShape, showShape, sizeOf, topological } from '../../src/graph/node.ts'
import type { Node, Shape } from '../../src/graph/node.ts'
import { add, divide, dot, mul, pow, power, reciprocal, square, subtract, sumOf } from '../../src/graph/ops/arithmetic.ts'
import { logSumExp } from '../../src/graph/ops/compound.ts'
import { contractAxes, contractOp, matmul } from '../../src/graph/ops/contract.ts'
import { exp, log, rounded } from '../../src/graph/ops/exponential.ts'
import { tanh } from '../../src/graph/ops/hyperbolic.ts'
import { constant, constantOp, input } from '../../src/graph/ops/leaf.ts'
import { cast, expand, expandOp, fill, reshape, reshapeOp, scale, scaleOp, splat, sum, sumOp, transpose, transposeOp } from '../../src/graph/ops/linear.ts'
import { abs, sign } from '../../src/graph/ops/piecewise.ts'
import { concat, gather, pad, slice } from '../../src/graph/ops/rearrange.ts'
import { print } from '../../src/graph/print.ts'
import { tensor } from '../../src/graph/tensor.ts'

interface Ground { readonly graph: Graph; readonly x: Node; readonly y: Node; readonly m: Node; readonly s: Node; literal(values: number | number[], shape?: Shape): Node }
function ground(): Ground {
  const graph = new Graph()
  return { graph, x: input(graph, 'x', [3]), y: input(graph, 'y', [3]), m: input(graph, 'm', [2, 3]), s: input(graph, 's', []), literal: (values, shape) => constant(graph, values, shape) }
}

/** a and b multiplied row by row. */
const contractRows = (a: Node, b: Node): Node => build(contractOp, [a, b], { left: [], right: [], batchLeft: [0], batchRight: [0] })

describe('hash-consing', () => {
  test('the same operation on the same inputs is the same node', () => {
    const { x, y, m } = ground()
    expect(exp(add(x, y))).toBe(exp(add(x, y)))
    expect(sum(m, [0])).toBe(sum(m, [0]))
    expect(slice(m, 1, 0, 2)).toBe(slice(m, 1, 0, 2))
  })

  test('commutative ops do not mind the order, others do', () => {
    const { x, y } = ground()
    expect(add(x, y)).toBe(add(y, x))
    expect(mul(x, y)).toBe(mul(y, x))
    expect(subtract(x, y)).not.toBe(subtract(y, x))
    expect(divide(x, y)).not.toBe(divide(y, x))
  })

  test('other attributes, other literals, another shape: other nodes', () => {
    const { graph, x, m } = ground()
    expect(sum(m, [0])).not.toBe(sum(m, [1]))
    expect(tanh(x, 1)).not.toBe(tanh(x, 2))
    expect(constant(graph, [1, 2])).not.toBe(constant(graph, [1, 3]))
    expect(constant(graph, [1, 2])).toBe(constant(graph, Float64Array.of(1, 2)))
    expect(constant(graph, [1, 2, 3, 4], [2, 2])).not.toBe(constant(graph, [1, 2, 3, 4], [4]))
    expect(cast(x, 'float32')).not.toBe(cast(x, 'float64'))
  })

  test('graphs do not share nodes', () => {
    expect(input(new Graph(), 'x', [2])).not.toBe(input(new Graph(), 'x', [2]))
  })
})

describe('rules', () => {
  const rules: [string, (g: Ground) => Node, (g: Ground) => Node][] = [
    ['x + 0 = x', ({ x, literal }) => add(x, literal(0)), ({ x }) => x],
    ['0 + s, broadcast', ({ graph, s }) => add(fill(graph, 0, [3]), s), ({ s }) => expand(s, [3])],
    ['x + x = 2x', ({ x }) => add(x, x), ({ x }) => scale(x, 2)],
    ['2x + 3x = 5x', ({ x }) => add(scale(x, 2), scale(x, 3)), ({ x }) => scale(x, 5)],
    ['2x + 2y = 2(x + y)', ({ x, y }) => add(scale(x, 2), scale(y, 2)), ({ x, y }) => scale(add(x, y), 2)],
    ['x + −2y = x − 2y', ({ x, y }) => add(x, scale(y, -2)), ({ x, y }) => subtract(x, scale(y, 2))],
    ['−2x + y = y − 2x', ({ x, y }) => add(scale(x, -2), y), ({ x, y }) => subtract(y, scale(x, 2))],
    ['x − 0 = x', ({ x, literal }) => subtract(x, literal(0)), ({ x }) => x],
    ['0 − x = −x', ({ x, literal }) => subtract(literal(0), x), ({ x }) => scale(x, -1)],
    ['x − x = 0', ({ x }) => subtract(x, x), ({ graph }) => fill(graph, 0, [3])],
    ['3x − 2x = x', ({ x }) => subtract(scale(x, 3), scale(x, 2)), ({ x }) => x],
    ['x − −y = x + y', ({ x, y }) => subtract(x, scale(y, -1)), ({ x, y }) => add(x, y)],
    ['1·x = x', ({ x, literal }) => mul(x, literal(1)), ({ x }) => x],
    ['0·x = 0', ({ x, literal }) => mul(x, literal(0)), ({ graph }) => fill(graph, 0, [3])],
    ['2x·3y = 6(x·y)', ({ x, y }) => mul(scale(x, 2), scale(y, 3)), ({ x, y }) => scale(mul(x, y), 6)],
    ['2x·½y = x·y', ({ x, y }) => mul(scale(x, 2), scale(y, 0.5)), ({ x, y }) => mul(x, y)],
    ['x·x = x²', ({ x }) => mul(x, x), ({ x }) => square(x)],
    ['(x·y)·y = x·y²', ({ x, y }) => mul(mul(x, y), y), ({ x, y }) => mul(x, square(y))],
    ['y·(x·y) = x·y²', ({ x, y }) => mul(y, mul(x, y)), ({ x, y }) => mul(x, square(y))],
    ['(−3x)² = 9x²', ({ x }) => square(scale(x, -3)), ({ x }) => scale(square(x), 9)],
    ['1/(2x) = ½·1/x', ({ x }) => reciprocal(scale(x, 2)), ({ x }) => scale(reciprocal(x), 0.5)],
    ['x/4 = ¼x', ({ x, literal }) => divide(x, literal(4)), ({ x }) => scale(x, 0.25)],
    ['1/x', ({ x, literal }) => divide(literal(1), x), ({ x }) => reciprocal(x)],
    ['0/x = 0', ({ x, literal }) => divide(literal(0), x), ({ graph }) => fill(graph, 0, [3])],
    ['6x/2y = 3(x/y)', ({ x, y }) => divide(scale(x, 6), scale(y, 2)), ({ x, y }) => scale(divide(x, y), 3)],
    ['x^2 with a literal exponent', ({ x, literal }) => pow(x, literal(2)), ({ x }) => square(x)],
    ['x^5 by squaring', ({ x }) => power(x, 5), ({ x }) => mul(square(square(x)), x)],
    ['x^−2', ({ x }) => power(x, -2), ({ x }) => reciprocal(square(x))],
    ['|−3x| = 3|x|', ({ x }) => abs(scale(x, -3)), ({ x }) => scale(abs(x), 3)],
    ['3(2x) = 6x', ({ x }) => scale(scale(x, 2), 3), ({ x }) => scale(x, 6)],
    ['2(½x) = x', ({ x }) => scale(scale(x, 0.5), 2), ({ x }) => x],
    ['0·x', ({ x }) => scale(x, 0), ({ graph }) => fill(graph, 0, [3])],
    ['scaled literals fold', ({ literal }) => scale(literal([1, 2, 3]), 2), ({ literal }) => literal([2, 4, 6])],
    ['functions of literals fold', ({ literal }) => square(literal([1, 2, 3])), ({ literal }) => literal([1, 4, 9])],
    ['functions of fills stay fills', ({ graph }) => exp(fill(graph, 0, [4, 5])), ({ graph }) => fill(graph, 1, [4, 5])],
    ['expand to the same shape', ({ m }) => expand(m, [2, 3]), ({ m }) => m],
    ['expand twice', ({ s }) => expand(expand(reshape(s, [1, 1]), [1, 3]), [2, 3]), ({ s }) => expand(reshape(s, [1, 1]), [2, 3])],
    ['expand of 2x', ({ x }) => expand(scale(x, 2), [2, 3]), ({ x }) => scale(expand(x, [2, 3]), 2)],
    ['an expand that broadcasting does anyway', ({ x, m }) => mul(expand(x, [2, 3]), m), ({ x, m }) => mul(x, m)],
    ['Σ over nothing', ({ m }) => sum(m, []), ({ m }) => m],
    ['Σ of 2x = 2Σx', ({ m }) => sum(scale(m, 2), [1]), ({ m }) => scale(sum(m, [1]), 2)],
    ['Σ of Σ', ({ m }) => sum(sum(m, [0])), ({ m }) => sum(m, [0, 1])],
    ['Σ of Σ, axes renumbered', ({ graph }) => sum(sum(input(graph, 't', [2, 3, 4]), [1]), [1]), ({ graph }) => sum(input(graph, 't', [2, 3, 4]), [1, 2])],
    ['Σ of something repeated', ({ x }) => sum(expand(x, [2, 3]), [0]), ({ x }) => scale(x, 2)],
    ['Σ of something repeated and something not', ({ x }) => sum(expand(x, [2, 3])), ({ x }) => scale(sum(x), 2)],
    ['Σ of literals folds', ({ literal }) => sum(literal([1, 2, 3])), ({ literal }) => literal(6)],
    ['Σ s·x = s·Σx', ({ s, x }) => sum(mul(s, x)), ({ s, x }) => mul(s, sum(x))],
    ['Σ m·x over the last axis is a product', ({ m, x }) => sum(mul(m, x), [1]), ({ m, x }) => matmul(m, x)],
    ['Σ(m + x) term by term', ({ m, x }) => sum(add(m, x), [0]), ({ m, x }) => add(sum(m, [0]), scale(x, 2))],
    ['reshape to the same shape', ({ m }) => reshape(m, [2, 3]), ({ m }) => m],
    ['reshape twice', ({ m }) => reshape(reshape(m, [6]), [3, 2]), ({ m }) => reshape(m, [3, 2])],
    ['reshape of 2x', ({ m }) => reshape(scale(m, 2), [6]), ({ m }) => scale(reshape(m, [6]), 2)],
    ['transpose in order', ({ m }) => transpose(m, [0, 1]), ({ m }) => m],
    ['transpose twice', ({ m }) => transpose(transpose(m)), ({ m }) => m],
    ['transpose of 2x', ({ m }) => transpose(scale(m, 2)), ({ m }) => scale(transpose(m), 2)],
    ['transpose of axes of length 1', ({ x }) => transpose(reshape(x, [1, 3])), ({ x }) => reshape(x, [3, 1])],
    ['a slice of everything', ({ m }) => slice(m, 1, 0, 3), ({ m }) => m],
    ['a slice of a slice', ({ x }) => slice(slice(exp(x), 0, 1, 2), 0, 1, 1), ({ x }) => slice(exp(x), 0, 2, 1)],
    ['a slice inside one part', ({ x, y }) => slice(concat([x, y], 0), 0, 4, 2), ({ y }) => slice(y, 0, 1, 2)],
    ['a slice of 2x', ({ x }) => slice(scale(x, 2), 0, 0, 2), ({ x }) => scale(slice(x, 0, 0, 2), 2)],
    ['padding by nothing', ({ x }) => pad(x, 0, 0, 0), ({ x }) => x],
    ['padded zeros', ({ graph }) => pad(fill(graph, 0, [2]), 0, 1, 1), ({ graph }) => fill(graph, 0, [4])],
    ['one part', ({ x }) => concat([x], 0), ({ x }) => x],
    ['parts of the same number', ({ graph }) => concat([fill(graph, 2, [1]), fill(graph, 2, [2])], 0), ({ graph }) => fill(graph, 2, [3])],
    ['parts with the same factor', ({ x, y }) => concat([scale(x, 2), scale(y, 2)], 0), ({ x, y }) => scale(concat([x, y], 0), 2)],
    ['gather of one number', ({ graph }) => gather(fill(graph, 2, [3]), 0, [0, 0]), ({ graph }) => fill(graph, 2, [2])],
    ['gather of 2x', ({ x }) => gather(scale(x, 2), 0, [2, 0]), ({ x }) => scale(gather(x, 0, [2, 0]), 2)],
    ['gather of all in their order', ({ x }) => gather(x, 0, [0, 1, 2]), ({ x }) => x],
    ['an op on a vector put together from numbers', ({ x, s }) => exp(concat([reshape(s, [1]), slice(x, 0, 1, 1)], 0)), ({ x, s }) => concat([exp(reshape(s, [1])), exp(slice(x, 0, 1, 1))], 0)],
    ['the same beside a vector and a number', ({ x, s }) => mul(mul(slice(x, 0, 0, 2), s), concat([reshape(s, [1]), slice(x, 0, 2, 1)], 0)),
      ({ x, s }) => concat([mul(slice(mul(slice(x, 0, 0, 2), s), 0, 0, 1), reshape(s, [1])), mul(slice(mul(slice(x, 0, 0, 2), s), 0, 1, 1), slice(x, 0, 2, 1))], 0)],
    ['the sum of it', ({ x, s }) => sumOf(concat([reshape(s, [1]), slice(x, 0, 1, 1)], 0)), ({ x, s }) => reshape(add(reshape(s, [1]), slice(x, 0, 1, 1)), [])],
    ['a·b of vectors that are whole', ({ x, y }) => dot(x, y), ({ x, y }) => contractAxes(x, y, [0], [0])],
    ['a·b where one is not', ({ x, s }) => dot(slice(x, 0, 0, 2), concat([reshape(s, [1]), slice(x, 0, 2, 1)], 0)),
      ({ x, s }) => reshape(add(mul(slice(slice(x, 0, 0, 2), 0, 0, 1), reshape(s, [1])), mul(slice(slice(x, 0, 0, 2), 0, 1, 1), slice(x, 0, 2, 1))), [])],
    ['the same number for each row', ({ graph, m }) => contractRows(fill(graph, 3, [2]), m), ({ m }) => scale(m, 3)],
    ['… as the other factor', ({ graph, m }) => contractRows(m, fill(graph, 3, [2])), ({ m }) => scale(m, 3)],
    ['a product with zeros', ({ graph, m }) => matmul(m, fill(graph, 0, [3])), ({ graph }) => fill(graph, 0, [2])],
    ['a product with ones is a sum', ({ graph, m }) => matmul(m, fill(graph, 1, [3])), ({ m }) => sum(m, [1])],
    ['a product of ones with', ({ graph, m }) => matmul(fill(graph, 3, [2]), m), ({ m }) => scale(sum(m, [0]), 3)],
    ['2m·3x = 6(m·x)', ({ m, x }) => matmul(scale(m, 2), scale(x, 3)), ({ m, x }) => scale(matmul(m, x), 6)],
    ['a product with the identity', ({ m, literal }) => matmul(m, literal([1, 0, 0, 0, 1, 0, 0, 0, 1], [3, 3])), ({ m }) => m],
    ['a product with the identity over the first axis', ({ m, literal }) => contractAxes(m, literal([1, 0, 0, 1], [2, 2]), [0], [0]), ({ m }) => transpose(m)],
    ['the identity with', ({ m, literal }) => matmul(literal([1, 0, 0, 1], [2, 2]), m), ({ m }) => m],
    ['a product read through a transpose', ({ m, x }) => contractAxes(transpose(m), x, [0], [0]), ({ m, x }) => matmul(m, x)],
  ]
  test.each(rules)('%s', (_, left, right) => {
    const g = ground()
    expect(left(g)).toBe(right(g))
  })

  test('what no rule may touch: (a + 1) − 1 as the machine computes it', () => {
    const { x, literal } = ground()
    const node = rounded(add(x, literal(1)), literal(1))
    expect(evaluate([node], new Map([[x, tensor([3], [1e-20, 1e-16, 0.5])]]))[0].data).toEqual(Float64Array.of(0, 0, 0.5))
  })

  test('a factor in the last two axes, summed over the first two: no product over other axes that happen to be as long', () => {
    const { graph } = ground()
    const [t, f] = [input(graph, 't', [2, 2, 2]), input(graph, 'f', [2, 2])]
    const total = sum(mul(t, f), [0, 1])
    const [value] = evaluate([total], new Map([[t, tensor([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8])], [f, tensor([2, 2], [1, 10, 100, 1000])]]))
    // Σ over i, j of t[i,j,k]·f[j,k].
    expect(Array.from(value.data)).toEqual([1 + 300 + 5 + 700, 20 + 4000 + 60 + 8000])
  })

  test('rules do not hide what is not a number: 0/0, 1/0 and log 0 of literals', () => {
    const { literal } = ground()
    const value = (node: Node): number => evaluate([node], new Map())[0].data[0]
    expect([value(divide(literal(0), literal(0))), value(divide(literal(1), literal(0))), value(log(literal(0)))]).toEqual([NaN, Infinity, -Infinity])
  })

  test('numbers repeated are never stored one by one', () => {
    const { graph } = ground()
    const node = fill(graph, 2, [1000, 1000])
    expect([node.op, node.inputs[0].op, splat(node)]).toEqual([expandOp, constantOp, 2])
    expect(splat(constant(graph, [2, 2, 3]))).toBeUndefined()
  })
})

describe('shapes', () => {
  test('written for people, with the number of rows by its name', () => {
    expect([showShape([]), showShape([2, 3]), showShape([ROWS, 3])]).toEqual(['[]', '[2, 3]', '[rows, 3]'])
    expect([sizeOf([2, 3]), sizeOf([ROWS, 3]), sizeOf([ROWS, 3], 5), sizeOf([])]).toEqual([6, 3, 15, 1])
    expect([sameShape([2, 3], [2, 3]), sameShape([2, 3], [2]), sameShape([2, 3], [3, 2])]).toEqual([true, false, false])
  })

  const misfits: [string, (g: Ground) => Node, RegExp][] = [
    ['sum of unlike shapes', ({ x, graph }) => add(x, input(graph, 'z', [2])), /shapes \[3\] and \[2\] do not fit together/],
    ['product of unlike matrices', ({ m, graph }) => mul(m, input(graph, 'z', [3, 2])), /shapes \[2, 3\] and \[3, 2\] do not fit together/],
    ['rows and a number', ({ graph, x }) => add(input(graph, 'r', [ROWS]), x), /shapes \[rows\] and \[3\] do not fit together/],
    ['matrix product', ({ m, graph }) => matmul(m, input(graph, 'z', [2])), /cannot multiply \[2, 3\] with \[2\]: axis lengths 3 and 2 differ/],
    ['matrix product of a scalar', ({ m, s }) => matmul(m, s), /matmul needs vectors or matrices, got \[2, 3\] and \[\]/],
    ['reshape', ({ m }) => reshape(m, [4]), /cannot reshape \[2, 3\] to \[4\]/],
    ['reshape of rows into no rows', ({ graph }) => reshape(input(graph, 'r', [ROWS, 3]), [3]), /cannot reshape \[rows, 3\] to \[3\]/],
    ['expand', ({ m }) => expand(m, [4, 3]), /cannot repeat \[2, 3\] to \[4, 3\]/],
    ['expand to fewer axes', ({ m }) => expand(m, [3]), /cannot repeat \[2, 3\] to \[3\]/],
    ['slice', ({ x }) => slice(x, 0, 2, 2), /elements 3 to 4 are outside \[3\]/],
    ['slice before the start', ({ x }) => slice(x, 0, -1, 2), /elements 0 to 1 are outside \[3\]/],
    ['concat', ({ x, m }) => concat([x, m], 0), /parts of shapes \[3\], \[2, 3\] do not fit together/],
    ['logSumExp of a scalar', ({ s }) => logSumExp(s), /logSumExp needs at least one axis/],
  ]
  test.each(misfits)('%s', (_, build, message) => {
    expect(() => build(ground())).toThrow(message)
  })

  test('rows broadcast with rows and with 1', () => {
    const { graph } = ground()
    const [r, wide] = [input(graph, 'r', [ROWS, 1]), input(graph, 'wide', [ROWS, 3])]
    expect(add(r, wide).shape).toEqual([ROWS, 3])
    expect(add(input(graph, 'one', [1, 3]), wide).shape).toEqual([ROWS, 3])
  })
})

describe('rows', () => {
  test('a sum over repeated rows keeps the number of rows, which is not known yet', () => {
    const { graph, x } = ground()
    const rows = input(graph, 'rows', [ROWS, 3])
    const total = sum(add(expand(x, [ROWS, 3]), scale(rows, 0)), [0])
    for (const count of [0, 1, 4]) {
      const [value] = evaluate([total], new Map([[x, tensor([3], [1, 2, 3])], [rows, tensor([count, 3], new Float64Array(3 * count))]]), count)
      expect(Array.from(value.data)).toEqual([count, 2 * count, 3 * count])
    }
  })

  test('fills over rows', () => {
    const { graph } = ground()
    expect(evaluate([fill(graph, 7, [ROWS, 2])], new Map(), 3)[0]).toEqual({ shape: [3, 2], data: new Float64Array(6).fill(7) })
  })

  test('a product over rows', () => {
    const { graph } = ground()
    const rows = input(graph, 'rows', [ROWS, 2])
    const gram = contractAxes(rows, rows, [0], [0])
    expect(gram.shape).toEqual([2, 2])
    expect(Array.from(evaluate([gram], new Map([[rows, tensor([3, 2], [1, 2, 3, 4, 5, 6])]]), 3)[0].data)).toEqual([35, 44, 44, 56])
  })
})

test('printing: a small energy and its parts', () => {
  const graph = new Graph()
  const x = input(graph, 'x', [2])
  const k = input(graph, 'K', [2, 2])
  const energy = scale(sum(mul(matmul(k, x), x)), 0.5)
  expect(print({ energy: add(energy, constant(graph, 3)), last: slice(tanh(x, 1), 0, 1, 1), table: constant(graph, [1, 2]) })).toBe([
    'x [2] = input()',
    'K [2, 2] = input()',
    '%2 [2] = contract(K, x) {left: [1], right: [0], batchLeft: [], batchRight: []}',
    '%3 [2] = multiply(x, %2)',
    '%4 [] = sum(%3) {axes: [0]}',
    '%5 [] = scale(%4) {factor: 0.5}',
    '%7 [] = add(%5, 3)',
    '%8 [2] = tanh(x) {order: 1}',
    '%9 [1] = slice(%8) {axis: 0, start: 1, length: 1}',
    '%10 [2] = constant()',
    'energy = %7',
    'last = %9',
    'table = %10',
  ].join('\n'))
})

test('topological order: inputs before users, each once, and graphs deeper than the call stack', () => {
  const { x, y } = ground()
  let deep = x
  for (let k = 0; k < 50_000; k++) deep = k % 2 === 0 ? add(deep, y) : tanh(deep)
  const order = topological([deep, x])
  expect(order.length).toBe(50_002)
  expect(new Set(order).size).toBe(order.length)
  const place = new Map(order.map((node, k) => [node, k]))
  expect(order.every((node) => node.inputs.every((from) => place.get(from)! < place.get(node)!))).toBe(true)
})

test('dependents: what moves when a source moves', () => {
  const { x, y, m } = ground()
  const [p, q] = [tanh(x), mul(tanh(x), y)]
  const found = dependents([q, sum(m)], [y])
  expect([found.has(y), found.has(q), found.has(p), found.has(x), found.has(m)]).toEqual([true, true, false, false, false])
})

test('where a node with a kink was first built is kept for the error, others are not looked up', () => {
  const graph = new Graph()
  let asked = 0
  graph.locate = () => `line ${++asked}`
  const x = input(graph, 'x', [])
  expect([tanh(x).origin, sign(x).origin, abs(x).origin, abs(x).origin, asked]).toEqual([undefined, 'line 1', 'line 2', 'line 2', 2])
})

test('the ops that rules look for are the records themselves', () => {
  const { x, m } = ground()
  expect([scale(x, 3).op, sum(x).op, reshape(m, [6]).op, transpose(m).op, matmul(m, x).op]).toEqual([scaleOp, sumOp, reshapeOp, transposeOp, contractOp])
})
