// The bootstrap: each replicate is the fit of its rows, errors agree with the sandwich, bounds hold, and a seed gives the same numbers.
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { bootstrapWarnings, describeReplicates } from '../../src/estimate/bootstrap-errors.ts'
import { scoreMatching } from '../../src/estimate/estimators/score-matching.ts'
import { resample } from '../../src/estimate/resample.ts'
import { describeParameters } from '../../src/estimate/uncertainty.ts'
import { weightingOf } from '../../src/estimate/weighting.ts'
import { gaussian } from '../../src/model/energies/gaussian.ts'
import { parseFixings, restrictionOf } from '../../src/model/fixing.ts'
import { defineModel, trace } from '../../src/model/model.ts'
import { positive, scalar } from '../../src/model/parameters.ts'
import { engines, expectClose, fitModel, normalRows } from './parametric-fixtures.ts'

const searched = defineModel({
  name: 'searched', parameters: { variance: positive(), mean: scalar() },
  logDensity: ({ variance, mean }, x) => x.at(0).sub(mean).square().div(variance).mul(-0.5),
})
const bounded = defineModel({
  name: 'bounded', parameters: { k: positive(), q: positive() },
  logDensity: ({ k, q }, x) => x.at(0).square().mul(k).mul(-0.5).sub(x.at(0).square().square().mul(q)),
})

const searchedToItsBound = defineModel({
  name: 'searched to its bound', parameters: { variance: positive(), q: positive() },
  logDensity: ({ variance, q }, x) => x.at(0).square().div(variance).mul(-0.5).sub(x.at(0).square().square().mul(q)),
})

describe.each(engines)('on engine $name', (engine) => {
  test.each([[gaussian, 1, 'closed-form'], [gaussian, 3, 'closed-form'], [bounded, 1, 'closed-form'], [searched, 1, 'newton'], [searchedToItsBound, 1, 'newton']] as const)('a replicate is the fit of the rows it drew', async (model, dimension, route) => {
    const rows = normalRows(80 * dimension, 1, 'replicates').map((z) => z * Math.sqrt(1 + 0.2 * z * z))
    const clusters = Int32Array.from({ length: 80 }, (_, i) => i >> 1)
    const weights = Float64Array.from({ length: 80 }, (_, i) => 1 + (i % 3))
    const weighting = weightingOf({ weights: { values: weights }, clusters: { of: clusters } }, 80, (k) => k)
    const { fit } = await fitModel(model, scoreMatching, rows, dimension, { bootstrap: 7, weighting }, engine)
    expect(fit.route).toBe(route)
    expect(fit.replicates!.failed).toBe(0)
    const size = fit.theta.length
    for (const r of [0, 3, 6]) {
      const counts = new Float64Array(80)
      resample(createRandom(0).split('bootstrap').split(r), weightingOf({ clusters: { of: clusters } }, 80, (k) => k), counts)
      expect(counts.reduce((a, b) => a + b)).toBe(80)
      const { fit: own } = await fitModel(model, scoreMatching, rows, dimension, { weighting: { weights: counts.map((count, i) => count * weighting.weights![i]) } }, engine)
      // A parameter at its bound is zero in both.
      expectClose(fit.replicates!.thetas.subarray(r * size, (r + 1) * size), own.theta, 1e-7)
    }
  })
})

test('at 2000 rows its errors are the sandwich\'s within a tenth, held parameters aside', async () => {
  const rows = normalRows(4000, 2, 'agree').map((z, k) => z + 0.3 * (z * z - 1) + (k % 2))
  const restriction = restrictionOf(trace(gaussian, 2), parseFixings('precision[1,2] = 0'), rows)
  const { fit, traced } = await fitModel(gaussian, scoreMatching, rows, 2, { bootstrap: 2000, restriction })
  const { parameters } = describeParameters(traced, fit, 0.9)
  const found = describeReplicates(traced, fit.replicates!, parameters, 0.9)
  expect(found.parameters.map(({ name }) => name)).toEqual(parameters.map(({ name }) => name))
  expect(found.parameters[1]).toEqual({ name: 'precision[1,2]', standardError: null, interval: null })
  parameters.forEach(({ standardError, interval, fixed }, k) => {
    if (fixed) return
    expect(Math.abs(found.parameters[k].standardError! / standardError! - 1)).toBeLessThan(0.1)
    // Percentiles of nearly normal replicates: the ends are the normal interval's within a fifth of an error.
    for (const end of [0, 1] as const) expect(Math.abs(found.parameters[k].interval![end] - interval![end]) / standardError!).toBeLessThan(0.3)
  })
})

test('the same seed gives the same numbers, another seed others', async () => {
  const rows = normalRows(200, 1, 'seeded')
  const thetas = await Promise.all([1, 1, 2].map(async (seed) => (await fitModel(gaussian, scoreMatching, rows, 1, { bootstrap: 20, random: createRandom(seed) })).fit.replicates!.thetas))
  expect(thetas[0]).toEqual(thetas[1])
  expect(thetas[0]).not.toEqual(thetas[2])
})

test('a difference from the sandwich is told where so many replicates cannot show it by chance', () => {
  const estimate = { name: 'k', estimate: 1, standardError: 0.1, interval: [0.8, 1.2] } as const
  const codes = (replicates: number, standardError: number): string[] =>
    bootstrapWarnings({ replicates, failed: 0, parameters: [{ name: 'k', standardError, interval: null }] }, [estimate]).map(({ code }) => code)
  // The error of the logarithm of a standard deviation from N normal numbers is 1/√(2(N − 1)): 0.10 of 50, 0.016 of 2000.
  expect([codes(50, 0.128), codes(50, 0.14), codes(2000, 0.123), codes(2000, 0.128)]).toEqual([[], ['bootstrap-differs'], [], ['bootstrap-differs']])
})
