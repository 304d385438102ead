// `unnorm fit --log-density`: formulas and derived quantities through the built program.
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { iris, workspace } from './workspace.ts'

const here = workspace()

const heights = ((): string => {
  const random = createRandom('heights')
  return `id,body height,weight,sex\n${Array.from({ length: 300 }, (_, i) => `${i},${170 + 8 * random.normal()},${70 + 10 * random.normal()},${i % 2 ? 'f' : 'm'}`).join('\n')}\n`
})()
const gaussianOfHeight = '-k*(`body height`-mu)^2/2'

describe('a formula', () => {
  it('reads the columns that it names, and stands in fit.json and in the report', async () => {
    const data = here.write('heights.csv', heights)
    const fit = await here.document('fit', data, '--log-density', gaussianOfHeight, '--parameters', 'k > 0, mu = 160', '--derive', 'sd = 1/sqrt(k)')
    expect(fit).toMatchObject({
      out: 'runs/heights-formula',
      data: { columns: ['body height'], columnsLeftOut: ['id', 'weight', 'sex'] },
      model: { name: 'formula', logDensity: gaussianOfHeight, parameterCount: 2 },
      estimator: { name: 'score-matching', stopped: 'converged' },
      parameters: [{ name: 'k' }, { name: 'mu' }],
    })
    // Of a Gaussian, score matching gives the moments of the rows.
    const values = heights.trim().split('\n').slice(1).map((line) => Number(line.split(',')[1]))
    const mean = values.reduce((total, value) => total + value, 0) / values.length
    const deviation = Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length)
    const { parameters, derived } = fit as unknown as { parameters: { estimate: number; standardError: number }[]; derived: { name: string; estimate: number; standardError: number; interval: number[] }[] }
    expect(parameters[1].estimate).toBeCloseTo(mean, 6)
    expect(parameters[1].standardError).toBeCloseTo(deviation / Math.sqrt(values.length), 6)
    expect(derived).toEqual([{ name: 'sd', estimate: expect.closeTo(deviation, 6), standardError: expect.any(Number), interval: [expect.any(Number), expect.any(Number)] }])
    // d(k^−½) = −½ k^(−3/2) dk
    expect(derived[0].standardError).toBeCloseTo(parameters[0].standardError * deviation ** 3 / 2, 6)
    const report = here.read('runs/heights-formula/report.html').toString()
    expect(report).toContain('<math')
    expect(report).toContain('body height')
    expect(report).toContain('>sd<')
  })

  it('starts from the estimates of another run, by their names', async () => {
    const again = await here.document('fit', here.path('heights.csv'), '--log-density', `${gaussianOfHeight} - a*(\`body height\`-mu)^4`, '--init', 'runs/heights-formula', '--out', 'again')
    expect(again).toMatchObject({ parameters: [{ name: 'k' }, { name: 'mu' }, { name: 'a' }] })
    await here.refused(['fit', here.path('heights.csv'), '--log-density', '-q*weight^2 + exp(-r*weight)', '--init', 'runs/heights-formula'], 1, { code: 'wrong-model', message: /its parameters are k, mu, this model has q, r/ })
  })

  it('the summary shows derived quantities below the parameters', async () => {
    const { stdout, code } = await here.cli('fit', iris, '--model', 'gaussian', '--derive', 'partial = -precision[1,2]/sqrt(precision[1,1]*precision[2,2])', '--out', 'derived')
    expect(code).toBe(0)
    expect(stdout).toMatch(/\nderived\npartial +0\.629/)
  })
})

describe('a formula on a domain', () => {
  const angles = ((): string => {
    const random = createRandom('angles')
    return `id,angle,size\n${Array.from({ length: 300 }, (_, i) => `${i},${40 + 25 * random.normal()},${Math.exp(random.normal())}`).join('\n')}\n`
  })()

  it('of directions has their coordinates, and the numbers of the family', async () => {
    const data = here.write('angles.csv', angles)
    const formula = await here.document('fit', data, '--log-density', 'a*x + b*y', '--domain', 'direction(angle)', '--out', 'angles-formula')
    const family = await here.document('fit', data, '--columns', 'angle', '--model', 'von-mises-fisher', '--domain', 'direction(angle)', '--out', 'angles-family')
    const estimates = ({ parameters }: Record<string, unknown>) => (parameters as { estimate: number; standardError: number }[]).slice(0, 2).map(({ estimate, standardError }) => [estimate, standardError])
    expect(formula).toMatchObject({ data: { columns: ['angle'] }, parameters: [{ name: 'a' }, { name: 'b' }] })
    estimates(formula).flat().forEach((value, k) => { expect(value).toBeCloseTo(estimates(family).flat()[k], 9) })
  })

  it('of positive columns is fitted with a weight, as the family is', async () => {
    const data = here.path('angles.csv')
    const formula = await here.document('fit', data, '--log-density', '(shape - 1)*log(size) - rate*size', '--parameters', 'shape > 0, rate > 0', '--domain', 'size > 0', '--out', 'sizes-formula')
    const family = await here.document('fit', data, '--columns', 'size', '--model', 'gamma', '--out', 'sizes-family')
    const estimates = ({ parameters }: Record<string, unknown>) => (parameters as { estimate: number; standardError: number }[]).flatMap(({ estimate, standardError }) => [estimate, standardError])
    estimates(formula).forEach((value, k) => { expect(value).toBeCloseTo(estimates(family)[k], 9) })
  })
})

describe('what is refused', () => {
  it.each<[string, string[], number, string, RegExp]>([
    ['a formula that does not parse', ['--log-density', '-k*(weight'], 2, 'formula', /does not parse: parenthesis \) expected\n {2}-k\*\(weight\n {12}\^$/],
    ['a formula beside a model', ['--log-density', '-weight^2', '--model', 'gaussian'], 2, 'conflicting-options', /invalid log-density: with --model/],
    ['an option of another model', ['--log-density', '-weight^2', '--hidden', '3'], 2, 'conflicting-options', /invalid hidden: a formula has no such option/],
    ['parameters of no formula', ['--parameters', 'k > 0'], 2, 'conflicting-options', /invalid parameters: it describes the parameters of a formula/],
    ['a start value outside its constraint', ['--log-density', '-k*weight^2', '--parameters', 'k > 0 = -1'], 2, 'invalid-parameters', /the start value -1 of k lies outside its constraint/],
    ['a formula that names nothing in the data', ['--log-density', '-k*wieght^2'], 1, 'formula-columns', /it names no column of the data \(did you mean weight for wieght\?\)/],
    ['a formula that is constant', ['--log-density', 'k + weight - weight'], 1, 'constant-formula', /it is constant/],
    ['columns that the formula does not have', ['--log-density', '-k*weight^2', '--columns', 'id,weight'], 1, 'constant-formula', /does not depend on column "id"/],
    ['a derived quantity that cannot be read', ['--log-density', '-k*weight^2', '--derive', 'k'], 2, 'invalid-derived', /must be like ratio = a\/b/],
    ['a derived quantity of unknown parameters', ['--log-density', '-k*weight^2', '--derive', 'r = 1/q'], 1, 'unknown-parameter', /the model has no parameter q; it has k/],
    ['a derived quantity of a network', ['--derive', 'r = 1/q'], 2, 'invalid-option', /invalid derive: mlp is a network/],
  ])('%s', async (_, words, code, name, message) => {
    here.write('heights.csv', heights)
    await here.refused(['fit', here.path('heights.csv'), ...words], code, { code: name, message })
  })
})

describe('a formula that is not finite on some rows names them with their values', () => {
  const table = (wrong: Readonly<Record<number, number>>) => `x,y\n${Array.from({ length: 40 }, (_, k) => `${wrong[k + 1] ?? 1 + Math.sin(k) ** 2},${Math.cos(3 * k)}`).join('\n')}\n`
  it.each<[string, Readonly<Record<number, number>>, string, RegExp]>([
    ['where the score is finite', { 4: -1, 12: -2.5 }, 'energy-not-finite', /^model formula: logDensity is not a number at 2 of 40 rows of holes\.csv: row 4 \(x = -1, y = -0\.9111\d*\), row 12 \(x = -2\.5, y = -0\.0132\d*\) \(write it so that it is defined at every row, or leave such rows out\)$/],
    ['where the objective is not', { 8: 0 }, 'objective-not-finite', /^model formula: the objective is not a finite number at row 8 \(x = 0, y = -0\.547\d*\) for the start values .* The log-density must be defined at every row/],
    ['of many the first five', Object.fromEntries([2, 3, 5, 7, 11, 13, 17].map((row) => [row, 0])), 'objective-not-finite', /at row 2 \(.*\), row 3 \(.*\), row 5 \(.*\), row 7 \(.*\), row 11 \(x = 0, y = 0\.154\d*\) and 2 of the other 35 rows/],
  ])('%s', async (_, wrong, code, message) => {
    here.write('holes.csv', table(wrong))
    await here.refused(['fit', 'holes.csv', '--log-density', '-k*x + s*log(x) - y^2'], 1, { code, message })
  })
})

describe('products of experts', () => {
  it('are written with +, and take the options of each', async () => {
    const data = here.write('heights.csv', heights)
    const fit = await here.document('fit', data, '--columns', 'body height,weight', '--model', 'gaussian + kernel', '--points', '4', '--out', 'product')
    expect(fit).toMatchObject({ model: { name: 'gaussian + kernel', parameterCount: 9 }, estimator: { route: 'closed-form' } })
    const { details } = fit.model as unknown as { details: { kernel: { points: number[][] } } }
    expect(details.kernel.points).toHaveLength(4)
  })

  it.each<[string[], RegExp]>([
    [['--model', 'gaussian + kernl'], /unknown model: kernl \(did you mean kernel\?\)/],
    [['--model', 'gaussian + ica', '--points', '4'], /invalid points: gaussian \+ ica has no such option \(kernel has; leave it out\)/],
    [['--model', 'gaussian + mlp'], /mlp is a network/],
  ])('%s is refused', async (words, message) => {
    await here.refused(['fit', here.path('heights.csv'), ...words], 2, { code: expect.any(String) as unknown as string, message })
  })
})
