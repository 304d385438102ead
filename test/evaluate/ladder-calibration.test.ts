// Calibration of a ladder: the true energy passes at every level with honest standard errors; each way to break it is found, by its size.
import { beforeAll, describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import type { LadderEnergy } from '../../src/engine/energy.ts'
import { calibrateLadder, calibrationWarnings, isOff } from '../../src/evaluate/ladder-calibration.ts'
import type { LadderCalibration, LevelDerivatives } from '../../src/evaluate/ladder-calibration.ts'
import { mixtureRows, threeComponents } from './energies.ts'
import type { Component } from './energies.ts'
import { mixtureLadder } from './ladders.ts'

/** Both derivatives of the energies of a ladder, times a factor; by log t as a difference, good to about 1e-8 in float64. */
function derivativesOf(at: (t: number) => ReturnType<LadderEnergy['at']>, d: number, factor = 1): LevelDerivatives {
  const h = 1e-4
  return {
    ladder: { least: 0.001, most: 16 }, deviations: new Array<number>(d).fill(2),
    derivatives: async (rows, t) => {
      const [here, above, below] = await Promise.all([t, t * Math.exp(h), t * Math.exp(-h)].map((level) => at(level).evaluate(rows)))
      return { score: here.score.map((value) => factor * value), slope: above.energy.map((value, k) => (factor * (value - below.energy[k])) / (2 * h)) }
    },
  }
}

const components = threeComponents()
const rows = mixtureRows(components, 500, createRandom('calibration rows'))
const truth = mixtureLadder(components, 3)
const check = async (model: LevelDerivatives, seed = 1): Promise<LadderCalibration> => (await calibrateLadder(model, rows, true, createRandom(seed)))!
const codes = (calibration: LadderCalibration): number => calibrationWarnings(calibration).length
const levelsOff = ({ levels }: LadderCalibration, kind: 'space' | 'level'): number[] => levels.filter((level) => isOff(level[kind]!, 1)).map(({ noise }) => noise)

let exact: LadderCalibration
beforeAll(async () => { exact = await check(derivativesOf(truth.at, 2)) })

describe('the true energy of a mixture', () => {
  it('passes at every level, from the largest to the smallest', () => {
    expect(exact.rows).toBe(500)
    expect(exact.levels).toHaveLength(17)
    expect([exact.levels[0].noise, exact.levels[16].noise]).toEqual([4, expect.closeTo(Math.sqrt(0.001), 12)])
    for (const { space, level, drift } of exact.levels) for (const [found, expected] of [[space, 1], [level!, 1], [drift!, 0]] as const) expect(Math.abs(found.value - expected)).toBeLessThanOrEqual(4 * found.standardError)
    // The largest level, where the noise tells nearly all: both slopes are known to a hundredth.
    for (const kind of ['space', 'level'] as const) expect(exact.levels[0][kind]!.standardError).toBeLessThan(0.02)
    expect(exact.levels[16].drift!.standardError).toBeLessThan(0.15)
    expect(calibrationWarnings(exact)).toEqual([])
  })

  it('deviates by its standard errors over samples of rows', async () => {
    const scores: Record<'space' | 'level' | 'drift', number[]> = { space: [], level: [], drift: [] }
    for (let seed = 0; seed < 40; seed++) {
      const random = createRandom(seed)
      const { levels } = (await calibrateLadder(derivativesOf(truth.at, 2), mixtureRows(components, 100, random), true, random.split('draws')))!
      for (const { space, level, drift } of levels.slice(1)) for (const [kind, { value, standardError }, expected] of [['space', space, 1], ['level', level!, 1], ['drift', drift!, 0]] as const) scores[kind].push((value - expected) / standardError)
    }
    // Of 640 standard normal numbers root mean square and mean are 1 and 0 within 0.09 and 0.12 at three errors; those of one sample go
    // together, the drifts nearly as one.
    for (const [kind, most] of [['space', 1.25], ['level', 1.25], ['drift', 1.4]] as const) {
      const [first, second] = [1, 2].map((power) => scores[kind].reduce((sum, value) => sum + value ** power, 0) / scores[kind].length)
      expect(Math.sqrt(second), kind).toBeGreaterThan(0.75)
      expect(Math.sqrt(second), kind).toBeLessThan(most)
      expect(Math.abs(first), kind).toBeLessThan(0.4)
    }
  })

  it('has scores alone where only they were fitted, and nothing on few rows', async () => {
    const scores = (await calibrateLadder(derivativesOf(truth.at, 2), rows, false, createRandom(1)))!
    expect(scores.levels.map(({ space }) => space)).toEqual(exact.levels.map(({ space }) => space))
    expect(scores.levels.every(({ level, drift }) => level === null && drift === null)).toBe(true)
    expect(await calibrateLadder(derivativesOf(truth.at, 2), rows.subarray(0, 38), true, createRandom(1))).toBeNull()
  })
})

describe('an energy that is 1.1 times the true one', () => {
  it('is found too steep by 10 %, in space and level, and costs what it costs', async () => {
    const steep = await check(derivativesOf(truth.at, 2, 1.1))
    steep.levels.forEach(({ space, level }, k) => {
      // The same draws: the regression on 1.1 times as much.
      expect(space.value).toBeCloseTo(exact.levels[k].space.value / 1.1, 10)
      expect(level!.value).toBeCloseTo(exact.levels[k].level!.value / 1.1, 10)
    })
    expect(levelsOff(steep, 'space').length).toBeGreaterThan(6)
    const [space] = calibrationWarnings(steep)
    expect(space).toMatchObject({ code: 'uncalibrated-levels', message: expect.stringMatching(/^with noise of [\d.]+ to 4 standard deviations the score is (9|10|11)(\.\d)? % too steep on rows that the fit did not see, which costs at least 0\.\d+ nats/) as string })
    // ½ · 0.1² · ∫ E‖E{z|y}‖² d log t, of which at most d · log(most/least) can be: here t goes over all of it.
    const cost = Number(/at least ([\d.]+) nats/.exec(space.message)?.[1])
    expect(cost).toBeLessThan(0.5 * 0.01 * 2 * Math.log(16_000))
    expect(cost).toBeGreaterThan(0.2 * 0.01 * 2 * Math.log(16_000))
  })
})

describe('an energy that is too flat', () => {
  it('is said to be', async () => {
    expect(calibrationWarnings(await check(derivativesOf(truth.at, 2, 0.9)))[0].message).toMatch(/too flat.*more --steps/)
  })
})

describe('an energy with a constant that changes with the level', () => {
  it('drifts by what log Z does', async () => {
    const shifted = await check(derivativesOf(mixtureLadder(components, 0, 0.05).at, 2))
    const { value, standardError } = shifted.levels[16].drift!
    expect(Math.abs(value - 0.05 * Math.log(16_000))).toBeLessThan(4 * standardError)
    // Each level drifts from the one above it by 0.05 of log t more than the true energy, draw for draw.
    shifted.levels.forEach(({ drift }, k) => expect(drift!.value - exact.levels[k].drift!.value).toBeCloseTo(0.05 * Math.log(16_000) * (k / 16), 6))
    expect(shifted.levels.map(({ space }) => space)).toEqual(exact.levels.map(({ space }) => expect.objectContaining({ value: expect.closeTo(space.value, 10) as number }) as object))
    // Of the other two a constant says nothing.
    shifted.levels.forEach(({ level }, k) => expect(level!.value).toBeCloseTo(exact.levels[k].level!.value, 6))
    expect(calibrationWarnings(shifted).at(-1)?.message).toMatch(/^log Z changes by 0\.\d+ ± 0\.\d+ nats from the largest noise level to that of 0\.\d+ standard deviations, and should stay the same/)
  })
})

describe('an energy that loses the weights of separated modes on the way down', () => {
  it('is found by the derivative in the level, though its scores are right', async () => {
    const modes: Component[] = [{ weight: 0.3, mean: [-9], deviation: 1 }, { weight: 0.7, mean: [9], deviation: 1 }]
    const sample = mixtureRows(modes, 600, createRandom('modes'))
    // The weight of the first mode goes from 0.3 to 0.6 below t = 1, where the modes no longer touch.
    const wrong = (t: number) => {
      const weight = 0.3 + 0.3 * Math.min(1, Math.max(0, -Math.log(t) / Math.log(1000)))
      return mixtureLadder([{ ...modes[0], weight }, { ...modes[1], weight: 1 - weight }], 0).at(t)
    }
    const right = (await calibrateLadder(derivativesOf(mixtureLadder(modes, 0).at, 1), sample, true, createRandom(3)))!
    expect(codes(right)).toBe(0)
    const lost = (await calibrateLadder(derivativesOf(wrong, 1), sample, true, createRandom(3)))!
    expect(levelsOff(lost, 'space')).toEqual([])
    expect(levelsOff(lost, 'level').length).toBeGreaterThan(4)
    const [level] = calibrationWarnings(lost)
    // log of the weights' ratio is off by log(0.6/0.4) − log(0.3/0.7) = 1.25 nats; its root mean square over rows is that of log 2 and log 4/7.
    const nats = Number(/off by ([\d.]+) nats or more/.exec(level.message)?.[1])
    const expected = Math.sqrt(0.3 * Math.log(2) ** 2 + 0.7 * Math.log(4 / 7) ** 2)
    expect(nats).toBeLessThan(1.05 * expected)
    expect(nats).toBeGreaterThan(0.4 * expected)
  })
})
