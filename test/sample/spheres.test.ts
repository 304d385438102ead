// Samplers on spheres and products with them, along great circles: exact moments, detailed balance, reversibility.
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { rowMoments } from '../../src/estimate/row-moments.ts'
import { openEnergy } from '../../src/evaluate/open-energy.ts'
import { domain } from '../../src/model/domain.ts'
import { logBesselI } from '../../src/model/bessel.ts'
import { coordinatesOf, sampleEnergy } from '../../src/sample/draw-samples.ts'
import { drawMomenta, ontoSpheres } from '../../src/sample/geometry.ts'
import { stateAt } from '../../src/sample/sampler.ts'
import type { ChainSampler } from '../../src/sample/sampler.ts'
import { addKinetic, leapfrog } from '../../src/sample/samplers/hmc.ts'
import { samplers } from '../../src/sample/samplers/index.ts'
import { inCoordinates, scaled } from '../../src/sample/target.ts'
import { expectBalance, logDensityEnergy, meanOf } from './targets.ts'

const exact = Object.values(samplers).filter((each): each is ChainSampler => each.kind !== 'descent' && each.targetAcceptance !== null)

async function sampled(text: string, columns: string[], log: (x: Float64Array) => readonly [number, readonly number[]], sampler: ChainSampler): Promise<{ mean(f: (x: Float64Array) => number, truth: number): void }> {
  const placed = domain(text).over(columns)
  const open = openEnergy(logDensityEnergy(placed.columns, log), placed, 'ambient')
  // Starts around the uniform distribution: what the chains find they find themselves.
  const random = createRandom(text)
  const raw = Float64Array.from({ length: 500 * columns.length }, () => random.normal())
  const d = columns.length
  for (let row = 0; row < 500; row++) placed.parts.forEach((part) => part.close?.(part.columns.map((j) => raw[row * d + j]))?.forEach((value, k) => { raw[row * d + part.columns[k]] = value }))
  const { mean, covariance } = rowMoments(open.toOpen(raw), open.energy.columns.length)
  const samples = await sampleEnergy(open.energy, coordinatesOf(mean, covariance, open.spheres), sampler, { count: 32 * 1000, chains: 32, warmUp: 300, thin: 2, toRows: open.toRows }, createRandom(sampler.name))
  expect(samples.mixed).toBe(true)
  expect(samples.divergences).toBe(0)
  return {
    mean: (f, truth) => {
      const { mean: found, error } = meanOf(samples.rows, 32, d, f)
      expect(Math.abs(found - truth), `${f} ${found} ± ${error}, truth ${truth}`).toBeLessThan(4 * error)
      expect(error).toBeLessThan(0.02)
    },
  }
}

const bessel = (order: number, x: number): number => Math.exp(logBesselI(order, x))

describe.each(exact)('$name', (sampler) => {
  test('von Mises–Fisher: the mean resultant length is coth κ − 1/κ, the mean square 1 − 2A/κ', async () => {
    const kappa = 20
    const m = [2 / 3, -1 / 3, 2 / 3]
    const { mean } = await sampled('sphere', ['x', 'y', 'z'], (x) => [kappa * (m[0] * x[0] + m[1] * x[1] + m[2] * x[2]), m.map((value) => kappa * value)], sampler)
    const a = 1 / Math.tanh(kappa) - 1 / kappa
    m.forEach((value, k) => mean((x) => x[k], a * value))
    mean((x) => (m[0] * x[0] + m[1] * x[1] + m[2] * x[2]) ** 2, 1 - 2 * a / kappa)
  })

  test('the uniform distribution in five coordinates: squares 1/p, fourth powers 3/(p(p + 2))', async () => {
    const { mean } = await sampled('sphere', ['a', 'b', 'c', 'd', 'e'], () => [0, [0, 0, 0, 0, 0]], sampler)
    mean((x) => x[0], 0)
    mean((x) => x[3] ** 2, 1 / 5)
    mean((x) => x[4] ** 4, 3 / 35)
  })

  test('a circle and a line that hang together: x given the direction is N(c cos a, 1)', async () => {
    // ∫ exp(c x z₁ − x²/2) dx ∝ exp(c² z₁²/2) = exp(c²/4 (1 + cos 2a)), von Mises in 2a with κ = c²/4.
    const c = 1.5
    const { mean } = await sampled('sphere(u, v), real', ['u', 'v', 'x'], ([u, , x]) => [c * x * u - x * x / 2, [c * x, 0, c * u - x]], sampler)
    const a = bessel(1, c * c / 4) / bessel(0, c * c / 4)
    mean(([u]) => u * u, (1 + a) / 2)
    mean(([u, , x]) => x * u, c * (1 + a) / 2)
    mean(([, , x]) => x * x, 1 + c * c * (1 + a) / 2)
  })
})

test.each(exact.filter(({ kind }) => kind === 'chain'))('$name: in equilibrium as many move from A to B as from B to A', async (sampler) => {
  const count = 100_000
  const kappa = 1.5
  const random = createRandom('equilibrium')
  const placed = domain('sphere').over(['x', 'y', 'z'])
  const open = openEnergy(logDensityEnergy(placed.columns, (x) => [kappa * x[2], [0, 0, kappa]]), placed, 'ambient')
  const positions = new Float64Array(3 * count)
  for (let k = 0; k < count; k++) {
    const z = 1 + Math.log(random.uniform() * (1 - Math.exp(-2 * kappa)) + Math.exp(-2 * kappa)) / kappa
    const [angle, width] = [2 * Math.PI * random.uniform(), Math.sqrt(1 - z * z)]
    positions.set([width * Math.cos(angle), width * Math.sin(angle), z], 3 * k)
  }
  const target = inCoordinates(open.energy, { ...scaled(new Float64Array(3), new Float64Array(3).fill(1)), spheres: open.spheres })
  const before = await sampler.init(target, positions)
  const { state } = await sampler.step(target, before, new Float64Array(count).fill(0.9), createRandom('step'))
  const cells = 10
  const cellsOf = (points: Float64Array): number[] => { const rows = open.toRows(points); return Array.from({ length: count }, (_, k) => Math.min(cells - 1, Math.floor((rows[3 * k + 2] + 1) / 2 * cells))) }
  expectBalance(cellsOf(positions), cellsOf(state.positions), cells)
})

test('a path along great circles stays on the sphere, conserves the energy to the square of the step, and is undone by the flipped momentum', async () => {
  const placed = domain('sphere(x, y, z), real').over(['t', 'x', 'y', 'z'])
  const open = openEnergy(logDensityEnergy(placed.columns, ([t, x, y, z]) => [2 * z + x * y + t * x - t * t / 2, [x - t, y + t, x, 2]]), placed, 'ambient')
  const target = inCoordinates(open.energy, { ...scaled(new Float64Array(4), Float64Array.of(1, 0.5, 0.5, 0.5)), spheres: open.spheres })
  const [{ radius }] = target.spheres!
  expect(radius).toBe(2)
  const count = 5
  const random = createRandom('path')
  const raw = new Float64Array(4 * count)
  random.fillNormal(raw)
  const start = await stateAt(target, ontoSpheres(raw, 4, target.spheres!))
  const total = (energy: Float64Array, momenta: Float64Array): Float64Array => { const sum = energy.slice(); addKinetic(sum, momenta, 1); return sum }
  const errorAt = async (size: number): Promise<Float64Array> => {
    const momenta = drawMomenta(start.positions, 4, target.spheres!, createRandom('momenta'))
    const before = total(start.energy, momenta)
    const there = await leapfrog(target, start, momenta, new Float64Array(count).fill(size), Math.round(1.2 / size))
    const found = total(there.energy, momenta).map((value, c) => value - before[c])
    for (let c = 0; c < count; c++) {
      expect(Math.hypot(...there.positions.subarray(4 * c + 1, 4 * c + 4))).toBeCloseTo(radius, 12)
      expect(Math.abs(there.positions[4 * c + 1] - start.positions[4 * c + 1])).toBeGreaterThan(1e-3)
    }
    const again = await leapfrog(target, there, momenta.map((p) => -p), new Float64Array(count).fill(size), Math.round(1.2 / size))
    again.positions.forEach((value, k) => { expect(value).toBeCloseTo(start.positions[k], 9) })
    return found
  }
  const [coarse, fine] = [await errorAt(0.02), await errorAt(0.01)]
  coarse.forEach((error, c) => { expect(error / fine[c]).toBeGreaterThan(3.8); expect(error / fine[c]).toBeLessThan(4.2) })
})
