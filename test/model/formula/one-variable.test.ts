// Functions of one variable: values, and derivatives on the graph, at kinks from the right.
import { describe, expect, test } from 'vitest'
import { gradient } from '../../../src/differentiate/reverse.ts'
import { evaluate } from '../../../src/engine/reference.ts'
import { Graph } from '../../../src/graph/node.ts'
import { constant, input } from '../../../src/graph/ops/leaf.ts'
import { sum } from '../../../src/graph/ops/linear.ts'
import { tensor } from '../../../src/graph/tensor.ts'
import { Expression } from '../../../src/model/expression.ts'
import { oneVariableFunction } from '../../../src/model/formula/one-variable.ts'

/** Values and slopes at the given points. */
function at(text: string, points: readonly number[]): { values: number[]; slopes: number[] } {
  const graph = new Graph()
  const x = input(graph, 'x', [points.length])
  const value = oneVariableFunction(text, 'boundary weight').apply(new Expression(x))
  const [slope] = gradient(sum(value.node), [x])
  const [values, slopes] = evaluate([value.node, slope], new Map([[x, tensor([points.length], points)]]))
  return { values: Array.from(values.data), slopes: Array.from(slopes.data) }
}

describe('functions of one variable', () => {
  test.each([
    // At the kink, the third point, the derivative is that of what lies beyond.
    ['min(x, 3)', [1, 2.5, 3, 4], [1, 2.5, 3, 3], [1, 1, 0, 0]],
    ['min(3, x)', [1, 2.5, 3, 4], [1, 2.5, 3, 3], [1, 1, 0, 0]],
    ['min(log(1+x), 2)', [1, 3, Math.expm1(2), 9], [Math.log(2), Math.log(4), 2, 2], [1 / 2, 1 / 4, 0, 0]],
    ['x^2', [0, 1, 3, 4], [0, 1, 9, 16], [0, 2, 6, 8]],
    ['min(x^2, 1)', [0, 0.5, 1, 4], [0, 0.25, 1, 1], [0, 1, 0, 0]],
    ['max(x, 3)', [1, 2, 3, 4], [3, 3, 3, 4], [0, 0, 1, 1]],
    ['abs(x - 1)', [-1, 0, 1, 2], [2, 1, 0, 1], [-1, -1, 1, 1]],
    ['relu(x)', [-2, -1, 0, 2], [0, 0, 0, 2], [0, 0, 1, 1]],
    ['min(max(x, 1), 2)', [0, 1, 2, 3], [1, 1, 2, 2], [0, 1, 0, 0]],
    ['3', [1, 2], [3, 3], [0, 0]],
    ['pi*x', [1, 2], [Math.PI, 2 * Math.PI], [Math.PI, Math.PI]],
  ])('%s', (text, points, values, slopes) => {
    const found = at(text, points)
    found.values.forEach((value, k) => { expect(value).toBeCloseTo(values[k], 14) })
    found.slopes.forEach((value, k) => { expect(value).toBeCloseTo(slopes[k], 14) })
  })

  test('constants beside x have values of their own', () => {
    const graph = new Graph()
    const x = input(graph, 'x', [2])
    const { node } = oneVariableFunction('min(x/s, 1)', 'boundary weight', ['s']).apply(new Expression(x), { s: new Expression(constant(graph, [2, 8])) })
    const [slope] = gradient(sum(node), [x])
    const [values, slopes] = evaluate([node, slope], new Map([[x, tensor([2], [4, 2])]]))
    expect([Array.from(values.data), Array.from(slopes.data)]).toEqual([[1, 0.25], [0, 0.125]])
    expect(() => oneVariableFunction('t*x', 'boundary weight', ['s']).apply(new Expression(x))).toThrow(/it is a function of x and s/)
  })

  test('other names are refused', () => {
    expect(() => at('min(y, 3)', [1])).toThrow(/^invalid boundary weight: y stands for nothing: it is a function of x alone\n {2}min\(y, 3\)\n {6}\^$/)
  })
})
