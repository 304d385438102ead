// Large tables by their moments: the same numbers as from all rows, for whatever is quadratic in x.
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { denoising } from '../../src/estimate/estimators/denoising.ts'
import { scoreMatching } from '../../src/estimate/estimators/score-matching.ts'
import { fourthMoments } from '../../src/estimate/fourth-moments.ts'
import { openFullBatch } from '../../src/estimate/full-batch.ts'
import { integrateNoise } from '../../src/estimate/integrate-noise.ts'
import { openTable } from '../../src/estimate/moment-points.ts'
import { rowMoments } from '../../src/estimate/row-moments.ts'
import { weightingOf } from '../../src/estimate/weighting.ts'
import { gaussian } from '../../src/model/energies/gaussian.ts'
import { trace } from '../../src/model/model.ts'
import { expectClose, isotropic, normalRows, onnx } from './parametric-fixtures.ts'

const count = 20_003
const rows = normalRows(count, 3, 'moments').map((z, k, all) => 2 + z + 0.2 * z * z + (k % 3 ? 0.5 * all[k - 1] : 0))
const theta = Float64Array.of(1.2, 0.3, -0.2, 0.9, 0.1, 1.5, 0.4, -0.3, 0.2)
const weights = Float64Array.from({ length: count }, (_, i) => (i % 5) / 2)
const clusters = Int32Array.from({ length: count }, (_, i) => i % 100)

describe.each([
  ['score matching', scoreMatching, {}],
  ['denoising, its noise integrated', denoising, {}],
  ['weighted rows', scoreMatching, { weights: { values: weights } }],
  ['clusters', scoreMatching, { weights: { values: weights }, clusters: { of: clusters } }],
] as const)('%s', (_, estimator, counted) => {
  test('value, gradient, Hessian and spread', async () => {
    const traced = trace(gaussian, 3)
    const objective = integrateNoise(traced, estimator.objective(traced, isotropic(0.5, 3)), { random: createRandom(0) })
    const weighting = weightingOf(counted, count, (k) => k)
    const basis = { columns: normalRows(9, 2, 'basis'), count: 2 }
    const [few, all] = await Promise.all([openTable, openFullBatch].map(async (open) => {
      const batch = open(traced, objective, rows, onnx, undefined, weighting)
      const found = [await batch.evaluate(theta), await batch.hessian(theta), await batch.hessian(theta, basis), await batch.spread(theta), await batch.spread(theta, basis)] as const
      await batch.release()
      return found
    }))
    expectClose([few[0].objective, ...few[0].gradient], [all[0].objective, ...all[0].gradient], 1e-10)
    expectClose(few[2], all[2], 1e-10)
    for (const k of [3, 4] as const) {
      expectClose(few[k].gradientProducts, all[k].gradientProducts, 1e-9)
      expectClose([few[k].objectiveError], [all[k].objectiveError], 1e-9)
    }
    // Zeros of a Hessian are rounding in one of them.
    const largest = Math.max(...all[1])
    few[1].forEach((value, e) => { expect(Math.abs(value - all[1][e])).toBeLessThan(1e-12 * largest) })
  })
})

test('fourth moments are means of products, in pieces or at once', () => {
  const some = rows.subarray(0, 3 * 21)
  const [whole, pieces] = [fourthMoments([{ whitened: some }], 3), fourthMoments([{ whitened: some.subarray(0, 30) }, { whitened: some.subarray(30) }], 3)]
  expectClose(pieces, whole, 1e-13)
  const monomials = Array.from({ length: 21 }, (_, i) => { const [a, b, c] = some.subarray(3 * i, 3 * i + 3); return [1, a, b, c, a * a, a * b, a * c, b * b, b * c, c * c] })
  expectClose(whole, Array.from({ length: 100 }, (_, e) => monomials.reduce((sum, m) => sum + (m[Math.floor(e / 10)] * m[e % 10]) / 21, 0)), 1e-13)
})

test('moments of rows, whatever the number of rows and far from zero', () => {
  for (const n of [1, 7, 8, 19, 3001]) {
    const some = rows.subarray(0, 3 * n).map((x) => 1e7 + x)
    const { mean, covariance } = rowMoments(some, 3)
    const columns = [0, 1, 2].map((j) => Array.from({ length: n }, (_, i) => some[3 * i + j] - 1e7))
    const means = columns.map((column) => column.reduce((a, b) => a + b) / n)
    expectClose(mean, means.map((m) => 1e7 + m), 1e-15)
    columns.forEach((a, j) => columns.forEach((b, k) => {
      const value = a.reduce((sum, x, i) => sum + (x - means[j]) * (b[i] - means[k]), 0) / n
      expect(Math.abs(covariance[3 * j + k] - value)).toBeLessThan(1e-7)
    }))
  }
})
