// The checks of a table: what is refused, what is warned of, and what passes.
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { UnnormError } from '../../src/base/errors.ts'
import { checkCollinearity, checkConstantColumns, checkRowCount } from '../../src/data/check.ts'
import { spreadRows } from '../../src/data/spread-rows.ts'
import { columnResolutions, columnTies, copiedShare, tiesWarnings } from '../../src/data/ties.ts'
import { tableOf } from './table-of.ts'

function normalColumn(seed: number, n: number): number[] {
  const target = new Float64Array(n)
  createRandom(seed).fillNormal(target)
  return [...target]
}

function codeOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof UnnormError) return error.code
    throw error
  }
  return 'none'
}

function irisTable(): ReturnType<typeof tableOf> {
  const [, ...lines] = readFileSync(new URL('../../examples/data/iris.csv', import.meta.url), 'utf8').trim().split('\n')
  const cells = lines.map((line) => line.split(',').map(Number))
  return tableOf(Object.fromEntries(['a', 'b', 'c', 'd'].map((name, j) => [name, cells.map((row) => row[j])])))
}

describe('checkConstantColumns and checkRowCount', () => {
  it('refuse, with code and names', () => {
    expect(codeOf(() => checkConstantColumns(tableOf({ x: [1, 2, 3], y: [4, 4, 4] })))).toBe('constant-column')
    checkConstantColumns(irisTable())
    expect(() => checkRowCount(tableOf({ x: [1, 2, 3] }), 5)).toThrow('test: 3 rows for 5 parameters')
    expect(codeOf(() => checkRowCount(tableOf({ x: [1, 2, 3] }), 4))).toBe('too-few-rows')
    checkRowCount(tableOf({ x: [1, 2, 3] }), 3)
    expect(() => checkRowCount(tableOf({ x: [1, 2, 3] }), 3, 2)).toThrow('test: 2 training rows of 3 for 3 parameters')
  })
})

describe('checkCollinearity', () => {
  const n = 500
  const x = normalColumn(1, n)
  const y = normalColumn(2, n).map((v) => 1000 + 3 * v)
  const z = normalColumn(3, n)

  it('names a copy', () => {
    expect(() => checkCollinearity(tableOf({ x, y, again: x }))).toThrow('test: column "again" is a copy of "x" (leave one of them out with --columns)')
    expect(codeOf(() => checkCollinearity(tableOf({ x, y, again: x })))).toBe('duplicate-column')
  })

  it('names an exact combination with its coefficients and leaves the innocent out', () => {
    const total = x.map((v, i) => 2 + v - 0.5 * y[i])
    expect(() => checkCollinearity(tableOf({ x, z, y, total }))).toThrow('column "total" is exactly 2 + 1·"x" - 0.5·"y" (')
    expect(codeOf(() => checkCollinearity(tableOf({ x, z, y, total })))).toBe('collinear-columns')
    expect(codeOf(() => checkCollinearity(tableOf({ x, fahrenheit: x.map((v) => 32 + 1.8 * v) })))).toBe('collinear-columns')
  })

  it('sees relations of any size, offset and number of columns', () => {
    fc.assert(fc.property(fc.nat(), fc.integer({ min: 1, max: 6 }), fc.double({ min: -6, max: 6, noNaN: true }), fc.double({ min: -1e4, max: 1e4, noNaN: true }), (seed, width, magnitude, offset) => {
      const columns = Object.fromEntries(Array.from({ length: width }, (_, k) => [`c${k}`, normalColumn(seed + k, 60).map((v) => offset + v * 10 ** magnitude)]))
      const sum = Array.from({ length: 60 }, (_, i) => Object.values(columns).reduce((total, column, k) => total + (k + 2) * column[i], 0))
      expect(codeOf(() => checkCollinearity(tableOf({ ...columns, sum })))).toBe('collinear-columns')
      expect(codeOf(() => checkCollinearity(tableOf({ ...columns, other: normalColumn(seed + 99, 60) })))).toBe('none')
    }), { numRuns: 50 })
  })

  it('warns of a near relation, and lets a strong correlation pass', () => {
    const near = x.map((v, i) => 2 * v + 1e-5 * z[i])
    const [warning] = checkCollinearity(tableOf({ x, y, near }))
    expect(warning.code).toBe('nearly-collinear')
    expect(warning.message).toContain('column "near" is nearly')
    expect(warning.message).toContain('2·"x"')
    expect(checkCollinearity(tableOf({ x, strong: x.map((v, i) => v + 0.001 * z[i]) }))).toEqual([])
    expect(checkCollinearity(irisTable())).toEqual([])
  })

  it('is not misled by rows it searches sparsely', () => {
    // The relation holds in every row that the search looks at, and fails in one that it skips.
    const rows = 70_000
    const { count, row } = spreadRows(rows, 16_384)
    const searched = new Set(Array.from({ length: count }, (_, i) => row(i)))
    const skipped = Array.from({ length: rows }, (_, i) => i).find((i) => !searched.has(i))
    const long = normalColumn(4, rows)
    const other = long.map((v, i) => 3 * v + (i === skipped ? 50 : 0))
    expect(checkCollinearity(tableOf({ long, other }))).toEqual([])
    expect(codeOf(() => checkCollinearity(tableOf({ long, other: long.map((v) => 3 * v) })))).toBe('collinear-columns')
  })

  it('asks for more rows than columns', () => {
    expect(() => checkCollinearity(tableOf({ x: [1, 2], y: [3, 5] }))).toThrow('test: 2 rows for 2 columns')
  })
})

describe('spreadRows', () => {
  it('gives different rows, evenly, at any size', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 1, max: 2000 }), (rows, limit) => {
      const { count, row } = spreadRows(rows, limit)
      expect(count).toBe(rows <= 3 * limit ? rows : limit)
      const seen = Array.from({ length: count }, (_, i) => row(i)).sort((a, b) => a - b)
      expect(new Set(seen).size).toBe(count)
      expect(seen[0] >= 0 && seen[count - 1] < rows).toBe(true)
      if (rows > 100 * limit) for (let i = 1; i < count; i++) expect(((seen[i] - seen[i - 1]) * limit) / rows).toBeLessThan(3)
    }))
  })
})

describe('repeated values and rows', () => {
  it('resolve a column to the median gap where a tenth of them repeat', () => {
    const rows = Float64Array.of(0, 1.5, 0.5, 2.25, 0.5, 3.1, 1, 4.7, 1, 5.2, 1.5, 6.3)
    expect(Array.from(columnResolutions(rows, ['rounded', 'not']))).toEqual([0.5, 0])
  })
  it('count whole rows that are copies', () => {
    expect(copiedShare({ columns: ['a', 'b'], rows: 5, values: Float64Array.of(1, 2, 1, 3, 1, 2, 2, 1, 1, 2) })).toBeCloseTo(2 / 5, 12)
  })
})

describe('columnTies', () => {
  it('finds the rounding of iris: tenths in every column', () => {
    const ties = columnTies(irisTable())
    expect(ties.map((column) => column.roundingStep)).toEqual([0.1, 0.1, 0.1, 0.1])
    // Counted with sort | uniq -c: in iris the most frequent petal width is 0.2, 29 times of 150.
    expect(ties[3].mostFrequent).toEqual({ value: 0.2, fraction: 29 / 150 })
    expect(ties[0].relativeStep).toBeCloseTo(0.1 / 0.8253, 3)
    const [warning] = tiesWarnings(ties)
    expect(warning.code).toBe('tied-values')
    expect(warning.message).toContain('"a" (rounded to 0.1;')
  })

  it('finds the step of any grid, with any offset', () => {
    fc.assert(fc.property(fc.constantFrom(0.01, 0.02, 0.05, 0.25, 1, 3, 1e-7, 1e5), fc.integer({ min: -1e6, max: 1e6 }), fc.nat(), (step, offset, seed) => {
      const random = createRandom(seed)
      const values = [0, step, ...Array.from({ length: 200 }, () => random.integer(1000) * step)].map((v) => offset * step + v)
      expect(columnTies(tableOf({ x: values }))[0].roundingStep).toBeCloseTo(step, 12 - Math.ceil(Math.log10(step)))
    }))
  })

  it('is not misled by a period of a long table', () => {
    const [ties] = columnTies(tableOf({ x: Array.from({ length: 1_000_000 }, (_, i) => i % 1000) }))
    expect(ties.roundingStep).toBe(1)
    expect(ties.relativeStep).toBeCloseTo(1 / Math.sqrt((1000 ** 2 - 1) / 12), 4)
  })

  it('counts ties', () => {
    const [ties] = columnTies(tableOf({ x: [1, 1, 2, 3.5, 7, 7, 7, Math.PI] }))
    expect(ties.tiedFraction).toBe(5 / 8)
    expect(ties.mostFrequent).toEqual({ value: 7, fraction: 3 / 8 })
    expect(ties.roundingStep).toBe(null)
  })

  it('finds none in continuous values, however they lie', () => {
    for (const [shift, spread] of [[0, 1], [1e9, 1], [0, 1e-30], [5, 1e12]]) {
      const [ties] = columnTies(tableOf({ x: normalColumn(3, 5000).map((v) => shift + spread * v) }))
      expect(ties.roundingStep).toBe(null)
      expect(ties.tiedFraction).toBeLessThan(0.001)
    }
  })

  it('warns of atoms and of heavy rounding, not of fine rounding or few rows', () => {
    const continuous = normalColumn(5, 5000)
    const warned = (x: readonly number[]): boolean => tiesWarnings(columnTies(tableOf({ x }))).length > 0
    expect(warned(continuous)).toBe(false)
    expect(warned(continuous.slice(0, 8))).toBe(false)
    expect(warned(continuous.map((v) => Math.round(v * 1e4) / 1e4))).toBe(false)
    expect(warned(continuous.map((v) => Math.round(v * 10) / 10))).toBe(true)
    expect(warned(continuous.map((v, i) => (i % 10 === 0 ? 0 : v)))).toBe(true)
    expect(warned([...continuous, ...continuous])).toBe(true)
  })
})
