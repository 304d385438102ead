// Noise in every form a user can give it, as a level of a ladder; what is no level is refused.
import { describe, expect, it } from 'vitest'
import { ladderLevel } from '../../src/result/ladder-level.ts'

const run = { columns: ['a', 'b'], ladder: { least: 0.0025, most: 100 }, deviations: [2, 0.5] }

describe('a level of the ladder', () => {
  it('is the same from a share, deviations and a covariance', () => {
    const t = ladderLevel({ kind: 'relative', share: 0.3 }, run)
    expect(t).toBeCloseTo(0.09, 14)
    expect(ladderLevel({ kind: 'columns', deviations: [0.6, 0.15] }, run)).toBeCloseTo(t, 14)
    expect(ladderLevel({ kind: 'covariance', covariance: [0.36, 0, 0, 0.0225] }, run)).toBeCloseTo(t, 14)
  })
  it('may be copied from what a summary shows, with a few digits', () => {
    expect(Math.sqrt(ladderLevel({ kind: 'columns', deviations: [0.6002, 0.15] }, run))).toBeCloseTo(0.30005, 10)
    expect(ladderLevel({ kind: 'relative', share: 0.04999 }, run)).toBe(0.0025)
    expect(ladderLevel({ kind: 'relative', share: 10.001 }, run)).toBe(100)
  })
  it('is refused outside of the ladder, with the range, and in another proportion', () => {
    expect(() => ladderLevel({ kind: 'relative', share: 0.04 }, run)).toThrow('unknown noise: 0.04 standard deviations lie outside of the levels that this run learned, 0.05 to 10 (give one of these, or fit the model with a smaller --noise)')
    expect(() => ladderLevel({ kind: 'relative', share: 11 }, run)).toThrow(/0\.05 to 10/)
    expect(() => ladderLevel({ kind: 'columns', deviations: [0.3, 0.3] }, run)).toThrow('deviations in proportion to 2, 0.5')
    expect(() => ladderLevel({ kind: 'covariance', covariance: [0.36, 0.02, 0.02, 0.0225] }, run)).toThrow('unknown noise')
  })
})
