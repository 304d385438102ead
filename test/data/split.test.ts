// Splits partition the rows; orders are permutations; batches depend on (seed, step) alone.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { batchRows, epochOrder, splitRows } from '../../src/data/split.ts'

const list = (count: number, at: (i: number) => number): number[] => Array.from({ length: count }, (_, i) => at(i))
const sorted = (rows: Iterable<number>): number[] => [...rows].sort((a, b) => a - b)

describe('splitRows', () => {
  it('partitions the rows', () => {
    fc.assert(fc.property(fc.integer({ min: 2, max: 3000 }), fc.double({ min: 0, max: 0.9, noNaN: true }), fc.nat(), (rows, fraction, seed) => {
      fc.pre(fraction === 0 || rows - Math.max(1, Math.round(fraction * rows)) >= 1)
      const split = splitRows(rows, fraction, createRandom(seed))
      expect(split.heldOutCount).toBe(fraction === 0 ? 0 : Math.max(1, Math.round(fraction * rows)))
      expect(split.trainCount + split.heldOutCount).toBe(rows)
      const all = [...list(split.trainCount, split.trainRow), ...list(split.heldOutCount, split.heldOutRow)]
      expect(sorted(all)).toEqual(list(rows, (i) => i))
    }))
  })

  it('holds out every row equally often over the seeds', () => {
    const counts = new Float64Array(10)
    for (let seed = 0; seed < 5000; seed++) {
      const split = splitRows(10, 0.3, createRandom(seed))
      for (const row of list(split.heldOutCount, split.heldOutRow)) counts[row]++
    }
    for (const count of counts) expect(Math.abs(count - 1500)).toBeLessThan(4.5 * Math.sqrt(5000 * 0.3 * 0.7))
  })

  it('keeps the order of the table when nothing is held out', () => {
    const split = splitRows(5, 0, createRandom(0))
    expect(list(5, split.trainRow)).toEqual([0, 1, 2, 3, 4])
    expect(split.heldOutCount).toBe(0)
    expect(() => split.heldOutRow(0)).toThrow('no rows are held out')
  })

  it('is a function of the key', () => {
    const draw = (seed: number): number[] => {
      const split = splitRows(2000, 0.1, createRandom(seed))
      return list(split.heldOutCount, split.heldOutRow)
    }
    expect(draw(1)).toEqual(draw(1))
    expect(draw(1)).not.toEqual(draw(2))
  })

  it('refuses what cannot be split', () => {
    expect(() => splitRows(10, 1, createRandom(0))).toThrow('invalid holdout: 1 (must be at least 0 and below 1)')
    expect(() => splitRows(10, Number.NaN, createRandom(0))).toThrow('invalid holdout: NaN')
    expect(() => splitRows(1, 0.1, createRandom(0))).toThrow('cannot hold out 0.1 of 1 row: none would be left')
  })
})

describe('epochOrder', () => {
  it('runs through all training rows and no others, in another order each epoch', () => {
    const random = createRandom(3)
    const split = splitRows(2500, 0.2, random)
    const train = sorted(list(split.trainCount, split.trainRow))
    const first = list(split.trainCount, epochOrder(split, 0, random))
    const second = list(split.trainCount, epochOrder(split, 1, random))
    expect(sorted(first)).toEqual(train)
    expect(sorted(second)).toEqual(train)
    expect(first.filter((row, i) => row === second[i]).length).toBeLessThan(9)
    expect(list(split.trainCount, epochOrder(split, 1, random))).toEqual(second)
  })
})

describe('batchRows', () => {
  it('follows the epochs and crosses their ends', () => {
    const random = createRandom(4)
    const split = splitRows(23, 0.1, random)
    const expected = [0, 1, 2].flatMap((epoch) => list(split.trainCount, epochOrder(split, epoch, random)))
    const batch = batchRows(split, random)
    const rows = new Uint32Array(8)
    const seen: number[] = []
    for (let step = 0; step < 6; step++) {
      batch(step, rows)
      seen.push(...rows)
    }
    expect(seen).toEqual(expected.slice(0, 48))
  })

  it('gives a step the same rows after a resume, and batches larger than the table', () => {
    const random = createRandom(5)
    const split = splitRows(7, 0, random)
    const through = batchRows(split, random)
    const rows = new Uint32Array(16)
    for (let step = 0; step <= 5; step++) through(step, rows)
    const resumed = new Uint32Array(16)
    batchRows(split, random)(5, resumed)
    expect(resumed).toEqual(rows)
    const counts = new Uint8Array(7)
    for (const row of rows) counts[row]++
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2)
  })
})
