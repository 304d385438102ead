// Fits solved in closed form, against published numbers, algebra on the moments, and hand-made quadratics.
import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { choleskyDecompose, invertCholesky, multiply } from '../../src/base/linear-algebra.ts'
import { minimizeQuadratic } from '../../src/estimate/closed-form.ts'
import { scoreMatching } from '../../src/estimate/estimators/score-matching.ts'
import { rowMoments } from '../../src/estimate/row-moments.ts'
import { describeParameters } from '../../src/estimate/uncertainty.ts'
import { scale as scaleNode } from '../../src/graph/ops/linear.ts'
import { gaussian } from '../../src/model/energies/gaussian.ts'
import { precision } from '../../src/model/energies/precision.ts'
import { logSumExp, stack } from '../../src/model/expression.ts'
import { defineModel } from '../../src/model/model.ts'
import { positive, scalar } from '../../src/model/parameters.ts'
import { curvatureOf, engines, expectClose, fitModel, normalRows, readNumbers } from './parametric-fixtures.ts'

const inverse = (matrix: Float64Array, size: number): Float64Array => invertCholesky(choleskyDecompose(matrix, size)!, size)

describe.each(engines.map((engine) => [engine.name, engine] as const))('on engine %s', (_, engine) => {
  test('the Gaussian on iris is genscore\'s (λ = 0, divisor n)', async () => {
    const { rows, dimension } = readNumbers('iris.csv')
    const { fit, traced } = await fitModel(gaussian, scoreMatching, rows, dimension, {}, engine)
    expect(dimension).toBe(4)
    expect([fit.route, fit.stopped, fit.warnings]).toEqual(['closed-form', 'solved', []])
    // Published to ten digits or so: what is compared is their last one.
    const published = [10.383924916, -6.758244195, -7.363573019, 5.77847416, 11.132634811, 6.524083016, -6.21234802, 10.099005280, -14.61117433, 27.87949834, 19.272538610, 11.612329834, -2.653121771, -6.699649457]
    expectClose(fit.theta, published, 1e-9)
    const { covariance, mean } = rowMoments(rows, 4)
    const k = inverse(covariance, 4)
    const eta = multiply(k, mean, 4, 4, 1)
    expectClose(fit.theta, [0, 1, 2, 3, 5, 6, 7, 10, 11, 15].map((e) => k[e]).concat(Array.from(eta)), 1e-11)
    expectClose(describeParameters(traced, fit, 0.95).parameters.slice(14).map(({ estimate }) => estimate!), mean, 1e-11, 'mean')
  })
})

test('the Gaussian on frets', async () => {
  const { rows, dimension } = readNumbers('frets.csv')
  const { value } = await fitModel(gaussian, scoreMatching, rows, dimension)
  const published = [0.029279, 0.0502914, 0.0393662, 0.08947993]
  const digits = [6, 7, 7, 8]
  published.forEach((expected, k) => expect(value(`precision[${k + 1},${k + 1}]`)).toBeCloseTo(expected, digits[k]))
  const k = inverse(rowMoments(rows, 4).covariance, 4)
  for (let i = 0; i < 4; i++) for (let j = i; j < 4; j++) expectClose([value(`precision[${i + 1},${j + 1}]`)], [k[i * 4 + j]], 1e-9)
})

test('precision is the inverse of mean xxᵀ, never centered', async () => {
  const rows = normalRows(200, 3, 'off center').map((value, k) => value * (1 + (k % 3)) + 2)
  const { fit, value } = await fitModel(precision, scoreMatching, rows, 3)
  const second = multiply(Float64Array.from({ length: rows.length }, (_, e) => rows[(e % 200) * 3 + Math.floor(e / 200)]), rows, 3, 200, 3).map((v) => v / 200)
  const expected = inverse(second, 3)
  for (let i = 0; i < 3; i++) for (let j = i; j < 3; j++) expectClose([value(`precision[${i + 1},${j + 1}]`)], [expected[i * 3 + j]], 1e-11)
  expect(fit.stopped).toBe('solved')
})

test('columns of very different scales and far from zero keep nine digits', async () => {
  const rows = normalRows(400, 3, 'scales').map((value, k) => [1e6 * value + 2e7, 1e-4 * value + 3e-3, value - 50][k % 3])
  const { fit } = await fitModel(gaussian, scoreMatching, rows, 3)
  const k = inverse(rowMoments(rows, 3).covariance, 3)
  expectClose(fit.theta.slice(0, 6), [0, 1, 2, 4, 5, 8].map((e) => k[e]), 1e-9)
})

test.each([1e20, 1e40, 1e60, 1e-40, 1e-60])('in units of %d the fit is the same in these units', async (unit) => {
  const rows = normalRows(300, 2, 'units').map((z, k, all) => (k % 2 ? z + 0.5 * all[k - 1] + 1 : z))
  const plain = await fitModel(gaussian, scoreMatching, rows, 2)
  const { fit, traced } = await fitModel(gaussian, scoreMatching, rows.map((x) => unit * x), 2)
  expect([fit.stopped, fit.warnings]).toEqual(['solved', []])
  const powers = [2, 2, 2, 1, 1, -1, -1]
  const described = (of: typeof plain) => describeParameters(of.traced, of.fit, 0.95).parameters
  const inUnits = (pick: 'estimate' | 'standardError') => described(plain).map((parameter, k) => parameter[pick]! / unit ** powers[k])
  const found = describeParameters(traced, fit, 0.95).parameters
  expectClose(found.map(({ estimate }) => estimate!), inUnits('estimate'), 1e-11)
  expectClose(found.map(({ standardError }) => standardError!), inUnits('standardError'), 1e-8)
})

test('positive parameters too are found in any unit', async () => {
  const model = defineModel({ name: 'k', parameters: { k: positive(), h: scalar() }, logDensity: ({ k, h }, x) => x.at(0).square().mul(k).mul(-0.5).add(x.at(0).mul(h)) })
  const rows = normalRows(300, 1, 'positive').map((z) => 1e50 * (z + 2))
  const { fit, value } = await fitModel(model, scoreMatching, rows, 1)
  const { mean, covariance } = rowMoments(rows, 1)
  expect([fit.route, fit.stopped]).toEqual(['closed-form', 'solved'])
  expectClose([value('k'), value('h')], [1 / covariance[0], mean[0] / covariance[0]], 1e-11)
})

test('a table in several chunks is the same fit', async () => {
  const rows = normalRows(150_000, 1, 'many').map((value) => 3 + 0.5 * value)
  const { value } = await fitModel(gaussian, scoreMatching, rows, 1)
  const { mean, covariance } = rowMoments(rows, 1)
  expectClose([value('precision[1,1]'), value('eta[1]')], [1 / covariance[0], mean[0] / covariance[0]], 1e-11)
})

describe('what the rows do not determine', () => {
  const withConstant = defineModel({
    name: 'with constant',
    parameters: { k: scalar(), c: scalar({ initial: 3 }) },
    logDensity: ({ k, c }, x) => x.at(0).square().mul(k).mul(-0.5).add(c.square()),
  })

  test('a term c(θ) is named as not identified, and leaves the others alone', async () => {
    const rows = normalRows(300, 1, 'c')
    const { fit, traced, value, error } = await fitModel(withConstant, scoreMatching, rows, 1)
    const { parameters } = describeParameters(traced, fit, 0.95)
    const without = await fitModel(precision, scoreMatching, rows, 1)
    expect(fit.stopped).toBe('flat direction')
    expect(fit.warnings.map(({ code }) => code)).toEqual(['not-identified'])
    expect(fit.warnings[0].message).toMatch(/^c cannot be estimated: the score .* does not depend on it/)
    expect(parameters[1]).toEqual({ name: 'c', estimate: null, standardError: null, interval: null })
    expectClose([value('k'), error('k')], [without.value('precision[1,1]'), without.error('precision[1,1]')], 1e-12)
  })

  test('two parameters that only act by their sum are named together', async () => {
    const redundant = defineModel({
      name: 'redundant',
      parameters: { a: scalar(), b: scalar(), m: scalar() },
      logDensity: ({ a, b, m }, x) => x.at(0).square().mul(a.add(b)).mul(-0.5).add(x.at(0).mul(m)),
    })
    const rows = normalRows(300, 1, 'sum')
    const { fit, value } = await fitModel(redundant, scoreMatching, rows, 1)
    expect(fit.stopped).toBe('flat direction')
    expect(fit.determined).toEqual([false, false, true])
    expect(fit.warnings[0].message).toMatch(/^a, b cannot be estimated one by one/)
    // Not because of an offset at which another model keeps its parameters.
    const far = await fitModel(redundant, scoreMatching, rows.map((x) => x + 1e6), 1)
    expect(far.fit.determined).toEqual([false, false, true])
    expectClose([value('a') + value('b')], [1 / rowMoments(rows, 1).covariance[0]], 1e-11)
  })

  test('too few rows for a precision matrix: unbounded, with the reason', async () => {
    const { fit } = await fitModel(gaussian, scoreMatching, Float64Array.of(1, 2, 3, 1, 5, 2), 3)
    expect(fit.stopped).toBe('unbounded')
    expect(fit.covariance).toBeNull()
    expect(fit.warnings[0]).toMatchObject({ code: 'unbounded', message: expect.stringMatching(/At these 2 rows .* too few different rows/) })
  })
})

describe('positive parameters', () => {
  // −a x⁴ + b x²; on rows of lighter tails than any such density with a > 0 the best a is negative, and ends at zero.
  const quartic = defineModel({
    name: 'quartic',
    parameters: { a: positive(), b: scalar() },
    logDensity: ({ a, b }, x) => x.at(0).pow(4).mul(a).neg().add(x.at(0).square().mul(b)),
  })

  test('inside: the normal equations of the double well', async () => {
    const rows = Float64Array.from({ length: 400 }, (_, k) => (k % 2 ? 1 : -1) * (1 + 0.3 * Math.sin(k)))
    const { fit, value } = await fitModel(quartic, scoreMatching, rows, 1)
    const m = (p: number): number => rows.reduce((total, x) => total + x ** p, 0) / rows.length
    // φ = −4ax³ + 2bx, ∂φ = −12ax² + 2b: J̃ = −12a m₂ + 2b + 8a² m₆ − 8ab m₄ + 2b² m₂.
    const determinant = 16 * m(6) * 4 * m(2) - 64 * m(4) ** 2
    expectClose([value('a'), value('b')], [(12 * m(2) * 4 * m(2) - 8 * m(4) * 2) / determinant, (-2 * 16 * m(6) + 8 * m(4) * 12 * m(2)) / determinant], 1e-11)
    expect(fit.stopped).toBe('solved')
  })

  test('at the bound: a = 0 and b is the Gaussian\'s', async () => {
    const rows = Float64Array.from({ length: 501 }, (_, k) => 1.3 * Math.tan((k - 250) / 180))
    const { fit, traced, value } = await fitModel(quartic, scoreMatching, rows, 1)
    expect([fit.route, fit.stopped]).toEqual(['closed-form', 'at a bound'])
    expect(value('a')).toBe(0)
    expectClose([value('b')], [-1 / (2 * rows.reduce((total, x) => total + x * x, 0) / rows.length)], 1e-11)
    const [a, b] = describeParameters(traced, fit, 0.95).parameters
    expect(a).toEqual({ name: 'a', estimate: 0, standardError: null, interval: null, atBound: true })
    expect(b.standardError).toBeGreaterThan(0)
    expect(fit.warnings[0].message).toMatch(/^a ended at zero/)
  })
})

describe('quadratics by themselves', () => {
  interface Quadratic { readonly hessian: Float64Array; readonly gradient: Float64Array; readonly start: Float64Array; readonly positive: readonly boolean[] }
  const minimize = ({ hessian, gradient, start, positive }: Quadratic) => minimizeQuadratic({
    start, positive,
    gradient: async (theta) => multiply(hessian, theta.map((v, k) => v - start[k]), start.length, start.length, 1).map((v, k) => v + gradient[k]),
    curvature: (atBound) => curvatureOf(hessian, atBound),
    gradientSize: async () => start.map(() => 1),
  })
  const spd = (entries: readonly number[], size: number): Float64Array => multiply(Float64Array.from({ length: size * size }, (_, e) => entries[(e % size) * size + Math.floor(e / size)]), Float64Array.from(entries), size, size, size).map((v, e) => v + (e % (size + 1) === 0 ? 0.1 : 0))

  test('the bounded minimum satisfies the Karush–Kuhn–Tucker conditions', async () => {
    await fc.assert(fc.asyncProperty(
      fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 16, maxLength: 16 }),
      fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 4, maxLength: 4 }),
      fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
      async (entries, slope, bounded) => {
        const hessian = spd(entries, 4)
        const gradient = Float64Array.from(slope)
        const start = new Float64Array(4).fill(1)
        const { theta, outcome, atBound } = await minimize({ hessian, gradient, start, positive: bounded })
        const after = multiply(hessian, theta.map((v, k) => v - start[k]), 4, 4, 1).map((v, k) => v + gradient[k])
        expect(outcome).toBe('solved')
        theta.forEach((value, k) => {
          if (atBound.includes(k)) {
            expect(value).toBe(0)
            expect(after[k]).toBeGreaterThan(-1e-8)
          } else {
            expect(Math.abs(after[k])).toBeLessThan(1e-8)
            if (bounded[k]) expect(value).toBeGreaterThanOrEqual(0)
          }
        })
      },
    ))
  })

  test('a bound met on the way is left again when the minimum lies inside', async () => {
    // From (5, 0.1) the way to (−4, −1) meets θ₂ = 0 first; with θ₁ at its bound the best θ₂ is −1 + 0.9·4 = 2.6.
    const hessian = Float64Array.of(1, -0.9, -0.9, 1)
    const start = Float64Array.of(5, 0.1)
    const gradient = multiply(hessian, [9, 1.1], 2, 2, 1)
    const { theta, atBound } = await minimize({ hessian, gradient, start, positive: [true, true] })
    expect(atBound).toEqual([0])
    expectClose(theta, [0, 2.6], 1e-14)
  })

  test('a ray that a bound stops is no unboundedness', async () => {
    const problem = { hessian: new Float64Array(4), gradient: Float64Array.of(1, 0), start: Float64Array.of(2, 5) }
    expect(await minimize({ ...problem, positive: [true, false] })).toMatchObject({ outcome: 'solved', atBound: [0], theta: Float64Array.of(0, 5) })
    expect((await minimize({ ...problem, positive: [false, false] })).outcome).toBe('unbounded')
  })

  test('negative curvature is unbounded', async () => {
    const { outcome, ray } = await minimize({ hessian: Float64Array.of(1, 0, 0, -1), gradient: Float64Array.of(0, 0), start: Float64Array.of(0, 0), positive: [false, false] })
    expect(outcome).toBe('unbounded')
    expect(ray![0]).toBeCloseTo(0)
  })
})

test('an estimate that is no density is said to be none', async () => {
  // The objective of the energy with its sign turned: its minimum has the negative of the right precision.
  const reversed = { ...scoreMatching, objective: (traced: Parameters<typeof scoreMatching.objective>[0]) => {
    const { value } = scoreMatching.objective({ ...traced, logDensity: scaleNode(traced.logDensity, -1) }, undefined)
    return { value, draws: [] }
  } }
  const { fit, traced, value } = await fitModel(gaussian, reversed, normalRows(100, 2, 'reversed'), 2)
  expect(value('precision[1,1]')).toBeLessThan(0)
  expect(fit.warnings.map(({ code }) => code)).toEqual(['not-integrable'])
  expect(describeParameters(traced, fit, 0.95).parameters.at(-1)).toEqual({ name: 'mean[2]', estimate: null, standardError: null, interval: null })
})

test('a smooth model that is not quadratic in its parameters is not solved in closed form', async () => {
  const mixture = defineModel({
    name: 'cosh',
    parameters: { m: scalar({ initial: 1 }) },
    logDensity: ({ m }, x) => logSumExp(stack([x.at(0).sub(m).square().mul(-0.5), x.at(0).add(m).square().mul(-0.5)])),
  })
  const { fit } = await fitModel(mixture, scoreMatching, normalRows(100, 1, 7).map((v, k) => v + (k % 2 ? 2 : -2)), 1)
  expect(fit.route).toBe('newton')
})
