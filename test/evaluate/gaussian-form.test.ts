// Recognizing a Gaussian by its numbers, and denoising it at any noise.
import { describe, expect, it } from 'vitest'
import { denoiseGaussian, gaussianForm, posteriorCovariance } from '../../src/evaluate/gaussian-form.ts'
import type { FittedEnergy } from '../../src/model/fitted-energy.ts'

const precision = [[4e6, 1200], [1200, 0.5]]
const mean = [0.003, -2000]

/** E = ½ uᵀKu + bump·u₀⁴/4, u = x − mean, on columns of very different units. */
function energy(bump: number): FittedEnergy {
  return {
    columns: ['small', 'large'],
    evaluate: (rows) => {
      const score = rows.map((_, k) => {
        const i = k % 2
        const u = [rows[k - i] - mean[0], rows[k - i + 1] - mean[1]]
        return -(precision[i][0] * u[0] + precision[i][1] * u[1]) - (i === 0 ? bump * u[0] ** 3 : 0)
      })
      return Promise.resolve({ energy: new Float64Array(rows.length / 2), score })
    },
  }
}
const rows = Float64Array.of(0.0031, -2001, 0.0025, -1998, 0.0034, -2000.5)

describe('a Gaussian', () => {
  it('is found by its score alone', async () => {
    const form = (await gaussianForm(energy(0), rows))!
    const determinant = precision[0][0] * precision[1][1] - precision[0][1] ** 2
    const covariance = [precision[1][1], -precision[0][1], -precision[0][1], precision[0][0]].map((value) => value / determinant)
    covariance.forEach((value, k) => { expect(form.covariance[k] / value - 1).toBeCloseTo(0, 9) })
    mean.forEach((value, k) => { expect(form.mean[k] / value - 1).toBeCloseTo(0, 9) })
  })
  it('is not what bends, however little, nor what cannot be normalized', async () => {
    expect(await gaussianForm(energy(1e8), rows)).toBeNull()
    const upsideDown: FittedEnergy = { columns: ['a'], evaluate: (x) => Promise.resolve({ energy: x, score: x.slice() }) }
    expect(await gaussianForm(upsideDown, Float64Array.of(1))).toBeNull()
  })
  it('is denoised to its posterior mean', () => {
    // One column, by hand: variance 3, noise 1, mean 2: E{x | 6} = 2 + 3/4 · 4.
    const form = { mean: Float64Array.of(2), covariance: Float64Array.of(3) }
    expect(denoiseGaussian(form, Float64Array.of(6, 2), [1])).toEqual(Float64Array.of(5, 2))
    expect(posteriorCovariance(form, [1])[0]).toBeCloseTo(3 / 4, 14)
    expect(denoiseGaussian({ ...form, covariance: Float64Array.of(-1) }, Float64Array.of(6), [5])).toBeUndefined()
  })
  it('has the posterior covariance (Σ⁻¹ + C⁻¹)⁻¹', () => {
    const [covariance, noise] = [Float64Array.of(2, 0.7, 0.7, 1), Float64Array.of(0.5, -0.2, -0.2, 0.3)]
    const inverse = ([a, b,, c]: ArrayLike<number> & Iterable<number>): number[] => [c, -b, -b, a].map((value) => value / (a * c - b * b))
    const [one, other] = [inverse(covariance), inverse(noise)]
    const expected = inverse(one.map((value, k) => value + other[k]))
    posteriorCovariance({ mean: new Float64Array(2), covariance }, noise).forEach((value, k) => { expect(value).toBeCloseTo(expected[k], 14) })
  })
})
