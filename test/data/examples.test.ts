// The tables in examples/data hold what their README says.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const folder = new URL('../../examples/data/', import.meta.url)
const read = (name: string): { header: string; rows: number[][] } => {
  const [header, ...lines] = readFileSync(new URL(name, folder), 'utf8').trim().split('\n')
  return { header, rows: lines.map((line) => line.split(',').map(Number)) }
}

describe('examples/data', () => {
  it('has the airports of vega-datasets, unchanged and without repetition', () => {
    const { header, rows } = read('airports.csv')
    expect(header).toBe('longitude_degrees,latitude_degrees')
    // The coordinates are the last two cells of the source, whose names may hold quoted commas.
    const source = readFileSync(new URL('../../node_modules/vega-datasets/data/airports.csv', import.meta.url), 'utf8').trim().split('\n').slice(1)
    const expected = source
      .map((line) => line.trim().split(',').slice(-2).map(Number).reverse())
      .filter(([longitude, latitude]) => longitude > -126 && longitude < -65 && latitude > 24 && latitude < 50)
    expect(rows).toEqual(expected)
    expect(new Set(rows.map(String)).size).toBe(rows.length)
  })

  it('has as many rows and columns as its README says', () => {
    const readme = readFileSync(new URL('README.md', folder), 'utf8')
    const said = [...readme.matchAll(/^\| `([a-z]+\.csv)` \| (\d+) × (\d+)/gm)]
    expect(said.map(([, name]) => name)).toEqual(['airports.csv', 'iris.csv', 'frets.csv'])
    for (const [, name, rows, columns] of said) {
      const table = read(name)
      expect(table.rows.length).toBe(Number(rows))
      expect(table.rows.every((row) => row.length === Number(columns) && row.every(Number.isFinite))).toBe(true)
    }
  })

  it('has the iris and frets of the reference numbers: known column means', () => {
    // Means of R's colMeans(iris[1:4]) and of Mardia, Kent & Bibby (1979), p. 121.
    const mean = (name: string): number[] => read(name).rows[0].map((_, j) => read(name).rows.reduce((sum, row) => sum + row[j], 0) / read(name).rows.length)
    mean('iris.csv').forEach((value, j) => expect(value).toBeCloseTo([5.843333, 3.057333, 3.758, 1.199333][j], 6))
    mean('frets.csv').forEach((value, j) => expect(value).toBeCloseTo([185.72, 151.12, 183.84, 149.24][j], 10))
  })
})
