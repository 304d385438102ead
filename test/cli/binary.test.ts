// Binary columns on the command line: the Ising model from a table to a model file, formulas and files of one's own, what is refused.
import { expect, it } from 'vitest'
import { openModel } from '../../src/node/open-model.ts'
import { isingRows, isingTruth } from '../sample/ising-fixtures.ts'
import { iris, workspace } from './workspace.ts'

const here = workspace()
const spins = isingRows(isingTruth(3, 21), 3, 600, 21)
/** Columns a and b as 0 and 1, c as −1 and 1; g holds pairs of rows, w weights, x numbers. */
const lines = Array.from({ length: 600 }, (_, k) => [spins[3 * k] > 0 ? 1 : 0, spins[3 * k + 1] > 0 ? 1 : 0, spins[3 * k + 2], k >> 1, 1 + (k % 3), k / 7].join())
here.write('spins.csv', ['a,b,c,g,w,x', ...lines].join('\n'))
const fit = (...words: string[]): string[] => ['fit', 'spins.csv', '--columns', 'a,b,c', '--model', 'ising', ...words]
const parameters = (run: Record<string, unknown>): Record<string, number> => Object.fromEntries((run.parameters as { name: string; estimate: number }[]).map(({ name, estimate }) => [name, estimate]))
const table = (name: string): { header: string[]; rows: number[][] } => {
  const [header, ...rows] = here.read(name).toString().trim().split('\n').map((line) => line.split(','))
  return { header, rows: rows.map((row) => row.map(Number)) }
}

it('from a table to fit.json, figure, report and model.onnx', async () => {
  const run = await here.document(...fit('--out', 'run'))
  expect(run).toMatchObject({
    model: { name: 'ising', domain: 'binary(a, b, c)', parameterCount: 6 },
    estimator: { name: 'pseudo-likelihood', route: 'newton', stopped: 'converged', boundaryWeight: null, noise: null },
    logNormalizer: { standardError: 0, method: 'enumeration' },
    logLikelihood: { baselines: { gaussian: null, kernelDensity: null, gaussianMixture: null } },
  })
  expect(Object.keys(parameters(run))).toEqual(['h[1]', 'h[2]', 'h[3]', 'J[1,2]', 'J[1,3]', 'J[2,3]'])
  const { logLikelihood } = run as unknown as { logLikelihood: { train: number; baselines: { independent: number } } }
  expect(logLikelihood.train).toBeGreaterThan(logLikelihood.baselines.independent)
  expect(here.files().filter((name) => name.startsWith('run/')).map((name) => name.slice(4))).toEqual(['checkpoint.bin', 'checkpoint.objective.onnx', 'figure.png', 'figure.svg', 'fit.json', 'metrics.csv', 'model.onnx', 'report.html'])
  const report = here.read('run/report.html').toString()
  expect(report).toContain('The rows against the fit')
  expect(report).not.toMatch(/score φ|NaN/)
  // The model file, with zeros and with minus ones: energies by hand, no score.
  const { energy, metadata } = await openModel(here.path('run/model.onnx'), { threads: 1 })
  const p = parameters(run)
  const byHand = -(p['h[1]'] - p['h[2]'] - p['h[3]'] - p['J[1,2]'] - p['J[1,3]'] + p['J[2,3]'])
  const found = await energy.evaluate(Float64Array.of(1, 0, -1, 1, -1, 0))
  await energy.release()
  for (const value of found.energy) expect(value).toBeCloseTo(byHand, 12)
  expect(found.score.every(Number.isNaN)).toBe(true)
  expect(metadata).toMatchObject({ domain: 'binary(a, b, c)', lowCodes: [0, 0, -1] })
})

it('score: probabilities that sum to one, log-odds in place of scores', async () => {
  await here.document(...fit('--out', 'scored'))
  here.write('all.csv', ['a,b,c', ...Array.from({ length: 8 }, (_, k) => [k & 1, (k >> 1) & 1, k & 4 ? 1 : -1].join())].join('\n'))
  await here.document('score', 'scored', 'all.csv', '-o', 'all-scored.csv')
  const { header, rows } = table('all-scored.csv')
  expect(header).toEqual(['a', 'b', 'c', 'log_density', 'log_odds_a', 'log_odds_b', 'log_odds_c', 'tail_probability'])
  expect(rows.reduce((sum, row) => sum + Math.exp(row[3]), 0)).toBeCloseTo(1, 12)
  // Rows 1 and 2 differ in a alone.
  expect(rows[0][4]).toBeCloseTo(rows[1][3] - rows[0][3], 12)
  expect(rows[1][4]).toBe(rows[0][4])
})

it('sample: exact draws, written as the rows of the fit are; by Gibbs too', async () => {
  await here.document(...fit('--out', 'sampled'))
  for (const words of [[], ['--sampler', 'gibbs']]) {
    const report = await here.document('sample', 'sampled', '-n', '4000', '-o', `drawn${words.length}.csv`, ...words)
    expect(report).toMatchObject({ sampler: words[1] ?? 'enumeration', mixed: true })
    const { rows } = table(`drawn${words.length}.csv`)
    expect(new Set(rows.map((row) => row.join())).size).toBe(8)
    expect(rows.every(([a, b, c]) => (a === 0 || a === 1) && (b === 0 || b === 1) && (c === -1 || c === 1))).toBe(true)
    const mean = rows.reduce((sum, [a]) => sum + a / rows.length, 0)
    const [{ mean: told, error }] = (report as unknown as { columns: { mean: number; error: number }[] }).columns
    expect(Math.abs(told - mean)).toBeLessThan(4 * error + 4 * Math.sqrt(0.25 / 4000))
  }
})

it('evaluate and plot', async () => {
  await here.document(...fit('--out', 'evaluated', '--holdout', '0.25'))
  const found = await here.document('evaluate', 'evaluated', 'spins.csv')
  expect(found).toMatchObject({ rows: 600, logNormalizer: { method: 'enumeration', standardError: 0 }, goodnessOfFit: { test: 'discrete-kernel-stein', pValue: expect.any(Number) }, logLikelihood: { baselines: { gaussian: null } } })
  expect((found as unknown as { logLikelihood: { baselines: { independent: number } } }).logLikelihood.baselines.independent).toBeLessThan(0)
  await here.document('plot', 'evaluated', '-o', 'picture.svg')
  expect(here.read('picture.svg').toString()).toContain('Correlations of pairs')
})

it('goodness of fit, in the report and by evaluate: without couplings the rows do not look like draws', async () => {
  const tested = async (out: string, ...words: string[]): Promise<{ told: number; found: Record<string, number> }> => {
    await here.document(...fit('--out', out, ...words))
    const [, told] = /discrete kernel Stein test, statistic [\d.]+, p = ([\d.]+)/.exec(here.read(`${out}/report.html`).toString())!
    return { told: Number(told), found: (await here.document('evaluate', out, 'spins.csv')).goodnessOfFit }
  }
  const whole = await tested('whole')
  expect(whole.told).toBeGreaterThan(0.05)
  expect(whole.found.pValue).toBeGreaterThan(0.05)
  const alone = await tested('alone', '--fix', 'J = 0')
  expect(alone.told).toBe(0.001)
  expect(alone.found.pValue).toBe(0.001)
  expect(alone.found.statistic).toBeGreaterThan(10 * whole.found.statistic)
})

it('weights, clusters, held parameters, derived ones, tests and the bootstrap', async () => {
  const run = await here.document(...fit('--by', 'ratio-matching', '--weights', 'w', '--cluster', 'g', '--fix', 'J[2,1] = 0', '--derive', 'odds = exp(2*h[1])', '--test', 'J[1,3] = J[2,3]', '--bootstrap', '20'))
  expect(run).toMatchObject({ estimator: { name: 'ratio-matching' }, bootstrap: { replicates: 20 }, data: { weights: 'w', clusters: 300 } })
  const p = parameters(run)
  expect(p['J[1,2]']).toBe(0)
  expect((run.derived as { estimate: number }[])[0].estimate).toBeCloseTo(Math.exp(2 * p['h[1]']), 10)
  expect((run.tests as { degreesOfFreedom: number }[])[0].degreesOfFreedom).toBe(1)
})

it('a formula and a file on a binary domain are fitted as the model that they write', async () => {
  const own = parameters(await here.document(...fit('--columns', 'a,b')))
  const formula = await here.document('fit', 'spins.csv', '--log-density', 'ha*a + hb*b + j*a*b', '--domain', 'binary(a, b)')
  expect(formula).toMatchObject({ estimator: { name: 'pseudo-likelihood' }, model: { domain: 'binary(a, b)' } })
  const written = parameters(formula)
  for (const [name, other] of [['h[1]', 'ha'], ['h[2]', 'hb'], ['J[1,2]', 'j']]) expect(written[other]).toBeCloseTo(own[name], 7)
  here.write('own.ts', `import { defineModel, abs, vector } from 'unnorm'
export default defineModel({ name: 'own', parameters: { h: vector(2), j: vector(1) }, logDensity: ({ h, j }, s) => s.at(0).mul(h.at(0)).add(s.at(1).mul(h.at(1))).add(abs(s.at(0).add(s.at(1))).sub(1).mul(j.at(0))) })`)
  // |a + b| − 1 is ab: a kink does no harm where nothing lies between two values.
  const file = parameters(await here.document('fit', 'spins.csv', '--columns', 'a,b', '--model', 'own.ts', '--domain', 'binary'))
  for (const [name, other] of [['h[1]', 'h[1]'], ['h[2]', 'h[2]'], ['J[1,2]', 'j[1]']]) expect(file[other]).toBeCloseTo(own[name], 7)
})

it('what is refused, with the reason and the remedy', async () => {
  here.write('counts.csv', ['a,b', ...Array.from({ length: 20 }, (_, k) => (k % 3 === 1 ? `${k},1` : `${k % 2},0`))].join('\n'))
  here.write('codes.csv', 'a,b\n1,0\n-1,1\n0,1\n1,0\n')
  here.write('never.csv', ['a,b', ...Array.from({ length: 30 }, (_, k) => ['1,0', '0,1', '0,0'][k % 3])].join('\n'))
  await here.document(...fit('--out', 'refusing'))
  const refusals: [string[], number, string, RegExp][] = [
    [['fit', 'counts.csv', '--model', 'ising'], 1, 'outside-domain', /^counts\.csv: 6 of 20 rows lie outside the domain binary\(a, b\): row 5: a is 4; row 8: a is 7; row 11: a is 10; row 14: a is 13; row 17: a is 16; … \(binary columns hold 0 and 1, or -1 and 1: recode them/],
    [['fit', 'codes.csv', '--model', 'ising'], 1, 'mixed-codes', /^codes\.csv: column "a" holds 0 \(first in row 3\) and -1 \(first in row 2\)/],
    [['fit', 'never.csv', '--model', 'ising'], 1, 'separation', /as h\[1\] → −∞, h\[2\] → −∞, J\[1,2\] → −∞ together: "a" and "b" are never 1 together \(take more rows/],
    [['fit', iris, '--model', 'ising', '--columns', 'Petal.Width'], 1, 'outside-domain', /143 of 150 rows lie outside the domain binary\(`Petal\.Width`\): row 1: `Petal\.Width` is 0\.2;/],
    [fit('--by', 'score-matching'), 2, 'invalid-option', /score-matching needs the gradient ∇ₓ log p, and on binary\(a, b, c\) there is nothing between two values \(use --by pseudo-likelihood or ratio-matching\)/],
    [fit('--by', 'denoising'), 2, 'invalid-option', /denoising adds noise, .*use --by pseudo-likelihood or ratio-matching/],
    [['fit', iris, '--model', 'gaussian', '--by', 'ratio-matching'], 2, 'invalid-option', /ratio-matching compares a row with the same row with one value flipped.*use --by score-matching or denoising; columns of two values are --domain binary/],
    [fit('--noise', '0.1'), 2, 'invalid-option', /pseudo-likelihood adds none \(leave --noise out\)/],
    [['fit', 'spins.csv', '--columns', 'a,b', '--domain', 'binary'], 2, 'invalid-domain', /mlp is a network/],
    [['fit', 'spins.csv', '--columns', 'a,x', '--model', 'gaussian', '--domain', 'binary(a)'], 2, 'invalid-domain', /a is binary and x is not \(all columns are binary or none/],
    [fit('--domain', 'real'), 1, 'invalid-domain', /real is not inside binary\(a, b, c\)/],
    [['denoise', 'refusing', 'spins.csv', '--noise', '0.1', '-o', 'out.csv'], 1, 'no-noise', /there is no Gaussian noise to take out/],
    [['score', 'refusing', 'spins.csv', '--attribution', '-o', 'out.csv'], 1, 'invalid-option', /no straight line/],
    [['sample', 'refusing', '-n', '10', '--sampler', 'hmc', '-o', 'out.csv'], 1, 'invalid-option', /hmc follows gradients/],
    [['sample', 'refusing', '-n', '10', '--thin', '2', '-o', 'out.csv'], 1, 'invalid-option', /--thin has no effect with --sampler enumeration/],
    [['plot', 'refusing', '--noise', '0.1', '-o', 'out.svg'], 1, 'no-noise-levels', /there is no noise/],
    [['evaluate', 'refusing', 'spins.csv', '--log-z', 'annealed'], 1, 'invalid-option', /the fit's own value is the only one/],
  ]
  for (const [words, code, name, message] of refusals) await here.refused(words, code, { code: name, message })
})
