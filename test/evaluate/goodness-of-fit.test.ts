// The kernel Stein test: its kernel against finite differences, its level under the null, its power against wrong densities.
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { kernelSteinTest } from '../../src/evaluate/goodness-of-fit.ts'
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
