// `unnorm fit` through the built program: the run folder, fit.json, model.onnx in a plain runtime, and what is printed.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { version } from '../../src/base/version.ts'
import { run } from './program.ts'
import { columnsOf, iris, ridgeCsv, workspace } from './workspace.ts'

const here = workspace()
const outputs = ['checkpoint.bin', 'checkpoint.objective.onnx', 'figure.png', 'figure.svg', 'fit.json', 'metrics.csv', 'model.onnx', 'report.html']
const network = ['--hidden', '16,16', '--steps', '100', '--threads', '1']

/** The inverse by Gauss-Jordan elimination, and the determinant: a derivation of its own. */
function inverse(matrix: readonly (readonly number[])[]): { inverse: number[][]; determinant: number } {
  const n = matrix.length
  const work = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))])
  let determinant = 1
  for (let k = 0; k < n; k++) {
    const best = work.map((row, i) => ({ size: i < k ? -1 : Math.abs(row[k]), i })).reduce((a, b) => (b.size > a.size ? b : a)).i
    if (best !== k) determinant = -determinant
    ;[work[k], work[best]] = [work[best], work[k]]
    determinant *= work[k][k]
    work[k] = work[k].map((value) => value / work[k][k])
    for (let i = 0; i < n; i++) if (i !== k) work[i] = work[i].map((value, j) => value - work[i][k] * work[k][j])
  }
  return { inverse: work.map((row) => row.slice(n)), determinant }
}

function momentsOf(columns: readonly number[][]): { mean: number[]; covariance: number[][] } {
  const n = columns[0].length
  const mean = columns.map((column) => column.reduce((a, b) => a + b, 0) / n)
  return { mean, covariance: columns.map((a, i) => columns.map((b, j) => a.reduce((total, x, k) => total + (x - mean[i]) * (b[k] - mean[j]), 0) / n)) }
}

const irisColumns = Object.values(columnsOf(readFileSync(iris, 'utf8')))
const nullable = (kind: NumberConstructor | StringConstructor) => ({ asymmetricMatch: (value: unknown) => value === null || typeof value === (kind === Number ? 'number' : 'string') })

describe('a parametric fit', () => {
  it('writes the run folder, and fit.json holds the Gaussian of the rows', async () => {
    const fit = await here.document('fit', iris, '--model', 'gaussian', '--quiet')
    expect(here.files().filter((name) => name.startsWith('runs'))).toEqual(['runs', 'runs/iris-gaussian', ...outputs.map((name) => `runs/iris-gaussian/${name}`)])
    expect(here.json('runs/iris-gaussian/fit.json')).toEqual(fit)
    expect(fit).toEqual({
      format: 'unnorm.fit/1', unnorm: version, command: `unnorm fit ${iris} --model gaussian`, seed: 0, out: 'runs/iris-gaussian',
      data: { source: iris, rows: 150, rowsUsed: 150, columns: ['Sepal.Length', 'Sepal.Width', 'Petal.Length', 'Petal.Width'], columnsLeftOut: [] },
      model: { name: 'gaussian', logDensity: expect.any(String), domain: 'real', parameterCount: 14 },
      estimator: { name: 'score-matching', route: 'closed-form', noise: null, noiseCorrection: null, boundaryWeight: null, stopped: 'solved' },
      parameters: expect.any(Array), derived: [], parameterCovariance: expect.any(Array), level: 0.95,
      objective: { train: expect.any(Number), heldOut: null, heldOutStandardError: null, units: 'data' },
      logNormalizer: { value: expect.any(Number), standardError: 0, method: 'exact' },
      logLikelihood: { train: expect.any(Number), heldOut: null, standardError: expect.any(Number), baselines: { gaussian: expect.any(Number), kernelDensity: expect.any(Number), gaussianMixture: expect.any(Number) }, differences: expect.any(Object) },
      residuals: expect.any(Array), goodnessOfFit: { test: 'kernel-stein', statistic: expect.any(Number), pValue: expect.any(Number) }, timing: { seconds: expect.any(Number), stepsPerSecond: nullable(Number) },
      warnings: [],
    })
    const { mean, covariance } = momentsOf(irisColumns)
    const { inverse: precision, determinant } = inverse(covariance)
    const found = new Map((fit.parameters as { name: string; estimate: number }[]).map(({ name, estimate }) => [name, estimate]))
    expect([...found.keys()].slice(0, 5)).toEqual(['precision[1,1]', 'precision[1,2]', 'precision[1,3]', 'precision[1,4]', 'precision[2,2]'])
    for (let i = 0; i < 4; i++) {
      for (let j = i; j < 4; j++) expect(found.get(`precision[${i + 1},${j + 1}]`)! / precision[i][j] - 1).toBeCloseTo(0, 9)
      expect(found.get(`eta[${i + 1}]`)! / precision[i].reduce((total, value, j) => total + value * mean[j], 0) - 1).toBeCloseTo(0, 9)
      expect(found.get(`mean[${i + 1}]`)).toBeCloseTo(mean[i], 9)
    }
    // The mean log-likelihood of a Gaussian at its own moments: −½(d log 2π + log|Σ| + d).
    expect((fit.logLikelihood as { train: number }).train).toBeCloseTo(-0.5 * (4 * Math.log(2 * Math.PI) + Math.log(determinant) + 4), 9)
  })
  it('numbers the folder when the name is taken, and never overwrites', async () => {
    expect((await here.document('fit', iris, '--model', 'gaussian', '--quiet')).out).toBe('runs/iris-gaussian-2')
    await here.refused(['fit', iris, '--model', 'gaussian', '--out', 'runs/iris-gaussian'], 1, { code: 'out-not-empty', message: /^cannot write the run into runs\/iris-gaussian: it is not empty/ })
  })
  it('prints a summary, progress and warnings each where they belong', async () => {
    const csv = here.write('mixed.csv', 'name,a,b\n' + Array.from({ length: 30 }, (_, k) => `n${k},${Math.sin(k)},${Math.cos(2 * k)}`).join('\n'))
    const { code, stdout, stderr } = await here.cli('fit', csv, '--model', 'gaussian', '--out', 'mixed')
    expect(code).toBe(0)
    expect(stdout).toContain('gaussian energy')
    expect(stdout).toContain('report: mixed/report.html')
    expect(stderr).toContain('reading ')
    // Once, and where the numbers are: a pipe that keeps the summary keeps the warnings.
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(`! ${csv}: column left out, not numeric: name`)
    expect(stderr).not.toContain('warning')
    expect((here.json('mixed/fit.json').warnings as { code: string }[]).map(({ code: found }) => found)).toContain('columns-left-out')
    const asJson = await here.cli('fit', csv, '--model', 'gaussian', '--out', 'json', '--json')
    expect(JSON.parse(asJson.stdout)).toMatchObject({ warnings: [{ code: 'columns-left-out' }] })
    expect(asJson.stderr.match(/column left out/g)).toHaveLength(1)
    expect(await here.cli('fit', csv, '--model', 'gaussian', '--columns', 'b,a', '--out', 'quiet', '--quiet')).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(here.json('quiet/fit.json')).toMatchObject({ data: { columns: ['b', 'a'], columnsLeftOut: ['name'] }, warnings: [] })
  })
  it('takes noise, level, holdout, and rows of a statement and of standard input', async () => {
    const noisy = await here.document('fit', iris, '--model', 'gaussian', '--by', 'denoising', '--noise', '0.1,0.2,0.3,0.1', '--level', '0.9', '--holdout', '0.2', '--seed', '7', '--out', 'noisy')
    expect(noisy).toMatchObject({ seed: 7, level: 0.9, estimator: { name: 'denoising', noise: [0.1, 0.2, 0.3, 0.1].map((value) => expect.closeTo(value, 12)) }, logLikelihood: { heldOut: expect.any(Number) } })
    const selected = await here.document('fit', '--sql', `select "Sepal.Length" a, "Sepal.Width" b from '${iris}' where "Petal.Length" > 2`, '--model', 'precision')
    expect(selected).toMatchObject({ out: 'runs/query-precision', data: { rows: 100, columns: ['a', 'b'] } })
    const piped = await run(['fit', '-', '--model', 'gaussian', '--json'], { cwd: here.folder, input: readFileSync(iris, 'utf8') })
    expect(JSON.parse(piped.stdout)).toMatchObject({ out: 'runs/stdin-gaussian', data: { source: '-', rows: 150 } })
  })
  it('reads a covariance with and without names, in any order of columns', async () => {
    const covariance = [[0.04, 0.01], [0.01, 0.09]]
    here.write('plain.csv', '0.04,0.01\n0.01,0.09\n')
    here.write('named.csv', 'Petal.Width,Petal.Length\n0.09,0.01\n0.01,0.04\n')
    for (const name of ['plain', 'named']) {
      const fit = await here.document('fit', iris, '--columns', 'Petal.Length,Petal.Width', '--model', 'gaussian', '--by', 'denoising', '--noise', `@${name}.csv`, '--out', `covariance-${name}`)
      const moments = momentsOf([irisColumns[2], irisColumns[3]]).covariance
      const { inverse: precision } = inverse(moments.map((row, i) => row.map((value, j) => value + covariance[i][j])))
      const estimates = (fit.parameters as { estimate: number }[]).map(({ estimate }) => estimate)
      for (const [k, value] of [precision[0][0], precision[0][1], precision[1][1]].entries()) expect(estimates[k] / value - 1).toBeCloseTo(0, 9)
    }
    await here.refused(['fit', iris, '--model', 'gaussian', '--by', 'denoising', '--noise', '@plain.csv'], 1, { code: 'invalid-noise', message: /plain\.csv has 2 lines of numbers .*4 × 4 covariance/ })
  })
})

describe('a network', () => {
  const csv = here.write('ridge.csv', ridgeCsv(400, 1))
  it('is the default model, and gives every output', async () => {
    const fit = await here.document('fit', csv, ...network, '--out', 'network')
    expect(here.files().filter((name) => name.startsWith('network/'))).toEqual([...outputs, 'denoiser.onnx', 'ladder.onnx'].sort().map((name) => `network/${name}`))
    expect(fit).not.toHaveProperty('parameters')
    expect(fit).toMatchObject({
      model: { name: 'mlp', parameterCount: 3 * 16 + 16 + 16 * 16 + 16 + 16 },
      estimator: { name: 'dual', route: 'adam', noise: [expect.any(Number), expect.any(Number)], noiseCorrection: null, stopped: 'steps' },
      objective: { heldOut: expect.any(Number), heldOutStandardError: expect.any(Number), units: 'standardized' },
      logNormalizer: { method: 'quadrature' },
    })
    const metrics = here.read('network/metrics.csv').toString().trim().split('\n')
    expect(metrics[0]).toBe('step,objective,heldOutObjective,seconds')
    expect(metrics).toHaveLength(51)
    expect(metrics.at(-1)).toMatch(/^100,[\d.e-]+,[\d.e-]+,[\d.]+$/)
    const png = here.read('network/figure.png')
    expect(png.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))
    expect(here.read('network/figure.svg').toString()).toMatch(/^<svg .*ridge\.csv/s)
    const report = here.read('network/report.html').toString()
    expect(report).toContain('unnorm fit')
    expect(report.replaceAll(/xmlns(:\w+)?="[^"]*"/g, '')).not.toMatch(/(?:src|href)="?https?:/)
  })
  it('gives the same bits for the same seed and threads, and others for another seed', async () => {
    await here.document('fit', csv, ...network, '--out', 'again')
    await here.document('fit', csv, ...network, '--out', 'other', '--seed', '1')
    expect(here.read('again/model.onnx').equals(here.read('network/model.onnx'))).toBe(true)
    expect(here.read('other/model.onnx').equals(here.read('network/model.onnx'))).toBe(false)
  })
  it('starts from the weights of another run', async () => {
    const first = (name: string) => Number(here.read(`${name}/metrics.csv`).toString().split('\n')[1].split(',')[1])
    await here.document('fit', csv, ...network, '--learning-rate', '1e-9', '--out', 'still')
    await here.document('fit', csv, ...network, '--learning-rate', '1e-9', '--init', 'network', '--out', 'warm')
    expect(first('warm')).toBeLessThan(first('still'))
    await here.refused(['fit', csv, '--hidden', '8', '--init', 'network'], 1, { code: 'wrong-model', message: /^cannot start from network: it holds another model, mlp --hidden 16,16/ })
    await here.refused(['fit', iris, '--columns', 'Petal.Length,Petal.Width', ...network, '--init', 'network'], 1, { code: 'wrong-data', message: /^cannot start from network: its columns are x, y/ })
    await here.refused(['fit', csv, ...network, '--init', 'nowhere'], 1, { code: 'missing-file', message: /^cannot read nowhere/ })
  })
  it('of so few rows that one is held out, or with a column constant among those', async () => {
    for (const [name, rows] of [['five', 5], ['fourteen', 14], ['half', 60]] as const) {
      here.write(`${name}.csv`, `a,b\n${Array.from({ length: rows }, (_, k) => `${Math.sin(3 * k) + k / 10},${rows < 60 ? Math.cos(7 * k) : Number(k % 29 === 3)}`).join('\n')}\n`)
      for (const by of ['denoising', 'dual']) {
        const report = here.read.bind(null, `${name}-${by}/report.html`)
        await here.document('fit', `${name}.csv`, '--hidden', '4', '--steps', '30', '--by', by, '--out', `${name}-${by}`)
        expect(report().toString()).not.toContain('NaN')
      }
    }
  })
  it('by exact score matching', async () => {
    expect(await here.document('fit', csv, ...network, '--by', 'score-matching', '--activation', 'tanh', '--out', 'exact')).toMatchObject({ estimator: { name: 'score-matching', noise: null } })
  })
})

describe('model.onnx', () => {
  interface Runtime { InferenceSession: { create(path: string): Promise<Session> }; Tensor: new (type: string, data: Float64Array, shape: number[]) => unknown }
  interface Session { inputNames: string[]; outputNames: string[]; run(feeds: Record<string, unknown>): Promise<Record<string, { type: string; dims: number[]; data: Float64Array }>> }
  const runtime = createRequire(import.meta.url)('onnxruntime-node') as Runtime

  it.each(['runs/iris-gaussian', 'network'])('of %s opens in a plain runtime and gives what unnorm score gives', async (folder) => {
    const session = await runtime.InferenceSession.create(here.path(`${folder}/model.onnx`))
    expect({ inputs: session.inputNames, outputs: session.outputNames }).toEqual({ inputs: ['x'], outputs: ['energy', 'score', 'log_density'] })
    const data = folder === 'network' ? here.path('ridge.csv') : iris
    await here.document('score', folder, data, '-o', 'scored.csv', '--threads', '1')
    const scored = columnsOf(here.read('scored.csv').toString())
    const fit = here.json(`${folder}/fit.json`) as { data: { columns: string[] }; logNormalizer: { value: number } }
    const { columns } = fit.data
    const count = scored[columns[0]].length
    const x = Float64Array.from({ length: count * columns.length }, (_, k) => scored[columns[k % columns.length]][Math.floor(k / columns.length)])
    const { energy, score, log_density: logDensity } = await session.run({ x: new runtime.Tensor('float64', x, [count, columns.length]) })
    expect([energy.type, score.type, logDensity.type, energy.dims, score.dims, logDensity.dims]).toEqual(['float64', 'float64', 'float64', [count], [count, columns.length], [count]])
    // A network computes in float32 inside, and threads add in another order.
    const digits = folder === 'network' ? 4 : 10
    for (let row = 0; row < count; row++) {
      expect(logDensity.data[row]).toBeCloseTo(scored.log_density[row], digits)
      expect(-energy.data[row] - fit.logNormalizer.value).toBeCloseTo(logDensity.data[row], 10)
      columns.forEach((name, j) => { expect(score.data[row * columns.length + j]).toBeCloseTo(scored[`score_${name}`][row], digits) })
    }
  })
})
