// The Gaussian and the kernel density baseline, log-likelihoods with errors, and the Fisher divergence, against closed forms.
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { gaussianBaseline } from '../../src/evaluate/baselines/gaussian.ts'
import { kernelDensityBaseline } from '../../src/evaluate/baselines/kernel-density.ts'
import { fisherDivergence } from '../../src/evaluate/fisher-divergence.ts'
import { logLikelihood } from '../../src/evaluate/log-likelihood.ts'
import { meanWithError, pairedDifference } from '../../src/evaluate/mean-with-error.ts'
import { mixtureEnergy, mixtureRows, normalRows, pointwiseEnergy, threeComponents } from './energies.ts'

describe('meanWithError', () => {
  it('gives the textbook numbers', () => {
    // 1, 2, 3, 4: mean 2.5, variance 5/4 with divisor n, error √(5/16).
    expect(meanWithError([1, 2, 3, 4])).toEqual({ value: 2.5, standardError: Math.sqrt(5) / 4 })
    expect(meanWithError([3])).toEqual({ value: 3, standardError: NaN })
    expect(pairedDifference([1, 2, 3], [0, 1, 2])).toEqual({ value: 1, standardError: 0 })
    expect(() => pairedDifference([1], [1, 2])).toThrow(/paired/)
  })
})

describe('gaussianBaseline', () => {
  it('attains the maximized log-likelihood −d/2 (1 + log 2π) − ½ log |Σ̂| on its own rows', () => {
    const rows = normalRows(300, 2, createRandom(1)).map((v, i, all) => (i % 2 === 0 ? 100 + 3 * v : 5 * all[i - 1] + 0.1 * v))
    const baseline = gaussianBaseline(rows, 2)
    const [a, b, , c] = baseline.covariance
    const truth = -(1 + Math.log(2 * Math.PI)) - 0.5 * Math.log(a * c - b * b)
    expect(meanWithError(baseline.logDensity(rows)).value).toBeCloseTo(truth, 9)
  })
  it('refuses a singular covariance', () => {
    expect(() => gaussianBaseline(Float64Array.of(1, 2, 2, 4, 3, 6), 2)).toThrow(/singular/)
  })
})

describe('kernelDensityBaseline', () => {
  it('is a density: it integrates to one', () => {
    const baseline = kernelDensityBaseline(mixtureRows(threeComponents(), 200, createRandom(2)), 2)
    const points = new Float64Array(2 * 400 * 400)
    for (let i = 0; i < 400; i++) for (let j = 0; j < 400; j++) points.set([-8 + i * 0.04, -8 + j * 0.04], 2 * (i * 400 + j))
    expect(baseline.logDensity(points).reduce((sum, value) => sum + Math.exp(value) * 0.04 ** 2, 0)).toBeCloseTo(1, 6)
  })
  it('has the density of one kernel at each row, written independently', () => {
    const rows = normalRows(40, 1, createRandom(3)).map((v) => 7 + 3 * v)
    const baseline = kernelDensityBaseline(rows, 1)
    const mean = rows.reduce((sum, x) => sum + x / 40, 0)
    const width = baseline.bandwidth * Math.sqrt(rows.reduce((sum, x) => sum + (x - mean) ** 2 / 40, 0))
    for (const x of [0, 7, 15]) {
      const truth = rows.reduce((sum, r) => sum + Math.exp(-0.5 * ((x - r) / width) ** 2) / (40 * width * Math.sqrt(2 * Math.PI)), 0)
      expect(baseline.logDensity(Float64Array.of(x))[0]).toBeCloseTo(Math.log(truth), 9)
    }
    // Far away, where every kernel underflows, the logarithm is still exact.
    expect(baseline.logDensity(Float64Array.of(1e4))[0]).toBeLessThan(-1e5)
    expect(baseline.logDensity(Float64Array.of(1e4))[0]).toBeGreaterThan(-Infinity)
  })
  it('leaves each of its own rows out for itself, but for no copy of it, and nothing out for others', () => {
    const rows = Float64Array.of(0, 1, 1, 2.5, 4)
    const baseline = kernelDensityBaseline(rows, 1)
    const width = baseline.bandwidth * Math.sqrt(rows.reduce((sum, x) => sum + (x - 1.7) ** 2 / 5, 0))
    const kernel = (x: number, centre: number) => Math.exp(-0.5 * ((x - centre) / width) ** 2) / (width * Math.sqrt(2 * Math.PI))
    const over = (x: number, centres: readonly number[]) => Math.log(centres.reduce((sum, centre) => sum + kernel(x, centre), 0) / centres.length)
    const others = [[1, 1, 2.5, 4], [0, 1, 2.5, 4], [0, 1, 2.5, 4], [0, 1, 1, 4], [0, 1, 1, 2.5]]
    const own = baseline.logDensity(rows, () => true)
    rows.forEach((x, i) => expect(own[i]).toBeCloseTo(over(x, others[i]), 12))
    // Only the second of these is a training row, though the first has the same value.
    const mixed = baseline.logDensity(Float64Array.of(4, 4, 3), (row) => row === 1)
    const expected = [over(4, [0, 1, 1, 2.5, 4]), over(4, [0, 1, 1, 2.5]), over(3, [0, 1, 1, 2.5, 4])]
    expected.forEach((value, i) => expect(mixed[i]).toBeCloseTo(value, 12))
  })
  it('with whole weights is that of repeated rows; left out are rows, not copies', () => {
    const random = createRandom(9)
    // Narrow rows that count little among wide ones that count much: with equal weights the bandwidth would be another.
    const rows = normalRows(150, 2, random).map((value, e) => (e < 150 ? value / 10 : value))
    const counts = Array.from({ length: 150 }, (_, row) => (row < 75 ? random.integer(2) : 8 + random.integer(4)))
    const total = counts.reduce((sum, value) => sum + value, 0)
    const repeated = Float64Array.from(counts.flatMap((count, row) => new Array<number[]>(count).fill(Array.from(rows.subarray(2 * row, 2 * row + 2)))).flat())
    const weighted = kernelDensityBaseline(rows, 2, { weights: Float64Array.from(counts, (count) => 150 * count / total) })
    // Copies are left out of the choice of the bandwidth, so that it is the same but for the search, which ends within 0.02 of its logarithm.
    expect(Math.abs(Math.log(weighted.bandwidth / kernelDensityBaseline(repeated, 2).bandwidth))).toBeLessThan(0.04)
    const moments = (of: Float64Array, k: number, l: number): number => of.reduce((sum, value, e) => (e % 2 === k ? sum + value * (l < 0 ? 1 : of[e - k + l]) : sum), 0) / total
    const mean = [moments(repeated, 0, -1), moments(repeated, 1, -1)]
    const [a, b, c] = [[0, 0], [0, 1], [1, 1]].map(([k, l]) => moments(repeated, k, l) - mean[k] * mean[l])
    const determinant = a * c - b * b
    const h = weighted.bandwidth
    const kernel = (x: readonly number[], z: readonly number[]): number => {
      const [u, v] = [x[0] - z[0], x[1] - z[1]]
      return Math.exp(-(c * u * u - 2 * b * u * v + a * v * v) / (2 * determinant * h * h)) / (2 * Math.PI * h * h * Math.sqrt(determinant))
    }
    const over = (x: readonly number[], isLeftOut: (row: number) => boolean): number => {
      const kept = counts.map((count, row) => (isLeftOut(row) ? 0 : count))
      return Math.log(kept.reduce((sum, count, row) => sum + count * kernel(x, [rows[2 * row], rows[2 * row + 1]]), 0) / kept.reduce((sum, count) => sum + count, 0))
    }
    for (const x of [[0, 0], [1, -2], [4, 4]]) expect(weighted.logDensity(Float64Array.from(x))[0]).toBeCloseTo(over(x, () => false), 10)
    weighted.logDensity(rows, () => true).forEach((value, row) => expect(value).toBeCloseTo(over([rows[2 * row], rows[2 * row + 1]], (other) => other === row), 10))
    // The bandwidth is the best of these leave-one-out likelihoods.
    const leftOut = (width: number): number => {
      let sum = 0
      for (let i = 0; i < 150; i++) {
        let density = 0
        for (let k = 0; k < 150; k++) if (k !== i) density += counts[k] * kernel([rows[2 * i], rows[2 * i + 1]].map((value) => value * h / width), [rows[2 * k], rows[2 * k + 1]].map((value) => value * h / width)) * (h / width) ** 2
        sum += counts[i] * Math.log(density / (total - counts[i]))
      }
      return sum / total
    }
    for (const factor of [0.9, 1.1]) expect(leftOut(factor * h)).toBeLessThan(leftOut(h))
  })
  it('beats the Gaussian on the mixture, by more than the paired error, and stays below the truth', async () => {
    const components = threeComponents()
    const training = mixtureRows(components, 2000, createRandom(4))
    const rows = mixtureRows(components, 2000, createRandom(5))
    const kernel = kernelDensityBaseline(training, 2).logDensity(rows)
    const truth = await logLikelihood(mixtureEnergy(components), rows, { value: 0, standardError: 0 })
    const gain = pairedDifference(kernel, gaussianBaseline(training, 2).logDensity(rows))
    expect(gain.value).toBeGreaterThan(1.4)
    expect(gain.standardError).toBeLessThan(0.05)
    const loss = pairedDifference(truth.perRow, kernel)
    expect(loss.value).toBeGreaterThan(0)
    expect(loss.value).toBeLessThan(0.06)
  })
  it('takes no more centres than its limit, evenly spread, and loses little', () => {
    const components = threeComponents()
    // Sorted by the first column: the first 500 rows alone would know one component only.
    const all = mixtureRows(components, 20_000, createRandom(6))
    const order = Array.from({ length: 20_000 }, (_, i) => i).sort((a, b) => all[2 * a] - all[2 * b])
    const sorted = Float64Array.from(order.flatMap((i) => [all[2 * i], all[2 * i + 1]]))
    const baseline = kernelDensityBaseline(sorted, 2, { maximumCentres: 500 })
    expect(baseline.centres).toBe(500)
    const rows = mixtureRows(components, 1000, createRandom(7))
    // Entropy of the mixture: its separated components' entropies and that of the weights.
    const entropy = 1 + Math.log(2 * Math.PI * 0.25) - (0.5 * Math.log(0.5) + 0.3 * Math.log(0.3) + 0.2 * Math.log(0.2))
    expect(meanWithError(baseline.logDensity(rows)).value).toBeGreaterThan(-entropy - 0.15)
  })
})

describe('logLikelihood', () => {
  it('subtracts log Z and carries its error', async () => {
    const energy = pointwiseEnergy(1, ([x]) => 0.5 * x * x)
    const result = await logLikelihood(energy, Float64Array.of(-1, 1, 0), { value: 2, standardError: 0.3 })
    expect(Array.from(result.perRow)).toEqual([-2.5, -2.5, -2])
    expect(result.value).toBeCloseTo(-7 / 3, 12)
    expect(result.standardError).toBeCloseTo(Math.hypot(Math.sqrt(1 / 6) / 3, 0.3), 12)
  })
})

describe('fisherDivergence', () => {
  it('is the squared distance of the precisions times the variance for Gaussians', async () => {
    // Model N(0, 4), truth N(0, 1): φ − φ* = ¾x; E = 9/16.
    const rows = normalRows(100_000, 1, createRandom(8))
    const result = await fisherDivergence(pointwiseEnergy(1, ([x]) => x * x / 8, ([x]) => [-x / 4]), rows, rows.map((x) => -x))
    expect(Math.abs(result.value - 9 / 16)).toBeLessThan(4 * result.standardError)
    // Var (¾x)² = 2·(9/16)².
    expect(result.standardError / (Math.sqrt(2 / 1e5) * (9 / 16))).toBeCloseTo(1, 1)
    expect(result.relative).toBeCloseTo(9 / 16, 10)
  })
  it('sums over the coordinates of a row and refuses another size', async () => {
    const energy = pointwiseEnergy(2, () => 0, () => [1, 2])
    expect((await fisherDivergence(energy, new Float64Array(6), new Float64Array(6))).value).toBe(5)
    await expect(fisherDivergence(energy, new Float64Array(6), new Float64Array(5))).rejects.toThrow(/true score/)
  })
})
