// Integrated gradients against closed forms and their completeness; tail probabilities against counting.
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { attributeEnergy } from '../../src/evaluate/attribution.ts'
import { tailProbabilities } from '../../src/evaluate/tail-probability.ts'
import { domain } from '../../src/model/domain.ts'
import type { FittedEnergy } from '../../src/model/fitted-energy.ts'

/** An energy of one row by a formula, and its gradient. */
function energyOf(columns: readonly string[], at: (x: readonly number[]) => { energy: number; gradient: readonly number[] }): FittedEnergy & { evaluated: number } {
  const d = columns.length
  return {
    columns, evaluated: 0,
    evaluate(rows) {
      const found = Array.from({ length: rows.length / d }, (_, i) => at(Array.from(rows.subarray(i * d, (i + 1) * d))))
      this.evaluated += found.length
      return Promise.resolve({ energy: Float64Array.from(found, ({ energy }) => energy), score: Float64Array.from(found.flatMap(({ gradient }) => gradient.map((value) => -value))) })
    },
  }
}

describe('attribution', () => {
  it('of a quadratic form is, against its mode, column times half the gradient', async () => {
    const k = [[2, -0.6], [-0.6, 1]]
    const mode = [3, -1]
    const energy = energyOf(['a', 'b'], (x) => {
      const u = x.map((value, j) => value - mode[j])
      const gradient = k.map((row) => row[0] * u[0] + row[1] * u[1])
      return { energy: 0.5 * (u[0] * gradient[0] + u[1] * gradient[1]) + 7, gradient }
    })
    const { values, referenceEnergy, unsettled } = await attributeEnergy(energy, Float64Array.of(4, -1, 5, 1), Float64Array.from(mode))
    // u = (1, 0): ½·1·2 and 0. u = (2, 2): ½·2·(4 − 1.2) and ½·2·(−1.2 + 2).
    const expected = [1, 0, 2.8, 0.8]
    expected.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 12))
    expect([referenceEnergy, unsettled]).toEqual([7, 0])
    // The two lowest orders agree: nothing finer was tried. (The rows and the reference themselves are three more.)
    expect(energy.evaluated).toBe(3 + 2 * (8 + 16))
  })

  it('adds up to the energy, and is that of an interaction by the path: x²y from 0 gives ⅔ and ⅓', async () => {
    const cubic = energyOf(['x', 'y'], ([x, y]) => ({ energy: x * x * y, gradient: [2 * x * y, x * x] }))
    const { values } = await attributeEnergy(cubic, Float64Array.of(2, 3), Float64Array.of(0, 0))
    expect(values[0]).toBeCloseTo(8, 12)
    expect(values[1]).toBeCloseTo(4, 12)
  })

  it('finds a narrow ridge on the way, with more nodes', async () => {
    // E = softened step of width 0.01 at x = 0.5, plus y²: all of the step is x's, all of y² is y's.
    const step = energyOf(['x', 'y'], ([x, y]) => {
      const s = 1 / (1 + Math.exp(-(x - 0.5) / 0.01))
      return { energy: 20 * s + y * y, gradient: [20 * s * (1 - s) / 0.01, 2 * y] }
    })
    const random = createRandom(1)
    const rows = Float64Array.from({ length: 40 }, (_, k) => (k % 2 === 0 ? 1 + random.uniform() : random.normal()))
    const { values, unsettled } = await attributeEnergy(step, rows, Float64Array.of(0, 0))
    expect(unsettled).toBe(0)
    for (let i = 0; i < 20; i++) {
      expect(Math.abs(values[2 * i] - 20)).toBeLessThan(1e-3 * 30)
      expect(Math.abs(values[2 * i + 1] - rows[2 * i + 1] ** 2)).toBeLessThan(1e-3 * 30)
    }
  })

  it('says of how many rows the integral does not settle, and leaves those without an energy out', async () => {
    // A gradient that is not that of the energy can never add up.
    const wrong = energyOf(['x'], ([x]) => ({ energy: x < 5 ? x : NaN, gradient: [2] }))
    const { values, unsettled } = await attributeEnergy(wrong, Float64Array.of(1, 0, 9), Float64Array.of(0))
    expect(unsettled).toBe(1)
    expect(values[2]).toBeNaN()
  })
})

describe('the tail probability', () => {
  it('is the share of others with an energy as high or higher', () => {
    const others = Float64Array.of(3, 1, 2, 2, 10)
    expect(Array.from(tailProbabilities([0, 1, 2, 2.5, 10, 11, NaN], others))).toEqual([1, 1, 0.8, 0.4, 0.2, 0, NaN])
  })
})

describe('attribution on spheres goes along great circles', () => {
  const kappa = 3
  it('from the mode of von Mises–Fisher: κ(⅔ − cos θ + ⅓ cos³ θ) and κ(1 − cos³ θ)/3', async () => {
    const energy = energyOf(['x', 'y', 'z'], ([x, y, z]) => ({ energy: -kappa * z, gradient: [kappa * z * x, kappa * z * y, -kappa * (1 - z * z)] }))
    const theta = 2
    const rows = Float64Array.of(Math.sin(theta), 0, Math.cos(theta), 0, 0, 1)
    const { values, unsettled } = await attributeEnergy(energy, rows, Float64Array.of(0, 0, 1), domain('sphere').over(['x', 'y', 'z']))
    const c = Math.cos(theta)
    expect(unsettled).toBe(0)
    const expected = [kappa * (1 - c ** 3) / 3, 0, kappa * (2 / 3 - c + c ** 3 / 3), 0, 0, 0]
    expected.forEach((value, k) => expect(values[k]).toBeCloseTo(value, 9))
  })
  it('of angles it crosses 360 degrees, and adds up beside other columns', async () => {
    const degree = Math.PI / 180
    const energy = energyOf(['a', 't'], ([a, t]) => ({ energy: -kappa * Math.cos(a * degree) + t * t, gradient: [kappa * degree * Math.sin(a * degree), 2 * t] }))
    const { values } = await attributeEnergy(energy, Float64Array.of(340, 2), Float64Array.of(10, 1), domain('direction(a), real').over(['a', 't']))
    expect(values[0]).toBeCloseTo(kappa * (Math.cos(10 * degree) - Math.cos(20 * degree)), 9)
    expect(values[1]).toBeCloseTo(3, 9)
  })
  it('of two angles: along a meridian only the latitude', async () => {
    const degree = Math.PI / 180
    const energy = energyOf(['a', 'b'], ([a, b]) => ({
      energy: -kappa * Math.cos(b * degree) * Math.cos(a * degree),
      gradient: [kappa * degree * Math.cos(b * degree) * Math.sin(a * degree), kappa * degree * Math.sin(b * degree) * Math.cos(a * degree)],
    }))
    const { values } = await attributeEnergy(energy, Float64Array.of(20, 50, 70, -30), Float64Array.of(20, 10), domain('direction(a, b)').over(['a', 'b']))
    expect(values[0]).toBeCloseTo(0, 9)
    expect(values[1]).toBeCloseTo(kappa * Math.cos(20 * degree) * (Math.cos(10 * degree) - Math.cos(50 * degree)), 9)
    const whole = kappa * (Math.cos(10 * degree) * Math.cos(20 * degree) - Math.cos(30 * degree) * Math.cos(70 * degree))
    expect(values[2] + values[3]).toBeCloseTo(whole, 6)
  })
})
