// The calibration of a fit: both derivatives come out of its program in the right units, so that a network that is the truth passes.
import { expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { isOff } from '../../src/evaluate/ladder-calibration.ts'
import { conditionalMlp } from '../../src/model/conditional-mlp.ts'
import { trace } from '../../src/model/model.ts'
import { calibrate } from '../../src/result/calibrate.ts'
import { onnx } from '../estimate/parametric-fixtures.ts'

const ladder = { least: 1e-3, most: 16 }
const covariance = [1, 0.6, 0.6, 1]
const model = trace(conditionalMlp({ hidden: [8, 8], activation: 'silu', covariance, ladder }), 2)
const scale = { mean: [1000, -3], deviation: [200, 0.01] }
const random = createRandom('rows')
const rows = Float64Array.from(Array.from({ length: 1500 }, () => {
  const [a, b] = [random.normal(), random.normal()]
  return [1000 + 200 * a, -3 + 0.01 * (0.6 * a + 0.8 * b)]
}).flat())

test('a network that is the density of the rows passes; weights of another do not', async () => {
  const truth = (await calibrate({ model, theta: new Float64Array(model.parameterCount), scale, ladder, hasSlope: true }, rows, onnx, createRandom(1)))!
  expect(truth.rows).toBe(1000)
  for (const { space, level, drift } of truth.levels) for (const [found, expected] of [[space, 1], [level!, 1], [drift!, 0]] as const) expect(isOff(found, expected)).toBe(false)
  // Known well: the slope of the score at the largest level to a thousandth or two, at the smallest to some hundredths.
  expect(truth.levels[0].space.standardError).toBeLessThan(0.003)
  expect(truth.levels[16].space.standardError).toBeLessThan(0.06)
  const other = (await calibrate({ model, theta: model.model.initial!(createRandom(2), 2).map((value) => 3 * value), scale, ladder, hasSlope: true }, rows, onnx, createRandom(1)))!
  expect(other.levels.filter(({ space }) => isOff(space, 1)).length).toBeGreaterThan(3)
})
