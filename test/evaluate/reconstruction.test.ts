// The denoiser's error on exact Gaussians: the ideal score attains its floor, a wrong one does not.
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { reconstruction } from '../../src/evaluate/reconstruction.ts'
import { normalRows, pointwiseEnergy } from './energies.ts'

// Columns N(0, s²), s = 2 and 0.1, noise σ = 1 and 0.05.
const deviations = [2, 0.1]
const noise = [1, 0.05]
const diagonal = Float64Array.of(1, 0, 0, 0.05 ** 2)
const rows = normalRows(20_000, 2, createRandom(1)).map((value, k) => value * deviations[k % 2])
// The score of the noisy density, times a factor that makes it wrong.
const energy = (factor: number) => pointwiseEnergy(2, () => 0, (x) => x.map((value, j) => (-factor * value) / (deviations[j] ** 2 + noise[j] ** 2)))

describe('reconstruction', () => {
  it('attains s²σ²/(s² + σ²) per column with the exact score, which is the floor it claims', async () => {
    const result = await reconstruction(energy(1), rows, diagonal, createRandom(2), { maximumRows: 20_000 })
    result.columns.forEach((column, j) => {
      const [s, v] = [deviations[j] ** 2, noise[j] ** 2]
      const truth = (s * v) / (s + v)
      expect(column.column).toBe(`x${j + 1}`)
      expect(Math.abs(column.error - truth)).toBeLessThan(4 * column.standardError)
      expect(column.standardError / truth).toBeLessThan(0.01)
      expect(column.floor / truth).toBeCloseTo(1, 2)
      expect(column.noDenoising).toBe(diagonal[3 * j])
    })
    // In standard deviations: both columns have σ²/s² = ¼, hence 0.2 each.
    expect(Math.abs(result.total.error - 0.4)).toBeLessThan(4 * result.total.standardError)
    expect(result.total.floor).toBeCloseTo(0.4, 2)
    expect(result.total.noDenoising).toBeCloseTo(0.5, 1)
    expect(Math.abs(result.aboveFloor.value)).toBeLessThan(4 * result.aboveFloor.standardError)
    expect(result.rows).toBe(20_000)
  })
  it('attains C − C(Σ + C)⁻¹C for correlated rows and noise with a full covariance', async () => {
    const [a, b, c] = [4, 1, 1] // Σ = [[4, 1], [1, 1]] = LLᵀ, L = [[2, 0], [½, √¾]]
    const correlated = normalRows(20_000, 2, createRandom(6)).map((value, k, z) => (k % 2 === 0 ? 2 * value : z[k - 1] / 2 + Math.sqrt(0.75) * value))
    const [u, v, w] = [1, -0.6, 0.5]
    // (Σ + C)⁻¹ by the formula for 2 × 2.
    const determinant = (a + u) * (c + w) - (b + v) ** 2
    const inverse = [[(c + w) / determinant, -(b + v) / determinant], [-(b + v) / determinant, (a + u) / determinant]]
    const exact = pointwiseEnergy(2, () => 0, (x) => inverse.map((row) => -row[0] * x[0] - row[1] * x[1]))
    const result = await reconstruction(exact, correlated, Float64Array.of(u, v, v, w), createRandom(7), { maximumRows: 20_000 })
    const truth = [[u, v], [v, w]].map((row, j) => [u, w][j] - row.reduce((sum, p, i) => sum + row.reduce((inner, q, k) => inner + p * inverse[i][k] * q, 0), 0))
    result.columns.forEach((column, j) => {
      expect(Math.abs(column.error - truth[j])).toBeLessThan(4 * column.standardError)
      expect(column.standardError / truth[j]).toBeLessThan(0.01)
      expect(column.floor / truth[j]).toBeCloseTo(1, 2)
      expect(column.noDenoising).toBe([u, w][j])
    })
    expect(Math.abs(result.aboveFloor.value)).toBeLessThan(4 * result.aboveFloor.standardError)
    expect(result.total.floor).toBeCloseTo(truth[0] / 4 + truth[1], 1)
  })
  it('lies above the floor that a wrong score claims, by 2kσ⁴(k − 1)/(s² + σ²) for a score k times too large', async () => {
    // error = σ² − 2kσ⁴/(s² + σ²) + k²σ⁴/(s² + σ²); claimed floor = σ² − k²σ⁴/(s² + σ²).
    const factor = 1.5
    const result = await reconstruction(energy(factor), rows, diagonal, createRandom(3), { maximumRows: 20_000 })
    const truth = deviations.reduce((sum, s, j) => sum + (2 * factor * (factor - 1) * noise[j] ** 4) / (s ** 2 + noise[j] ** 2) / s ** 2, 0)
    expect(Math.abs(result.aboveFloor.value - truth)).toBeLessThan(4 * result.aboveFloor.standardError)
    expect(result.aboveFloor.value).toBeGreaterThan(10 * result.aboveFloor.standardError)
  })
  it('costs exactly the noise where the score is zero', async () => {
    const idle = pointwiseEnergy(2, () => 0, () => [0, 0])
    const result = await reconstruction(idle, rows, diagonal, createRandom(4), { maximumRows: 5000 })
    expect(result.rows).toBe(5000)
    result.columns.forEach((column) => {
      expect(column.floor).toBeCloseTo(column.noDenoising, 12)
      expect(Math.abs(column.error - column.noDenoising)).toBeLessThan(4 * column.standardError)
    })
  })
  it('takes the scale of the table where it is told, so that a column may be constant among the rows', async () => {
    const few = rows.slice(0, 10).fill(3)
    const idle = pointwiseEnergy(2, () => 0, () => [0, 0])
    await expect(reconstruction(idle, few, diagonal, createRandom(4))).rejects.toThrow(/constant/)
    const { total } = await reconstruction(idle, few, diagonal, createRandom(4), { deviations: [2, 0.5] })
    expect(total.noDenoising).toBeCloseTo(noise[0] ** 2 / 4 + noise[1] ** 2 / 0.25, 12)
  })
  it('is repeatable', async () => {
    const once = await reconstruction(energy(1), rows, diagonal, createRandom(5), { maximumRows: 100 })
    expect(await reconstruction(energy(1), rows, diagonal, createRandom(5), { maximumRows: 100 })).toEqual(once)
  })
})
