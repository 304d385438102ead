// Films and levels of a ladder: densities against the closed form of a Gaussian with noise, frames that only change where they should.
import { beforeAll, describe, expect, it } from 'vitest'
import { createSvgDocument } from '../../src/node/render.ts'
import type { SvgDocument } from '../../src/report/figure.ts'
import { drawLandscape } from '../../src/report/figures/density-and-score.ts'
import { drawFilm } from '../../src/report/film.ts'
import { prepareFilm } from '../../src/report/landscape/film.ts'
import { prepareLandscape } from '../../src/report/landscape/landscape.ts'
import type { LineLandscape, PlaneLandscape } from '../../src/report/landscape/landscape.ts'
import { gaussianLadder } from '../evaluate/ladders.ts'
import { generator, tableOf } from './examples.ts'

let document: SvgDocument
beforeAll(async () => { document = await createSvgDocument() })

const line = gaussianLadder([3], Float64Array.of(4), [2])
const plane = gaussianLadder([0, 5], Float64Array.of(1, 0, 0, 9), [1, 3])
const random = generator(3)
const rowsOfLine = tableOf(['x1'], 500, () => [3 + 2 * random.normal()])
const rowsOfPlane = tableOf(['x1', 'x2'], 500, () => [random.normal(), 5 + 3 * random.normal()])
const exact = { value: 0, standardError: null, method: 'exact' }
const normal = (x: number, variance: number): number => Math.exp(-x * x / (2 * variance)) / Math.sqrt(2 * Math.PI * variance)
const words = (svg: string): string => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text).join(' ')

describe('one level of a ladder', () => {
  it.each([0.1, 1, 4])('with noise of %d standard deviations is N(3, 4(1 + t)) over the rows as they are', async (level) => {
    const landscape = await prepareLandscape(line.at(level ** 2), rowsOfLine, { heading: '', logNormalizer: exact, noise: [2 * level], level, warnings: [] }) as LineLandscape
    const variance = 4 * (1 + level ** 2)
    landscape.x.forEach((x, k) => {
      expect(landscape.grid.density[k]).toBeCloseTo(normal(x - 3, variance), 12)
      expect(landscape.score[k]).toBeCloseTo(-(x - 3) / variance, 12)
    })
    // The frame holds the density however much wider than the rows it is, and bars are of the rows without noise.
    expect(landscape.grid.mass).toBeGreaterThan(0.995)
    const { edges, density } = landscape.bars
    const width = edges[1] - edges[0]
    const [mean, square] = [1, 2].map((power) => density.reduce((sum, height, k) => sum + height * width * ((edges[k] + edges[k + 1]) / 2 - 3) ** power, 0))
    expect(Math.abs(Math.sqrt(square - mean ** 2) / 2 - 1)).toBeLessThan(0.15)
    const text = words(drawLandscape(landscape, document).svg)
    expect(text).toContain(`Noise: σ\u00a0=\u00a0${2 * level} (${level} standard ${level === 1 ? 'deviation' : 'deviations'}).`)
    expect(text).toContain(`All 500 rows in blue. They have no noise; the score is that of rows with noise σ\u00a0=\u00a0${2 * level} (${level} standard ${level === 1 ? 'deviation' : 'deviations'}).`)
    expect(text).toContain('histogram of the 500 rows, without noise')
  })
})

describe('a film', () => {
  it('goes from the largest level to the smallest at equal ratios, in one frame', async () => {
    const seen: number[] = []
    const film = await prepareFilm(line, rowsOfLine, { heading: 'film', frames: 5, normalizer: () => Promise.resolve(exact), onFrame: (frame) => { seen.push(frame) } }) as LineLandscape[]
    expect(seen).toEqual([1, 2, 3, 4, 5])
    const levels = film.map(({ level }) => level!)
    expect([levels[0], levels[4]]).toEqual([4, expect.closeTo(Math.sqrt(0.001), 12)])
    for (let k = 1; k < 5; k++) expect(levels[k] / levels[k - 1]).toBeCloseTo((0.001 / 16) ** (1 / 8), 12)
    for (const { frame, x, grid, level, noise } of film) {
      expect(frame).toEqual(film[0].frame)
      expect(noise).toEqual([2 * level!])
      x.forEach((value, k) => expect(grid.density[k]).toBeCloseTo(normal(value - 3, 4 * (1 + level! ** 2)), 12))
    }
    const svgs = Array.from(drawFilm(film, document))
    const size = (svg: string) => /viewBox="([^"]*)"/.exec(svg)?.[1]
    expect(new Set(svgs.map(size)).size).toBe(1)
    svgs.forEach((svg, k) => expect(words(svg)).toContain(`Density with noise σ = ${['4.00', '1.19', '0.356', '0.106', '0.0316'][k]} standard deviations`))
    // Curves stay inside of their plots: heights 8 to 248 for densities, 8 to 168 for scores.
    for (const svg of svgs) {
      const heights = [...svg.matchAll(/aria-label="line"><path [^>]*d="M([^"]*)"/g)].map(([, d]) => d.split('L').map((pair) => Number(pair.split(',')[1])))
      expect(heights).toHaveLength(2)
      heights.forEach((ys, k) => expect([Math.min(...ys) >= 8, Math.max(...ys) <= [248, 168][k]]).toEqual([true, true]))
    }
    // All but curves, noise and numbers of noise stands still: the bars and the axes are the same.
    const still = (svg: string) => svg.replace(/<title>.*?<\/title>/g, '').replace(/<text[^>]*>(Density with|In the units)[^<]*<\/text>/g, '').replace(/<g [^>]*stroke="#b3352b"[\s\S]*?<\/g>/g, '')
    expect(new Set(svgs.map(still)).size).toBe(1)
  })

  it('of a plane has colors that tell shares of the highest density', async () => {
    const film = await prepareFilm(plane, rowsOfPlane, { heading: 'film', frames: 3, normalizer: () => Promise.resolve(exact) }) as PlaneLandscape[]
    const peaks = film.map(({ grid }) => grid.peak)
    peaks.forEach((peak, k) => expect(peak / (1 / (2 * Math.PI * 3 * (1 + film[k].level! ** 2)))).toBeCloseTo(1, 2))
    const svgs = Array.from(drawFilm(film, document))
    for (const svg of svgs) expect(words(svg)).toMatch(/0\.0 0\.2 0\.4 0\.6 0\.8 1\.0 Score/)
    for (const svg of svgs) expect(svg).toMatch(/>of<\/tspan><tspan[^>]*>highest</)
    expect(new Set(svgs.map((svg) => /viewBox="([^"]*)"/.exec(svg)?.[1])).size).toBe(1)
  })
})
