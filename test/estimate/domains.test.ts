// Score matching on domains that end or are curved: against published numbers, closed forms, and the operators computed by differences.
import { describe, expect, test } from 'vitest'
import { choleskyDecompose, invertCholesky, multiply } from '../../src/base/linear-algebra.ts'
import { createRandom } from '../../src/base/random.ts'
import { overRows } from '../../src/estimate/batch.ts'
import { scoreMatching } from '../../src/estimate/estimators/score-matching.ts'
import { fitParametric } from '../../src/estimate/parametric.ts'
import { describeParameters } from '../../src/estimate/uncertainty.ts'
import { referenceEngine } from '../../src/engine/reference.ts'
import { domain } from '../../src/model/domain.ts'
import { defaultWeight, leastSquare, noWeight, productOfSquares } from '../../src/model/domain/boundary-weight.ts'
import type { BoundaryWeight, DistanceWeight } from '../../src/model/domain/boundary-weight.ts'
import { builtInModels } from '../../src/model/energies/index.ts'
import { truncatedGaussian } from '../../src/model/energies/truncated-gaussian.ts'
import { vonMisesFisher } from '../../src/model/energies/von-mises-fisher.ts'
import { parseFixings, restrictionOf } from '../../src/model/fixing.ts'
import { minimum } from '../../src/model/expression.ts'
import { trace } from '../../src/model/model.ts'
import type { Model, TracedModel } from '../../src/model/model.ts'
import { expectClose, onnx, readNumbers } from './parametric-fixtures.ts'

const model = (name: string): Model => builtInModels[name].make({})
const boxWeight = (of: DistanceWeight | 'distance' | undefined): BoundaryWeight => ({ ...defaultWeight, box: { text: 'test', of } })
const tracedOn = (which: Model, text: string, columns: readonly string[], weight: BoundaryWeight = defaultWeight): TracedModel => {
  const placed = domain(text).over(columns)
  return trace(which, placed, { weight, scales: new Float64Array(placed.coordinates.length).fill(1) })
}
const fit = async (traced: TracedModel, rows: Float64Array) => fitParametric(traced, scoreMatching, rows, onnx, { random: createRandom(0) })

/** The objective of each row [n × d]. */
async function objectives(traced: TracedModel, rows: Float64Array, theta: readonly number[]): Promise<Float64Array> {
  const { inputs, perRow } = overRows(traced, scoreMatching.objective(traced, undefined))
  const executable = await referenceEngine.prepare({ name: 'objective', type: 'float64', inputs: [traced.theta, ...inputs], outputs: { perRow } })
  const { dimension } = traced
  const found = await executable.run({ theta: { shape: [theta.length], data: Float64Array.from(theta) }, rows: { shape: [rows.length / dimension, dimension], data: rows } })
  return Float64Array.from(found.perRow.data)
}

test('the truncated Gaussian on iris is genscore\'s, h = min(x, 3), with its standard errors', async () => {
  const { rows } = readNumbers('iris.csv')
  const traced = tracedOn(truncatedGaussian, 'positive', ['a', 'b', 'c', 'd'], boxWeight((x) => minimum(x, 3)))
  const found = await fit(traced, rows)
  expect([found.route, found.stopped]).toEqual(['closed-form', 'solved'])
  const published = [10.245238173, -6.711662007, -7.355697048, 5.947061683, 11.221274583, 6.449670359, -6.000952887, 9.148730491, -12.453462913, 21.044815208, 18.836353553, 12.157512304, -3.81128274, -6.079370951]
  expectClose(found.theta, published, 2e-9)
  const errors = describeParameters(traced, found, 0.95).parameters.filter(({ name }) => /^precision\[(\d),\1\]$/.test(name)).map(({ standardError }) => standardError!)
  const digits = [1.09859, 1.33461, 1.26334, 3.29232]
  errors.forEach((error, k) => expect(Math.abs(error - digits[k])).toBeLessThanOrEqual(5.1e-6))
})

describe('intervals: W = diag(h), by hand for the gamma distribution', () => {
  const rows = Float64Array.from({ length: 40 }, (_, k) => 0.05 + ((k * 0.37) % 4))
  const byHand = (h: (x: number) => number, slope: (x: number) => number) => ([shape, rate]: readonly number[]) => rows.map((x) => {
    const score = (shape - 1) / x - rate
    return h(x) * (score * score / 2 - (shape - 1) / (x * x)) + slope(x) * score
  })
  test.each([
    ['the default', '(0, ∞)', defaultWeight, (x: number) => (x / (x + 1)) ** 2, (x: number) => 2 * x / (x + 1) ** 3],
    ['min(x, 3), constant from the kink on', '(0, ∞)', boxWeight((x) => minimum(x, 3)), (x: number) => Math.min(x, 3), (x: number) => (x < 3 ? 1 : 0)],
    ['the distance', '(0, ∞)', boxWeight('distance'), (x: number) => x, () => 1],
    ['none', '(0, ∞)', boxWeight(undefined), () => 1, () => 0],
  ] as const)('%s on %s', async (_name, _where, weight, h, slope) => {
    const traced = tracedOn(model('gamma'), 'x > 0', ['x'], weight)
    for (const theta of [[2.5, 0.7], [0.7, 3]]) expectClose(await objectives(traced, rows, theta), byHand(h, slope)(theta), 1e-12)
  })

  test('between two bounds the nearer one counts, and one from above mirrors one from below', async () => {
    const inside = rows.filter((x) => x < 3)
    const traced = tracedOn(model('gamma'), '0 < x < 3', ['x'], boxWeight((x) => x.square()))
    const distance = (x: number): number => Math.min(x, 3 - x)
    const expected = inside.map((x) => {
      const score = 1.5 / x - 0.7
      return distance(x) ** 2 * (score * score / 2 - 1.5 / (x * x)) + 2 * distance(x) * (x < 1.5 ? 1 : -1) * score
    })
    expectClose(await objectives(traced, inside, [2.5, 0.7]), expected, 1e-12)
    const below = await objectives(tracedOn(truncatedGaussian, 'x > 0', ['x']), rows, [1.3, 0.4])
    const above = await objectives(tracedOn(truncatedGaussian, 'x < 0', ['x']), rows.map((x) => -x), [1.3, -0.4])
    expectClose(above, below, 1e-13)
  })

  test('columns without a bound keep the plain objective', async () => {
    const plane = Float64Array.from({ length: 60 }, (_, k) => 0.1 + ((k * 0.61) % 2))
    const theta = [1.2, 0.3, 0.9, 0.5, -0.2]
    const both = await objectives(tracedOn(truncatedGaussian, 'b > 0', ['a', 'b'], boxWeight((x) => minimum(x, 1))), plane, theta)
    const expected = Float64Array.from({ length: 30 }, (_, i) => {
      const [a, b] = [plane[2 * i], plane[2 * i + 1]]
      const score = [-1.2 * a - 0.3 * b + 0.5, -0.3 * a - 0.9 * b - 0.2]
      const [h, slope] = b < 1 ? [b, 1] : [1, 0]
      return score[0] ** 2 / 2 - 1.2 + h * (score[1] ** 2 / 2 - 0.9) + slope * score[1]
    })
    expectClose(both, expected, 1e-12)
  })

  test('the distance of the row weighs all columns alike', async () => {
    const plane = Float64Array.of(0.3, 0.5, 0.9, 0.2)
    const found = await objectives(tracedOn(truncatedGaussian, 'positive', ['a', 'b'], boxWeight('distance')), plane, [1.2, 0.3, 0.9, 0.5, -0.2])
    const expected = [[0.3, 0.5], [0.9, 0.2]].map(([a, b]) => {
      const score = [-1.2 * a - 0.3 * b + 0.5, -0.3 * a - 0.9 * b - 0.2]
      return Math.min(a, b) * ((score[0] ** 2 + score[1] ** 2) / 2 - 2.1) + score[a < b ? 0 : 1]
    })
    expectClose(found, expected, 1e-12)
  })
})

/** Unit vectors that fill the sphere, or its positive part, evenly enough. */
function unitVectors(count: number, dimension: number, positive: boolean): number[][] {
  const random = createRandom('directions')
  return Array.from({ length: count }, () => {
    const z = Array.from({ length: dimension }, () => random.normal()).map((value) => (positive ? Math.abs(value) + 0.15 : value))
    const length = Math.hypot(...z)
    return z.map((value) => value / length)
  })
}

/** h (½‖∇f‖² + Δf) + ∇h·∇f on the sphere, by differences of what extends f and h to be constant along rays. */
function onSphere(f: (z: readonly number[]) => number, h: (z: readonly number[]) => number, z: readonly number[]): number {
  const step = 1e-3
  const along = (g: typeof f) => {
    const extended = (point: readonly number[]): number => g(point.map((value) => value / Math.hypot(...point)))
    const at = (k: number, by: number): number => extended(z.map((value, j) => (j === k ? value + by : value)))
    // Five points: the error is of order step⁴.
    return {
      gradient: z.map((_, k) => (8 * (at(k, step) - at(k, -step)) - (at(k, 2 * step) - at(k, -2 * step))) / (12 * step)),
      laplacian: z.reduce((sum, _, k) => sum + (16 * (at(k, step) + at(k, -step)) - at(k, 2 * step) - at(k, -2 * step) - 30 * at(k, 0)) / (12 * step * step), 0),
    }
  }
  const [a, b] = [along(f), along(h)]
  const dot = (u: readonly number[], v: readonly number[]): number => u.reduce((sum, value, k) => sum + value * v[k], 0)
  return h(z) * (dot(a.gradient, a.gradient) / 2 + a.laplacian) + dot(b.gradient, a.gradient)
}

/** What differences leave of digits. */
const expectNear = (value: number, expected: number): void => expect(Math.abs(value - expected)).toBeLessThan(1e-6 + 1e-7 * Math.abs(expected))

const difference = (a: ArrayLike<number>, b: ArrayLike<number>): number[] => Array.from(a, (value, k) => value - b[k])

describe('spheres: the Laplace–Beltrami operator by differences', () => {
  test.each([[2, 'the circle'], [3, 'the sphere'], [5, 'a sphere in five coordinates']])('Fisher–Bingham in %d coordinates, %s', async (p) => {
    const vectors = unitVectors(12, p, false)
    const traced = tracedOn(model('fisher-bingham'), 'sphere', vectors[0].map((_, k) => `z${k}`))
    const theta = Array.from({ length: traced.parameterCount }, (_, k) => Math.sin(2 * k + 1))
    const matrix = (z: readonly number[]): number => {
      const last = -Array.from({ length: p - 1 }, (_, i) => theta[i * p - (i * (i - 1)) / 2]).reduce((a, b) => a + b)
      const packed = [...theta.slice(0, p * (p + 1) / 2 - 1), last]
      let [sum, at] = [0, 0]
      for (let i = 0; i < p; i++) for (let j = i; j < p; j++) sum += (i === j ? 1 : 2) * packed[at++] * z[i] * z[j]
      return sum + z.reduce((total, value, k) => total + theta[p * (p + 1) / 2 - 1 + k] * value, 0)
    }
    const expected = vectors.map((z) => onSphere(matrix, () => 1, z))
    const found = await objectives(traced, Float64Array.from(vectors.flat()), theta)
    found.forEach((value, k) => expectNear(value, expected[k]))
  })

  test('minsq and prodsq on the sphere', async () => {
    const vectors = unitVectors(12, 3, false)
    for (const [of, h] of [
      [leastSquare(0.3), (z: readonly number[]) => Math.min(0.09, ...z.map((value) => value * value))],
      [productOfSquares(0.1), (z: readonly number[]) => Math.min(0.01, z.reduce((product, value) => product * value * value, 1))],
    ] as const) {
      const traced = tracedOn(vonMisesFisher, 'sphere', ['a', 'b', 'c'], { ...defaultWeight, sphere: { text: 'test', of } })
      const eta = [1.2, -0.7, 2.1]
      const found = await objectives(traced, Float64Array.from(vectors.flat()), eta)
      vectors.forEach((z, k) => expectNear(found[k], onSphere((y) => y.reduce((sum, value, j) => sum + value * eta[j], 0), h, z)))
    }
  })

  test('von Mises–Fisher is (p − 1)(I − mean zzᵀ)⁻¹ z̄', async () => {
    const vectors = unitVectors(200, 4, false).map((z) => [z[0] + 0.8, ...z.slice(1)]).map((z) => z.map((value) => value / Math.hypot(...z)))
    const rows = Float64Array.from(vectors.flat())
    const n = vectors.length
    const matrix = Float64Array.from({ length: 16 }, (_, e) => (e % 5 === 0 ? 1 : 0) - vectors.reduce((sum, z) => sum + z[Math.floor(e / 4)] * z[e % 4], 0) / n)
    const mean = Float64Array.from({ length: 4 }, (_, k) => vectors.reduce((sum, z) => sum + z[k], 0) / n)
    const expected = multiply(invertCholesky(choleskyDecompose(matrix, 4)!, 4), mean, 4, 4, 1).map((value) => 3 * value)
    const found = await fit(tracedOn(vonMisesFisher, 'sphere', ['a', 'b', 'c', 'd']), rows)
    expect(found.route).toBe('closed-form')
    expectClose(found.theta, expected, 1e-11)
  })

  test('four directions in declination and inclination: κ of the reference page, full and with the mean direction held', async () => {
    const angles = Float64Array.of(140, 21, 127, 23, 142, 19, 136, 22)
    const placed = domain('direction(declination, inclination)').over(['declination', 'inclination'])
    const points = (await import('../../src/model/domain.ts')).pointsOf(placed, angles)
    const boundary = { weight: defaultWeight, scales: [1, 1, 1] }
    const full = trace(vonMisesFisher, placed, boundary)
    const { parameters } = describeParameters(full, await fit(full, points), 0.95)
    expect(parameters.find(({ name }) => name === 'kappa')!.estimate).toBeCloseTo(212.8724964, 7)
    const restriction = restrictionOf(full, parseFixings('direction'), points)
    const hybrid = await fitParametric(full, scoreMatching, points, onnx, { random: createRandom(0), restriction })
    expect(Math.hypot(...hybrid.theta)).toBeCloseTo(212.8705506, 7)
    // What is held has no error, not one of the size of rounding.
    const held = describeParameters(full, hybrid, 0.95).parameters
    expect(held.filter(({ fixed }) => fixed).map(({ name, standardError }) => [name, standardError])).toEqual([1, 2, 3].map((k) => [`direction[${k}]`, null]))
    expect(held.find(({ name }) => name === 'kappa')!.standardError).toBeGreaterThan(50)
  })
})

describe('simplices: the sphere of square roots by differences', () => {
  const vectors = unitVectors(12, 4, true)
  const rows = Float64Array.from(vectors.flatMap((z) => z.map((value) => value * value)))
  const weights: [string, BoundaryWeight['simplex'], (z: readonly number[]) => number][] = [
    ['minsq(0.3)', { text: 'test', of: leastSquare(0.3) }, (z) => Math.min(0.09, ...z.map((value) => value * value))],
    ['prodsq(0.05)', { text: 'test', of: productOfSquares(0.05) }, (z) => Math.min(0.0025, z.reduce((product, value) => product * value * value, 1))],
    ['none', noWeight, () => 1],
  ]
  // log p in z has the log-volume of x = z² beside it; the objectives in x and z differ by what no parameter changes.
  const inRoots = (logDensity: (x: readonly number[]) => number) => (z: readonly number[]): number => logDensity(z.map((value) => value * value)) + z.reduce((sum, value) => sum + Math.log(Math.abs(value)), 0)
  test.each(weights)('Dirichlet and PPI with weight %s', async (_name, simplex, h) => {
    const weight = { ...defaultWeight, simplex }
    const dirichlet = tracedOn(model('dirichlet'), 'simplex', ['a', 'b', 'c', 'd'], weight)
    const byDirichlet = (alpha: readonly number[]) => inRoots((x) => x.reduce((sum, value, k) => sum + (alpha[k] - 1) * Math.log(value), 0))
    const [first, second] = [[0.7, 2, 3, 1.4], [1.3, 0.4, 2.2, 5]]
    const changed = difference(await objectives(dirichlet, rows, first), await objectives(dirichlet, rows, second))
    vectors.forEach((z, k) => expectNear(changed[k], onSphere(byDirichlet(first), h, z) - onSphere(byDirichlet(second), h, z)))

    const ppi = tracedOn(model('ppi'), 'simplex', ['a', 'b', 'c', 'd'], weight)
    const byPpi = (theta: readonly number[]) => inRoots((x) => {
      let [sum, at] = [0, 0]
      for (let i = 0; i < 3; i++) for (let j = i; j < 3; j++) sum += (i === j ? 1 : 2) * theta[at++] * x[i] * x[j]
      for (let i = 0; i < 3; i++) sum += theta[6 + i] * x[i]
      return x.reduce((total, value, k) => total + theta[9 + k] * Math.log(value), sum)
    })
    const [one, other] = [1, 2].map((seed) => Array.from({ length: 13 }, (_, k) => Math.sin(seed * (k + 1))))
    const moved = difference(await objectives(ppi, rows, one), await objectives(ppi, rows, other))
    vectors.forEach((z, k) => expectNear(moved[k], onSphere(byPpi(one), h, z) - onSphere(byPpi(other), h, z)))
  })

  test('at a zero the objective is its limit', async () => {
    for (const of of [leastSquare(0.3), productOfSquares(0.1)]) {
      const traced = tracedOn(model('dirichlet'), 'simplex', ['a', 'b', 'c'], { ...defaultWeight, simplex: { text: 'test', of } })
      const near = (distance: number): number[] => [distance, 0.4 * (1 - distance), 0.6 * (1 - distance)]
      const [limit, close, closer] = await objectives(traced, Float64Array.from([1e-100, 1e-4, 1e-5].flatMap(near)), [0.7, 2, 3])
      expect(Math.abs(closer - limit)).toBeLessThan(0.2 * Math.abs(close - limit))
      expect(Math.abs(closer - limit)).toBeLessThan(1e-3)
    }
  })
})
