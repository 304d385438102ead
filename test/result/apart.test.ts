// Work done apart gives what it gives in its turn, and needs nothing that cannot be copied to another thread.
import * as onnxruntime from 'onnxruntime-node'
import { expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import type { Table } from '../../src/data/table.ts'
import { openEnergyModel } from '../../src/engine/energy-model.ts'
import type { OnnxRuntime } from '../../src/engine/onnx.ts'
import { domain } from '../../src/model/domain.ts'
import { gaussian } from '../../src/model/energies/gaussian.ts'
import type { Model } from '../../src/model/model.ts'
import { vonMisesFisher } from '../../src/model/energies/von-mises-fisher.ts'
import { tasks } from '../../src/result/apart.ts'
import type { Apart, Place } from '../../src/result/apart.ts'
import { fitModel } from '../../src/result/fit.ts'
import type { FitRequest } from '../../src/result/request.ts'
import { onnx } from '../estimate/parametric-fixtures.ts'
import { correlatedRows } from '../estimate/training-fixtures.ts'

const place: Place = { openEnergy: (model, columns) => openEnergyModel(onnxruntime as unknown as OnnxRuntime, model, columns) }
const apartInto = (copied: string[]): Apart => async (name, work) => {
  copied.push(name)
  return structuredClone(await (tasks[name] as (work: unknown, place: Place) => Promise<never>)(structuredClone(work), place))
}
const angles = (): Float64Array => {
  const random = createRandom('angles')
  return Float64Array.from({ length: 1200 }, (_, k) => (k % 2 === 0 ? 40 : 20) * random.normal())
}
const positive = (): Float64Array => correlatedRows(600).map((value) => Math.exp(value / 2))

test.each<[string, number, Model, Float64Array, FitRequest]>([
  ['real', 2, gaussian, correlatedRows(5000), { seed: 3 }],
  ['positive', 2, gaussian, positive(), { domain: 'a > 0, b > 0' }],
  ['held out', 2, gaussian, correlatedRows(500), { holdout: 0.3 }],
  ['directions', 2, vonMisesFisher, angles(), { domain: 'direction(a, b)' }],
  ['one column', 1, gaussian, correlatedRows(500), { seed: 4 }],
])('%s: the same to the last bit', async (_name, columns, model, values, request) => {
  const rows = values.length / columns
  const table: Table = { source: 'test', columns: ['a', 'b'].slice(0, columns), rows, values, rowsRead: rows, columnsLeftOut: [] }
  const found = []
  const copied: string[] = []
  for (const around of [{}, { apart: apartInto(copied) }]) {
    const result = await fitModel(model, table, request, { engine: onnx, now: () => 0, ...around })
    found.push({ fit: result.fit, ...await result.diagnose() })
    await result.release()
  }
  expect(copied).toEqual(['baselines', columns === 1 ? 'probabilities' : 'margins', 'goodness'])
  expect(found[0].goodnessOfFit!.pValue).toBeGreaterThan(0)
  expect(columns === 1 ? found[0].probabilities!.pValue : found[0].margins!.margins!.length).toBeGreaterThan(0)
  expect(found[1]).toEqual(found[0])
})

test('domains are written as they are read', () => {
  for (const text of ['real', 'a > 0', '0 < a < 1', 'simplex(a, b, `c d`)', 'direction(a, b)', 'binary(a, b, `c d`)']) {
    const placed = domain(text).over(['a', 'b', 'c d'])
    expect(domain(placed.text).over(placed.columns).text).toBe(placed.text)
  }
})
