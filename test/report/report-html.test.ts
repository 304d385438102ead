// The report: every number it is given, nothing it is not given, nothing from the network, and no way in for user text.
import { beforeAll, describe, expect, it } from 'vitest'
import { createSvgDocument } from '../../src/node/render.ts'
import type { SvgDocument } from '../../src/report/figure.ts'
import { figures } from '../../src/report/figures/index.ts'
import type { FitJson, MetricsRow } from '../../src/report/fit-json.ts'
import { html } from '../../src/report/html.ts'
import { prepareLandscape } from '../../src/report/landscape/landscape.ts'
import { reportHtml } from '../../src/report/report-html.ts'
import type { ReportFigure, ReportInput } from '../../src/report/report-input.ts'
import { compareBaselines, comparisonWords, headingWords } from '../../src/report/words.ts'
import { fitExample, generator, mixtureEnergy, mixtureRow, tableOf } from './examples.ts'

const clusters = { code: 'separated-clusters', message: 'The rows form 3 clusters (50 %, 30 % and 20 %).' }
const other = { code: 'ties', message: 'Many rows are tied.' }
const network = fitExample({
  data: { source: 'points.csv', rows: 2000, rowsUsed: 1990, columns: ['x', 'y'], columnsLeftOut: ['name'] },
  parameters: undefined,
  model: { name: 'mlp', logDensity: 'network 2-128-128-1 (silu)', domain: 'real(2)', parameterCount: 17153 },
  estimator: { name: 'denoising', route: 'adam', noise: [0.1, 0.3], noiseCorrection: null, stopped: 'early-stopping' },
  objective: { train: -3.91234, heldOut: -3.85, heldOutStandardError: 0.043, units: 'standardized' },
  logLikelihood: { train: -3.1, heldOut: -3.145, standardError: 0.02, baselines: { gaussian: -4.2, kernelDensity: -3.26 } },
  logNormalizer: { value: 12.3, standardError: 3e-5, method: 'quadrature' },
  warnings: [clusters, other],
})
const metrics: MetricsRow[] = Array.from({ length: 100 }, (_, step) => ({ step, objective: 1 / (1 + step), heldOutObjective: step % 10 === 0 ? 1 / (1 + step) : null, seconds: step }))

let document: SvgDocument
beforeAll(async () => {
  document = await createSvgDocument()
})

function inputOf(fit: FitJson, changes: Partial<ReportInput> = {}): ReportInput {
  return { fit, figures: [], objective: null, modelTex: null, columnScales: null, noiseReason: null, denoiser: null, noMargins: null, goodnessOfFit: null, ...changes }
}

async function figuresOf(fit: FitJson): Promise<ReportFigure[]> {
  const random = generator(4)
  const landscape = await prepareLandscape(mixtureEnergy(fit.data.columns, [[0, 0]], [1], 1), tableOf(fit.data.columns, 200, () => mixtureRow(random, [[0, 0]], [1], 1)), { heading: fit.data.source, logNormalizer: null, noise: null, warnings: fit.warnings })
  return figures.flatMap(({ name, sentence, draw }) => {
    const drawn = draw({ fit, metrics, landscape, margins: null, probabilities: null }, document)
    return drawn === null ? [] : [{ name, sentence, drawn }]
  })
}

/** A fit whose differences from the baselines are known. */
const withDifferences = (fit: FitJson, differences: FitJson['logLikelihood']['differences']): FitJson => ({ ...fit, logLikelihood: { ...fit.logLikelihood, differences } })
const compared = withDifferences(
  { ...network, logLikelihood: { ...network.logLikelihood, baselines: { ...network.logLikelihood.baselines, gaussianMixture: -3.3 } } },
  { gaussian: { value: 1.055, standardError: 0.021 }, kernelDensity: { value: 0.115, standardError: 0.011 }, gaussianMixture: { value: 0.155, standardError: 0.013 } },
)

const full = async (): Promise<string> => reportHtml(inputOf(compared, {
  figures: await figuresOf(network),
  objective: { tex: 'J(\\theta)=\\frac1N\\sum_{i=1}^N\\left\\|x_i-\\tilde x_i\\right\\|^2', sentence: 'Its score restores noisy rows.' },
  columnScales: [2.5, 1.5], noiseReason: 'The rule chose it.',
  denoiser: { units: 'data', reconstructionError: 0.0192, standardError: 0.0003, floor: 0.016, aboveFloor: { value: 0.0032, standardError: 0.0004 }, withoutDenoising: 0.02 },
  goodnessOfFit: { test: 'kernel-stein', statistic: 0.0123, pValue: 0.21 },
}))

/** The text a reader sees in a section. */
function section(page: string, heading: string): string {
  const found = [...page.matchAll(/<section>[\s\S]*?<\/section>/g)].map(([text]) => text).find((text) => text.includes(`<h2>${heading}</h2>`))
  return (found ?? '').replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').replace(/&#39;/g, '\'')
}

describe('the report of a network', () => {
  it('has every number it was given', async () => {
    const page = await full()
    expect(section(page, 'What was fitted, and how')).toMatch(/network 2-128-128-1 \(silu\).*17,153 parameters.*denoising by Adam in minibatches: stopped early.*−3\.9123 on the training rows, −3\.850 ± 0\.043 on held-out rows \(on standardized columns\).*10 of 2,000 rows were not used/)
    const likelihood = section(page, 'Log-likelihood')
    expect(likelihood).toMatch(/this model −3\.145 ± 0\.020 .*Gaussian −4\.200 \+1\.055 ± 0\.021 .*kernel density −3\.260 \+0\.115 ± 0\.011 .*Gaussian mixture −3\.300 \+0\.155 ± 0\.013/)
    expect(likelihood).toContain('The model wins: 0.115 nats a row above the best baseline (kernel density).')
    expect(likelihood).toContain('log Z = 12.300000 ± 3.0×10⁻⁵ (quadrature)')
    expect(likelihood).toContain('kernel Stein test, statistic 0.0123, p = 0.21; no sign against the model')
    // No number of a page reads as a computer writes it.
    const tiny = reportHtml(inputOf(withDifferences(network, { kernelDensity: { value: 1e-7, standardError: 1e-6 } }), { goodnessOfFit: { test: 'kernel-stein', statistic: 1e-6, pValue: 1e-5 } }))
    expect(section(tiny, 'Log-likelihood')).not.toMatch(/\de[-−]\d/)
    // σ / sd = .1/2.5 = 4 % and .3/1.5 = 20 %; the variance grows by .2² = 4 %, the standard deviation by √1.04 − 1.
    expect(section(page, 'What the noise does')).toMatch(/at most 4\.0 %.*The rule chose it\..*x 2\.500 0\.1 4\.0 % \+0\.080 % .*y 1\.500 0\.3 20\.0 % \+2\.0 %/)
    expect(section(page, 'Denoising')).toMatch(/noisy rows as they are 0\.02000 100 % .*denoised by this model 0\.01920 ± 0\.00030 96\.0 % .*expected by this model 0\.01600 80\.0 % .*denoised − expected 0\.00320 ± 0\.00040/)
    expect(page).toContain('<pre>unnorm fit points.csv --model gaussian</pre>')
  })

  it('has the modes with weights and rows\' shares, and says where the weights are not identified', () => {
    const list = [
      { peak: [-2.5, -1.5], weight: 0.5012, standardError: 0.0031, rowsShare: 0.503, rowsShareError: 0.0112 },
      { peak: [2.512345, 1e-3], weight: 0.4988, standardError: 0, rowsShare: 0.497, rowsShareError: 0.0112 },
    ]
    const modes = { method: 'importance' as const, effectiveShare: 0.613, identified: true, list }
    const sectionOf = (changes: Partial<FitJson>): string => section(reportHtml(inputOf({ ...network, ...changes }, { columnScales: [2.5, 1.5] })), 'Modes')
    expect(sectionOf({ modes })).toMatch(/importance sampling, of whose draws 61\.3 % count.*mode % of the density % of the rows x y 1 50\.12 ± 0\.31 50\.3 ± 1\.1 −2\.50 −1\.50 2 49\.9 49\.7 ± 1\.1 2\.51 0\.00 /)
    expect(sectionOf({ modes })).not.toContain('not identified')
    expect(sectionOf({ modes: { ...modes, identified: false } })).toContain('⚠ The weights are not identified')
    expect(sectionOf({ modes: { ...modes, list: [list[0]] } })).toContain('The density has one mode')
    for (const unknown of [{ modes: null }, {}]) expect(sectionOf(unknown)).toBe('')
  })

  it('warns beside the heat map, beside the log-likelihood and at the top', async () => {
    const page = await full()
    expect(section(page, '2 warnings')).toMatch(/3 clusters.*Many rows are tied/)
    expect(section(page, 'The density and its score')).toContain('⚠ The rows form 3 clusters')
    expect(section(page, 'Log-likelihood')).toContain('relative heights are not identified')
    expect(reportHtml(inputOf(fitExample()))).not.toMatch(/relative heights|warnings?<\/h2>/)
  })

  it('needs no network and can reach none', async () => {
    const page = await full()
    const addresses = [...page.matchAll(/[a-z]+:\/\/[^"'\s<)]*/g)].map(([address]) => address)
    expect(new Set(addresses)).toEqual(new Set(['http://www.w3.org/2000/svg', 'http://www.w3.org/1998/Math/MathML']))
    for (const [, name] of page.matchAll(/(\S+)="http:\/\/www\.w3\.org[^"]*"/g)) expect(name).toBe('xmlns')
    expect(page).not.toMatch(/<script|<link|<img|@import|url\(|src=/)
    expect(page).toContain('default-src \'none\'')
  })

  it('renders the formula as MathML', async () => {
    expect(await full()).toMatch(/<math [^>]*>.*<mfrac><mn>1<\/mn><mi>N<\/mi><\/mfrac>/)
  })

  it('has a light and a dark scheme', async () => {
    const page = await full()
    expect(page).toContain('color-scheme:light dark')
    expect(page).toMatch(/@media screen and \(prefers-color-scheme:dark\)\{:root\{--page:#/)
    expect(page).toContain('figure svg [fill="#ffffff"]{fill:#15181d}')
  })

  it('shows the panels of the figure one by one, so that a phone stacks them', async () => {
    const page = await full()
    expect(page.match(/<figure><svg[\s\S]*?<\/svg>\s*<svg/)).not.toBeNull()
    expect(page).toContain('<figure class="wide"><svg')
  })
})

describe('the report of a parametric fit', () => {
  it('has a table of the parameters, natural ones first', () => {
    const text = section(reportHtml(inputOf(fitExample())), 'Parameters')
    expect(text).toMatch(/parameter estimate std\. error z 95 % interval natural precision\[1,1\] 10\.4 1\.2 8\.63 8\.0 to 12\.7 precision\[1,2\] −6\.76 0\.91 −7\.43 −8\.54 to −4\.97/)
    expect(text).toMatch(/eta\[2\] .*reported mean\[1\] 5\.843 0\.067 86\.70 5\.711 to 5\.976/)
  })

  it('folds long tables', () => {
    const many = Array.from({ length: 30 }, (_, index) => ({ name: `w[${index + 1}]`, estimate: index, standardError: 1, interval: null }))
    expect(reportHtml(inputOf(fitExample({ parameters: many })))).toContain('<details><summary>All 30 parameters</summary>')
    expect(reportHtml(inputOf(fitExample()))).not.toContain('<details>')
  })

  it('leaves out or calls unknown what is not known', () => {
    const page = reportHtml(inputOf(fitExample({
      logNormalizer: { value: null, standardError: null, method: null },
      logLikelihood: { train: null, heldOut: null, standardError: null, baselines: { gaussian: -2, kernelDensity: null } },
      objective: { train: null, heldOut: null, heldOutStandardError: null, units: 'data' },
    })))
    expect(section(page, 'Log-likelihood')).toBe(' Log-likelihood Unknown: it needs the normalizing constant, and log Z is unknown. ')
    for (const absent of ['Objective at', 'What the noise does', '<h2>Denoising', '<h2>Training', 'Goodness', 'null', 'NaN', 'undefined']) expect(page).not.toContain(absent)
  })

  it('has a section for a figure that was added', () => {
    const drawn = { svg: '', panels: ['<svg width="10"></svg>'] }
    expect(reportHtml(inputOf(fitExample(), { figures: [{ name: 'new', sentence: 'Something new.', drawn }] }))).toContain('<h2>Something new.</h2>\n<figure><svg width="10">')
  })
})

describe('user text', () => {
  const evil = '"><script>alert(1)</script>\'&'
  it('is escaped wherever it stands', async () => {
    const fit: FitJson = fitExample({
      command: `unnorm fit '${evil}'`, data: { source: evil, rows: 200, rowsUsed: 200, columns: [evil, 'y'], columnsLeftOut: [evil] },
      model: { name: evil, logDensity: evil, domain: evil, parameterCount: 5 },
      estimator: { name: evil, route: 'adam', noise: [1, 1], noiseCorrection: null, stopped: 'steps' },
      logNormalizer: { value: 1, standardError: 1, method: evil },
      parameters: [{ name: evil, estimate: 1, standardError: 1, interval: [0, 2] }], warnings: [{ code: 'separated-clusters', message: evil }],
    })
    const page = reportHtml(inputOf(fit, { figures: await figuresOf(fit), columnScales: [1, 1], noiseReason: evil, objective: { tex: 'x', sentence: evil }, goodnessOfFit: { test: 'kernel-stein', statistic: 1, pValue: 1 } }))
    expect(page).not.toContain('<script')
    expect(page.match(/&lt;script&gt;alert\(1\)/g)?.length).toBeGreaterThan(12)
  })

  it('in templates is escaped unless it is markup', () => {
    expect(html`<p title="${evil}">${1}${null}${[html`<b>${'<'}</b>`, null]}</p>`.markup).toBe('<p title="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#39;&amp;">1<b>&lt;</b></p>')
  })
})

describe('the denoiser', () => {
  const words = (value: number, changes: Partial<ReportInput['denoiser'] & object> = {}): string =>
    section(reportHtml(inputOf(network, { denoiser: { units: 'data', reconstructionError: 0.08 + value, floor: 0.08, withoutDenoising: 0.09, aboveFloor: { value, standardError: 0.001 }, ...changes } })), 'Denoising')
  it('is judged by the gap to what the model expects, in its standard errors', () => {
    expect(words(0.0032)).toContain('The error lies 0.0032 ± 0.0010 above: the score does not fit these rows.')
    expect(words(-0.0032)).toContain('The error lies 0.0032 ± 0.0010 below: the score does not fit these rows.')
    // A single row has a difference but no error of it.
    for (const aboveFloor of [undefined, { value: 0.0032, standardError: Number.NaN }]) {
      expect(words(0.0032, { aboveFloor })).toMatch(/The error lies 0\.0032\d* above; whether by more than chance is unknown\./)
    }
    expect(words(0, { floor: null })).toContain('What this model expects is unknown.')
  })
  it('is not called good because a model makes the error that it expects: a Gaussian fitted to two modes does', () => {
    for (const value of [0.0002, -0.0002]) {
      expect(words(value)).toMatch(/agree within two standard errors, so the score has the right scale\. That does not make it right/)
      expect(words(value)).not.toMatch(/floor|any denoiser/)
    }
  })
})

describe('an estimator', () => {
  it('reads the same in the report and above a figure', () => {
    expect(headingWords('gaussian', 'score-matching', 'points.csv')).toBe('gaussian energy by score matching, points.csv')
    expect(reportHtml(inputOf(fitExample()))).toContain('estimated by score matching from all 150 rows')
  })
})

describe('who wins', () => {
  const words = (difference: number | null, standardError: number): string | null => comparisonWords(compareBaselines(difference === null ? network : withDifferences(network, { kernelDensity: { value: difference, standardError } })), 0.02)
  it('is said with the error of the paired difference', () => {
    expect(words(0.115, 0.011)).toBe('The model wins: 0.115 nats a row above the best baseline (kernel density).')
    expect(words(-0.115, 0.011)).toBe('The kernel density baseline wins: it lies 0.115 nats a row above the model.')
    expect(words(0.02, 0.011)).toBe('No clear winner: the difference from the best baseline (kernel density) is 0.020 nats a row, within two standard errors (0.011).')
    expect(words(null, 0)).toBe('The model wins: 0.115 nats a row above the best baseline (kernel density); the error of this difference is unknown.')
  })
  it('counts equal as equal, and nothing without numbers', () => {
    expect(comparisonWords(compareBaselines(fitExample({ logLikelihood: { train: -2, heldOut: null, standardError: 0.1, baselines: { gaussian: -2, kernelDensity: null } } })), 0.1)).toBe('The model equals the best baseline (Gaussian).')
    const rounding = reportHtml(inputOf(withDifferences(fitExample(), { gaussian: { value: -3e-14, standardError: 3e-15 } })))
    expect(section(rounding, 'Log-likelihood')).toMatch(/Gaussian −1\.891 0\.000 kernel/)
    expect(comparisonWords([], null)).toBeNull()
  })
})
