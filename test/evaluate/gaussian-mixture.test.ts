// The Gaussian mixture baseline recovers mixtures that are known, and equals the Gaussian where there is one component.
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { gaussianMixture } from '../../src/data/synthetic/gaussian-mixture.ts'
import { gridGaussians } from '../../src/data/synthetic/grid-gaussians.ts'
import { threeGaussians } from '../../src/data/synthetic/three-gaussians.ts'
import { gaussianBaseline } from '../../src/evaluate/baselines/gaussian.ts'
import { gaussianMixtureBaseline } from '../../src/evaluate/baselines/gaussian-mixture.ts'
import { meanWithError, pairedDifference } from '../../src/evaluate/mean-with-error.ts'
import { normalRows } from './energies.ts'

const truthOf = (density: { logDensity(x: ArrayLike<number>): number; dimension: number }, rows: Float64Array): Float64Array =>
  Float64Array.from({ length: rows.length / density.dimension }, (_, i) => density.logDensity(rows.subarray(i * density.dimension, (i + 1) * density.dimension)))

describe('gaussianMixtureBaseline', () => {
  it('recovers components, weights and log-likelihood of a mixture of skewed Gaussians in odd units', () => {
    const density = gaussianMixture('skewed', [
      { weight: 0.6, mean: [100, -0.01], covariance: [[25, 0.03], [0.03, 0.0001]] },
      { weight: 0.3, mean: [140, 0.02], covariance: [[9, -0.01], [-0.01, 0.0001]] },
      { weight: 0.1, mean: [60, 0.05], covariance: [[4, 0], [0, 0.0004]] },
    ])
    const n = 4000
    const fitted = gaussianMixtureBaseline(density.sample(n, createRandom(1)), 2)
    expect(fitted.components.length).toBe(3)
    fitted.components.forEach(({ weight, mean, covariance }, k) => {
      const truth = density.components[k]
      const own = n * truth.weight
      expect(Math.abs(weight - truth.weight)).toBeLessThan(4 * Math.sqrt((truth.weight * (1 - truth.weight)) / n))
      for (const a of [0, 1]) {
        expect(Math.abs(mean[a] - truth.mean[a])).toBeLessThan(4.5 * Math.sqrt(truth.covariance[a][a] / own))
        for (const b of [0, 1]) {
          const error = Math.sqrt((truth.covariance[a][a] * truth.covariance[b][b] + truth.covariance[a][b] ** 2) / own)
          expect(Math.abs(covariance[2 * a + b] - truth.covariance[a][b])).toBeLessThan(4.5 * error)
        }
      }
    })
    // Theory: 17 parameters cost 17/2n nats a row on fresh rows.
    const rows = density.sample(20_000, createRandom(2))
    const loss = pairedDifference(truthOf(density, rows), fitted.logDensity(rows))
    expect(loss.value).toBeGreaterThan(0)
    expect(loss.value).toBeLessThan(17 / (2 * n) + 3 * Math.sqrt(17 / 2) / n + 2 * loss.standardError)
  })

  it('chooses one component for a Gaussian, and is then the Gaussian baseline', () => {
    const rows = normalRows(500, 3, createRandom(3)).map((v, i) => 7 + (1 + (i % 3)) * v)
    const [one, gaussian] = [gaussianMixtureBaseline(rows, 3), gaussianBaseline(rows, 3)]
    expect(one.components.length).toBe(1)
    // Up to the floor of 1e-6 under its variances.
    one.logDensity(rows).forEach((value, i) => expect(value).toBeCloseTo(gaussian.logDensity(rows)[i], 4))
    const logLikelihood = gaussian.logDensity(rows).reduce((sum, value) => sum + value, 0)
    expect(one.bic).toBeCloseTo(-2 * logLikelihood + 9 * Math.log(500), 2)
  })

  it('finds 25 components', () => {
    const density = gridGaussians()
    const fitted = gaussianMixtureBaseline(density.sample(4000, createRandom(4)), 2)
    expect(fitted.components.length).toBe(25)
    for (const { weight } of fitted.components) expect(Math.abs(weight - 0.04)).toBeLessThan(4.5 * Math.sqrt((0.04 * 0.96) / 4000))
  })

  it('of rows that count by their weights', () => {
    const density = gaussianMixture('apart', [
      { weight: 0.7, mean: [-2, 0], covariance: [[1, 0.5], [0.5, 1]] },
      { weight: 0.3, mean: [3, 1], covariance: [[0.5, 0], [0, 2]] },
    ])
    // Importance: draws of another density, weighted to stand for this one.
    const wide = normalRows(12_000, 2, createRandom(7)).map((value) => 3 * value)
    const raw = truthOf(density, wide).map((value, i) => Math.exp(value + (wide[2 * i] ** 2 + wide[2 * i + 1] ** 2) / 18))
    const total = raw.reduce((sum, weight) => sum + weight, 0)
    const { components } = gaussianMixtureBaseline(wide, 2, { weights: raw.map((weight) => weight * raw.length / total) })
    expect(components.length).toBe(2)
    components.forEach(({ weight, mean, covariance }, k) => {
      expect(Math.abs(weight - density.components[k].weight)).toBeLessThan(0.04)
      for (const a of [0, 1]) {
        expect(Math.abs(mean[a] - density.components[k].mean[a])).toBeLessThan(0.12)
        for (const b of [0, 1]) expect(Math.abs(covariance[2 * a + b] - density.components[k].covariance[a][b])).toBeLessThan(0.2)
      }
    })
    // Counts: rows that are repeated so often, or left out.
    const rows = density.sample(800, createRandom(8))
    const times = Array.from({ length: 800 }, (_, i) => i % 4)
    const repeated = Float64Array.from(times.flatMap((count, i) => Array.from({ length: 2 * count }, (_, e) => rows[2 * i + (e % 2)])))
    const weighted = gaussianMixtureBaseline(rows, 2, { weights: Float64Array.from(times, (count) => count / 1.5) })
    const plain = gaussianMixtureBaseline(repeated, 2)
    expect([weighted.components.length, plain.components.length]).toEqual([2, 2])
    plain.logDensity(rows).forEach((value, i) => expect(Math.abs(weighted.logDensity(rows)[i] - value)).toBeLessThan(0.02))
  })

  it('of rows of which most do not count', () => {
    const rows = normalRows(6000, 2, createRandom(9)).map((value, e) => value + (Math.floor(e / 2) % 50 === 0 ? 20 : 0))
    const some = rows.filter((_, e) => Math.floor(e / 2) % 50 === 0)
    const weights = Float64Array.from({ length: 6000 }, (_, i) => (i % 50 === 0 ? 50 : 0))
    const [weighted, plain] = [gaussianMixtureBaseline(rows, 2, { weights }), gaussianMixtureBaseline(some, 2)]
    expect(weighted.logDensity(some)).toEqual(plain.logDensity(some))
  })

  it('draws from the density it says', () => {
    const density = threeGaussians()
    const fitted = gaussianMixtureBaseline(density.sample(2000, createRandom(5)), 2)
    const rows = fitted.sample(20_000, createRandom(6))
    // E_q log q − log p by draws, and a moment of the components themselves.
    const distance = pairedDifference(fitted.logDensity(rows), truthOf(density, rows))
    expect(distance.value).toBeGreaterThan(0)
    expect(distance.value).toBeLessThan(0.02)
    const truth = fitted.components.reduce((sum, { weight, mean, covariance }) => sum + weight * (mean[0] * mean[1] + covariance[1]), 0)
    const product = meanWithError(Float64Array.from({ length: 20_000 }, (_, i) => rows[2 * i] * rows[2 * i + 1]))
    expect(Math.abs(product.value - truth)).toBeLessThan(4 * product.standardError)
  })

  it('survives ties and few rows', () => {
    const tied = Float64Array.from({ length: 200 }, (_, i) => (i < 100 ? 1 : i < 150 ? 2 : i / 10))
    const fitted = gaussianMixtureBaseline(tied, 1)
    expect(fitted.logDensity(tied).every(Number.isFinite)).toBe(true)
    expect(gaussianMixtureBaseline(Float64Array.of(1, 2, 4), 1).components.length).toBe(1)
    expect(() => gaussianMixtureBaseline(Float64Array.of(1, 2, 2, 4, 3, 6), 2)).toThrow(/no Gaussian mixture baseline.*singular/)
  })

  it('puts no spike on rounded values, nor on copies of rows', () => {
    const random = createRandom(7)
    const rows = Float64Array.from({ length: 600 }, () => random.normal())
    // Rounded to half a standard deviation: no component is narrower than the uniform distribution over a step.
    const rounded = gaussianMixtureBaseline(rows.map((value) => Math.round(2 * value) / 2), 1)
    for (const { covariance } of rounded.components) expect(Math.sqrt(covariance[0])).toBeGreaterThanOrEqual(0.5 / Math.sqrt(12))
    // Twenty points ten times each hold no more components than twenty points do.
    const copies = Float64Array.from({ length: 400 }, (_, i) => rows[i % 40])
    expect(gaussianMixtureBaseline(copies, 2).components.length).toBe(1)
  })
})
