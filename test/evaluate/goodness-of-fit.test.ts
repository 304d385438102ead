// The kernel Stein test: its kernel against finite differences, its level under the null, its power against wrong densities.
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { kernelSteinTest, wildBootstrap } from '../../src/evaluate/goodness-of-fit.ts'
import type { FittedEnergy } from '../../src/model/fitted-energy.ts'
import { mixtureEnergy, mixtureRows, normalRows, pointwiseEnergy, threeComponents } from './energies.ts'
import { expectUniform } from './uniform.ts'

const gaussian = (dimension: number, variance = 1): FittedEnergy => pointwiseEnergy(
  dimension,
  (x) => x.reduce((sum, value) => sum + value * value, 0) / (2 * variance),
  (x) => x.map((value) => -value / variance),
)

async function pValues(energy: FittedEnergy, draw: (seed: number) => Float64Array, repeats: number): Promise<number[]> {
  const result: number[] = []
  for (let seed = 0; seed < repeats; seed++) {
    result.push((await kernelSteinTest(energy, draw(seed), createRandom(seed).split('signs'), { draws: 199 })).pValue)
  }
  return result
}

describe('kernelSteinTest', () => {
  it('has the statistic of the definition, with the kernel differentiated numerically', async () => {
    // Two rows with mean 0 and covariance I: (±1, 0), (0, ±1) scaled by √2 are their own whitened coordinates.
    const r = Math.SQRT2
    const rows = [[r, 0], [-r, 0], [0, r], [0, -r]]
    const score = (x: readonly number[]) => [Math.sin(x[0]) - x[1], 0.3 + x[0] * x[1]]
    const kernel = (x: readonly number[], y: readonly number[]) => (0.5 + (x[0] - y[0]) ** 2 + (x[1] - y[1]) ** 2) ** -0.5
    const h = 1e-4
    const moved = (x: readonly number[], j: number, by: number) => x.map((value, k) => (k === j ? value + by : value))
    let sum = 0
    for (const x of rows) {
      for (const y of rows) {
        const [a, b] = [score(x), score(y)]
        for (const j of [0, 1]) {
          const alongX = (other: readonly number[]) => (kernel(moved(x, j, h), other) - kernel(moved(x, j, -h), other)) / (2 * h)
          const alongY = (kernel(x, moved(y, j, h)) - kernel(x, moved(y, j, -h))) / (2 * h)
          sum += a[j] * b[j] * kernel(x, y) + a[j] * alongY + b[j] * alongX(y) + (alongX(moved(y, j, h)) - alongX(moved(y, j, -h))) / (2 * h)
        }
      }
    }
    const result = await kernelSteinTest(pointwiseEnergy(2, () => 0, score), Float64Array.from(rows.flat()), createRandom(1))
    expect(result.statistic).toBeCloseTo(sum / 4, 6)
  })
  it('rejects a true hypothesis as often as it says: p-values are uniform', async () => {
    const cases: [FittedEnergy, (seed: number) => Float64Array][] = [
      [gaussian(2), (seed) => normalRows(100, 2, createRandom(seed))],
      [mixtureEnergy(threeComponents()), (seed) => mixtureRows(threeComponents(), 100, createRandom(seed))],
    ]
    for (const [energy, draw] of cases) {
      expectUniform(await pValues(energy, draw, 300), 1 / 200)
    }
  })
  it('finds a wrong variance and a missing mode', async () => {
    const wide = await pValues(gaussian(2, 1.5), (seed) => normalRows(300, 2, createRandom(seed)), 40)
    expect(wide.filter((p) => p <= 0.05).length).toBeGreaterThanOrEqual(38)
    const narrow = await pValues(gaussian(2, 0.7), (seed) => normalRows(500, 2, createRandom(seed)), 30)
    expect(narrow.filter((p) => p <= 0.05).length).toBeGreaterThanOrEqual(26)
    const [first, second] = threeComponents()
    const blind = mixtureEnergy([{ ...first, weight: 0.625 }, { ...second, weight: 0.375 }])
    const missing = await pValues(blind, (seed) => mixtureRows(threeComponents(), 150, createRandom(seed)), 10)
    expect(missing.every((p) => p <= 0.01)).toBe(true)
  })
  it('does not depend on the units', async () => {
    const rows = normalRows(200, 2, createRandom(3))
    const scaled = rows.map((value, i) => (i % 2 === 0 ? 1000 * value + 5 : value / 50))
    const energy = pointwiseEnergy(2, () => 0, ([a, b]) => [-(a - 5) / 1e6, -b * 2500])
    const one = await kernelSteinTest(gaussian(2), rows, createRandom(1))
    const other = await kernelSteinTest(energy, scaled, createRandom(1))
    expect(other.statistic).toBeCloseTo(one.statistic, 8)
    expect(other.pValue).toBe(one.pValue)
  })
  it('uses an evenly spaced part of a long table and says how many', async () => {
    expect((await kernelSteinTest(gaussian(1), normalRows(5000, 1, createRandom(4)), createRandom(1), { maximumRows: 200 })).rows).toBe(200)
  })
  it('refuses scores that are not finite, and a single row', async () => {
    const broken = pointwiseEnergy(1, () => 0, ([x]) => [x > 0 ? Number.NaN : 0])
    await expect(kernelSteinTest(broken, Float64Array.of(-1, 2), createRandom(1))).rejects.toThrow(/score of the row \(2\) is NaN/)
    await expect(kernelSteinTest(gaussian(1), Float64Array.of(1), createRandom(1))).rejects.toThrow(/at least 2/)
  })
})

describe('the wild bootstrap', () => {
  // The same draws one by one: signs are the bits of numbers, 32 rows in each, drawn together for 252 draws and then for the rest.
  const byHand = (matrix: Float64Array, count: number, draws: number, seed: number): { pValue: number; done: number } => {
    const random = createRandom(seed)
    const statistic = matrix.reduce((sum, value) => sum + value, 0)
    let [reached, done] = [0, 0]
    for (const some of [Math.min(252, draws), Math.max(0, draws - 252)]) {
      const words = Array.from({ length: Math.ceil(count / 32) * some }, () => random.integer(2 ** 32))
      for (let draw = 0; draw < some; draw++) {
        const signs = Array.from({ length: count }, (_, row) => ((words[Math.floor(row / 32) * some + draw] >>> (row % 32)) & 1 ? 1 : -1))
        let form = 0
        for (let i = 0; i < count; i++) for (let k = 0; k < count; k++) form += signs[i] * signs[k] * matrix[i * count + k]
        done++
        if (form >= statistic - 1e-9 && ++reached === 50) return { pValue: 50 / done, done }
      }
    }
    return { pValue: (1 + reached) / (1 + draws), done }
  }

  it.each([7, 31, 32, 33, 65])('is that of its draws one by one, for %i rows', (count) => {
    const random = createRandom(count)
    const ends = new Set<string>()
    for (let seed = 0; seed < 12; seed++) {
      // A vector's products and a unit matrix: from no sign of a common direction to a clear one.
      const v = Float64Array.from({ length: count }, () => random.normal() + seed / (3 * Math.sqrt(count)))
      const matrix = Float64Array.from({ length: count * count }, (_, e) => v[Math.floor(e / count)] * v[e % count] + (e % (count + 1) === 0 ? 1 : 0))
      const { pValue, done } = byHand(matrix, count, 999, seed)
      ends.add(done === 999 ? 'all draws' : done > 252 ? 'late' : 'early')
      expect(wildBootstrap(matrix, count, {}, createRandom(seed)).pValue).toBe(pValue)
    }
    expect(ends.size).toBe(3)
  })

  it('counts draws that are the rows themselves, however the sums are rounded', () => {
    const random = createRandom('few clusters')
    for (let seed = 0; seed < 40; seed++) {
      const matrix = Float64Array.from({ length: 400 }, () => random.normal())
      for (let i = 0; i < 20; i++) for (let k = 0; k < i; k++) matrix[i * 20 + k] = matrix[k * 20 + i]
      // Of two clusters half of all draws have equal signs.
      const weighting = { clusters: { of: Int32Array.from({ length: 20 }, (_, i) => i % 2), count: 2 } }
      expect(wildBootstrap(matrix, 20, weighting, createRandom(seed)).pValue).toBeGreaterThan(0.35)
    }
  })
})
