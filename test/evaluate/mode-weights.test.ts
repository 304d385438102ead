// Modes and their weights against mixtures whose weights are known, and against the integral between two minima.
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import type { SyntheticDensity } from '../../src/data/synthetic/density.ts'
import { gaussianMixture } from '../../src/data/synthetic/gaussian-mixture.ts'
import { gridGaussians } from '../../src/data/synthetic/grid-gaussians.ts'
import { ring } from '../../src/data/synthetic/ring.ts'
import { threeGaussians } from '../../src/data/synthetic/three-gaussians.ts'
import { twoMoons } from '../../src/data/synthetic/two-moons.ts'
import { twoRings } from '../../src/data/synthetic/two-rings.ts'
import { unequalModes } from '../../src/data/synthetic/unequal-modes.ts'
import { findBasins } from '../../src/evaluate/basins.ts'
import { joinPeaks } from '../../src/evaluate/join-peaks.ts'
import { modeWeights } from '../../src/evaluate/mode-weights.ts'
import { choleskyFactor, rowMoments } from '../../src/estimate/row-moments.ts'
import type { FittedEnergy } from '../../src/model/fitted-energy.ts'
import { pointwiseEnergy } from './energies.ts'

const random = createRandom('mode weights')
/** The true energy, with a constant that must not matter. */
const energyOf = ({ dimension, logDensity, score }: SyntheticDensity): FittedEnergy => pointwiseEnergy(dimension, (x) => 7 - logDensity(x), (x) => [...score(x)])
const weigh = (density: SyntheticDensity, rows = 1000, options = {}) => modeWeights(energyOf(density), density.sample(rows, random.split(density.name)), random, options)

/** Six peaks along a ring in two columns, .4 nats above the passes; no straight way between neighbours stays on the ring. Further columns are standard normal. */
function bumpyRing(dimension: number): FittedEnergy {
  const density = ring()
  return pointwiseEnergy(dimension, ([x, y, ...rest]) => rest.reduce((sum, z) => sum + z * z / 2, -density.logDensity([x, y]) - 0.2 * Math.cos(6 * Math.atan2(y, x))), ([x, y, ...rest]) => {
    const slope = -1.2 * Math.sin(6 * Math.atan2(y, x)) / (x * x + y * y)
    const score = density.score([x, y])
    return [score[0] - slope * y, score[1] + slope * x, ...rest.map((z) => -z)]
  })
}

describe('joinPeaks', () => {
  it('lets the lesser of two peaks join where it hardly stands out, passes from the lowest energy upwards', () => {
    // Peaks at energies 0, 2, 1; passes at 2.5 (0–1) and 3 (1–2): peak 1 joins 0 for a prominence above .5, then 2 joins above 2;
    // were the pass at 3 taken first, 1 would join 2.
    const passes = [{ ends: [1, 2] as const, energy: 3 }, { ends: [0, 1] as const, energy: 2.5 }]
    expect([...joinPeaks([0, 2, 1], passes, 0.4)]).toEqual([0, 1, 2])
    expect([...joinPeaks([0, 2, 1], passes, 1.5)]).toEqual([0, 0, 2])
    expect([...joinPeaks([0, 2, 1], passes, 2.1)]).toEqual([0, 0, 0])
  })
})

describe('modeWeights', () => {
  it('finds three separated modes, their places and their weights', async () => {
    const { modes, method, effectiveShare } = await weigh(threeGaussians())
    expect([method, effectiveShare]).toEqual(['quadrature', null])
    expect(modes.length).toBe(3)
    threeGaussians().components.forEach(({ weight, mean }, k) => {
      expect(Math.abs(modes[k].weight - weight)).toBeLessThan(1e-4)
      modes[k].peak.forEach((value, j) => expect(value).toBeCloseTo(mean[j], 1))
      expect(Math.abs(modes[k].rows.share - weight)).toBeLessThan(4 * Math.sqrt((weight * (1 - weight)) / 1000))
      expect(modes[k].rows.standardError).toBeCloseTo(Math.sqrt((modes[k].rows.share * (1 - modes[k].rows.share)) / 1000), 12)
    })
  })

  it('weighs what the model says, not how many rows there are', async () => {
    const model = gaussianMixture('model', [{ weight: 0.9, mean: [-4], covariance: [[1]] }, { weight: 0.1, mean: [4], covariance: [[1]] }])
    const { modes } = await modeWeights(energyOf(model), unequalModes().sample(1000, random), random)
    expect(modes.map(({ weight }) => weight.toFixed(4))).toEqual(['0.9000', '0.1000'])
    expect(Math.abs(modes[0].rows.share - 0.2)).toBeLessThan(0.05)
  })

  it('cuts overlapping modes at the minimum between them', async () => {
    const density = gaussianMixture('two', [{ weight: 0.7, mean: [0], covariance: [[1]] }, { weight: 0.3, mean: [5], covariance: [[2]] }])
    const step = 1e-4
    let [minimum, below] = [0, 0]
    for (let x = 1; x < 4; x += step) if (density.logDensity([x]) < density.logDensity([minimum || 1])) minimum = x
    for (let x = -10; x < minimum; x += step) below += step * Math.exp(density.logDensity([x]))
    const { modes } = await weigh(density)
    expect(modes.length).toBe(2)
    // One of 2048 nodes may fall on the wrong side.
    expect(Math.abs(modes[0].weight - below)).toBeLessThan(0.01 * Math.exp(density.logDensity([minimum])) + 1e-4)
    // A pass only half a nat below the lower peak makes no mode of its own, unless that is asked for.
    const shallow = gaussianMixture('shallow', [{ weight: 1, mean: [0], covariance: [[1]] }, { weight: 1, mean: [2.7], covariance: [[1]] }])
    expect((await weigh(shallow)).modes.length).toBe(1)
    expect((await weigh(shallow, 1000, { prominence: 0.05 })).modes.length).toBe(2)
  })

  it('finds 25 modes of equal weight', async () => {
    const { modes } = await weigh(gridGaussians())
    expect(modes.length).toBe(25)
    for (const { weight, standardError } of modes) expect(Math.abs(weight - 0.04)).toBeLessThan(1e-4 + 2 * standardError)
  })

  it('sees one mode in a ring, two in two rings and in two moons: ridges are no peaks', async () => {
    for (const [density, count] of [[ring(), 1], [twoRings({ deviation: 0.25 }), 2], [twoMoons(), 2]] as const) {
      const rows = density.sample(1000, random)
      const { modes } = await modeWeights(energyOf(density), rows, random)
      expect([density.name, modes.length]).toEqual([density.name, count])
      for (const { weight } of modes) expect(Math.abs(weight - 1 / count)).toBeLessThan(0.005)
      // By ascent too, which knows nothing of a grid.
      const { mean, covariance } = rowMoments(rows, 2)
      const { peaks } = await findBasins(energyOf(density), rows.slice(0, 300), { mean, factor: choleskyFactor(covariance, 2)! }, 1)
      expect([density.name, peaks.length / 2]).toEqual([density.name, count])
    }
  })

  it('does so where the ridge is bumpy, as a network\'s is', async () => {
    const rows = ring().sample(1000, random)
    expect((await modeWeights(bumpyRing(2), rows, random)).modes.length).toBe(1)
    const sixfold = (await modeWeights(bumpyRing(2), rows, random, { prominence: 0.3 })).modes
    expect(sixfold.length).toBe(6)
    for (const { weight } of sixfold) expect(Math.abs(weight - 1 / 6)).toBeLessThan(0.003)
  })

  it('follows bent ridges in four dimensions', async () => {
    const [flat, width] = [ring().sample(1000, random), 4]
    const rows = Float64Array.from({ length: 1000 * width }, (_, k) => (k % width < 2 ? flat[2 * Math.floor(k / width) + (k % width)] : random.normal()))
    const options = { maximumRows: 400, draws: 400 }
    expect((await modeWeights(bumpyRing(width), rows, random, options)).modes.length).toBe(1)
    const sixfold = (await modeWeights(bumpyRing(width), rows, random, { ...options, prominence: 0.3 })).modes
    expect(sixfold.length).toBe(6)
    for (const { weight, standardError } of sixfold) expect(Math.abs(weight - 1 / 6)).toBeLessThan(4 * standardError)
  })

  it('weighs by importance in ten dimensions, with an error that is right', async () => {
    const density = unequalModes({ dimension: 10 })
    const z: number[] = []
    for (let k = 0; k < 8; k++) {
      const { modes, method, effectiveShare } = await modeWeights(energyOf(density), density.sample(600, random.split(k)), random.split(k), { draws: 800, maximumRows: 50 })
      expect([method, modes.length]).toEqual(['importance', 2])
      expect(effectiveShare).toBeGreaterThan(0.5)
      z.push((modes[0].weight - 0.8) / modes[0].standardError)
      expect(modes[0].standardError).toBeLessThan(0.03)
    }
    expect(Math.sqrt(z.reduce((sum, value) => sum + value * value, 0) / z.length)).toBeLessThan(1.7)
    expect(Math.sqrt(z.reduce((sum, value) => sum + value * value, 0) / z.length)).toBeGreaterThan(0.4)
  })

  it('refuses rows on a line, and an energy that is nowhere finite', async () => {
    for (const d of [1, 2, 3]) {
      const flat = pointwiseEnergy(d, () => 0, () => new Array<number>(d).fill(0))
      await expect(modeWeights(flat, Float64Array.from({ length: 10 * d }, (_, k) => (d === 1 ? 4 : Math.floor(k / d) * ((k % d) + 1))), random)).rejects.toThrow(/singular/)
    }
    await expect(modeWeights(pointwiseEnergy(1, () => Infinity, () => [0]), Float64Array.of(1, 2, 4), random)).rejects.toThrow('no mode weights: the energy is nowhere finite')
  })
})
