// Residuals of Stein's identity: closed forms, errors that count in the estimation, chance alone for true models, and the right name for what is wrong.
import { beforeAll, describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { referenceEngine } from '../../src/engine/reference.ts'
import { scoreMatching } from '../../src/estimate/estimators/score-matching.ts'
import { fitParametric } from '../../src/estimate/parametric.ts'
import { openSensitivity } from '../../src/estimate/sensitivity.ts'
import { steinResiduals } from '../../src/evaluate/stein-residuals.ts'
import type { Aspect, SteinResidual } from '../../src/evaluate/stein-residuals.ts'
import { gamma } from '../../src/model/energies/gamma.ts'
import { gaussian } from '../../src/model/energies/gaussian.ts'
import { vonMisesFisher } from '../../src/model/energies/von-mises-fisher.ts'
import { dot } from '../../src/model/expression.ts'
import { defineModel, trace } from '../../src/model/model.ts'
import type { Model } from '../../src/model/model.ts'
import { positive, positiveVector, scalar, vector } from '../../src/model/parameters.ts'
import { gradient } from '../../src/differentiate/reverse.ts'
import { vectorize } from '../../src/differentiate/vectorize.ts'
import { ROWS } from '../../src/graph/node.ts'
import { input } from '../../src/graph/ops/leaf.ts'
import { normalRows } from '../estimate/parametric-fixtures.ts'

const quartic = defineModel({
  name: 'quartic', parameters: { a: positive(), b: scalar(), c: scalar() },
  logDensity: ({ a, b, c }, x) => x.at(0).mul(c).add(x.at(0).square().mul(b)).sub(x.at(0).pow(4).mul(a)),
})
/** Knows no dependence. */
const independent = defineModel({
  name: 'independent', parameters: (d) => ({ k: positiveVector(d), h: vector(d) }),
  logDensity: ({ k, h }, x) => dot(h, x).sub(dot(k, x.square()).mul(0.5)),
})

/** Fits a model and gives its residuals, and the same as if the parameters had been known. */
async function residualsOf(model: Model, rows: Float64Array, d: number): Promise<{ corrected: SteinResidual[]; plain: SteinResidual[] }> {
  const traced = trace(model, d)
  const fit = await fitParametric(traced, scoreMatching, rows, referenceEngine, { random: createRandom(0) })
  const batch = input(traced.graph, 'rows', [ROWS, d])
  const [score] = vectorize(gradient(traced.logDensity, [traced.x]), new Map([[traced.x, batch]]), ROWS)
  const program = await referenceEngine.prepare({ name: 'score', type: 'float64', inputs: [batch, traced.theta], outputs: { score } })
  const { score: { data } } = await program.run({ rows: { shape: [rows.length / d, d], data: rows }, theta: { shape: [fit.theta.length], data: fit.theta } })
  const scores = Float64Array.from(data)
  const sensitivity = openSensitivity(fit.free!, referenceEngine)
  const weights = await sensitivity.weights(rows)
  const estimation = { rows, scores, influences: await sensitivity.influences(rows), scoreSlopes: await sensitivity.scoreSlopes(rows), weights }
  return { corrected: steinResiduals(rows, scores, d, estimation, rows.length / d, weights), plain: steinResiduals(rows, scores, d, null, rows.length / d, weights) }
}

const find = (all: readonly SteinResidual[], aspect: Aspect, ...columns: number[]): SteinResidual =>
  all.find((own) => own.aspect === aspect && columns.every((column, k) => own.columns[k] === column))!

/** Gamma draws of shape 2 and rate 1. */
function gammaRows(count: number, seed: number): Float64Array {
  const random = createRandom(seed)
  return Float64Array.from({ length: count }, () => -Math.log(random.uniform() * random.uniform()))
}

/** Directions around the first axis with density ∝ exp(κ z₁), κ = 2: z₁ by inversion. */
function directionRows(count: number, seed: number): Float64Array {
  const random = createRandom(seed)
  return Float64Array.from(Array.from({ length: count }, () => {
    const z = 1 + Math.log(random.uniform() * (1 - Math.exp(-4)) + Math.exp(-4)) / 2
    const [angle, width] = [2 * Math.PI * random.uniform(), Math.sqrt(1 - z * z)]
    return [z, width * Math.cos(angle), width * Math.sin(angle)]
  }).flat())
}

/** Draws of exp(−a x⁴ + b x² + c x), by rejection from a box. */
function quarticRows(count: number, seed: number, [a, b, c]: readonly number[]): Float64Array {
  const random = createRandom(seed)
  const log = (x: number): number => c * x + b * x * x - a * x ** 4
  const highest = Math.max(...Array.from({ length: 1000 }, (_, k) => log(-5 + k / 100))) + 0.01
  return Float64Array.from({ length: count }, () => {
    for (;;) {
      const x = 10 * random.uniform() - 5
      if (Math.log(random.uniform()) < log(x) - highest) return x
    }
  })
}

describe('a density that owes nothing to the rows', () => {
  const rows = normalRows(500, 1, 'known').map((z) => 0.3 + 1.2 * z)
  const residuals = steinResiduals(rows, rows.map((x) => -x), 1, null, rows.length)
  const mean = rows.reduce((sum, x) => sum + x, 0) / rows.length
  const sd = Math.sqrt(rows.reduce((sum, x) => sum + (x - mean) ** 2, 0) / rows.length)

  it('has the classical moments in its location and spread', () => {
    // φ = −x: location is mean(sx) = s·m; spread is mean(u·s·x) − 1 = s² − 1, u = (x − m)/s.
    expect(find(residuals, 'location').value).toBeCloseTo(sd * mean, 12)
    expect(find(residuals, 'spread').value).toBeCloseTo(sd * sd - 1, 12)
  })

  it('has as error the spread over the rows', () => {
    const { value, standardError, z } = find(residuals, 'location')
    // The rows of location are s·x, of variance s⁴.
    expect(standardError).toBeCloseTo(sd * sd / Math.sqrt(rows.length), 12)
    expect(z).toBeCloseTo(value / standardError, 12)
  })
})

describe('where the domain ends or is curved', () => {
  const random = createRandom('weighted')
  it('on a half-line the weight h = x makes the residuals of a true model chance', () => {
    // Gamma with shape 1.5, whose density vanishes at zero like √x: E[g′] + E[gφ] = 0 needs h, E[x] is its mean.
    const count = 20_000
    const rows = Float64Array.from({ length: count }, () => { const z = random.normal(); return -Math.log(random.uniform()) + z * z / 2 })
    const scores = rows.map((x) => 0.5 / x - 1)
    const one = new Float64Array(count).fill(1)
    const weights = { diagonal: rows, radial: new Float64Array(count), divergence: one, part: [0] }
    const residuals = steinResiduals(rows, scores, 1, null, count, weights)
    for (const { z } of residuals) expect(Math.abs(z!)).toBeLessThan(4)
    // −mean of s(xφ + 1) = s·mean(x − 1.5).
    const mean = rows.reduce((sum, x) => sum + x, 0) / count
    const sd = Math.sqrt(rows.reduce((sum, x) => sum + (x - mean) ** 2, 0) / count)
    expect(find(residuals, 'location').value).toBeCloseTo(sd * (mean - 1.5), 9)
    const wrong = steinResiduals(rows, rows.map((x) => 1 / x - 1), 1, null, count, weights)
    expect(find(wrong, 'location').z!).toBeLessThan(-10)
  })

  it('on a sphere W = I − zzᵀ does, in location, spread and dependence', () => {
    const count = 20_000
    const rows = normalRows(count, 3, 'sphere')
    for (let k = 0; k < rows.length; k += 3) {
      const length = Math.hypot(rows[k], rows[k + 1], rows[k + 2])
      for (let j = 0; j < 3; j++) rows[k + j] /= length
    }
    const one = new Float64Array(rows.length).fill(1)
    const weights = { diagonal: one, radial: one, divergence: rows.map((z) => -2 * z), part: [0, 0, 0] }
    const uniform = steinResiduals(rows, new Float64Array(rows.length), 3, null, count, weights)
    for (const { z } of uniform) expect(Math.abs(z!)).toBeLessThan(4)
    // For dependence the field ½(sᵢuⱼ, sⱼuᵢ) has the operator −3zᵢzⱼ but for means and scales, which are nearly 0 and equal.
    const products = rows.reduce((sum, _z, k) => (k % 3 === 0 ? sum + rows[k] * rows[k + 1] / count : sum), 0)
    expect(find(uniform, 'dependence', 0, 1).value).toBeCloseTo(3 * products, 2)
    // A score that pulls along the first axis where the rows are uniform.
    const pulled = steinResiduals(rows, rows.map((_z, k) => (k % 3 === 0 ? 0.2 : 0)), 3, null, count, weights)
    expect(find(pulled, 'location', 0).z!).toBeLessThan(-10)
    expect(Math.abs(find(pulled, 'location', 1).z!)).toBeLessThan(4)
  })
})

describe('a Gaussian fit', () => {
  it('makes location, spread and dependence zero itself, and says so', async () => {
    const { corrected } = await residualsOf(gaussian, normalRows(200, 2, 'full'), 2)
    for (const { aspect, z, value } of corrected) {
      if (aspect === 'skewness' || aspect === 'tails') expect(z).not.toBeNull()
      else {
        expect(z).toBeNull()
        expect(Math.abs(value)).toBeLessThan(1e-10)
      }
    }
  })

  it('says so too where only a part of the rows is looked at', async () => {
    const rows = normalRows(4000, 1, 'part')
    const traced = trace(gaussian, 1)
    const fit = await fitParametric(traced, scoreMatching, rows, referenceEngine, { random: createRandom(0) })
    const [k, h] = fit.theta
    const part = rows.slice(0, 1000)
    const sensitivity = openSensitivity(fit.free!, referenceEngine)
    const scores = part.map((x) => h - k * x)
    const estimation = { rows: part, scores, influences: await sensitivity.influences(part), scoreSlopes: await sensitivity.scoreSlopes(part) }
    const found = steinResiduals(part, scores, 1, estimation, 4000)
    expect(found.map(({ z }) => z === null)).toEqual([true, true, false, false])
  })

  it.each([
    ['skewness', 1, (z: number) => z + 0.3 * (z * z - 1)], ['skewness', -1, (z: number) => z - 0.3 * (z * z - 1)],
    ['tails', 1, (z: number) => z + 0.1 * z ** 3], ['tails', -1, (z: number) => Math.tanh(z)],
  ] as const)('finds %s of sign %i, and its name comes first', async (aspect, sign, bend) => {
    const { corrected } = await residualsOf(gaussian, normalRows(1000, 1, `bent ${aspect} ${sign}`).map(bend), 1)
    const [first] = corrected.filter(({ z }) => z !== null).sort((a, b) => Math.abs(b.z!) - Math.abs(a.z!))
    expect(first.aspect).toBe(aspect)
    expect(sign * first.z!).toBeGreaterThan(5)
  })
})

it('rows of another family on the half-line are found out', async () => {
  const { corrected } = await residualsOf(gamma, normalRows(2000, 1, 'lognormal').map((z) => Math.exp(0.5 * z)), 1)
  expect(Math.max(...corrected.map(({ z }) => Math.abs(z ?? 0)))).toBeGreaterThan(4)
})

it('dependence that a model has no parameter for is found, with its sign', async () => {
  const z = normalRows(1000, 2, 'dependent')
  for (const sign of [1, -1]) {
    const rows = z.map((value, k) => (k % 2 === 1 ? sign * 0.3 * z[k - 1] + value : value))
    const { corrected } = await residualsOf(independent, rows, 2)
    expect(sign * find(corrected, 'dependence', 0, 1).z!).toBeGreaterThan(5)
  }
})

describe.each([
  ['gaussian', gaussian, 1, (seed: number) => normalRows(300, 1, `table ${seed}`), 'location', 1e-9],
  ['gamma', gamma, 1, (seed: number) => gammaRows(1500, seed), 'location', 1e-9],
  ['von Mises–Fisher', vonMisesFisher, 3, (seed: number) => directionRows(600, seed), 'location', 1e-9],
  // The influences of a fourth power reach their normal limit later, and what it does not fit itself is nearly fitted.
  ['quartic', quartic, 1, (seed: number) => quarticRows(2000, seed, [0.1, 0.4, 0.2]), 'tails', 0.5],
] as const)('over 160 tables of a true %s', (_, model, d, table, smallest, most) => {
  const zs: { corrected: SteinResidual[]; plain: SteinResidual[] }[] = []
  beforeAll(async () => {
    for (let seed = 0; seed < 160; seed++) zs.push(await residualsOf(model, table(seed), d))
  }, 120_000)
  const squares = (kind: 'corrected' | 'plain', aspect: Aspect): number => zs.reduce((sum, own) => sum + (find(own[kind], aspect).z ?? 0) ** 2, 0) / zs.length

  it('residuals are standard normal', () => {
    for (const aspect of ['location', 'spread', 'skewness', 'tails'] as const) {
      const own = zs.map(({ corrected }) => find(corrected, aspect).z).filter((z) => z !== null)
      if (own.length === 0) continue
      // The mean of 160 squares has a standard deviation of √(2/160) = 0.11, that of 160 values of 0.079; four of each.
      expect(Math.abs(squares('corrected', aspect) - 1)).toBeLessThan(0.45)
      expect(Math.abs(own.reduce((sum, z) => sum + z, 0) / own.length)).toBeLessThan(0.32)
      // 8 of 160 beyond 1.96 on average, with a standard deviation of 2.8.
      expect(own.filter((z) => Math.abs(z) > 1.96).length).toBeLessThan(20)
    }
  })

  it('without the correction for the estimate they would be too small', () => {
    expect(squares('plain', smallest)).toBeLessThan(most)
  })
})
