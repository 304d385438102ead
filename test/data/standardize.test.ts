// Standardizing: exact moments where naive sums fail, and undoing with the Jacobian.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { columnScale, logVolume, standardizeRows, unstandardizeLogDensities, unstandardizeRows, unstandardizeScores } from '../../src/data/standardize.ts'
import { parabola } from '../../src/data/synthetic/parabola.ts'
import { tableOf } from './table-of.ts'

describe('columnScale', () => {
  it('has divisor n', () => {
    const scale = columnScale(tableOf({ x: [1, 2, 3, 6], y: [0, 0, 0, 4] }))
    expect([...scale.mean]).toEqual([3, 1])
    expect(scale.deviation[0]).toBeCloseTo(Math.sqrt(14 / 4), 15)
    expect(scale.deviation[1]).toBeCloseTo(Math.sqrt(3), 15)
    expect([...scale.minimum, ...scale.maximum]).toEqual([1, 0, 6, 4])
  })

  it('is exact for mean ≫ sd', () => {
    // 2⁴⁰ + {1, 2, 3, 6}: Σx² − n·mean² would have no correct digit.
    const offset = 2 ** 40
    const scale = columnScale(tableOf({ x: [1, 2, 3, 6].map((x) => x + offset) }))
    expect(scale.mean[0]).toBe(offset + 3)
    expect(scale.deviation[0]).toBeCloseTo(Math.sqrt(3.5), 14)
  })

  it('neither overflows nor underflows', () => {
    const large = columnScale(tableOf({ x: [1e300, 2e300, 3e300, 6e300] }))
    expect(large.deviation[0] / 1e300).toBeCloseTo(Math.sqrt(3.5), 13)
    const small = columnScale(tableOf({ x: [1e-300, 2e-300, 3e-300, 6e-300] }))
    expect(small.deviation[0] * 1e300).toBeCloseTo(Math.sqrt(3.5), 13)
  })

  it('takes the selected rows only', () => {
    const table = tableOf({ x: [1, 99, 3, -99] })
    const scale = columnScale(table, { count: 2, row: (i) => 2 * i })
    expect([scale.mean[0], scale.deviation[0]]).toEqual([2, 1])
  })

  it('refuses what has no scale, and names it', () => {
    expect(() => columnScale(tableOf({ x: [1, 2], y: [7, 7] }))).toThrow('test: column "y" is constant: every row is 7')
    // 0.1 three times has a mean that is not 0.1: the test must not be a subtraction of the mean.
    expect(() => columnScale(tableOf({ x: [0.1, 0.1, 0.1] }))).toThrow('constant')
    expect(() => columnScale(tableOf({ x: [-1.7e308, 1.7e308] }))).toThrow('spans more than the largest number')
    expect(() => columnScale(tableOf({ x: [] }))).toThrow('no rows')
  })
})

describe('undoing', () => {
  it('returns the rows, and standardized rows have mean 0 and sd 1', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.integer({ min: -50, max: 50 })), { minLength: 3, maxLength: 40 }), (pairs) => {
      const table = tableOf({ x: pairs.map(([x]) => Math.round(x * 1e3) / 1e3), y: pairs.map(([, y]) => y) })
      fc.pre(new Set(table.values.filter((_, i) => i % 2 === 0)).size > 1 && new Set(table.values.filter((_, i) => i % 2 === 1)).size > 1)
      const scale = columnScale(table)
      const standardized = standardizeRows(table.values, scale)
      const again = columnScale({ ...table, values: standardized })
      for (const j of [0, 1]) {
        expect(again.mean[j]).toBeCloseTo(0, 9)
        expect(again.deviation[j]).toBeCloseTo(1, 9)
      }
      const back = unstandardizeRows(standardized, scale)
      back.forEach((x, i) => expect(Math.abs(x - table.values[i])).toBeLessThan(1e-12 * (Math.abs(scale.mean[i % 2]) + 10 * scale.deviation[i % 2])))
    }))
  })

  it('carries scores and log-densities over with the Jacobian: against a density transformed by hand', () => {
    // y = (x − mean)/sd of the parabola has log p_y(y) = log p_x(mean + sd y) + Σ log sd; its score by finite differences.
    const density = parabola()
    const table = { ...tableOf({ x1: [], x2: [] }), rows: 50, values: density.sample(50, createRandom(1)) }
    const scale = columnScale(table)
    const standardized = standardizeRows(table.values, scale)
    const logDensityOfY = (y: readonly number[]): number =>
      density.logDensity(y.map((v, j) => scale.mean[j] + scale.deviation[j] * v)) + Math.log(scale.deviation[0]) + Math.log(scale.deviation[1])
    const scoresOfY = new Float64Array(100)
    const logDensitiesOfY = new Float64Array(50)
    const h = 1e-5
    for (let i = 0; i < 50; i++) {
      const y = [standardized[2 * i], standardized[2 * i + 1]]
      logDensitiesOfY[i] = logDensityOfY(y)
      scoresOfY[2 * i] = (logDensityOfY([y[0] + h, y[1]]) - logDensityOfY([y[0] - h, y[1]])) / (2 * h)
      scoresOfY[2 * i + 1] = (logDensityOfY([y[0], y[1] + h]) - logDensityOfY([y[0], y[1] - h])) / (2 * h)
    }
    const scores = unstandardizeScores(scoresOfY, scale)
    const logDensities = unstandardizeLogDensities(logDensitiesOfY, scale)
    for (let i = 0; i < 50; i++) {
      const x = table.values.subarray(2 * i, 2 * i + 2)
      expect(logDensities[i]).toBeCloseTo(density.logDensity(x), 12)
      density.score(x).forEach((score, j) => expect(scores[2 * i + j]).toBeCloseTo(score, 5))
    }
    expect(logVolume(scale)).toBeCloseTo(Math.log(scale.deviation[0] * scale.deviation[1]), 14)
  })

  it('writes into a given array, single precision too', () => {
    const table = tableOf({ x: [1, 2, 3] })
    const target = new Float32Array(3)
    expect(standardizeRows(table.values, columnScale(table), target)).toBe(target)
    expect(target[2]).toBe(Math.fround(1 / Math.sqrt(2 / 3)))
  })
})
