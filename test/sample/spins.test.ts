// Binary columns listed and sampled: log Z, moments and draws against sums written out, Gibbs against enumeration.
import { expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { chiSquaredTail } from '../../src/base/chi-squared.ts'
import { drawRows, enumerate, momentsOf, rowsFrom } from '../../src/engine/enumeration.ts'
import { independentBaseline } from '../../src/evaluate/baselines/independent.ts'
import { conditionalLogOdds } from '../../src/evaluate/log-odds.ts'
import type { FittedEnergy } from '../../src/model/fitted-energy.ts'
import { sampleSpins, usualSpinSampler } from '../../src/sample/spins.ts'
import { allRows, dotOf, isingTruth, pairsOf, statistics } from './ising-fixtures.ts'

/** An Ising energy, in columns of 0 and 1 or −1 and 1. */
function energyOf(theta: ArrayLike<number>, d: number): FittedEnergy {
  const energies = allRows(d).map((row) => -dotOf(theta, statistics(row)))
  const numberOf = (row: Float64Array): number => row.reduce((number, value, j) => number + (value === 1 ? 2 ** j : 0), 0)
  return {
    columns: Array.from({ length: d }, (_, j) => `s${j + 1}`),
    evaluate: async (rows) => ({
      energy: Float64Array.from({ length: rows.length / d }, (_, r) => energies[numberOf(rows.subarray(r * d, (r + 1) * d))]),
      score: new Float64Array(rows.length).fill(NaN),
    }),
  }
}
const settings = { count: 4000, chains: 32, warmUp: 100, thin: 1 }

test('log Z of independent spins is Σ log 2cosh h; of twenty columns with no field 20 log 2', async () => {
  const h = [0.3, -1.2, 2]
  expect((await enumerate(energyOf([...h, 0, 0, 0], 3)))!.logNormalizer).toBeCloseTo(h.reduce((sum, own) => sum + Math.log(2 * Math.cosh(own)), 0), 12)
  const flat: FittedEnergy = { columns: new Array<string>(20).fill('s'), evaluate: async (rows) => ({ energy: new Float64Array(rows.length / 20), score: rows }) }
  expect((await enumerate(flat))!.logNormalizer).toBeCloseTo(20 * Math.LN2, 10)
  expect(await enumerate({ ...flat, columns: new Array<string>(21).fill('s') })).toBeUndefined()
  expect(await enumerate({ ...flat, evaluate: async (rows) => ({ energy: new Float64Array(rows.length / 20).fill(NaN), score: rows }) })).toBeUndefined()
})

test('probabilities and moments are the sums over all rows, in the order of their numbers', async () => {
  const theta = isingTruth(4, 8)
  const found = (await enumerate(energyOf(theta, 4)))!
  const weights = allRows(4).map((row) => Math.exp(dotOf(theta, statistics(row))))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  allRows(4).forEach((row, k) => {
    expect(Array.from(rowsFrom(k, 1, 4))).toEqual(row)
    expect(found.probabilities[k]).toBeCloseTo(weights[k] / total, 14)
  })
  const { mean, products } = momentsOf(found)
  const expectation = (of: (row: number[]) => number): number => allRows(4).reduce((sum, row, k) => sum + of(row) * weights[k] / total, 0)
  for (let i = 0; i < 4; i++) {
    expect(mean[i]).toBeCloseTo(expectation((row) => row[i]), 13)
    for (let j = 0; j < 4; j++) expect(products[4 * i + j]).toBeCloseTo(expectation((row) => row[i] * row[j]), 13)
  }
})

test('draws have the probabilities: χ² over all rows, by enumeration and by Gibbs', async () => {
  const theta = isingTruth(4, 8)
  const energy = energyOf(theta, 4)
  const all = (await enumerate(energy))!
  const test = (rows: Float64Array, each: number): number => {
    const counts = new Float64Array(16)
    for (let r = 0; r < rows.length / 4; r++) counts[rows.subarray(4 * r, 4 * r + 4).reduce((number, value, j) => number + (value === 1 ? 2 ** j : 0), 0)]++
    return counts.reduce((sum, count, k) => sum + (count - all.probabilities[k] * each) ** 2 / (all.probabilities[k] * each), 0)
  }
  expect(chiSquaredTail(test(drawRows(all, 20_000, createRandom(4)), 20_000), 15)).toBeGreaterThan(1e-3)
  const gibbs = await sampleSpins(energy, 'gibbs', { ...settings, thin: 4 }, createRandom(2))
  expect(gibbs.mixed).toBe(true)
  // Every fourth sweep of weakly coupled spins is as good as independent.
  expect(chiSquaredTail(test(gibbs.rows, 4000), 15)).toBeGreaterThan(1e-3)
  const { mean } = momentsOf(all)
  gibbs.columns.forEach((column, j) => expect(Math.abs(column.mean - mean[j]) / column.error!).toBeLessThan(4))
  expect(gibbs.energy[7]).toBeCloseTo(-dotOf(theta, statistics(Array.from(gibbs.rows.subarray(28, 32)))), 12)
})

test('chains that stay where they started are not called a sample', async () => {
  // Two states of all alike, between which single flips do not lead.
  const theta = [0, 0, 0, 0, 0, 0, ...pairsOf(6).map(() => 3)]
  expect((await sampleSpins(energyOf(theta, 6), 'gibbs', { ...settings, chains: 8, count: 100 }, createRandom(2))).mixed).toBe(false)
  const exact = await sampleSpins(energyOf(theta, 6), 'enumeration', { ...settings, count: 1000 }, createRandom(2))
  expect(Math.abs(exact.columns[0].mean) / exact.columns[0].error!).toBeLessThan(4)
  expect([usualSpinSampler(20), usualSpinSampler(21)]).toEqual(['enumeration', 'gibbs'])
})

test('log-odds of a value given the others are 2(h + Js), whichever value a row has and however it is written', async () => {
  const theta = isingTruth(3, 4)
  const found = await conditionalLogOdds(energyOf(theta, 3), Float64Array.of(1, 0, 0, -1, 1, 1))
  const coupling = (i: number, j: number): number => theta[3 + pairsOf(3).findIndex(([a, b]) => a === Math.min(i, j) && b === Math.max(i, j))]
  for (const [r, s] of [[1, -1, -1], [-1, 1, 1]].entries()) {
    for (let i = 0; i < 3; i++) expect(found[3 * r + i]).toBeCloseTo(2 * (theta[i] + [0, 1, 2].reduce((sum, j) => (j === i ? sum : sum + coupling(i, j) * s[j]), 0)), 12)
  }
})

test('the baseline of independence: shares of the training rows, weighted ones too', () => {
  const { logDensity } = independentBaseline(Float64Array.of(1, 0, 1, 1, 0, 0, 1, 0), 2)
  expect(Array.from(logDensity(Float64Array.of(1, 0, 0, 1)))).toEqual([Math.log(0.75) + Math.log1p(-0.25), Math.log1p(-0.75) + Math.log(0.25)])
  expect(independentBaseline(Float64Array.of(1, -1), 1, Float64Array.of(0.5, 1.5)).logDensity(Float64Array.of(1))[0]).toBeCloseTo(Math.log(0.25), 14)
})
