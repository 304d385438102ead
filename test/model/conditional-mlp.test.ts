// The noise-conditional energy: what it is without its network, and what the noise level does.
import { expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { gradient } from '../../src/differentiate/reverse.ts'
import { evaluate } from '../../src/engine/reference.ts'
import { tensor } from '../../src/graph/tensor.ts'
import { conditionalMlp } from '../../src/model/conditional-mlp.ts'
import { dot, log } from '../../src/model/expression.ts'
import { mlp } from '../../src/model/energies/mlp.ts'
import { defineModel, trace } from '../../src/model/model.ts'
import type { TracedModel } from '../../src/model/model.ts'
import { scalar } from '../../src/model/parameters.ts'

const covariance = [1, 0.6, 0.6, 1.5]
const options = { hidden: [8, 8], activation: 'silu', covariance, ladder: { least: 1e-4, most: 16 } } as const
const plain = trace(conditionalMlp(options), 2)
const withFeatures = trace(conditionalMlp({ ...options, fourier: 3 }), 2)
const both = [['coordinates', plain], ['Fourier features', withFeatures]] as const

function at(model: TracedModel, theta: Float64Array, y: readonly number[], t: number): readonly number[] {
  const outputs = [model.logDensity, ...gradient(model.logDensity, [model.x, model.t!])]
  const values = evaluate(outputs, new Map([[model.theta, tensor([theta.length], theta)], [model.x, tensor([2], y)], [model.t!, tensor([], [t])]]))
  return values.flatMap(({ data }) => Array.from(data))
}

test.each(both)('without the network it is the normalized Gaussian N(0, Σ + tI): %s', (_, model) => {
  for (const t of [1e-4, 0.3, 16]) {
    const [a, b, c] = [covariance[0] + t, covariance[1], covariance[3] + t]
    const determinant = a * c - b * b
    const [y1, y2] = [0.7, -1.2]
    const form = (c * y1 * y1 - 2 * b * y1 * y2 + a * y2 * y2) / determinant
    const [value, score1, score2, slope] = at(model, new Float64Array(model.parameterCount), [y1, y2], t)
    expect(value).toBeCloseTo(-form / 2 - Math.log(2 * Math.PI) - Math.log(determinant) / 2, 12)
    const [s1, s2] = [-(c * y1 - b * y2) / determinant, -(a * y2 - b * y1) / determinant]
    expect(score1).toBeCloseTo(s1, 11)
    expect(score2).toBeCloseTo(s2, 11)
    // The heat equation: ∂ₜ log p = ½(Δ log p + ‖∇ log p‖²).
    expect(slope).toBeCloseTo((-(a + c) / determinant + s1 * s1 + s2 * s2) / 2, 10)
  }
})

test.each(both)('with the network both derivatives agree with differences: %s', (_, model) => {
  const theta = model.model.initial!(createRandom(3), 2)
  const [y1, y2, t] = [0.4, -0.9, 0.02]
  const h = 1e-5
  const value = (a: number, b: number, c: number): number => at(model, theta, [a, b], c)[0]
  const [, score1, score2, slope] = at(model, theta, [y1, y2], t)
  expect(score1).toBeCloseTo((value(y1 + h, y2, t) - value(y1 - h, y2, t)) / (2 * h), 6)
  expect(score2).toBeCloseTo((value(y1, y2 + h, t) - value(y1, y2 - h, t)) / (2 * h), 6)
  expect(slope).toBeCloseTo((value(y1, y2, t + h) - value(y1, y2, t - h)) / (2 * h), 4)
})

test('each Fourier feature is two inputs more, and only a ladder has any', () => {
  expect(withFeatures.parameterCount - plain.parameterCount).toBe(8 * 6)
  const about = { dimension: 2, covariance: Float64Array.from(covariance), rows: () => new Float64Array(4), moments: () => ({ mean: new Float64Array(2), covariance: Float64Array.from(covariance) }) }
  expect(trace(mlp({ hidden: [8, 8], fourier: 3 }).forRows!({ ...about, ladder: options.ladder }), 2).parameterCount).toBe(withFeatures.parameterCount)
  expect(() => mlp({ fourier: 3 }).forRows!({ ...about, ladder: undefined })).toThrow(/^invalid fourier: 3 \(must be 0 for a fit at one noise level/)
})

test('a model has a noise level if it uses t, and must be smooth in it', () => {
  const written = (logDensity: Parameters<typeof defineModel<'a'>>[0]['logDensity']) => trace(defineModel({ name: 'm', parameters: { a: scalar() }, logDensity }), 2)
  expect(written(({ a }, x) => dot(x, x).mul(a)).t).toBeUndefined()
  expect(written(({ a }, x, t) => dot(x, x).div(t.add(1)).mul(a).sub(log(t.add(1)))).t).toBeDefined()
  expect(() => written(({ a }, x, t) => dot(x, x).mul(a).add(t.sub(1).abs()))).toThrow(/abs of .* has a kink/)
})
