// Whole samples: what they must get right, and what they must not pass off as a sample.
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { isotropicCovariance } from '../../src/data/synthetic/gaussian-mixture.ts'
import { warmUp, draw } from '../../src/sample/chains.ts'
import { findTop } from '../../src/sample/descent.ts'
import { diagnose, MIXED } from '../../src/sample/diagnostics.ts'
import { coordinatesOf, sampleEnergy, sampleLadder, temperLadder } from '../../src/sample/draw-samples.ts'
import { locate } from '../../src/sample/locate.ts'
import { hmc } from '../../src/sample/samplers/hmc.ts'
import { parallelTempering } from '../../src/sample/samplers/parallel-tempering.ts'
import { predictorCorrector } from '../../src/sample/samplers/predictor-corrector.ts'
import { probabilityFlow } from '../../src/sample/samplers/probability-flow.ts'
import { inCoordinates, scaled } from '../../src/sample/target.ts'
import type { Target } from '../../src/sample/target.ts'
import { correlated, gaussianTarget, ladderOfMixture, targetOf, twoModes } from './targets.ts'

const settings = { count: 2000, chains: 16, warmUp: 200, thin: 1 }
const share = (rows: Float64Array, d: number) => rows.reduce((sum, x, k) => sum + (k % d === 0 && x < 0 ? 1 : 0), 0) / (rows.length / d)
const apart = twoModes(2, 0.3, 6, 1)
/** Mean 0.4·6, variances 0.84·36 + 1 and 1. */
const where = coordinatesOf(Float64Array.of(2.4, 0), Float64Array.of(31.24, 0, 0, 1))

describe('two modes that chains do not cross', () => {
  test('are noticed when chains start in both: not mixed', async () => {
    const { mixed, columns } = await sampleEnergy(targetOf(apart), where, hmc, settings, createRandom(1))
    expect(mixed).toBe(false)
    expect(columns[0].rHat).toBeGreaterThan(1.5)
  })
  test('pass unnoticed when all start in one: only overdispersed starts, as sampleEnergy has them, tell', async () => {
    const target = targetOf(apart)
    const one = scaled([6, 0], [1, 1])
    const problem = { sampler: hmc, blocks: 1, in: (coordinates: typeof one) => inCoordinates(target, coordinates) }
    const random = createRandom(2)
    const starts = new Float64Array(32)
    random.fillNormal(starts)
    const started = await warmUp(problem, starts.map((z, k) => z + (k % 2 === 0 ? 6 : 0)), one, { steps: 100, coordinates: true }, random.split('warm-up'))
    const { rows } = await draw(started, 500, 1, random.split('draws'))
    const { rHat, mean } = diagnose({ chains: 16, draws: 500, at: (c, i) => rows[(i * 16 + c) * 2] })
    expect(rHat).toBeLessThan(MIXED)
    expect(mean).toBeCloseTo(6, 0)
    expect((await sampleEnergy(target, one, hmc, { ...settings, warmUp: 100 }, createRandom(2))).mixed).toBe(true)
    expect((await sampleEnergy(target, where, hmc, { ...settings, warmUp: 100 }, createRandom(2))).mixed).toBe(false)
  })
  test('are crossed by parallel tempering, in the right shares', async () => {
    const samples = await sampleEnergy(targetOf(apart), where, parallelTempering, settings, createRandom(3))
    expect(samples.mixed).toBe(true)
    const { bulk } = samples.columns[0]
    expect(Math.abs(share(samples.rows, 2) - 0.3)).toBeLessThan(4 * Math.sqrt(0.21 / Math.min(bulk!, 2000)))
    expect(samples.leastSwap).toBeGreaterThan(0.3)
  })
})

test('one mode in ten columns mixes at once, though the starts are wide', async () => {
  const covariance = correlated(10, 0.9, 100)
  const samples = await sampleEnergy(gaussianTarget(new Float64Array(10), covariance), coordinatesOf(new Float64Array(10), covariance), hmc, settings, createRandom(4))
  expect(samples.mixed).toBe(true)
  expect(samples.steps).toBe(500)
  expect(samples.divergences).toBe(0)
  for (const [j, { bulk, tail, mean, error, deviation }] of samples.columns.entries()) {
    expect(Math.abs(mean)).toBeLessThan(4 * error!)
    expect(Math.abs(deviation ** 2 / covariance[11 * j] - 1)).toBeLessThan(4 * Math.sqrt(2 / tail!))
    expect(bulk).toBeGreaterThan(2000)
  }
})

test('starts on a wall come down: an exponential density by the logarithm of its column, started where moments of rows say', async () => {
  // E = eʸ − y in y = log x, x ~ exponential of rate 1: y has mean −γ and variance π²/6; wide starts at y = 5 have E = 143.
  const energy = { evaluate: async (points: Float64Array) => ({ energy: points.map((y) => Math.exp(y) - y), score: points.map((y) => 1 - Math.exp(y)) }) }
  for (const seed of [1, 2, 3]) {
    const { mixed, rows, columns: [{ mean, error, bulk }] } = await sampleEnergy(energy, coordinatesOf(Float64Array.of(-0.5772), Float64Array.of(Math.PI ** 2 / 6)), hmc, { ...settings, chains: 32 }, createRandom(seed))
    expect(mixed).toBe(true)
    expect(Math.abs(mean + 0.5772156649)).toBeLessThan(4 * error!)
    expect(Math.abs(rows.reduce((sum, y) => sum + Math.exp(y), 0) / rows.length - 1)).toBeLessThan(4 / Math.sqrt(Math.min(bulk!, rows.length)))
  }
})

test('an energy that falls to −∞ is no density, and said to be none where it is looked for', async () => {
  const energy = { evaluate: async (points: Float64Array) => ({ energy: points.map((y) => -Math.exp(2 * y)), score: points.map((y) => 2 * Math.exp(2 * y)) }) }
  await expect(locate(energy, 1, createRandom(1))).rejects.toMatchObject({ code: 'not-integrable' })
})

describe('a ladder', () => {
  const deviations = [3, 0.5, 1]
  const components = [
    { weight: 0.25, mean: [100, 1, 0], covariance: isotropicCovariance(3, 0.3) },
    { weight: 0.75, mean: [108, -1, 0], covariance: isotropicCovariance(3, 0.2) },
  ]
  const ladder = ladderOfMixture(components, deviations)
  const lowShare = (rows: Float64Array) => rows.reduce((sum, x, k) => sum + (k % 3 === 0 && x < 104 ? 1 : 0), 0) / (rows.length / 3)
  test('has its top found from anywhere: the mean and the covariance of the data with noise', async () => {
    const { coordinates, covariance } = await findTop(ladder)
    // The highest level is a Gaussian but for the cubes of what the data are beside the noise.
    expect(Math.abs(coordinates.center[0] - 106) / (3 * Math.sqrt(100))).toBeLessThan(0.01)
    const spread = 0.25 * 0.75 * 64 / 9
    expect(covariance[0] / (100 + spread + 0.01)).toBeCloseTo(1, 2)
  })
  test.each([predictorCorrector, probabilityFlow])('$name gives separated modes their weights', async (sampler) => {
    const samples = await sampleLadder(ladder, sampler, { count: 2000, lowest: 1e-3, levels: sampler.levels }, createRandom(5))
    expect(samples.mixed).toBe(true)
    expect(Math.abs(lowShare(samples.rows) - 0.25)).toBeLessThan(4 * Math.sqrt(0.1875 / 2000))
    expect(samples.columns[0].bulk).toBeGreaterThan(1500)
  })
  test('a way down that misses the lowest level is not called mixed', async () => {
    // Three levels only: steps far too long.
    const samples = await sampleLadder(ladder, probabilityFlow, { count: 2000, lowest: 1e-3, levels: 3 }, createRandom(6))
    expect(samples.mixed).toBe(false)
  })
  test('at another level than the lowest has the variance of that level', async () => {
    const samples = await sampleLadder(ladder, predictorCorrector, { count: 3000, lowest: 25, levels: 100 }, createRandom(7))
    const truth = 25 * 9 + 0.1875 * 64 + (0.25 * 0.09 + 0.75 * 0.04)
    expect(Math.abs(samples.columns[0].deviation ** 2 / truth - 1)).toBeLessThan(4 * Math.sqrt(2 / 3000))
  })
  test('parallel tempering over its levels crosses between the modes', async () => {
    const samples = await temperLadder(ladder, 1e-3, parallelTempering, settings, createRandom(8))
    expect(samples.mixed).toBe(true)
    expect(Math.abs(lowShare(samples.rows) - 0.25)).toBeLessThan(4 * Math.sqrt(0.1875 / Math.min(2000, samples.columns[0].bulk!)))
  })
})

describe('where no density is', () => {
  const improper: Target = { dimension: 2, evaluate: (x) => Promise.resolve({
    energy: Float64Array.from({ length: x.length / 2 }, (_, k) => 0.5 * x[2 * k] ** 2), score: x.map((value, k) => (k % 2 === 0 ? -value : 0)),
  }) }
  test('an energy that does not grow in a direction is refused before sampling, and a heavy but proper tail is not', async () => {
    await expect(sampleEnergy(improper, scaled([0, 0], [1, 1]), hmc, settings, createRandom(9))).rejects.toMatchObject({ code: 'not-integrable', message: expect.stringContaining('does not grow towards (0.00, 1.00)') as string })
    // Student's t with one degree of freedom too few, with none, and with three.
    const student = (power: number): Target => ({ dimension: 1, evaluate: (x) => Promise.resolve({ energy: x.map((v) => power * Math.log1p(v * v)), score: x.map((v) => -power * 2 * v / (1 + v * v)) }) })
    await expect(sampleEnergy(student(0.45), scaled([0], [1]), hmc, settings, createRandom(9))).rejects.toMatchObject({ code: 'not-integrable' })
    await expect(sampleEnergy(student(2), scaled([0], [1]), hmc, settings, createRandom(9))).resolves.toMatchObject({ chains: 16 })
  })
  test('an energy that is nowhere a number is refused', async () => {
    const nothing: Target = { dimension: 1, evaluate: (x) => Promise.resolve({ energy: x.map(() => Number.NaN), score: x.map(() => Number.NaN) }) }
    await expect(sampleEnergy(nothing, scaled([0], [1]), hmc, settings, createRandom(9))).rejects.toMatchObject({ code: 'energy-not-finite' })
    await expect(locate(nothing, 1, createRandom(9))).rejects.toMatchObject({ code: 'energy-not-finite' })
  })
})

test('an energy is located from nothing, in any units', async () => {
  for (const [mean, deviation] of [[0, 1], [5e4, 2e-2], [-3e-3, 1e-4]] as const) {
    const { center, lower } = await locate(gaussianTarget([mean, -mean], [deviation ** 2, 0, 0, 100 * deviation ** 2]), 2, createRandom(10))
    expect(Math.abs(center[0] - mean)).toBeLessThan(3 * deviation)
    expect(lower[0] / deviation).toBeGreaterThan(0.8)
    expect(lower[0] / deviation).toBeLessThan(2.2)
  }
  const both = await locate(targetOf(apart), 2, createRandom(10))
  // From −6 − 6.3 to 6 + 6.3, which is 12.6 scales.
  expect(Math.abs(both.center[0])).toBeLessThan(2)
  expect(both.lower[0]).toBeGreaterThan(1.9)
})
