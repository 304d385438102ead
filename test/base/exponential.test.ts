import { describe, expect, it } from 'vitest'
import { NEGLIGIBLE, expNegative } from '../../src/base/exponential.ts'

describe('expNegative', () => {
  it('is exp over its whole range, at the ends and between the steps of its table', () => {
    const points = [0, -0, NEGLIGIBLE, -Math.LN2, -Math.LN2 / 32, -1e-300, -5e-17, ...Array.from({ length: 20_000 }, (_, k) => (NEGLIGIBLE * (k + 0.3)) / 20_000)]
    for (const x of points) expect(Math.abs(expNegative(x) / Math.exp(x) - 1)).toBeLessThan(2e-13)
  })
})
