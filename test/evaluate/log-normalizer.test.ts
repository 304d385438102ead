import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import type { LadderEnergy } from '../../src/engine/energy.ts'
import { gaussianProposal } from '../../src/evaluate/gaussian-proposal.ts'
import { annealed } from '../../src/evaluate/log-normalizer/annealed.ts'
import { bridge, bridgeRatio } from '../../src/evaluate/log-normalizer/bridge.ts'
import { dual } from '../../src/evaluate/log-normalizer/dual.ts'
import { move } from '../../src/evaluate/log-normalizer/hamiltonian.ts'
import { importance } from '../../src/evaluate/log-normalizer/importance.ts'
import { logMeanExp } from '../../src/evaluate/log-normalizer/log-mean-exp.ts'
import type { LogNormalizerEstimate, NormalizerContext } from '../../src/evaluate/log-normalizer/method.ts'
import { choose, normalize } from '../../src/evaluate/log-normalizer/normalize.ts'
import { pathOf } from '../../src/evaluate/log-normalizer/path.ts'
import { kernelProposal, studentProposal } from '../../src/evaluate/log-normalizer/proposals.ts'
import type { FittedEnergy } from '../../src/model/fitted-energy.ts'
import { refuseRisingTails } from '../../src/evaluate/log-normalizer/tails.ts'
import { mixtureEnergy, mixtureRows, normalRows, pointwiseEnergy } from './energies.ts'
import type { Component } from './energies.ts'
import { banana, correlatedGaussian, knownEnergies, twoModes } from './known-normalizers.ts'
import { mixtureLadder } from './ladders.ts'

const contextOf = (energy: FittedEnergy, rows: Float64Array, budget = 30_000, seed: number | string = 1): NormalizerContext =>
  ({ energy, rows, ladder: null, ownsNormalizer: false, budget, random: createRandom(seed), now: () => 0 })

describe('the densities that the tests stand on', () => {
  test.each(knownEnergies)('%o: score and normalizer', async (make) => {
    const { energy, logNormalizer, sample } = make(2)
    const rows = sample(50, createRandom('rows'))
    const { score } = await energy.evaluate(rows)
    const at = async (shift: number, j: number) => (await energy.evaluate(rows.map((value, k) => (k % 2 === j ? value + shift : value)))).energy
    for (const j of [0, 1]) {
      const [above, below] = [await at(1e-5, j), await at(-1e-5, j)]
      above.forEach((value, i) => expect(score[2 * i + j]).toBeCloseTo(-(value - below[i]) / 2e-5, 4))
    }
    const { chosen } = await normalize(contextOf(energy, sample(2000, createRandom(1))), ['quadrature'])
    expect(Math.abs(chosen!.value - logNormalizer)).toBeLessThan(1e-4)
  })
})

describe('the parts', () => {
  test('the error of a log of a mean is the spread over repetitions', () => {
    const random = createRandom('log mean')
    const found = Array.from({ length: 400 }, () => {
      const values = new Float64Array(500)
      random.fillNormal(values)
      return logMeanExp(values, random.split('bootstrap'))
    })
    // E exp(z) = √e, var = e² − e; the delta method: sd = √((e − 1)/500).
    const spread = Math.sqrt(found.reduce((sum, { value }) => sum + (value - 0.5) ** 2, 0) / 400)
    expect(spread).toBeCloseTo(Math.sqrt((Math.E - 1) / 500), 2)
    expect(found.reduce((sum, { standardError }) => sum + standardError, 0) / 400 / spread).toBeCloseTo(1, 0.5)
  })

  test('proposals are normalized and sample what they say: importance sampling of one by another gives 1', () => {
    const random = createRandom('proposals')
    const gaussian = gaussianProposal([1, -2, 0], [2, 0.5, 0, 0.5, 1, 0.3, 0, 0.3, 1])
    const rows = gaussian.sample(800, random)
    for (const proposal of [studentProposal(gaussian), kernelProposal(rows, gaussian)]) {
      const draws = proposal.sample(40_000, random)
      const weights = logMeanExp(gaussian.logDensity(draws).map((value, k) => value - proposal.logDensity(draws.subarray(3 * k, 3 * k + 3))[0]), random)
      expect(Math.abs(weights.value)).toBeLessThan(4 * weights.standardError)
      expect(weights.standardError).toBeLessThan(0.01)
    }
  })

  test('moves leave a density as it is, also with steps so large that they are often refused', async () => {
    const { energy, sample } = twoModes(3)
    const path = pathOf(contextOf(energy, sample(500, createRandom(1))))
    const random = createRandom('moves')
    let points = await path.at(1, sample(20_000, random))
    let accepted = 0
    for (let k = 0; k < 12; k++) {
      const moved = await move(path, 1, points, { step: 1.8, leaps: 2 }, random.split(k))
      points = moved.points
      accepted += moved.acceptance / 12
    }
    expect(accepted).toBeLessThan(0.9)
    const moment = (j: number, power: number) => points.rows.reduce((sum, value, k) => sum + (k % 3 === j ? value ** power : 0), 0) / 20_000
    expect(moment(0, 2)).toBeCloseTo(10, 0.7) // sd of the mean .05
    expect(Math.abs(moment(0, 1) - 1.2)).toBeLessThan(4 * 2.9 / Math.sqrt(20_000))
    for (const j of [1, 2]) {
      expect(Math.abs(moment(j, 2) - 1)).toBeLessThan(4 * Math.SQRT2 / Math.sqrt(20_000))
      expect(Math.abs(moment(j, 4) - 3)).toBeLessThan(4 * Math.sqrt(96) / Math.sqrt(20_000))
    }
  })

  test('the acceptance ratio of two Gaussians', () => {
    // N(0, 1) and N(1, 1), unnormalized with Z₂/Z₁ = e³: log p₂/p₁ = x − ½ + 3.
    const draws = normalRows(40_000, 1, createRandom('bridge'))
    const ratio = bridgeRatio(draws.map((x) => x - 0.5 + 3), draws.map((x) => x + 1 - 0.5 + 3))
    expect(Math.abs(ratio - 3)).toBeLessThan(0.02)
    expect(bridgeRatio(Float64Array.of(2, 2), Float64Array.of(2, 2))).toBeCloseTo(2, 9)
  })
})

describe('log Z of known densities', () => {
  test.each([2, 10])('annealed and bridge in %i dimensions: within their errors, the bounds around the truth', async (d) => {
    for (const make of knownEnergies) {
      const { energy, logNormalizer, sample, name } = make(d)
      const context = contextOf(energy, sample(4000, createRandom('rows')), 100_000)
      const found = await annealed.estimate(context)
      const { lower, upper } = found.bounds!
      expect(Math.abs(found.value - logNormalizer), name).toBeLessThan(4 * found.standardError)
      expect(found.standardError, name).toBeLessThan(0.15)
      expect(lower.value - 3 * lower.standardError, name).toBeLessThan(logNormalizer)
      expect(upper!.value + 3 * upper!.standardError, name).toBeGreaterThan(logNormalizer)
      expect(found.doubt, name).toBe(null)
      const bridged = await bridge.estimate(context)
      expect(Math.abs(bridged.value - logNormalizer), name).toBeLessThan(4 * bridged.standardError)
      expect(bridged.standardError, name).toBeLessThan(0.06)
    }
  })

  test('intervals cover the truth: 95 % of 60 runs within the scatter of such counts', async () => {
    for (const [method, { energy, logNormalizer, sample }] of [[annealed, twoModes(2)], [bridge, banana(2)]] as const) {
      let covered = 0
      for (let run = 0; run < 60; run++) {
        const { value, standardError } = await method.estimate(contextOf(energy, sample(600, createRandom(run)), 6000, run))
        if (Math.abs(value - logNormalizer) < 1.96 * standardError) covered++
      }
      // Fewer than 51 of 60 come once in 1000 times at 95 %.
      expect(covered, method.name).toBeGreaterThanOrEqual(51)
    }
  })

  test('importance sampling in ten dimensions, and where no simple density is close', async () => {
    const { energy, logNormalizer, sample } = correlatedGaussian(10)
    const found = await importance.estimate(contextOf(energy, sample(2000, createRandom(1))))
    expect(Math.abs(found.value - logNormalizer)).toBeLessThan(4 * found.standardError)
    expect(found.diagnostics.effectiveShare).toBeGreaterThan(0.9)
    const bent = banana(30)
    expect((await importance.estimate(contextOf(bent.energy, bent.sample(2000, createRandom(1)), 10_000))).doubt).toMatch(/of the draws count/)
  })

  test('the same seed gives the same bits', async () => {
    const { energy, sample } = twoModes(4)
    const run = () => normalize(contextOf(energy, sample(300, createRandom(1)), 6000), ['annealed', 'bridge', 'importance'])
    expect(await run()).toEqual(await run())
  })
})

describe('what must not be believed', () => {
  const spike: Component[] = [{ weight: 0.5, mean: [-3, 0, 0, 0], deviation: 1 }, { weight: 0.5, mean: [3, 0, 0, 0], deviation: 0.002 }]

  test('a mode that the rows show and chains do not find: the bounds stay apart', async () => {
    const rows = mixtureRows(spike, 1000, createRandom('spike'))
    const { chosen, estimates, warnings } = await normalize(contextOf(mixtureEnergy(spike), rows, 100_000), ['annealed'])
    expect(chosen).toBe(null)
    const { lower, upper } = estimates[0].bounds!
    expect(upper!.value - lower.value).toBeGreaterThan(0.3)
    expect(warnings.map(({ code }) => code)).toEqual(['bounds-do-not-meet'])
  })

  test('rows that are not of the model: the bounds are the wrong way round', async () => {
    const at = (left: number): Component[] => [{ weight: left, mean: [-4, 0, 0, 0], deviation: 1 }, { weight: 1 - left, mean: [4, 0, 0, 0], deviation: 1 }]
    const rows = mixtureRows(at(0.9), 2000, createRandom('one'))
    const { bounds, doubt } = await annealed.estimate(contextOf(mixtureEnergy(at(0.5)), rows, 60_000))
    // Of every mode k the reverse chains return 1/Z times its share among chains (as among rows) over its share in the model.
    expect(Math.abs(bounds!.upper!.value + Math.log((0.9 ** 2 + 0.1 ** 2) / 0.5))).toBeLessThan(0.2)
    expect(doubt).toMatch(/wrong way round/)
  })

  test('too few rows, an energy without a finite integral', async () => {
    const { energy, sample } = twoModes(4)
    expect((await annealed.estimate(contextOf(energy, sample(40, createRandom(1)), 6000))).doubt).toMatch(/128 are needed/)
    expect(annealed.refuses(contextOf(energy, sample(6, createRandom(1))))).toMatch(/at least 10 rows/)
    const flat = pointwiseEnergy(4, ([a, b, c]) => (a * a + b * b + c * c) / 2)
    await expect(normalize(contextOf(flat, normalRows(200, 4, createRandom(1))), ['annealed'])).rejects.toThrow(/does not fall fast enough along \+x4/)
  })
  test('densities with narrow valleys are no such energies: every ray falls at its end', async () => {
    for (const make of knownEnergies) {
      const { energy, sample } = make(10)
      const rows = sample(200, createRandom('rows'))
      for (let seed = 0; seed < 400; seed++) await refuseRisingTails(energy, rows, createRandom(seed))
    }
  })
})

describe('along a ladder', () => {
  const components: Component[] = [{ weight: 0.2, mean: [-5, 0, 0, 0], deviation: 1 }, { weight: 0.8, mean: [2, 2, 0, 0], deviation: 0.6 }]
  const contextAlong = (ladder: LadderEnergy): NormalizerContext =>
    ({ ...contextOf(ladder.at(ladder.ladder.least), mixtureRows(components, 1000, createRandom('rows')), 250_000), ladder, ownsNormalizer: true })

  test('annealing, bridges and the energy itself find its constant', async () => {
    const { chosen, estimates, warnings } = await normalize(contextAlong(mixtureLadder(components, 2.5)), ['annealed', 'bridge', 'dual'])
    expect(estimates).toHaveLength(3)
    for (const { method, value, standardError } of estimates) {
      expect(Math.abs(value - 2.5), method).toBeLessThan(4 * standardError)
      expect(standardError, method).toBeLessThan(0.1)
    }
    expect(['annealed', 'bridge']).toContain(chosen!.method)
    expect(warnings).toEqual([])
  })

  test('an energy whose levels do not fit together is found out', async () => {
    const { chosen, warnings } = await normalize(contextAlong(mixtureLadder(components, 0, 0.1)), ['annealed', 'dual'])
    // At the lowest level log Z = −0.1 log 0.001.
    expect(Math.abs(chosen!.value - 0.1 * Math.log(1000))).toBeLessThan(4 * chosen!.standardError)
    expect(warnings.map(({ code }) => code)).toEqual(['normalizers-disagree'])
    expect(dual.refuses({ ...contextAlong(mixtureLadder(components, 0)), ownsNormalizer: false })).toMatch(/only a fit by dual/)
  })
})

test('the rule: quadrature, annealing whose bounds meet, importance, the energy itself with a warning', () => {
  const of = (method: LogNormalizerEstimate['method'], standardError: number, doubt: string | null = null, value = 1): LogNormalizerEstimate =>
    ({ method, value, standardError, doubt, bounds: method === 'annealed' ? { lower: { value, standardError }, upper: null } : null, evaluations: 1, seconds: 0, diagnostics: {} })
  const chosen = (...estimates: LogNormalizerEstimate[]) => choose(estimates).chosen?.method ?? null
  expect(chosen(of('dual', 0.001, 'own'), of('bridge', 0.1), of('quadrature', 0.01))).toBe('quadrature')
  expect(chosen(of('dual', 0.001, 'own'), of('importance', 0.001), of('bridge', 0.1), of('annealed', 0.05))).toBe('annealed')
  expect(chosen(of('annealed', 0.1), of('bridge', 0.05))).toBe('annealed')
  expect(chosen(of('importance', 0.01), of('bridge', 0.05))).toBe('bridge')
  expect(chosen(of('annealed', 0.1, 'apart'), of('bridge', 0.05), of('importance', 0.2))).toBe('importance')
  const apart = { ...of('annealed', 0.1, 'apart'), bounds: { lower: { value: 1, standardError: 0.1 }, upper: { value: 2, standardError: 0.1 } } }
  expect(chosen(apart, of('importance', 0.2))).toBe(null)
  expect(chosen(apart, of('importance', 0.2), of('dual', 0.05, 'own'))).toBe('dual')
  expect(chosen(of('annealed', 0.1, 'apart'), of('bridge', 0.05))).toBe(null)
  expect(choose([of('annealed', 0.1, 'apart'), of('dual', 0.05, 'own')]).warnings.map(({ code }) => code)).toEqual(['bounds-do-not-meet', 'own-normalizer'])
  expect(choose([of('quadrature', 0.01), of('importance', 0.01, null, 1.2)]).warnings.map(({ code }) => code)).toEqual(['normalizers-disagree'])
})
