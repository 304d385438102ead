// Draws beside rows: histograms, distances and pairs with known answers, and what the figure says of them.
import { beforeAll, describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { createSvgDocument } from '../../src/node/render.ts'
import type { SvgDocument } from '../../src/report/figure.ts'
import { learnedAndSample } from '../../src/report/figures/learned-and-sample.ts'
import { dependentPairs } from '../../src/report/landscape/dependent-pairs.ts'
import { compareSamples, prepareLearnedSample } from '../../src/report/landscape/learned-sample.ts'
import type { LearnedSample } from '../../src/report/landscape/learned-sample.ts'
import { mixtureRows } from '../evaluate/energies.ts'
import { mixtureLadder } from '../evaluate/ladders.ts'
import { fitExample, tableOf } from './examples.ts'

const random = createRandom('learned sample')
const named = (d: number): string[] => Array.from({ length: d }, (_, j) => `column ${j + 1}`)
const normalTable = (d: number, rows = 1000) => tableOf(named(d), rows, () => Array.from({ length: d }, () => 2 * random.normal()))
const normalDraws = (d: number, shift = 0, count = 1000): Float64Array => Float64Array.from({ length: d * count }, () => 2 * random.normal() + shift)

let document: SvgDocument
beforeAll(async () => { document = await createSvgDocument() })
const svgOf = (learned: LearnedSample, fit = fitExample()): string => learnedAndSample.draw({ fit, metrics: [], landscape: null, margins: null, probabilities: null, learned }, document)!.svg
const wordsOf = (svg: string): string => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text).join(' ')

describe('dependentPairs', () => {
  it('takes all pairs of few columns, and else those that depend on each other, however that may be', () => {
    expect(dependentPairs(normalTable(3).values, 3, 3)).toEqual([[0, 1], [0, 2], [1, 2]])
    // A parabola without correlation, a weak linear link, and independent columns.
    const rows = tableOf(named(5), 1000, () => {
      const x = Array.from({ length: 5 }, () => random.normal())
      return [x[0], x[1], x[1] ** 2 + 0.1 * x[2], x[3], 0.7 * x[0] + 0.7 * x[4]]
    })
    expect(dependentPairs(rows.values, 5, 2)).toEqual([[1, 2], [0, 4]])
  })
})

describe('compareSamples', () => {
  it('finds no distance beyond chance where there is none, and the shift where one is shifted', () => {
    const same = compareSamples(normalTable(2), normalDraws(2), true, random).distances!
    expect(same.count).toBe(500)
    for (const { value, standardError } of same.discrepancies) expect(Math.abs(value)).toBeLessThan(3 * standardError)
    expect(same.wasserstein.value).toBeLessThan(same.wassersteinOfRows.value + 4 * Math.hypot(same.wasserstein.standardError, same.wassersteinOfRows.standardError))
    // By half a standard deviation in each of two columns: the projections' mean square is a quarter, whatever the direction.
    const shifted = compareSamples(normalTable(2), normalDraws(2, 1), true, random).distances!
    expect(Math.abs(shifted.wasserstein.squared.value - 0.25)).toBeLessThan(3 * shifted.wasserstein.squared.standardError + 2 * same.wasserstein.squared.value)
    for (const { value, standardError } of shifted.discrepancies) expect(value).toBeGreaterThan(5 * standardError)
    expect(shifted.wassersteinOfRows.value).toBeLessThan(0.2)
  })

  it('sees modes that are half as wide again, by the narrower kernel', () => {
    const components = (deviation: number) => [-5, 5].map((mean) => ({ weight: 0.5, mean: [mean], deviation }))
    const table = { ...tableOf(['x'], 2000, () => [0]), values: mixtureRows(components(0.5), 2000, random) }
    const [wide, narrow] = compareSamples(table, mixtureRows(components(0.75), 1500, random), true, random).distances!.discrepancies
    expect(narrow.bandwidth).toBeCloseTo(wide.bandwidth / 4, 12)
    expect(narrow.value).toBeGreaterThan(4 * narrow.standardError)
  })

  it('has histograms of area one, less what lies outside the frame, and as many points of both', () => {
    const draws = normalDraws(3, 0, 400)
    draws[0] = 1e4
    const { marginals, frame, drawsOutside, rowPoints, drawPoints, pairs } = compareSamples(normalTable(3), draws, true, random)
    expect(drawsOutside).toBe(1)
    expect(frame[0][1]).toBeLessThan(20)
    expect([rowPoints.length, drawPoints.length]).toEqual([3 * 399, 3 * 399])
    expect(pairs).toHaveLength(3)
    const area = (edges: Float64Array, density: Float64Array): number => density.reduce((sum, value, k) => sum + value * (edges[k + 1] - edges[k]), 0)
    expect(area(marginals[0].edges, marginals[0].draws)).toBeCloseTo(399 / 400, 10)
    expect(area(marginals[1].edges, marginals[1].draws)).toBeCloseTo(1, 10)
    for (const { edges, rows } of marginals) expect(area(edges, rows)).toBeCloseTo(1, 2)
  })

  it('does not depend on the order of the rows, and the same seed gives the same numbers', () => {
    const table = normalTable(1)
    const sorted = { ...table, values: table.values.slice().sort() }
    // First half against second, as they came, would be 1.6 standard deviations apart.
    expect(compareSamples(sorted, normalDraws(1), true, random).distances!.wassersteinOfRows.value).toBeLessThan(0.2)
    const draws = normalDraws(1)
    expect(compareSamples(table, draws, true, createRandom(3))).toEqual(compareSamples(table, draws, true, createRandom(3)))
  })
})

describe('prepareLearnedSample', () => {
  it('draws what a ladder holds at its lowest level', async () => {
    const components = [{ weight: 0.3, mean: [-3], deviation: 0.5 }, { weight: 0.7, mean: [3], deviation: 1 }]
    const table = { ...tableOf(['x'], 2000, () => [0]), values: mixtureRows(components, 2000, random) }
    const learned = await prepareLearnedSample(mixtureLadder(components, 5), table, random)
    expect(learned.mixed).toBe(true)
    const { edges, draws } = learned.marginals[0]
    const left = draws.reduce((sum, value, k) => (edges[k] < 0 ? sum + value * (edges[k + 1] - edges[k]) : sum), 0)
    // 1500 draws: √(.3 · .7 / 1500) = 0.012.
    expect(Math.abs(left - 0.3)).toBeLessThan(0.036)
    for (const { value, standardError } of learned.distances!.discrepancies) expect(Math.abs(value)).toBeLessThan(3 * standardError)
  })
})

describe('the figure', () => {
  it('has each column once, every pair twice in the same axes, and the distances in words', () => {
    const svg = svgOf(compareSamples(normalTable(3), normalDraws(3), true, random))
    // Rows and draws of a pair, 500 points in six layers each.
    expect(svg.match(/aria-label="rows"/g)).toHaveLength(3 * 2 * 6)
    const words = wordsOf(svg)
    for (const part of ['Every pair of columns', 'Bars: the 1,000 rows. Line: 1,000 draws', '500 draws from as many rows, in standard deviations: 0.', 'of other rows from these: 0.', 'no more than chance explains']) expect(words).toContain(part)
    expect(words).not.toContain('⚠')
    expect(wordsOf(svgOf(compareSamples(normalTable(3), normalDraws(3, 1), false, random)))).toMatch(/more than chance explains.*⚠ The draws are not those/)
  })

  it('puts the first column of a pair across, the second up, of rows and of draws', () => {
    const falling = tableOf(named(2), 100, () => { const x = random.uniform(); return [x, 50 - 10 * x] })
    const svg = svgOf(compareSamples(falling, falling.values, true, random))
    const paths = [...svg.matchAll(/<path [^>]*aria-label="rows"[^>]*>/g)].map(([path]) => / d="([^"]*)"/.exec(path)![1])
    expect(paths).toHaveLength(2)
    for (const path of paths) {
      const points = [...path.matchAll(/M([\d.]+) ([\d.]+)h0/g)].map(([, x, y]) => [Number(x), Number(y)]).sort((a, b) => a[0] - b[0])
      expect(points).toHaveLength(100)
      // What falls goes down the screen; a tenth of a pixel is rounding.
      points.slice(1).forEach(([, y], k) => expect(y).toBeGreaterThan(points[k][1] - 0.2))
      expect(points[99][1] - points[0][1]).toBeGreaterThan(200)
    }
  })

  it('is drawn for one column, and for many with the pairs that matter', () => {
    expect(wordsOf(svgOf(compareSamples(normalTable(1), normalDraws(1), true, random)))).toContain('The column: density of rows and draws')
    const many = wordsOf(svgOf(compareSamples(normalTable(9), normalDraws(9), true, random)))
    expect(many).toContain('The 12 of 36 pairs of columns that depend on each other most')
    for (const name of named(9)) expect(many).toContain(name)
  })

  it('numbers the modes of two columns, and draws nothing without draws', () => {
    const mode = { weight: 0.5, standardError: 0.001, rowsShare: 0.5, rowsShareError: 0.01 }
    const fit = fitExample({ modes: { method: 'quadrature', effectiveShare: null, identified: true, list: [{ ...mode, peak: [-1, 0] }, { ...mode, peak: [1, 0] }] } })
    const svg = svgOf(compareSamples(normalTable(2), normalDraws(2), true, random), fit)
    expect(wordsOf(svg)).toContain('Numbers: modes.')
    expect(svg.match(/font-weight="700"/g)!.length).toBe(2)
    expect(learnedAndSample.draw({ fit, metrics: [], landscape: null, margins: null, probabilities: null }, document)).toBeNull()
  })
})
