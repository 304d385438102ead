// `unnorm score`, `denoise`, `evaluate` and `plot` through the built program, against closed forms of the Gaussian.
import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { columnsOf, ridgeCsv, workspace } from './workspace.ts'

const here = workspace()
type Numbers = Record<string, number[]>
const precision = [2, -0.6, -0.6, 1] as const
const mean = [3, -1] as const

/** Rows of N(mean, precision⁻¹): x = mean + L⁻ᵀ z with L the Cholesky factor of the precision. */
function gaussianCsv(rows: number, seed: number, extra = ''): string {
  const random = createRandom(seed)
  const l11 = Math.sqrt(precision[0])
  const l21 = precision[1] / l11
  const l22 = Math.sqrt(precision[3] - l21 * l21)
  const lines = Array.from({ length: rows }, (_, k) => {
    const second = random.normal() / l22
    const first = (random.normal() - l21 * second) / l11
    return `r${k},${mean[0] + first},${mean[1] + second}${extra}`
  })
  return `label,a b,y${extra === '' ? '' : ',more'}\n${lines.join('\n')}\n`
}
here.write('train.csv', gaussianCsv(400, 1))
here.write('new.csv', gaussianCsv(300, 2, ',x'))
here.write('ridge.csv', ridgeCsv(300, 3))

interface Gaussian { readonly k: readonly [number, number, number]; readonly mean: readonly [number, number] }
function fitted(fit: Record<string, unknown>): Gaussian {
  const at = new Map((fit.parameters as { name: string; estimate: number }[]).map(({ name, estimate }) => [name, estimate]))
  const of = (name: string) => at.get(name)!
  return { k: [of('precision[1,1]'), of('precision[1,2]'), of('precision[2,2]')], mean: [of('mean[1]'), of('mean[2]')] }
}
/** [a b; b c]⁻¹ as [a, b, c]. */
const inverted = ([a, b, c]: readonly [number, number, number]): [number, number, number] => [c / (a * c - b * b), -b / (a * c - b * b), a / (a * c - b * b)]
const csv = (name: string): Numbers => columnsOf(here.read(name).toString())

describe('score', () => {
  it('adds log-density and scores in the model\'s columns, found by name', async () => {
    const gaussian = fitted(await here.document('fit', 'train.csv', '--model', 'gaussian', '--out', 'model', '--quiet'))
    // Another order of columns, one more, and other rows.
    const result = await here.document('score', 'model', '--sql', "select y, more, \"a b\", label from 'new.csv'", '-o', 'scored.csv')
    expect(result).toEqual({ out: 'scored.csv', rows: 300, newColumns: ['log_density', 'score_a b', 'score_y', 'tail_probability'] })
    expect(here.read('scored.csv').toString().split('\n')[0]).toBe('y,more,a b,label,log_density,score_a b,score_y,tail_probability')
    const rows = csv('scored.csv')
    const [k11, k12, k22] = gaussian.k
    for (let i = 0; i < 300; i++) {
      const [u, v] = [rows['a b'][i] - gaussian.mean[0], rows.y[i] - gaussian.mean[1]]
      expect(rows['score_a b'][i]).toBeCloseTo(-(k11 * u + k12 * v), 10)
      expect(rows.score_y[i]).toBeCloseTo(-(k12 * u + k22 * v), 10)
      expect(rows.log_density[i]).toBeCloseTo(-0.5 * (k11 * u * u + 2 * k12 * u * v + k22 * v * v) - Math.log(2 * Math.PI) + 0.5 * Math.log(k11 * k22 - k12 * k12), 10)
    }
  })
  it('from the model file alone gives the same, as Parquet too', async () => {
    await here.document('score', 'model/model.onnx', 'new.csv', '-o', 'scored.parquet', '--train', 'train.csv')
    await here.document('score', 'model', 'new.csv', '-o', 'again.csv')
    await here.document('score', 'model/model.onnx', '--sql', "select label, \"a b\", y, more from 'scored.parquet'", '-o', 'third.csv', '--train', 'train.csv')
    expect(here.read('third.csv').equals(here.read('again.csv'))).toBe(true)
  })
  it('reads standard input', async () => {
    const { run } = await import('./program.ts')
    const { code, stdout } = await run(['score', 'model', '-', '-o', 'piped.csv'], { cwd: here.folder, input: here.read('new.csv').toString() })
    expect({ code, stdout }).toEqual({ code: 0, stdout: '300 rows written to piped.csv with log_density, score_a b, score_y, tail_probability\n' })
    expect(here.read('piped.csv').equals(here.read('again.csv'))).toBe(true)
  })
  it('names it unnormalized where log Z is unknown', async () => {
    here.write('flat.ts', `
      import { defineModel, positive } from 'unnorm'
      export default defineModel({ name: 'flat', parameters: { k: positive() }, logDensity: ({ k }, x) => x.at(0).square().mul(k).mul(-0.5).add(x.at(1).mul(1e-9)) })
    `)
    await here.document('fit', 'train.csv', '--columns', '`a b`,y', '--model', 'flat.ts', '--out', 'flat')
    expect(await here.document('score', 'flat', 'new.csv', '-o', 'flat.csv')).toMatchObject({ newColumns: ['unnormalized_log_density', 'score_a b', 'score_y', 'tail_probability'] })
    expect(await here.document('evaluate', 'flat', 'new.csv')).toMatchObject({
      logLikelihood: { value: null, standardError: null, baselines: { gaussian: expect.any(Number) } }, logNormalizer: { value: null, standardError: null, method: null },
    })
  })
  it('refuses missing columns, taken names and unknown formats', async () => {
    here.write('short.csv', 'label,a_b,y\nr,1,2\n')
    await here.refused(['score', 'model', 'short.csv', '-o', 'x.csv'], 1, { code: 'missing-column', message: 'short.csv: no column "a b", which the model has (did you mean a_b?) (the model\'s columns are a b, y; the data have label, a_b, y)' })
    await here.refused(['score', 'model', 'again.csv', '-o', 'x.csv'], 1, { code: 'column-exists', message: /already has a column "log_density"/ })
    await here.refused(['score', 'model', 'new.csv', '-o', 'x.txt'], 2, { code: 'unknown-format', message: /^invalid output: x\.txt/ })
    await here.refused(['score', 'model', 'new.csv'], 2, { code: 'missing-option', message: /^missing --out: / })
    await here.refused(['score', 'model', 'new.csv', '-o', 'no/folder/x.csv'], 1, { code: 'missing-file', message: /^cannot write no\/folder\/x\.csv/ })
    here.write('holes.csv', 'a b,y\n1,2\n,3\n')
    await here.refused(['score', 'model', 'holes.csv', '-o', 'x.csv'], 1, { code: 'missing-values', message: /holes\.csv: 1 row has a missing or infinite value: row 2 \("a b" is empty\)/ })
    here.write('cases.csv', 'a b,y,Y\n1,2,3\n')
    await here.refused(['score', 'model', 'cases.csv', '-o', 'x.csv'], 1, { code: 'column-exists', message: 'cannot write x.csv: its columns "y" and "Y" would differ in case only (rename one of them in the data, with --sql for instance)' })
    const before = here.read('new.csv')
    await here.refused(['score', 'model', 'new.csv', '-o', './new.csv'], 1, { code: 'output-is-input', message: 'cannot write ./new.csv: the rows are read from it (name another file with -o)' })
    expect(here.read('new.csv')).toEqual(before)
    await here.document('score', 'model', 'holes.csv', '--missing', 'drop', '-o', 'dropped.csv')
    expect(here.read('dropped.csv').toString().trim().split('\n')).toHaveLength(2)
  })
})

describe('denoise', () => {
  it('with the model\'s own noise is x̃ + Cφ(x̃)', async () => {
    await here.document('fit', 'train.csv', '--model', 'gaussian', '--by', 'denoising', '--noise', '0.3,0.4', '--out', 'noisy')
    expect(await here.document('denoise', 'noisy', 'new.csv', '-o', 'denoised.csv')).toEqual({ out: 'denoised.csv', rows: 300, newColumns: ['denoised_a b', 'denoised_y'] })
    await here.document('score', 'noisy', 'new.csv', '-o', 'noisy-scores.csv')
    const [rows, scores] = [csv('denoised.csv'), csv('noisy-scores.csv')]
    for (let i = 0; i < 300; i++) {
      expect(rows['denoised_a b'][i]).toBeCloseTo(rows['a b'][i] + 0.09 * scores['score_a b'][i], 12)
      expect(rows.denoised_y[i]).toBeCloseTo(rows.y[i] + 0.16 * scores.score_y[i], 12)
    }
    await here.document('denoise', 'noisy', 'new.csv', '-o', 'same.csv', '--noise', '0.3,0.4')
    expect(here.read('same.csv').equals(here.read('denoised.csv'))).toBe(true)
  })
  it('of a Gaussian is exact at any noise: the posterior mean Σ(Σ + C)⁻¹(x̃ − μ) + μ', async () => {
    const { k, mean: center } = fitted(here.json('model/fit.json'))
    const [s11, s12, s22] = inverted(k)
    const [c1, c2] = [0.5 ** 2, 0.2 ** 2]
    const [t11, t12, t22] = inverted([s11 + c1, s12, s22 + c2])
    await here.document('denoise', 'model', 'new.csv', '-o', 'posterior.csv', '--noise', '0.5,0.2')
    // A fit of the same rows with noise is the Gaussian of noisy rows: less that noise, it is the same one.
    await here.document('denoise', 'noisy', 'new.csv', '-o', 'other-noise.csv', '--noise', '0.5,0.2')
    const [rows, fromNoisy] = [csv('posterior.csv'), csv('other-noise.csv')]
    for (let i = 0; i < 300; i++) {
      const [u, v] = [rows['a b'][i] - center[0], rows.y[i] - center[1]]
      const [p, q] = [t11 * u + t12 * v, t12 * u + t22 * v]
      expect(rows['denoised_a b'][i]).toBeCloseTo(center[0] + s11 * p + s12 * q, 9)
      expect(rows.denoised_y[i]).toBeCloseTo(center[1] + s12 * p + s22 * q, 9)
      expect(fromNoisy['denoised_a b'][i]).toBeCloseTo(rows['denoised_a b'][i], 8)
    }
  })
  it('refuses what is not known', async () => {
    await here.refused(['denoise', 'model', 'new.csv', '-o', 'x.csv'], 1, { code: 'no-noise', message: /^model was fitted without noise \(by score-matching\)/ })
    await here.refused(['denoise', 'model', 'new.csv', '-o', 'x.csv', '--noise', '0'], 2, { code: 'invalid-noise', message: /^invalid noise: 0 \(must be > 0/ })
    await here.document('fit', 'ridge.csv', '--by', 'denoising', '--hidden', '8', '--steps', '50', '--out', 'network')
    await here.refused(['denoise', 'network', 'ridge.csv', '-o', 'x.csv', '--noise', '0.5'], 1, { code: 'unknown-noise', message: /^cannot denoise with another noise: network learned the score at noise σ = .*leave --noise out/ })
    await here.document('denoise', 'network', 'ridge.csv', '-o', 'by-network.csv')
  })
})

describe('evaluate', () => {
  it('gives the log-likelihood of a Gaussian, the objective and the baselines of the training rows', async () => {
    const found = await here.document('evaluate', 'model', 'new.csv')
    const { log_density: logDensity, 'score_a b': first, score_y: second } = csv('again.csv')
    const average = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length
    const { k } = fitted(here.json('model/fit.json'))
    const objective = average(first.map((value, i) => 0.5 * (value * value + second[i] ** 2) - k[0] - k[2]))
    expect(found).toEqual({
      rows: 300,
      logLikelihood: {
        value: expect.closeTo(average(logDensity), 10),
        standardError: expect.closeTo(Math.sqrt(average(logDensity.map((value) => (value - average(logDensity)) ** 2)) / 300), 10),
        // The Gaussian baseline is the same Gaussian.
        baselines: { gaussian: expect.closeTo(average(logDensity), 9), kernelDensity: expect.any(Number), gaussianMixture: expect.any(Number) },
      },
      logNormalizer: { value: expect.any(Number), standardError: 0, method: 'exact' },
      logNormalizers: [], check: null,
      objective: { value: expect.closeTo(objective, 10), standardError: expect.any(Number), units: 'data' },
      goodnessOfFit: { test: 'kernel-stein', statistic: expect.any(Number), pValue: expect.any(Number) },
      warnings: [],
    })
    const shifted = await here.document('evaluate', 'model', '--sql', "select \"a b\" + 1 as \"a b\", y from 'new.csv'")
    expect((shifted.goodnessOfFit as { pValue: number }).pValue).toBe(0.001)
    expect((shifted.goodnessOfFit as { statistic: number }).statistic).toBeGreaterThan(10 * (found.goodnessOfFit as { statistic: number }).statistic)
  })
  it('counts one row as one', async () => {
    here.write('one.csv', 'a b,y\n3,-1\n')
    expect((await here.cli('evaluate', 'model', 'one.csv')).stderr).toContain('evaluating 1 row\n')
  })
  it('says so when the rows are those of the fit', async () => {
    const { warnings, objective, logLikelihood } = await here.document('evaluate', 'model', 'train.csv') as unknown as { warnings: { code: string }[]; objective: { value: number }; logLikelihood: { baselines: Record<string, number> } }
    const fit = here.json('model/fit.json') as unknown as { objective: { train: number }; logLikelihood: typeof logLikelihood }
    expect(warnings.map(({ code }) => code)).toEqual(['training-rows'])
    expect(objective.value).toBeCloseTo(fit.objective.train, 10)
    for (const [name, value] of Object.entries(logLikelihood.baselines)) expect(value).toBeCloseTo(fit.logLikelihood.baselines[name], 10)
  })
  it('takes other training rows, and has no baselines where it knows none', async () => {
    const own = await here.document('evaluate', 'model', 'new.csv') as unknown as { logLikelihood: unknown }
    const named = await here.document('evaluate', 'model/model.onnx', 'new.csv', '--train', 'train.csv') as unknown as { logLikelihood: unknown; objective: unknown }
    expect(named.logLikelihood).toEqual(own.logLikelihood)
    expect(named.objective).toEqual({ value: null, standardError: null, units: null })
    const { run } = await import('./program.ts')
    const piped = await run(['evaluate', 'model/model.onnx', 'new.csv', '--train', '-', '--json'], { cwd: here.folder, input: here.read('train.csv').toString() })
    expect((JSON.parse(piped.stdout) as typeof own).logLikelihood).toEqual(own.logLikelihood)
    for (const words of [['evaluate', 'model', '-'], ['score', 'model', '-', '-o', 'x.csv']]) {
      await here.refused([...words, '--train', '-'], 2, { code: 'conflicting-options', message: /^invalid --train: standard input, which is DATA already/ })
    }
    const alone = await here.document('evaluate', 'model/model.onnx', 'new.csv') as unknown as { logLikelihood: { baselines: unknown }; warnings: { code: string }[] }
    expect(alone.logLikelihood.baselines).toEqual({ gaussian: null, kernelDensity: null, gaussianMixture: null })
    expect(alone.warnings.map(({ code }) => code)).toEqual(['no-baselines'])
  })
  it('of a network uses the rows it trained on, not those held out, and the objective it minimized', async () => {
    const { objective, logLikelihood } = await here.document('evaluate', 'network', 'ridge.csv') as unknown as { objective: { value: number; standardError: number; units: string }; logLikelihood: { value: number } }
    const fit = here.json('network/fit.json') as { objective: { heldOut: number; heldOutStandardError: number } }
    expect(objective.units).toBe('standardized')
    expect(Math.abs(objective.value - fit.objective.heldOut)).toBeLessThan(4 * Math.hypot(objective.standardError, fit.objective.heldOutStandardError))
    expect(logLikelihood.value).toBeLessThan(0)
  })
  it('does not use a source that has changed', async () => {
    here.write('changing.csv', gaussianCsv(50, 5))
    await here.document('fit', 'changing.csv', '--model', 'gaussian', '--out', 'changed')
    here.write('changing.csv', gaussianCsv(50, 6))
    const { warnings } = await here.document('evaluate', 'changed', 'new.csv') as unknown as { warnings: { code: string; message: string }[] }
    expect(warnings).toEqual([{ code: 'no-baselines', message: 'no baselines: the rows that changed was fitted to cannot be read again: changing.csv has changed since the fit (name training rows with --train)' }])
  })
})

describe('plot', () => {
  it('draws the run\'s rows, or others, as SVG and PNG', async () => {
    await here.document('plot', 'network', '-o', 'own.svg')
    expect(here.read('own.svg').equals(here.read('network/figure.svg'))).toBe(true)
    await here.document('plot', 'network/model.onnx', 'ridge.csv', '-o', 'alone.svg')
    expect(here.read('alone.svg').toString()).toContain('ridge.csv')
    await here.document('plot', 'model', 'new.csv', '-o', 'other.png')
    expect(here.read('other.png').subarray(1, 4).toString()).toBe('PNG')
  })
  it('refuses what it cannot draw', async () => {
    await here.refused(['plot', 'network', '-o', 'x.pdf'], 2, { code: 'unknown-format', message: 'invalid out: x.pdf (must end in .svg, .png or .gif, or be a folder: frames/)' })
    await here.refused(['plot', 'network/model.onnx', '-o', 'x.svg'], 1, { code: 'missing-argument', message: /^missing DATA: network\/model\.onnx alone does not say where its density lies/ })
    await here.refused(['plot', 'changed', '-o', 'x.svg'], 1, { code: 'missing-data', message: /changing\.csv has changed since the fit \(name rows to draw: unnorm plot changed DATA -o FILE\)/ })
    expect(existsSync(here.path('x.svg'))).toBe(false)
  })
})

describe('models and estimators', () => {
  it('are listed with formulas and options', async () => {
    const { models } = await here.document('models') as unknown as { models: { name: string }[] }
    expect(models.filter(({ name }) => ['gaussian', 'precision', 'mlp'].includes(name))).toMatchObject([
      { name: 'gaussian', kind: 'parametric', options: [] }, { name: 'precision', kind: 'parametric', options: [] },
      { name: 'mlp', kind: 'network', logDensity: expect.any(String), options: [{ name: 'hidden', default: null }, { name: 'activation', default: 'silu' }, { name: 'fourier', default: 0 }] },
    ])
    expect(await here.document('estimators')).toMatchObject({ estimators: [{ name: 'score-matching', tex: expect.stringContaining('varphi') }, { name: 'denoising' }, { name: 'dual' }, { name: 'ladder' }, { name: 'pseudo-likelihood' }, { name: 'ratio-matching' }, { name: 'naive-likelihood' }] })
    expect((await here.cli('models')).stdout).toContain('−½ xᵀ K x + ηᵀ x')
    const { stdout } = await here.cli('estimators')
    expect(stdout).toContain('score-matching\n')
    expect(stdout).toContain('  mean over rows of Σⱼ [∂ⱼφⱼ(x) + ½ φⱼ(x)²], φ = ∇ₓ log p; on other domains\n')
    expect(stdout).not.toMatch(/[\\_^]/)
  })
})

