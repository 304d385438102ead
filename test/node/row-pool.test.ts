// Rows shared out among threads: the same numbers as on one thread, whoever computes them, and a thread that is lost loses nothing.
import * as onnxruntime from 'onnxruntime-node'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { energyProgram } from '../../src/compile/model-file.ts'
import { runEnergy, runLadder } from '../../src/engine/energy.ts'
import type { Executable } from '../../src/engine/engine.ts'
import { onnxEngine } from '../../src/engine/onnx.ts'
import type { OnnxRuntime } from '../../src/engine/onnx.ts'
import { partition, partRunner } from '../../src/engine/parts.ts'
import { conditionalMlp } from '../../src/model/conditional-mlp.ts'
import { mlp } from '../../src/model/energies/mlp.ts'
import { trace } from '../../src/model/model.ts'
import { nodeEngine } from '../../src/node/engine.ts'

const random = createRandom(1)
const normal = (length: number, key: string): Float64Array => {
  const values = new Float64Array(length)
  random.split(key).fillNormal(values)
  return values
}
const oneThread = onnxEngine(onnxruntime as unknown as OnnxRuntime, { threads: 1 })
const unit = { mean: new Float64Array(2), deviation: Float64Array.of(1, 2) }

describe('many rows of a network', () => {
  const network = trace(mlp({ hidden: [64, 64], quadratic: [1, 0, 0, 1] }), 2)
  const program = energyProgram(network, normal(network.parameterCount, 'parameters'), unit, undefined)

  test('energies and scores, run after run, with other numbers of rows between, several at once', async () => {
    const shared = await runEnergy(program, ['a', 'b'], nodeEngine({ threads: 3 }))
    const alone = await runEnergy(program, ['a', 'b'], oneThread)
    for (const count of [20_011, 5000, 20_011, 100]) {
      const rows = [normal(2 * count, `rows ${count}`), normal(2 * count, `others ${count}`)]
      const [found, truth] = [await Promise.all(rows.map((each) => shared.evaluate(each))), await Promise.all(rows.map((each) => alone.evaluate(each)))]
      expect(found).toEqual(truth)
    }
    await Promise.all([shared.release(), alone.release()])
  })

  test('scores alone are those beside the energies', async () => {
    const shared = await runEnergy(program, ['a', 'b'], nodeEngine({ threads: 2 }))
    const rows = normal(2 * 9000, 'scores')
    const [alone, both] = [await shared.scores!(rows), (await shared.evaluate(rows)).score]
    expect(alone.length).toBe(rows.length)
    expect(Math.max(...alone.map((value, k) => Math.abs(value - both[k]) / (1 + Math.abs(both[k]))))).toBeLessThan(2e-6)
    await shared.release()
  })

  test('noise levels are handed to each part', async () => {
    const ladder = { least: 1e-3, most: 100 }
    const conditional = trace(conditionalMlp({ hidden: [64, 64], activation: 'silu', covariance: Float64Array.of(1, 0, 0, 1), ladder, fourier: 0 }), 2)
    const levels = energyProgram(conditional, normal(conditional.parameterCount, 'levels'), unit, undefined, 'given')
    const about = { columns: ['a', 'b'], ladder, deviations: [1, 2] }
    const [shared, alone] = [await runLadder(levels, about, nodeEngine({ threads: 2 })), await runLadder(levels, about, oneThread)]
    const rows = normal(2 * 10_000, 'rows')
    const [low, high] = [await shared.at(0.01).evaluate(rows), await shared.at(1).evaluate(rows)]
    expect(low).toEqual(await alone.at(0.01).evaluate(rows))
    expect(high).toEqual(await alone.at(1).evaluate(rows))
    expect(low.energy[0]).not.toBe(high.energy[0])
    await Promise.all([shared.release(), alone.release()])
  })
})

describe('parts', () => {
  test.each([0, 1, 17, 2048, 2049, 5000, 10_000, 10_001, 200_000])('%d rows: all of them, at most 2048 at once, an even number of parts where there are two or more', (rows) => {
    const { size, count } = partition(rows)
    expect([size >= 1, size <= 2048, size * (count - 1) < Math.max(1, rows), size * count >= rows]).toEqual([true, true, true, true])
    if (rows > 2048) expect([count % 2, size % 16]).toEqual([0, 0])
  })

  test('two runners that take in turns compute each row once', async () => {
    const times = new Float64Array(10)
    const doubling: Executable = { run: async ({ x }) => ({ y: { shape: x.shape, data: Float64Array.from(x.data, (value) => { times[value]++; return 2 * value }) } }), release: async () => {} }
    const y = new Float64Array(10)
    const work = { rows: 10, size: 3, feeds: { x: { shape: [10], data: Float64Array.from({ length: 10 }, (_, k) => k) } }, results: { y: { shape: [10], data: y } } }
    let [next, done] = [0, 0]
    const take = (): number => next++
    await Promise.all([0, 1].map(() => partRunner(doubling)(work, take, () => { done++ })))
    expect([Array.from(y), Array.from(times), done]).toEqual([[0, 2, 4, 6, 8, 10, 12, 14, 16, 18], new Array(10).fill(1), 4])
  })
})
