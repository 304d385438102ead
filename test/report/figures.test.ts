// Drawn figures: what is drawn where, words beside it, colors for both schemes, and markup that nothing in the data can break.
import { beforeAll, describe, expect, it } from 'vitest'
import { createSvgDocument } from '../../src/node/render.ts'
import { axisNumbers, axisTitle, horizontalNumbers } from '../../src/report/drawing/axis.ts'
import { openRing } from '../../src/report/drawing/marks.ts'
import { colors, darkFigureStyles, heatRamp, heatSteps } from '../../src/report/drawing/palette.ts'
import { composeFigure, escapeMarkup } from '../../src/report/drawing/svg.ts'
import { fitNames, shortenApart, textWidth } from '../../src/report/drawing/text.ts'
import type { DrawnFigure, SvgDocument } from '../../src/report/figure.ts'
import { drawLandscape } from '../../src/report/figures/density-and-score.ts'
import { figures } from '../../src/report/figures/index.ts'
import { groupParameters } from '../../src/report/figures/parameters.ts'
import { clipLine, prepareTrainingCurve } from '../../src/report/figures/training-curve.ts'
import { prepareLandscape } from '../../src/report/landscape/landscape.ts'
import type { Landscape, LandscapeDetails, PlaneLandscape } from '../../src/report/landscape/landscape.ts'
import { contrast } from './contrast.ts'
import { energyOf, fitExample, generator, mixtureEnergy, mixtureRow, tableOf } from './examples.ts'

let document: SvgDocument
beforeAll(async () => {
  document = await createSvgDocument()
})

const details: LandscapeDetails = { heading: 'gaussian energy by score matching', logNormalizer: { value: Math.log(2 * Math.PI), standardError: 0.0003, method: 'quadrature' }, noise: null, warnings: [] }

function landscapeOf(columns: readonly string[], rows: number, changes: Partial<LandscapeDetails> = {}): Promise<Landscape> {
  const random = generator(rows)
  const mean = columns.map(() => 0)
  return prepareLandscape(mixtureEnergy(columns, [mean], [1], 1), tableOf(columns, rows, () => mixtureRow(random, [mean], [1], 1)), { ...details, ...changes })
}

/** The path that stands for marks with a label, as lists of points. */
function pathOf(svg: string, label: string): number[][][] {
  const path = new RegExp(`<path aria-label="${label}"[^>]* d="([^"]*)"`).exec(svg) ?? new RegExp(`<path [^>]*d="([^"]*)"[^>]* aria-label="${label}"`).exec(svg)
  return (path?.[1] ?? '').split('M').slice(1).map((piece) => piece.split('L').map((pair) => pair.split(' ').map(Number)))
}

function wordsOf(figure: DrawnFigure): string {
  return [...figure.svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text).join(' ')
}

describe('density and score in the plane', () => {
  it('draws every arrow from its point of the grid along the score, y upwards', async () => {
    const landscape = await landscapeOf(['x', 'y'], 150) as PlaneLandscape
    // Shafts and heads alternate: a head is a path of three points.
    const shafts = pathOf(drawLandscape(landscape, document).svg, 'score').filter((piece) => piece.length === 2)
    expect(shafts).toHaveLength(landscape.arrows.length)
    shafts.forEach(([[x1, y1], [x2, y2]], index) => {
      const { dx, dy } = landscape.arrows[index]
      const scale = 380 / (landscape.frame[0][1] - landscape.frame[0][0])
      // Coordinates are rounded to tenths of a pixel.
      expect(Math.abs(x2 - x1 - dx * scale)).toBeLessThan(0.11)
      expect(Math.abs(y1 - y2 - dy * scale)).toBeLessThan(0.11)
    })
  })

  it('says how the density was normalized, what the lines enclose and which rows are shown', async () => {
    const words = wordsOf(drawLandscape(await landscapeOf(['x', 'y'], 3000, { noise: [0.1, 0.25] }), document))
    expect(words).toContain('log Z = 1.83788 ± 0.00030 (quadrature). Noise')
    expect(words).toContain('Noise: σ\u00a0=\u00a00.1, 0.25')
    expect(words).toContain('Lines enclose 25, 50, 75 and 95 % of the probability.')
    expect(words).toMatch(/2,000 of the 3,000 rows in blue/)
    expect(words).toContain('Arrow lengths are compressed')
    expect(wordsOf(drawLandscape(await landscapeOf(['x', 'y'], 150, { logNormalizer: null }), document))).toContain('Normalized over the frame shown.')
  })

  it('says how much of the density it leaves out, if that is more than half a percent', async () => {
    // A logistic density, F(x) = 1/(1 + e⁻ˣ), beside rows of one so narrow that three times their frame does not hold it.
    const logistic = energyOf(['x'], ([x]) => ({ energy: x + 2 * Math.log1p(Math.exp(-x)), score: [-Math.tanh(x / 2)] }))
    const random = generator(9)
    const known = { value: 0, standardError: 0, method: 'exact' }
    const landscape = await prepareLandscape(logistic, tableOf(['x'], 400, () => [0.2 * random.normal()]), { ...details, logNormalizer: known })
    const [below, above] = landscape.frame[0].map((x) => 1 / (1 + Math.exp(-x)))
    const share = Number(/log Z = 0 \(exact\)\. ([\d.]+) % of the probability lies outside the frame\./.exec(wordsOf(drawLandscape(landscape, document)))?.[1])
    expect(share).toBeCloseTo(100 * (1 - (above - below)), 1)
    expect(share).toBeGreaterThan(2)
    expect(wordsOf(drawLandscape(await landscapeOf(['x', 'y'], 3000), document))).not.toMatch(/outside the frame\.|100 %/)
  })

  it('has the rows under the curve, which they would hide where the score is near zero', async () => {
    const [, score] = drawLandscape(await landscapeOf(['x'], 3000), document).panels
    expect(score.lastIndexOf('aria-label="rows"')).toBeGreaterThan(0)
    expect(score.indexOf(`stroke="${colors.curve}"`)).toBeGreaterThan(score.lastIndexOf('aria-label="rows"'))
  })

  it('has the warning on separated clusters under the heat map, and no other warning', async () => {
    const warnings = [{ code: 'separated-clusters', message: 'Three clusters; heights unknown.' }, { code: 'other', message: 'Something else.' }]
    const figure = drawLandscape(await landscapeOf(['x', 'y'], 150, { warnings }), document)
    expect(figure.panels[0]).toContain('⚠ Three clusters; heights unknown.')
    expect(figure.panels[1]).not.toContain('clusters')
    expect(figure.svg).not.toContain('Something else')
  })

  it('fills the heat map in the steps of the ramp and draws four lines', async () => {
    const [heat] = drawLandscape(await landscapeOf(['x', 'y'], 150), document).panels
    for (const color of heatRamp(heatSteps).light.slice(1)) expect(heat).toContain(`<path fill="${color}"`)
    expect(new RegExp(`<g [^>]*stroke="${colors.contour}"[^>]*>((?:<path [^>]*>)*)</g>`).exec(heat)?.[1].match(/<path /g)).toHaveLength(4)
  })
})

describe('a contour that the frame cuts', () => {
  const sides = [[0, 10], [0, 20]]
  it('ends at the frame and does not run along it', () => {
    // Closed by the contour's algorithm along the left side and around the corner below.
    const ring = [[4, 6], [1, 8], [0, 7.5], [0, 1], [1, 0], [3, 0], [4, 1], [4, 6]] as const
    expect(openRing(ring, sides)).toEqual([[[4, 0], [4, 1], [4, 6], [1, 8], [0, 8]]])
    const inside = [[4, 6], [1, 8], [2, 2], [4, 6]] as const
    expect(openRing(inside, sides)).toEqual([inside])
    expect(openRing([[0, 1], [0, 19], [10, 19], [10, 1], [0, 1]], sides)).toEqual([])
  })

  it('is drawn so', async () => {
    // Rows much closer together than the density is wide, and no log Z that would widen their frame.
    const random = generator(7)
    const close = tableOf(['x', 'y'], 50, () => [0.3 * random.normal(), 0.3 * random.normal()])
    const landscape = await prepareLandscape(mixtureEnergy(['x', 'y'], [[0, 0]], [1], 1), close, { ...details, logNormalizer: null })
    const [heat] = drawLandscape(landscape, document).panels
    const lines = [...(new RegExp(`<g [^>]*stroke="${colors.contour}"[^>]*>((?:<path [^>]*>(?:</path>)?)*)</g>`).exec(heat)?.[1] ?? '').matchAll(/ d="([^"]*)"/g)].map(([, d]) => d)
    expect(lines).toHaveLength(4)
    const segments = lines.join('').split('M').slice(1).flatMap((piece) => {
      const points = piece.replace('Z', '').split('L').map((pair) => pair.split(',').map(Number))
      return points.slice(1).map((point, index) => [points[index], point])
    })
    expect(segments.length).toBeGreaterThan(100)
    for (const axis of [0, 1]) {
      const along = segments.flat().map((point) => point[axis])
      const ends = [Math.min(...along), Math.max(...along)]
      expect(ends[1] - ends[0]).toBeCloseTo(380, 0)
      expect(segments.filter(([one, other]) => one[axis] === other[axis] && ends.includes(one[axis]))).toEqual([])
    }
  })
})

describe('every landscape', () => {
  const cases: [string[], number][] = [[['x'], 150], [['x'], 5000], [['x', 'y'], 150], [['x', 'y'], 5000], [['a', 'b', 'c'], 150], [[...'abcdefg'], 5000]]
  it.each(cases)('%j with %i rows is small, complete, the same each time, and stands alone', async (columns, rows) => {
    const landscape = await landscapeOf(columns, rows)
    const figure = drawLandscape(landscape, document)
    expect(figure.svg.length).toBeLessThan(500_000)
    for (const name of landscape.columns) expect(wordsOf(figure)).toContain(name)
    expect(figure.svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" role="img"[^>]*><title>[^<]+<\/title><rect [^>]*fill="#ffffff"\/>/)
    // What needs a page's style sheet, a script or an address would be missing in a file.
    expect(figure.svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(/<style|class=|id=|url\(|href|var\(|https?:|NaN|undefined|Infinity/)
    expect(drawLandscape(landscape, document)).toEqual(figure)
  })

  it('escapes names of columns and files', async () => {
    const evil = '<script>alert("1")</script> & \'b\''
    for (const columns of [[evil], [evil, 'y'], [evil, 'y', 'z']]) {
      const figure = drawLandscape(await landscapeOf(columns, 50, { heading: evil, warnings: [{ code: 'separated-clusters', message: evil }] }), document)
      for (const svg of [figure.svg, ...figure.panels]) expect(svg).not.toMatch(/<script|& /)
      expect(figure.svg).toContain('&lt;script&gt;alert')
    }
    expect(escapeMarkup('a\u0000b\ud800c')).toBe('a\ufffdb\ufffdc')
  })
})

describe('axes', () => {
  it('have round numbers, as many decimals as their step, and a power of ten where they would be long', () => {
    expect(axisNumbers([-0.57, 0.9], 6)).toEqual({ values: [-2, -1, 0, 1, 2, 3, 4].map((k) => k * 0.2), texts: ['−0.4', '−0.2', '0.0', '0.2', '0.4', '0.6', '0.8'], power: 0 })
    expect(axisNumbers([0, 65_000], 4).texts).toEqual(['0', '20,000', '40,000', '60,000'])
    expect(axisNumbers([1995, 2026], 4).texts).toEqual(['2000', '2010', '2020'])
    expect(axisNumbers([-7e-7, 6e-7], 4)).toMatchObject({ texts: ['−5', '0', '5'], power: -7 })
    expect(axisNumbers([0.2e6, 6.8e6], 4)).toMatchObject({ texts: ['2', '4', '6'], power: 6 })
    // Far from zero the numbers need digits enough to differ.
    expect(axisNumbers([1.70001e9, 1.70004e9], 3)).toMatchObject({ texts: ['1.70001', '1.70002', '1.70003', '1.70004'], power: 9 })
    expect(axisTitle('price', axisNumbers([0, 5e6], 4))).toBe('price (×10⁶)')
    expect(axisTitle('area', axisNumbers([0, 5], 4))).toBe('area')
    for (const nothing of [[0, 0], [0, Infinity], [Number.NaN, 1]] as const) expect(axisNumbers(nothing, 4).values).toEqual([])
  })

  it('drop numbers that would touch or run out of the plot', () => {
    const shown = (width: number): string[] => {
      const numbers = horizontalNumbers([-400, 400], 5, (value) => ((value + 400) / 800) * width, width)
      return numbers.shown.map((value) => numbers.texts[numbers.values.indexOf(value)])
    }
    expect(shown(400)).toEqual(['−200', '0', '200'])
    expect(shown(60)).toEqual(['0'])
  })
})

describe('names that are too long', () => {
  const channels = ['north', 'south', 'inlet', 'outlet'].map((place) => `measurement_channel_${place}_temperature`)
  it('lose their middle, or else what all of them have in common, and still differ', () => {
    expect(shortenApart(['sensor_temperature_1', 'sensor_temperature_2', 'z'], 11)).toEqual(['senso…ure_1', 'senso…ure_2', 'z'])
    expect(shortenApart(channels, 13)).toEqual(['…north_tempe…', '…south_tempe…', '…inlet_tempe…', '…outlet_temp…'])
    expect(shortenApart(['same', 'same'], 10)).toEqual(['same', 'same'])
    for (const most of [6, 10, 17, 24]) {
      const short = shortenApart(channels, most)
      expect(new Set(short).size).toBe(4)
      for (const name of short) expect([...name].length).toBeLessThanOrEqual(most)
    }
  })

  it('are cut no further than a width asks for', () => {
    expect(fitNames(channels, 1000, 11)).toEqual(channels)
    const [widest] = fitNames(channels, 120, 11, 'bold').map((name) => textWidth(name, 11, 'bold')).sort((a, b) => b - a)
    expect(widest).toBeLessThanOrEqual(120)
    expect(widest).toBeGreaterThan(105)
  })
})

describe('training curve', () => {
  const metrics = Array.from({ length: 1000 }, (_, index) => ({ step: index + 1, objective: -4 + 100 * Math.exp(-index / 20), heldOutObjective: index % 100 === 99 ? -3 + ((index - 499) / 1000) ** 2 : null, seconds: index }))

  it('takes the mean and the range of neighboring steps', () => {
    const curve = prepareTrainingCurve(metrics)
    expect(curve?.train).toHaveLength(200)
    const first = metrics.slice(0, 5).map(({ objective }) => objective)
    expect(curve?.train[0].step).toBe(3)
    expect(curve?.train[0].mean).toBeCloseTo(first.reduce((a, b) => a + b) / 5, 12)
    expect([curve?.train[0].low, curve?.train[0].high]).toEqual([first[4], first[0]])
  })

  it('finds the best held-out step and leaves the steep beginning outside the frame, saying so', () => {
    const curve = prepareTrainingCurve(metrics)
    expect(curve?.best).toEqual({ step: 500, objective: -3 })
    expect(curve?.interval[1]).toBeLessThan(50)
    expect(curve?.outside?.extreme).toBeGreaterThan(80)
    // The first stretch: the mean of −4 + 100 exp(−i/20), i = 0 … 4, is −4 + 20 (1 − exp(−1/4)) / (1 − exp(−1/20)) = 86.71.
    const figure = figures.find(({ name }) => name === 'training-curve')?.draw({ fit: fitExample(), metrics, landscape: null, margins: null, probabilities: null }, document)
    expect(wordsOf(figure as DrawnFigure)).toMatch(/Lowest held-out objective: −3\.000 at step 500\. \d+ values lie outside the frame, up to 86\.7/)
  })

  it('says when nothing was held out, and is not drawn for fits without steps', () => {
    const draw = figures.find(({ name }) => name === 'training-curve')?.draw
    expect(wordsOf(draw?.({ fit: fitExample(), metrics: metrics.map((row) => ({ ...row, heldOutObjective: null })), landscape: null, margins: null, probabilities: null }, document) as DrawnFigure)).toContain('No rows were held out.')
    expect(draw?.({ fit: fitExample(), metrics: [], landscape: null, margins: null, probabilities: null }, document)).toBeNull()
    // A closed form goes in one step: the line between its two values is no course.
    expect(draw?.({ fit: fitExample(), metrics: metrics.slice(0, 2), landscape: null, margins: null, probabilities: null }, document)).toBeNull()
  })

  it('cuts lines exactly at the border of the frame', () => {
    expect(clipLine([[0, 2], [1, 0], [2, 2]], [-1, 1])).toEqual([[[0.5, 1], [1, 0], [1.5, 1]]])
    expect(clipLine([[0, -2], [1, 2]], [-1, 1])).toEqual([[[0.25, -1], [0.75, 1]]])
    expect(clipLine([[0, 0], [1, 2], [2, 0]], [-1, 1])).toEqual([[[0, 0], [0.5, 1]], [[1.5, 1], [2, 0]]])
    expect(clipLine([[0, 5], [1, 6]], [-1, 1])).toEqual([])
  })
})

describe('parameters', () => {
  it('are grouped by name, unknown ones left to the table', () => {
    const one = { standardError: null, interval: null }
    const groups = groupParameters([{ name: 'precision[1,1]', estimate: 1, ...one }, { name: 'eta[1]', estimate: 2, ...one }, { name: 'precision[1,2]', estimate: 3, ...one }, { name: 'eta[2]', estimate: null, ...one }])
    expect(groups.map(({ name, shown }) => [name, shown.map((parameter) => parameter.estimate)])).toEqual([['precision', [1, 3]], ['eta', [2]]])
    expect(groupParameters(Array.from({ length: 30 }, (_, index) => ({ name: `w[${index}]`, estimate: index, ...one })))[0].more).toBe(6)
  })

  it('stand in their standard errors where one scale would hide most of a group', () => {
    const estimates = [1e6, 2e-3].map((size, index) => ({ name: `precision[${index + 1},1]`, estimate: 3 * size, standardError: size, interval: [size, 5 * size] as const }))
    const [group] = groupParameters(estimates)
    expect(group.inErrors).toBe(true)
    for (const { estimate, interval } of group.shown) expect([estimate, ...(interval ?? [])]).toEqual([3, 1, 5].map((value) => expect.closeTo(value, 12)))
    const figure = figures.find(({ name }) => name === 'parameters')?.draw({ fit: fitExample({ parameters: estimates }), metrics: [], landscape: null, margins: null, probabilities: null }, document) as DrawnFigure
    expect(wordsOf(figure)).toContain('precision, each in its standard errors')
    // Without a standard error there is no such unit.
    expect(groupParameters([...estimates, { ...estimates[0], standardError: null }])[0].inErrors).toBe(false)
  })

  it('of many are those farthest from zero in their standard errors, in their order', () => {
    const many = Array.from({ length: 40 }, (_, k) => ({ name: `w[${k + 1}]`, estimate: k % 2 === 0 ? 0.001 * k : 10 + k, standardError: 1, interval: null }))
    const [group] = groupParameters(many)
    expect(group.more).toBe(16)
    expect(group.shown.map(({ name }) => name).filter((_, k) => k < 4)).toEqual(['w[2]', 'w[4]', 'w[6]', 'w[8]'])
    expect(group.shown.filter(({ estimate }) => estimate > 5)).toHaveLength(20)
  })

  it('that are held are open points, told in words', () => {
    const [first, ...others] = fitExample().parameters ?? []
    const parameters = [{ ...first, standardError: null, interval: null, fixed: true as const }, ...others]
    const figure = figures.find(({ name }) => name === 'parameters')?.draw({ fit: fitExample({ parameters }), metrics: [], landscape: null, margins: null, probabilities: null }, document) as DrawnFigure
    expect(wordsOf(figure)).toContain('Open points: held, or at a bound.')
    expect([...figure.svg.matchAll(/<circle [^>]*fill="([^"]*)"/g)].map(([, fill]) => fill === colors.background)).toEqual([true, false, false, false, false, false, false])
  })

  it('are drawn with points and intervals in scale', () => {
    const figure = figures.find(({ name }) => name === 'parameters')?.draw({ fit: fitExample(), metrics: [], landscape: null, margins: null, probabilities: null }, document) as DrawnFigure
    const dots = [...figure.svg.matchAll(/<circle [^>]*cx="([^"]*)"/g)].map(([, x]) => Number(x))
    const rules = [...figure.svg.matchAll(/<line ([^>]*)>/g)].map(([, text]) => ['x1', 'x2'].map((name) => Number(new RegExp(`${name}="([^"]*)"`).exec(text)?.[1]))).filter(([a, b]) => a !== b && dots.some((x) => x > a && x < b))
    expect(dots).toHaveLength(7)
    // precision[1,1] and [1,2] share an axis: distances are in proportion to values.
    const perUnit = (dots[0] - dots[1]) / (10.383924916 + 6.758244195)
    const interval = rules.find(([a, b]) => Math.abs(b - a - perUnit * (12.7426 - 8.0253)) < 0.1)
    expect(interval).toBeDefined()
    expect(wordsOf(figure)).toContain('95 % intervals')
  })

  it('are not drawn for a network', () => {
    expect(figures.find(({ name }) => name === 'parameters')?.draw({ fit: fitExample({ parameters: undefined }), metrics: [], landscape: null, margins: null, probabilities: null }, document)).toBeNull()
  })
})

describe('colors', () => {
  it('all have a dark form, so that nothing drawn stays light on a dark page', async () => {
    const styles = darkFigureStyles('figure svg')
    const metrics = Array.from({ length: 20 }, (_, step) => ({ step, objective: step, heldOutObjective: step, seconds: 0 }))
    for (const columns of [['x'], ['x', 'y'], ['x', 'y', 'z']]) {
      const landscape = await landscapeOf(columns, 500)
      for (const figure of figures) {
        const svg = figure.draw({ fit: fitExample(), metrics, landscape, margins: null, probabilities: null }, document)?.svg ?? ''
        for (const [, property, value] of svg.matchAll(/ (fill|stroke)="([^"]*)"/g)) {
          if (value !== 'none' && value !== 'currentColor') expect(styles).toContain(`[${property}="${value}"]{${property}:#`)
        }
      }
    }
  })

  it('of text are easy to read on their ground, light and dark (contrast 4.5 to 1 and more, WCAG 2)', () => {
    const styles = darkFigureStyles('f')
    const dark = (light: string): string => new RegExp(`\\[fill="${light}"\\]\\{fill:(#[0-9a-f]{6})`).exec(styles)?.[1] ?? ''
    for (const name of ['ink', 'quiet', 'warning', 'point', 'curve'] as const) {
      expect(contrast(colors[name], colors.background)).toBeGreaterThan(4.5)
      expect(contrast(dark(colors[name]), dark(colors.background))).toBeGreaterThan(4.5)
    }
  })
})

describe('composition', () => {
  it('puts panels in a row or a column, and gives each alone', () => {
    const content = (title: string): Parameters<typeof composeFigure>[1][number] => ({ title, subtitle: '', body: { markup: `<g>${title}</g>`, width: 100, height: 50 }, notes: [] })
    const size = (svg: string): number[] => (/viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? []).slice(1).map(Number)
    const row = composeFigure('', [content('one'), content('two')])
    const column = composeFigure('', [content('one'), content('two')], 'column')
    expect(size(row.svg)).toEqual([2 * size(row.panels[0])[0], size(row.panels[0])[1]])
    expect(size(column.svg)).toEqual([size(column.panels[0])[0], 2 * size(column.panels[0])[1]])
    expect(row.panels.map((panel) => panel.includes('<g>one</g>'))).toEqual([true, false])
  })
})
