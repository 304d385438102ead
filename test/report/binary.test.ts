// The figure of binary columns: its numbers against sums, and what it says.
import { expect, test } from 'vitest'
import { createSvgDocument } from '../../src/node/render.ts'
import { binaryMoments } from '../../src/report/binary-moments.ts'
import { drawBinary } from '../../src/report/figures/binary.ts'
import { tableOf } from '../data/table-of.ts'

// Independent columns of probability ¼ and ½.
const energy = { columns: ['a', 'b'], evaluate: async (rows: Float64Array) => ({ energy: Float64Array.from({ length: rows.length / 2 }, (_, r) => (rows[2 * r] === 1 ? Math.log(3) : 0)), score: new Float64Array(rows.length) }) }
const table = tableOf({ a: [1, 0, 0, 1, 0, 0, 0, 1, 0, 0], b: [1, 0, 1, 1, 0, 0, 0, 1, 0, 1] })

test('shares, correlations and their errors, of the rows and of the fit', async () => {
  const { shares, pairs } = await binaryMoments(energy, table)
  expect([shares[0].rows, shares[1].rows]).toEqual([0.3, 0.5])
  expect(shares[0].standardError).toBeCloseTo(Math.sqrt(0.3 * 0.7 / 10), 12)
  expect([shares[0].fit, shares[1].fit].map((value) => Number(value!.toFixed(12)))).toEqual([0.25, 0.5])
  // Both are 1 in three of ten rows: (0.3 − 0.3 · 0.5)/√(0.3 · 0.7 · 0.5 · 0.5).
  expect(pairs[0].rows).toBeCloseTo(0.15 / Math.sqrt(0.21 * 0.25), 12)
  expect(pairs[0].fit).toBeCloseTo(0, 12)
  // Its error by the infinitesimal jackknife: how the correlation changes with the weight of each row, by differences.
  const correlation = (weights: readonly number[]): number => {
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    const mean = (of: (row: number) => number): number => weights.reduce((sum, weight, row) => sum + weight * of(row) / total, 0)
    const [a, b, both] = [mean((row) => table.values[2 * row]), mean((row) => table.values[2 * row + 1]), mean((row) => table.values[2 * row] * table.values[2 * row + 1])]
    return (both - a * b) / Math.sqrt(a * (1 - a) * b * (1 - b))
  }
  const slopes = Array.from({ length: 10 }, (_, k) => [1e-6, -1e-6].map((by) => correlation(Array.from({ length: 10 }, (__, row) => (row === k ? 1 + by : 1)))).reduce((up, down) => (up - down) / 2e-6))
  expect(pairs[0].standardError).toBeCloseTo(Math.hypot(...slopes), 8)
})

test('the figure says which is which, and why the fit is missing where it cannot be listed', async () => {
  const moments = await binaryMoments(energy, table)
  const { svg } = drawBinary(moments, '', await createSvgDocument())
  for (const text of ['How often each column is 1', 'Correlations of pairs', 'Below the diagonal: of the rows. Above: of the fit.', 'Farthest apart: a and b']) expect(svg).toContain(text)
  const unknown = { ...moments, shares: moments.shares.map((share) => ({ ...share, fit: null })), pairs: moments.pairs.map((pair) => ({ ...pair, fit: null })) }
  const { svg: without } = drawBinary(unknown, '', await createSvgDocument())
  expect(without).toContain('too many')
  expect(without).not.toContain('of the fit')
})
