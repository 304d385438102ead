// The summary on a terminal: the numbers are there, aligned, and it fits on a screen.
import { describe, expect, it } from 'vitest'
import type { FitStop } from '../../src/report/fit-json.ts'
import { alignDecimals } from '../../src/report/parameter-table.ts'
import { summarize } from '../../src/report/summary.ts'
import { fitExample } from './examples.ts'

const network = fitExample({
  parameters: undefined,
  model: { name: 'mlp', logDensity: 'network 2-128-128-1 (silu)', domain: 'real(2)', parameterCount: 17153 },
  estimator: { name: 'denoising', route: 'adam', noise: [0.1, 0.25], noiseCorrection: null, stopped: 'early-stopping' },
  objective: { train: -3.91234, heldOut: -3.85, heldOutStandardError: 0.043, units: 'standardized' },
  logLikelihood: { train: -3.1, heldOut: -3.145, standardError: 0.02, baselines: { gaussian: -4.2, kernelDensity: null } },
  logNormalizer: { value: 12.3, standardError: 3e-5, method: 'quadrature' },
  timing: { seconds: 3.24, stepsPerSecond: 823.4 },
})
const manyParameters = Array.from({ length: 40 }, (_, index) => ({ name: `precision[${index + 1},${index + 1}]`, estimate: index, standardError: 0.1, interval: [index - 0.2, index + 0.2] as const }))
const lines = (text: string): string[] => text.split('\n')

describe('the summary', () => {
  it('of a Gaussian reads like this', () => {
    expect(summarize(fitExample())).toBe(`gaussian energy, points.csv                                         unnorm 0.1.0
────────────────────────────────────────────────────────────────────────────────
data            150 rows, 2 columns (1 a, 2 b; left out: name)
model           log p(x) = -1/2 x' K x + eta' x − log Z on R^2; 5 parameters
fitted by       score matching in closed form; solved exactly (0.021 s, seed 0)

parameter        estimate   std. error       z    95 % interval
precision[1,1]     10.4          1.2      8.63    8.0    12.7
precision[1,2]     -6.76         0.91    -7.43   -8.54   -4.97
precision[2,2]     11.1          1.3      8.50    8.6    13.7
eta[1]             19.3          3.4      5.67   12.6    25.9
eta[2]             11.6          2.9      4.00    5.9    17.3
reported
mean[1]             5.843        0.067   86.70    5.711   5.976
mean[2]             3.057        0.035   86.12    2.988   3.127

objective       -10.758 on the training rows
log-likelihood  -1.891 ± 0.083 nats a row (training rows)
  baselines     Gaussian -1.891, kernel density -1.854
log Z           70.1235 (exact)

report: runs/points-gaussian/report.html`)
  })

  it('marks what was held, and shows derived quantities last', () => {
    const [first, second, third, ...others] = fitExample().parameters ?? []
    const held = { standardError: null, interval: null }
    const text = summarize(fitExample({
      parameters: [{ ...first, ...held, estimate: 2, fixed: true }, { ...second, ...held, estimate: 0, atBound: true }, third, ...others],
      derived: [{ name: 'ratio', estimate: 1.8, standardError: 0.021, interval: [1.76, 1.84] }],
    }), { height: 40 })
    expect(text).toMatch(/\nprecision\[1,1\] +2 +– +fixed\nprecision\[1,2\] +0 +– +at its bound\n/)
    expect(text).toMatch(/\nreported\nmean\[1\] .*\nmean\[2\] .*\nderived\nratio +1\.800 +0\.021 +85\.71 +1\.760 +1\.840\n/)
  })

  it('cuts the natural parameters first, and those that were asked for last', () => {
    const derived = [{ name: 'ratio', estimate: 1.8, standardError: 0.021, interval: [1.76, 1.84] as const }]
    const text = summarize(fitExample({ derived }), { height: 17 })
    for (const name of ['precision[1,1]', 'mean[1]', 'mean[2]', 'ratio']) expect(text).toContain(`\n${name} `)
    expect(text).toContain('… and 4 more of 8, in')
  })

  it('gives up z, then decimal places, where numbers are long', () => {
    const parameters = Array.from({ length: 5 }, (_, k) => ({ name: `w[${k + 1}]`, estimate: 10 ** (3 * k - 6), standardError: 10 ** (2 * k - 8), interval: [0.9 * 10 ** (3 * k - 6), 1.1 * 10 ** (3 * k - 6)] as const }))
    const heads = [120, 80, 60].map((width) => {
      const all = lines(summarize(fitExample({ parameters }), { width }))
      for (const line of all) expect([...line].length).toBeLessThanOrEqual(width)
      return all.find((line) => line.startsWith('parameter'))?.split(/  +/)
    })
    const short = ['parameter', 'estimate', 'std. error', '95 % interval']
    expect(heads).toEqual([['parameter', 'estimate', 'std. error', 'z', '95 % interval'], short, short])
    expect(summarize(fitExample({ parameters }), { width: 60 })).toMatch(/w\[4\] +1\.000000e3 +0\.010 +9\.00/)
  })

  it('says who wins where one does, by the error of the paired difference', () => {
    const likelihood = { train: -1.9, heldOut: null, standardError: 0.08, baselines: { gaussian: -2.1, kernelDensity: -1.95, gaussianMixture: -1.88 } }
    const summaryOf = (standardError: number): string =>
      summarize(fitExample({ logLikelihood: { ...likelihood, differences: { gaussianMixture: { value: -0.02, standardError } } } })).replaceAll(/\s+/g, ' ')
    expect(summaryOf(0.004)).toContain('baselines Gaussian -2.100, kernel density -1.950, Gaussian mixture -1.880 The Gaussian mixture baseline wins: it lies 0.0200 nats a row above the model.')
    expect(summaryOf(0.02)).not.toMatch(/wins|winner/)
  })

  it('has the modes where there are several, the first of many', () => {
    const mode = (share: number, weight: number) => ({ peak: [0, 0], weight, standardError: 1e-5, rowsShare: share, rowsShareError: 0.004 })
    const modes = { method: 'quadrature' as const, effectiveShare: null, identified: true, list: [mode(0.503, 0.50123), mode(0.297, 0.29877), mode(0.2, 0.2)] }
    const summaryOf = (changes: Partial<typeof modes>): string => summarize({ ...network, modes: { ...modes, ...changes } }).replaceAll(/\s+/g, ' ')
    expect(summaryOf({})).toContain('modes 3: 50.1, 29.9, 20.0 % of the density; 50.3, 29.7, 20.0 % of the rows')
    expect(summaryOf({ identified: false })).toContain('of the density (not identified); 50.3')
    expect(summaryOf({ list: Array.from({ length: 25 }, () => mode(0.04, 0.04)) })).toContain('modes 25: 4.0, 4.0, 4.0, 4.0, 4.0, … % of the density;')
    expect(summaryOf({ list: [mode(1, 1)] })).not.toContain('modes')
  })

  it('of a network has noise, speed, held-out numbers and no table', () => {
    const text = summarize(network).replace(/\s+/g, ' ')
    for (const part of ['denoising by Adam in minibatches, noise σ = 0.1, 0.25; stopped early', '3.2 s, 823 steps/s, seed 0', '-3.9123 on the training rows, -3.850 ± 0.043 on held-out rows (standardized columns)', '-3.145 ± 0.020 nats a row (held-out rows)', 'Gaussian -4.200', '17,153 parameters']) {
      expect(text).toContain(part)
    }
    expect(text).not.toContain('kernel density')
    expect(text).not.toContain('std. error')
  })

  it('says in a sentence why the fit ended, whatever the reason', () => {
    const reasons: FitStop[] = ['solved', 'converged', 'at a bound', 'flat direction', 'unbounded', 'stuck', 'steps', 'early-stopping', 'interrupted', 'non-finite']
    const said = reasons.map((stopped) => /closed form; (.*?) \(0\.021 s/.exec(summarize(fitExample({ estimator: { ...fitExample().estimator, stopped } }), { width: 300 }))?.[1])
    expect(new Set(said).size).toBe(reasons.length)
    said.forEach((words, k) => {
      if (reasons[k] !== 'converged') expect([undefined, reasons[k]]).not.toContain(words)
      expect(words).not.toMatch(/undefined|early-stopping|non-finite|flat direction/)
    })
  })

  it('fits on a screen of 80 × 24, and says where the rest of a long table is', () => {
    const text = summarize(fitExample({ parameters: manyParameters }))
    expect(lines(text).length).toBeLessThanOrEqual(23)
    for (const line of lines(text)) expect([...line].length).toBeLessThanOrEqual(80)
    const shown = lines(text).filter((line) => line.startsWith('precision')).length
    expect(shown).toBeGreaterThanOrEqual(4)
    expect(text).toContain(`… and ${40 - shown} more of 40, in runs/points-gaussian/fit.json`)
    expect(summarize(fitExample({ parameters: manyParameters }), { height: 70 })).toContain('precision[40,40]')
  })

  it('keeps to its width with long names and wraps warnings', () => {
    const fit = fitExample({
      data: { source: `${'folder/'.repeat(30)}points.parquet`, rows: 10, rowsUsed: 8, columns: ['a'.repeat(200)], columnsLeftOut: [] },
      parameters: [{ name: `weight_${'x'.repeat(120)}`, estimate: 1e-9, standardError: null, interval: null }],
      warnings: [{ code: 'w', message: 'word '.repeat(60) }],
    })
    for (const width of [60, 80, 120]) {
      const text = summarize(fit, { width })
      for (const line of lines(text)) expect([...line].length).toBeLessThanOrEqual(width)
      expect(text.match(/word/g)).toHaveLength(60)
    }
    expect(summarize(fit)).toContain('8 of 10 rows')
  })

  it('says unknown for what is unknown, and never a number', () => {
    const text = summarize(fitExample({
      objective: { train: null, heldOut: null, heldOutStandardError: null, units: 'data' },
      logNormalizer: { value: null, standardError: null, method: null },
      logLikelihood: { train: null, heldOut: null, standardError: null, baselines: { gaussian: -1, kernelDensity: -2 } },
      parameters: [{ name: 'a', estimate: null, standardError: null, interval: null }], out: null,
    }))
    expect(text).toMatch(/objective +unknown\nlog-likelihood +unknown\nlog Z +unknown/)
    expect(text).toMatch(/\na +– +– +not estimated/)
    expect(text).not.toContain('report:')
  })

  it('stands out only where asked, and lets no user text command the terminal', () => {
    const bold = summarize(fitExample({ data: { ...fitExample().data, source: 'evil\u001b[2J.csv' } }), { bold: (text) => `<b>${text}</b>` })
    expect(bold).toMatch(/^<b>gaussian energy, evil␣\[2J\.csv<\/b>/)
    expect(bold).toMatch(/\n<b>parameter +estimate/)
    expect(bold).not.toContain('\u001b')
  })
})

it('decimal points stand under each other', () => {
  expect(alignDecimals(['1.5', '-20', '0.123', '3.2e-5', '1e9'])).toEqual(['  1.5   ', '-20     ', '  0.123 ', '  3.2e-5', '  1e9   '])
})
