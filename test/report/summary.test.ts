// The summary on a terminal: the numbers are there, aligned, and it fits on a screen.
import { describe, expect, it } from 'vitest'
import type { FitStop } from '../../src/report/fit-json.ts'
import { alignDecimals, summarize } from '../../src/report/summary.ts'
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
data            150 rows, 2 columns (a, b; left out: name)
model           log p(x) = -1/2 x' K x + eta' x − log Z on R^2; 5 parameters
fitted by       score matching in closed form; solved exactly (0.021 s, seed 0)

parameter        estimate   std. error    95 % interval
precision[1,1]     10.4          1.2      8.0    12.7
precision[1,2]     -6.76         0.91    -8.54   -4.97
precision[2,2]     11.1          1.3      8.6    13.7
eta[1]             19.3          3.4     12.6    25.9
eta[2]             11.6          2.9      5.9    17.3
mean[1]             5.843        0.067    5.711   5.976
mean[2]             3.057        0.035    2.988   3.127

objective       -10.758 on the training rows
log-likelihood  -1.891 ± 0.083 nats a row (training rows)
  baselines     Gaussian -1.891, kernel density -1.854
log Z           70.1235 (exact)

report: runs/points-gaussian/report.html`)
  })

  it('says who wins where one does, by the error of the paired difference', () => {
    const likelihood = { train: -1.9, heldOut: null, standardError: 0.08, baselines: { gaussian: -2.1, kernelDensity: -1.95, gaussianMixture: -1.88 } }
    const summaryOf = (standardError: number): string =>
      summarize(fitExample({ logLikelihood: { ...likelihood, differences: { gaussianMixture: { value: -0.02, standardError } } } })).replaceAll(/\s+/g, ' ')
    expect(summaryOf(0.004)).toContain('baselines Gaussian -2.100, kernel density -1.950, Gaussian mixture -1.880 The Gaussian mixture baseline wins: it lies 0.0200 nats a row above the model.')
    expect(summaryOf(0.02)).not.toMatch(/wins|winner/)
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
    expect(text).toMatch(/\na +– +– +–/)
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
