// Factors that are constants move into the matrix behind them: by name, and with the value they had.
import { expect, test } from 'vitest'
import { foldFactors } from '../../src/compile/fold-factors.ts'
import { evaluate } from '../../src/engine/reference.ts'
import { Graph } from '../../src/graph/node.ts'
import { add, mul } from '../../src/graph/ops/arithmetic.ts'
import { matmul } from '../../src/graph/ops/contract.ts'
import { exp } from '../../src/graph/ops/exponential.ts'
import { constant, input } from '../../src/graph/ops/leaf.ts'
import { tensor } from '../../src/graph/tensor.ts'

const graph = new Graph()
const x = input(graph, 'x', [3])
const factors = constant(graph, [2, 3, -1])
const wide = constant(graph, [1, 2, 3, 4, 5, 6], [2, 3])
const tall = constant(graph, [1, 2, 3, 4, 5, 6], [3, 2])

test.each([
  ['from the right', matmul(wide, mul(x, factors)), matmul(constant(graph, [2, 6, -3, 8, 15, -6], [2, 3]), x)],
  ['from the left', matmul(mul(x, factors), tall), matmul(x, constant(graph, [2, 4, 9, 12, -5, -6], [3, 2]))],
  ['one after the other', matmul(constant(graph, [5, 7], [1, 2]), mul(matmul(wide, mul(x, factors)), constant(graph, [10, 100]))), matmul(constant(graph, [50, 700], [1, 2]), matmul(constant(graph, [2, 6, -3, 8, 15, -6], [2, 3]), x))],
  ['inside of other operations', exp(matmul(wide, mul(x, factors))), exp(matmul(constant(graph, [2, 6, -3, 8, 15, -6], [2, 3]), x))],
  ['nothing where the matrix or the factor is no constant', matmul(wide, mul(x, exp(x))), matmul(wide, mul(x, exp(x)))],
  ['nothing where a sum stands between', matmul(wide, add(x, factors)), matmul(wide, add(x, factors))],
])('%s', (_, before, expected) => {
  const [after] = foldFactors([before])
  expect(after).toBe(expected)
  const at = new Map([[x, tensor([3], [0.4, -1.3, 0.7])]])
  expect(Array.from(evaluate([after], at)[0].data)).toEqual(Array.from(evaluate([before], at)[0].data, (value) => expect.closeTo(value, 12)))
})
