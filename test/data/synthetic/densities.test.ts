// Every synthetic density: integrates to 1, its score is the gradient of its log-density, its sampler draws from it.
import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../src/base/random.ts'
import type { SyntheticDensity } from '../../../src/data/synthetic/density.ts'
import { gaussianMixture, isotropicCovariance } from '../../../src/data/synthetic/gaussian-mixture.ts'
import { parabola } from '../../../src/data/synthetic/parabola.ts'
import { ring } from '../../../src/data/synthetic/ring.ts'
import { threeGaussians } from '../../../src/data/synthetic/three-gaussians.ts'

const skewed = gaussianMixture('skewed', [
  { weight: 3, mean: [1, -1], covariance: [[1, 0.6], [0.6, 0.8]] },
  { weight: 1, mean: [-2, 0.5], covariance: [[0.3, -0.1], [-0.1, 0.2]] },
])

// The box holds all but ~1e-12 of the mass; the trapezoidal rule converges geometrically on such smooth densities.
const cases: readonly { density: SyntheticDensity; box: readonly [number, number, number, number]; step: number }[] = [
  { density: threeGaussians(), box: [-7, 7, -6, 7], step: 0.1 },
  { density: threeGaussians({ deviation: 1 }), box: [-11, 11, -10, 11], step: 0.2 },
  { density: skewed, box: [-7, 10, -9, 8], step: 0.08 },
  { density: parabola(), box: [-7.5, 7.5, -3.5, 31], step: 0.05 },
  { density: parabola({ deviation: 1 }), box: [-7.5, 7.5, -9, 36], step: 0.1 },
  { density: ring(), box: [-7, 7, -7, 7], step: 0.04 },
  { density: ring({ radius: 2, deviation: 0.25 }), box: [-4.5, 4.5, -4.5, 4.5], step: 0.04 },
]

function integrate(density: SyntheticDensity, box: readonly [number, number, number, number], step: number, f: (x: readonly number[]) => number): number {
  let sum = 0
  const [left, right, bottom, top] = box
  // Off the lattice by an irrational part, so that no node falls on the ring's singular origin.
  for (let a = left + step / Math.PI; a < right; a += step) {
    for (let b = bottom + step / Math.PI; b < top; b += step) sum += Math.exp(density.logDensity([a, b])) * f([a, b])
  }
  return sum * step * step
}

describe.each(cases)('$density.name', ({ density, box, step }) => {
  it('integrates to 1', () => {
    expect(integrate(density, box, step, () => 1)).toBeCloseTo(1, 9)
  })

  it('has the log normalizer it says', () => {
    for (const x of density.sample(5, createRandom(3)).reduce<number[][]>((rows, v, i) => (i % 2 === 0 ? [...rows, [v]] : (rows.at(-1)!.push(v), rows)), [])) {
      expect(density.unnormalizedLogDensity(x) - density.logNormalizer).toBe(density.logDensity(x))
    }
  })

  it('has the gradient of its log-density as score', () => {
    const random = createRandom(1)
    const rows = density.sample(200, random)
    const h = 1e-4
    for (let i = 0; i < rows.length; i += 2) {
      const x = [rows[i] + 0.1 * random.normal(), rows[i + 1] + 0.1 * random.normal()]
      const score = density.score(x)
      for (const j of [0, 1]) {
        const at = (offset: number): number => density.logDensity(x.map((value, k) => (k === j ? value + offset * h : value)))
        const difference = (at(-2) - 8 * at(-1) + 8 * at(1) - at(2)) / (12 * h)
        expect(Math.abs(score[j] - difference)).toBeLessThan(1e-8 * (1 + Math.abs(score[j])) + 1e-9)
      }
    }
  })

  it('draws samples with the moments of the density', () => {
    const n = 40_000
    const rows = density.sample(n, createRandom(2))
    expect(rows.length).toBe(2 * n)
    const statistics: readonly ((x: readonly number[]) => number)[] = [
      (x) => x[0], (x) => x[1], (x) => x[0] ** 2, (x) => x[0] * x[1], (x) => x[1] ** 2, (x) => Math.cos(2 * x[0] + x[1]),
    ]
    for (const f of statistics) {
      const mean = integrate(density, box, step, f)
      const variance = integrate(density, box, step, (x) => (f(x) - mean) ** 2)
      let sum = 0
      for (let i = 0; i < rows.length; i += 2) sum += f([rows[i], rows[i + 1]])
      expect(Math.abs(sum / n - mean)).toBeLessThan(4.5 * Math.sqrt(variance / n))
    }
  })

  it('draws the same rows from the same key', () => {
    expect(density.sample(10, createRandom(5))).toEqual(density.sample(10, createRandom(5)))
    expect(density.sample(10, createRandom(5))).not.toEqual(density.sample(10, createRandom(6)))
  })
})

it('names every density file in these cases', () => {
  const files = readdirSync(new URL('../../../src/data/synthetic/', import.meta.url)).filter((file) => file !== 'density.ts')
  expect(files.sort()).toEqual(['gaussian-mixture.ts', 'parabola.ts', 'ring.ts', 'three-gaussians.ts'])
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
    expect(() => parabola({ deviation: 0 })).toThrow('invalid deviation: 0 (must be > 0)')
  })
})
