// What every sampler of the registry must satisfy, found through the registry: its density stays as it is, same seed same bits,
// states are never changed; and what only some promise: reversibility, order of the integrator, the acceptance rule, known biases.
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { isotropicCovariance } from '../../src/data/synthetic/gaussian-mixture.ts'
import { draw, warmUp } from '../../src/sample/chains.ts'
import type { Problem } from '../../src/sample/chains.ts'
import { descend, drawTop, findTop, levelsOf } from '../../src/sample/descent.ts'
import { temperatures } from '../../src/sample/rungs.ts'
import type { Rungs } from '../../src/sample/rungs.ts'
import { stateAt } from '../../src/sample/sampler.ts'
import type { ChainSampler, DescentSampler } from '../../src/sample/sampler.ts'
import { STEPS_PER_LEVEL, STEP_SHARE } from '../../src/sample/samplers/annealed-langevin.ts'
import { hmc, leapfrog } from '../../src/sample/samplers/hmc.ts'
import { samplers } from '../../src/sample/samplers/index.ts'
import { mala } from '../../src/sample/samplers/mala.ts'
import { predictorCorrector } from '../../src/sample/samplers/predictor-corrector.ts'
import { inCoordinates, scaled } from '../../src/sample/target.ts'
import type { Target } from '../../src/sample/target.ts'
import { correlated, expectBalance, gaussianTarget, ladderOfMixture, meanOf, spread, targetOf, twoModes } from './targets.ts'

const all = Object.values(samplers)
const chainSamplers = all.filter((each): each is ChainSampler => each.kind === 'chain')
const exact = chainSamplers.filter(({ targetAcceptance }) => targetAcceptance !== null)
const descents = all.filter((each): each is DescentSampler => each.kind === 'descent')
const within = (found: { mean: number; error: number }, truth: number, label = '') => {
  expect(Math.abs(found.mean - truth), `${label} ${found.mean} ± ${found.error}, truth ${truth}`).toBeLessThan(4 * found.error)
}

/** A problem of any kind of chain sampler on one target: replicas get three temperatures. */
function problemOf(sampler: ChainSampler | ChainSampler<Rungs>, target: Target): Problem<never> {
  const problem: Problem<Target> | Problem<Rungs> = sampler.kind === 'replicas'
    ? { sampler: sampler as ChainSampler<Rungs>, blocks: 3, in: (coordinates) => temperatures(inCoordinates(target, coordinates), [1, 0.4, 0.1]) }
    : { sampler: sampler as ChainSampler, blocks: 1, in: (coordinates) => inCoordinates(target, coordinates) }
  return problem as Problem<never>
}
const unit = (d: number) => scaled(new Float64Array(d), new Float64Array(d).fill(1))

test('each is named as in the registry', () => {
  for (const [name, sampler] of Object.entries(samplers)) expect(sampler.name).toBe(name)
})

describe.each(all.filter((each) => each.kind !== 'descent'))('$name', (sampler) => {
  const judged = sampler.targetAcceptance !== null
  test.runIf(judged)('has the moments of a correlated Gaussian in ten columns', async () => {
    const d = 10
    const covariance = correlated(d, 0.7, 20)
    const mean = Array.from({ length: d }, (_, j) => 3 * j)
    const problem = problemOf(sampler, gaussianTarget(mean, covariance))
    const random = createRandom('gaussian')
    const started = await warmUp(problem, spread(16 * problem.blocks, d, 20), unit(d), { steps: 300, coordinates: true }, random.split('warm-up'))
    const { rows, acceptance } = await draw(started, 1200, 1, random.split('draws'))
    expect(Math.abs(acceptance - sampler.targetAcceptance!)).toBeLessThan(0.15)
    for (let i = 0; i < d; i++) {
      within(meanOf(rows, 16, d, (x) => x[i]), mean[i], `mean ${i}`)
      for (const j of [i, (i + 1) % d]) within(meanOf(rows, 16, d, (x) => (x[i] - mean[i]) * (x[j] - mean[j])), covariance[i * d + j], `covariance ${i} ${j}`)
    }
  })

  test.runIf(judged)('has the moments of a mixture whose modes touch', async () => {
    const mixture = twoModes(2, 0.3, 1.5, 0.8)
    const problem = problemOf(sampler, targetOf(mixture))
    const random = createRandom('mixture')
    const started = await warmUp(problem, spread(16 * problem.blocks, 2, 3), unit(2), { steps: 200, coordinates: true }, random.split('warm-up'))
    const { rows } = await draw(started, 1500, 1, random.split('draws'))
    within(meanOf(rows, 16, 2, (x) => x[0]), 0.4 * 1.5, 'mean')
    within(meanOf(rows, 16, 2, (x) => x[0] ** 2), 1.5 ** 2 + 0.64, 'square')
    within(meanOf(rows, 16, 2, (x) => x[0] ** 3), 0.4 * (1.5 ** 3 + 3 * 1.5 * 0.64), 'cube')
    within(meanOf(rows, 16, 2, (x) => x[1] ** 2), 0.64, 'across')
  })

  test('gives the same bits from the same seed, others from another, and leaves states alone', async () => {
    const problem = problemOf(sampler, targetOf(twoModes(3, 0.4, 1, 1)))
    const run = async (seed: string) => {
      const started = await warmUp(problem, spread(4 * problem.blocks, 3, 2), unit(3), { steps: 60, coordinates: true }, createRandom(seed))
      const before = structuredClone(started.state)
      const { rows } = await draw(started, 20, 2, createRandom(seed).split('draws'))
      expect(started.state).toEqual(before)
      return rows
    }
    const first = await run('a')
    expect(await run('a')).toEqual(first)
    expect(await run('b')).not.toEqual(first)
  })
})

describe('leapfrog', () => {
  const target = targetOf(twoModes(3, 0.3, 1.2, 0.7))
  const steps = (size: number) => new Float64Array(5).fill(size)
  test('is undone by the flipped momentum', async () => {
    const start = await stateAt(target, spread(5, 3, 1))
    const momenta = spread(5, 3, 1, createRandom('momenta'))
    const before = momenta.slice()
    const there = await leapfrog(target, start, momenta, steps(0.2), 25)
    expect(Math.abs(there.positions[0] - start.positions[0])).toBeGreaterThan(0.1)
    const back = momenta.map((p) => -p)
    const again = await leapfrog(target, there, back, steps(0.2), 25)
    // 25 steps there and back in float64, each of which rounds.
    again.positions.forEach((value, k) => { expect(value).toBeCloseTo(start.positions[k], 10) })
    back.forEach((value, k) => { expect(-value).toBeCloseTo(before[k], 10) })
  })
  test('conserves the energy up to an error that falls with the square of the step', async () => {
    const errorAt = async (size: number) => {
      const start = await stateAt(target, spread(5, 3, 1))
      const momenta = spread(5, 3, 1, createRandom('momenta'))
      const total = ({ energy }: { energy: Float64Array }) => energy.map((value, c) => value + 0.5 * momenta.subarray(3 * c, 3 * c + 3).reduce((sum, p) => sum + p * p, 0))
      const before = total(start)
      const end = await leapfrog(target, start, momenta, steps(size), Math.round(1.2 / size))
      return total(end).map((value, c) => value - before[c])
    }
    const [coarse, fine] = [await errorAt(0.02), await errorAt(0.01)]
    // The next term is smaller by ε²: a few per cent at most.
    coarse.forEach((error, c) => { expect(error / fine[c]).toBeGreaterThan(3.8); expect(error / fine[c]).toBeLessThan(4.2) })
  })
})

describe('the acceptance rule', () => {
  const density = targetOf(twoModes(1, 0.3, 1, 0.6))
  test.each(exact)('$name: in equilibrium as many move from A to B as from B to A', async (sampler) => {
    const count = 200_000
    const positions = twoModes(1, 0.3, 1, 0.6).sample(count, createRandom('equilibrium'))
    const before = await sampler.init(density, positions)
    const { state } = await sampler.step(density, before, new Float64Array(count).fill(1.3), createRandom('step'))
    // Of size one half.
    const cells = 12
    const cell = (x: number) => Math.min(cells - 1, Math.max(0, Math.floor((x + 3) * 2)))
    expectBalance(Array.from(positions, cell), Array.from(state.positions, cell), cells)
  })
  test('of MALA is that of its Langevin kernels', async () => {
    const state = await stateAt(density, Float64Array.of(0.4))
    const step = Float64Array.of(0.9)
    const h = 0.9 ** 2
    const z = new Float64Array(1)
    createRandom('one').fillNormal(z)
    const y = await stateAt(density, Float64Array.of(0.4 + h / 2 * state.score[0] + 0.9 * z[0]))
    const kernel = (to: number, from: number, score: number): number => -((to - from - h / 2 * score) ** 2) / (2 * h)
    const ratio = state.energy[0] - y.energy[0] + kernel(0.4, y.positions[0], y.score[0]) - kernel(y.positions[0], 0.4, state.score[0])
    const { info } = await mala.step(density, state, step, createRandom('one'))
    expect(info.energyError[0]).toBeCloseTo(-ratio, 12)
    expect(info.acceptance[0]).toBeCloseTo(Math.min(1, Math.exp(ratio)), 12)
  })
  test('stays where the energy is not a number, and counts it', async () => {
    const walled: Target = { dimension: 1, evaluate: (points) => Promise.resolve({ energy: points.map((x) => (x > 0 ? Number.NaN : 0)), score: points.map(() => 5) }) }
    const state = await stateAt(walled, new Float64Array(100).fill(-0.01))
    const { state: next, info } = await hmc.step(walled, state, new Float64Array(100).fill(2), createRandom(0))
    expect(info.divergences).toBeGreaterThan(90)
    expect(next.positions.every((x) => x <= 0)).toBe(true)
  })
})

test('ula has the variance 1/(1 − h/4) of its closed form', async () => {
  for (const step of [0.5, 1]) {
    const problem = problemOf(samplers.ula as ChainSampler, gaussianTarget([0], [1]))
    const started = await warmUp(problem, spread(500, 1, 1), unit(1), { steps: 50, coordinates: false, stepSize: step }, createRandom('ula'))
    const { rows } = await draw(started, 400, 1, createRandom('draws'))
    const found = meanOf(rows, 500, 1, (x) => x[0] ** 2)
    expect(found.error).toBeLessThan(0.01)
    within(found, 1 / (1 - step ** 2 / 4))
  }
})

describe.each(descents)('$name', (sampler) => {
  const deviations = [2, 0.5]
  const components = [
    { weight: 0.3, mean: [-4, 1], covariance: isotropicCovariance(2, 0.3) },
    { weight: 0.7, mean: [4, 0], covariance: isotropicCovariance(2, 0.2) },
  ]
  /** Its lag and its bias, in closed form for a Gaussian of variance s² in units of the noise. */
  const annealedVariance = (square: number): number => {
    let v = square + 100
    for (let level = 1; level < sampler.levels; level++) {
      const t = 100 * 1e-5 ** (level / (sampler.levels - 1))
      for (let step = 0; step < STEPS_PER_LEVEL; step++) v = (1 - STEP_SHARE * t / (2 * (square + t))) ** 2 * v + STEP_SHARE * t
    }
    return v
  }
  const run = async (count: number, seed: string) => {
    const ladder = ladderOfMixture(components, deviations)
    const top = await findTop(ladder)
    const levels = levelsOf(ladder, top.coordinates, sampler.levels)
    const random = createRandom(seed)
    const { state } = await descend(sampler, levels, await drawTop(levels, top, count, random.split('top')), random.split('descent'))
    const { center, lower } = top.coordinates
    return state.positions.map((y, k) => center[k % 2] + lower[k % 2] * y)
  }
  test('carries the Gaussian at the top to separated modes, with their weights and widths', async () => {
    const count = 2000
    const rows = await run(count, 'descent')
    const mean = (f: (x: Float64Array) => number) => {
      const values = Float64Array.from({ length: count }, (_, k) => f(rows.subarray(2 * k, 2 * k + 2)))
      const average = values.reduce((a, b) => a + b, 0) / count
      return { mean: average, error: Math.sqrt(values.reduce((sum, v) => sum + (v - average) ** 2, 0)) / count }
    }
    within(mean((x) => (x[0] < 0 ? 1 : 0)), 0.3, 'weight')
    const variance = (x: Float64Array, j: number): number => (x[0] < 0 ? 0 : (x[j] - components[1].mean[j]) ** 2 / 0.7)
    for (const j of [0, 1]) {
      const { mean: found, error } = mean((x) => variance(x, j))
      const truth = sampler.name === 'annealed-langevin' ? annealedVariance(0.04 / deviations[j] ** 2) * deviations[j] ** 2 : 0.04 + 1e-3 * deviations[j] ** 2
      within({ mean: found, error }, truth, `variance ${j}`)
    }
  })
  test('gives the same bits from the same seed', async () => {
    const first = await run(50, 'a')
    expect(await run(50, 'a')).toEqual(first)
    expect(await run(50, 'b')).not.toEqual(first)
  })
})

test('the predictor has the mean and variance of its closed form', async () => {
  // N(2, 1), from t = 4 to 1: y + 3φ + √(1·3/4) z has variance (2/5)² 5 + 3/4 and mean 2. Where the level below has no energy, the
  // corrector leaves it alone.
  const nowhere: Target = { dimension: 1, evaluate: (x) => Promise.resolve({ energy: x.map(() => Number.NaN), score: x.map(() => 0) }) }
  const levels = { dimension: 1, variances: Float64Array.of(4, 1), at: (level: number) => (level === 0 ? gaussianTarget([2], [5]) : nowhere) }
  const count = 20_000
  const before = await predictorCorrector.init(levels, spread(count, 1, Math.sqrt(5)).map((x) => x + 2))
  const { state: { positions } } = await predictorCorrector.step(levels, before, createRandom('predictor'))
  const variance = 0.16 * 5 + 0.75
  within({ mean: positions.reduce((sum, x) => sum + x, 0) / count, error: Math.sqrt(variance / count) }, 2, 'mean')
  within({ mean: positions.reduce((sum, x) => sum + (x - 2) ** 2, 0) / count, error: variance * Math.sqrt(2 / count) }, variance, 'variance')
})
