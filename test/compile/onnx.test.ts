// Compiled models: what is in the bytes, that ONNX Runtime opens them at any number of rows, and that fusions change nothing.
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { compileOnnx } from '../../src/compile/onnx.ts'
import type { Program } from '../../src/compile/program.ts'
import { gradient } from '../../src/differentiate/reverse.ts'
import { vectorize } from '../../src/differentiate/vectorize.ts'
import { evaluate, referenceEngine } from '../../src/engine/reference.ts'
import { overRows } from '../../src/estimate/batch.ts'
import { denoising } from '../../src/estimate/estimators/denoising.ts'
import { scoreMatching } from '../../src/estimate/estimators/score-matching.ts'
import { openFullBatch } from '../../src/estimate/full-batch.ts'
import { integrateNoise } from '../../src/estimate/integrate-noise.ts'
import { adamStep, optimizerInputs } from '../../src/estimate/optimizer.ts'
import { Graph, ROWS } from '../../src/graph/node.ts'
import type { ElementType, Node, Shape } from '../../src/graph/node.ts'
import { add, mul, square, subtract } from '../../src/graph/ops/arithmetic.ts'
import { contractAxes, contractOp, matmul } from '../../src/graph/ops/contract.ts'
import { tanh } from '../../src/graph/ops/hyperbolic.ts'
import { constant, input } from '../../src/graph/ops/leaf.ts'
import { cast, expand, fill, reshape, scale, sum, transpose } from '../../src/graph/ops/linear.ts'
import { scatterOp } from '../../src/graph/ops/rearrange.ts'
import { silu } from '../../src/graph/ops/sigmoidal.ts'
import { tensor } from '../../src/graph/tensor.ts'
import type { Tensor } from '../../src/graph/tensor.ts'
import { mlp } from '../../src/model/energies/mlp.ts'
import { dot, matmul as matmulOf, quadraticForm, sin, tanh as tanhOf } from '../../src/model/expression.ts'
import { defineModel, trace } from '../../src/model/model.ts'
import { matrix, symmetric } from '../../src/model/parameters.ts'
import { isotropic, onnx } from '../estimate/parametric-fixtures.ts'
import { readOnnxModel } from './onnx-model.ts'

const concrete = (shape: Shape, rows: number): number[] => shape.map((length) => (length === ROWS ? rows : length))
const nameOf = (node: Node): string => node.attributes.name as string

/** Feeds without symmetry for every input of a program. */
function feedsOf(program: Program, rows: number): Map<Node, Tensor> {
  return new Map(program.inputs.map((node, k) => {
    const shape = concrete(node.shape, rows)
    return [node, tensor(shape, Float64Array.from({ length: shape.reduce((p, n) => p * n, 1) }, (_, e) => Math.cos(1 + 1.7 * e + k)))]
  }))
}

/** Runs a program on ONNX Runtime and on the reference with the same numbers; gives the largest difference, relative to the largest number. */
async function difference(program: Program, rows: number): Promise<number> {
  const single = program.type === 'float32'
  const feeds = new Map([...feedsOf(program, rows)].map(([node, value]) => [node, single ? tensor(value.shape, Float32Array.from(value.data)) : value]))
  const names = Object.keys(program.outputs)
  const expected = evaluate(names.map((name) => program.outputs[name]), feeds, rows)
  const executable = await onnx.prepare(program)
  const found = await executable.run(Object.fromEntries([...feeds].map(([node, { shape, data }]) => [nameOf(node), { shape, data: single ? Float32Array.from(data) : data }])))
  await executable.release()
  let worst = 0
  names.forEach((name, k) => {
    expect(found[name].shape).toEqual(expected[k].shape)
    const size = Math.max(1e-300, ...expected[k].data.map(Math.abs))
    expected[k].data.forEach((value, e) => { worst = Math.max(worst, Math.abs(found[name].data[e] - value) / size) })
  })
  return worst
}

const operators = (program: Program): string[] => readOnnxModel(compileOnnx(program)).nodes.map(({ operator }) => operator).filter((operator) => operator !== 'Identity').sort()
const one = (inputs: readonly Node[], output: Node, type: ElementType = 'float64'): Program => ({ name: 'test', inputs, outputs: { output }, type })

function trainingStep(estimator: typeof denoising): Program {
  const model = trace(mlp({ hidden: [6, 5], quadratic: [1, 0.2, 0.2, 1] }), 2)
  const batch = overRows(model, estimator.objective(model, isotropic(0.2, 2)))
  const { state, schedule } = optimizerInputs(model.graph, model.theta)
  const next = adamStep(state, batch.gradient, schedule)
  return { name: 'step', type: 'float32', inputs: [state.theta, state.firstMoment, state.secondMoment, state.average, schedule, ...batch.inputs], outputs: { theta1: next.theta, gradient: batch.gradient, total: batch.total, perRow: batch.perRow } }
}

describe('rows that a product carries away from the front', () => {
  // A matrix parameter times a bent function of x: derivatives by its elements multiply arrays with free axes on both sides.
  const bent = (name: string, logDensity: Parameters<typeof defineModel<'k' | 'b'>>[0]['logDensity']) =>
    [name, defineModel({ name, parameters: { k: symmetric(2), b: matrix(2, 2, { initial: [1, 0.5, 0.2, -0.3] }) }, logDensity })] as const
  test.each([
    bent('a quadratic form of tanh x', ({ k }, x) => quadraticForm(k, tanhOf(x)).mul(-0.5).sub(dot(x, x))),
    bent('a quadratic form of sin Bx', ({ k, b }, x) => quadraticForm(k, sin(matmulOf(b, x))).mul(-0.5).sub(dot(x, x))),
    bent('a bilinear form of tanh Bx', ({ k, b }, x) => dot(tanhOf(matmulOf(b, x)), matmulOf(k, tanhOf(matmulOf(b, x)))).mul(-0.5).sub(dot(x, x))),
  ])('%s: objective, its gradient and its Hessian', async (_, written) => {
    const traced = trace(written, 2)
    const objective = integrateNoise(traced, scoreMatching.objective(traced, undefined), { random: createRandom(0) })
    const rows = Float64Array.from({ length: 26 }, (_row, k) => Math.cos(1 + 1.7 * k))
    const at = Float64Array.from({ length: traced.parameterCount }, (_p, k) => Math.sin(2 + k))
    const [found, expected] = await Promise.all([onnx, referenceEngine].map(async (engine) => {
      const batch = openFullBatch(traced, objective, rows, engine)
      return [...(await batch.evaluate(at)).gradient, ...await batch.hessian(at)]
    }))
    found.forEach((value, k) => expect(value).toBeCloseTo(expected[k], 11))
  })
})

describe('the bytes', () => {
  test.each([['denoising', denoising], ['score-matching', scoreMatching]] as const)('a training step by %s: opset 17, IR 8, operators of the standard domain', (_, estimator) => {
    const model = readOnnxModel(compileOnnx(trainingStep(estimator)))
    expect(model.irVersion).toBe(8)
    expect(model.opsets).toEqual([{ domain: '', version: 17 }])
    expect(model.nodes.every(({ domain }) => domain === '')).toBe(true)
    expect(model.outputs).toEqual(['theta1', 'gradient', 'total', 'perRow'])
    expect(model.inputs).toContain('rows')
    const written = new Set([...model.inputs, ...model.nodes.flatMap(({ outputs }) => outputs)])
    expect(model.nodes.flatMap(({ outputs }) => outputs).length).toBe(new Set(model.nodes.flatMap(({ outputs }) => outputs)).size)
    // Every value is written before it is read, or is a constant.
    expect(model.nodes.flatMap(({ inputs }) => inputs).every((name) => written.has(name) || /^c\d+$/.test(name))).toBe(true)
  })

  test('metadata, Unicode included, and none', () => {
    const x = input(new Graph(), 'x', [2])
    expect(readOnnxModel(compileOnnx(one([x], x), { unnorm: '{"columns":["länge","幅"]}', b: '' })).metadata).toEqual({ unnorm: '{"columns":["länge","幅"]}', b: '' })
    expect(readOnnxModel(compileOnnx(one([x], x))).metadata).toEqual({})
  })

  test('the same program gives the same bytes', () => {
    expect(compileOnnx(trainingStep(denoising))).toEqual(compileOnnx(trainingStep(denoising)))
  })

  test('inputs that nothing depends on are left out', () => {
    const graph = new Graph()
    const [x, y] = [input(graph, 'x', [2]), input(graph, 'y', [2])]
    expect(readOnnxModel(compileOnnx(one([x, y], tanh(x)))).inputs).toEqual(['x'])
  })

  test('equal constants are stored once', () => {
    const x = input(new Graph(), 'x', [2, 3])
    const k = [1, 2, 3, 4, 5, 6]
    const made = readOnnxModel(compileOnnx(one([x], add(mul(x, constant(x.graph, k, [2, 3])), tanh(mul(tanh(x), constant(x.graph, k, [2, 3])))))))
    expect(made.initializers).toBe(1)
  })

  test('the same numbers under another shape are another constant', async () => {
    const x = input(new Graph(), 'x', [2, 3])
    const k = [1, 2, 3, 4, 5, 6]
    const turned = matmul(mul(x, constant(x.graph, k, [2, 3])), constant(x.graph, k, [3, 2]))
    expect(readOnnxModel(compileOnnx(one([x], turned))).initializers).toBe(2)
    expect(await difference(one([x], turned), 1)).toBeLessThanOrEqual(1e-15)
  })

  test('mixed precision without a cast is refused', () => {
    const graph = new Graph()
    const [x, y] = [input(graph, 'x', [2]), input(graph, 'y', [2])]
    expect(() => compileOnnx(one([x, y], add(cast(x, 'float32'), y)))).toThrow('add mixes float32 and float64')
  })
})

describe('any number of rows', () => {
  test.each([['denoising', denoising], ['score-matching', scoreMatching]] as const)('a training step by %s at 1, 2, 7 and 300 rows, one session', async (_, estimator) => {
    const program = trainingStep(estimator)
    const executable = await onnx.prepare(program)
    for (const rows of [1, 300, 2, 7]) {
      const feeds = feedsOf(program, rows)
      const found = await executable.run(Object.fromEntries([...feeds].map(([node, { shape, data }]) => [nameOf(node), { shape, data: Float32Array.from(data) }])))
      const names = ['gradient', 'total', 'perRow']
      const expected = evaluate(names.map((name) => program.outputs[name]), feeds, rows)
      names.forEach((name, k) => {
        expect(found[name].shape).toEqual(expected[k].shape)
        const size = Math.max(...expected[k].data.map(Math.abs))
        // float32 against float64: sums over rows and layers of rounding 6e-8.
        expected[k].data.forEach((value, e) => expect(Math.abs(found[name].data[e] - value), `${name}[${e}] at ${rows} rows`).toBeLessThanOrEqual(3e-6 * size))
      })
    }
    await executable.release()
  })

  test('rows without content: something repeated for every row of an input that is read for nothing else', async () => {
    const graph = new Graph()
    const [x, rows] = [input(graph, 'x', [2]), input(graph, 'rows', [ROWS, 3])]
    const [repeated] = vectorize([tanh(x)], new Map([[input(graph, 'point', [3]), rows]]), ROWS)
    const program = one([x, rows], repeated)
    expect(readOnnxModel(compileOnnx(program)).inputs).toEqual(['x', 'rows'])
    for (const count of [1, 5]) expect(await difference(program, count)).toBeLessThanOrEqual(1e-15)
    expect(await difference(one([rows], fill(graph, 2.5, [ROWS, 2])), 4)).toBe(0)
    expect(await difference(one([rows], sum(fill(graph, 2.5, [ROWS, 2]), [0])), 4)).toBe(0)
  })

  test('rows that no input has are an error', () => {
    const x = input(new Graph(), 'x', [2])
    expect(() => compileOnnx(one([x], expand(reshape(x, [1, 2]), [ROWS, 2])))).toThrow('the number of rows is needed but no input has rows')
  })

  test.each([[[0]], [[1]], [[2]], [[0, 1]], [[0, 2]], [[1, 2]], [[0, 1, 2]]])('sums over axes %j of [rows, 3, 2]', async (axes) => {
    const x = input(new Graph(), 'x', [ROWS, 3, 2])
    for (const rows of [1, 6]) {
      expect(await difference(one([x], sum(x, axes)), rows)).toBeLessThanOrEqual(1e-15)
      expect(await difference(one([x], sum(square(x), axes)), rows)).toBeLessThanOrEqual(1e-15)
    }
  })

  test('products in which rows are free, summed, or run along, in either factor and any order of axes', async () => {
    const graph = new Graph()
    const [a, b] = [input(graph, 'a', [ROWS, 3, 2]), input(graph, 'b', [ROWS, 2, 3])]
    const [w, v] = [input(graph, 'w', [2, 4]), input(graph, 'v', [3, 2, 4])]
    const products: Record<string, Node> = {
      free: contractAxes(a, w, [2], [0]), freeTwo: contractAxes(a, v, [1, 2], [0, 1]), freeSwapped: contractAxes(a, v, [2, 1], [1, 0]), middle: contractAxes(b, v, [1], [1]),
      second: contractAxes(w, a, [0], [2]), gram: contractAxes(a, b, [0], [0]), gramTwo: contractAxes(a, b, [0, 1], [0, 2]), all: contractAxes(a, b, [0, 1, 2], [0, 2, 1]),
      turned: matmul(reshape(a, [ROWS, 6]), transpose(input(graph, 't', [4, 6]))),
    }
    const program: Program = { name: 'products', type: 'float64', inputs: [a, b, w, v, input(graph, 't', [4, 6])], outputs: products }
    for (const rows of [1, 5]) expect(await difference(program, rows)).toBeLessThanOrEqual(1e-14)
  })
})

describe('fusions', () => {
  const graph = new Graph()
  const [x, w, bias, addend, s] = [input(graph, 'x', [ROWS, 3]), input(graph, 'w', [4, 3]), input(graph, 'bias', [4]), input(graph, 'addend', [ROWS, 4]), input(graph, 's', [])]
  const inputs = [x, w, bias, addend, s]
  const product = contractAxes(x, w, [1], [1])
  const fused: [string, Node, string[]][] = [
    ['a product', product, ['Gemm']],
    ['a bias', add(product, bias), ['Gemm']],
    ['a bias, the other way round', add(bias, product), ['Gemm']],
    ['a matrix', add(product, addend), ['Gemm']],
    ['a factor', scale(product, 0.5), ['Gemm']],
    ['a factor of minus one', scale(product, -1), ['Gemm']],
    ['a factor and a bias', add(scale(product, 2), bias), ['Gemm']],
    ['minus a bias', subtract(product, bias), ['Gemm']],
    ['a bias minus', subtract(bias, product), ['Gemm']],
    ['a matrix minus a multiple', subtract(addend, scale(product, 0.25)), ['Gemm']],
    ['two products added', add(product, contractAxes(addend, input(graph, 'u', [4, 4]), [1], [0])), ['Gemm', 'Gemm']],
    ['a bias used twice', mul(add(product, bias), tanh(add(product, bias))), ['Gemm', 'Mul', 'Tanh']],
    ['a product used twice keeps its own value', mul(add(product, bias), tanh(product)), ['Add', 'Gemm', 'Mul', 'Tanh']],
    ['a number is no addend', add(product, s), ['Add', 'Gemm']],
    ['a sum of squares', sum(square(x)), ['ReduceSumSquare']],
    ['squares needed elsewhere', mul(sum(square(x)), sum(square(x), [0])), []],
    ['a weight’s gradient from two layers', add(contractAxes(addend, x, [0], [0]), contractAxes(tanh(addend), tanh(x), [0], [0])), ['Gemm', 'Gemm', 'Tanh', 'Tanh']],
  ]
  test.each(fused)('%s', async (_, output, expected) => {
    const all = [...inputs, input(graph, 'u', [4, 4])]
    if (expected.length > 0) expect(operators(one(all, output))).toEqual(expected)
    for (const rows of [1, 4]) {
      expect(await difference(one(all, output), rows)).toBeLessThanOrEqual(2e-15)
      expect(await difference(one(all, output, 'float32'), rows)).toBeLessThanOrEqual(1e-6)
    }
  })

  test('a factor that float32 cannot hold stays out of a float64 Gemm, whose factors are float32', async () => {
    expect(operators(one(inputs, scale(product, 0.1)))).toEqual(['Gemm', 'Mul'])
    expect(operators(one(inputs, scale(product, 0.1), 'float32'))).toEqual(['Gemm'])
    expect(await difference(one(inputs, add(scale(product, 0.1), bias)), 3)).toBeLessThanOrEqual(2e-15)
  })

  test('a product that is itself an output is written as well', async () => {
    const program: Program = { name: 'both', type: 'float64', inputs, outputs: { product, biased: add(product, bias) } }
    expect(await difference(program, 3)).toBeLessThanOrEqual(2e-15)
  })

  test('a layer with its bias takes one Gemm forward and one for each gradient', () => {
    const model = trace(mlp({ hidden: [6, 5] }), 2)
    const [score] = gradient(model.logDensity, [model.x])
    const [scores] = vectorize([score], new Map([[model.x, input(model.graph, 'rows', [ROWS, 2])]]), ROWS)
    const list = operators({ name: 'score', type: 'float32', inputs: [input(model.graph, 'rows', [ROWS, 2]), model.theta], outputs: { scores } })
    expect(list.filter((operator) => operator === 'Gemm').length).toBe(4)
    expect(list.filter((operator) => operator === 'Add').length).toBeLessThanOrEqual(2)
  })
})

test('numbers that multiply a product stay float64: ONNX Runtime would take them into a MatMul as float32', async () => {
  const graph = new Graph()
  const [x, a, b] = [input(graph, 'x', [3]), input(graph, 'a', [ROWS, 4, 3]), input(graph, 'b', [ROWS, 3, 5])]
  const batched = graph.node(contractOp, [a, b], { left: [2], right: [1], batchLeft: [0], batchRight: [0] })
  const program: Program = {
    name: 'factors', type: 'float64', inputs: [x, a, b],
    outputs: {
      scattered: scale(graph.node(scatterOp, [x], { axis: 0, positions: [0, 1, 1], length: 2 }), 0.1),
      scatteredFirst: scale(graph.node(scatterOp, [a], { axis: 1, positions: [0, 1, 1, 5], length: 6 }), 0.1),
      summed: scale(sum(a, [0]), 0.1), summedToARow: scale(sum(reshape(a, [ROWS, 1, 12]), [0]), 0.1),
      batched: scale(batched, 0.1), batchedVector: scale(graph.node(contractOp, [a, x], { left: [2], right: [0], batchLeft: [], batchRight: [] }), 0.1), within: matmul(scale(tanh(batched), 0.1), constant(graph, [1, 2, 3, 4, 5])),
    },
  }
  for (const rows of [1, 3]) expect(await difference(program, rows)).toBeLessThanOrEqual(1e-15)
})

describe('lowering', () => {
  test('float64 SiLU is written without Sigmoid, which ONNX Runtime would fuse into an operator without a float64 kernel', async () => {
    const x = input(new Graph(), 'x', [ROWS])
    expect(operators(one([x], silu(x)))).not.toContain('Sigmoid')
    expect(operators(one([x], silu(x), 'float32'))).toEqual(['Mul', 'Sigmoid'])
    expect(await difference(one([x], silu(x)), 5)).toBeLessThanOrEqual(2e-16)
  })

  test('derivatives of one layer share their parts: value, first and second derivative with one Sigmoid', () => {
    const x = input(new Graph(), 'x', [ROWS])
    const list = operators({ name: 'parts', type: 'float32', inputs: [x], outputs: { a: silu(x), b: silu(x, 1), c: silu(x, 2) } })
    expect(list.filter((operator) => operator === 'Sigmoid').length).toBe(1)
    expect(list.length).toBeLessThanOrEqual(10)
  })

  test('casts: float32 inside a float64 program', async () => {
    const x = input(new Graph(), 'x', [ROWS, 2])
    const inside = cast(silu(scale(cast(x, 'float32'), 1.1)), 'float64')
    const program = one([x], add(inside, x))
    const executable = await onnx.prepare(program)
    const rows = Float64Array.from({ length: 8 }, () => 3 * createRandom(3).normal())
    const found = await executable.run({ x: { shape: [4, 2], data: rows } })
    await executable.release()
    found.output.data.forEach((value, k) => {
      const single = Math.fround(Math.fround(rows[k]) * Math.fround(1.1))
      expect(Math.abs(value - rows[k] - single / (1 + Math.exp(-single)))).toBeLessThanOrEqual(3e-7 * Math.abs(single))
    })
  })
})
