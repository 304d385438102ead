// Derivatives of random expressions: against finite differences of plain arithmetic, against each other, on both engines, over rows.
import fc from 'fast-check'
import * as onnxruntime from 'onnxruntime-node'
import { expect, test } from 'vitest'
import { directional } from '../../src/differentiate/forward.ts'
import { gradient } from '../../src/differentiate/reverse.ts'
import { forwardLaplacian, jacobian, laplacian } from '../../src/differentiate/second-order.ts'
import { vectorize } from '../../src/differentiate/vectorize.ts'
import { onnxEngine } from '../../src/engine/onnx.ts'
import type { OnnxRuntime } from '../../src/engine/onnx.ts'
import { evaluate } from '../../src/engine/reference.ts'
import { ROWS } from '../../src/graph/node.ts'
import type { Node } from '../../src/graph/node.ts'
import { constant, input } from '../../src/graph/ops/leaf.ts'
import { tensor } from '../../src/graph/tensor.ts'
import type { Tensor } from '../../src/graph/tensor.ts'
import { beyondRounding, randomExpression } from '../graph/random-expressions.ts'
import type { Bounded, RandomExpression } from '../graph/random-expressions.ts'

const onnx = onnxEngine(onnxruntime as unknown as OnnxRuntime, { threads: 1 })
const feeds = ({ inputs, values }: RandomExpression): Map<Node, Tensor> => new Map(inputs.map((node, k) => [node, values[k]]))
const compute = (expression: RandomExpression, outputs: readonly Node[]): Tensor[] => evaluate(outputs, feeds(expression))
const moved = (values: readonly Tensor[], which: number, element: number, by: number): Tensor[] =>
  values.map((value, k) => (k === which ? tensor(value.shape, value.data.map((v, e) => (e === element ? v + by : v))) : value))
const largest = (values: Iterable<number>): number => Math.max(0, ...Array.from(values, Math.abs))
const energies = { smooth: true, shape: [], depth: 6 } as const

test('gradients against finite differences of the plain value', () => {
  let compared = 0
  let telling = 0
  fc.assert(fc.property(fc.gen(), (draw) => {
    const expression = randomExpression(draw, energies)
    const found = compute(expression, gradient(expression.output, expression.inputs))
    const at = (which: number, element: number, by: number): Bounded => expression.plain(moved(expression.values, which, element, by))
    found.forEach((g, which) => {
      expect(g.shape).toEqual(expression.inputs[which].shape)
      g.data.forEach((value, element) => {
        // Central differences with one Richardson step: error O(h⁴), told by halving h; rounding by the value's own bound.
        const here = at(which, element, 0)
        // The value's rounding, and that of x ± h.
        const rounding = (here.error[0] + Math.abs(here.data[0]) + Math.abs(value * (1 + expression.values[which].data[element]))) * 16 * Number.EPSILON
        const d = (h: number): number => (at(which, element, h).data[0] - at(which, element, -h).data[0]) / (2 * h)
        const richardson = (h: number): number => (4 * d(h / 2) - d(h)) / 3
        const [coarse, fine] = [richardson(2e-3), richardson(1e-3)]
        const tolerance = Math.abs(coarse - fine) + rounding / 5e-4
        compared++
        if (tolerance < 1e-5 * Math.max(1e-3, Math.abs(fine))) telling++
        expect(Math.abs(value - fine), `∂/∂x${which}[${element}] of ${expression.text}`).toBeLessThanOrEqual(tolerance)
      })
    })
  }), { numRuns: 400, seed: 2 })
  // The test would say nothing were its tolerances wide.
  expect(telling / compared).toBeGreaterThan(0.9)
})

test('forward mode against reverse mode, and the Jacobian of the gradient is symmetric', () => {
  fc.assert(fc.property(fc.gen(), (draw) => {
    const expression = randomExpression(draw, energies)
    const { output, inputs } = expression
    const moves = inputs.map((node, k) => constant(node.graph, expression.values[k].data.map((_, e) => Math.cos(3 * k + e)), node.shape))
    const [along] = directional([output], new Map(inputs.map((node, k) => [node, moves[k]])))
    const gradients = gradient(output, inputs)
    const [matrix] = jacobian([gradients[2]], inputs[2])
    const [slope, hessian, ...values] = compute(expression, [along, matrix, ...gradients, ...moves])
    const products = inputs.flatMap((_, k) => Array.from(values[k].data, (g, e) => g * values[inputs.length + k].data[e]))
    expect(Math.abs(slope.data[0] - products.reduce((a, b) => a + b, 0)), expression.text).toBeLessThanOrEqual(1e-11 * (1 + largest(products)))
    const size = largest(hessian.data)
    for (let i = 0; i < 9; i++) for (let j = 0; j < i; j++) expect(Math.abs(hessian.data[9 * i + j] - hessian.data[9 * j + i]), expression.text).toBeLessThanOrEqual(1e-10 * (1 + size))
  }), { numRuns: 250, seed: 3 })
})

test('the Laplacian three ways: weighted by adjoints, carried forward, trace of the Jacobian of the gradient', () => {
  fc.assert(fc.property(fc.gen(), (draw) => {
    const expression = randomExpression(draw, { ...energies, depth: 5 })
    const { output, inputs } = expression
    const x = inputs[1]
    const [matrix] = jacobian(gradient(output, [x]), x)
    const [weighted, carried, hessian] = compute(expression, [laplacian(output, x), forwardLaplacian(output, x), matrix])
    const diagonal = Array.from({ length: 6 }, (_, k) => hessian.data[7 * k])
    const trace = diagonal.reduce((a, b) => a + b, 0)
    const tolerance = 1e-10 * (1 + largest(hessian.data))
    expect(Math.abs(weighted.data[0] - trace), expression.text).toBeLessThanOrEqual(tolerance)
    expect(Math.abs(carried.data[0] - trace), expression.text).toBeLessThanOrEqual(tolerance)
  }), { numRuns: 250, seed: 4 })
})

test('over rows: each row as if alone, and no rows at all', () => {
  fc.assert(fc.property(fc.gen(), fc.nat({ max: 3 }), fc.integer({ min: 1, max: 31 }), (draw, count, which) => {
    const expression = randomExpression(draw, { smooth: false })
    const { output, inputs, values } = expression
    const wide = new Map(inputs.flatMap((node, k): [Node, Node][] => (which & (1 << k) ? [[node, input(node.graph, `${k} rows`, [ROWS, ...node.shape])]] : [])))
    const [all] = vectorize([output], wide, ROWS)
    expect(all.shape).toEqual([ROWS, ...output.shape])
    const rowValues = Array.from({ length: count }, (_, row) => values.map((value, k) => (wide.has(inputs[k]) ? tensor(value.shape, value.data.map((v) => v * (1 - 0.3 * row))) : value)))
    const fed = feeds(expression)
    inputs.forEach((node, k) => {
      if (wide.has(node)) fed.set(wide.get(node)!, tensor([count, ...node.shape], rowValues.flatMap((row) => Array.from(row[k].data))))
    })
    const [found] = evaluate([all], fed, count)
    expect(found.shape).toEqual([count, ...output.shape])
    const size = output.shape.reduce((product, length) => product * length, 1)
    rowValues.forEach((row, r) => expect(beyondRounding(found.data.subarray(r * size, (r + 1) * size), expression.plain(row)), expression.text).toBeLessThanOrEqual(1))
  }), { numRuns: 800, seed: 5 })
})

test('ONNX float64 against plain arithmetic and the reference: value, gradient and Laplacian, over rows', async () => {
  await fc.assert(fc.asyncProperty(fc.gen(), async (draw) => {
    const expression = randomExpression(draw, energies)
    const { output, inputs, values } = expression
    const x = inputs[1]
    const names = inputs.map((_, k) => `gradient${k}`)
    const nodes = [output, ...gradient(output, inputs), laplacian(output, x)]
    const rows = input(x.graph, 'rows', [ROWS, ...x.shape])
    const outputs = vectorize(nodes, new Map([[x, rows]]), ROWS)
    const program = await onnx.prepare({ name: 'random', type: 'float64', inputs: [rows, ...inputs], outputs: Object.fromEntries(['value', ...names, 'laplacian'].map((name, k) => [name, outputs[k]])) })
    const wide = tensor([3, ...x.shape], [1, 0.7, -0.2].flatMap((factor) => Array.from(values[1].data, (v) => factor * v)))
    const found = await program.run({ rows: wide, ...Object.fromEntries(inputs.map((_, k) => [`x${k}`, values[k]])) })
    await program.release()
    for (let row = 0; row < 3; row++) {
      const here = values.map((value, k) => (k === 1 ? tensor(x.shape, wide.data.slice(6 * row, 6 * row + 6)) : value))
      expect(beyondRounding(found.value.data.subarray(row, row + 1), expression.plain(here)), expression.text).toBeLessThanOrEqual(1)
      const expected = evaluate(nodes.slice(1), new Map(inputs.map((node, k) => [node, here[k]])))
      // The same graph with the same rules, but other orders of summation and other roundings of exp and tanh.
      ;[...names, 'laplacian'].forEach((name, k) => {
        const size = expected[k].data.length
        expected[k].data.forEach((value, e) => expect(Math.abs(found[name].data[row * size + e] - value), `${name} of ${expression.text}`).toBeLessThanOrEqual(1e-11 * (1 + largest(expected[k].data))))
      })
    }
  }), { numRuns: 120, seed: 6 })
})
