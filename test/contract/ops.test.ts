// Every op of every family, on every engine, with its derivatives: an op added to its family file is covered unasked.
import * as onnxruntime from 'onnxruntime-node'
import { describe, expect, test } from 'vitest'
import { gradient } from '../../src/differentiate/reverse.ts'
import { directional } from '../../src/differentiate/forward.ts'
import { forwardLaplacian, jacobian, laplacian } from '../../src/differentiate/second-order.ts'
import { vectorize } from '../../src/differentiate/vectorize.ts'
import type { OnnxRuntime } from '../../src/engine/onnx.ts'
import { onnxEngine } from '../../src/engine/onnx.ts'
import { evaluate, referenceEngine } from '../../src/engine/reference.ts'
import { Graph, ROWS } from '../../src/graph/node.ts'
import type { ElementType, Node, Op, OpSample } from '../../src/graph/node.ts'
import { add, mul, square } from '../../src/graph/ops/arithmetic.ts'
import { allOps } from '../../src/graph/ops/index.ts'
import { constant, input, inputOp } from '../../src/graph/ops/leaf.ts'
import { sum } from '../../src/graph/ops/linear.ts'
import type { Tensor } from '../../src/graph/tensor.ts'
import { tensor } from '../../src/graph/tensor.ts'

const runtime = onnxruntime as unknown as OnnxRuntime
const onnx = onnxEngine(runtime, { threads: 1 })

interface Case {
  readonly graph: Graph
  readonly inputs: readonly Node[]
  readonly values: readonly Tensor[]
  readonly output: Node
  /** Σ w·(y + ½y²): a scalar that is curved even where the op is linear. */
  readonly scalar: Node
}

/** Weights without symmetry, so that a permuted or dropped element shows. */
const weights = (count: number): number[] => Array.from({ length: count }, (_, k) => Math.cos(1 + 2.3 * k) + 0.2)

function build(op: Op, sample: OpSample): Case {
  const graph = new Graph()
  const inputs = sample.inputs.map((value, k) => input(graph, `x${k}`, value.shape))
  const output = graph.node(op, inputs, sample.attributes ?? {})
  const w = constant(graph, weights(output.shape.reduce((p, n) => p * n, 1)), output.shape)
  const scalar = sum(mul(w, add(output, mul(constant(graph, 0.5), square(output)))))
  return { graph, inputs, values: sample.inputs, output, scalar }
}

const feedsOf = (c: Case, values = c.values): Map<Node, Tensor> => new Map(c.inputs.map((node, k) => [node, values[k]]))
const compute = (nodes: readonly Node[], c: Case, values = c.values): Tensor[] => evaluate(nodes, feedsOf(c, values))

function nudged(values: readonly Tensor[], which: number, element: number, by: number): Tensor[] {
  return values.map((value, k) => (k === which ? tensor(value.shape, value.data.map((v, e) => (e === element ? v + by : v))) : value))
}

/** Central differences with one Richardson step: error O(h⁴). */
function difference(f: (by: number) => number, h: number): number {
  const d = (step: number): number => (f(step) - f(-step)) / (2 * step)
  return (4 * d(h) - d(2 * h)) / 3
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  const size = Math.max(1, ...Array.from(expected, Math.abs).filter(Number.isFinite))
  expect(actual.length, what).toBe(expected.length)
  for (let k = 0; k < expected.length; k++) {
    const error = Math.abs(actual[k] - expected[k])
    expect(error <= tolerance * size || Object.is(actual[k], expected[k]), `${what}, element ${k}: ${actual[k]} instead of ${expected[k]}`).toBe(true)
  }
}

async function runOnnx(c: Case, outputs: Record<string, Node>, type: ElementType): Promise<Record<string, ArrayLike<number>>> {
  const executable = await onnx.prepare({ name: 'contract', inputs: c.inputs, outputs, type })
  const feeds = Object.fromEntries(c.inputs.map((node, k) => [node.attributes.name as string, {
    shape: c.values[k].shape,
    data: type === 'float64' ? Float64Array.from(c.values[k].data) : Float32Array.from(c.values[k].data),
  }]))
  const results = await executable.run(feeds)
  await executable.release()
  return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, value.data]))
}

const cases = allOps().flatMap(({ family, op }) => op.samples.map((sample, k) => ({ title: `${family} ${op.name} #${k + 1} ${JSON.stringify(sample.attributes ?? {})}`, op, sample })))

test('every op has samples, or says why not, and an ONNX form or a lowering', () => {
  for (const { op } of allOps()) {
    expect(op.samples.length === 0, op.name).toBe(op.unsampled !== undefined)
    // An input is fed, not computed.
    expect(Boolean(op.onnx ?? op.lower), op.name).toBe(op !== inputOp)
  }
})

describe.each(cases)('$title', ({ op, sample }) => {
  const c = build(op, sample)
  const gradients = gradient(c.scalar, c.inputs)

  test('reverse mode against finite differences', () => {
    compute(gradients, c).forEach((g, which) => {
      expect(g.shape).toEqual(c.values[which].shape)
      const numeric = Array.from(g.data, (_, element) => {
        const h = 1e-3 * Math.min(1, Math.max(0.05, Math.abs(c.values[which].data[element])))
        return difference((by) => compute([c.scalar], c, nudged(c.values, which, element, by))[0].data[0], h)
      })
      expectClose(g.data, numeric, 1e-7, `∂/∂x${which}`)
    })
  })

  test('forward mode and the Jacobian against reverse mode', () => {
    const moves = c.inputs.map((node, k) => constant(c.graph, c.values[k].data.map((_, e) => Math.sin(2 + 1.7 * e + k)), node.shape))
    const [along] = directional([c.scalar], new Map(c.inputs.map((node, k) => [node, moves[k]])))
    const values = compute([along, ...gradients, ...moves], c)
    const expected = c.inputs.reduce((total, _, k) => total + values[1 + k].data.reduce((s, g, e) => s + g * values[1 + c.inputs.length + k].data[e], 0), 0)
    expectClose(values[0].data, [expected], 1e-12, 'directional derivative')
    c.inputs.forEach((node, k) => {
      const [j] = jacobian([c.scalar], node)
      expectClose(compute([j], c)[0].data, values[1 + k].data, 1e-12, `Jacobian by x${k}`)
    })
  })

  test('both Laplacians against finite differences of the gradient', () => {
    c.inputs.forEach((node, which) => {
      const [weighted, carried] = compute([laplacian(c.scalar, node), forwardLaplacian(c.scalar, node)], c)
      let numeric = 0
      for (let element = 0; element < c.values[which].data.length; element++) {
        const h = 1e-3 * Math.min(1, Math.max(0.05, Math.abs(c.values[which].data[element])))
        numeric += difference((by) => compute([gradients[which]], c, nudged(c.values, which, element, by))[0].data[element], h)
      }
      expectClose(weighted.data, [numeric], 1e-6, `Laplacian by x${which}`)
      expectClose(carried.data, weighted.data, 1e-11, `forward Laplacian by x${which}`)
    })
  })

  test('vectorized over rows: each row as if alone', () => {
    const rows = 3
    c.inputs.forEach((_, only) => {
      const batched = new Map(c.inputs.filter((_, k) => k === only || only === 0).map((node) => [node, input(c.graph, `${node.attributes.name as string} rows`, [ROWS, ...node.shape])]))
      const [all] = vectorize([c.scalar], batched, ROWS)
      const [one] = vectorize([c.output], batched, ROWS)
      const varied = Array.from({ length: rows }, (_, r) => c.values.map((value) => tensor(value.shape, value.data.map((v) => v * (1 + 0.07 * r)))))
      const feeds = new Map<Node, Tensor>(feedsOf(c))
      c.inputs.forEach((node, k) => {
        const wide = batched.get(node)
        if (wide) feeds.set(wide, tensor([rows, ...node.shape], varied.flatMap((values) => Array.from(values[k].data))))
      })
      const [got, outputs] = evaluate([all, one], feeds, rows)
      expect(outputs.shape).toEqual([rows, ...c.output.shape])
      const expected = varied.map((values) => compute([c.scalar], c, c.values.map((value, k) => (batched.has(c.inputs[k]) ? values[k] : value)))[0].data[0])
      expectClose(got.data, expected, 1e-12, 'rows')
    })
  })

  test.each([['float64', 1e-13], ['float32', 2e-5]] as const)('ONNX %s against the reference: value, gradient, Laplacian', async (type, tolerance) => {
    const outputs: Record<string, Node> = { value: c.output, scalar: c.scalar }
    gradients.forEach((g, k) => { outputs[`gradient${k}`] = g })
    c.inputs.forEach((node, k) => {
      outputs[`laplacian${k}`] = laplacian(c.scalar, node)
      outputs[`forward${k}`] = forwardLaplacian(c.scalar, node)
    })
    const names = Object.keys(outputs)
    const rounded = type === 'float64' ? c.values : c.values.map((value) => tensor(value.shape, Float32Array.from(value.data)))
    const expected = compute(names.map((name) => outputs[name]), c, rounded)
    const actual = await runOnnx(c, outputs, type)
    names.forEach((name, k) => expectClose(actual[name], expected[k].data, tolerance, name))
    const again = await referenceEngine.prepare({ name: 'contract', inputs: c.inputs, outputs, type })
    const fed = Object.fromEntries(c.inputs.map((node, k) => [node.attributes.name as string, rounded[k]]))
    const reference = await again.run(fed)
    names.forEach((name, k) => expectClose(reference[name].data, expected[k].data, 0, name))
  })
})
