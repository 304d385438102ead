import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { flowLikelihood } from '../../src/evaluate/flow-likelihood.ts'
import { mixtureRows } from './energies.ts'
import { gaussianLadder, mixtureLadder } from './ladders.ts'

const random = createRandom('flow')

describe('log-densities by the probability flow', () => {
  test('of a Gaussian, N(m, Σ + tD²): exact but for the steps', async () => {
    const ladder = gaussianLadder([1, -3], Float64Array.of(4, 1.5, 1.5, 1), [2, 0.5])
    const rows = Float64Array.of(1, -3, 3, -2, -4, -5, 8, 0)
    const { perRow, stepError, evaluations } = await flowLikelihood(ladder, rows, 0, random)
    const { energy } = await ladder.at(ladder.ladder.least).evaluate(rows)
    perRow.forEach((value, k) => expect(value).toBeCloseTo(-energy[k], 5))
    expect(stepError).toBeGreaterThan(0)
    expect(stepError).toBeLessThan(1e-4)
    expect(evaluations).toBe(4 * 4 * 90 * 5 + 8)
  })

  test('of a mixture whose energies are off by any constant: log Z of the top is all that is needed', async () => {
    const components = [{ weight: 0.2, mean: [-5, 0], deviation: 1 }, { weight: 0.8, mean: [2, 2], deviation: 0.6 }]
    // log Z = 2.5 − 0.3 log t.
    const ladder = mixtureLadder(components, 2.5, 0.3)
    const rows = mixtureRows(components, 40, random)
    const { perRow } = await flowLikelihood(ladder, rows, 2.5 - 0.3 * Math.log(16), random)
    const { energy } = await ladder.at(0.001).evaluate(rows)
    perRow.forEach((value, k) => expect(Math.abs(value - (-energy[k] - (2.5 - 0.3 * Math.log(0.001))))).toBeLessThan(0.005))
  })

  test('above ten columns by probes: right on average', async () => {
    const d = 12
    const covariance = Float64Array.from({ length: d * d }, (_, k) => 0.5 ** Math.abs(Math.floor(k / d) - (k % d)))
    const ladder = gaussianLadder(new Array<number>(d).fill(0), covariance, new Array<number>(d).fill(1))
    const rows = new Float64Array(100 * d)
    random.split('rows').fillNormal(rows)
    const { perRow } = await flowLikelihood(ladder, rows, 0, random.split('probes'), { steps: 40 })
    const { energy } = await ladder.at(0.001).evaluate(rows)
    const errors = perRow.map((value, k) => value + energy[k])
    const mean = errors.reduce((a, b) => a + b, 0) / 100
    const spread = Math.sqrt(errors.reduce((sum, value) => sum + (value - mean) ** 2, 0)) / 100
    expect(spread).toBeGreaterThan(0)
    expect(spread).toBeLessThan(0.2)
    expect(Math.abs(mean)).toBeLessThan(4 * spread)
  })
})
