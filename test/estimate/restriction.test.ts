// Parameters held: estimates, errors and verdicts are those of the model with fewer parameters.
import { describe, expect, test } from 'vitest'
import { choleskyDecompose, solveCholesky } from '../../src/base/linear-algebra.ts'
import { scoreMatching } from '../../src/estimate/estimators/score-matching.ts'
import { rowMoments } from '../../src/estimate/row-moments.ts'
import { describeParameters } from '../../src/estimate/uncertainty.ts'
import { gaussian } from '../../src/model/energies/gaussian.ts'
import { precision } from '../../src/model/energies/precision.ts'
import { exp } from '../../src/model/expression.ts'
import { parseFixings, restrictionOf } from '../../src/model/fixing.ts'
import { defineModel, trace } from '../../src/model/model.ts'
import type { Model } from '../../src/model/model.ts'
import { positive, scalar, vector } from '../../src/model/parameters.ts'
import { engines, expectClose, fitModel, normalRows, readNumbers } from './parametric-fixtures.ts'

const held = (model: Model, dimension: number, text: string, rows: Float64Array) => ({ restriction: restrictionOf(trace(model, dimension), parseFixings(text), rows) })
const iris = readNumbers('iris.csv')

describe.each(engines)('on engine $name', (engine) => {
  test('iris with two zeros: 6.988 in the data\'s units, and the normal equations of the pattern', async () => {
    const { fit, value } = await fitModel(gaussian, scoreMatching, iris.rows, 4, held(gaussian, 4, 'precision[1,4] = 0, precision[3,2]=0', iris.rows), engine)
    expect(fit.stopped).toBe('solved')
    expect(fit.route).toBe('closed-form')
    expect(value('precision[1,1]')).toBeCloseTo(6.988, 3)
    expect([value('precision[1,4]'), value('precision[2,3]')]).toEqual([0, 0])
    // With η = K·mean the objective is −tr K + ½ tr KΣK: for symmetric units Eₚ of the pattern Σ_q tr(EₚΣE_q) k_q = tr Eₚ.
    const { covariance: sigma, mean } = rowMoments(iris.rows, 4)
    const pairs = [0, 1, 2, 3].flatMap((i) => [0, 1, 2, 3].flatMap((j) => (i <= j && `${i}${j}` !== '03' && `${i}${j}` !== '12' ? [[i, j]] : [])))
    const units = pairs.map(([i, j]) => Float64Array.from({ length: 16 }, (_, e) => (e === 4 * i + j || e === 4 * j + i ? 1 : 0)))
    const product = (a: Float64Array, b: Float64Array): number => [...Array(64).keys()].reduce((sum, e) => sum + a[e >> 2] * sigma[4 * (e >> 2 & 3) + (e & 3)] * b[4 * (e & 3) + (e >> 4)], 0)
    const system = Float64Array.from(units.flatMap((a) => units.map((b) => (product(a, b) + product(b, a)) / 2)))
    const expected = solveCholesky(choleskyDecompose(system, 8)!, 8, pairs.map(([i, j]) => (i === j ? 1 : 0)))
    expectClose(pairs.map(([i, j]) => value(`precision[${i + 1},${j + 1}]`)), expected, 1e-9)
    const row = pairs.reduce((sum, [i, j], k) => sum + (i === 0 ? expected[k] * mean[j] : 0), 0)
    expectClose([value('eta[1]')], [row], 1e-9)
  })

  test('η = 0 is the zero-mean model, errors included', async () => {
    const { fit: zero, traced } = await fitModel(gaussian, scoreMatching, iris.rows, 4, held(gaussian, 4, 'eta = 0', iris.rows), engine)
    const { fit: own } = await fitModel(precision, scoreMatching, iris.rows, 4, {}, engine)
    expectClose(zero.theta.subarray(0, 10), own.theta, 1e-9)
    const { parameters, covariance } = describeParameters(traced, zero, 0.95)
    expectClose(parameters.slice(0, 10).map(({ standardError }) => standardError!), Array.from({ length: 10 }, (_, k) => Math.sqrt(own.covariance![11 * k])), 1e-8)
    expect(parameters[10]).toEqual({ name: 'eta[1]', estimate: 0, standardError: null, interval: null, fixed: true })
    expect(covariance![0].slice(10)).toEqual([null, null, null, null])
    // The mean is zero for all precisions: held with η.
    expect(parameters[14]).toEqual({ name: 'mean[1]', estimate: 0, standardError: null, interval: null, fixed: true })
  })

  test('a search holds parameters too: exp(b x) with b known is a shifted exponent', async () => {
    const model = defineModel({ name: 'bent', parameters: { a: positive(), b: scalar({ initial: 1 }) }, logDensity: ({ a, b }, x) => exp(x.at(0).mul(b)).add(exp(x.at(0).mul(b).neg())).mul(a).neg() })
    const rows = normalRows(400, 1, 'bent')
    const { fit, value } = await fitModel(model, scoreMatching, rows, 1, held(model, 1, 'b = 0.7', rows), engine)
    expect([fit.route, fit.stopped, value('b')]).toEqual(['closed-form', 'solved', 0.7])
    // φ = −a·b(eᵇˣ − e⁻ᵇˣ), φ' = −a·b²(eᵇˣ + e⁻ᵇˣ): a = Σ (e + e⁻) / Σ (e − e⁻)².
    const sums = rows.reduce(([up, down], x) => [up + Math.exp(0.7 * x) + Math.exp(-0.7 * x), down + (Math.exp(0.7 * x) - Math.exp(-0.7 * x)) ** 2], [0, 0])
    expectClose([value('a')], [sums[0] / sums[1]], 1e-10)
    const other = await fitModel(model, scoreMatching, rows, 1, held(model, 1, 'a=0.2', rows), engine)
    expect([other.fit.route, other.fit.stopped, other.value('a')]).toEqual(['newton', 'converged', 0.2])
    expect(other.fit.gradientNorm).toBeLessThan(1e-9)
  })
})

test('what a model can hold: a direction of the rows, its length free', async () => {
  const directed = defineModel({
    name: 'directed', parameters: { eta: vector(2) },
    logDensity: ({ eta }, x) => x.square().sum().mul(-0.5).add(x.mul(eta).sum()),
    holds: {
      direction: {
        sentence: 'the direction of η at that of the mean of the rows', parameter: 'eta',
        restrict: (rows, dimension) => {
          const { mean } = rowMoments(rows, dimension)
          return { names: ['length'], positive: [true], columns: mean.map((value) => value / Math.hypot(...mean)), start: Float64Array.of(1) }
        },
      },
    },
  })
  const rows = normalRows(300, 2, 'directed').map((z, k) => z + (k % 2 ? 1 : 2))
  const { mean } = rowMoments(rows, 2)
  const { fit, error } = await fitModel(directed, scoreMatching, rows, 2, held(directed, 2, 'direction', rows))
  // φ = η − x: the length is that of the mean, and its error that of the rows along it.
  expectClose(fit.theta, mean, 1e-12)
  const along = Array.from({ length: 300 }, (_, i) => (rows[2 * i] * mean[0] + rows[2 * i + 1] * mean[1]) / Math.hypot(...mean))
  const spread = along.reduce((sum, x) => sum + (x - Math.hypot(...mean)) ** 2, 0) / 300
  expectClose([error('eta[1]') ** 2 + error('eta[2]') ** 2], [spread / 300], 1e-10)
  expect(fit.fixed).toEqual([false, false])
})

test('a parameter that the formula lacks is named although others are held', async () => {
  const model = defineModel({ name: 'lacking', parameters: { k: positive(), m: scalar(), c: scalar() }, logDensity: ({ k, m, c }, x) => x.at(0).square().mul(k).mul(-0.5).add(x.at(0).mul(m)).add(c) })
  const rows = normalRows(100, 1, 'lacking')
  const { fit } = await fitModel(model, scoreMatching, rows, 1, held(model, 1, 'm = 0', rows))
  expect(fit.stopped).toBe('flat direction')
  expect(fit.determined).toEqual([true, true, false])
  expect(fit.warnings.map(({ message }) => message).join()).toMatch(/^c cannot be estimated: the score/)
})

describe('what cannot be held', () => {
  const rows = normalRows(20, 2, 'held')
  const model = defineModel({ name: 'rates', parameters: { rate: positive(), shift: vector(2) }, logDensity: ({ rate, shift }, x) => x.square().sum().mul(rate).neg().add(x.mul(shift).sum()) })
  test.each([
    ['shift[3] = 0', /unknown parameter shift\[3\] \(did you mean shift\[1\]\?\) \(must be one of rate, shift\[1\], shift\[2\]\)/],
    ['rate = -1', /^invalid fix: rate = -1 \(must be > 0\)$/],
    ['shift', /^invalid fix: shift \(must have a value: shift = 0\)$/],
    ['shift = 0, shift[1] = 1', /^invalid fix: shift\[1\] twice/],
    ['shift = 0, rate = 1', /all parameters are held/],
    ['shift = a', /^invalid fix: shift = a \(must be NAME = NUMBER/],
    ['', /must be NAME = NUMBER/],
  ])('%s', (text, message) => {
    expect(() => held(model, 2, text, rows)).toThrow(message)
  })
})
