// `unnorm plot` at a noise level and as a film, through the built program: right densities, clear refusals, whole files or none.
import { beforeAll, describe, expect, it } from 'vitest'
import { GifReader } from 'omggif'
import { createRandom } from '../../src/base/random.ts'
import { columnsOf, iris, workspace } from './workspace.ts'

const here = workspace()
const random = createRandom(8)
const values = Array.from({ length: 400 }, () => 50 + 10 * random.normal())
const mean = values.reduce((sum, value) => sum + value, 0) / values.length
const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
here.write('line.csv', `x\n${values.join('\n')}\n`)
here.write('plane.csv', `x,y\n${Array.from({ length: 400 }, () => `${random.normal()},${5 * random.normal()}`).join('\n')}\n`)

beforeAll(async () => {
  await here.document('fit', 'line.csv', '--hidden', '16', '--steps', '400', '--out', 'line')
  await here.document('fit', 'plane.csv', '--by', 'ladder', '--hidden', '8', '--steps', '60', '--out', 'plane')
  await here.document('fit', iris, '--hidden', '8', '--steps', '30', '--out', 'many')
  await here.document('fit', iris, '--model', 'gaussian', '--out', 'gaussian')
})

/** The density curve of a one-column figure, in the units of its axes, read off the picture. */
function curveOf(svg: string): (readonly [number, number])[] {
  // The density is the first plot of the picture.
  const scale = (axis: 'x' | 'y') => {
    const group = new RegExp(`<g [^>]*aria-label="${axis}-axis tick label">(.*?)</g>`).exec(svg)![1]
    const ticks = [...group.matchAll(/translate\(([-\d.]+),([-\d.]+)\)"[^>]*>([−\d.]+)</g)].map(([, x, y, text]) => ({ pixel: Number(axis === 'x' ? x : y), value: Number(text.replace('−', '-')) }))
    const [first, last] = [ticks[0], ticks[ticks.length - 1]]
    return (pixel: number) => first.value + ((pixel - first.pixel) / (last.pixel - first.pixel)) * (last.value - first.value)
  }
  const [x, y] = [scale('x'), scale('y')]
  const line = /<g [^>]*aria-label="line"[^>]*><path [^>]*d="M([^"]*)"/.exec(svg)![1]
  return line.split('L').map((pair) => pair.split(',').map(Number)).map(([a, b]) => [x(a), y(b)] as const)
}

describe('plot --noise', () => {
  it('draws the density of the rows with that noise, normalized', async () => {
    for (const share of [1, 4]) {
      expect(await here.document('plot', 'line', '--noise', String(share), '-o', `${share}.svg`)).toMatchObject({ noise: [expect.closeTo(share * deviation, 8)] })
      const svg = here.read(`${share}.svg`).toString()
      expect(svg).toContain(`(${share} standard deviation`)
      const curve = curveOf(svg)
      const step = curve[1][0] - curve[0][0]
      const moment = (power: number, center: number) => curve.reduce((sum, [x, density]) => sum + (x - center) ** power * density * step, 0)
      // Pixels are rounded to hundredths; four hundred steps of a small network leave some per cent; the frame cuts 3.2 deviations out.
      expect(Math.abs(moment(0, 0) - 1)).toBeLessThan(0.02)
      const middle = moment(1, 0) / moment(0, 0)
      expect(Math.abs(Math.sqrt(moment(2, middle) / moment(0, 0)) / (deviation * Math.sqrt(1 + share ** 2)) - 1)).toBeLessThan(0.08)
      // What the fit has learned of it is drawn to the rounding of pixels: 0.01 of some 240.
      here.write('grid.csv', `x\n${curve.map(([x]) => x).join('\n')}\n`)
      await here.document('score', 'line', 'grid.csv', '--noise', String(share), '-o', 'scored.csv')
      const scored = columnsOf(here.read('scored.csv').toString()).log_density.map(Math.exp)
      const highest = Math.max(...scored)
      curve.forEach(([, density], k) => expect(Math.abs(density - scored[k]) / highest).toBeLessThan(2e-3))
    }
  })
  it('draws pairs of many columns, and deviations in the data\'s units', async () => {
    const deviations = (here.json('many/fit.json').estimator as { noise: number[] }).noise
    await here.document('plot', 'many', '--noise', deviations.map((value) => 2 * value).join(','), '-o', 'many.png')
    expect(here.read('many.png').subarray(1, 4).toString()).toBe('PNG')
  })
  it('refuses a level that is none, by the same codes as the other commands', async () => {
    await here.refused(['plot', 'line', '--noise', '1000', '-o', 'x.svg'], 1, { code: 'unknown-noise', message: /^unknown noise: 1000 standard deviations lie outside of the levels that this run learned, [\d.]+ to [\d.]+ / })
    await here.refused(['plot', 'line', '--noise', '-1', '-o', 'x.svg'], 2, { code: 'invalid-noise', message: /^invalid noise: -1 \(must be > 0/ })
    const one = '--noise chooses a level of a run by dual or ladder, and gaussian, fitted by score-matching, has but one (leave it out, or fit the model with --by dual)'
    for (const command of [['plot', 'gaussian', '-o', 'x.svg'], ['score', 'gaussian', iris, '-o', 'x.csv'], ['sample', 'gaussian', '-n', '5', '-o', 'x.csv']]) {
      await here.refused([...command, '--noise', '0.5'], 1, { code: 'no-noise-levels', message: one })
    }
    await here.refused(['plot', 'line/model.onnx', 'line.csv', '--noise', '0.5', '-o', 'x.svg'], 1, { code: 'no-noise-levels', message: /line\/model\.onnx alone holds but one \(give the run folder\)$/ })
  })
})

describe('a fit at many levels', () => {
  it('checks them on its held-out rows, for fit.json and the report', () => {
    const { rows, levels } = here.json('line/fit.json').ladderCalibration as { rows: number; levels: { noise: number; space: object; level: object; drift: object }[] }
    expect([rows, levels.length]).toEqual([40, 17])
    for (const { space, level, drift } of levels) for (const each of [space, level, drift]) expect(each).toMatchObject({ value: expect.any(Number) as number, standardError: expect.any(Number) as number })
    expect(here.read('line/report.html').toString()).toContain('<h2>Every noise level</h2>')
    expect(here.json('plane/fit.json').ladderCalibration).toMatchObject({ levels: expect.arrayContaining([expect.objectContaining({ level: null, drift: null })]) as object })
    // Fifteen held-out rows tell nothing; a fit at one level has no others.
    expect(here.json('many/fit.json').ladderCalibration).toBeNull()
    expect(here.json('gaussian/fit.json')).not.toHaveProperty('ladderCalibration')
    expect(here.read('many/report.html').toString()).not.toContain('<h2>Every noise level</h2>')
  })
})

describe('a film', () => {
  it('is a GIF of as many levels as are asked for', async () => {
    const document = await here.document('plot', 'line', '-o', 'film.gif', '--frames', '4')
    expect(document).toMatchObject({ out: 'film.gif', rows: 400, columns: ['x'], frames: 4 })
    const noise = (document as unknown as { noise: number[][] }).noise
    expect(noise).toHaveLength(4)
    expect(noise[0][0] / noise[1][0]).toBeCloseTo(noise[2][0] / noise[3][0], 6)
    const reader = new GifReader(here.read('film.gif'))
    expect(reader.numFrames()).toBe(4)
    expect([0, 1, 2, 3].map((k) => reader.frameInfo(k).delay)).toEqual([80, 10, 10, 250])
    // Something moves from each frame to the next.
    const shown = [0, 1, 2, 3].map((k) => {
      const pixels = new Uint8Array(4 * reader.width * reader.height)
      for (let j = 0; j <= k; j++) reader.decodeAndBlitFrameRGBA(j, pixels)
      return Buffer.from(pixels)
    })
    for (let k = 1; k < 4; k++) expect(shown[k].equals(shown[k - 1])).toBe(false)
    const { stdout } = await here.cli('plot', 'line', '-o', 'film.gif', '--frames', '2')
    expect(stdout).toMatch(/^a film of 2 noise levels, [\d.]+ to 0\.\d+ standard deviations of x: film\.gif\n$/)
  })
  it('is a folder of pictures, of a run by ladder as well', async () => {
    await here.document('plot', 'plane', '-o', 'frames/', '--frames', '3')
    expect(here.files().filter((name) => name.startsWith('frames'))).toEqual(['frames', 'frames/001.png', 'frames/002.png', 'frames/003.png'])
    await here.refused(['plot', 'plane', '-o', 'frames/', '--frames', '3'], 1, { code: 'out-not-empty', message: /^cannot write into frames\/: it is not empty/ })
  })
  it('is refused where it shows nothing, with the reason', async () => {
    await here.refused(['plot', 'many', '-o', 'x.gif'], 1, { code: 'too-many-columns', message: /^a film shows one column or two, and many has 4: Sepal\.Length, .*--columns/ })
    await here.refused(['plot', 'gaussian', '-o', 'x.gif'], 1, { code: 'no-noise-levels', message: /^a film goes through the noise levels of a run by dual or ladder, and gaussian, fitted by score-matching, has but one/ })
    await here.refused(['plot', 'line', '-o', 'x.gif', '--noise', '1'], 2, { code: 'conflicting-options', message: /^invalid --noise: a film goes through all noise levels/ })
    await here.refused(['plot', 'line', '-o', 'x.png', '--frames', '9'], 2, { code: 'invalid-option', message: /^--frames has no effect with a \.png/ })
    await here.refused(['plot', 'line', '-o', 'x.gif', '--frames', '1'], 2, { code: 'invalid-option', message: /frames: 1 \(must be an integer ≥ 2/ })
    await here.refused(['plot', 'line', '-o', 'x.mp4'], 2, { code: 'unknown-format', message: /must end in \.svg, \.png or \.gif/ })
  })
})
