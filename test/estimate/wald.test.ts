// Wald tests: the χ² tail against published quantiles, statistics against their formulas, and their size by simulation.
import { describe, expect, test } from 'vitest'
import { chiSquaredTail } from '../../src/base/chi-squared.ts'
import { createRandom } from '../../src/base/random.ts'
import { scoreMatching } from '../../src/estimate/estimators/score-matching.ts'
import { describeParameters } from '../../src/estimate/uncertainty.ts'
import { waldTest } from '../../src/estimate/wald.ts'
import { gaussian } from '../../src/model/energies/gaussian.ts'
import { parseHypotheses } from '../../src/model/hypotheses.ts'
import { expectClose, fitModel, normalRows } from './parametric-fixtures.ts'

test('the tail of χ²: quantiles of the usual tables, and the exponential at two degrees of freedom', () => {
  // R: qchisq(0.95, k).
  const quantiles = [3.841458820694124, 5.991464547107979, 7.814727903251179, 9.487729036781154, 11.070497693516351]
  expectClose(quantiles.map((x, k) => chiSquaredTail(x, k + 1)), [0.05, 0.05, 0.05, 0.05, 0.05], 1e-12)
  expectClose([chiSquaredTail(124.342113404004, 100), chiSquaredTail(6, 2), chiSquaredTail(0, 7)], [0.05, Math.exp(-3), 1], 1e-12)
})

describe('hypotheses', () => {
  const names = ['a', 'b', 'precision[1,2]', 'mean[1]']
  const plain = (text: string) => parseHypotheses(text, names).map(({ equations }) => equations.map(({ factors, value }) => [Object.fromEntries([...factors].map(([k, factor]) => [names[k], factor])), value]))
  test('are read as they are written', () => {
    expect(plain('a = b, precision[2, 1] = 0; 2 mean[1] - 0.5*a = 1 + b - 3')).toEqual([
      [[{ a: 1, b: -1 }, 0], [{ 'precision[1,2]': 1 }, 0]],
      [[{ 'mean[1]': 2, a: -0.5, b: -1 }, -2]],
    ])
  })
  test.each(['a', 'a = ', '= 1', 'a = b = 1', 'a b = 1', 'a = 2 +', 'a = a', '', 'a == b', 'a = $'])('%s is refused', (text) => {
    expect(() => parseHypotheses(text, names)).toThrow(/^invalid test: /)
  })
  test('an unknown name gets the nearest', () => {
    expect(() => parseHypotheses('mean[2] = 1', names)).toThrow(/unknown parameter mean\[2\] \(did you mean mean\[1\]\?\)/)
  })
})

test('a statistic is the square of the difference in its errors, jointly the quadratic form; reported parameters too', async () => {
  const rows = normalRows(400, 2, 'wald').map((z, k) => 1 + z + (k % 2 ? 0.3 : 0))
  const { fit, traced } = await fitModel(gaussian, scoreMatching, rows, 2)
  const described = describeParameters(traced, fit, 0.95)
  const test = (text: string) => waldTest(described, parseHypotheses(text, described.parameters.map(({ name }) => name))[0])
  const { estimate, standardError } = described.parameters[1]
  expectClose([test('precision[1,2] = 0').statistic!], [(estimate! / standardError!) ** 2], 1e-12)
  // Means have the covariance of sample means: var(x₂ − x₁)/n.
  const differences = Array.from({ length: 400 }, (_, i) => rows[2 * i + 1] - rows[2 * i])
  const mean = differences.reduce((a, b) => a + b) / 400
  const variance = differences.reduce((sum, one) => sum + (one - mean) ** 2, 0) / 400
  expectClose([test('mean[2] = mean[1]').statistic!], [(mean * mean * 400) / variance], 1e-7)
  const both = test('mean[1] = 1, mean[2] = 1')
  const m = [0, 1].map((j) => rows.reduce((sum, x, k) => sum + (k % 2 === j ? x : 0), 0) / 400)
  const s = [0, 1].flatMap((j) => [0, 1].map((k) => Array.from({ length: 400 }, (_, i) => (rows[2 * i + j] - m[j]) * (rows[2 * i + k] - m[k])).reduce((a, b) => a + b) / 400))
  const [u, v] = [m[0] - 1, m[1] - 1]
  expectClose([both.statistic!], [(400 * (s[3] * u * u - 2 * s[1] * u * v + s[0] * v * v)) / (s[0] * s[3] - s[1] * s[2])], 1e-7)
  expect(both.degreesOfFreedom).toBe(2)
  // Equations that repeat each other have no test.
  expect(test('mean[1] = 1, 2 mean[1] = 2')).toMatchObject({ statistic: null, pValue: null })
})

test('under the hypothesis p-values are uniform: 100 tables, mean and share below 0.1 within four of their errors', async () => {
  const random = createRandom('wald size')
  const found: number[] = []
  for (let table = 0; table < 100; table++) {
    const rows = new Float64Array(2 * 500)
    random.fillNormal(rows)
    const { fit, traced } = await fitModel(gaussian, scoreMatching, rows, 2)
    const described = describeParameters(traced, fit, 0.95)
    found.push(waldTest(described, parseHypotheses('precision[1,2] = 0, precision[1,1] = precision[2,2], mean[1] = 0', described.parameters.map(({ name }) => name))[0]).pValue!)
  }
  expect(Math.abs(found.reduce((a, b) => a + b) / 100 - 0.5)).toBeLessThan(4 / Math.sqrt(12 * 100))
  expect(Math.abs(found.filter((p) => p < 0.1).length / 100 - 0.1)).toBeLessThan(4 * Math.sqrt((0.1 * 0.9) / 100))
}, 120_000)
