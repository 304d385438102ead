// Baselines of directions: maximum likelihood, kernels that integrate to one and are as wide as leaving rows out says.
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { concentrationOf, directionKernelBaseline, uniformBaseline, vonMisesFisherBaseline } from '../../src/evaluate/baselines/directions.ts'
import { gaussianBaseline } from '../../src/evaluate/baselines/gaussian.ts'
import { kernelDensityBaseline } from '../../src/evaluate/baselines/kernel-density.ts'
import { domain } from '../../src/model/domain.ts'
import { baselineDensities, baselineLikelihoods, compareLikelihoods, fitBaselines } from '../../src/result/assess.ts'
import { directions } from './directions.ts'

const sphere = domain('sphere').over(['x', 'y', 'z'])

/** Points that cover the sphere evenly, each with the same area. */
function covering(count: number): Float64Array {
  return Float64Array.from(Array.from({ length: count }, (_, k) => {
    const [z, angle] = [(2 * k + 1) / count - 1, k * Math.PI * (3 - Math.sqrt(5))]
    return [Math.sqrt(1 - z * z) * Math.cos(angle), Math.sqrt(1 - z * z) * Math.sin(angle), z]
  }).flat())
}
const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length

it('the uniform density is one over the area', () => {
  expect(uniformBaseline(sphere).logDensity(covering(2))[1]).toBeCloseTo(-Math.log(4 * Math.PI), 12)
  expect(uniformBaseline(domain('direction(a), direction(b)').over(['a', 'b'])).logDensity(Float64Array.of(1, 2))[0]).toBeCloseTo(-2 * Math.log(2 * Math.PI), 7)
})

describe('von Mises–Fisher', () => {
  it.each([0.01, 1, 30, 5000])('finds κ = %f from coth κ − 1/κ', (kappa) => {
    expect(concentrationOf(3, 1 / Math.tanh(kappa) - 1 / kappa) / kappa).toBeCloseTo(1, 6)
  })
  it('is the likeliest: no other concentration or direction makes its rows likelier', () => {
    const rows = directions(300, 6, 'rows')
    const baseline = vonMisesFisherBaseline(rows, sphere)
    const own = mean(baseline.logDensity(rows))
    const at = new Float64Array(3)
    rows.forEach((value, e) => { at[e % 3] += value / 300 })
    const other = (eta: readonly number[]): number => { const kappa = Math.hypot(...eta); return eta.reduce((sum, value, k) => sum + value * at[k], 0) - Math.log(4 * Math.PI * Math.sinh(kappa) / kappa) }
    const [kappa] = baseline.kappas
    const eta = Array.from(at, (value) => kappa * value / Math.hypot(...at))
    expect(own).toBeCloseTo(other(eta), 10)
    for (let k = 0; k < 3; k++) for (const step of [-0.05, 0.05]) expect(other(eta.map((value, j) => (j === k ? value + step : value)))).toBeLessThan(own)
  })
  it('weights count rows', () => {
    const rows = directions(20, 3, 'weighted')
    const twice = Float64Array.from([...rows.subarray(0, 30), ...rows])
    const weights = Float64Array.from({ length: 20 }, (_, k) => (k < 10 ? 4 / 3 : 2 / 3))
    expect(vonMisesFisherBaseline(rows, sphere, weights).kappas[0]).toBeCloseTo(vonMisesFisherBaseline(twice, sphere).kappas[0], 9)
  })
})

describe('the kernel density', () => {
  const rows = Float64Array.from([...directions(150, 40, 'first'), ...directions(150, 20, 'second').map((_, e, all) => -all[e])])
  const baseline = directionKernelBaseline(rows, sphere)
  it('integrates to one', () => {
    const points = covering(20_000)
    expect(mean(baseline.logDensity(points).map(Math.exp)) * 4 * Math.PI).toBeCloseTo(1, 3)
  })
  it('has the concentration that makes left-out rows likeliest, by a sum over all pairs', () => {
    const leftOut = (kappa: number): number => {
      let total = 0
      for (let i = 0; i < 300; i++) {
        let sum = 0
        for (let j = 0; j < 300; j++) if (j !== i) sum += Math.exp(kappa * (rows[3 * i] * rows[3 * j] + rows[3 * i + 1] * rows[3 * j + 1] + rows[3 * i + 2] * rows[3 * j + 2] - 1))
        total += Math.log(sum / 299 * kappa / (2 * Math.PI * (1 - Math.exp(-2 * kappa))))
      }
      return total / 300
    }
    const [kappa] = baseline.concentrations
    // It is found to two hundredths of its logarithm.
    for (const factor of [0.9, 1.1]) expect(leftOut(factor * kappa)).toBeLessThan(leftOut(kappa) + 1e-6)
    expect(mean(baseline.logDensity(rows, () => true))).toBeCloseTo(leftOut(kappa), 9)
  })
  it('with whole weights is that of repeated rows, and leaves out rows, not copies', () => {
    const counts = Array.from({ length: 300 }, (_, row) => 1 + (row % 3))
    const weighted = directionKernelBaseline(rows, sphere, Float64Array.from(counts, (count) => count / 2))
    const repeated = Float64Array.from(counts.flatMap((count, row) => new Array<number[]>(count).fill(Array.from(rows.subarray(3 * row, 3 * row + 3)))).flat())
    // 600 rows, of which 500 are looked at for the concentration: the same but for chance.
    const others = directionKernelBaseline(repeated, sphere)
    expect(Math.abs(Math.log(weighted.concentrations[0] / others.concentrations[0]))).toBeLessThan(0.1)
    const [kappa] = weighted.concentrations
    const density = (x: Float64Array, isLeftOut: (row: number) => boolean): number => {
      let [sum, total] = [0, 0]
      counts.forEach((count, row) => {
        if (isLeftOut(row)) return
        total += count
        sum += count * Math.exp(kappa * (x[0] * rows[3 * row] + x[1] * rows[3 * row + 1] + x[2] * rows[3 * row + 2] - 1))
      })
      return Math.log(sum / total * kappa / (2 * Math.PI * (1 - Math.exp(-2 * kappa))))
    }
    const points = covering(50)
    weighted.logDensity(points).forEach((value, k) => expect(value).toBeCloseTo(density(points.subarray(3 * k, 3 * k + 3), () => false), 8))
    weighted.logDensity(rows, () => true).forEach((value, row) => expect(value).toBeCloseTo(density(rows.subarray(3 * row, 3 * row + 3), (other) => other === row), 8))
  })
  it('leaves a row out though its length is rounded', () => {
    const rounded = rows.map((value) => Number(value.toFixed(7)))
    expect(directionKernelBaseline(rounded, sphere).concentrations[0] / baseline.concentrations[0]).toBeCloseTo(1, 2)
    expect(mean(directionKernelBaseline(rounded, sphere).logDensity(rounded, () => true))).toBeCloseTo(mean(baseline.logDensity(rows, () => true)), 4)
  })
  it('beats von Mises–Fisher on two poles, and loses to it on one', () => {
    const fresh = Float64Array.from([...directions(400, 40, 'fresh'), ...directions(400, 20, 'fresh 2').map((value) => -value)])
    expect(mean(baseline.logDensity(fresh))).toBeGreaterThan(mean(vonMisesFisherBaseline(rows, sphere).logDensity(fresh)) + 1)
    const [one, test] = [directions(300, 5, 'one'), directions(2000, 5, 'test')]
    expect(mean(directionKernelBaseline(one, sphere).logDensity(test))).toBeLessThan(mean(vonMisesFisherBaseline(one, sphere).logDensity(test)))
  })
})

describe('directions beside other columns', () => {
  // An angle, then x, then unit vectors, then y: positions that no part has for itself.
  const random = createRandom('beside')
  const units = directions(400, 5, 'beside')
  const angles = Float64Array.from({ length: 400 }, () => 60 + 25 * random.normal())
  const flat = Float64Array.from({ length: 800 }, () => Math.exp(random.normal()))
  const rows = Float64Array.from(Array.from({ length: 400 }, (_, row) => [angles[row], flat[2 * row], ...units.subarray(3 * row, 3 * row + 3), flat[2 * row + 1]]).flat())
  const on = domain('direction(a), x > 0, sphere(u, v, w), y > 0').over(['a', 'x', 'u', 'v', 'w', 'y'])
  const both = domain('direction(a), sphere(u, v, w)').over(['a', 'u', 'v', 'w'])
  const curved = Float64Array.from(Array.from({ length: 400 }, (_, row) => [angles[row], ...units.subarray(3 * row, 3 * row + 3)]).flat())
  it('have the products of what each has: log-densities add up', () => {
    const counts = Array.from({ length: 400 }, (_, row) => 1 + (row % 3))
    const weights = Float64Array.from(counts, (count) => (400 * count) / counts.reduce((sum, each) => sum + each, 0))
    for (const own of [undefined, weights]) {
      const { gaussian, gaussianMixture, independent, kernelDensity, uniform } = fitBaselines(rows, on, own)
      expect([gaussian, gaussianMixture, uniform]).toEqual([null, null, undefined])
      const first = gaussianBaseline(flat, 2, own).logDensity(flat)
      const second = vonMisesFisherBaseline(curved, both, own).logDensity(curved)
      independent!.logDensity(rows).forEach((value, row) => expect(value).toBeCloseTo(first[row] + second[row], 12))
      for (const isTraining of [() => true, () => false]) {
        const kernels = [kernelDensityBaseline(flat, 2, own ? { weights: own } : {}).logDensity(flat, isTraining), directionKernelBaseline(curved, both, own).logDensity(curved, isTraining)]
        kernelDensity!.logDensity(rows, isTraining).forEach((value, row) => expect(value).toBeCloseTo(kernels[0][row] + kernels[1][row], 12))
      }
    }
  })
  it('are told by fit and evaluate, of some of very many rows too', async () => {
    const baselines = fitBaselines(rows, on)
    const expected = { independent: mean(baselines.independent!.logDensity(rows)), kernelDensity: mean(baselines.kernelDensity!.logDensity(rows, () => true)) }
    const told = await compareLikelihoods({ columns: on.columns, evaluate: async (all) => ({ energy: new Float64Array(all.length / 6), score: new Float64Array(all.length) }) }, rows, null, baselineDensities(baselines, rows, 6, true))
    expect(told.baselines).toMatchObject({ gaussian: null, independent: expect.closeTo(expected.independent, 10), kernelDensity: expect.closeTo(expected.kernelDensity, 10) })
    expect(baselineLikelihoods(baselines, rows, 6, () => true)).toMatchObject({ gaussian: null, independent: expect.closeTo(expected.independent, 10), kernelDensity: expect.closeTo(expected.kernelDensity, 10), kernelDensityRows: 400 })
  })
})
