// Densities of columns on simplices, spheres and products, against closed forms.
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { curvedMarginals } from '../../src/evaluate/curved-marginals.ts'
import { domain } from '../../src/model/domain.ts'
import type { FittedEnergy } from '../../src/model/fitted-energy.ts'
import { logBesselI } from '../../src/model/bessel.ts'
import { logGammaOf } from '../../src/graph/ops/special.ts'

const energyOf = (columns: readonly string[], log: (x: Float64Array) => number): FittedEnergy => ({
  columns,
  evaluate: async (rows) => ({ energy: Float64Array.from({ length: rows.length / columns.length }, (_, row) => -log(rows.subarray(row * columns.length, (row + 1) * columns.length))), score: new Float64Array(rows.length) }),
})
const random = createRandom('rows')
const gamma = (shape: number): number => {
  // Marsaglia & Tsang 2000, for shape ≥ 1.
  const [d, c] = [shape - 1 / 3, 1 / Math.sqrt(9 * (shape - 1 / 3))]
  for (;;) {
    const z = random.normal()
    const v = (1 + c * z) ** 3
    if (v > 0 && Math.log(random.uniform()) < z * z / 2 + d - d * v + d * Math.log(v)) return d * v
  }
}
const table = (count: number, row: () => readonly number[]): Float64Array => Float64Array.from(Array.from({ length: count }, row).flat())
const composition = (shapes: readonly number[]) => (): readonly number[] => { const all = shapes.map(gamma); const sum = all.reduce((a, b) => a + b); return all.map((x) => x / sum) }
const beta = (a: number, b: number) => (x: number): number => Math.exp(logGammaOf(a + b) - logGammaOf(a) - logGammaOf(b) + (a - 1) * Math.log(x) + (b - 1) * Math.log1p(-x))
/** Directions with density ∝ exp(κ z₃). */
const direction = (kappa: number) => (): readonly number[] => {
  const z = 1 + Math.log(random.uniform() * (1 - Math.exp(-2 * kappa)) + Math.exp(-2 * kappa)) / kappa
  const [angle, width] = [2 * Math.PI * random.uniform(), Math.sqrt(1 - z * z)]
  return [width * Math.cos(angle), width * Math.sin(angle), z]
}
const degree = Math.PI / 180

async function expectMarginals(text: string, columns: string[], log: (x: Float64Array) => number, rows: Float64Array, truths: readonly ((x: number) => number)[], tolerance: number, method = 'quadrature'): Promise<void> {
  const found = await curvedMarginals({ energy: energyOf(columns, log), domain: domain(text).over(columns), rows, random: createRandom(1) })
  expect(found.method).toBe(method)
  if (found.method === null) return
  found.columns.forEach(({ x, density }, j) => {
    const truth = x.map(truths[j])
    const peak = Math.max(...truth.filter(Number.isFinite))
    density.forEach((value, k) => expect(Math.abs(value - truth[k]), `${columns[j]} at ${x[k]}: ${value}, truth ${truth[k]}`).toBeLessThan(tolerance * peak))
    for (let k = 1; k < x.length; k++) expect(x[k]).toBeGreaterThan(x[k - 1])
  })
}

describe('Dirichlet', () => {
  const shapes = [2, 3, 1.5]
  const log = (alpha: readonly number[]) => (x: Float64Array): number => alpha.reduce((sum, a, k) => sum + (a - 1) * Math.log(x[k]), 0)
  // A part is independent of the proportions of the rest, so nothing is left to chance; a window that leaves out 4e-4 of the density.
  test('parts have beta densities', () => expectMarginals('simplex', ['a', 'b', 'c'], log(shapes), table(500, composition(shapes)),
    [beta(2, 4.5), beta(3, 3.5), beta(1.5, 5)], 2e-3))
  test('also in five parts, by draws', () => expectMarginals('simplex', ['a', 'b', 'c', 'd', 'e'], log([2, 3, 1.5, 2.5, 4]), table(2000, composition([2, 3, 1.5, 2.5, 4])),
    [beta(2, 11), beta(3, 10), beta(1.5, 11.5), beta(2.5, 10.5), beta(4, 9)], 3e-3, 'reweighted draws'))
})

describe('von Mises–Fisher', () => {
  /** Of a coordinate across: ∫ exp(κ √(1 − t²) cos a) da, so 2π I₀(κ √(1 − t²)) over 4π sinh κ/κ. */
  const across = (kappa: number) => (t: number): number => Math.exp(logBesselI(0, Math.max(kappa * Math.sqrt(1 - t * t), 1e-9)) + Math.log(kappa / 2 / Math.sinh(kappa)))
  const along = (kappa: number) => (t: number): number => kappa / (2 * Math.sinh(kappa)) * Math.exp(kappa * t)
  // 400 of a grid's cells stand for it: about a hundredth of the peak.
  test.each([0.5, 4, 60])('coordinates of directions, κ = %f', (kappa) => expectMarginals('sphere', ['x', 'y', 'z'], (x) => kappa * x[2], table(1000, direction(kappa)),
    [across(kappa), across(kappa), along(kappa)], 0.02))
  test('angles: the latitude has κ cos b exp(κ sin b)/(2 sinh κ), around all are alike', () => expectMarginals('direction(a, b)', ['a', 'b'], ([, b]) => 3 * Math.sin(b * degree),
    table(1000, () => { const [x, y, z] = direction(3)(); return [Math.atan2(y, x) / degree, Math.asin(z) / degree] }),
    [() => 1 / 360, (b) => degree * Math.cos(b * degree) * along(3)(Math.sin(b * degree))], 0.02))
  test('on the circle coordinates have infinite densities at their ends', async () => {
    const kappa = 2
    const found = await curvedMarginals({
      energy: energyOf(['x', 'y'], (x) => kappa * x[0]), domain: domain('sphere').over(['x', 'y']), random: createRandom(1),
      rows: table(500, () => { const a = random.normal() * 0.8; return [Math.cos(a), Math.sin(a)] }),
    })
    const { x, density } = (found as { columns: readonly { x: Float64Array; density: Float64Array }[] }).columns[0]
    const scale = Math.PI * Math.exp(logBesselI(0, kappa))
    x.forEach((t, k) => expect(density[k] / (Math.exp(kappa * t) / (scale * Math.sqrt(1 - t * t)))).toBeCloseTo(1, 2))
  })
  test('in five coordinates by draws: (1 − t²)exp(κt) along', async () => {
    const kappa = 3
    const log = (t: number): number => kappa * t + Math.log(1 - t * t)
    let total = 0
    for (let k = 0; k < 20_000; k++) total += Math.exp(log(-1 + (k + 0.5) / 10_000)) / 10_000
    const rows = table(2000, () => { for (;;) { const z = [1, 2, 3, 4, 5].map(() => random.normal()); const unit = z.map((value) => value / Math.hypot(...z)); if (random.uniform() < Math.exp(kappa * (unit[4] - 1))) return unit } })
    const found = await curvedMarginals({ energy: energyOf(['a', 'b', 'c', 'd', 'e'], (x) => kappa * x[4]), domain: domain('sphere').over(['a', 'b', 'c', 'd', 'e']), rows, random: createRandom(1) })
    expect(found.method).toBe('reweighted draws')
    const { x, density } = (found as { columns: readonly { x: Float64Array; density: Float64Array }[] }).columns[4]
    const peak = Math.max(...density)
    x.forEach((t, k) => expect(Math.abs(density[k] - Math.exp(log(t)) / total)).toBeLessThan(2e-3 * peak))
  })
})

test('a circle and a line that hang together', () => {
  const c = 1.5
  // Around, exp(c² cos² a/2); the line is a mixture of N(c cos a, 1).
  const circle = (a: number): number => Math.exp((c * Math.cos(a * degree)) ** 2 / 2 - c * c / 4 - logBesselI(0, c * c / 4)) / 360
  const steps = Array.from({ length: 720 }, (_, k) => k / 2)
  const line = (x: number): number => steps.reduce((sum, a) => sum + circle(a) / 2 * Math.exp(-((x - c * Math.cos(a * degree)) ** 2) / 2) / Math.sqrt(2 * Math.PI), 0)
  return expectMarginals('direction(a), real', ['a', 'x'], ([a, x]) => c * x * Math.cos(a * degree) - x * x / 2,
    table(800, () => { const a = 360 * random.uniform(); return [a, c * Math.cos(a * degree) + random.normal()] }), [circle, line], 0.03)
})
