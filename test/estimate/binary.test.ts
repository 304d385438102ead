// Pseudo-likelihood and ratio matching: objectives by hand, closed forms, maximum likelihood beside them, recovery of the truth.
import { describe, expect, test } from 'vitest'
import { choleskyDecompose, solveCholesky } from '../../src/base/linear-algebra.ts'
import { pseudoLikelihood } from '../../src/estimate/estimators/pseudo-likelihood.ts'
import { ratioMatching } from '../../src/estimate/estimators/ratio-matching.ts'
import { overRows } from '../../src/estimate/batch.ts'
import { openTable } from '../../src/estimate/moment-points.ts'
import { openFullBatch } from '../../src/estimate/full-batch.ts'
import { integrateNoise } from '../../src/estimate/integrate-noise.ts'
import { createRandom } from '../../src/base/random.ts'
import { ising } from '../../src/model/energies/ising.ts'
import { abs, exp } from '../../src/model/expression.ts'
import { parseFixings, restrictionOf } from '../../src/model/fixing.ts'
import { defineModel, trace } from '../../src/model/model.ts'
import type { Model } from '../../src/model/model.ts'
import { scalar, vector } from '../../src/model/parameters.ts'
import { allRows, dotOf, isingRows, isingTruth, pairsOf, statistics } from '../sample/ising-fixtures.ts'
import { engines, expectClose, fitModel } from './parametric-fixtures.ts'
import { jointTail } from './recovery.ts'

const estimators = [pseudoLikelihood, ratioMatching]

/** Written once more, from the definitions: conditional probabilities of the value that a row has. */
function byHand(logDensity: (s: readonly number[]) => number, rows: readonly (readonly number[])[], of: (conditional: number) => number): number {
  const one = (s: readonly number[]): number => s.reduce((sum, _, i) => {
    const other = s.map((value, k) => (k === i ? -value : value))
    const [p, q] = [Math.exp(logDensity(s)), Math.exp(logDensity(other))]
    return sum + of(p / (p + q))
  }, 0)
  return rows.reduce((sum, s) => sum + one(s), 0) / rows.length
}
const ofConditional = { 'pseudo-likelihood': (p: number) => -Math.log(p), 'ratio-matching': (p: number) => (1 / (1 + p / (1 - p))) ** 2 }

const third: Model = defineModel({
  name: 'third', domain: 'binary', parameters: { h: vector(3), t: scalar() },
  logDensity: ({ h, t }, s) => s.mul(h).sum().add(s.at(0).mul(s.at(1)).mul(s.at(2)).mul(t)),
})
const bent: Model = defineModel({ name: 'bent', domain: 'binary', parameters: { a: scalar(), b: scalar() }, logDensity: ({ a, b }, s) => exp(s.at(0).mul(a).add(s.at(1).mul(b)).sub(s.at(2).mul(0.3))) })

const kinked: Model = defineModel({ name: 'kinked', domain: 'binary', parameters: { a: scalar(), b: scalar() }, logDensity: ({ a, b }, s) => abs(s.at(0).add(s.at(1))).mul(a).add(s.at(2).mul(b)) })

const cases: { model: Model; theta: number[]; logDensity: (s: readonly number[]) => number }[] = [
  { model: ising, theta: [0.3, -0.5, 0.2, 0.7, -0.4, 0.25], logDensity: (s) => dotOf([0.3, -0.5, 0.2, 0.7, -0.4, 0.25], statistics(s)) },
  { model: third, theta: [0.1, -0.3, 0.7, 0.4], logDensity: (s) => 0.1 * s[0] - 0.3 * s[1] + 0.7 * s[2] + 0.4 * s[0] * s[1] * s[2] },
  { model: kinked, theta: [0.7, -0.2], logDensity: (s) => 0.7 * Math.abs(s[0] + s[1]) - 0.2 * s[2] },
  { model: bent, theta: [0.6, -0.8], logDensity: (s) => Math.exp(0.6 * s[0] - 0.8 * s[1] - 0.3 * s[2]) },
]
const rows = [[1, -1, 1], [-1, -1, 1], [1, 1, 1], [-1, 1, -1], [1, -1, 1]]

describe.each(engines)('objectives and gradients on engine $name', (engine) => {
  test.each(cases.flatMap((each) => estimators.map((estimator) => ({ ...each, estimator, title: `${estimator.name} of ${each.model.name}` }))))('$title, by hand', async ({ model, theta, logDensity, estimator }) => {
    const traced = trace(model, 3)
    const { inputs, total, gradient } = overRows(traced, estimator.objective(traced, undefined))
    const program = await engine.prepare({ name: 'objective', type: 'float64', inputs: [...inputs, traced.theta], outputs: { total, gradient } })
    const at = (values: Float64Array) => program.run({ theta: { shape: [theta.length], data: values }, rows: { shape: [5, 3], data: Float64Array.from(rows.flat()) } })
    const found = await at(Float64Array.from(theta))
    expect(found.total.data[0] / 5).toBeCloseTo(byHand(logDensity, rows, ofConditional[estimator.name as 'ratio-matching']), 13)
    for (const [k] of theta.entries()) {
      const [up, down] = await Promise.all([1e-5, -1e-5].map(async (by) => (await at(Float64Array.from(theta, (value, j) => (j === k ? value + by : value)))).total.data[0]))
      expect(found.gradient.data[k]).toBeCloseTo((up - down) / 2e-5, 8)
    }
    await program.release()
  })
})

test('pseudo-likelihood is the sum of the losses of d logistic regressions, whose coefficients are 2h and 2J', async () => {
  const truth = isingTruth(4, 3)
  const data = isingRows(truth, 4, 50, 3)
  const traced = trace(ising, 4)
  const batch = openFullBatch(traced, integrateNoise(traced, pseudoLikelihood.objective(traced, undefined), { random: createRandom(0) }), data, engines[1])
  const { objective } = await batch.evaluate(truth)
  await batch.release()
  const coupling = (i: number, j: number): number => truth[4 + pairsOf(4).findIndex(([a, b]) => a === Math.min(i, j) && b === Math.max(i, j))]
  let losses = 0
  for (let row = 0; row < 50; row++) {
    for (let i = 0; i < 4; i++) {
      const linear = 2 * truth[i] + [0, 1, 2, 3].reduce((sum, j) => (j === i ? sum : sum + 2 * coupling(i, j) * data[4 * row + j]), 0)
      const isOne = data[4 * row + i] === 1
      losses -= (isOne ? linear : 0) - Math.log(1 + Math.exp(linear))
    }
  }
  expect(objective).toBeCloseTo(losses / 50, 12)
})

test.each(estimators)('$name of two spins: closed forms from the 2 × 2 table, those of both logistic regressions', async (estimator) => {
  // Counts of (+,+), (+,−), (−,+), (−,−). The model is saturated: maximum likelihood, every regression and both estimators agree.
  const [a, b, c, d] = [23, 11, 8, 31]
  const cells: [number, number, number][] = [[a, 1, 1], [b, 1, -1], [c, -1, 1], [d, -1, -1]]
  const table = Float64Array.from(cells.flatMap(([count, ...row]) => Array.from({ length: count }, () => row).flat()))
  const { fit, value } = await fitModel(ising, estimator, table, 2)
  expect(fit.stopped).toBe('converged')
  expectClose([value('h[1]'), value('h[2]'), value('J[1,2]')], [Math.log((a * b) / (c * d)) / 4, Math.log((a * c) / (b * d)) / 4, Math.log((a * d) / (b * c)) / 4], 1e-8)
  // The delta method for J: ¼² (1/a + 1/b + 1/c + 1/d).
  expect(Math.sqrt(fit.covariance![8])).toBeCloseTo(Math.sqrt(1 / a + 1 / b + 1 / c + 1 / d) / 4, 7)
})

/** Maximum likelihood by Newton's method over all rows, with its covariance. */
function maximumLikelihood(data: Float64Array, d: number): { theta: Float64Array; errors: Float64Array } {
  const size = d + pairsOf(d).length
  const states = allRows(d).map(statistics)
  const observed = new Float64Array(size)
  for (let row = 0; row < data.length / d; row++) statistics(Array.from(data.subarray(row * d, (row + 1) * d))).forEach((value, k) => { observed[k] += value * d / data.length })
  const theta = new Float64Array(size)
  let factor = new Float64Array(0)
  for (let step = 0; step < 50; step++) {
    const weights = states.map((state) => Math.exp(dotOf(theta, state)))
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    const mean = observed.map((_, k) => states.reduce((sum, state, n) => sum + state[k] * weights[n], 0) / total)
    const information = Float64Array.from({ length: size * size }, (_, e) => states.reduce((sum, state, n) => sum + (state[Math.floor(e / size)] - mean[Math.floor(e / size)]) * (state[e % size] - mean[e % size]) * weights[n], 0) / total)
    factor = Float64Array.from(choleskyDecompose(information, size)!)
    solveCholesky(factor, size, observed.map((value, k) => value - mean[k])).forEach((by, k) => { theta[k] += by })
  }
  const errors = Float64Array.from({ length: size }, (_, k) => Math.sqrt(solveCholesky(factor, size, Float64Array.from({ length: size }, (__, j) => Number(j === k)))[k] * d / data.length))
  return { theta, errors }
}

test.each(estimators)('$name lies near maximum likelihood by enumeration, and knows little less', async (estimator) => {
  const data = isingRows(isingTruth(3, 11), 3, 4000, 11)
  const best = maximumLikelihood(data, 3)
  const { fit } = await fitModel(ising, estimator, data, 3)
  fit.theta.forEach((value, k) => {
    // All see the same rows: what they differ by is what they lose, a small part of an error.
    expect(Math.abs(value - best.theta[k]) / best.errors[k]).toBeLessThan(0.5)
    const ratio = Math.sqrt(fit.covariance![k * 7]) / best.errors[k]
    expect(ratio).toBeGreaterThan(0.97)
    expect(ratio).toBeLessThan(1.15)
  })
})

describe.each(estimators)('$name recovers ten spins', (estimator) => {
  const truth = isingTruth(10, 7)
  const lengths: number[] = []
  test.each([2000, 8000, 32000])('%d rows', { timeout: 120_000 }, async (count) => {
    const { fit } = await fitModel(ising, estimator, isingRows(truth, 10, count, count), 10)
    expect(fit.stopped).toBe('converged')
    expect(jointTail(fit.theta, fit.covariance!, Array.from(truth))).toBeGreaterThan(1e-4)
    // √n times the root of the summed variances, and of the summed squared errors.
    lengths.push(Math.sqrt(count * fit.theta.reduce((sum, _, k) => sum + fit.covariance![k * 56], 0)), Math.sqrt(count * fit.theta.reduce((sum, value, k) => sum + (value - truth[k]) ** 2, 0)))
  })
  test('errors shrink as 1/√n', () => {
    const [first, firstTrue, second, secondTrue, third, thirdTrue] = lengths
    // Four times the rows, half the error: standard errors to 10 %, the errors of 55 parameters themselves to √(2/55)/2 ≈ 10 % each.
    for (const ratio of [first / second, second / third]) expect(Math.abs(ratio - 1)).toBeLessThan(0.1)
    for (const ratio of [firstTrue / secondTrue, secondTrue / thirdTrue, firstTrue / first, thirdTrue / third]) expect(Math.abs(Math.log(ratio))).toBeLessThan(0.45)
  })
})

test('rows that repeat are counted: objective, derivatives and squares are those of all rows, weighted ones too', async () => {
  const data = isingRows(isingTruth(4, 1), 4, 300, 1)
  const weights = Float64Array.from({ length: 300 }, (_, k) => [0, 0.5, 1, 2.5][k % 4])
  const traced = trace(ising, 4)
  const objective = integrateNoise(traced, ratioMatching.objective(traced, undefined), { random: createRandom(0) })
  const theta = isingTruth(4, 2)
  for (const weighting of [{}, { weights }]) {
    const [whole, counted] = [openFullBatch(traced, objective, data, engines[1], undefined, weighting), openTable(traced, objective, data, engines[1], undefined, weighting)]
    const [a, b] = [await whole.evaluate(theta), await counted.evaluate(theta)]
    expectClose([b.objective, ...b.gradient], [a.objective, ...a.gradient], 1e-10)
    expectClose(await counted.hessian(theta), await whole.hessian(theta), 1e-9)
    expectClose(await counted.gradientSquares(theta), await whole.gradientSquares(theta), 1e-10)
    expect(counted.rowCount).toBe(300)
    await counted.release()
    await whole.release()
  }
})

test('weights are repeated rows, and held parameters those of the smaller model', async () => {
  const data = isingRows(isingTruth(3, 5), 3, 400, 5)
  const counts = Float64Array.from({ length: 400 }, (_, k) => 1 + (k % 3))
  const repeated = Float64Array.from(Array.from(counts).flatMap((count, row) => Array.from({ length: count }, () => Array.from(data.subarray(3 * row, 3 * row + 3))).flat()))
  const mean = counts.reduce((sum, count) => sum + count, 0) / 400
  const weighted = await fitModel(ising, pseudoLikelihood, data, 3, { weighting: { weights: counts.map((count) => count / mean) } })
  const plain = await fitModel(ising, pseudoLikelihood, repeated, 3)
  expectClose(weighted.fit.theta, plain.fit.theta, 1e-7)
  // Without couplings the pseudo-likelihood is the likelihood: tanh h is the mean.
  const { value } = await fitModel(ising, pseudoLikelihood, data, 3, { restriction: restrictionOf(trace(ising, 3), parseFixings('J = 0'), data) })
  for (const j of [0, 1, 2]) {
    const mean = data.reduce((sum, spin, e) => (e % 3 === j ? sum + spin / 400 : sum), 0)
    expect(value(`h[${j + 1}]`)).toBeCloseTo(Math.atanh(mean), 7)
  }
})
