// Every synthetic density: integrates to 1, its score is the gradient of its log-density, its sampler draws from it.
import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../src/base/random.ts'
import type { SyntheticDensity } from '../../../src/data/synthetic/density.ts'
import { gaussianMixture, isotropicCovariance } from '../../../src/data/synthetic/gaussian-mixture.ts'
import { parabola } from '../../../src/data/synthetic/parabola.ts'
import { ring } from '../../../src/data/synthetic/ring.ts'
import { arc } from '../../../src/data/synthetic/arc.ts'
import { banana } from '../../../src/data/synthetic/banana.ts'
import { correlatedGaussian } from '../../../src/data/synthetic/correlated-gaussian.ts'
import { funnel } from '../../../src/data/synthetic/funnel.ts'
import { gridGaussians } from '../../../src/data/synthetic/grid-gaussians.ts'
import { mixture } from '../../../src/data/synthetic/mixture.ts'
import { twoMoons } from '../../../src/data/synthetic/two-moons.ts'
import { twoRings } from '../../../src/data/synthetic/two-rings.ts'
import { unequalModes } from '../../../src/data/synthetic/unequal-modes.ts'
import { threeGaussians } from '../../../src/data/synthetic/three-gaussians.ts'

const skewed = gaussianMixture('skewed', [
  { weight: 3, mean: [1, -1], covariance: [[1, 0.6], [0.6, 0.8]] },
  { weight: 1, mean: [-2, 0.5], covariance: [[0.3, -0.1], [-0.1, 0.2]] },
])

// The box holds all but ~1e-12 of the mass; the trapezoidal rule converges geometrically on such smooth densities.
interface Case { readonly density: SyntheticDensity; readonly box: readonly (readonly [number, number])[]; readonly step: readonly number[] }
const inPlane = (density: SyntheticDensity, [left, right, bottom, top]: readonly [number, number, number, number], step: number): Case =>
  ({ density, box: [[left, right], [bottom, top]], step: [step, step] })
const cases: readonly Case[] = [
  inPlane(threeGaussians(), [-7, 7, -6, 7], 0.1),
  inPlane(threeGaussians({ deviation: 1 }), [-11, 11, -10, 11], 0.2),
  inPlane(skewed, [-7, 10, -9, 8], 0.08),
  inPlane(parabola(), [-7.5, 7.5, -3.5, 31], 0.05),
  inPlane(parabola({ deviation: 1 }), [-7.5, 7.5, -9, 36], 0.1),
  inPlane(ring(), [-7, 7, -7, 7], 0.04),
  inPlane(ring({ radius: 2, deviation: 0.25 }), [-4.5, 4.5, -4.5, 4.5], 0.04),
  inPlane(twoRings({ radii: [2, 4], deviation: 0.25 }), [-6.5, 6.5, -6.5, 6.5], 0.04),
  inPlane(mixture('lopsided', [{ weight: 3, density: parabola() }, { weight: 1, density: threeGaussians() }]), [-8, 8, -7, 33], 0.05),
  inPlane(arc({ center: [1, -1], radius: 2, angles: [0.5, 5], deviation: 0.3 }), [-4, 6, -6, 4], 0.08),
  inPlane(twoMoons({ deviation: 0.2 }), [-2.6, 3.6, -2.2, 2.7], 0.05),
  inPlane(gridGaussians(), [-4.2, 4.2, -4.2, 4.2], 0.05),
  { density: unequalModes(), box: [[-13, 13]], step: [0.4] },
  { density: unequalModes({ dimension: 2 }), box: [[-12, 12], [-12, 12]], step: [0.4, 0.4] },
  { density: banana(), box: [[-75, 75], [-175, 12]], step: [0.5, 0.3] },
  { density: banana({ dimension: 3, bend: 0.01 }), box: [[-75, 75], [-63, 9], [-8, 8]], step: [2, 0.4, 0.6] },
  { density: funnel({ dimension: 2, deviation: 0.5 }), box: [[-3.7, 3.7], [-50, 50]], step: [0.1, 0.08] },
  { density: funnel({ dimension: 3, deviation: 0.25 }), box: [[-1.8, 1.8], [-18, 18], [-18, 18]], step: [0.12, 0.25, 0.25] },
]

type Statistic = (x: readonly number[]) => number

/** ∫ p f of every statistic f, in one pass over the box. */
function integrate({ density, box, step }: Case, statistics: readonly Statistic[]): number[] {
  const x = new Array<number>(box.length)
  const volume = step.reduce((a, b) => a * b)
  const sums = statistics.map(() => 0)
  const over = (j: number): void => {
    if (j === box.length) {
      const p = Math.exp(density.logDensity(x)) * volume
      statistics.forEach((f, k) => { sums[k] += p * f(x) })
      return
    }
    // Off the lattice by an irrational part, so that no node falls on the ring's singular origin.
    for (let value = box[j][0] + step[j] / Math.PI; value < box[j][1]; value += step[j]) {
      x[j] = value
      over(j + 1)
    }
  }
  over(0)
  return sums
}

describe.each(cases.map((each) => ({ ...each, name: `${each.density.name} in ${each.density.dimension}`, each })))('$name', ({ density, each }) => {
  const d = density.dimension
  const rowsOf = (values: Float64Array): number[][] => Array.from({ length: values.length / d }, (_, i) => [...values.subarray(i * d, (i + 1) * d)])

  it('integrates to 1', () => {
    expect(density.columns.length).toBe(d)
    expect(integrate(each, [() => 1])[0]).toBeCloseTo(1, 9)
  })

  it('has the log normalizer it says', () => {
    for (const x of rowsOf(density.sample(5, createRandom(3)))) {
      expect(density.unnormalizedLogDensity(x) - density.logNormalizer).toBe(density.logDensity(x))
    }
  })

  it('has the gradient of its log-density as score', () => {
    const random = createRandom(1)
    const h = 1e-4
    for (const row of rowsOf(density.sample(200, random))) {
      const x = row.map((value) => value + 0.1 * random.normal())
      const score = density.score(x)
      for (let j = 0; j < d; j++) {
        const at = (offset: number): number => density.logDensity(x.map((value, k) => (k === j ? value + offset * h : value)))
        const difference = (at(-2) - 8 * at(-1) + 8 * at(1) - at(2)) / (12 * h)
        expect(Math.abs(score[j] - difference)).toBeLessThan(1e-8 * (1 + Math.abs(score[j])) + 1e-9)
      }
    }
  })

  it('draws samples with the moments of the density', () => {
    const n = 40_000
    const rows = rowsOf(density.sample(n, createRandom(2)))
    expect(rows.length).toBe(n)
    const last = d - 1
    const statistics: readonly Statistic[] = [
      (x) => x[0], (x) => x[last], (x) => x[0] ** 2, (x) => x[0] * x[last], (x) => x[last] ** 2, (x) => Math.cos(2 * x[0] + x[last]),
    ]
    const means = integrate(each, statistics)
    const squares = integrate(each, statistics.map((f) => (x) => f(x) ** 2))
    statistics.forEach((f, k) => {
      const error = Math.sqrt((squares[k] - means[k] ** 2) / n)
      expect(Math.abs(rows.reduce((sum, x) => sum + f(x), 0) / n - means[k])).toBeLessThan(4.5 * error)
    })
  })

  it('draws the same rows from the same key', () => {
    expect(density.sample(10, createRandom(5))).toEqual(density.sample(10, createRandom(5)))
    expect(density.sample(10, createRandom(5))).not.toEqual(density.sample(10, createRandom(6)))
  })
})

it('names every density file in these cases', () => {
  const files = readdirSync(new URL('../../../src/data/synthetic/', import.meta.url)).filter((file) => file !== 'density.ts')
  expect(files.sort()).toEqual([
    'arc.ts', 'banana.ts', 'correlated-gaussian.ts', 'funnel.ts', 'gaussian-mixture.ts', 'grid-gaussians.ts', 'mixture.ts', 'parabola.ts', 'ring.ts',
    'three-gaussians.ts', 'two-moons.ts', 'two-rings.ts', 'unequal-modes.ts',
  ])
})

describe('densities in many dimensions', () => {
  it('are what their closed forms say', () => {
    const { density, n } = { density: correlatedGaussian(), n: 20_000 }
    // x = √(1 − ρ²)(ρ⁰, ρ¹ …)⁻¹ driven by unit noise: the form is x₁² + Σ (xⱼ − ρxⱼ₋₁)²/(1 − ρ²), the determinant (1 − ρ²)⁴⁹.
    const x = Array.from({ length: 50 }, (_, j) => Math.sin(j))
    const form = x.reduce((sum, value, j) => sum + (j === 0 ? value ** 2 : (value - 0.9 * x[j - 1]) ** 2 / 0.19), 0)
    expect(density.logDensity(x)).toBeCloseTo(-25 * Math.log(2 * Math.PI) - 24.5 * Math.log(0.19) - form / 2, 9)
    const rows = density.sample(n, createRandom(1))
    for (const distance of [0, 1, 10]) {
      let sum = 0
      for (let i = 0; i < n; i++) sum += rows[i * 50 + 20] * rows[i * 50 + 20 + distance]
      expect(Math.abs(sum / n - 0.9 ** distance)).toBeLessThan(4.5 * Math.sqrt((1 + 0.81 ** distance) / n))
    }
    // Ten deviations apart whatever the dimension, at the far mode only the weight counts.
    const ten = unequalModes({ dimension: 10 })
    const at = (distance: number) => ten.logDensity(new Array<number>(10).fill(distance / Math.sqrt(10)))
    expect(at(5)).toBeCloseTo(Math.log(0.8) - 5 * Math.log(2 * Math.PI), 9)
    expect(at(-5) - at(5)).toBeCloseTo(Math.log(0.25), 9)
    // Neal's: given x₁ the other nine are N(0, exp x₁).
    expect(funnel().logDensity([2, 1, 1, 1, 1, 1, 1, 1, 1, 1])).toBeCloseTo(-5 * Math.log(2 * Math.PI) - Math.log(3) - 4 / 18 - 9 - 4.5 * Math.exp(-2), 9)
  })

  it('draw the funnel as a product: x₁ and each xⱼ e^(−x₁/2) are independent normals', () => {
    const n = 20_000
    const rows = funnel().sample(n, createRandom(4))
    const means = [0, 0, 0]
    for (let i = 0; i < n; i++) {
      const [x, z] = [rows[10 * i] / 3, rows[10 * i + 7] * Math.exp(-rows[10 * i] / 2)]
      ;[x * x, z * z, x * z * z].forEach((value, k) => { means[k] += value / n })
    }
    // Variances 2, 2 and E x² z⁴ = 3.
    ;[1, 1, 0].forEach((mean, k) => expect(Math.abs(means[k] - mean)).toBeLessThan(4.5 * Math.sqrt((k === 2 ? 3 : 2) / n)))
  })

  it('integrate over the arc as finely as they say: to 1e-12 of the trapezoid on a hundred thousand nodes', () => {
    const [from, to, deviation] = [0, Math.PI, 0.1]
    const density = arc({ center: [0, 0], radius: 1, angles: [from, to], deviation })
    for (const [x, y] of [[0, 1], [1, 0], [-1.05, -0.1], [0.3, 0.2], [0, -1], [3, 2], [-20, -5]]) {
      const n = 100_000
      const logs = Float64Array.from({ length: n + 1 }, (_, k) => {
        const angle = from + ((to - from) * k) / n
        return -((x - Math.cos(angle)) ** 2 + (y - Math.sin(angle)) ** 2) / (2 * deviation ** 2)
      })
      const most = logs.reduce((a, b) => Math.max(a, b))
      const value = logs.map((log) => Math.exp(log - most))
      // The trapezoid's own error is −h²/12 [f′]: taken out (Euler–Maclaurin), what is left is of order h⁴.
      const slope = (k: number): number => {
        const angle = from + ((to - from) * k) / n
        return (value[k] * (-x * Math.sin(angle) + y * Math.cos(angle))) / deviation ** 2
      }
      const h = (to - from) / n
      const integral = h * (value.reduce((sum, v) => sum + v, 0) - (value[0] + value[n]) / 2) - (h * h / 12) * (slope(n) - slope(0))
      const truth = most + Math.log(integral / (to - from)) - Math.log(2 * Math.PI * deviation ** 2)
      expect(Math.abs(density.logDensity([x, y]) - truth)).toBeLessThan(1e-12 * Math.max(1, Math.abs(truth)) + 1e-11)
    }
  })
})

describe('gaussianMixture', () => {
  it('agrees with closed forms in one and three dimensions', () => {
    const one = gaussianMixture('one', [{ weight: 2, mean: [3], covariance: [[4]] }])
    expect(one.logDensity([5])).toBeCloseTo(-0.5 * Math.log(2 * Math.PI * 4) - 0.5, 14)
    expect(one.score([5])[0]).toBeCloseTo(-0.5, 14)
    const three = gaussianMixture('three', [{ weight: 1, mean: [0, 0, 0], covariance: isotropicCovariance(3, 0.5) }])
    expect(three.logDensity([1, 1, 1])).toBeCloseTo(-1.5 * Math.log(2 * Math.PI * 0.25) - 6, 13)
    expect([...three.score([1, 2, 3])]).toEqual([-4, -8, -12])
  })

  it('stays finite far away', () => {
    const density = threeGaussians()
    expect(density.score([1000, 0])[0]).toBeCloseTo(-4 * 997.5, 6)
    expect(Number.isFinite(density.logDensity([1000, 0]))).toBe(true)
  })

  it('refuses what is no mixture', () => {
    expect(() => gaussianMixture('none', [])).toThrow('invalid mixture: no component')
    expect(() => gaussianMixture('bad', [{ weight: 0, mean: [0], covariance: [[1]] }])).toThrow('invalid weight of component 1 of the mixture: 0 (must be > 0)')
    expect(() => gaussianMixture('bad', [{ weight: 1, mean: [0, 0], covariance: [[1, 2], [2, 1]] }])).toThrow('positive definite')
    expect(() => gaussianMixture('bad', [{ weight: 1, mean: [0, 0], covariance: [[1, 0.1], [0.2, 1]] }])).toThrow('must be symmetric')
    expect(() => gaussianMixture('bad', [{ weight: 1, mean: [0, 0], covariance: [[1]] }])).toThrow('invalid shape of component 1')
    expect(() => ring({ deviation: 1 })).toThrow('invalid deviation: 1 (must be > 0 and at most an eighth of the radius, 5)')
    expect(() => mixture('none', [])).toThrow('invalid mixture: no component')
    expect(() => mixture('bad', [{ weight: -1, density: ring() }])).toThrow('invalid weight of component 1 of the mixture: -1 (must be > 0)')
    expect(() => mixture('bad', [{ weight: 1, density: ring() }, { weight: 1, density: unequalModes() }])).toThrow('invalid dimension of component 2 of the mixture: 1 (must be that of the first, 2)')
    expect(() => arc({ center: [0, 0], radius: 1, angles: [1, 1], deviation: 0.1 })).toThrow('invalid arc')
    expect(() => twoRings({ deviation: 0.5 })).toThrow('invalid deviation: 0.5')
    expect(() => funnel({ dimension: 1 })).toThrow('invalid funnel')
    expect(() => banana({ bend: NaN })).toThrow('invalid banana')
    expect(() => correlatedGaussian({ correlation: 1 })).toThrow('positive definite')
    expect(() => parabola({ deviation: 0 })).toThrow('invalid deviation: 0 (must be > 0)')
  })
})
