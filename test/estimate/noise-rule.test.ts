// The default noise: its size on the reference densities, its bias on Gaussians in closed form, rounding, scales.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { columnScale } from '../../src/data/standardize.ts'
import type { Table } from '../../src/data/table.ts'
import { chooseBandwidth } from '../../src/estimate/kernel-bandwidth.ts'
import { chooseNoise } from '../../src/estimate/noise-rule.ts'
import { mixtureRows, normalRows, parabolaRows, threeComponents } from '../evaluate/energies.ts'

function tableOf(values: Float64Array, dimension: number): Table {
  const rows = values.length / dimension
  return { source: 'test', columns: Array.from({ length: dimension }, (_, j) => `x${j + 1}`), rows, values, rowsRead: rows, columnsLeftOut: [] }
}
const choose = (values: Float64Array, dimension: number) => {
  const table = tableOf(values, dimension)
  return chooseNoise(table, columnScale(table))
}

describe('chooseBandwidth', () => {
  it('comes near the bandwidth that is best for a Gaussian in closed form', () => {
    // For N(0, 1) the expected leave-one-out log-likelihood is greatest near Silverman's (4/((d + 2) n))^(1/(d+4)).
    for (const dimension of [2, 4, 8]) {
      const bandwidths = [1, 2, 3, 4, 5].map((seed) => chooseBandwidth(normalRows(1000, dimension, createRandom(seed)), dimension).bandwidth)
      const reference = (4 / ((dimension + 2) * 1000)) ** (1 / (dimension + 4))
      expect(bandwidths.reduce((sum, h) => sum + h / 5, 0) / reference).toBeGreaterThan(0.8)
      expect(bandwidths.reduce((sum, h) => sum + h / 5, 0) / reference).toBeLessThan(1.3)
    }
  })
  it('equals the maximum found by a fine scan of a leave-one-out likelihood written independently', () => {
    const rows = mixtureRows(threeComponents(), 120, createRandom(9))
    const likelihood = (h: number) => {
      let total = 0
      for (let i = 0; i < 120; i++) {
        let sum = 0
        for (let k = 0; k < 120; k++) {
          if (k !== i) sum += Math.exp(-((rows[2 * i] - rows[2 * k]) ** 2 + (rows[2 * i + 1] - rows[2 * k + 1]) ** 2) / (2 * h * h)) / (2 * Math.PI * h * h)
        }
        total += Math.log(sum / 119)
      }
      return total / 120
    }
    const scan = Array.from({ length: 400 }, (_, i) => 0.05 * 1.01 ** i)
    const best = scan.reduce((a, b) => (likelihood(b) > likelihood(a) ? b : a))
    const found = chooseBandwidth(rows, 2)
    expect(found.bandwidth / best).toBeGreaterThan(0.97)
    expect(found.bandwidth / best).toBeLessThan(1.03)
    expect(found.logLikelihood).toBeCloseTo(likelihood(found.bandwidth), 5)
  })
  it('is not driven to zero by copies of rows', () => {
    const rows = normalRows(200, 2, createRandom(10))
    const doubled = Float64Array.from([...rows, ...rows])
    expect(chooseBandwidth(doubled, 2).bandwidth).toBeGreaterThan(0.5 * chooseBandwidth(rows, 2).bandwidth)
  })
})

describe('chooseNoise', () => {
  it('is near 0.1 in data units on the mixture and on the parabola', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const mixture = choose(mixtureRows(threeComponents(), 2000, createRandom(seed)), 2)
      const parabola = choose(parabolaRows(4000, createRandom(seed)), 2)
      for (const value of [...mixture.noise, ...parabola.noise]) {
        expect(value).toBeGreaterThan(0.04)
        expect(value).toBeLessThan(0.17)
      }
    }
  })
  it('costs a Gaussian less than 0.02 nats, in any dimension and with any correlation it resolves', () => {
    for (const dimension of [1, 2, 5, 10, 20]) {
      for (const correlation of dimension === 1 ? [0] : [0, 0.9, 0.99]) {
        // Equicorrelated columns: eigenvalues 1 + (d − 1) r once and 1 − r.
        const random = createRandom(dimension)
        const values = new Float64Array(500 * dimension)
        for (let i = 0; i < 500; i++) {
          const common = Math.sqrt(correlation) * random.normal()
          for (let j = 0; j < dimension; j++) values[i * dimension + j] = common + Math.sqrt(1 - correlation) * random.normal()
        }
        const { noise } = choose(values, dimension)
        const sigma = Math.max(...noise)
        const loss = (variance: number) => 0.5 * (Math.log1p(sigma ** 2 / variance) - sigma ** 2 / (variance + sigma ** 2))
        expect(loss(1 + (dimension - 1) * correlation) + (dimension - 1) * loss(1 - correlation)).toBeLessThan(0.02)
      }
    }
  })
  it('resolves the components in ten dimensions, not only their common spread', () => {
    // Components at ±4 on every axis: the columns are uncorrelated, so the correlations say nothing.
    const components = Array.from({ length: 20 }, (_, k) => ({
      weight: 1 / 20, mean: Array.from({ length: 10 }, (_axis, j) => (j === k >> 1 ? 4 - 8 * (k & 1) : 0)), deviation: 0.5,
    }))
    const { noise } = choose(mixtureRows(components, 2000, createRandom(3)), 10)
    const q = (noise[0] / 0.5) ** 2
    expect(10 * 0.5 * (Math.log1p(q) - q / (1 + q))).toBeLessThan(0.02)
  })
  it('falls as rows are added', () => {
    const rows = mixtureRows(threeComponents(), 100_000, createRandom(6))
    const levels = [100, 1000, 10_000, 100_000].map((count) => choose(rows.slice(0, 2 * count), 2).relativeNoise[0])
    for (let i = 1; i < levels.length; i++) expect(levels[i]).toBeLessThan(levels[i - 1])
  })
  it('is no less than the rounding step, and says so', () => {
    const rows = parabolaRows(1000, createRandom(7)).map((value, i) => (i % 2 === 0 ? Math.round(value * 4) / 4 : value))
    const choice = choose(rows, 2)
    expect(choice.noise[0]).toBeCloseTo(0.25, 6)
    expect(choice.noise[1]).toBeLessThan(0.15)
    expect(choice.sentence).toMatch(/"x1" is rounded to 0\.25: noise of 0\.\d+, its rounding step/)
  })
  it('says so where noise cannot hide the grid', () => {
    const rows = normalRows(300, 2, createRandom(8)).map((value, i) => (i % 2 === 0 ? Number(value > 0) : value))
    const choice = choose(rows, 2)
    expect(choice.relativeNoise[0]).toBe(0.5)
    expect(choice.sentence).toMatch(/does not hide the grid/)
  })
  it('follows the units of the columns', () => {
    const rows = parabolaRows(500, createRandom(11))
    const reference = choose(rows, 2)
    fc.assert(
      fc.property(fc.integer({ min: -6, max: 6 }), fc.integer({ min: -6, max: 6 }), fc.integer({ min: -100, max: 100 }), (a, b, shift) => {
        const scales = [2 ** a, 2 ** b]
        const choice = choose(rows.map((value, i) => scales[i % 2] * (value + shift)), 2)
        for (const j of [0, 1]) expect(choice.noise[j] / (scales[j] * reference.noise[j])).toBeCloseTo(1, 6)
      }),
      { numRuns: 15, seed: 1 },
    )
  })
  it('is hardly moved by a few far outliers', () => {
    const rows = mixtureRows(threeComponents(), 1000, createRandom(12))
    const before = choose(rows, 2).noise[0]
    const spoiled = rows.slice()
    for (let i = 0; i < 5; i++) spoiled.set([40 + i, -30 - 2 * i], 2 * i * 37)
    const after = choose(spoiled, 2).noise[0]
    expect(after / before).toBeGreaterThan(0.6)
    expect(after / before).toBeLessThan(1.6)
  })
})
