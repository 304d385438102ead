// What the report of a parametric fit adds: the formula as TeX, correlations of the estimates, residuals in words and in a table, columns and quantiles as figures.
import katex from 'katex'
import { beforeAll, describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { lineDistribution } from '../../src/evaluate/line-distribution.ts'
import { probabilityPlot } from '../../src/evaluate/probability-plot.ts'
import { createSvgDocument } from '../../src/node/render.ts'
import type { FigureSource, SvgDocument } from '../../src/report/figure.ts'
import { figures } from '../../src/report/figures/index.ts'
import { estimateCorrelations } from '../../src/report/figures/correlations.ts'
import type { FitJson, Residual } from '../../src/report/fit-json.ts'
import { formulaTex } from '../../src/report/formula-tex.ts'
import { prepareMargins } from '../../src/report/landscape/margins.ts'
import { reportHtml } from '../../src/report/report-html.ts'
import { judgeResiduals } from '../../src/report/residual-words.ts'
import { summarize } from '../../src/report/summary.ts'
import { fitExample, generator, mixtureEnergy, mixtureRow, tableOf } from './examples.ts'

let document: SvgDocument
beforeAll(async () => {
  document = await createSvgDocument()
})
const source = (changes: Partial<FigureSource>): FigureSource => ({ fit: fitExample(), metrics: [], landscape: null, margins: null, probabilities: null, ...changes })
const draw = (name: string, from: FigureSource): string | undefined => figures.find((figure) => figure.name === name)?.draw(from, document)?.svg
const page = (fit: FitJson, noMargins: string | null = null): string => reportHtml({ fit, figures: [], objective: null, modelTex: null, columnScales: null, noiseReason: null, denoiser: null, noMargins, goodnessOfFit: null })
  .replace(/<style>[\s\S]*?<\/style>/, '').replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ')

describe('the formula of a model as TeX', () => {
  it.each([
    ['−½ xᵀ K x + ηᵀ x', '-\\tfrac12 x^{\\top }Kx+η^{\\top }x'],
    ['(shape−1)·log x − rate·x', '(\\mathrm{shape}-1)\\cdot \\log x-\\mathrm{rate}\\cdot x'],
    ['−(1/2a) (xᵃ)ᵀK xᵃ + (1/b) ηᵀxᵇ', '-(1/2a)(x^{a})^{\\top }Kx^{a}+(1/b)η^{\\top }x^{b}'],
    ['Σᵢ −2 log cosh(π/(2√3) wᵢᵀx)', '\\sum _{i}-2\\log \\cosh (π/(2\\surd 3)w_{i}^{\\top }x)'],
    ['Σ h[i] sᵢ + Σᵢ<ⱼ J[i,j] sᵢsⱼ', '\\sum h[i]s_{i}+\\sum _{i<j}J[i,j]s_{i}s_{j}'],
  ])('%s', (text, expected) => {
    const tex = formulaTex(text)
    const plain = (own: string): string => own.replace(/(?<!\\[a-z]+) +/gi, '').replace(/ +/g, ' ')
    expect(plain(tex ?? '')).toBe(plain(expected))
    expect(() => katex.renderToString(tex ?? '', { throwOnError: true, output: 'mathml', strict: false })).not.toThrow()
  })
  it('is not made of the text of a function', () => {
    for (const text of ['({ a, b }, x) => x.at(0).mul(a)', 'a_b * x', '\\evil', 'x ^ 2']) expect(formulaTex(text)).toBeNull()
  })
  it('stands in the report where it can be typeset, as written elsewhere', () => {
    const withFormula = (logDensity: string): FitJson => fitExample({ model: { ...fitExample().model, logDensity, domain: 'real' } })
    expect(page(withFormula('−½ xᵀ K x + ηᵀ x'))).toContain('The model, on ℝ² , with 5 parameters:')
    expect(page(withFormula('({ a }, x) => a'))).toContain('({ a }, x) =&gt; a − log Z on ℝ² , with 5 parameters.')
  })
})

describe('correlations of the estimates', () => {
  const covariance = [[4, 3, null], [3, 9, 0], [null, 0, null]]
  const three = fitExample().parameters!.slice(0, 3)
  it('are covariances over the product of the errors; what has no error is left out', () => {
    const found = estimateCorrelations(fitExample({ parameters: three, parameterCovariance: covariance }))!
    expect(found.names).toEqual(['precision[1,1]', 'precision[1,2]'])
    expect(found.matrix).toEqual([[1, 0.5], [0.5, 1]])
    expect(found.strongest).toEqual({ names: ['precision[1,1]', 'precision[1,2]'], correlation: 0.5 })
    expect(estimateCorrelations(fitExample({ parameterCovariance: [[1]] }))).toBeNull()
    expect(estimateCorrelations(fitExample())).toBeNull()
  })
  it('of many parameters are those of the most correlated', () => {
    const size = 60
    const parameters = Array.from({ length: size }, (_, k) => ({ name: `w[${k + 1}]`, estimate: k, standardError: 1, interval: null }))
    const parameterCovariance = parameters.map((_, i) => parameters.map((_other, j) => (i === j ? 1 : i >= 50 && j >= 50 ? 0.97 : 0.01)))
    const found = estimateCorrelations(fitExample({ parameters, parameterCovariance }))!
    expect(found.more).toBe(24)
    for (let k = 51; k <= 60; k++) expect(found.names).toContain(`w[${k}]`)
    expect(draw('correlations', source({ fit: fitExample({ parameters, parameterCovariance }) }))).toMatch(/⚠ Strongest: w\[51\] and w\[52\], 0\.97\..*24 more parameters/)
  })
})

describe('residuals', () => {
  const residual = (aspect: Residual['aspect'], columns: string[], z: number | null): Residual => ({ aspect, columns, value: z === null ? 0 : z / 10, standardError: 0.1, z })
  const residuals = [residual('location', ['a'], null), residual('spread', ['a'], 1.2), residual('skewness', ['a'], -4.5), residual('tails', ['b'], 3.1), residual('dependence', ['a', 'b'], 6)]
  it('are judged together: four tests, so that chance exceeds 2.50 in 5 % of fits', () => {
    const judged = judgeResiduals(fitExample({ residuals }))!
    expect(judged.critical).toBeCloseTo(2.4977, 4)
    expect(judged.beyond.map(({ aspect }) => aspect)).toEqual(['dependence', 'skewness', 'tails'])
  })
  it('are told in the summary and the report', () => {
    expect(summarize(fitExample({ residuals })).replaceAll(/\s+/g, ' ')).toContain('misfit a and b rise together more (z = 6.00); a: rows lean more to the left (z = -4.50); b: rows have heavier tails (z = 3.10)')
    expect(summarize(fitExample({ residuals: [residual('tails', ['a'], 1)] })).replaceAll(/\s+/g, ' ')).toContain('residuals no misfit beyond chance in 1 Stein residuals (all |z| < 2.0)')
    const text = page(fitExample({ residuals }))
    expect(text).toMatch(/In 3 ways beyond chance:/)
    expect(text).toMatch(/column location spread skewness tails a – 1\.20 −4\.50 – b – – – 3\.10/)
    expect(page(fitExample({ residuals: [residual('tails', ['a'], null)] }))).toContain('the fit itself makes all of them zero')
    expect(page(fitExample())).not.toContain('Where the density misses')
  })
})

describe('the columns', () => {
  const means = [[0, 0], [3, 1]]
  it('show bars and curves of the same area, or why not', async () => {
    const random = generator(3)
    const table = tableOf(['a', 'b'], 3000, () => mixtureRow(random, means, [0.5, 0.5], 1))
    const margins = await prepareMargins(table, { energy: mixtureEnergy(['a', 'b'], means, [0.5, 0.5], 1), inside: undefined, random: createRandom(1) })
    if (margins.margins === null) throw new Error(margins.reason)
    margins.margins.forEach(({ edges, bars, x, density }, j) => {
      const normal = (value: number, mean: number): number => Math.exp(-((value - mean) ** 2) / 2) / Math.sqrt(2 * Math.PI)
      x.forEach((value, k) => expect(density[k]).toBeCloseTo((normal(value, means[0][j]) + normal(value, means[1][j])) / 2, 3))
      const area = bars.reduce((sum, bar) => sum + bar, 0) * (edges[1] - edges[0])
      expect(area).toBeGreaterThan(0.99)
      expect(area).toBeLessThan(1.0000001)
    })
    const svg = draw('columns', source({ margins }))!
    expect(svg).toContain('by quadrature over the others')
    for (const name of ['>a<', '>b<']) expect(svg).toContain(name)
    expect(draw('columns', source({ margins: { margins: null, reason: 'no reason' } }))).toBeUndefined()
    expect(page(fitExample(), 'no simple density is close enough')).toContain('Each column by itself Not shown: no simple density is close enough.')
  })
})

it('the quantiles of one column are drawn with their band, and leaving it is said', async () => {
  const random = generator(5)
  const energy = mixtureEnergy(['x'], [[0]], [1], 1)
  const drawn = async (bend: number): Promise<string> => {
    const rows = Float64Array.from({ length: 400 }, () => { const z = random.normal(); return z + bend * z * z })
    const distribution = (await lineDistribution(energy, rows, undefined))!
    return draw('quantiles', source({ probabilities: probabilityPlot({ rows, distribution, influence: null, random: createRandom(1) }) }))!.replace(/<\/text><text[^>]*>/g, ' ')
  }
  expect(await drawn(0)).toMatch(/The rows stay inside the band: the largest difference/)
  expect(await drawn(0.4)).toMatch(/⚠ The rows leave the band: .*p\u00a0=\u00a00\.0010; 400 rows/)
})
