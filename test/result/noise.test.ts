// The noise of denoising as a user gives it: every way of saying the same is the same, and nonsense is refused.
import { describe, expect, it } from 'vitest'
import { referenceEngine } from '../../src/engine/reference.ts'
import { gaussian } from '../../src/model/energies/gaussian.ts'
import { fitTable } from '../../src/result/fit-table.ts'
import type { FitSettings } from '../../src/result/fit-table.ts'
import { parseNoise } from '../../src/result/noise.ts'
import { tableOf } from '../data/table-of.ts'

// Standard deviations 2 and 4.
const table = tableOf({ a: [-2, 2, -2, 2, -2, 2, -2, 2], b: [4, 4, -4, -4, 4, 4, -4, -4] })
const fitted = async (noise: unknown) => {
  const result = await fitTable(gaussian, table, { by: 'denoising', noise: noise as FitSettings['noise'], engine: referenceEngine })
  await result.release()
  return result.fit.estimator.noise
}

describe('noise', () => {
  it('is a share of the standard deviations, standard deviations, or a covariance', async () => {
    for (const noise of [0.5, { kind: 'relative', share: 0.5 }, { kind: 'columns', deviations: [1, 2] }, { kind: 'covariance', covariance: [1, 0, 0, 4] }]) {
      expect(await fitted(noise), JSON.stringify(noise)).toEqual([expect.closeTo(1, 12), expect.closeTo(2, 12)])
    }
  })

  it.each([
    [0, /^invalid noise: 0 \(must be > 0/], [-0.1, /^invalid noise: -0\.1 \(must be > 0/], [Number.NaN, /^invalid noise: NaN/], [{ kind: 'relative', share: -1 }, /^invalid noise: -1 /],
    [{ kind: 'columns', deviations: [1, -1] }, /^invalid noise: 1,-1 /], [{ kind: 'columns', deviations: [1] }, /^invalid noise: 1 value for 2 columns/],
    [{ kind: 'covariance', covariance: [1, 0, 0, -1] }, /not positive definite/], [{ kind: 'covariance', covariance: [1, 0, 0, Infinity] }, /not positive definite/],
    ['0.1', /^invalid noise: "0\.1" \(must be a number > 0, or a record/], [{ share: 0.1 }, /^invalid noise: \{"share":0\.1\} /],
  ])('%j is refused', async (noise, message) => {
    await expect(fitted(noise)).rejects.toMatchObject({ code: 'invalid-noise', message: expect.stringMatching(message) })
  })

  it('is read from text', () => {
    expect(parseNoise('0.1')).toEqual({ kind: 'relative', share: 0.1 })
    expect(parseNoise('0.5,')).toEqual({ kind: 'columns', deviations: [0.5] })
    expect(parseNoise(' 0.5, 1e-2 ,')).toEqual({ kind: 'columns', deviations: [0.5, 0.01] })
    for (const text of ['', ',', '0.5,,0.2', ',0.5', '0.5,,', '-1', '0', 'x', 'Infinity']) expect(() => parseNoise(text), text).toThrow(`invalid noise: ${text} (must be > 0`)
  })
})
