// Denoising score matching of parametric models: the noise integrated exactly, and simulated.
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { choleskyDecompose, invertCholesky, multiply, symmetricEigen } from '../../src/base/linear-algebra.ts'
import { denoising } from '../../src/estimate/estimators/denoising.ts'
import { scoreMatching } from '../../src/estimate/estimators/score-matching.ts'
import type { Node } from '../../src/graph/node.ts'
import { tensor } from '../../src/graph/tensor.ts'
import { evaluate } from '../../src/engine/reference.ts'
import { integrateNoise } from '../../src/estimate/integrate-noise.ts'
import { rowMoments } from '../../src/estimate/row-moments.ts'
import { gaussian } from '../../src/model/energies/gaussian.ts'
import { mlp } from '../../src/model/energies/mlp.ts'
import { trace } from '../../src/model/model.ts'
import { defineModel } from '../../src/model/model.ts'
import { positive, scalar } from '../../src/model/parameters.ts'
import { engines, expectClose, fitModel, isotropic, normalRows, readNumbers } from './parametric-fixtures.ts'

const inverse = (matrix: Float64Array, size: number): Float64Array => invertCholesky(choleskyDecompose(matrix, size)!, size)
const upper = (full: Float64Array, size: number): number[] => Array.from({ length: size }, (_, i) => Array.from(full.subarray(i * size + i, (i + 1) * size))).flat()

describe.each(engines)('on engine $name', (engine) => {
  test('iris with noise of 0.3: (Σ̂ + σ²I)⁻¹ and its product with the mean', async () => {
    const { rows } = readNumbers('iris.csv')
    const { fit } = await fitModel(gaussian, denoising, rows, 4, { noise: isotropic(0.3, 4) }, engine)
    const { mean, covariance } = rowMoments(rows, 4)
    const k = inverse(covariance.map((value, e) => value + (e % 5 === 0 ? 0.09 : 0)), 4)
    expect([fit.route, fit.stopped, fit.noise]).toEqual(['closed-form', 'solved', { method: 'exact', points: 1 }])
    expectClose(fit.theta, [...upper(k, 4), ...multiply(k, mean, 4, 4, 1)], 1e-10)
  })
})

test('the exact expectation is the mean over the 2d points ±√d·e_j, row by row', () => {
  const traced = trace(gaussian, 3)
  const objective = denoising.objective(traced, { factor: Float64Array.of(0.4, 0, 0, -0.2, 0.3, 0, 0.1, 0.5, 0.6), isotropic: undefined })
  const { value, method } = integrateNoise(traced, objective, { random: createRandom(0) })
  expect(method).toBe('exact')
  const theta = tensor([9], [2, -0.3, 0.1, 1.5, 0.4, 0.8, 0.2, -0.7, 1.1])
  const x = tensor([3], [0.3, -1.2, 2])
  const at = (node: Node, draw: readonly number[]): number => evaluate([node], new Map([[traced.theta, theta], [traced.x, x], [objective.draws[0], tensor([3], draw)]]))[0].data[0]
  const points = [0, 1, 2].flatMap((j) => [1, -1].map((sign) => [0, 1, 2].map((k) => (k === j ? sign * Math.sqrt(3) : 0))))
  const mean = points.reduce((total, point) => total + at(objective.value, point) / 6, 0)
  expectClose([at(value, [0, 0, 0])], [mean], 1e-13)
})

test('noise of a full covariance: (Σ̂ + C)⁻¹', async () => {
  const { rows } = readNumbers('iris.csv')
  const c = Float64Array.of(0.2, 0.05, -0.1, 0, 0.05, 0.3, 0.02, 0.04, -0.1, 0.02, 0.4, -0.15, 0, 0.04, -0.15, 0.25)
  const { fit } = await fitModel(gaussian, denoising, rows, 4, { noise: { factor: choleskyDecompose(c, 4)!, isotropic: undefined } })
  const k = inverse(rowMoments(rows, 4).covariance.map((value, e) => value + c[e]), 4)
  expectClose(fit.theta.slice(0, 10), upper(k, 4), 1e-10)
})

test('by simulation: within three standard errors of the noise alone, and nearer with more draws', async () => {
  const rows = normalRows(400, 2, 'simulated').map((value, k) => (k % 2 ? 2 * value + 1 : value))
  const noise = isotropic(0.8, 2)
  const exact = await fitModel(gaussian, denoising, rows, 2, { noise })
  const distance: number[] = []
  for (const draws of [4, 400]) {
    const repeats: Float64Array[] = []
    for (let seed = 0; seed < 8; seed++) repeats.push((await fitModel(gaussian, denoising, rows, 2, { noise, draws, random: createRandom(seed) })).fit.theta)
    const mean = exact.fit.theta.map((_, k) => repeats.reduce((total, theta) => total + theta[k], 0) / repeats.length)
    const deviation = mean.map((center, k) => Math.sqrt(repeats.reduce((total, theta) => total + (theta[k] - center) ** 2, 0) / (repeats.length - 1)))
    if (draws === 400) repeats.forEach((theta) => theta.forEach((value, k) => expect(Math.abs(value - exact.fit.theta[k]) / deviation[k], `parameter ${k + 1}`).toBeLessThan(3)))
    distance.push(Math.hypot(...deviation))
  }
  // A hundred times the draws, a tenth of the deviation (8 seeds tell it within a factor of two or so).
  expect(distance[1]).toBeLessThan(0.2 * distance[0])
})

test('simulated draws are part of the standard errors', async () => {
  const rows = normalRows(300, 1, 'errors')
  const noise = isotropic(1, 1)
  const exact = await fitModel(gaussian, denoising, rows, 1, { noise })
  const coarse = await fitModel(gaussian, denoising, rows, 1, { noise, draws: 2 })
  const estimates: number[] = []
  for (let seed = 1; seed <= 60; seed++) estimates.push((await fitModel(gaussian, denoising, rows, 1, { noise, draws: 2, random: createRandom(seed) })).value('precision[1,1]'))
  const mean = estimates.reduce((total, value) => total + value, 0) / estimates.length
  const added = estimates.reduce((total, value) => total + (value - mean) ** 2, 0) / (estimates.length - 1)
  expect(coarse.error('precision[1,1]')).toBeGreaterThan(1.2 * exact.error('precision[1,1]'))
  // Rows and draws are independent: their variances add up (60 repeats give the second within a fifth).
  expect(coarse.error('precision[1,1]') ** 2 / (exact.error('precision[1,1]') ** 2 + added)).toBeGreaterThan(0.75)
  expect(coarse.error('precision[1,1]') ** 2 / (exact.error('precision[1,1]') ** 2 + added)).toBeLessThan(1.3)
})

test('what is integrated exactly is found on the graph', () => {
  const of = (model: Parameters<typeof trace>[0], estimator = denoising) => {
    const traced = trace(model, 2)
    return integrateNoise(traced, estimator.objective(traced, isotropic(0.1, 2)), { random: createRandom(0) }).method
  }
  expect(of(gaussian)).toBe('exact')
  expect(of(gaussian, scoreMatching)).toBe('none')
  expect(of(mlp({ hidden: [3] }))).toBe('simulation')
})

test('draws of a row do not depend on how the table is cut', () => {
  const traced = trace(mlp({ hidden: [3] }), 2)
  const { feeds } = integrateNoise(traced, denoising.objective(traced, isotropic(0.1, 2)), { random: createRandom(5), draws: 4 })
  const whole = feeds(0, 10).set0s
  expect(whole.shape).toEqual([10, 4, 2])
  expect(feeds(3, 4).set0s.data).toEqual(whole.data.slice(24, 56))
  for (let k = 0; k < 4; k++) expect(whole.data[k] + whole.data[4 + k]).toBe(0)
})

test('an odd number of draws is refused', async () => {
  await expect(fitModel(gaussian, denoising, normalRows(20, 1, 0), 1, { noise: isotropic(1, 1), draws: 3 })).rejects.toThrow('invalid draws: 3 (must be an even whole number ≥ 2')
})

test('a model whose score is not affine: the double well under noise, against quadrature over the noise', async () => {
  const well = defineModel({
    name: 'double well',
    parameters: { a: positive(), b: scalar() },
    logDensity: ({ a, b }, x) => x.at(0).pow(4).mul(a).neg().add(x.at(0).square().mul(b)),
  })
  const rows = Float64Array.from({ length: 60 }, (_, k) => (k % 2 ? 1 : -1) + 0.4 * Math.sin(k))
  const sigma = 0.4
  const { fit } = await fitModel(well, denoising, rows, 1, { noise: isotropic(sigma, 1), draws: 2000 })
  // Normal equations of ‖σz + σ²φ(x + σz)‖², φ = −4ax³ + 2bx, the expectation by the trapezoidal rule (exponentially accurate).
  let [aa, ab, bb, a0, b0] = [0, 0, 0, 0, 0]
  for (const x of rows) {
    for (let z = -9; z <= 9; z += 0.05) {
      const weight = Math.exp(-z * z / 2)
      const y = x + sigma * z
      const [p, q] = [-4 * y ** 3 * sigma, 2 * y * sigma]
      aa += weight * p * p
      ab += weight * p * q
      bb += weight * q * q
      a0 += weight * p * z
      b0 += weight * q * z
    }
  }
  const determinant = aa * bb - ab * ab
  const expected = [-(bb * a0 - ab * b0) / determinant, -(aa * b0 - ab * a0) / determinant]
  expect(fit.noise).toEqual({ method: 'simulation', points: 2000 })
  // Two thousand points for each of 60 rows: the simulation's own error is below a percent of the rows'.
  expectClose(fit.theta, expected, 0.03)
})

test('smallest eigenvalue of the denoised precision stays below 1/σ²', async () => {
  const { fit } = await fitModel(gaussian, denoising, Float64Array.of(1, 2, 3, 1, 5, 2), 3, { noise: isotropic(0.5, 3) })
  const k = Float64Array.of(fit.theta[0], fit.theta[1], fit.theta[2], fit.theta[1], fit.theta[3], fit.theta[4], fit.theta[2], fit.theta[4], fit.theta[5])
  // Two rows determine a plane; across it the noise alone is the data: 1/σ² = 4 exactly.
  expect(fit.stopped).toBe('solved')
  expect(symmetricEigen(k, 3).values[2]).toBeCloseTo(4, 9)
})
