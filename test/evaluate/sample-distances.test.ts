// Distances of samples against closed forms for Gaussians, and their errors against the spread over repetitions.
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { meanDiscrepancy, slicedWasserstein } from '../../src/evaluate/sample-distances.ts'
import { normalRows } from './energies.ts'

const random = createRandom('sample distances')
const moved = (rows: Float64Array, dimension: number, shift: number, scale: number): Float64Array => rows.map((v, k) => (k % dimension === 0 ? shift : 0) + scale * v)
/** Standard deviation of z-scores about zero: 1 where errors are right and there is no bias. */
const spread = (z: readonly number[]): number => Math.sqrt(z.reduce((sum, value) => sum + value * value, 0) / z.length)

describe('slicedWasserstein', () => {
  it('is exact for points on the line, of different numbers too', () => {
    expect(slicedWasserstein(Float64Array.of(3, 0, 1), Float64Array.of(2, 5, 7), 1, random).squared.value).toBeCloseTo((4 + 16 + 16) / 3, 12)
    // Half of 0 goes to 0, half to 1, half of 4 to 1, half to 4: quantile steps of 1/2 against 1/4.
    expect(slicedWasserstein(Float64Array.of(4, 0), Float64Array.of(1, 0, 4, 1), 1, random).squared.value).toBeCloseTo((0 + 1 + 9 + 0) / 4, 12)
    expect(slicedWasserstein(Float64Array.of(0, 3), Float64Array.of(1, 1, 1), 1, random).squared.value).toBeCloseTo((1 + 4) / 2, 12)
  })

  it('of Gaussians on the line is (m₁ − m₂)² + (s₁ − s₂)², within errors that are right', () => {
    const z = Array.from({ length: 100 }, (_, k) => {
      const [a, b] = ['a', 'b'].map((name) => normalRows(name === 'a' ? 1000 : 700, 1, random.split('line').split(name).split(k)))
      const { squared } = slicedWasserstein(moved(a, 1, 1.5, 1), moved(b, 1, 0, 2), 1, random.split(k))
      return (squared.value - (1.5 ** 2 + 1)) / squared.standardError
    })
    // 100 z-scores have a spread of 1 ± .07; the bias of order 1/n adds little.
    expect(spread(z)).toBeGreaterThan(0.79)
    expect(spread(z)).toBeLessThan(1.21)
  })

  it('of shifted Gaussians in d dimensions is the squared shift over d, errors of rows and directions included', () => {
    const z = Array.from({ length: 60 }, (_, k) => {
      const [a, b] = ['a', 'b'].map((name) => normalRows(600, 4, random.split('space').split(name).split(k)))
      const { squared, value, standardError } = slicedWasserstein(moved(a, 4, 3, 1), b, 4, random.split(k), { projections: 100 })
      expect(value).toBe(Math.sqrt(squared.value))
      expect(standardError).toBeCloseTo(squared.standardError / (2 * value), 12)
      return (squared.value - 9 / 4) / squared.standardError
    })
    expect(spread(z)).toBeGreaterThan(0.73)
    expect(spread(z)).toBeLessThan(1.27)
  })
})

describe('meanDiscrepancy', () => {
  /** E k(x, y) for x − y ~ N(δ, v I) with ‖δ‖² = shift: (h²/(h² + v))^(d/2) exp(−shift/(2(h² + v))). */
  const expected = (d: number, h: number, variance: number, shift: number): number => (h ** 2 / (h ** 2 + variance)) ** (d / 2) * Math.exp(-shift / (2 * (h ** 2 + variance)))

  it('of Gaussians is what the integrals say, within errors that are right', () => {
    const truth = expected(2, 1.3, 2, 0) + expected(2, 1.3, 2 * 2.25, 0) - 2 * expected(2, 1.3, 1 + 2.25, 0.64)
    const z = Array.from({ length: 60 }, (_, k) => {
      const [a, b] = ['a', 'b'].map((name) => normalRows(300, 2, random.split('mmd').split(name).split(k)))
      const { value, standardError, bandwidth } = meanDiscrepancy(a, moved(b, 2, 0.8, 1.5), 2, { bandwidth: 1.3 })
      expect(bandwidth).toBe(1.3)
      return (value - truth) / standardError
    })
    expect(spread(z)).toBeGreaterThan(0.73)
    expect(spread(z)).toBeLessThan(1.27)
  })

  it('of two samples of one density is zero within its error', () => {
    const z = Array.from({ length: 60 }, (_, k) => {
      const [a, b] = ['a', 'b'].map((name) => normalRows(200, 3, random.split('null').split(name).split(k)))
      const { value, standardError } = meanDiscrepancy(a, b, 3)
      return value / standardError
    })
    expect(Math.abs(z.reduce((sum, value) => sum + value / 60, 0))).toBeLessThan(4 / Math.sqrt(60))
    expect(spread(z)).toBeGreaterThan(0.6)
    expect(spread(z)).toBeLessThan(1.4)
  })

  it('takes the median distance as bandwidth, and as many rows of each', () => {
    // Distances among 0, 1, 2, 3, 10, 20 sorted: 1 1 1 2 2 3 7 | 8 9 10 10 17 18 19 20: the middle one of 15 is 8.
    const { bandwidth, rows } = meanDiscrepancy(Float64Array.of(0, 1, 20), Float64Array.of(2, 3, 10), 1)
    expect(bandwidth).toBe(8)
    expect(rows).toBe(3)
    expect(meanDiscrepancy(normalRows(50, 1, random), normalRows(900, 1, random), 1, { maximumRows: 40 }).rows).toBe(40)
  })
})
