// What a statistician asks of `unnorm fit`, through the built program: held parameters, weights, clusters, bootstrap, tests, verdicts.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { iris, workspace } from './workspace.ts'

interface Parameter { readonly name: string; readonly estimate: number | null; readonly standardError: number | null; readonly fixed?: true }
interface Fit {
  readonly parameters: readonly Parameter[]
  readonly estimator: { readonly stopped: string }
  readonly warnings: readonly { readonly code: string; readonly message: string }[]
  readonly bootstrap: { readonly replicates: number; readonly failed: number; readonly seed: number; readonly parameters: readonly Parameter[] }
  readonly tests: readonly { readonly hypothesis: string; readonly statistic: number; readonly degreesOfFreedom: number; readonly pValue: number }[]
  readonly data: Record<string, unknown>
  readonly logLikelihood: { readonly train: number; readonly baselines: Record<string, number | null> }
}

const here = workspace()
const fit = async (...words: string[]): Promise<Fit> => await here.document('fit', ...words, '--quiet', '--threads', '1') as unknown as Fit
const named = ({ parameters }: Pick<Fit, 'parameters'>, name: string): Parameter => parameters.find((parameter) => parameter.name === name)!

describe('--fix', () => {
  it('holds elements of the precision, in the data\'s units', async () => {
    const found = await fit(iris, '--model', 'gaussian', '--fix', 'precision[1,4] = 0, precision[2,3] = 0')
    expect(named(found, 'precision[1,1]').estimate).toBeCloseTo(6.988, 3)
    expect(named(found, 'precision[1,4]')).toEqual({ name: 'precision[1,4]', estimate: 0, standardError: null, interval: null, fixed: true })
    expect(found.estimator.stopped).toBe('solved')
    const { stdout } = await here.cli('fit', iris, '--model', 'gaussian', '--fix', 'precision[1,2] = 0', '--out', 'shown')
    expect(stdout).toMatch(/precision\[1,2\]\s+0\s+–\s+fixed/)
  })
  it('refuses what is no parameter, and networks', async () => {
    await here.refused(['fit', iris, '--model', 'gaussian', '--fix', 'precison[1,4] = 0'], 1, { code: 'unknown-parameter', message: /^invalid fix: unknown parameter precison\[1,4\] \(did you mean precision\[1,4\]\?\)/ })
    await here.refused(['fit', iris, '--fix', 'a = 0'], 2, { code: 'invalid-option', message: /^invalid fix: the weights of a network have no names/ })
    await here.refused(['fit', iris, '--model', 'gaussian', '--fix', 'eta[1]'], 1, { code: 'invalid-fix', message: 'invalid fix: eta[1] (must have a value: eta[1] = 0)' })
  })
})

/** x, y, a weight w that is a count, and the letter of a group. */
const random = createRandom('table')
const lines = Array.from({ length: 200 }, (_, i) => `${random.normal() + (i % 20) / 10},${random.normal()},${random.integer(4)},g${i % 20}`)
const weighted = here.write('weighted.csv', `x,y,w,group\n${lines.join('\n')}\n`)
const repeated = here.write('repeated.csv', `x,y,row\n${lines.flatMap((line, i) => Array.from({ length: Number(line.split(',')[2]) }, () => `${line.split(',').slice(0, 2).join(',')},r${i}`)).join('\n')}\n`)

describe('--weights and --cluster', () => {
  it('weights that are counts are repeated rows, clustered by what they repeat', async () => {
    const one = await fit(weighted, '--model', 'gaussian', '--weights', 'w')
    const other = await fit(repeated, '--model', 'gaussian', '--cluster', 'row')
    expect(one.data).toMatchObject({ columns: ['x', 'y'], columnsLeftOut: ['group'], weights: 'w' })
    expect(other.data).toMatchObject({ columns: ['x', 'y'], cluster: 'row', clusters: lines.filter((line) => line.split(',')[2] !== '0').length })
    for (const parameter of one.parameters) {
      expect(parameter.estimate! / named(other, parameter.name).estimate!).toBeCloseTo(1, 8)
      expect(parameter.standardError! / named(other, parameter.name).standardError!).toBeCloseTo(1, 6)
    }
    expect(one.logLikelihood.train).toBeCloseTo(other.logLikelihood.train, 9)
    expect(one.logLikelihood.baselines.gaussian).toBeCloseTo(other.logLikelihood.baselines.gaussian!, 9)
    // Of a repeated row only the copy is left out, not the rest of what it counts.
    expect(one.logLikelihood.baselines.kernelDensity).toBeLessThan(other.logLikelihood.baselines.kernelDensity!)
    expect(one.logLikelihood.baselines.gaussianMixture).toBeCloseTo(other.logLikelihood.baselines.gaussianMixture!, 3)
    const pValues = [one, other].map((run) => (run as unknown as { out: string }).out).map((out) => /kernel Stein test, statistic [\d.]+, p = ([\d.]+)/.exec(here.read(`${out}/report.html`).toString())![1])
    expect(pValues[0]).toBe(pValues[1])
  })
  it('groups that differ make the error of a mean larger, and few of them are told', async () => {
    const plain = await fit(weighted, '--model', 'gaussian', '--columns', 'x,y')
    const grouped = await fit(weighted, '--model', 'gaussian', '--columns', 'x,y', '--cluster', 'group')
    expect(named(grouped, 'mean[1]').standardError! / named(plain, 'mean[1]').standardError!).toBeGreaterThan(1.3)
    expect(grouped.warnings.map(({ code }) => code)).toContain('few-clusters')
  })
  it('refuses weights that are none, with their place', async () => {
    const wrong = here.write('wrong.csv', 'x,w\n1,1\n2,-1\n4,x\n3,2\n')
    await here.refused(['fit', wrong, '--model', 'gaussian', '--weights', 'w'], 1, { code: 'invalid-weights', message: /column "w" cannot be weights: row 2 has "-1", row 3 has "x"/ })
    await here.refused(['fit', weighted, '--model', 'gaussian', '--weights', 'W'], 1, { code: 'unknown-column', message: /unknown column: W \(did you mean w\?\)/ })
    await here.refused(['fit', weighted, '--model', 'gaussian', '--columns', 'x,w', '--weights', 'w'], 2, { code: 'repeated-column', message: /"w" is a data column too/ })
    await here.refused(['fit', weighted, '--weights', 'w'], 2, { code: 'invalid-option', message: /^invalid weights: networks are trained on rows that count alike/ })
    const gap = here.write('gap.csv', 'x,g\n1,a\n2,\n4,b\n3,a\n')
    await here.refused(['fit', gap, '--model', 'gaussian', '--cluster', 'g'], 1, { code: 'missing-values', message: /row 2 \("g" is empty\)/ })
    expect((await fit(gap, '--model', 'gaussian', '--cluster', 'g', '--missing', 'drop')).data).toMatchObject({ rowsUsed: 3, clusters: 2 })
    await here.refused(['fit', here.write('one.csv', 'x,g\n1,a\n2,a\n4,a\n'), '--model', 'gaussian', '--cluster', 'g'], 1, { code: 'too-few-clusters', message: /all rows are of one cluster "g"/ })
  })
})

describe('--bootstrap', () => {
  it('stands beside the sandwich, the same on any number of threads', async () => {
    const words = ['fit', iris, '--model', 'gaussian', '--bootstrap', '200', '--seed', '3', '--quiet']
    const [one, two] = [await here.document(...words, '--threads', '1'), await here.document(...words, '--threads', '2')] as unknown as Fit[]
    expect(one.bootstrap).toMatchObject({ replicates: 200, failed: 0, seed: 3 })
    expect(one.bootstrap.parameters.map(({ name }) => name)).toEqual(one.parameters.map(({ name }) => name))
    expect(two.bootstrap).toEqual(one.bootstrap)
    const { estimate, standardError } = one.bootstrap.parameters.find(({ name }) => name === 'mean[1]')!
    expect(estimate).toBeUndefined()
    expect(Math.abs(standardError! / named(one, 'mean[1]').standardError! - 1)).toBeLessThan(0.25)
  })
})

describe('--test', () => {
  it('tests hypotheses jointly, and says so in the summary', async () => {
    const found = await fit(iris, '--model', 'gaussian', '--test', 'precision[1,4] = 0; mean[1] = 5.8, mean[2] = 3')
    expect(found.tests.map(({ hypothesis, degreesOfFreedom }) => [hypothesis, degreesOfFreedom])).toEqual([['precision[1,4] = 0', 1], ['mean[1] = 5.8, mean[2] = 3', 2]])
    const { estimate, standardError } = named(found, 'precision[1,4]')
    expect(found.tests[0].statistic).toBeCloseTo((estimate! / standardError!) ** 2, 6)
    const { stdout } = await here.cli('fit', iris, '--model', 'gaussian', '--test', 'precision[4,1] = 0')
    expect(stdout).toMatch(/Wald test\s+precision\[4,1\] = 0: χ² = [\d.]+ on 1, p = /)
    await here.refused(['fit', iris, '--model', 'gaussian', '--test', 'mean[9] = 1'], 1, { code: 'unknown-parameter', message: /^invalid test: unknown parameter mean\[9\]/ })
    await here.refused(['fit', iris, '--model', 'gaussian', '--test', 'mean[1]'], 2, { code: 'invalid-option', message: /^invalid test: mean\[1\] \(must be equations/ })
  })
})

describe('verdicts', () => {
  const model = (name: string, body: string): string => here.write(name, `import { defineModel, positive, scalar, exp } from 'unnorm'\nexport default defineModel({ ${body} })\n`)
  const heavy = here.write('heavy.csv', `x\n${Array.from({ length: 300 }, () => random.normal() ** 3).join('\n')}\n`)
  it('a term that the rows would have negative ends at a bound', async () => {
    const found = await fit(heavy, '--model', model('quartic.ts', 'name: \'quartic\', parameters: { k: positive(), q: positive() }, logDensity: ({ k, q }, x) => x.at(0).square().mul(k).mul(-0.5).sub(x.at(0).pow(4).mul(q))'))
    expect(found.estimator.stopped).toBe('at a bound')
    expect(named(found, 'q')).toEqual({ name: 'q', estimate: 0, standardError: null, interval: null, atBound: true })
    expect(found.warnings.map(({ code }) => code)).toContain('at-bound')
  })
  it('parameters that only their sum matters of are named as a flat direction', async () => {
    const found = await fit(heavy, '--model', model('twice.ts', 'name: \'twice\', parameters: { a: scalar(), b: scalar(), c: scalar() }, logDensity: ({ a, b, c }, x) => x.at(0).square().mul(a.add(b)).neg().add(x.at(0).mul(c))'))
    expect(found.estimator.stopped).toBe('flat direction')
    expect(found.parameters.map(({ estimate }) => estimate === null)).toEqual([true, true, false])
    expect(found.warnings.find(({ code }) => code === 'not-identified')!.message).toMatch(/^a, b cannot be estimated one by one/)
  })
  it('an objective without a minimum is an error that names the parameter', async () => {
    const file = model('bent.ts', 'name: \'bent\', parameters: { k: positive(), b: scalar({ initial: 1 }) }, logDensity: ({ k, b }, x) => exp(x.at(0).mul(b)).mul(k).sub(x.at(0).square())')
    const ended = await here.cli('fit', heavy, '--model', file, '--json')
    const { error } = JSON.parse(ended.stdout) as { error?: { code: string; message: string } }
    if (error) expect(error.code).toBe('unbounded')
    else expect(ended.code).toBe(0)
  })
  it('a precision that is not positive definite has no mean, and says so', async () => {
    // Strongly correlated, one entry of the precision held at zero: K₁₁ and K₂₂ cannot make up for it.
    const rows = Array.from({ length: 200 }, () => { const z = random.normal(); return [z + 0.1 * random.normal(), z + 0.1 * random.normal(), z + 0.1 * random.normal()].join(',') })
    const file = here.write('tied.csv', `a,b,c\n${rows.join('\n')}\n`)
    const found = await fit(file, '--model', 'gaussian', '--fix', 'precision[1,2] = 0, precision[1,1] = 1, precision[2,2] = 1, precision[1,3] = -40')
    expect(named(found, 'mean[1]').estimate).toBeNull()
    expect(found.warnings.map(({ code }) => code)).toContain('not-integrable')
  })
})

describe('unnorm compare', () => {
  it('puts runs side by side on held-out rows, with paired errors', async () => {
    await fit(iris, '--model', 'gaussian', '--holdout', '0.3', '--out', 'c/full')
    await fit(iris, '--model', 'gaussian', '--holdout', '0.3', '--fix', 'precision[2,4] = -6', '--out', 'c/zero')
    const { rows, rowsAre, runs } = await here.document('compare', 'c/full', 'c/zero', '--quiet') as unknown as { rows: number; rowsAre: string; runs: { objective: { value: number; standardError: number }; logLikelihood: { value: number }; difference: Record<string, { value: number; standardError: number }> | null }[] }
    expect([rows, rowsAre, runs[0].difference]).toEqual([45, 'held-out', null])
    const stored = ['c/full', 'c/zero'].map((run) => JSON.parse(readFileSync(here.path(`${run}/fit.json`), 'utf8')) as { objective: { heldOut: number; heldOutStandardError: number }; logLikelihood: { heldOut: number } })
    expect(runs[0].objective.value).toBeCloseTo(stored[0].objective.heldOut, 8)
    expect(runs[1].objective.standardError).toBeCloseTo(stored[1].objective.heldOutStandardError, 8)
    expect(runs[1].difference!.objective.value).toBeCloseTo(stored[1].objective.heldOut - stored[0].objective.heldOut, 8)
    expect(runs[1].difference!.logLikelihood.value).toBeCloseTo(stored[1].logLikelihood.heldOut - stored[0].logLikelihood.heldOut, 8)
    // Paired: far better known than either mean.
    expect(runs[1].difference!.objective.standardError).toBeLessThan(runs[1].objective.standardError)
    const { stdout } = await here.cli('compare', 'c/full', 'c/zero')
    expect(stdout).toMatch(/^run +model +parameters +objective +less the first/)
  })
  it('subtracts no objectives that are not of one kind', async () => {
    const positive = ['--domain', 'positive', '--columns', 'Sepal.Length']
    await fit(iris, '--model', 'gamma', ...positive, '--out', 'c/weighted')
    await fit(iris, '--model', 'gamma', ...positive, '--boundary-weight', 'min(x, 3)', '--out', 'c/otherwise')
    await fit(iris, '--model', 'gaussian', '--columns', 'Sepal.Length', '--out', 'c/real')
    const { runs, warnings } = await here.document('compare', 'c/weighted', 'c/otherwise', 'c/real', '--quiet') as unknown as { runs: { difference: Record<string, unknown> | null }[]; warnings: { code: string; message: string }[] }
    expect(runs.slice(1).map(({ difference }) => difference!.objective)).toEqual([null, null])
    expect(warnings.filter(({ code }) => code === 'other-objective').map(({ message }) => message)).toEqual([
      expect.stringMatching(/their boundary weights differ/), expect.stringMatching(/one is on `Sepal\.Length` > 0, the other on real/),
    ])
  })
  it('refuses runs on different rows with the reason, and one run', async () => {
    await fit(iris, '--model', 'gaussian', '--out', 'c/all')
    await fit(iris, '--model', 'gaussian', '--columns', 'Sepal.Length', '--out', 'c/one')
    await here.refused(['compare', 'c/all', 'c/one'], 1, { code: 'different-rows', message: /^cannot compare c\/all and c\/one: their columns differ/ })
    await here.refused(['compare', 'c/all', 'c/full'], 1, { code: 'different-rows', message: 'cannot compare c/all and c/full: they hold out 0 and 45 rows (fit both with the same --holdout)' })
    await here.refused(['compare', 'c/all'], 2, { code: 'missing-argument', message: /two or more run folders/ })
    await here.refused(['compare', 'c/all', 'c/none'], 1, { code: 'no-training-data', message: /c\/none/ })
  })
})

describe('a second thread', () => {
  it('finds what one thread does', async () => {
    const rows = createRandom('second thread')
    const file = here.write('long.csv', `x,y\n${Array.from({ length: 3000 }, () => `${rows.normal()},${rows.normal() ** 2}`).join('\n')}\n`)
    const runs: { fit: Fit; report: string }[] = []
    for (const threads of ['1', '2']) {
      const found = await here.document('fit', file, '--model', 'gaussian', '--quiet', '--threads', threads, '--out', `long-${threads}`) as unknown as Fit
      runs.push({ fit: found, report: here.read(`long-${threads}/report.html`).toString() })
    }
    const [one, two] = runs.map(({ fit: { logLikelihood, parameters } }) => ({ logLikelihood, parameters }))
    expect(two).toEqual(one)
    const test = (report: string): string | undefined => /Goodness of fit:[^<]*/.exec(report)?.[0]
    expect(test(runs[0].report)).toMatch(/statistic/)
    expect(test(runs[1].report)).toBe(test(runs[0].report))
  })
})
