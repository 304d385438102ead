// The denoiser's mean and covariance of what lies behind the noise, against the exact posterior of a Gaussian mixture.
import { describe, expect, test } from 'vitest'
import { choleskyDecompose, invertCholesky, multiply } from '../../src/base/linear-algebra.ts'
import { denoiserProgram } from '../../src/compile/denoiser-file.ts'
import { denoiserOf } from '../../src/engine/denoiser.ts'
import { referenceEngine } from '../../src/engine/reference.ts'
import type { Expression } from '../../src/model/expression.ts'
import { log, logSumExp, quadraticForm, stack } from '../../src/model/expression.ts'
import { defineModel, trace } from '../../src/model/model.ts'
import { onnx } from '../estimate/parametric-fixtures.ts'

const components = [
  { weight: 0.35, mean: [1, -0.5], covariance: Float64Array.of(0.5, 0.2, 0.2, 0.3) },
  { weight: 0.65, mean: [-0.8, 0.4], covariance: Float64Array.of(0.2, -0.1, -0.1, 0.6) },
]
const noise = Float64Array.of(0.4, 0.15, 0.15, 0.25)
const plus = (a: Float64Array, b: ArrayLike<number>): Float64Array => a.map((value, k) => value + b[k])
const inverse = (a: Float64Array): Float64Array => invertCholesky(choleskyDecompose(a, 2)!, 2)
const determinant = (a: ArrayLike<number>): number => a[0] * a[3] - a[1] * a[2]

/** Mean and covariance of x given x̃ = x + n, by components. */
function posterior(point: readonly number[], c: Float64Array): { mean: number[]; covariance: number[] } {
  const parts = components.map(({ weight, mean, covariance }) => {
    const total = plus(covariance, c)
    const gain = multiply(covariance, inverse(total), 2, 2, 2)
    const u = point.map((value, j) => value - mean[j])
    const [p, q] = multiply(inverse(total), u, 2, 2, 1)
    const shrunk = multiply(gain, covariance, 2, 2, 2)
    return {
      share: weight * Math.exp(-0.5 * (u[0] * p + u[1] * q)) / Math.sqrt(determinant(total)),
      mean: Array.from(multiply(gain, u, 2, 2, 1), (value, j) => mean[j] + value),
      covariance: covariance.map((value, k) => value - shrunk[k]),
    }
  })
  const all = parts.reduce((sum, { share }) => sum + share, 0)
  const average = (value: (part: (typeof parts)[number]) => number): number => parts.reduce((sum, part) => sum + part.share / all * value(part), 0)
  const mean = [0, 1].map((j) => average((part) => part.mean[j]))
  return { mean, covariance: [0, 1, 2, 3].map((k) => average((part) => part.covariance[k] + part.mean[k >> 1] * part.mean[k & 1]) - mean[k >> 1] * mean[k & 1]) }
}

/** The mixture with noise of covariance C. */
const noisyMixture = defineModel({
  name: 'mixture', parameters: {},
  logDensity: (_, x) => logSumExp(stack(components.map(({ weight, mean, covariance }) => {
    const total = plus(covariance, noise)
    const k = inverse(total)
    return quadraticForm([[k[0], k[1]], [k[2], k[3]]], x.sub(mean)).mul(-0.5).add(Math.log(weight) - 0.5 * Math.log(determinant(total)))
  }))),
})
/** The same with noise tI. */
const ladderMixture = defineModel({
  name: 'mixture', parameters: {},
  logDensity: (_, x, t) => logSumExp(stack(components.map(({ weight, mean, covariance: [a, b,, c] }): Expression => {
    const [p, r] = [t.add(a), t.add(c)]
    const size = p.mul(r).sub(b * b)
    const u = x.sub(mean)
    const form = u.at(0).square().mul(r).sub(u.at(0).mul(u.at(1)).mul(2 * b)).add(u.at(1).square().mul(p)).div(size)
    return form.mul(-0.5).add(Math.log(weight)).sub(log(size).mul(0.5))
  }))),
})
const points = [[0, 0], [1.2, -1], [-2, 0.3], [0.2, 1.5], [0.1, -0.1]]
const close = (found: ArrayLike<number>, expected: readonly number[], tolerance: number): void => expected.forEach((value, k) => expect(Math.abs(found[k] - value)).toBeLessThan(tolerance))

describe('mean and covariance are those of the exact posterior', () => {
  test.each([referenceEngine, onnx])('with a full covariance of the noise, by $name', async (engine) => {
    const denoiser = denoiserOf(await engine.prepare(denoiserProgram(trace(noisyMixture, 2), [], undefined, noise)), 2)
    const { mean, covariance } = await denoiser.posterior(Float64Array.from(points.flat()))
    points.forEach((point, i) => {
      const truth = posterior(point, noise)
      close(mean.subarray(2 * i), truth.mean, 1e-12)
      close(covariance.subarray(4 * i), truth.covariance, 1e-12)
    })
    await denoiser.release()
  })

  const scale = { mean: [100, -3], deviation: [20, 0.5] }
  const [d1, d2] = scale.deviation
  const outer = [d1 * d1, d1 * d2, d1 * d2, d2 * d2]
  const seen = Float64Array.from(points.flat(), (y, k) => scale.mean[k % 2] + scale.deviation[k % 2] * y)

  test('on standardized columns, in the units of the data', async () => {
    const denoiser = denoiserOf(await onnx.prepare(denoiserProgram(trace(noisyMixture, 2), [], scale, noise.map((value, k) => value * outer[k]))), 2)
    const { mean, covariance } = await denoiser.posterior(seen)
    points.forEach((point, i) => {
      const truth = posterior(point, noise)
      // float32 inside: 6e-8 of terms of size one, a few dozen of them.
      close(Array.from(mean.subarray(2 * i, 2 * i + 2), (value, j) => (value - scale.mean[j]) / scale.deviation[j]), truth.mean, 3e-6)
      close(Array.from(covariance.subarray(4 * i, 4 * i + 4), (value, k) => value / outer[k]), truth.covariance, 3e-6)
    })
    await denoiser.release()
  })

  test('at any level of a ladder, the noise in proportion to the columns', async () => {
    const denoiser = denoiserOf(await onnx.prepare(denoiserProgram(trace(ladderMixture, 2), [], scale, 'given')), 2)
    for (const t of [0.01, 0.4, 5]) {
      const { mean, covariance } = await denoiser.posterior(seen, t)
      points.forEach((point, i) => {
        const truth = posterior(point, Float64Array.of(t, 0, 0, t))
        close(Array.from(mean.subarray(2 * i, 2 * i + 2), (value, j) => (value - scale.mean[j]) / scale.deviation[j]), truth.mean, 1e-5)
        close(Array.from(covariance.subarray(4 * i, 4 * i + 4), (value, k) => value / outer[k]), truth.covariance, 1e-5)
      })
    }
    await denoiser.release()
  })
})
