// The discrete kernel Stein test: its kernel by the definition, its mean by a sum over all rows, its level and its power.
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { discreteSteinTest } from '../../src/evaluate/discrete-goodness-of-fit.ts'
import type { FittedEnergy } from '../../src/model/fitted-energy.ts'
import { domain } from '../../src/model/domain.ts'
import { testGoodness } from '../../src/result/assess.ts'
import { allRows, dotOf, isingRows, isingTruth, statistics } from '../sample/ising-fixtures.ts'
import { pointwiseEnergy } from './energies.ts'
import { expectUniform } from './uniform.ts'

const energyOf = (d: number, log: (s: readonly number[]) => number): FittedEnergy => pointwiseEnergy(d, (x) => -log(x.map((value) => (value === 1 ? 1 : -1))), () => new Array<number>(d).fill(NaN))
const ising = (d: number, theta: ArrayLike<number>): FittedEnergy => energyOf(d, (s) => dotOf(theta, statistics(s)))
/** No exponential family of pairs: a product of three values, and a wave. */
const odd = (s: readonly number[]): number => 0.7 * s[0] * s[1] * s[2] - 0.3 * s[3] + Math.sin(s[0] + 2 * s[1] + 3 * s[3])

describe('the statistic', () => {
  it('is that of the definition, with differences of the kernel written out', async () => {
    const rows = [[1, 1, -1, 1], [-1, 1, -1, -1], [1, -1, 1, 1], [1, 1, -1, 1], [-1, -1, -1, -1]]
    const flip = (s: readonly number[], i: number): number[] => s.map((value, j) => (j === i ? -value : value))
    const kernel = (x: readonly number[], y: readonly number[]): number => Math.exp(-x.filter((value, j) => value !== y[j]).length * 4 / 4)
    const ratio = (s: readonly number[], i: number): number => Math.exp(odd(flip(s, i)) - odd(s))
    // The difference Stein operator f(¬x) − p(¬x)/p(x) f(x) in both rows of p(xᵢ | others) k p(yᵢ | others).
    const given = (s: readonly number[], i: number): number => 1 / (1 + ratio(s, i))
    let sum = 0
    for (const x of rows) {
      for (const y of rows) {
        for (const i of [0, 1, 2, 3]) {
          const weighed = (s: readonly number[], t: readonly number[]): number => given(s, i) * kernel(s, t) * given(t, i)
          const inX = (t: readonly number[]): number => weighed(flip(x, i), t) - ratio(x, i) * weighed(x, t)
          sum += inX(flip(y, i)) - ratio(y, i) * inX(y)
        }
      }
    }
    const found = await discreteSteinTest(energyOf(4, odd), Float64Array.from(rows.flat()), createRandom(1))
    expect(found.statistic).toBeCloseTo(sum / 5, 10)
    // Zeros read as −1.
    const zeros = Float64Array.from(rows.flat(), (value) => Math.max(value, 0))
    expect(await discreteSteinTest(energyOf(4, odd), zeros, createRandom(1))).toEqual(found)
  })
  it('is zero for all rows by their exact probabilities, and for no others', async () => {
    const rows = allRows(4)
    const logs = rows.map(odd)
    const all = Float64Array.from(rows.flat())
    const at = (scale: number): Promise<number> => {
      const shares = logs.map((log) => Math.exp(scale * log))
      const mean = shares.reduce((sum, share) => sum + share, 0) / 16
      return discreteSteinTest(energyOf(4, odd), all, createRandom(1), { weighting: { weights: Float64Array.from(shares, (share) => share / mean) } }).then(({ statistic }) => statistic)
    }
    expect(Math.abs(await at(1))).toBeLessThan(1e-12)
    expect(await at(0.9)).toBeGreaterThan(1e-3)
    expect(await at(0)).toBeGreaterThan(0.1)
  })
})

describe('the p-value', () => {
  it('is uniform for draws of the model', async () => {
    // Of moderate couplings, and of strong ones, with which p(¬x)/p(x) is now and then in the hundreds: without the weights qᵢ the test rejected a quarter of these.
    for (const truth of [isingTruth(5, 40), isingTruth(5, 41).map((value) => 2 * value)]) {
      const values: number[] = []
      for (let seed = 0; seed < 300; seed++) {
        values.push((await discreteSteinTest(ising(5, truth), isingRows(truth, 5, 150, seed), createRandom(seed).split('signs'), { draws: 199 })).pValue)
      }
      expectUniform(values, 1 / 200)
    }
  })
  it('rejects couplings left out, of one sign and of the other', async () => {
    for (const coupling of [0.15, -0.15]) {
      const truth = [0.2, -0.1, 0.3, 0, ...new Array<number>(6).fill(coupling)]
      const rows = isingRows(truth, 4, 1000, 3)
      // Each column by itself at its likeliest: h = artanh of the mean.
      const means = [0, 1, 2, 3].map((j) => rows.reduce((sum, value, e) => (e % 4 === j ? sum + value / 1000 : sum), 0))
      const independent = ising(4, [...means.map(Math.atanh), ...new Array<number>(6).fill(0)])
      expect((await discreteSteinTest(independent, rows, createRandom(1))).pValue).toBe(0.001)
      expect((await discreteSteinTest(ising(4, truth), rows, createRandom(1))).pValue).toBeGreaterThan(0.05)
    }
  })
  it('rejects what pairs do not tell: a product of three', async () => {
    const weights = allRows(3).map((s) => Math.exp(0.4 * s[0] * s[1] * s[2]))
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    const random = createRandom('triples')
    const rows = new Float64Array(3000)
    for (let row = 0; row < 1000; row++) {
      let rest = random.uniform() * total
      rows.set(allRows(3)[Math.max(0, weights.findIndex((weight) => (rest -= weight) < 0))], 3 * row)
    }
    // All pairs are independent, and the uniform distribution is the best that pairs can do.
    expect((await discreteSteinTest(ising(3, new Float64Array(6)), rows, createRandom(1))).pValue).toBe(0.001)
    expect((await discreteSteinTest(energyOf(3, (s) => 0.4 * s[0] * s[1] * s[2]), rows, createRandom(1))).pValue).toBeGreaterThan(0.05)
  })
})

it('takes weights as the continuous test does: repeated rows have the same discrepancy, clusters of copies the same p-value', async () => {
  const rows = isingRows(isingTruth(3, 1), 3, 40, 2)
  const counts = Array.from({ length: 40 }, (_, row) => 1 + (row % 3))
  const places = counts.flatMap((count, row) => new Array<number>(count).fill(row))
  const repeated = Float64Array.from(places.flatMap((row) => Array.from(rows.subarray(3 * row, 3 * row + 3))))
  const energy = ising(3, new Float64Array(6))
  const on = domain('binary').over(['a', 'b', 'c'])
  const weighted = (await testGoodness(energy, on, rows, createRandom(1), { weights: Float64Array.from(counts, (count) => 40 * count / places.length) }))!
  const clustered = (await testGoodness(energy, on, repeated, createRandom(1), { clusters: { of: Int32Array.from(places), count: 40 } }))!
  expect(weighted.statistic / 40).toBeCloseTo(clustered.statistic / places.length, 10)
  expect(weighted.pValue).toBe(clustered.pValue)
})

it('a row without log-odds is named, and single rows are refused', async () => {
  const impossible = energyOf(2, ([a]) => (a === 1 ? -Infinity : 0))
  await expect(discreteSteinTest(impossible, Float64Array.of(0, 1, 1, 1), createRandom(1))).rejects.toThrow('the log-odds of x2 in the row (1, 1) are NaN')
  await expect(discreteSteinTest(impossible, Float64Array.of(0, 1), createRandom(1))).rejects.toThrow(/at least 2/)
})

it('a row that the model excludes counts against it, and breaks nothing', async () => {
  const excluding = energyOf(2, ([a, b]) => (a === 1 && b === 1 ? -Infinity : 0))
  const rows = Float64Array.from(Array.from({ length: 100 }, (_, row) => [[1, 1], [1, 0], [0, 1], [0, 0]][row % 4]).flat())
  expect((await discreteSteinTest(excluding, rows, createRandom(1))).pValue).toBe(0.001)
})
