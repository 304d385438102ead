// Fits of formulas: known numbers, closed forms, recovery of the truth, and what is derived from parameters.
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import type { Table } from '../../src/data/table.ts'
import { gaussian } from '../../src/model/energies/gaussian.ts'
import { formulaModel } from '../../src/model/formula/formula-model.ts'
import { fitModel } from '../../src/result/fit.ts'
import type { FitEnvironment, FitRequest } from '../../src/result/request.ts'
import { expectClose, onnx, readNumbers } from '../estimate/parametric-fixtures.ts'
import { jointTail } from '../estimate/recovery.ts'
import { tabulated } from '../model/tabulated.ts'

const environment: FitEnvironment = { engine: onnx, now: () => 0 }
const irisColumns = ['Sepal.Length', 'Sepal.Width', 'Petal.Length', 'Petal.Width']

function tableOf(values: Float64Array, columns: readonly string[]): Table {
  const rows = values.length / columns.length
  return { source: 'test', columns, rows, values, rowsRead: rows, columnsLeftOut: [] }
}

async function fitFormula(text: string, values: Float64Array, columns: readonly string[], request: FitRequest = {}, parameters?: string) {
  const result = await fitModel(formulaModel(text, { columns, ...(parameters === undefined ? {} : { parameters }) }), tableOf(values, columns), request, environment)
  await result.release()
  return result
}

/** Draws from exp(−k u²/2 − a u⁴). */
const quarticSampler = (k: number, a: number) => tabulated((u) => -k * u * u / 2 - a * u ** 4, [-6, 6])

describe('known numbers', () => {
  test('the Gaussian written as a formula gives the numbers of the built-in one, errors included (iris)', async () => {
    const { rows } = readNumbers('iris.csv')
    const { fit } = await fitFormula('-quadratic(precision, x)/2 + dot(eta, x)', rows, irisColumns)
    const builtIn = await fitModel(gaussian, tableOf(rows, irisColumns), {}, environment)
    await builtIn.release()
    expect(fit.estimator).toMatchObject({ route: 'closed-form', stopped: 'solved' })
    const own = fit.parameters!
    expect(own.map(({ name }) => name)).toEqual(builtIn.fit.parameters!.slice(0, 14).map(({ name }) => name))
    expectClose(own.map(({ estimate }) => estimate!), builtIn.fit.parameters!.slice(0, 14).map(({ estimate }) => estimate!), 1e-9)
    expectClose(own.map(({ standardError }) => standardError!), builtIn.fit.parameters!.slice(0, 14).map(({ standardError }) => standardError!), 1e-7)
    // genscore's value on this table: see the reference numbers.
    expect(own[0].estimate).toBeCloseTo(10.383924916, 8)
  })

  test('a quartic in closed form solves its normal equations', async () => {
    const random = createRandom('quartic')
    const draw = quarticSampler(0.5, 0.3)
    const rows = Float64Array.from({ length: 3000 }, () => draw(random))
    const { fit } = await fitFormula('-k*u^2/2 - a*u^4', rows, ['u'])
    // φ = −ku − 4au³: mean of φ′ + ½φ² is least where [m₂ 4m₄; 4m₄ 16m₆](k, a) = (1, 12m₂).
    const moment = (p: number): number => rows.reduce((total, value) => total + value ** p, 0) / rows.length
    const [m2, m4, m6] = [moment(2), moment(4), moment(6)]
    const determinant = m2 * 16 * m6 - 16 * m4 * m4
    expect(fit.estimator.route).toBe('closed-form')
    expectClose(fit.parameters!.map(({ estimate }) => estimate!), [(16 * m6 - 4 * m4 * 12 * m2) / determinant, (m2 * 12 * m2 - 4 * m4) / determinant], 1e-9)
    expect(fit.model.logDensity).toBe('-k*u^2/2 - a*u^4')
  })
})

describe('a formula that is not quadratic in its parameters', () => {
  const text = '-k*(h-mu)^2/2 - a*(h-mu)^4 - s*(w-b*h)^2/2'
  const truth = { k: 0.6, mu: 170, a: 0.05, s: 2, b: 0.4 }
  const simulate = (rows: number, seed: string): Float64Array => {
    const random = createRandom(seed)
    const draw = quarticSampler(truth.k, truth.a)
    const values = new Float64Array(2 * rows)
    for (let i = 0; i < rows; i++) {
      values[2 * i] = truth.mu + draw(random)
      values[2 * i + 1] = truth.b * values[2 * i] + random.normal() / Math.sqrt(truth.s)
    }
    return values
  }

  test('all parameters jointly within their errors, which shrink as 1/√n', async () => {
    const sizes = [2000, 8000, 32_000]
    const errors: number[][] = []
    for (const rows of sizes) {
      const { fit } = await fitFormula(text, simulate(rows, `of ${rows}`), ['h', 'w'], {}, 'a > 0, s > 0, mu = 165, b = 0.5')
      expect(fit.estimator).toMatchObject({ route: 'newton', stopped: 'converged' })
      expect(fit.parameters!.map(({ name }) => name)).toEqual(['k', 'mu', 'a', 's', 'b'])
      const covariance = Float64Array.from(fit.parameterCovariance!.flat().map((value) => value!))
      expect(jointTail(fit.parameters!.map(({ estimate }) => estimate!), covariance, Object.values(truth)), `${rows} rows`).toBeGreaterThan(1e-4)
      errors.push(fit.parameters!.map(({ standardError }) => standardError!))
    }
    // The error of a, which hangs on sixth moments, is itself known to about 14 % from 2000 rows: log(1.14)/log(16) = 0.05.
    errors[0].forEach((small, k) => {
      const slope = Math.log(errors[2][k] / small) / Math.log(sizes[2] / sizes[0])
      expect(Math.abs(slope + 0.5)).toBeLessThan(0.1)
    })
  }, 120_000)

  test('what is subtracted from a column starts at its mean, and a search over many rows ends where one over few leads', async () => {
    const model = formulaModel(text, { columns: ['h', 'w'], parameters: 'a > 0, s > 0' })
    const started = model.forRows!({ dimension: 2, covariance: new Float64Array(4), ladder: undefined, rows: () => new Float64Array(0), moments: () => ({ mean: Float64Array.of(170.5, 3), covariance: new Float64Array(4) }) })
    expect(Object.values(started.parameters(2)).map(({ initial }) => initial(createRandom(0))[0])).toEqual([0, 170.5, 1, 1, 0])
    expect(formulaModel(text, { columns: ['h', 'w'], parameters: 'mu = 3' }).forRows).toBeUndefined()
    // 15 000 rows are enough for a sample of them to lead: the end is the same as from the truth.
    const rows = simulate(15_000, 'many')
    const { fit, theta } = await fitFormula(text, rows, ['h', 'w'], {}, 'a > 0, s > 0')
    const near = await fitFormula(text, rows, ['h', 'w'], { steps: 50 }, 'k = 0.6, mu = 170, a > 0 = 0.05, s > 0 = 2, b = 0.4')
    expect(fit.estimator.stopped).toBe('converged')
    expectClose(theta, near.theta, 1e-6)
  }, 60_000)

  test('start values are taken', async () => {
    const rows = simulate(500, 'start')
    const given = await fitFormula(text, rows, ['h', 'w'], {}, 'k = 0.6, mu = 170, a > 0 = 0.05, s > 0 = 2, b = 0.4')
    const fromRun = await fitFormula(text, rows, ['h', 'w'], { initial: given.theta }, 'a > 0, s > 0')
    expectClose(fromRun.theta, given.theta, 1e-6)
    expect(fromRun.metrics.length).toBeLessThanOrEqual(2)
  })
})

describe('bad input', () => {
  test('a log-density that is not a number at some rows: which, with their values', async () => {
    const rows = Float64Array.of(...Array.from({ length: 40 }, (_, i) => 1 + i / 40), -1, -2)
    await expect(fitFormula('a*log(h) - b*h', rows, ['h'])).rejects.toThrow(/logDensity is not a number at 2 of 42 rows of test: row 41 \(h = -1\), row 42 \(h = -2\)/)
  })
  test('an objective that is not finite at some rows: which, with their values', async () => {
    const rows = Float64Array.of(...Array.from({ length: 40 }, (_, i) => 1 + i / 40), 0)
    await expect(fitFormula('a*log(h) - b*h', rows, ['h'])).rejects.toThrow(/not a finite number at row 41 \(h = 0\) for the start values a = 0, b = 0\./)
  })
  test('start values where nothing is searched', async () => {
    const rows = Float64Array.from({ length: 40 }, (_, i) => i / 40)
    await expect(fitFormula('-k*h^2', rows, ['h'], { initial: [1] })).rejects.toThrow(/invalid init: score-matching of formula is solved in closed form/)
  })
})

describe('derived quantities', () => {
  const { rows } = readNumbers('iris.csv')
  const fitIris = async (derive: string) => {
    const result = await fitModel(gaussian, tableOf(rows, irisColumns), { derive }, environment)
    await result.release()
    return result.fit
  }

  test('estimates and delta-method errors worked out by hand', async () => {
    const fit = await fitIris('partial = -precision[1,2]/sqrt(precision[1,1]*precision[2,2]), twice = 2*partial, swapped = precision[2,1]')
    const all = fit.parameters!
    const at = (name: string): number => all.findIndex((parameter) => parameter.name === name)
    const [k11, k12, k22] = ['precision[1,1]', 'precision[1,2]', 'precision[2,2]'].map((name) => all[at(name)].estimate!)
    const value = -k12 / Math.sqrt(k11 * k22)
    const slopes = new Map([['precision[1,2]', -1 / Math.sqrt(k11 * k22)], ['precision[1,1]', -value / (2 * k11)], ['precision[2,2]', -value / (2 * k22)]])
    let variance = 0
    for (const [a, slopeA] of slopes) for (const [b, slopeB] of slopes) variance += slopeA * slopeB * fit.parameterCovariance![at(a)][at(b)]!
    const [partial, twice, swapped] = fit.derived
    expectClose([partial.estimate!, partial.standardError!], [value, Math.sqrt(variance)], 1e-9)
    expectClose([twice.estimate!, twice.standardError!], [2 * value, 2 * Math.sqrt(variance)], 1e-9)
    expect(swapped).toEqual({ ...all[at('precision[1,2]')], name: 'swapped' })
    // Twice the quantity has twice the interval, which lies around the estimate.
    expectClose(twice.interval!, partial.interval!.map((end) => 2 * end), 1e-9)
    expectClose([(partial.interval![0] + partial.interval![1]) / 2], [value], 1e-9)
    expect((partial.interval![1] - value) / (1.959963984540054 * partial.standardError!)).toBeGreaterThan(1.01)
  })

  test('of what the model reports: the same as from the natural parameters', async () => {
    const fit = await fitIris('again = mean[1], ratio = mean[1]/mean[2], trace = sum(i, precision[i,i]), exponent = quadratic(precision, eta)')
    const mean = fit.parameters!.find(({ name }) => name === 'mean[1]')!
    const [again, ratio, trace, exponent] = fit.derived
    expectClose([again.estimate!, again.standardError!], [mean.estimate!, mean.standardError!], 1e-9)
    // The sample's means, and the error of a ratio of them, because score matching of a Gaussian gives those.
    const n = rows.length / 4
    const [a, b] = [0, 1].map((j) => rows.filter((_, e) => e % 4 === j))
    const averages = [a, b].map((column) => column.reduce((total, x) => total + x, 0) / n)
    const residual = a.map((x, i) => (x - averages[0] - (averages[0] / averages[1]) * (b[i] - averages[1])) / averages[1])
    expectClose([ratio.estimate!, ratio.standardError!], [averages[0] / averages[1], Math.sqrt(residual.reduce((total, r) => total + r * r, 0)) / n], 1e-7)
    expect(trace.estimate).toBeCloseTo(10.383924916 + 11.132634811 + 10.099005280 + 27.87949834, 6)
    expect(exponent.standardError).toBeGreaterThan(0)
  })

  test.each([
    ['ratio = a/b', /^invalid formula of ratio: the model has no parameter a; it has precision\[1,1\]/],
    ['ratio = presicion[1,1]', /the model has no parameter presicion\[1,1\] \(did you mean precision\[1,1\]\?\)/],
    ['precision[1,1]', /^invalid derive: precision\[1,1\] \(must be like ratio = a\/b/],
    ['a = 1 +', /^invalid formula of a: it does not parse/],
    ['a = eta[1], a = eta[2]', /a is defined twice/],
    ['a = eta', /its value has 4 elements/],
    ['a = pi', /it uses no parameter/],
  ])('%s is refused', async (derive, message) => {
    await expect(fitIris(derive)).rejects.toThrow(message)
  })
})
