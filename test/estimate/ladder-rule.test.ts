// The ladder chosen from rows: its resolution follows rounding that noise can hide, and leaves alone what it cannot.
import { expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { columnScale } from '../../src/data/standardize.ts'
import { chooseLadder } from '../../src/estimate/ladder-rule.ts'

function choose(shape: (normal: number) => number) {
  const random = createRandom('ladder rule')
  const values = Float64Array.from({ length: 1000 }, (_, k) => (k % 2 === 0 ? random.normal() : shape(random.normal())))
  const table = { source: 'rows', columns: ['a', 'b'], rows: 500, values, rowsRead: 500, columnsLeftOut: [] }
  const scale = columnScale(table)
  return { ...chooseLadder(table, scale), deviation: scale.deviation[1] }
}

const finest = choose((x) => x)

test('exact columns set no resolution of their own', () => {
  expect([finest.roundedColumns, finest.coarseColumns]).toEqual([[], []])
  expect(Math.sqrt(finest.ladder.least)).toBeLessThan(0.1)
})

test('rounding up to half a standard deviation is the smallest noise', () => {
  const { ladder, roundedColumns, coarseColumns, sentence, deviation } = choose((x) => Math.round(x * 4) / 4)
  expect(Math.sqrt(ladder.least)).toBeCloseTo(0.25 / deviation, 10)
  expect([roundedColumns, coarseColumns]).toEqual([['b'], []])
  expect(sentence).toMatch(/the smallest is the rounding step of "b"/)
})

test('a column of zeros and ones does not blur the other one', () => {
  const { ladder, roundedColumns, coarseColumns } = choose((x) => Number(x > 0))
  expect([roundedColumns, coarseColumns]).toEqual([[], ['b']])
  expect(Math.sqrt(ladder.least)).toBeLessThanOrEqual(0.1)
})
