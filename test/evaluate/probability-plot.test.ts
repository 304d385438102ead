// Rows against a fitted distribution: the distribution function and its slopes against closed forms, and the band against Durbin's covariance.
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { lineDistribution } from '../../src/evaluate/line-distribution.ts'
import type { LineDistribution } from '../../src/evaluate/line-distribution.ts'
import { probabilityPlot } from '../../src/evaluate/probability-plot.ts'
import type { FittedEnergy } from '../../src/model/fitted-energy.ts'
import { normalRows } from '../estimate/parametric-fixtures.ts'

const energyOf = (energy: (x: number) => number): FittedEnergy => ({ columns: ['x'], evaluate: async (rows) => ({ energy: Float64Array.from(rows, energy), score: new Float64Array(rows.length) }) })
const normal = (mean: number, deviation: number): FittedEnergy => energyOf((x) => ((x - mean) / deviation) ** 2 / 2)
const density = (z: number): number => Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI)
/** ∂ log p̃/∂(mean, log deviation) of a normal density. */
const normalSlopes = (mean: number, deviation: number) => async (points: Float64Array): Promise<Float64Array> =>
  Float64Array.from({ length: 2 * points.length }, (_, e) => { const z = (points[e >> 1] - mean) / deviation; return e % 2 === 0 ? z / deviation : z * z })
/** A normal distribution fitted by its moments, with what each row adds to these. */
async function fitted(rows: Float64Array): Promise<{ distribution: LineDistribution; influence: { rows: Float64Array; values: Float64Array } }> {
  const mean = rows.reduce((sum, x) => sum + x, 0) / rows.length
  const deviation = Math.sqrt(rows.reduce((sum, x) => sum + (x - mean) ** 2, 0) / rows.length)
  const distribution = (await lineDistribution(normal(mean, deviation), rows, undefined, normalSlopes(mean, deviation)))!
  const values = Float64Array.from({ length: 2 * rows.length }, (_, e) => { const z = (rows[e >> 1] - mean) / deviation; return e % 2 === 0 ? deviation * z : (z * z - 1) / 2 })
  return { distribution, influence: { rows, values } }
}

describe('the distribution function', () => {
  const rows = normalRows(500, 1, 'distribution').map((z) => 3 + 2 * z)
  it('of a normal density, with its slopes', async () => {
    const { edges, probability, slopes } = (await lineDistribution(normal(3, 2), rows, undefined, normalSlopes(3, 2)))!
    // ∂F/∂mean = −p, ∂F/∂log sd = −(x − mean) p; F itself by ∫p, whose value at the mean is ½.
    edges.forEach((x, k) => {
      const z = (x - 3) / 2
      expect(Math.abs(slopes![2 * k] + density(z) / 2)).toBeLessThan(1e-9)
      expect(Math.abs(slopes![2 * k + 1] + z * density(z))).toBeLessThan(1e-9)
    })
    expect([probability[0], probability[probability.length - 1]]).toEqual([0, expect.closeTo(1, 12)])
    const below = edges.findLastIndex((x) => x <= 3)
    expect(probability[below] + (3 - edges[below]) * density(0) / 2).toBeCloseTo(0.5, 5)
  })
  it('of a gamma density with a pole where its domain ends', async () => {
    // Shape ½, rate ½: a squared standard normal, F(1) = 0.6826894921.
    const squares = normalRows(500, 1, 'squares').map((z) => z * z)
    const { edges, probability } = (await lineDistribution(energyOf((x) => x / 2 + Math.log(x) / 2), squares, (point) => point[0] > 0))!
    expect(edges[0]).toBe(0)
    const place = edges.findLastIndex((x) => x <= 1)
    const slope = Math.exp(-edges[place] / 2) / Math.sqrt(2 * Math.PI * edges[place])
    expect(probability[place] + (1 - edges[place]) * slope).toBeCloseTo(0.6826894921, 4)
  })
  it('is not invented for what has no finite integral', async () => {
    expect(await lineDistribution(energyOf(() => 0), rows, undefined)).toBeNull()
    expect(await lineDistribution(energyOf((x) => -x), rows, undefined)).toBeNull()
    expect(await lineDistribution(energyOf(() => NaN), rows, undefined)).toBeNull()
  })
})

describe('the band', () => {
  it('of a distribution that was known is that of a Brownian bridge', async () => {
    const rows = normalRows(400, 1, 'known band')
    const plot = probabilityPlot({ rows, distribution: (await lineDistribution(normal(0, 1), rows, undefined))!, influence: null, random: createRandom(1) })
    plot.probability.forEach((p, k) => expect(plot.standardError[k]).toBeCloseTo(Math.sqrt(p * (1 - p) / 400), 12))
    plot.probability.forEach((p, k) => {
      const share = rows.filter((x) => x <= plot.x[k]).length / 400
      expect(plot.difference[k]).toBeCloseTo(share - p, 12)
    })
  })

  it('does not depend on how the parameters are written, however badly', async () => {
    const rows = normalRows(3000, 1, 'written')
    const { distribution, influence } = await fitted(rows)
    const plot = probabilityPlot({ rows, distribution, influence, random: createRandom(4) })
    // θ′ = (θ₁ + cθ₂, cθ₁ + (c² + 1)θ₂): influences are turned by that matrix, slopes by its inverse, and nearly all of both cancels.
    const c = 1e3
    const turned = (values: Float64Array, [a, b, d, e]: readonly number[]): Float64Array =>
      values.map((_, k) => (k % 2 === 0 ? a * values[k] + b * values[k + 1] : d * values[k - 1] + e * values[k]))
    const other = probabilityPlot({
      rows, distribution: { ...distribution, slopes: turned(distribution.slopes!, [c * c + 1, -c, -c, 1]) },
      influence: { rows, values: turned(influence.values, [1, c, c, c * c + 1]) }, random: createRandom(4),
    })
    plot.standardError.forEach((own, k) => expect(other.standardError[k] / own).toBeCloseTo(1, 7))
    expect(other.pValue).toBe(plot.pValue)
  })

  it('of a normal distribution with both parameters estimated has Durbin\'s variance', async () => {
    const rows = normalRows(40_000, 1, 'durbin').map((z) => 5 - 3 * z)
    const { distribution, influence } = await fitted(rows)
    const plot = probabilityPlot({ rows, distribution, influence, random: createRandom(2) })
    // p(1 − p) − φ(z)² − ½z²φ(z)² (Durbin 1973, section 4); the sampling error of a variance from 40 000 rows is 0.7 %.
    const mean = rows.reduce((sum, x) => sum + x, 0) / rows.length
    const deviation = Math.sqrt(rows.reduce((sum, x) => sum + (x - mean) ** 2, 0) / rows.length)
    plot.probability.forEach((p, k) => {
      const z = (plot.x[k] - mean) / deviation
      const variance = p * (1 - p) - density(z) ** 2 * (1 + z * z / 2)
      expect(Math.abs(plot.standardError[k] ** 2 * rows.length / variance - 1)).toBeLessThan(0.06)
    })
  })

  it('holds all of a true model in 95 % of fits, and p-values are uniform', async () => {
    const pValues: number[] = []
    for (let table = 0; table < 200; table++) {
      const rows = normalRows(300, 1, `band ${table}`)
      const { pValue, largest, critical } = probabilityPlot({ rows, ...await fitted(rows), random: createRandom(table) })
      expect(pValue < 0.0515).toBe(largest > critical)
      pValues.push(pValue)
    }
    // Of 200: 10 ± 3.1 below 0.05, 100 ± 7.1 below one half; four of each.
    expect(pValues.filter((p) => p < 0.05).length).toBeLessThan(23)
    expect(Math.abs(pValues.filter((p) => p < 0.5).length - 100)).toBeLessThan(29)
  }, 120_000)

  it('is left by skewed rows', async () => {
    const rows = normalRows(300, 1, 'skewed band').map((z) => z + 0.3 * (z * z - 1))
    expect(probabilityPlot({ rows, ...await fitted(rows), random: createRandom(3) }).pValue).toBeLessThan(0.01)
  })
})
