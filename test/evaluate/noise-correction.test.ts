// Taking the noise out of an energy: closed forms of the Gaussian, the order of what is left, and fits from rows to density.
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { energyProgram } from '../../src/compile/model-file.ts'
import type { Table } from '../../src/data/table.ts'
import { runEnergy } from '../../src/engine/energy.ts'
import { referenceEngine } from '../../src/engine/reference.ts'
import { correctedByDerivatives, extrapolated } from '../../src/evaluate/noise-correction.ts'
import type { NoiseCorrection } from '../../src/evaluate/noise-correction.ts'
import { logSumExp, stack } from '../../src/model/expression.ts'
import { gaussian } from '../../src/model/energies/gaussian.ts'
import { mlp } from '../../src/model/energies/mlp.ts'
import { defineModel, trace } from '../../src/model/model.ts'
import { vector } from '../../src/model/parameters.ts'
import { fitModel } from '../../src/result/fit.ts'
import { expectClose, onnx } from '../estimate/parametric-fixtures.ts'

const columns = ['a', 'b']
/** As (11, 12, 22). */
const covariance = [1.5, 0.4, 0.8]
const factor = Float64Array.of(0.3, 0, 0.1, 0.2)
/** Factor times its transpose. */
const noise = [0.09, 0.03, 0.05]
const means = [[1, -0.5], [-1, 0.7]]
const weights = [0.3, 0.7]

/** Two Gaussians with one covariance, whose precision is a parameter, so that the noisy one is known exactly. */
const pair = defineModel({
  name: 'pair', parameters: { k: vector(3) },
  logDensity: ({ k }, x) => logSumExp(stack(means.map((mean, c) => {
    const u = x.sub(mean)
    const [p, q, r] = [0, 1, 2].map((e) => k.at(e))
    return u.at(0).square().mul(p).add(u.at(0).mul(u.at(1)).mul(q).mul(2)).add(u.at(1).square().mul(r)).mul(-0.5).add(Math.log(weights[c]))
  }))),
})
/** The precision of the covariance plus a share of the noise. */
function precision(share: number): Float64Array {
  const [a, b, c] = covariance.map((value, k) => value + share * noise[k])
  return Float64Array.of(c, -b, a).map((value) => value / (a * c - b * b))
}
const points = Float64Array.from([0.3, -0.2, 1.5, 0.5, -1, 1.2, 0, 2])
async function scores(model: Parameters<typeof energyProgram>[0], theta: ArrayLike<number>): Promise<Float64Array> {
  const energy = await runEnergy(energyProgram(model, theta, undefined, undefined), columns, referenceEngine)
  return (await energy.evaluate(points)).score
}
const distance = (a: Float64Array, b: Float64Array): number => Math.hypot(...a.map((value, k) => value - b[k]))

describe('of a mixture with correlated noise', () => {
  /** Distance from the clean score at some points, with the noise's variance times `share`. */
  async function left(share: number) {
    const traced = trace(pair, 2)
    const truth = await scores(traced, precision(0))
    const byDerivatives = correctedByDerivatives(traced, { factor: factor.map((value) => value * Math.sqrt(share)), isotropic: undefined })
    return {
      none: distance(await scores(traced, precision(share)), truth),
      derivatives: distance(await scores(byDerivatives, precision(share)), truth),
      extrapolate: distance(await scores(extrapolated(traced, precision(share / 2), precision(share)), []), truth),
    }
  }
  test('what is left is of first order without correction, of second with either, extrapolation half of it', async () => {
    const [large, small] = [await left(0.1), await left(0.025)]
    // A quarter of the variance: a quarter, a sixteenth, a sixteenth; up to the next order, a share of about 0.1·0.09/0.6.
    expect(large.none / small.none).toBeCloseTo(4, 0)
    for (const how of ['derivatives', 'extrapolate'] as const) expect(Math.abs(large[how] / small[how] / 16 - 1), how).toBeLessThan(0.06)
    expect(Math.abs(small.extrapolate / small.derivatives / 0.5 - 1)).toBeLessThan(0.03)
  })
})

describe('of a Gaussian', () => {
  const sigma = 0.3
  const values = standardRows(1500)
  /** Normal numbers of mean 0 and variance exactly 1. */
  function standardRows(count: number): Float64Array {
    const rows = new Float64Array(count)
    createRandom('rows').fillNormal(rows)
    const mean = rows.reduce((a, b) => a + b) / count
    const deviation = Math.sqrt(rows.reduce((total, value) => total + (value - mean) ** 2, 0) / count)
    return rows.map((value) => (value - mean) / deviation)
  }
  const table: Table = { source: 'test', columns: ['a'], rows: values.length, values, rowsRead: values.length, columnsLeftOut: [] }
  const environment = { engine: onnx, now: () => 0 }
  const setting = { by: 'denoising', noise: { kind: 'columns', deviations: [sigma] } } as const
  const t = sigma ** 2
  const expected: Record<NoiseCorrection, number> = { derivatives: (1 + 2 * t) / (1 + t) ** 2, extrapolate: 2 / (1 + t / 2) - 1 / (1 + t) }

  test.each(['derivatives', 'extrapolate'] as const)('of variance 1 at σ = 0.3, %s: the closed form, within a hundredth of the truth', async (correctNoise) => {
    const result = await fitModel(gaussian, table, { ...setting, correctNoise }, environment)
    const [low, high] = await result.score(Float64Array.of(-1, 1))
    expectClose([(low - high) / 2], [expected[correctNoise]], 1e-9, 'precision')
    expect(Math.abs(2 / (low - high) - 1)).toBeLessThan(0.01)
    const [noisyLow, noisyHigh] = (await result.noisy.evaluate(Float64Array.of(-1, 1))).score
    expectClose([2 / (noisyLow - noisyHigh)], [1 + t], 1e-9, 'variance with noise')
    // log Z is that of the corrected energy, which is 0 at its mean up to a constant: the density at 0 says so.
    const [atMean] = await result.logDensity(Float64Array.of(0))
    expect(Math.abs(atMean - 0.5 * Math.log(expected[correctNoise] / (2 * Math.PI)))).toBeLessThan(1e-5)
    expect(result.fit.logNormalizer.method).toBe('quadrature')
    expect(result.fit.estimator).toMatchObject({ noiseCorrection: correctNoise, noise: [expect.closeTo(sigma, 12)] })
    expect(result.summary()).toContain('taken out again')
    // Denoising stays that of the noise: E{x|x̃} = x̃/(1 + σ²).
    expectClose(await result.denoise(Float64Array.of(2)), [2 / (1 + t)], 1e-9, 'denoised')
    expect(result.modelFile.metadata).toMatchObject({ noise: null, noiseCovariance: null, noiseCorrection: correctNoise })
    await result.release()
  })

  test.each(['derivatives', 'extrapolate'] as const)('by a network, %s: the variance of its density', async (correctNoise) => {
    const network = mlp({ hidden: [16, 16] })
    const result = await fitModel(network, table, { ...setting, correctNoise, steps: 800, holdout: 0 }, environment)
    const grid = Float64Array.from({ length: 2001 }, (_, k) => (k - 1000) / 125)
    const moments = (densities: Float64Array): number => {
      const [mass, first, second] = [0, 1, 2].map((power) => densities.reduce((total, value, k) => total + value * grid[k] ** power, 0))
      return second / mass - (first / mass) ** 2
    }
    const noisy = moments((await result.noisy.evaluate(grid)).energy.map((value) => Math.exp(-value)))
    const variance = moments((await result.logDensity(grid)).map(Math.exp))
    // Measured: 1.084 with the noise, 1.001 and 0.998 without; the formulas of a Gaussian: 1.09, 1.007 and 1.004.
    expect(noisy).toBeGreaterThan(1.07)
    expect(Math.abs(variance - 1)).toBeLessThan(0.01)
    await result.release()
  })

  test('is refused where there is no noise to take out', async () => {
    await expect(fitModel(gaussian, table, { by: 'score-matching', correctNoise: 'derivatives' }, environment)).rejects.toThrow('invalid correct-noise: score-matching adds no noise (leave --correct-noise out, or use --by denoising)')
    await expect(fitModel(mlp({ hidden: [4] }), table, { by: 'dual', correctNoise: 'derivatives' }, environment)).rejects.toThrow('invalid correct-noise: dual fits a ladder of noise levels')
  })
})
