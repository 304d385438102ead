// The density of each column under an energy: closed forms for Gaussians by every method, and densities with an edge.
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { marginalDensities } from '../../src/evaluate/marginals.ts'
import type { Marginal, Marginals } from '../../src/evaluate/marginals.ts'
import { gaussianProposal } from '../../src/evaluate/gaussian-proposal.ts'
import type { FittedEnergy } from '../../src/model/fitted-energy.ts'

/** A correlated Gaussian of d columns; a tiny quartic term hides it from the closed form where that is not to be used. */
function gaussianOf(d: number, hidden: boolean): { energy: FittedEnergy; rows: Float64Array; mean: number[]; deviation: number[] } {
  const mean = Array.from({ length: d }, (_, j) => 2 * j - 1)
  const covariance = Float64Array.from({ length: d * d }, (_, e) => {
    const [i, j] = [Math.floor(e / d), e % d]
    return (1 + i) * (1 + j) * 0.6 ** Math.abs(i - j)
  })
  const gaussian = gaussianProposal(mean, covariance)
  const energy: FittedEnergy = {
    columns: mean.map((_, j) => `c${j}`),
    evaluate: async (rows) => {
      const { energy: own, score } = gaussian.evaluate(rows)
      if (!hidden) return { energy: own, score }
      return { energy: own.map((value, k) => value + 1e-9 * rows[k * d] ** 4), score: score.map((value, k) => (k % d === 0 ? value - 4e-9 * rows[k] ** 3 : value)) }
    },
  }
  return { energy, rows: gaussian.sample(2000, createRandom(1)), mean, deviation: mean.map((_, j) => 1 + j) }
}

const known = (found: Marginals): readonly Marginal[] => (found.method === null ? [] : found.columns)
const normal = (x: number, mean: number, deviation: number): number => Math.exp(-(((x - mean) / deviation) ** 2) / 2) / (deviation * Math.sqrt(2 * Math.PI))
const mass = ({ x, density }: Marginal): number => density.reduce((sum, value) => sum + value, 0) * (x[1] - x[0])

describe.each([
  ['closed form', 4, false, 1e-12],
  ['quadrature', 1, true, 1e-4],
  ['quadrature', 2, true, 1e-3],
  ['quadrature', 3, true, 5e-3],
  // 400 conditionals of about √0.64 of the width: 3 % at the peak, twice that at worst.
  ['reweighted draws', 5, true, 0.08],
] as const)('by %s in %i columns', (method, d, hidden, tolerance) => {
  it('the columns of a Gaussian are Gaussian, and hold a mass of one', async () => {
    const { energy, rows, mean, deviation } = gaussianOf(d, hidden)
    const found = await marginalDensities({ energy, rows, inside: undefined, random: createRandom(2) })
    expect(found.method).toBe(method)
    expect(known(found)).toHaveLength(d)
    known(found).forEach((marginal, j) => {
      expect(mass(marginal)).toBeCloseTo(1, 5)
      const peak = normal(mean[j], mean[j], deviation[j])
      marginal.x.forEach((x, k) => expect(Math.abs(marginal.density[k] - normal(x, mean[j], deviation[j]))).toBeLessThan(tolerance * peak))
    })
  })
})

it.each([2, 4])('a density that ends at zero has no mass below it, in %i columns', async (d) => {
  const gaussian = gaussianProposal(new Array<number>(d).fill(0), Float64Array.from({ length: d * d }, (_, e) => (e % (d + 1) === 0 ? 1 : 0)))
  const energy: FittedEnergy = { columns: Array.from({ length: d }, (_, j) => `c${j}`), evaluate: async (rows) => gaussian.evaluate(rows) }
  const rows = gaussian.sample(2000, createRandom(3)).map(Math.abs)
  const found = await marginalDensities({ energy, rows, inside: (point) => point.every((value) => value > 0), random: createRandom(4) })
  for (const { x, density } of known(found)) {
    const peak = 2 * normal(0, 0, 1)
    const step = x[1] - x[0]
    x.forEach((value, k) => {
      if (value < 0) expect(density[k]).toBe(0)
      else if (value > step) expect(Math.abs(density[k] - 2 * normal(value, 0, 1))).toBeLessThan(0.06 * peak)
    })
  }
  expect(known(found)).toHaveLength(d)
})

it('where nothing is known the reason is', async () => {
  const flat: FittedEnergy = { columns: ['a', 'b'], evaluate: async (rows) => ({ energy: new Float64Array(rows.length / 2), score: new Float64Array(rows.length) }) }
  const rows = gaussianProposal([0, 0], [1, 0, 0, 1]).sample(100, createRandom(5))
  expect(await marginalDensities({ energy: flat, rows, inside: undefined, random: createRandom(6) })).toEqual({ method: null, reason: 'its tails are too long for a grid' })
  const wild: FittedEnergy = { columns: ['a', 'b', 'c', 'd'], evaluate: async (points) => ({ energy: Float64Array.from({ length: points.length / 4 }, (_, k) => 1e4 * points.subarray(4 * k, 4 * k + 4).reduce((sum, x) => sum + (x - 9) ** 2, 0)), score: points }) }
  const found = await marginalDensities({ energy: wild, rows: gaussianProposal([0, 0, 0, 0], Float64Array.from({ length: 16 }, (_, e) => (e % 5 === 0 ? 1 : 0))).sample(200, createRandom(7)), inside: undefined, random: createRandom(8) })
  expect(found.method === null && found.reason).toMatch(/^in 4 columns no simple density is close enough to draw from \(of 20000 draws \d+ count, fewer than 200\)$/)
})
