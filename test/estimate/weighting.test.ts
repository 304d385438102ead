// Weighted and clustered rows: estimates are those of repeated rows, errors those of the formulas of R's sandwich (vcovCL, HC0).
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { scoreMatching } from '../../src/estimate/estimators/score-matching.ts'
import { weightingOf } from '../../src/estimate/weighting.ts'
import type { Weighting } from '../../src/estimate/weighting.ts'
import { meanWithError } from '../../src/evaluate/mean-with-error.ts'
import { gaussianBaseline } from '../../src/evaluate/baselines/gaussian.ts'
import { gaussian } from '../../src/model/energies/gaussian.ts'
import { precision } from '../../src/model/energies/precision.ts'
import { defineModel } from '../../src/model/model.ts'
import { positive, scalar } from '../../src/model/parameters.ts'
import { engines, expectClose, fitModel, normalRows } from './parametric-fixtures.ts'

const counted = (weights: readonly number[] | undefined, clusters: readonly number[] | undefined, count: number): Weighting => weightingOf({
  ...(weights ? { weights: { values: Float64Array.from(weights) } } : {}), ...(clusters ? { clusters: { of: Int32Array.from(clusters) } } : {}),
}, count, (k) => k)

const rows = normalRows(120, 2, 'weighted').map((z, k) => z + 0.5 * Math.floor(k / 40) + (k % 2))
const random = createRandom('counts')
const times = Array.from({ length: 60 }, () => random.integer(4))
const repeated = times.flatMap((count, i) => Array.from({ length: count }, () => i))
const repeatedRows = Float64Array.from(repeated.flatMap((i) => [rows[2 * i], rows[2 * i + 1]]))
const short = rows.subarray(0, 120)

// One that is solved, and one that is searched.
const usual = defineModel({
  name: 'usual', parameters: { variance: positive(), mean: scalar() },
  logDensity: ({ variance, mean }, x) => x.sub(mean).square().sum().div(variance).mul(-0.5),
})

describe.each(engines)('on engine $name', (engine) => {
  test.each([[gaussian, 'closed-form'], [usual, 'newton']] as const)('weights that are whole numbers are repeated rows, clustered by what they repeat', async (model, route) => {
    const { fit: weighted } = await fitModel(model, scoreMatching, short, 2, { weighting: counted(times, undefined, 60) }, engine)
    const { fit: clustered } = await fitModel(model, scoreMatching, repeatedRows, 2, { weighting: counted(undefined, repeated, repeated.length) }, engine)
    expect(weighted.route).toBe(route)
    expectClose(weighted.theta, clustered.theta, 1e-8)
    expectClose([weighted.objective, weighted.objectiveStandardError], [clustered.objective, clustered.objectiveStandardError], 1e-9)
    expectClose(weighted.covariance!, clustered.covariance!, 1e-6)
    // Not the errors of so many independent rows.
    const { fit: naive } = await fitModel(model, scoreMatching, repeatedRows, 2, {}, engine)
    expect(weighted.covariance![0] / naive.covariance![0]).toBeGreaterThan(1.2)
  })

  test('weights and clusters together: Σ_c (Σ w ψ)² / (Σ w ψ′)²', async () => {
    const x = normalRows(90, 1, 'both')
    const weights = Array.from(x, (_, i) => 1 + (i % 7))
    const clusters = Array.from(x, (_, i) => Math.floor(i / 4))
    const { value, error } = await fitModel(precision, scoreMatching, x, 1, { weighting: counted(weights, clusters, 90) }, engine)
    const squares = x.reduce((sum, one, i) => sum + weights[i] * one * one, 0)
    const total = weights.reduce((a, b) => a + b)
    const k = total / squares
    const sums = new Float64Array(23)
    x.forEach((one, i) => { sums[clusters[i]] += weights[i] * (k * one * one - 1) })
    const meat = sums.reduce((sum, one) => sum + one * one, 0)
    expectClose([value('precision[1,1]'), error('precision[1,1]')], [k, Math.sqrt(meat) / squares], 1e-11)
  })

  test('clusters of one row each change nothing', async () => {
    const { fit: plain } = await fitModel(gaussian, scoreMatching, rows, 2, {}, engine)
    const { fit: single } = await fitModel(gaussian, scoreMatching, rows, 2, { weighting: counted(undefined, Array.from({ length: 120 }, (_, i) => 119 - i), 120) }, engine)
    expectClose(single.covariance!, plain.covariance!, 1e-9)
    expectClose([single.objectiveStandardError], [plain.objectiveStandardError], 1e-12)
  })
})

test('means over weighted rows, and the Gaussian baseline', () => {
  const values = Float64Array.from({ length: 60 }, (_, i) => rows[2 * i])
  const weighted = meanWithError(values, counted(times, undefined, 60))
  const clustered = meanWithError(repeated.map((i) => values[i]), counted(undefined, repeated, repeated.length))
  expectClose([weighted.value, weighted.standardError], [clustered.value, clustered.standardError], 1e-12)
  const own = gaussianBaseline(short, 2, counted(times, undefined, 60).weights)
  const other = gaussianBaseline(repeatedRows, 2)
  expectClose([...own.mean, ...own.covariance], [...other.mean, ...other.covariance], 1e-12)
})
