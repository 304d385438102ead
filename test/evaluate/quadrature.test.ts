// log Z by quadrature against closed forms: sharp ridges, narrow modes, heavy tails, and functions that have no integral.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { UnnormError } from '../../src/base/errors.ts'
import { cubeRule, gaussLegendre } from '../../src/evaluate/log-normalizer/gauss-legendre.ts'
import { logNormalizer } from '../../src/evaluate/log-normalizer/quadrature.ts'
import type { FittedEnergy } from '../../src/model/fitted-energy.ts'
import { mixtureEnergy, mixtureRows, normalRows, parabolaRows, pointwiseEnergy, threeComponents } from './energies.ts'

const unit = (dimension: number) => ({ center: Array(dimension).fill(0), scale: Array(dimension).fill(1) })

async function expectLogZ(energy: FittedEnergy, where: Parameters<typeof logNormalizer>[1], truth: number) {
  const result = await logNormalizer(energy, where)
  expect(result).not.toBeNull()
  const { value, standardError } = result!
  expect(standardError).toBeLessThan(1e-4)
  // The rounding of sums of some thousand terms stands beside the quadrature's own error.
  expect(Math.abs(value - truth)).toBeLessThan(standardError + 1e-9)
  return result!
}

async function refusal(energy: FittedEnergy, where: Parameters<typeof logNormalizer>[1]): Promise<UnnormError> {
  const error = await logNormalizer(energy, where).then(
    (result) => { throw new Error(`not refused: ${JSON.stringify(result)}`) },
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(UnnormError)
  return error as UnnormError
}

describe('Gauss–Legendre rules', () => {
  it('are exact for polynomials of degree 2n − 1, and not beyond', () => {
    for (let order = 1; order <= 12; order++) {
      const { nodes, weights } = gaussLegendre(order)
      for (let degree = 0; degree <= 2 * order; degree++) {
        const sum = nodes.reduce((total, x, i) => total + weights[i] * x ** degree, 0)
        const truth = degree % 2 === 1 ? 0 : 2 / (degree + 1)
        if (degree < 2 * order) expect(sum).toBeCloseTo(truth, 13)
        else expect(Math.abs(sum - truth)).toBeGreaterThan(1e-9)
      }
    }
  })
  it('make product rules whose weights sum to the cube', () => {
    const rule = cubeRule(gaussLegendre(4), 3)
    expect(rule.logWeights.reduce((sum, w) => sum + Math.exp(w), 0)).toBeCloseTo(8, 12)
  })
})

describe('logNormalizer', () => {
  it('integrates a Gaussian with correlation .99 from its rows', async () => {
    const covariance = 0.99 * 2 * 30
    const determinant = 4 * 900 - covariance ** 2
    const energy = pointwiseEnergy(2, ([a, b]) => (900 * (a - 5) ** 2 - 2 * covariance * (a - 5) * (b + 7) + 4 * (b + 7) ** 2) / (2 * determinant))
    const normal = normalRows(500, 2, createRandom(1))
    const rows = normal.map((_, i) =>
      i % 2 === 0 ? 5 + 2 * normal[i] : -7 + 30 * (0.99 * normal[i - 1] + Math.sqrt(1 - 0.99 ** 2) * normal[i]))
    const truth = Math.log(2 * Math.PI) + 0.5 * Math.log(determinant)
    await expectLogZ(energy, { rows }, truth)
    // Without the rows the ridge is oblique in the cells.
    await expectLogZ(energy, { center: [5, -7], scale: [2, 30] }, truth)
  })
  it('finds modes of sd .05 in a range of 10, in one and in two dimensions', async () => {
    const one = [-5, -2, 0.3, 5].map((mean, k) => ({ weight: [0.4, 0.1, 0.2, 0.3][k], mean: [mean], deviation: 0.05 }))
    await expectLogZ(mixtureEnergy(one), { rows: mixtureRows(one, 300, createRandom(2)) }, 0)
    await expectLogZ(mixtureEnergy(one), { center: [0], scale: [3] }, 0)
    const two = [[-5, -5], [5, 5], [-4.7, 5], [0.1, 0.2]].map((mean, k) => ({ weight: [0.4, 0.1, 0.2, 0.3][k], mean, deviation: 0.05 }))
    await expectLogZ(mixtureEnergy(two), { rows: mixtureRows(two, 300, createRandom(3)) }, 0)
    await expectLogZ(mixtureEnergy(two), { center: [0, 0], scale: [4, 4] }, 0)
  })
  it('integrates the three-component mixture with few evaluations', async () => {
    for (const deviation of [0.5, 1]) {
      const components = threeComponents(deviation)
      const result = await expectLogZ(mixtureEnergy(components), { rows: mixtureRows(components, 2000, createRandom(4)) }, 0)
      expect(result.evaluations).toBeLessThan(60_000)
    }
  })
  it('integrates a curved ridge', async () => {
    const energy = pointwiseEnergy(2, ([a, b]) => 0.5 * a * a + 0.5 * ((b - 0.5 * (a * a - 1)) / 0.35) ** 2)
    await expectLogZ(energy, { rows: parabolaRows(1000, createRandom(5)) }, Math.log(2 * Math.PI * 0.35))
  })
  it('integrates heavy tails: Student t down to the Cauchy density, in one and two dimensions', async () => {
    for (const nu of [1, 3]) {
      const energy = pointwiseEnergy(1, ([x]) => 0.5 * (nu + 1) * Math.log1p((x * x) / nu))
      const truth = nu === 1 ? Math.log(Math.PI) : Math.log((Math.PI * Math.sqrt(3)) / 2)
      await expectLogZ(energy, unit(1), truth)
    }
    // (1 + ‖x‖²)^−3/2 on the plane integrates to 2π.
    const cauchy = pointwiseEnergy(2, ([a, b]) => 1.5 * Math.log1p(a * a + b * b))
    await expectLogZ(cauchy, unit(2), Math.log(2 * Math.PI))
    // A tail so heavy that 40 doublings leave 1 % beyond them: (1 + |x|)^−1.2 integrates to 10.
    const heavy = pointwiseEnergy(1, ([x]) => 1.2 * Math.log1p(Math.abs(x)))
    await expectLogZ(heavy, unit(1), Math.log(10))
  })
  it('integrates in three dimensions', async () => {
    const components = [
      { weight: 0.6, mean: [0, 0, 0], deviation: 1 },
      { weight: 0.4, mean: [3, 1, -2], deviation: 0.4 },
    ]
    await expectLogZ(mixtureEnergy(components), { rows: mixtureRows(components, 500, createRandom(6)) }, 0)
  })
  it('takes a domain where the energy is +∞ outside, and reports the error it attains', async () => {
    // Half a Gaussian plane: the edge is oblique to no cell, but passes between the nodes.
    const energy = pointwiseEnergy(2, ([a, b]) => (a < 0.1234 ? Infinity : 0.5 * (a * a + b * b)))
    const result = await logNormalizer(energy, unit(2), { maximumEvaluations: 300_000 })
    const truth = Math.log(2 * Math.PI * 0.45089515)
    expect(Math.abs(result!.value - truth)).toBeLessThan(result!.standardError + 1e-7)
  expect(result!.standardError).toBeLessThan(0.02)
  })
  it('moves and scales with the data', async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: -50, max: 50, noNaN: true }), fc.double({ min: 0.001, max: 1000, noNaN: true }), async (shift, scale) => {
        const energy = pointwiseEnergy(1, ([x]) => ((x - shift * scale) / scale) ** 4)
        // ∫ exp(−t⁴) dt = 2 Γ(5/4)
        await expectLogZ(energy, { center: [0], scale: [scale * 3] }, Math.log(2 * 0.9064024770554771 * scale))
      }),
      { numRuns: 30, seed: 7 },
    )
  })
  it('refuses what has no integral, with the reason', async () => {
    const cases: [FittedEnergy, number, RegExp][] = [
      [pointwiseEnergy(1, () => 0), 1, /grows|fall fast enough/],
      [pointwiseEnergy(2, ([a]) => 0.5 * a * a), 2, /grows|fall fast enough/],
      [pointwiseEnergy(1, ([x]) => -x * x), 1, /grows|−∞/],
      [pointwiseEnergy(1, ([x]) => 0.5 * Math.log1p(x * x)), 1, /does not fall fast enough/],
      [pointwiseEnergy(1, ([x]) => 0.5 * x * x - 1e-7 * x ** 4), 1, /rises again|grows|−∞/],
      [pointwiseEnergy(2, ([a, b]) => 0.5 * (a * a + b * b) - 1e-9 * Math.exp(0.02 * a)), 2, /rises again|−∞/],
    ]
    for (const [energy, dimension, reason] of cases) {
      const error = await refusal(energy, unit(dimension))
      expect(error.code).toBe('not-integrable')
      expect(error.message).toMatch(reason)
    }
  })
  it('refuses a NaN energy and says where', async () => {
    const error = await refusal(pointwiseEnergy(1, ([x]) => (x < -1 ? Number.NaN : 0.5 * x * x)), unit(1))
    expect(error.code).toBe('energy-not-finite')
    expect(error.message).toMatch(/NaN at \(-\d/)
  })
  it('is null beyond three dimensions', async () => {
    expect(await logNormalizer(pointwiseEnergy(4, () => 0), unit(4))).toBeNull()
  })
})
