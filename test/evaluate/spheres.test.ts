// Products with spheres: log Z against closed forms, the kernel Stein test's size and power.
import { describe, expect, it, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { findLogNormalizer, testGoodness } from '../../src/result/assess.ts'
import { logBesselI } from '../../src/model/bessel.ts'
import { domain } from '../../src/model/domain.ts'
import type { FittedEnergy } from '../../src/model/fitted-energy.ts'
import type { Warning } from '../../src/base/errors.ts'
import { logDensityEnergy } from '../sample/targets.ts'
import { directions } from './directions.ts'

describe('log Z', () => {
  const find = async (text: string, columns: string[], log: (x: Float64Array) => readonly [number, readonly number[]], rows: Float64Array) => {
    const warnings: Warning[] = []
    const found = await findLogNormalizer({ energy: logDensityEnergy(columns, log), domain: domain(text).over(columns), rows, ladder: null, ownsNormalizer: false, random: createRandom('z'), now: () => 0 }, warnings)
    expect(warnings).toEqual([])
    return found!
  }

  test('a circle and a line: √2π 2π e^{c²/4} I₀(c²/4)', async () => {
    const c = 1.5
    const random = createRandom('rows')
    const rows = Float64Array.from(Array.from({ length: 500 }, () => { const a = 2 * Math.PI * random.uniform(); return [Math.cos(a), Math.sin(a), c * Math.cos(a) + random.normal()] }).flat())
    const { value, standardError, method } = await find('sphere(u, v), real', ['u', 'v', 'x'], ([u, , x]) => [c * x * u - x * x / 2, [c * x, 0, c * u - x]], rows)
    const truth = 1.5 * Math.log(2 * Math.PI) + c * c / 4 + logBesselI(0, c * c / 4)
    expect(method).toBe('quadrature')
    expect(Math.abs(value - truth)).toBeLessThan(Math.max(1e-5, standardError))
    expect(standardError).toBeLessThan(1e-4)
  })

  test('two angles on a torus: ∫∫ exp(κ cos(a − b)) = (2π)² I₀(κ)', async () => {
    const kappa = 3
    const degree = Math.PI / 180
    const random = createRandom('torus')
    const rows = Float64Array.from(Array.from({ length: 500 }, () => { const a = 360 * random.uniform(); return [a, a + 35 * random.normal()] }).flat())
    const { value, method } = await find('direction(a), direction(b)', ['a', 'b'], ([a, b]) => [kappa * Math.cos((a - b) * degree), [-kappa * degree * Math.sin((a - b) * degree), kappa * degree * Math.sin((a - b) * degree)]], rows)
    expect(method).toBe('quadrature')
    expect(value).toBeCloseTo(2 * Math.log(2 * Math.PI) + logBesselI(0, kappa), 5)
  })

  test('in more dimensions by annealing, with its error: three directions, each von Mises–Fisher', async () => {
    const kappa = 4
    const columns = ['a', 'b', 'c', 'd', 'e', 'f', 'x']
    const [first, second] = [directions(2000, kappa, 'first'), directions(2000, kappa, 'second')]
    const random = createRandom('line')
    const rows = Float64Array.from(Array.from({ length: 2000 }, (_, k) => [...first.subarray(3 * k, 3 * k + 3), ...second.subarray(3 * k, 3 * k + 3), random.normal()]).flat())
    const { value, standardError, method } = await find('sphere(a, b, c), sphere(d, e, f), real', columns, (x) => [kappa * (x[2] + x[5]) - x[6] ** 2 / 2, [0, 0, kappa, 0, 0, kappa, -x[6]]], rows)
    expect(method).toBe('annealed')
    expect(standardError).toBeLessThan(0.05)
    expect(Math.abs(value - (2 * Math.log(4 * Math.PI * Math.sinh(kappa) / kappa) + Math.log(2 * Math.PI) / 2))).toBeLessThan(4 * standardError)
  })
})

describe('the kernel Stein test on a sphere', () => {
  const ofKappa = (kappa: number): FittedEnergy => logDensityEnergy(['x', 'y', 'z'], (x) => [kappa * x[2], [0, 0, kappa]])
  const placed = domain('sphere').over(['x', 'y', 'z'])
  const pValue = async (energy: FittedEnergy, rows: Float64Array, seed: number): Promise<number> => (await testGoodness(energy, placed, rows, createRandom(seed)))!.pValue

  it.each([0.5, 20])('has its size: p-values of rows of the density itself are uniform (κ = %f)', async (kappa) => {
    const values: number[] = []
    for (let seed = 0; seed < 200; seed++) values.push(await pValue(ofKappa(kappa), directions(100, kappa, `null ${seed}`), seed))
    values.sort((a, b) => a - b)
    // Kolmogorov–Smirnov: 1.95/√200 is exceeded with probability 0.001.
    const largest = Math.max(...values.map((value, k) => Math.max(Math.abs(value - k / 200), Math.abs(value - (k + 1) / 200))))
    expect(largest).toBeLessThan(1.95 / Math.sqrt(200))
  }, 120_000)

  it('has its size on a circle beside a line that hangs on it', async () => {
    const [c, values, random] = [1.5, [] as number[], createRandom('product')]
    const columns = ['a', 'x']
    const degree = Math.PI / 180
    // Around, the density is ∝ exp(c² cos² a/2): by rejection.
    const angle = (): number => { for (;;) { const a = 360 * random.uniform(); if (random.uniform() < Math.exp(c * c * (Math.cos(a * degree) ** 2 - 1) / 2)) return a } }
    const energy = logDensityEnergy(columns, ([a, x]) => [c * x * Math.cos(a * degree) - x * x / 2, [-c * x * degree * Math.sin(a * degree), c * Math.cos(a * degree) - x]])
    for (let seed = 0; seed < 200; seed++) {
      const rows = Float64Array.from(Array.from({ length: 100 }, () => { const a = angle(); return [a, c * Math.cos(a * degree) + random.normal()] }).flat())
      values.push((await testGoodness(energy, domain('direction(a), real').over(columns), rows, createRandom(seed)))!.pValue)
    }
    values.sort((a, b) => a - b)
    expect(Math.max(...values.map((value, k) => Math.max(Math.abs(value - k / 200), Math.abs(value - (k + 1) / 200))))).toBeLessThan(1.95 / Math.sqrt(200))
  }, 120_000)

  it('finds another concentration, and another direction', async () => {
    expect(await pValue(ofKappa(2), directions(400, 4, 'other'), 1)).toBeLessThan(0.01)
    const turned = directions(400, 4, 'turned').map((_, e, all) => all[e - (e % 3) + [1, 2, 0][e % 3]])
    expect(await pValue(ofKappa(4), turned, 2)).toBeLessThan(0.01)
  })

  it('gives the same of angles as of unit vectors, and on products', async () => {
    const rows = directions(150, 4, 'angles')
    const degree = Math.PI / 180
    const angles = Float64Array.from({ length: 300 }, (_, e) => { const [x, y, z] = rows.subarray(3 * (e >> 1), 3 * (e >> 1) + 3); return (e % 2 === 0 ? Math.atan2(y, x) : Math.asin(z)) / degree })
    const energy = logDensityEnergy(['a', 'b'], ([, b]) => [4 * Math.sin(b * degree), [0, 4 * degree * Math.cos(b * degree)]])
    const found = await testGoodness(energy, domain('direction(a, b)').over(['a', 'b']), angles, createRandom(0))
    const other = await testGoodness(ofKappa(4), placed, rows, createRandom(0))
    expect(found!.statistic).toBeCloseTo(other!.statistic, 8)
    // Beside a line: x depends on the direction, or not.
    const random = createRandom('line')
    const both = (slope: number): Float64Array => Float64Array.from(Array.from({ length: 300 }, (_, k) => { const z = directions(1, 4, `both ${k}`); return [...z, slope * z[2] + random.normal()] }).flat())
    const product = logDensityEnergy(['x', 'y', 'z', 't'], (x) => [4 * x[2] - x[3] ** 2 / 2, [0, 0, 4, -x[3]]])
    const on = domain('sphere(x, y, z), real').over(['x', 'y', 'z', 't'])
    expect((await testGoodness(product, on, both(0), createRandom(1)))!.pValue).toBeGreaterThan(0.01)
    expect((await testGoodness(product, on, both(1), createRandom(1)))!.pValue).toBeLessThan(0.01)
  })
})
