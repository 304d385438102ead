// Modes as fit.json has them: their numbers against a mixture whose weights are known, and the warning where they are not the rows'.
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import type { Warning } from '../../src/base/errors.ts'
import { findModes } from '../../src/result/modes.ts'
import { mixtureEnergy, mixtureRows, pointwiseEnergy } from '../evaluate/energies.ts'

const random = createRandom('modes')
const mixture = (weight: number) => [{ weight, mean: [-5], deviation: 1 }, { weight: 1 - weight, mean: [5], deviation: 1 }]
const rows = mixtureRows(mixture(0.2), 8100, random.split('rows'))
const share = rows.filter((x) => x < 0).length / 8100
const find = async (weight: number, identified = true) => {
  const warnings: Warning[] = []
  return { modes: await findModes(mixtureEnergy(mixture(weight)), rows, identified, random, warnings), warnings }
}

describe('findModes', () => {
  it('tells weights, the rows\' shares and their errors, heaviest first', async () => {
    const { modes, warnings } = await find(0.2)
    expect(warnings).toEqual([])
    expect(modes).toMatchObject({ method: 'quadrature', effectiveShare: null, identified: true })
    const [first, second] = modes!.list
    expect([first.peak[0], second.peak[0]].map((x) => x.toFixed(1))).toEqual(['5.0', '-5.0'])
    expect([second.weight, second.rowsShare]).toEqual([expect.closeTo(0.2, 6), expect.closeTo(share, 12)])
    expect(second.rowsShareError).toBeCloseTo(Math.sqrt((share * (1 - share)) / 8100), 12)
    expect(second.standardError).toBeLessThan(1e-6)
  })

  it('warns beyond three errors of the sample, unless the weights are known to be unknown', async () => {
    const error = Math.sqrt((share * (1 - share)) / 8100)
    expect((await find(share + 2.9 * error)).warnings).toEqual([])
    const { warnings: [warning] } = await find(share + 3.1 * error)
    expect(warning.code).toBe('mode-weights')
    // Of two modes each differs as much as the other.
    const of = (weight: number, rowsShare: number): string => `${(100 * weight).toFixed(2)} % of the density, but ${(100 * rowsShare).toFixed(2)} ± 0.45 % of the rows`
    const possible = [`mode 1 has ${of(1 - share - 3.1 * error, 1 - share)}`, `mode 2 has ${of(share + 3.1 * error, share)}`]
    expect(warning.message).toContain('2 of 2 modes of the density have another weight than chance explains')
    expect(possible.filter((words) => warning.message.includes(words))).toHaveLength(1)
    expect((await find(0.5, false)).warnings).toEqual([])
  })

  it('gives none where importance sampling does not reach, and where the energy is not finite', async () => {
    // Twelve columns, a thousandth as wide as the rows.
    const narrow = pointwiseEnergy(12, (x) => x.reduce((sum, value) => sum + 5e5 * value * value, 0), (x) => x.map((value) => -1e6 * value))
    const wide = new Float64Array(12 * 300)
    random.fillNormal(wide)
    expect(await findModes(narrow, wide, true, random, [])).toBeNull()
    expect(await findModes(pointwiseEnergy(1, () => NaN, () => [NaN]), rows, true, random, [])).toBeNull()
  })
})
