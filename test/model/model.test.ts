// Built-in models against known answers: energies, scores, normalizers, objectives by a second derivation.
import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { createRandom } from '../../src/base/random.ts'
import { choleskyDecompose, invertCholesky, packSymmetric } from '../../src/base/linear-algebra.ts'
import { gradient } from '../../src/differentiate/reverse.ts'
import { evaluate } from '../../src/engine/reference.ts'
import { denoising } from '../../src/estimate/estimators/denoising.ts'
import { scoreMatching } from '../../src/estimate/estimators/score-matching.ts'
import { logNormalizer } from '../../src/evaluate/log-normalizer/quadrature.ts'
import type { Node } from '../../src/graph/node.ts'
import { tensor } from '../../src/graph/tensor.ts'
import { gaussian } from '../../src/model/energies/gaussian.ts'
import { mlp } from '../../src/model/energies/mlp.ts'
import { precision } from '../../src/model/energies/precision.ts'
import { trace } from '../../src/model/model.ts'
import type { Model, TracedModel } from '../../src/model/model.ts'
import { isotropic } from '../estimate/parametric-fixtures.ts'

const at = (traced: TracedModel, outputs: readonly Node[], theta: ArrayLike<number>, x: ArrayLike<number>, others: readonly (readonly [Node, ArrayLike<number>])[] = []): Float64Array[] =>
  evaluate(outputs, new Map([[traced.theta, tensor(traced.theta.shape, theta)], [traced.x, tensor(traced.x.shape, x)], ...others.map(([node, values]) => [node, tensor(node.shape, values)] as const)])).map(({ data }) => data)

const scoreOf = (traced: TracedModel): Node => gradient(traced.logDensity, [traced.x])[0]
const start = (model: Model, dimension: number): Float64Array => model.initial!(createRandom(1), dimension)

describe('gaussian and precision', () => {
  const k = [2, -0.6, 1.5]
  const eta = [0.5, -1]

  test('energy and score of the Gaussian, worked out by hand', () => {
    const traced = trace(gaussian, 2)
    const [x, y] = [0.7, -1.2]
    const [value, score] = at(traced, [traced.logDensity, scoreOf(traced)], [2, -0.6, 1.5, 0.5, -1], [x, y])
    expect(traced.parameterNames).toEqual(['precision[1,1]', 'precision[1,2]', 'precision[2,2]', 'eta[1]', 'eta[2]'])
    expect(value[0]).toBeCloseTo(-0.5 * (2 * x * x - 1.2 * x * y + 1.5 * y * y) + 0.5 * x - y, 14)
    expect(score[0]).toBeCloseTo(-(2 * x - 0.6 * y) + 0.5, 14)
    expect(score[1]).toBeCloseTo(-(-0.6 * x + 1.5 * y) - 1, 14)
  })

  test.each([['gaussian', gaussian, [...k, ...eta]], ['precision', precision, k]] as const)('log Z of %s in closed form against quadrature', async (_, model, theta) => {
    const traced = trace(model, 2)
    const score = scoreOf(traced)
    const energy = {
      columns: ['a', 'b'],
      evaluate: async (rows: Float64Array) => {
        const results = Array.from({ length: rows.length / 2 }, (_, i) => at(traced, [traced.logDensity, score], theta, rows.subarray(2 * i, 2 * i + 2)))
        return { energy: Float64Array.from(results, ([value]) => -value[0]), score: Float64Array.from(results.flatMap(([, s]) => Array.from(s))) }
      },
    }
    const natural = Object.fromEntries(traced.parameters.map(({ name, start, parameter }) => [name, Float64Array.from(theta.slice(start, start + parameter.size))]))
    const center = model === gaussian ? Array.from(model.reported!.values(natural, 2)!) : [0, 0]
    const quadrature = await logNormalizer(energy, { center, scale: [1, 1.2] }, { tolerance: 1e-7 })
    expect(Math.abs(model.logNormalizer!(natural, 2)! - quadrature!.value)).toBeLessThan(1e-6)
  })

  test('the reported mean solves K·mean = η', () => {
    fc.assert(fc.property(fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 6, maxLength: 6 }), (entries) => {
      const lower = Float64Array.of(1 + Math.abs(entries[0]), 0, entries[1], 1 + Math.abs(entries[2]))
      const full = Float64Array.of(lower[0] ** 2, lower[0] * lower[2], lower[0] * lower[2], lower[2] ** 2 + lower[3] ** 2)
      const mean = gaussian.reported!.values({ precision: packSymmetric(full, 2), eta: Float64Array.of(entries[4], entries[5]) }, 2)!
      expect(full[0] * mean[0] + full[1] * mean[1]).toBeCloseTo(entries[4], 9)
      expect(full[2] * mean[0] + full[3] * mean[1]).toBeCloseTo(entries[5], 9)
    }))
  })

  test('a precision that is not positive definite has neither mean nor normalizer', () => {
    const natural = { precision: Float64Array.of(1, 2, 1), eta: Float64Array.of(0, 0) }
    expect(gaussian.reported!.values(natural, 2)).toBeUndefined()
    expect(gaussian.logNormalizer!(natural, 2)).toBeUndefined()
    expect(precision.logNormalizer!(natural, 2)).toBeUndefined()
  })
})

describe('mlp', () => {
  /** The energy in plain numbers: ½ yᵀKy + wᵀf(W₂f(W₁y + b₁) + b₂). */
  function plainEnergy(theta: Float64Array, y: readonly number[], hidden: readonly number[], f: (z: number) => number, quadratic: readonly number[]): number {
    let offset = 0
    let h = [...y]
    for (const units of hidden) {
      const bias = offset + units * h.length
      const before = h
      h = Array.from({ length: units }, (_, i) => f(before.reduce((total, value, j) => total + theta[offset + i * before.length + j] * value, theta[bias + i])))
      offset = bias + units
    }
    const d = y.length
    const bowl = y.reduce((total, yi, i) => total + y.reduce((inner, yj, j) => inner + quadratic[i * d + j] * yi * yj, 0), 0)
    return bowl / 2 + h.reduce((total, value, i) => total + theta[offset + i] * value, 0)
  }
  const shapes = { silu: (z: number) => z / (1 + Math.exp(-z)), softplus: (z: number) => Math.log1p(Math.exp(z)), tanh: Math.tanh, sigmoid: (z: number) => 1 / (1 + Math.exp(-z)) }
  const quadratic = [1, 0.2, 0.2, 0.7]
  const points = [[0.3, -0.8], [1.7, 0.4], [-2.1, -1.1]]

  test.each(Object.entries(shapes) as [keyof typeof shapes, (z: number) => number][])('energy with %s, in plain numbers', (activation, f) => {
    const model = mlp({ hidden: [4, 3], activation, quadratic })
    const traced = trace(model, 2)
    const theta = start(model, 2)
    expect(theta.length).toBe(traced.parameterCount)
    for (const y of points) {
      const [value] = at(traced, [traced.logDensity], theta, y)
      expect(-value[0]).toBeCloseTo(plainEnergy(theta, y, [4, 3], f, quadratic), 13)
    }
  })

  test('exact score matching: the Laplacian by finite differences of the energy in plain numbers', () => {
    const model = mlp({ hidden: [4, 3], quadratic })
    const traced = trace(model, 2)
    const theta = start(model, 2)
    const energy = (y: readonly number[]): number => plainEnergy(theta, y, [4, 3], shapes.silu, quadratic)
    for (const y of points) {
      const moved = (j: number, by: number): number => energy(y.map((value, k) => (k === j ? value + by : value)))
      const objective = [0, 1].reduce((total, j) => {
        const h = 4e-3
        // Five-point formulas, errors O(h⁴).
        const first = (8 * (moved(j, h) - moved(j, -h)) - (moved(j, 2 * h) - moved(j, -2 * h))) / (12 * h)
        const second = (16 * (moved(j, h) + moved(j, -h)) - (moved(j, 2 * h) + moved(j, -2 * h)) - 30 * energy(y)) / (12 * h * h)
        return total - second + first * first / 2
      }, 0)
      const [value] = at(traced, [scoreMatching.objective(traced, undefined).value], theta, y)
      expect(Math.abs(value[0] - objective)).toBeLessThan(2e-8)
    }
  })

  test.each([['isotropic', isotropic(0.3, 2)], ['full', { factor: Float64Array.of(0.4, 0, -0.2, 0.3), isotropic: undefined }]] as const)('denoising with %s noise: ‖x − [x̃ + Cφ(x̃)]‖² in plain numbers', (_, noise) => {
    const model = mlp({ hidden: [4, 3], quadratic })
    const traced = trace(model, 2)
    const theta = start(model, 2)
    const { value, draws } = denoising.objective(traced, noise)
    const [l11, , l21, l22] = noise.factor
    const z = [0.7, -1.3]
    const shift = [l11 * z[0], l21 * z[0] + l22 * z[1]]
    const c = [l11 * l11, l11 * l21, l21 * l21 + l22 * l22]
    for (const x of points) {
      const noisy = [x[0] + shift[0], x[1] + shift[1]]
      const h = 1e-3
      const score = [0, 1].map((j) => {
        const e = (by: number): number => plainEnergy(theta, noisy.map((v, k) => (k === j ? v + by : v)), [4, 3], shapes.silu, quadratic)
        return -(8 * (e(h) - e(-h)) - (e(2 * h) - e(-2 * h))) / (12 * h)
      })
      const denoised = [noisy[0] + c[0] * score[0] + c[1] * score[1], noisy[1] + c[1] * score[0] + c[2] * score[1]]
      const [actual] = at(traced, [value], theta, x, [[draws[0], z]])
      expect(actual[0]).toBeCloseTo((x[0] - denoised[0]) ** 2 + (x[1] - denoised[1]) ** 2, 10)
    }
  })

  test('the bowl makes it integrable: far out the energy is the quadratic\'s', () => {
    const model = mlp({ hidden: [8], quadratic })
    const traced = trace(model, 2)
    const [value] = at(traced, [traced.logDensity], start(model, 2), [1e6, 0])
    expect(-value[0] / (0.5 * 1e12)).toBeCloseTo(1, 4)
  })

  test('options that make no network are refused', () => {
    expect(() => mlp({ hidden: [] })).toThrow('invalid hidden:  (must be one or more whole numbers ≥ 1)')
    expect(() => mlp({ hidden: [3, 0.5] })).toThrow('invalid hidden: 3,0.5 (must be one or more whole numbers ≥ 1)')
    expect(() => mlp({ activation: 'relu' as 'silu' })).toThrow('invalid activation: relu (must be one of silu, softplus, tanh, sigmoid')
  })
})

test('a model for another number of columns is refused', () => {
  const model = { ...gaussian, domain: { ...gaussian.domain, dimension: 3 } }
  expect(() => trace(model, 2)).toThrow('model gaussian is for 3 columns, the data have 2')
})

test('inverse of a Cholesky factor, for the tests that lean on it', () => {
  const inverse = invertCholesky(choleskyDecompose([4, 2, 2, 3], 2)!, 2)
  const expected = [0.375, -0.25, -0.25, 0.5]
  inverse.forEach((value, k) => expect(value).toBeCloseTo(expected[k], 15))
})
