// The kernel Stein test of rows that count differently or belong together: what agrees with repeated rows, level and power.
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { kernelSteinTest } from '../../src/evaluate/goodness-of-fit.ts'
import type { FittedEnergy } from '../../src/model/fitted-energy.ts'
import { domain } from '../../src/model/domain.ts'
import { testGoodness } from '../../src/result/assess.ts'
import { normalRows, pointwiseEnergy } from './energies.ts'
import { expectUniform } from './uniform.ts'

const gaussian = (variance: number): FittedEnergy => pointwiseEnergy(1, ([x]) => x * x / (2 * variance), ([x]) => [-x / variance])

/** Rows of N(0, 1.5²) and weights with mean one that make them rows of N(0, 1). */
function reweighted(count: number, seed: number): { rows: Float64Array; weights: Float64Array } {
  const rows = normalRows(count, 1, createRandom(seed)).map((value) => 1.5 * value)
  const ratios = rows.map((x) => Math.exp(-x * x / 2 + x * x / 4.5))
  const mean = ratios.reduce((sum, value) => sum + value / count, 0)
  return { rows, weights: ratios.map((value) => value / mean) }
}

describe('weights', () => {
  it('are repeated rows: the squared discrepancy is theirs, and the p-value that of clusters of copies', async () => {
    const random = createRandom('repeated')
    for (const dimension of [1, 3]) {
      const rows = normalRows(60, dimension, random)
      const counts = Array.from({ length: 60 }, () => 1 + random.integer(4))
      const total = counts.reduce((sum, value) => sum + value, 0)
      const places = counts.flatMap((count, row) => new Array<number>(count).fill(row))
      const repeated = Float64Array.from(places.flatMap((row) => Array.from(rows.subarray(row * dimension, (row + 1) * dimension))))
      const energy = pointwiseEnergy(dimension, () => 0, (x) => x.map((value, j) => Math.sin(value) - 0.8 * x[(j + 1) % dimension]))
      const weighted = await kernelSteinTest(energy, rows, createRandom(1), { weighting: { weights: Float64Array.from(counts, (count) => 60 * count / total) } })
      const copies = await kernelSteinTest(energy, repeated, createRandom(1))
      const clustered = await kernelSteinTest(energy, repeated, createRandom(1), { weighting: { clusters: { of: Int32Array.from(places), count: 60 } } })
      expect(weighted.statistic / 60).toBeCloseTo(copies.statistic / total, 10)
      expect(clustered.statistic).toBeCloseTo(copies.statistic, 8)
      expect(weighted.pValue).toBe(clustered.pValue)
    }
  })
  it('of importance: p-values are uniform where the weighted rows are draws of the density', async () => {
    const values: number[] = []
    for (let seed = 0; seed < 300; seed++) {
      const { rows, weights } = reweighted(100, seed)
      values.push((await kernelSteinTest(gaussian(1), rows, createRandom(seed).split('signs'), { draws: 199, weighting: { weights } })).pValue)
    }
    expectUniform(values, 1 / 200)
  })
  it('find what is wrong: the density of the rows without their weights', async () => {
    const { rows, weights } = reweighted(600, 1)
    const pValue = async (variance: number, weighted: boolean): Promise<number> => (await kernelSteinTest(gaussian(variance), rows, createRandom(2), weighted ? { weighting: { weights } } : {})).pValue
    expect(await pValue(1, true)).toBeGreaterThan(0.01)
    expect(await pValue(1, false)).toBe(0.001)
    expect(await pValue(2.25, true)).toBe(0.001)
    expect(await pValue(2.25, false)).toBeGreaterThan(0.01)
  })
  it('of zero are no rows, and weights of long tables go with their rows', async () => {
    const { rows, weights } = reweighted(3000, 3)
    const on = domain('real').over(['x'])
    const none = weights.map((weight, row) => (row % 2 === 0 ? 0 : weight))
    const alone = rows.filter((_, row) => row % 2 === 1)
    const test = async (of: Float64Array, own: Float64Array) => testGoodness(gaussian(1), on, of, createRandom(4), { weights: own })
    expect(await test(rows.subarray(0, 1000), none.subarray(0, 1000))).toEqual(await test(alone.subarray(0, 500), none.subarray(0, 1000).filter((weight) => weight > 0)))
    expect((await test(rows, weights))!.pValue).toBeGreaterThan(0.01)
  })
  it('go with the rows that are left where some lie on a boundary', async () => {
    const random = createRandom('half')
    // Rows of an exponential of mean two, weighted to one of mean one; two in five rows are moved to the bound, which has no place.
    const rows = Float64Array.from({ length: 1000 }, (_, row) => (row % 5 < 2 ? 0 : -2 * Math.log(1 - random.uniform())))
    const weights = rows.map((x, row) => (row % 5 < 2 ? 5 : Math.exp(-x / 2)))
    const found = await testGoodness(pointwiseEnergy(1, ([x]) => x, () => [-1]), domain('x >= 0').over(['x']), rows, createRandom(5), { weights })
    expect(found!.pValue).toBeGreaterThan(0.01)
  })
})

it('too few rows or clusters that count are not tested', async () => {
  const on = domain('real').over(['x'])
  const rows = normalRows(100, 1, createRandom(6))
  const found = (weighting: Parameters<typeof testGoodness>[4]) => testGoodness(gaussian(1), on, rows, createRandom(1), weighting)
  expect(await found({ weights: Float64Array.from({ length: 100 }, (_, row) => (row < 9 ? 100 / 9 : 0)) })).toBeNull()
  expect(await found({ clusters: { of: Int32Array.from({ length: 100 }, (_, row) => row % 9), count: 9 } })).toBeNull()
  expect(await found({ clusters: { of: Int32Array.from({ length: 100 }, (_, row) => row % 10), count: 10 } })).not.toBeNull()
})
