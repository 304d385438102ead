// The model file: outputs in the data's units against formulas, its description, and files that are damaged or somebody else's.
import * as onnxruntime from 'onnxruntime-node'
import { describe, expect, test } from 'vitest'
import { UnnormError } from '../../src/base/errors.ts'
import { createRandom } from '../../src/base/random.ts'
import { energyProgram, readModelMetadata, writeModelFile } from '../../src/compile/model-file.ts'
import type { ModelMetadata } from '../../src/compile/model-file.ts'
import { compileOnnx } from '../../src/compile/onnx.ts'
import { openSession } from '../../src/engine/onnx.ts'
import type { OnnxRuntime } from '../../src/engine/onnx.ts'
import { Graph } from '../../src/graph/node.ts'
import { input } from '../../src/graph/ops/leaf.ts'
import { gaussian } from '../../src/model/energies/gaussian.ts'
import { mlp } from '../../src/model/energies/mlp.ts'
import { trace } from '../../src/model/model.ts'
import { readOnnxModel } from './onnx-model.ts'

const runtime = onnxruntime as unknown as OnnxRuntime
const metadata: ModelMetadata = {
  format: 'unnorm.model/1', columns: ['Sepal.Length', 'größe'], domain: 'R^2', model: 'gaussian', estimator: 'score-matching',
  noiseCovariance: [0.01, 0, 0, 0.04], noise: [0.1, 0.2], logNormalizer: { value: 1.5, standardError: 0, method: 'exact' },
}

async function run(bytes: Uint8Array, rows: readonly number[], d: number): Promise<Record<string, { dims: readonly number[]; data: number[]; type: string }>> {
  const session = await openSession(runtime, bytes)
  const found = await session.run({ x: new runtime.Tensor('float64', Float64Array.from(rows), [rows.length / d, d]) })
  await session.release()
  return Object.fromEntries(Object.entries(found).map(([name, value]) => [name, { dims: value.dims, data: Array.from(value.data as Float64Array), type: (value.data as object).constructor.name }]))
}

describe('outputs', () => {
  test('a Gaussian in the data’s own units: energy ½xᵀKx − ηᵀx, score η − Kx, log-density', async () => {
    const traced = trace(gaussian, 2)
    const bytes = writeModelFile(energyProgram(traced, [2, -0.5, 3, 1, -2], undefined, 0.75), metadata)
    for (const rows of [[0.3, -1], [0.3, -1, 4, 5, 0, 0]]) {
      const found = await run(bytes, rows, 2)
      const points = Array.from({ length: rows.length / 2 }, (_, k) => rows.slice(2 * k, 2 * k + 2))
      const energies = points.map(([a, b]) => a * a - 0.5 * a * b + 1.5 * b * b - a + 2 * b)
      expect(Object.keys(found).sort()).toEqual(['energy', 'log_density', 'score'])
      expect([found.energy.dims, found.score.dims, found.log_density.dims]).toEqual([[points.length], [points.length, 2], [points.length]])
      expect(Object.values(found).map(({ type }) => type)).toEqual(['Float64Array', 'Float64Array', 'Float64Array'])
      found.energy.data.forEach((value, k) => expect(value).toBeCloseTo(energies[k], 13))
      found.log_density.data.forEach((value, k) => expect(value).toBeCloseTo(-energies[k] - 0.75, 13))
      found.score.data.forEach((value, k) => {
        const [a, b] = points[Math.floor(k / 2)]
        expect(value).toBeCloseTo(k % 2 === 0 ? 1 - 2 * a + 0.5 * b : -2 + 0.5 * a - 3 * b, 13)
      })
    }
  })

  test('without log Z there is no log_density', () => {
    const bytes = writeModelFile(energyProgram(trace(gaussian, 2), [1, 0, 1, 0, 0], undefined, undefined), metadata)
    expect(readOnnxModel(bytes).outputs).toEqual(['energy', 'score'])
  })

  test('a network is standardized in float64 before float32 computes, and the score has its units back', async () => {
    const model = mlp({ hidden: [7], quadratic: [1, 0.3, 0.3, 2] })
    const theta = model.initial!(createRandom(4), 2)
    // Columns far from zero with a small spread: x − mean in float32 would have no digit left.
    const mean = [1e6, -5e4]
    const deviation = [0.01, 200]
    const bytes = writeModelFile(energyProgram(trace(model, 2), theta, { mean, deviation }, undefined), metadata)
    const point = [0.4, -1.1]
    const found = await run(bytes, point.map((y, j) => mean[j] + deviation[j] * y), 2)
    // The network written out: weight1 [7 × 2], bias1 [7], readout [7].
    const energyAt = (a: number, b: number): number => {
      let total = 0.5 * (a * a + 0.6 * a * b + 2 * b * b)
      for (let k = 0; k < 7; k++) {
        const z = theta[2 * k] * a + theta[2 * k + 1] * b + theta[14 + k]
        total += theta[21 + k] * z / (1 + Math.exp(-z))
      }
      return total
    }
    const [a, b] = point
    expect(Math.abs(found.energy.data[0] - energyAt(a, b))).toBeLessThan(1e-5)
    const h = 1e-5
    expect(Math.abs(found.score.data[0] * deviation[0] + (energyAt(a + h, b) - energyAt(a - h, b)) / (2 * h))).toBeLessThan(1e-5)
    expect(Math.abs(found.score.data[1] * deviation[1] + (energyAt(a, b + h) - energyAt(a, b - h)) / (2 * h))).toBeLessThan(1e-5)
  })

  test('only operators of the standard domain, opset 17, IR 8', () => {
    const standardization = { mean: [0, 0], deviation: [1, 1] }
    const networks = (['silu', 'tanh', 'softplus', 'sigmoid'] as const).map((activation) => mlp({ hidden: [3, 3], activation }))
    const files = [
      ...networks.map((model) => writeModelFile(energyProgram(trace(model, 2), model.initial!(createRandom(0), 2), standardization, 1), metadata)),
      writeModelFile(energyProgram(trace(gaussian, 2), [1, 0, 1, 0, 0], undefined, 0), metadata),
    ]
    for (const { irVersion, opsets, nodes } of files.map(readOnnxModel)) {
      expect([irVersion, opsets]).toEqual([8, [{ domain: '', version: 17 }]])
      expect(nodes.filter(({ domain }) => domain !== '')).toEqual([])
    }
  })
})

describe('the description', () => {
  const file = writeModelFile(energyProgram(trace(gaussian, 2), [1, 0, 1, 0, 0], undefined, 1.5), metadata)
  const codeOf = (bytes: Uint8Array): string => {
    try {
      readModelMetadata(bytes, 'here.onnx')
      return 'read'
    } catch (error) {
      expect(error).toBeInstanceOf(UnnormError)
      expect((error as UnnormError).message).toMatch(/^here\.onnx/)
      return (error as UnnormError).code
    }
  }

  test('comes back as it was written', () => {
    expect(readModelMetadata(file, 'here.onnx')).toEqual(metadata)
  })

  test('a file cut off anywhere is refused', () => {
    const codes = Array.from({ length: file.length }, (_, length) => codeOf(file.subarray(0, length)))
    expect(new Set(codes)).toEqual(new Set(['bad-model', 'foreign-model']))
    // Only where the cut falls between the graph and its description is the rest a whole model, if a foreign one.
    expect(codes.filter((code) => code === 'foreign-model').length).toBe(1)
  })

  test('what is no model at all', () => {
    expect([new Uint8Array(0), new TextEncoder().encode('x,y\n1,2\n'), Uint8Array.from({ length: 100 }, (_, k) => (k * 37) % 256)].map(codeOf)).toEqual(['bad-model', 'bad-model', 'bad-model'])
  })

  test('models of others, of another format, or with a damaged description', () => {
    const x = input(new Graph(), 'x', [2])
    const program = { name: 'other', inputs: [x], outputs: { y: x }, type: 'float64' } as const
    expect(codeOf(compileOnnx(program))).toBe('foreign-model')
    expect(codeOf(compileOnnx(program, { author: 'someone' }))).toBe('foreign-model')
    expect(codeOf(compileOnnx(program, { unnorm: '{"format":"unnorm.model/9"}' }))).toBe('foreign-model')
    expect(codeOf(compileOnnx(program, { unnorm: '{"format":' }))).toBe('bad-model')
    expect(codeOf(compileOnnx(program, { unnorm: 'null' }))).not.toBe('read')
  })
})
