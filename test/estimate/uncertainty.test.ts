// Standard errors and intervals: the analytic sandwich, the delta method worked out by hand, and coverage by simulation.
import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { columnScale } from '../../src/data/standardize.ts'
import { denoising } from '../../src/estimate/estimators/denoising.ts'
import { scoreMatching } from '../../src/estimate/estimators/score-matching.ts'
import { normalQuantile } from '../../src/base/normal-distribution.ts'
import { covarianceOf, describeParameters, sandwich } from '../../src/estimate/uncertainty.ts'
import { choleskyDecompose, invertCholesky, multiply, transpose } from '../../src/base/linear-algebra.ts'
import { createRandom } from '../../src/base/random.ts'
import { trace } from '../../src/model/model.ts'
import { rowMoments } from '../../src/estimate/row-moments.ts'
import { fitParametric } from '../../src/estimate/parametric.ts'
import { gaussian } from '../../src/model/energies/gaussian.ts'
import { precision } from '../../src/model/energies/precision.ts'
import { defineModel } from '../../src/model/model.ts'
import { scalar } from '../../src/model/parameters.ts'
import { curvatureOf, engines, expectClose, fitModel, isotropic, normalRows, onnx, readNumbers } from './parametric-fixtures.ts'

const meanOf = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0) / values.length

/** Natural parameters of a Gaussian of one column by score matching: 1/variance and mean/variance. */
function gaussianOf(rows: Float64Array): [number, number] {
  const mean = meanOf([...rows])
  const variance = meanOf(Array.from(rows, (x) => (x - mean) ** 2))
  return [1 / variance, mean / variance]
}

describe.each(engines)('the one-dimensional Gaussian on engine $name', (engine) => {
  // Skewed rows, so that the sandwich is not the inverse information.
  const rows = normalRows(500, 1, 'skewed').map((z) => 2 + z + 0.4 * (z * z - 1))
  const m = (p: number): number => meanOf(Array.from(rows, (x) => x ** p))

  test('zero mean: the variance of k̂ is var(x²)·k⁴/n', async () => {
    // ψ = −1 + kx², A = m₂, B = mean (kx² − 1)², k = 1/m₂.
    const { error, value } = await fitModel(precision, scoreMatching, rows, 1, {}, engine)
    const k = 1 / m(2)
    const expected = Math.sqrt((k * k * m(4) - 1) / m(2) ** 2 / rows.length)
    expectClose([value('precision[1,1]'), error('precision[1,1]')], [k, expected], 1e-11)
  })

  test('with a mean: the whole covariance, and the errors of the mean', async () => {
    const { fit, traced } = await fitModel(gaussian, scoreMatching, rows, 1, {}, engine)
    // φ = −kx + h, J̃ = −k + ½(h − kx)²: ψ = (−1 − x(h − kx), h − kx); A = [[m₂, −m₁], [−m₁, 1]].
    const [k, h] = fit.theta
    const a = [m(2), -m(1), -m(1), 1]
    const psi = Array.from(rows, (x) => [-1 - x * (h - k * x), h - k * x])
    const b = [0, 1, 2, 3].map((e) => meanOf(psi.map((p) => p[e >> 1] * p[e & 1])))
    const determinant = a[0] * a[3] - a[1] * a[2]
    const inverse = [a[3] / determinant, -a[1] / determinant, -a[2] / determinant, a[0] / determinant]
    const times = (x: number[], y: number[]): number[] => [0, 1, 2, 3].map((e) => x[e & 2] * y[e & 1] + x[(e & 2) + 1] * y[(e & 1) + 2])
    const expected = times(times(inverse, b), inverse).map((value) => value / rows.length)
    expectClose(fit.covariance!, expected, 1e-9)
    // The mean's error is that of a sample mean, whatever the distribution: its influence is x − m₁.
    const { parameters } = describeParameters(traced, fit, 0.9)
    expectClose([parameters[2].estimate!, parameters[2].standardError!], [m(1), Math.sqrt((m(2) - m(1) ** 2) / rows.length)], 1e-8)
    const [low, high] = parameters[2].interval!
    // Intervals: what leaving out each row does to k and h, which for a Gaussian are 1/variance and mean/variance.
    const moves = Array.from(rows, (_, i) => {
      const [k1, h1] = gaussianOf(rows.filter((__, j) => j !== i))
      return (h1 - h) / k - (h / k ** 2) * (k1 - k)
    })
    const error = Math.sqrt(moves.reduce((total, move) => total + move ** 2, 0))
    expectClose([(high - low) / 2, (high + low) / 2], [1.6448536269514722 * error, m(1)], 2e-8)
    expect(error / parameters[2].standardError!).toBeGreaterThan(1.001)
  })

  test('the objective and its error are those of its rows', async () => {
    const { fit } = await fitModel(gaussian, scoreMatching, rows, 1, {}, engine)
    const [k, h] = fit.theta
    const values = Array.from(rows, (x) => -k + (h - k * x) ** 2 / 2)
    const variance = meanOf(values.map((v) => (v - meanOf(values)) ** 2))
    expectClose([fit.objective, fit.objectiveStandardError], [meanOf(values), Math.sqrt(variance / rows.length)], 1e-11)
    expect(fit.gradientNorm).toBeLessThan(1e-12)
  })
})

test('means of iris have the errors of sample means, through the delta method of K⁻¹η', async () => {
  const { rows } = readNumbers('iris.csv')
  const { fit, traced } = await fitModel(gaussian, scoreMatching, rows, 4)
  const { parameters, covariance } = describeParameters(traced, fit, 0.95)
  const columns = [0, 1, 2, 3].map((j) => Array.from({ length: 150 }, (_, i) => rows[4 * i + j]))
  const errors = columns.map((column) => Math.sqrt(meanOf(column.map((x) => (x - meanOf(column)) ** 2)) / 150))
  expectClose(parameters.slice(14).map(({ standardError }) => standardError!), errors, 1e-7)
  expect(parameters.map(({ name }) => name).slice(13)).toEqual(['eta[4]', 'mean[1]', 'mean[2]', 'mean[3]', 'mean[4]'])
  expect(covariance!.length).toBe(14)
  expectClose([covariance![1][2]!], [covariance![2][1]!], 0)
  expectClose([Math.sqrt(covariance![0][0]!)], [parameters[0].standardError!], 1e-15)
})

// Rounding of a column at r standard deviations from zero is 10⁻¹⁶ r of one: no formulation has more digits than that leaves.
test.each([[1e3, 1e-8], [1e6, 1e-6], [1e8, 1e-2]])('at %d standard deviations from zero the errors of means are those of sample means', async (offset, tolerance) => {
  for (const [dimension, count] of [[1, 500], [3, 2000]]) {
    const rows = normalRows(count, dimension, 'offset').map((z, k, all) => 3 * (offset + z + (k % dimension ? 0.5 * all[k - 1] : 0)))
    const { fit, traced } = await fitModel(gaussian, scoreMatching, rows, dimension)
    expect([fit.stopped, fit.warnings]).toEqual(['solved', []])
    const { mean, covariance } = rowMoments(rows, dimension)
    const errors = Array.from({ length: dimension }, (_, j) => Math.sqrt(covariance[j * (dimension + 1)] / count))
    const means = describeParameters(traced, fit, 0.95).parameters.slice(traced.parameterCount)
    expectClose(means.map(({ standardError }) => standardError!), errors, tolerance)
    means.forEach(({ estimate }, j) => expect(Math.abs(estimate! - mean[j])).toBeLessThan(0.01 * errors[j]))
    const k = invertCholesky(choleskyDecompose(covariance, dimension)!, dimension)
    expectClose(fit.theta.slice(0, 1), k.slice(0, 1), tolerance)
  }
})

test('a column too far from zero is named, and nothing is called not identified', async () => {
  const rows = normalRows(500, 2, 'too far').map((z, k) => (k % 2 ? z : 3 * z + 1e13))
  const { fit, traced } = await fitModel(gaussian, scoreMatching, rows, 2, { scale: columnScale({ source: 'test', columns: ['p', 'q'], rows: 500, values: rows, rowsRead: 500, columnsLeftOut: [] }) })
  expect(fit.warnings.map(({ code }) => code)).toEqual(['cancellation'])
  expect(fit.warnings[0].message).toContain('column "p" lies 4e+12 of its standard deviations from zero. Subtract a constant from it, such as 10000000000000,')
  expect(describeParameters(traced, fit, 0.95).parameters[0].estimate).toBeNull()
})

test('95 % intervals cover the truth in 95 % of 250 tables of 500 rows', async () => {
  const traced = trace(gaussian, 2)
  const truth = [1.5, -0.5, 1, 1, 0.25, 0.7, 0.6]
  // Precision [[1.5, −.5], [−.5, 1]] has covariance [[1, .5], [.5, 1.5]]/1.25; η = K·mean.
  const mean = [truth[5], truth[6]]
  truth[3] = 1.5 * mean[0] - 0.5 * mean[1]
  truth[4] = -0.5 * mean[0] + mean[1]
  const l11 = Math.sqrt(0.8)
  const l21 = 0.4 / l11
  const l22 = Math.sqrt(1.2 - l21 ** 2)
  const covered = new Array<number>(7).fill(0)
  const tables = 250
  for (let table = 0; table < tables; table++) {
    const z = normalRows(500, 2, table)
    const rows = z.map((_, e) => (e % 2 ? mean[1] + l21 * z[e - 1] + l22 * z[e] : mean[0] + l11 * z[e]))
    const fit = await fitParametric(traced, scoreMatching, rows, onnx, { random: createRandom(0) })
    describeParameters(traced, fit, 0.95).parameters.forEach(({ interval }, k) => { if (interval![0] <= truth[k] && truth[k] <= interval![1]) covered[k]++ })
  }
  // Binomial: 95 % of 250 has standard deviation 3.4; the sandwich at n = 500 undercovers by less than a percent.
  covered.forEach((count, k) => {
    expect(count, `parameter ${k + 1}`).toBeGreaterThan(0.95 * tables - 4 * 3.4)
    expect(count, `parameter ${k + 1}`).toBeLessThan(0.95 * tables + 4 * 3.4)
  })
}, 60_000)

test('errors of denoising estimates against their spread over tables', async () => {
  const estimates: number[] = []
  const errors: number[] = []
  for (let table = 0; table < 120; table++) {
    const { value, error } = await fitModel(gaussian, denoising, normalRows(200, 1, `d${table}`), 1, { noise: isotropic(0.7, 1) })
    estimates.push(value('precision[1,1]'))
    errors.push(error('precision[1,1]'))
  }
  const deviation = Math.sqrt(meanOf(estimates.map((value) => (value - meanOf(estimates)) ** 2)))
  // A hundred and twenty tables give a deviation within 6.5 %.
  expect(meanOf(errors) / deviation).toBeGreaterThan(0.8)
  expect(meanOf(errors) / deviation).toBeLessThan(1.2)
})

/** The sandwich of two matrices, A and B, from ten rows. */
async function sandwichOf(hessian: Float64Array, products: Float64Array) {
  const size = Math.sqrt(hessian.length)
  const curvature = await curvatureOf(hessian)
  const { columns, count } = curvature.basis
  const seen = multiply(transpose(columns, size, count), multiply(products, columns, size, size, count), count, size, count)
  const { root, determined } = sandwich(curvature, seen, 10, [])
  return { covariance: covarianceOf(root, size), determined, flatShare: curvature.flatShare }
}

test('a singular Hessian leaves no error for what it does not determine, and the right one for the rest', async () => {
  // Three parameters: the first two act by their sum only, with curvature 2 and spread 3; the third by itself.
  const { covariance, determined, flatShare } = await sandwichOf(Float64Array.of(2, 2, 0, 2, 2, 0, 0, 0, 5), Float64Array.of(3, 3, 0, 3, 3, 0, 0, 0, 7))
  expect(determined).toEqual([false, false, true])
  expectClose(flatShare.slice(0, 2), [0.5, 0.5], 1e-14)
  expectClose([covariance[8]], [7 / 25 / 10], 1e-14)
  expect([0, 1, 2, 3, 4, 5, 6, 7].every((e) => Number.isNaN(covariance[e]))).toBe(true)
  const lonely = await sandwichOf(Float64Array.of(2, 0, 0, 0), Float64Array.of(3, 0, 0, 0))
  expect([lonely.determined, Array.from(lonely.flatShare)]).toEqual([[true, false], [0, 1]])
})

test('a direction that is flat up to rounding is flat', async () => {
  // I − vvᵀ with v of length one: no coordinate is determined, though no number in the matrix is zero.
  const v = [2 / 7, 3 / 7, 6 / 7]
  const hessian = Float64Array.from({ length: 9 }, (_, e) => (e % 4 === 0 ? 1 : 0) - v[Math.floor(e / 3)] * v[e % 3])
  const { determined, covariance } = await sandwichOf(hessian, hessian)
  expect(determined).toEqual([false, false, false])
  expect(covariance.every(Number.isNaN)).toBe(true)
})

test('when the score feels no parameter at all there is no covariance', async () => {
  const model = defineModel({ name: 'fixed', parameters: { c: scalar() }, logDensity: ({ c }, x) => x.at(0).square().mul(-0.5).add(c) })
  const { fit, traced } = await fitModel(model, scoreMatching, normalRows(50, 1, 1), 1)
  expect([fit.stopped, fit.covariance]).toEqual(['flat direction', null])
  expect(describeParameters(traced, fit, 0.95)).toEqual({ parameters: [{ name: 'c', estimate: null, standardError: null, interval: null }], covariance: null, root: null, intervalRoot: null })
})

describe('intervals leave out what each row has done to the estimate', () => {
  const halfWidths = ({ fit, traced }: Awaited<ReturnType<typeof fitModel>>): number[] => describeParameters(traced, fit, 0.95).parameters.map(({ interval }) => (interval![1] - interval![0]) / 2 / 1.959963984540054)

  test('clusters are left out whole', async () => {
    const rows = normalRows(60, 1, 'clusters').map((z, i) => z + Math.sin(i / 5))
    const of = Int32Array.from(rows, (_, i) => Math.floor(i / 4))
    const [k, h] = gaussianOf(rows)
    const squares = [0, 0]
    for (let c = 0; c < 15; c++) {
      gaussianOf(rows.filter((_, i) => of[i] !== c)).forEach((value, p) => { squares[p] += (value - [k, h][p]) ** 2 })
    }
    const found = halfWidths(await fitModel(gaussian, scoreMatching, rows, 1, { weighting: { clusters: { of, count: 15 } } }))
    expectClose(found.slice(0, 2), squares.map(Math.sqrt), 1e-9)
  })

  test('of an objective that is not quadratic: a Newton step from the estimate, by hand', async () => {
    // φ = −eᶜx: ρ = −eᶜ + ½e²ᶜx², with the derivatives −eᶜ + e²ᶜx² and −eᶜ + 2e²ᶜx² of a row.
    const model = defineModel({ name: 'log-precision', parameters: { c: scalar() }, logDensity: ({ c }, x) => c.exp().mul(x.at(0).square()).mul(-0.5) })
    const rows = normalRows(50, 1, 'log precision')
    const found = await fitModel(model, scoreMatching, rows, 1)
    const k = 1 / meanOf(Array.from(rows, (x) => x * x))
    const curvatures = Array.from(rows, (x) => -k + 2 * k * k * x * x)
    const total = curvatures.reduce((sum, value) => sum + value, 0)
    const steps = Array.from(rows, (x, i) => (-k + k * k * x * x) / (total - curvatures[i]))
    expectClose([found.value('c'), ...halfWidths(found)], [Math.log(k), Math.sqrt(steps.reduce((sum, step) => sum + step ** 2, 0))], 1e-4)
  })

  test('wider where rows are many and clusters few', async () => {
    const [count, clusters] = [40_008, 12]
    const rows = normalRows(count, 1, 'few clusters').map((z, i) => z + Math.sin(5 * (i % clusters)))
    const weighting = { clusters: { of: Int32Array.from({ length: count }, (_, i) => i % clusters), count: clusters } }
    const { fit, traced } = await fitModel(gaussian, scoreMatching, rows, 1, { weighting })
    for (const { name, standardError, interval } of describeParameters(traced, fit, 0.95).parameters) {
      expect((interval![1] - interval![0]) / (2 * 1.959963984540054 * standardError!), name).toBeGreaterThan(1.05)
    }
  })

  test('as wide as the standard errors where rows are many', async () => {
    const { fit, traced } = await fitModel(precision, scoreMatching, normalRows(40_000, 8, 'many'), 8)
    expect(fit.intervalRoot).toEqual(fit.covarianceRoot)
    const [{ estimate, standardError, interval }] = describeParameters(traced, fit, 0.95).parameters
    expectClose(interval!, [estimate! - 1.959963984540054 * standardError!, estimate! + 1.959963984540054 * standardError!], 1e-12)
  })
})

describe('the normal quantile', () => {
  test('known values', () => {
    expectClose([0.975, 0.995, 0.84134474606854293, 0.9986501019683699, 1 - 1e-9].map(normalQuantile), [1.959963984540054, 2.5758293035489004, 1, 3, 5.997807019601637], 1e-9)
    expectClose([0.975, 0.995, 0.9].map(normalQuantile), [1.959963984540054, 2.5758293035489004, 1.2815515655446004], 1e-14)
    expect([normalQuantile(0.5), normalQuantile(0), normalQuantile(1)]).toEqual([0, NaN, NaN])
  })

  test('is odd about one half and increases', () => {
    fc.assert(fc.property(fc.double({ min: 1e-6, max: 0.4999, noNaN: true }), fc.double({ min: 1e-4, max: 1, noNaN: true }), (p, share) => {
      expect(normalQuantile(p)).toBeCloseTo(-normalQuantile(1 - p), 8)
      expect(normalQuantile(p * share)).toBeLessThanOrEqual(normalQuantile(p))
    }))
  })
})
