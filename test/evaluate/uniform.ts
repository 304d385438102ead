// p-values under a true hypothesis against the uniform distribution.
import { expect } from 'vitest'

/**
 * Kolmogorov and Smirnov at a level of 0.001, and the share below 0.05 within 3.3 standard errors (the same level).
 * @param grid distance between the values that a p-value can take
 */
export function expectUniform(pValues: readonly number[], grid: number): void {
  const count = pValues.length
  const distance = pValues.toSorted((a, b) => a - b).reduce((most, p, i) => Math.max(most, Math.abs(p - (i + 0.5) / count)), 0)
  expect(distance).toBeLessThan(1.95 / Math.sqrt(count) + grid)
  const rejected = pValues.filter((p) => p <= 0.05).length / count
  expect(Math.abs(rejected - 0.05)).toBeLessThan(3.3 * Math.sqrt((0.05 * 0.95) / count))
}
