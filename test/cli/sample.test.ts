// `unnorm sample` through the built program: moments of known densities, honest refusals, whole files or none.
import { existsSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { columnsOf, iris, workspace } from './workspace.ts'

const here = workspace()
const csv = (name: string) => columnsOf(here.read(name).toString())
interface Column { column: string; rHat: number; bulk: number; tail: number; mean: number; error: number; deviation: number }
interface Report { mixed: boolean; sampler: string; chains: number; steps: number; rows: number; divergences: number; acceptance: number; columns: Column[]; energy: Column; warnings: { code: string; message: string }[] }
const sample = async (...words: string[]) => await here.document('sample', ...words, '--quiet') as unknown as Report

/** .2 N(−5, 1) + .8 N(5, 1). */
function modesCsv(rows: number): string {
  const random = createRandom('modes')
  return `place\n${Array.from({ length: rows }, () => (random.uniform() < 0.2 ? -5 : 5) + random.normal()).join('\n')}\n`
}
const twoWells = `import { defineModel, scalar } from 'unnorm'
export default defineModel({ name: 'two wells', parameters: { a: scalar() }, logDensity: ({ a }, x) => x.at(0).square().sub(25).square().mul(a.square().add(0.04)).neg() })
`
const tilted = `import { defineModel, scalar } from 'unnorm'
export default defineModel({ name: 'no tail', parameters: { a: scalar() }, logDensity: ({ a }, x) => x.at(0).sub(a).square().add(1).log().mul(-0.4) })
`

beforeAll(async () => {
  here.write('modes.csv', modesCsv(2000))
  here.write('wells.ts', twoWells)
  here.write('tilted.ts', tilted)
  await here.cli('fit', iris, '--model', 'gaussian', '--out', 'gaussian', '--quiet')
  await here.cli('fit', 'modes.csv', '--model', './wells.ts', '--out', 'wells', '--quiet')
  await here.cli('fit', 'modes.csv', '--model', './tilted.ts', '--out', 'tilted', '--quiet')
  await here.cli('fit', 'modes.csv', '--by', 'dual', '--hidden', '32,32', '--steps', '1500', '--out', 'dual', '--quiet')
  await here.cli('fit', iris, '--by', 'denoising', '--hidden', '16', '--steps', '100', '--out', 'one-level', '--quiet')
})

describe('a Gaussian', () => {
  it('is drawn with its mean and covariance, reported with its diagnostics', async () => {
    const report = await sample('gaussian', '-n', '4000', '-o', 'drawn.csv')
    expect(report).toMatchObject({ rows: 4000, sampler: 'hmc', mixed: true, chains: 32, steps: 500, divergences: 0, warnings: [] })
    const { parameters } = here.json('gaussian/fit.json') as { parameters: { name: string; estimate: number }[] }
    const drawn = csv('drawn.csv')
    expect(Object.keys(drawn)).toEqual(['Sepal.Length', 'Sepal.Width', 'Petal.Length', 'Petal.Width'])
    report.columns.forEach(({ column, mean, error, rHat, bulk, tail, deviation }, j) => {
      const truth = parameters.find(({ name }) => name === `mean[${j + 1}]`)!.estimate
      expect(Math.abs(mean - truth)).toBeLessThan(4 * error)
      expect(rHat).toBeLessThan(1.01)
      expect(Math.min(bulk, tail)).toBeGreaterThan(1000)
      const values = drawn[column]
      expect(values).toHaveLength(4000)
      expect(Math.abs(values.reduce((a, b) => a + b, 0) / 4000 - truth)).toBeLessThan(4 * deviation / Math.sqrt(Math.min(4000, bulk)))
    })
  })
  it('has the same bits by the same seed, as Parquet, and nearly the same moments from the model file alone', async () => {
    await sample('gaussian', '-n', '100', '-o', 'a.csv')
    await sample('gaussian', '-n', '100', '-o', 'b.csv', '--seed', '0')
    expect(here.read('b.csv').equals(here.read('a.csv'))).toBe(true)
    await sample('gaussian', '-n', '100', '-o', 'b.csv', '--seed', '1')
    expect(here.read('b.csv').equals(here.read('a.csv'))).toBe(false)
    await sample('gaussian', '-n', '100', '-o', 'a.parquet')
    expect(here.read('a.parquet').subarray(0, 4).toString()).toBe('PAR1')
    const [whole, alone] = [await sample('gaussian', '-n', '9', '-o', 'c.csv'), await sample('gaussian/model.onnx', '-n', '9', '-o', 'd.csv', '--sampler', 'mala')]
    whole.columns.forEach(({ mean, error, deviation }, j) => {
      const other = alone.columns[j]
      expect(Math.abs(mean - other.mean)).toBeLessThan(4 * Math.hypot(error, other.error))
      expect(Math.abs(deviation / other.deviation - 1)).toBeLessThan(0.1)
    })
  })
  it('is shown to a person', async () => {
    const { stdout } = await here.cli('sample', 'gaussian', '-n', '10', '-o', 'shown.csv')
    expect(stdout).toMatch(/split R̂ +bulk ESS +tail ESS\n/)
    expect(stdout).toMatch(/10 rows written to shown\.csv: hmc, 32 chains of 500 steps, acceptance [\d.]+ %, no divergences/)
  })
})

describe('separated modes', () => {
  it('that chains do not cross are refused, and with --force written with a warning', async () => {
    const message = /^not mixed: R̂ is \d+\.\d{3} for (place|the energy), and must be at most 1\.01 .* --sampler parallel-tempering, .*; --force writes them all the same$/
    await here.refused(['sample', 'wells', '-n', '100', '-o', 'refused.csv', '--quiet'], 1, { code: 'not-mixed', message })
    const forced = await sample('wells', '-n', '100', '-o', 'forced.csv', '--force')
    expect(forced.mixed).toBe(false)
    expect(forced.warnings[0]).toMatchObject({ code: 'not-mixed', message: expect.stringContaining('written because of --force') as string })
    expect(csv('forced.csv').place).toHaveLength(100)
  })
  it('are crossed by parallel tempering: of two equal wells each gets half', async () => {
    const { mixed, columns: [{ mean, error }] } = await sample('wells', '-n', '1000', '-o', 'tempered.csv', '--sampler', 'parallel-tempering')
    expect(mixed).toBe(true)
    expect(Math.abs(mean)).toBeLessThan(4 * error)
  })
  it('come down the ladder of a dual fit with the weights of the data', async () => {
    const report = await sample('dual', '-n', '4000', '-o', 'down.csv')
    expect(report).toMatchObject({ sampler: 'predictor-corrector', mixed: true })
    const share = csv('down.csv').place.filter((x) => x < 0).length / 4000
    // The fit's own error after 1500 steps of a small network, beside .0063 of the draws.
    expect(Math.abs(share - 0.2)).toBeLessThan(0.04)
    const noisy = await sample('dual', '-n', '4000', '-o', 'noisy.csv', '--noise', '1', '--sampler', 'probability-flow')
    // Noise of one standard deviation doubles the variance.
    expect(Math.abs((noisy.columns[0].deviation / report.columns[0].deviation) ** 2 / 2 - 1)).toBeLessThan(0.1)
  })
})

describe('what cannot be sampled', () => {
  const refused = (words: string[], code: number, error: string, message: RegExp) => here.refused(['sample', ...words, '-n', '10', '-o', 'none.csv', '--quiet'], code, { code: error, message })
  it('says why', async () => {
    await refused(['tilted'], 1, 'not-integrable', /the estimate of tilted is no density, as its fit warned/)
    await refused(['tilted/model.onnx'], 1, 'not-integrable', /the energy does not grow towards/)
    await refused(['gaussian', '--sampler', 'probability-flow'], 1, 'no-noise-levels', /comes down a ladder of noise levels, which gaussian has not/)
    await refused(['gaussian', '--noise', '1'], 1, 'no-noise-levels', /gaussian, fitted by score-matching, has but one/)
    await refused(['dual', '--noise', '1000'], 1, 'unknown-noise', /^unknown noise: 1000 standard deviations lie outside of the levels that this run learned, 0\.\d+ to \d+/)
    await refused(['dual', '--thin', '2'], 2, 'invalid-option', /--thin has no effect with --sampler predictor-corrector/)
    await refused(['gaussian', '--levels', '9'], 2, 'invalid-option', /--levels has no effect with --sampler hmc/)
    await refused(['gaussian', '--sampler', 'ula', '--step-size', '9'], 1, 'diverged-chains', /ran off to infinity/)
    await refused(['gone'], 1, 'missing-file', /gone/)
    await here.refused(['sample', 'gaussian', '-n', '10', '-o', 'none.txt'], 2, { code: 'unknown-format', message: /none\.txt/ })
    await here.refused(['sample', 'gaussian', '-n', '0', '-o', 'none.csv'], 2, { code: 'invalid-option', message: /count: 0/ })
    expect(existsSync(here.path('none.csv'))).toBe(false)
  })
  it('or is warned of: one noise level in many columns', async () => {
    const { stdout } = await here.cli('sample', 'one-level', '-n', '10', '-o', 'level.csv', '--force', '--json', '--quiet')
    expect((JSON.parse(stdout) as Report).warnings[0]).toMatchObject({ code: 'one-noise-level', message: expect.stringContaining('--by dual') as string })
  })
})
