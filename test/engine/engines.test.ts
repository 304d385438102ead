// The engine contract, which every engine passes alike; and energies computed in pieces.
import { describe, expect, test } from 'vitest'
import type { Program } from '../../src/compile/program.ts'
import type { Executable, Values } from '../../src/engine/engine.ts'
import { energyOf, runEnergy } from '../../src/engine/energy.ts'
import { evaluate, referenceEngine, rowsOf } from '../../src/engine/reference.ts'
import { Graph, ROWS, build } from '../../src/graph/node.ts'
import type { Node } from '../../src/graph/node.ts'
import { add, mul } from '../../src/graph/ops/arithmetic.ts'
import { contractAxes, contractOp, matmul } from '../../src/graph/ops/contract.ts'
import { input } from '../../src/graph/ops/leaf.ts'
import { scale, sum } from '../../src/graph/ops/linear.ts'
import { energyProgram } from '../../src/compile/model-file.ts'
import { gaussian } from '../../src/model/energies/gaussian.ts'
import { trace } from '../../src/model/model.ts'
import { engines, onnx } from '../estimate/parametric-fixtures.ts'

function linear(type: Program['type']): Program {
  const graph = new Graph()
  const [rows, weights, bias] = [input(graph, 'rows', [ROWS, 2]), input(graph, 'weights', [2, 3]), input(graph, 'bias', [3])]
  const y = add(contractAxes(rows, weights, [1], [0]), bias)
  return { name: 'linear', type, inputs: [rows, weights, bias, input(graph, 'unused', [4])], outputs: { y, total: sum(mul(y, y)) } }
}
const values = (type: Program['type'], shape: number[], data: readonly number[]): Values => ({ shape, data: type === 'float64' ? Float64Array.from(data) : Float32Array.from(data) })

// ONNX Runtime takes a number behind a matrix product into it, as float32 in float64 too: a third is then wrong in its eighth digit,
// and so is a Hessian, of which an ill-conditioned problem shows the inverse.
test.each<[string, (g: { readonly a: Node; readonly b: Node; readonly c: Node; readonly m: Node; readonly n: Node; readonly v: Node }) => Node]>([
  ['a sum over rows of one column', ({ a }) => sum(a, [0])],
  ['… of products', ({ a, b }) => sum(mul(a, b), [0])],
  ['… of several columns', ({ c }) => sum(c, [0])],
  ['… of squares', ({ c }) => sum(mul(c, c), [0])],
  ['… of a column by others', ({ a, c }) => sum(mul(a, c), [0])],
  ['rows by a vector', ({ c, v }) => matmul(c, v)],
  ['rows by a matrix', ({ c, m }) => matmul(c, m)],
  ['columns by columns', ({ c }) => contractAxes(c, c, [0], [0])],
  ['row by row, vectors by matrices', ({ c, n }) => build(contractOp, [c, n], { left: [1], right: [1], batchLeft: [0], batchRight: [0] })],
  ['row by row, matrices', ({ n }) => build(contractOp, [n, n], { left: [2], right: [1], batchLeft: [0], batchRight: [0] })],
  ['row by row, a sum of products', ({ c }) => build(contractOp, [c, c], { left: [1], right: [1], batchLeft: [0], batchRight: [0] })],
])('a number that multiplies a product is float64: %s', async (_, make) => {
  const graph = new Graph()
  const shapes = { a: [ROWS, 1], b: [ROWS, 1], c: [ROWS, 3], m: [3, 3], n: [ROWS, 3, 3], v: [3] } as const
  const inputs = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, input(graph, name, shape)])) as Record<keyof typeof shapes, Node>
  const program: Program = { name: 'factor', type: 'float64', inputs: Object.values(inputs), outputs: { plain: make(inputs), third: scale(make(inputs), 1 / 3) } }
  const alone: Program = { ...program, outputs: { third: program.outputs.third } }
  const feeds = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => {
    const own = shape.map((length) => (length === ROWS ? 7 : length))
    return [name, values('float64', own, Array.from({ length: own.reduce<number>((product, length) => product * length, 1) }, (_unused, k) => Math.sin(3 * k + name.charCodeAt(0)) + 1.5))]
  }))
  const [both, only] = await Promise.all([program, alone].map(async (own) => { const executable = await onnx.prepare(own); return executable.run(feeds) }))
  for (const { data } of [both.third, only.third]) data.forEach((value, k) => expect(Math.abs(value / (both.plain.data[k] / 3) - 1)).toBeLessThan(1e-14))
})

describe.each(engines)('engine $name', (engine) => {
  describe.each(['float64', 'float32'] as const)('%s', (type) => {
    const feeds = (rows: readonly number[]): Record<string, Values> => ({
      rows: values(type, [rows.length / 2, 2], rows), weights: values(type, [2, 3], [1, 2, 3, 4, 5, 6]), bias: values(type, [3], [10, 20, 30]),
    })

    test('computes, again and again, at any number of rows; unused inputs need not be fed', async () => {
      const program = await engine.prepare(linear(type))
      for (const rows of [[1, 1], [1, 0, 0, 1, 2, -1], [0.5, 0.25]]) {
        const { y, total } = await program.run(feeds(rows))
        const expected = Array.from({ length: rows.length / 2 }, (_, k) => [0, 1, 2].map((j) => rows[2 * k] * (1 + j) + rows[2 * k + 1] * (4 + j) + 10 * (1 + j))).flat()
        expect([y.shape, Array.from(y.data)]).toEqual([[rows.length / 2, 3], expected])
        expect([total.shape, total.data[0]]).toEqual([[], expected.reduce((sofar, v) => sofar + v * v, 0)])
      }
      await program.release()
    })

    test('writes to the buffers that are given, and only to those', async () => {
      const program = await engine.prepare(linear(type))
      const y = values(type, [1, 3], [0, 0, 0])
      const first = await program.run(feeds([1, 1]), { y })
      expect(first.y).toBe(y)
      expect(Array.from(y.data)).toEqual([15, 27, 39])
      expect(first.total.data[0]).toBe(15 ** 2 + 27 ** 2 + 39 ** 2)
      const second = await program.run(feeds([0, 0]), { y })
      expect(Array.from(second.y.data)).toEqual([10, 20, 30])
      expect(first.total.data[0]).toBe(15 ** 2 + 27 ** 2 + 39 ** 2)
      await program.release()
    })

    test('what comes out of one run goes into the next, changed in place: nothing is kept from before', async () => {
      const program = await engine.prepare(linear(type))
      const fed = feeds([1, 1])
      await program.run(fed)
      fed.rows.data.set([0, 0])
      expect(Array.from((await program.run(fed)).y.data)).toEqual([10, 20, 30])
      await program.release()
    })

    test('a missing input, a wrong shape and unequal numbers of rows are errors that name the input', async () => {
      const program = await engine.prepare(linear(type))
      const { bias, ...rest } = feeds([1, 1])
      await expect(program.run(rest)).rejects.toThrow('program linear: input bias is not fed')
      await expect(program.run({ ...rest, bias: { ...bias, shape: [1, 3] } })).rejects.toThrow('program linear: input bias has shape [1, 3], needs [3]')
      await expect(program.run({ ...feeds([1, 1]), rows: values(type, [2, 1], [1, 1]) })).rejects.toThrow('program linear: input rows has shape [2, 1], needs [rows, 2]')
      await program.release()
      const graph = new Graph()
      const [a, b] = [input(graph, 'a', [ROWS]), input(graph, 'b', [ROWS])]
      const sums = await engine.prepare({ name: 'sums', type, inputs: [a, b], outputs: { c: add(a, b) } })
      await expect(sums.run({ a: values(type, [2], [1, 2]), b: values(type, [1], [1]) })).rejects.toThrow('program sums: input b has 1 rows, a has 2')
      await sums.release()
    })
  })
})

test('the reference refuses inputs without a value, and finds the number of rows in the feeds', () => {
  const { inputs, outputs, ...rest } = linear('float64')
  expect(() => evaluate([outputs.y], new Map())).toThrow('input bias is not fed')
  expect(rowsOf({ inputs, outputs, ...rest }, { rows: { shape: [7, 2], data: new Float64Array(14) } })).toBe(7)
  expect(rowsOf({ inputs, outputs, ...rest }, {})).toBe(0)
})

describe('energies', () => {
  test('many rows are computed in pieces, each row once and in its place', async () => {
    const sizes: number[] = []
    const counting: Executable = {
      run: async ({ x }) => {
        sizes.push(x.shape[0])
        return { energy: { shape: [x.shape[0]], data: Float64Array.from({ length: x.shape[0] }, (_, k) => x.data[2 * k] + x.data[2 * k + 1]) }, score: { shape: x.shape, data: Float64Array.from(x.data, (v) => -v) } }
      },
      release: async () => undefined,
    }
    const rows = Float64Array.from({ length: 2 * 40_000 }, (_, k) => k)
    const { energy, score } = await energyOf(counting, ['a', 'b'], async () => counting).evaluate(rows)
    expect(sizes.reduce((a, b) => a + b, 0)).toBe(40_000)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2048)
    expect(energy.every((value, k) => value === 4 * k + 1)).toBe(true)
    expect(score.every((value, k) => value === -k)).toBe(true)
  })

  test.each(engines)('the energy of a Gaussian on $name, no rows included', async (engine) => {
    const energy = await runEnergy(energyProgram(trace(gaussian, 1), [4, 2], undefined, undefined), ['a'], engine)
    const found = await energy.evaluate(Float64Array.of(0, 1, -3))
    expect([Array.from(found.energy, (v) => v + 0), Array.from(found.score)]).toEqual([[0, 0, 24], [2, -2, 14]])
    expect((await energy.evaluate(new Float64Array(0))).energy.length).toBe(0)
    await energy.release()
  })

  test('without an engine’s own type of numbers: the reference takes float32 and float64', async () => {
    const program = await referenceEngine.prepare(linear('float32'))
    const { y } = await program.run({ rows: { shape: [1, 2], data: Float32Array.of(1, 1) }, weights: { shape: [2, 3], data: Float64Array.of(1, 2, 3, 4, 5, 6) }, bias: { shape: [3], data: Float64Array.of(0, 0, 0) } })
    expect(Array.from(y.data)).toEqual([5, 7, 9])
  })
})
