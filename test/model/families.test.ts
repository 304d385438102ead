// Independent components, kernel exponential families and products of experts: energies and normalizers worked out by hand, closed
// forms, and the truth recovered from simulated tables.
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { gradient } from '../../src/differentiate/reverse.ts'
import { evaluate } from '../../src/engine/reference.ts'
import { scoreMatching } from '../../src/estimate/estimators/score-matching.ts'
import { tensor } from '../../src/graph/tensor.ts'
import { gaussian } from '../../src/model/energies/gaussian.ts'
import { ica } from '../../src/model/energies/ica.ts'
import { interaction } from '../../src/model/energies/interaction.ts'
import { inducingPoints, kernel, kernelAt } from '../../src/model/energies/kernel.ts'
import { mlp } from '../../src/model/energies/mlp.ts'
import { precision } from '../../src/model/energies/precision.ts'
import { formulaModel } from '../../src/model/formula/formula-model.ts'
import { fitParametric } from '../../src/estimate/parametric.ts'
import { trace, weightOf } from '../../src/model/model.ts'
import type { Model } from '../../src/model/model.ts'
import { product } from '../../src/model/product.ts'
import { expectClose, fitModel, normalRows, onnx } from '../estimate/parametric-fixtures.ts'
import { jointTail } from '../estimate/recovery.ts'
import { bumps, bumpsTruth, mixedSources, squareRoots, squareRootsTruth } from './family-cases.ts'

/** log-density and score at a point. */
function at(model: Model, theta: readonly number[], x: readonly number[]): { value: number; score: number[] } {
  const traced = trace(model, x.length)
  const [value, score] = evaluate([traced.logDensity, gradient(traced.logDensity, [traced.x])[0]], new Map([[traced.theta, tensor([theta.length], theta)], [traced.x, tensor([x.length], x)]]))
  return { value: value.data[0], score: Array.from(score.data) }
}

describe('ica', () => {
  const c = Math.PI / (2 * Math.sqrt(3))

  test('energy and score worked out by hand', () => {
    const { value, score } = at(ica, [1, 0.5, -0.3, 2], [0.7, -1.1])
    const u = [0.7 - 0.55, -0.21 - 2.2]
    expect(value).toBeCloseTo(u.reduce((total, v) => total - 2 * Math.log(Math.cosh(c * v)), 0), 13)
    const slopes = u.map((v) => -2 * c * Math.tanh(c * v))
    expectClose(score, [slopes[0] - 0.3 * slopes[1], 0.5 * slopes[0] + 2 * slopes[1]], 1e-12)
    // Far out log cosh is its asymptote, and does not overflow.
    expect(at(ica, [1, 0, 0, 1], [1e6, 0]).value / (-2 * (c * 1e6 - Math.LN2))).toBeCloseTo(1, 14)
  })

  test('log Z: that of the logistic density times |det W|', () => {
    const W = Float64Array.of(1, 0.5, -0.3, 2)
    expect(ica.logNormalizer!({ W }, 2)).toBeCloseTo(2 * Math.log(2 / c) - Math.log(2.15), 13)
    expect(ica.logNormalizer!({ W: Float64Array.of(1, 2, 2, 4) }, 2)).toBeUndefined()
  })

  test('the mixing is recovered, with errors that shrink as 1/√n', async () => {
    const sizes = [1000, 4000, 16_000]
    const errors: number[] = []
    for (const rows of sizes) {
      const values = mixedSources(rows, `sources ${rows}`)
      const { fit } = await fitModel(startingFrom(values), scoreMatching, values, 2)
      expect(fit.stopped).toBe('converged')
      const { theta, covariance } = aligned(fit.theta, fit.covariance!)
      expect(jointTail(theta, covariance, [1, 0.5, -0.3, 2]), `${rows} rows`).toBeGreaterThan(1e-4)
      errors.push(Math.sqrt(covariance[0]))
    }
    // A standard error of 1000 rows is known to some percent.
    expect(Math.abs(Math.log(errors[2] / errors[0]) / Math.log(16) + 0.5)).toBeLessThan(0.05)
  }, 60_000)

  /** The model as a fit to these rows has it. */
  function startingFrom(rows: Float64Array): Model {
    return ica.forRows!(aboutRows(rows, 2))
  }

  /** Rows of W in the order and with the signs of the truth. */
  function aligned(theta: Float64Array, covariance: Float64Array): { theta: Float64Array; covariance: Float64Array } {
    const isSwapped = Math.abs(theta[1]) > Math.abs(theta[0])
    const order = isSwapped ? [2, 3, 0, 1] : [0, 1, 2, 3]
    const signs = [Math.sign(theta[order[0]]), Math.sign(theta[order[0]]), Math.sign(theta[order[3]]), Math.sign(theta[order[3]])]
    return {
      theta: Float64Array.from(order, (k, i) => signs[i] * theta[k]),
      covariance: Float64Array.from({ length: 16 }, (_, e) => signs[e >> 2] * signs[e % 4] * covariance[order[e >> 2] * 4 + order[e % 4]]),
    }
  }
})

function aboutRows(rows: Float64Array, dimension: number) {
  const n = rows.length / dimension
  const mean = Float64Array.from({ length: dimension }, (_, j) => rows.reduce((total, value, e) => (e % dimension === j ? total + value / n : total), 0))
  const covariance = new Float64Array(dimension * dimension)
  for (let r = 0; r < n; r++) {
    for (let i = 0; i < dimension; i++) for (let j = 0; j < dimension; j++) covariance[i * dimension + j] += (rows[r * dimension + i] - mean[i]) * (rows[r * dimension + j] - mean[j]) / n
  }
  return { dimension, covariance, ladder: undefined, rows: () => rows, moments: () => ({ mean, covariance }) }
}

describe('kernel', () => {
  const { setting, weights } = bumpsTruth

  test('energy and score worked out by hand', () => {
    const x = 0.9
    const bump = (z: number): number => Math.exp(-((x - z) ** 2) / (2 * 0.64 * 1.44))
    const { value, score } = at(kernelAt(setting), weights, [x])
    const bumps = [-1, 0.5, 2].map((z, k) => weights[k] * bump(z))
    expect(value).toBeCloseTo(-((x - 0.3) ** 2) / 2.88 + bumps.reduce((a, b) => a + b), 13)
    expect(score[0]).toBeCloseTo(-(x - 0.3) / 1.44 + [-1, 0.5, 2].reduce((total, z, k) => total - bumps[k] * (x - z) / (0.64 * 1.44), 0), 13)
  })

  test('the weights of a known density are recovered in closed form, with errors that shrink as 1/√n', async () => {
    const model = kernelAt(setting)
    const sizes = [1000, 4000, 16_000]
    const errors: number[] = []
    for (const rows of sizes) {
      const values = bumps(rows, `bumps ${rows}`)
      const { fit } = await fitModel(model, scoreMatching, values, 1)
      expect([fit.route, fit.stopped]).toEqual(['closed-form', 'solved'])
      expect(jointTail(fit.theta, fit.covariance!, weights), `${rows} rows`).toBeGreaterThan(1e-4)
      errors.push(Math.sqrt(fit.covariance![0]))
    }
    expect(Math.abs(Math.log(errors[2] / errors[0]) / Math.log(16) + 0.5)).toBeLessThan(0.05)
  })

  test('points are rows, spread over them; with as many points as rows all of them', () => {
    const rows = normalRows(500, 2, 'points')
    const { mean, covariance } = aboutRows(rows, 2).moments()
    const { points, spacing } = inducingPoints(rows, { mean, covariance }, 12)
    expect(points).toHaveLength(24)
    const isRow = (x: number, y: number): boolean => rows.some((value, e) => e % 2 === 0 && value === x && rows[e + 1] === y)
    for (let k = 0; k < 24; k += 2) expect(isRow(points[k], points[k + 1])).toBe(true)
    // 12 points over a disc of radius 2 or so.
    expect(spacing).toBeGreaterThan(0.5)
    expect(spacing).toBeLessThan(1.5)
    expect(inducingPoints(rows.subarray(0, 12), aboutRows(rows.subarray(0, 12), 2).moments(), 12).points).toEqual(rows.slice(0, 12))
  })

  test('is made from the rows of a fit', () => {
    const rows = normalRows(200, 1, 'rows')
    const made = kernel({ points: 5 }).forRows!(aboutRows(rows, 1))
    expect((made.details!.points as number[][]).every(([z]) => rows.includes(z))).toBe(true)
    expect(trace(made, 1).parameterNames).toEqual([1, 2, 3, 4, 5].map((k) => `weight[${k}]`))
    expect(() => trace(kernel(), 1)).toThrow(/model kernel has no points yet/)
  })
})

describe('interaction', () => {
  const theta = squareRootsTruth

  test.each([
    [[0.5, 0.5], (x: number) => Math.sqrt(x), (x: number) => Math.sqrt(x), 1, 2],
    [[1, 0.5], (x: number) => x, (x: number) => Math.sqrt(x), 0.5, 2],
    [[0, 0], Math.log, Math.log, 0.5, 1],
    [[1.5, 0], (x: number) => x ** 1.5, Math.log, 1 / 3, 1],
  ] as const)('energy at powers %s, worked out by hand', (power, f, g, half, linear) => {
    const [x, y] = [0.7, 2.3]
    const expected = -half * (1.5 * f(x) ** 2 - f(x) * f(y) + f(y) ** 2) + linear * (0.5 * g(x) + 0.8 * g(y))
    expect(at(interaction({ power }), theta, [x, y]).value).toBeCloseTo(expected, 13)
  })

  test('at powers one it is the truncated Gaussian', () => {
    const x = [0.7, 2.3]
    expectClose(at(interaction({ power: [1, 1] }), theta, x).score, at(gaussian, theta, x).score, 1e-13)
  })

  test('the parameters of a square-root model are recovered on x > 0, with errors that shrink as 1/√n', async () => {
    const sizes = [1000, 4000, 16_000]
    const errors: number[] = []
    for (const rows of sizes) {
      const values = squareRoots(rows, `square roots ${rows}`)
      const model = interaction()
      const located = model.domain.over(['a', 'b'])
      const traced = trace(model, located, { weight: weightOf(model), scales: [1, 1] })
      const fit = await fitParametric(traced, scoreMatching, values, onnx, { random: createRandom(0) })
      expect([fit.route, fit.stopped]).toEqual(['closed-form', 'solved'])
      expect(jointTail(fit.theta, fit.covariance!, theta), `${rows} rows`).toBeGreaterThan(1e-4)
      errors.push(Math.sqrt(fit.covariance![0]))
    }
    expect(Math.abs(Math.log(errors[2] / errors[0]) / Math.log(16) + 0.5)).toBeLessThan(0.06)
  })

  test('two powers are needed', () => {
    expect(() => interaction({ power: [1] })).toThrow('invalid power: 1 (must be two numbers, a,b)')
  })
})

describe('products of experts', () => {
  test('log-densities are added; names that clash get that of their expert', () => {
    const quartic = formulaModel('-a*h^4 + dot(eta, [h, w]) - w^2', { columns: ['h', 'w'] })
    const both = product([gaussian, quartic])
    expect(both.name).toBe('gaussian + formula')
    const traced = trace(both, 2)
    expect(traced.parameterNames).toEqual(['precision[1,1]', 'precision[1,2]', 'precision[2,2]', 'gaussian_eta[1]', 'gaussian_eta[2]', 'a', 'formula_eta[1]', 'formula_eta[2]'])
    const theta = [2, 0.3, 1, 0.5, -0.5, 0.2, 1, 2]
    const x = [0.7, -0.4]
    const parts = [at(gaussian, theta.slice(0, 5), x), at(quartic, theta.slice(5), x)]
    const whole = at(both, theta, x)
    expect(whole.value).toBeCloseTo(parts[0].value + parts[1].value, 13)
    expectClose(whole.score, [parts[0].score[0] + parts[1].score[0], parts[0].score[1] + parts[1].score[1]], 1e-12)
    expect(both.reported).toBeUndefined()
  })

  test('a product is solved as what it is: a Gaussian times a linear term is a Gaussian', async () => {
    const rows = normalRows(400, 2, 'product').map((value, e) => (e % 2 === 0 ? 2 * value + 1 : value - 3))
    const tilted = product([precision, formulaModel('dot(eta, x)', { columns: ['a', 'b'] })])
    const { fit } = await fitModel(tilted, scoreMatching, rows, 2)
    const { fit: direct } = await fitModel(gaussian, scoreMatching, rows, 2)
    expectClose(fit.theta, direct.theta, 1e-9)
  })

  test.each([
    ['a network', [gaussian, mlp()], /mlp is a network/],
    ['an expert twice', [gaussian, gaussian], /gaussian twice/],
  ])('%s is refused', (_, experts, message) => {
    expect(() => product(experts)).toThrow(message)
  })
})
