// The examples are true: each one's numbers against what it claims to show.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { explicitAndImplicit } from '../examples/explicit-and-implicit.ts'
import { likelihoodWithoutNormalizer } from '../examples/likelihood-without-normalizer.ts'
import { neuralEnergy } from '../examples/neural-energy.ts'
import { notIdentified } from '../examples/not-identified.ts'
import { precisionMatrix } from '../examples/precision-matrix.ts'
import { denoise, tweedieMiyasawa } from '../examples/tweedie-miyasawa.ts'
import { varianceObjective } from '../examples/variance-objective.ts'

test('(a) maximum likelihood without Z runs off to σ² → ∞, and unnorm says so', async () => {
  const { stopped, lastVariance, explanation, path, meanSquare, matchedVariance } = await likelihoodWithoutNormalizer()
  expect(stopped).toBe('unbounded')
  expect(lastVariance).toBeGreaterThan(1e8)
  expect(explanation).toMatch(/variance → \+∞.*normalizer Z\(θ\) was forgotten/)
  path.forEach(({ objective }, k) => { if (k > 0) expect(objective).toBeLessThan(path[k - 1].objective) })
  expect(Math.abs(matchedVariance / meanSquare - 1)).toBeLessThan(1e-9)
})

test('(b) J(σ²) = −σ⁻² + ½σ⁻⁴ mean x² has its minimum at mean x²', async () => {
  const { curve, minimum, meanSquare } = await varianceObjective()
  for (const { objective, formula } of curve) {
    expect(Math.abs(objective - formula)).toBeLessThan(1e-12 * Math.abs(formula) + 1e-13)
    expect(objective).toBeGreaterThan(minimum.objective)
  }
  expect(Math.abs(minimum.variance / meanSquare - 1)).toBeLessThan(1e-9)
  expect(Math.abs(minimum.objective - minimum.formula)).toBeLessThan(1e-12)
})

test('(c) explicit and implicit objective differ by a constant in θ', () => {
  const { constant, objectives } = explicitAndImplicit()
  for (const { explicit, implicit } of objectives) expect(Math.abs(explicit - implicit - constant)).toBeLessThan(1e-8)
  // The models do differ: the constant is no accident of equal objectives.
  const values = objectives.map(({ explicit }) => explicit)
  expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(1)
})

test('(d) the precision matrix is the inverse of mean xxᵀ', async () => {
  const { route, product, summary } = await precisionMatrix()
  expect(route).toBe('closed-form')
  product.forEach((row, i) => row.forEach((value, j) => expect(Math.abs(value - (i === j ? 1 : 0))).toBeLessThan(1e-11)))
  expect(summary).toContain('precision[1,2]')
})

describe('(e) Tweedie–Miyasawa with a full noise covariance', () => {
  test('equals the posterior mean of the mixture', () => {
    for (const { point, denoised, posterior } of tweedieMiyasawa(50)) {
      denoised.forEach((value, j) => expect(Math.abs(value - posterior[j])).toBeLessThan(1e-11))
      expect(Math.hypot(denoised[0] - point[0], denoised[1] - point[1])).toBeGreaterThan(1e-3)
    }
  })

  test('and the posterior mean by integrating x p(x) N(x̃; x, C) over the plane', () => {
    const clumps = [[0.5, -2, -1, 0.3, 0.1, 0.2], [0.3, 2, -1, 0.5, -0.2, 0.9], [0.2, 0, 2, 1, 0, 0.1]]
    const bell = (u: number, v: number, a: number, b: number, c: number): number => Math.exp(-(c * u * u - 2 * b * u * v + a * v * v) / (2 * (a * c - b * b))) / Math.sqrt(a * c - b * b)
    const point = [0.4, 0.3]
    let [mass, first, second] = [0, 0, 0]
    for (let x = -9; x <= 9; x += 0.05) {
      for (let y = -9; y <= 9; y += 0.05) {
        const density = clumps.reduce((total, [weight, m1, m2, a, b, c]) => total + weight * bell(x - m1, y - m2, a, b, c), 0) * bell(point[0] - x, point[1] - y, 0.5, 0.3, 0.4)
        mass += density
        first += density * x
        second += density * y
      }
    }
    const expected = denoise(point)
    expect(Math.abs(first / mass - expected[0])).toBeLessThan(1e-9)
    expect(Math.abs(second / mass - expected[1])).toBeLessThan(1e-9)
  })
})

test('(f) a neural energy by denoising comes close to the true density and its score, and is drawn', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'unnorm-example-'))
  try {
    const { noise, logLikelihood, trueLogLikelihood, missedShareOfScore } = await neuralEnergy(folder)
    // No density is better than the true one, but for the chance of 4000 rows; the noise and the rows allow for a little less.
    expect(trueLogLikelihood - logLikelihood).toBeGreaterThan(-0.005)
    expect(trueLogLikelihood - logLikelihood).toBeLessThan(0.03)
    expect(missedShareOfScore).toBeLessThan(0.05)
    noise.forEach((sigma) => expect(sigma).toBeGreaterThan(0))
    const svg = await readFile(join(folder, 'figure.svg'), 'utf8')
    expect(svg).toMatch(/^<svg[^>]*>/)
    expect(svg).toContain('Learned density of the noisy data')
    expect((await readFile(join(folder, 'figure.png'))).subarray(1, 4).toString()).toBe('PNG')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}, 120_000)

test('(g) adding c(θ) changes neither φ nor J̃, and c is named as not identified', async () => {
  const { parameters, objectives, scores, stopped, warning } = await notIdentified()
  expect(Math.abs(objectives.having - objectives.without)).toBeLessThan(1e-12 * Math.abs(objectives.without))
  scores.without.forEach((value, k) => expect(Math.abs(scores.having[k] - value)).toBeLessThan(1e-9))
  parameters.without.forEach(({ estimate, standardError }, k) => {
    expect(Math.abs(parameters.having[k].estimate! / estimate! - 1)).toBeLessThan(1e-9)
    expect(Math.abs(parameters.having[k].standardError! / standardError! - 1)).toBeLessThan(1e-8)
  })
  expect(parameters.having[2]).toEqual({ name: 'c', estimate: null, standardError: null, interval: null })
  expect(stopped).toBe('flat direction')
  expect(warning).toMatch(/^c cannot be estimated/)
})
