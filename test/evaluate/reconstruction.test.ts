// The denoiser's error on exact Gaussians: the ideal score attains its floor, a wrong one does not.
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { reconstruction } from '../../src/evaluate/reconstruction.ts'
import { normalRows, pointwiseEnergy } from './energies.ts'

// Columns N(0, s²), s = 2 and 0.1, noise σ = 1 and 0.05.
const deviations = [2, 0.1]
const noise = [1, 0.05]
const rows = normalRows(20_000, 2, createRandom(1)).map((value, k) => value * deviations[k % 2])
// The score of the noisy density, times a factor that makes it wrong.
const energy = (factor: number) => pointwiseEnergy(2, () => 0, (x) => x.map((value, j) => (-factor * value) / (deviations[j] ** 2 + noise[j] ** 2)))

describe('reconstruction', () => {
  it('attains s²σ²/(s² + σ²) per column with the exact score, which is the floor it claims', async () => {
    const result = await reconstruction(energy(1), rows, noise, createRandom(2), { maximumRows: 20_000 })
    result.columns.forEach((column, j) => {
      const [s, v] = [deviations[j] ** 2, noise[j] ** 2]
      const truth = (s * v) / (s + v)
      expect(column.column).toBe(`x${j + 1}`)
      expect(Math.abs(column.error - truth)).toBeLessThan(4 * column.standardError)
      expect(column.standardError / truth).toBeLessThan(0.01)
      expect(column.floor / truth).toBeCloseTo(1, 2)
      expect(column.noDenoising).toBe(v)
    })
    // In standard deviations: both columns have σ²/s² = ¼, hence 0.2 each.
    expect(Math.abs(result.total.error - 0.4)).toBeLessThan(4 * result.total.standardError)
    expect(result.total.floor).toBeCloseTo(0.4, 2)
    expect(result.total.noDenoising).toBeCloseTo(0.5, 1)
    expect(Math.abs(result.aboveFloor.value)).toBeLessThan(4 * result.aboveFloor.standardError)
    expect(result.rows).toBe(20_000)
  })
  it('lies above the floor that a wrong score claims, by 2kσ⁴(k − 1)/(s² + σ²) for a score k times too large', async () => {
    // error = σ² − 2kσ⁴/(s² + σ²) + k²σ⁴/(s² + σ²); claimed floor = σ² − k²σ⁴/(s² + σ²).
    const factor = 1.5
    const result = await reconstruction(energy(factor), rows, noise, createRandom(3), { maximumRows: 20_000 })
    const truth = deviations.reduce((sum, s, j) => sum + (2 * factor * (factor - 1) * noise[j] ** 4) / (s ** 2 + noise[j] ** 2) / s ** 2, 0)
    expect(Math.abs(result.aboveFloor.value - truth)).toBeLessThan(4 * result.aboveFloor.standardError)
    expect(result.aboveFloor.value).toBeGreaterThan(10 * result.aboveFloor.standardError)
  })
  it('costs exactly the noise where the score is zero', async () => {
    const idle = pointwiseEnergy(2, () => 0, () => [0, 0])
    const result = await reconstruction(idle, rows, noise, createRandom(4), { maximumRows: 5000 })
    expect(result.rows).toBe(5000)
    result.columns.forEach((column) => {
      expect(column.floor).toBeCloseTo(column.noDenoising, 12)
      expect(Math.abs(column.error - column.noDenoising)).toBeLessThan(4 * column.standardError)
    })
  })
  it('is repeatable', async () => {
    const once = await reconstruction(energy(1), rows, noise, createRandom(5), { maximumRows: 100 })
    expect(await reconstruction(energy(1), rows, noise, createRandom(5), { maximumRows: 100 })).toEqual(once)
  })
})
