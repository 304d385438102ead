// Formulas as models: values against the same function in JavaScript, parameters found in the text, and errors that point into it.
import { describe, expect, test } from 'vitest'
import { UnnormError } from '../../../src/base/errors.ts'
import { evaluate } from '../../../src/engine/reference.ts'
import { tensor } from '../../../src/graph/tensor.ts'
import { formulaColumns, formulaModel } from '../../../src/model/formula/formula-model.ts'
import { trace } from '../../../src/model/model.ts'

/** The value of a formula at a point, its parameters given by name. */
function valueOf(text: string, point: Readonly<Record<string, number>>, parameters: Readonly<Record<string, number>> = {}): number {
  const columns = Object.keys(point)
  const traced = trace(formulaModel(text, { columns }), columns.length)
  expect([...traced.parameterNames].sort()).toEqual(Object.keys(parameters).sort())
  const theta = traced.parameterNames.map((name) => parameters[name])
  return evaluate([traced.logDensity], new Map([[traced.theta, tensor([theta.length], theta)], [traced.x, tensor([columns.length], Object.values(point))]]))[0].data[0]
}

const namesOf = (text: string, columns: readonly string[], parameters?: string): readonly string[] =>
  trace(formulaModel(text, { columns, ...(parameters === undefined ? {} : { parameters }) }), columns.length).parameterNames

describe('values', () => {
  const h = 1.7
  const w = -0.4
  test.each([
    ['-k*(h-mu)^2/2 - a*(h-mu)^4', { k: 0.3, mu: 1.2, a: 0.7 }, -0.3 * 0.25 / 2 - 0.7 * 0.0625],
    ['2 h', {}, 2 * h],
    ['2(h - w)(h + w)', {}, 2 * (h - w) * (h + w)],
    ['1/2 h^2', {}, h * h / 2],
    ['-h^2', {}, -h * h],
    ['2^h^2', {}, 2 ** (h ** 2)],
    ['h/2/w', {}, h / 2 / w],
    ['−k·h² × w', { k: 3 }, -3 * h * h * w],
    ['h*e^w + pi', {}, h * Math.exp(w) + Math.PI],
    ['log1p(exp(-h)) + log(cosh(a*w)) + expm1(w)', { a: 2 }, Math.log1p(Math.exp(-h)) + Math.log(Math.cosh(2 * w)) + Math.expm1(w)],
    ['softplus(h) - sigmoid(w) + atan(h) * tanh(w)', {}, Math.log1p(Math.exp(h)) - 1 / (1 + Math.exp(-w)) + Math.atan(h) * Math.tanh(w)],
    ['1.5e-1*h + .5', {}, 0.15 * h + 0.5],
    ['abs(a)*h', { a: -2 }, 2 * h],
    ['sum(x^2) + mean(x) + dot([1, 2], x)', {}, h * h + w * w + (h + w) / 2 + h + 2 * w],
    ['-quadratic(K, x)/2 + dot(eta, x)', { 'K[1,1]': 2, 'K[1,2]': 0.5, 'K[2,2]': 3, 'eta[1]': 1, 'eta[2]': -1 }, -(2 * h * h + h * w + 3 * w * w) / 2 + h - w],
    ['sum(i, -a[i]*(x[i]-mu[i])^2)', { 'a[1]': 2, 'a[2]': 3, 'mu[1]': 1, 'mu[2]': -1 }, -2 * (h - 1) ** 2 - 3 * (w + 1) ** 2],
    ['sum(i, sum(j, W[i,j]*x[i]*x[j]*i))', { 'W[1,1]': 1, 'W[1,2]': 2, 'W[2,1]': 3, 'W[2,2]': 4 }, h * h + 2 * h * w + 2 * 3 * h * w + 8 * w * w],
    ['sum(i, 1, 1, -k*(x[i+1]-x[i])^2)', { k: 2 }, -2 * (w - h) ** 2],
    ['sum(eta^2)*h + dot(eta, x) + eta[2]', { 'eta[1]': 2, 'eta[2]': 3 }, 13 * h + 2 * h + 3 * w + 3],
    ['logSumExp([a*h, w])', { a: 2 }, Math.log(Math.exp(2 * h) + Math.exp(w))],
  ] as const)('%s', (text, parameters, expected) => {
    const uses = (name: string): boolean => text.includes('x') || new RegExp(`\\b${name}\\b`).test(text)
    const point = { ...(uses('h') ? { h } : {}), ...(uses('w') ? { w } : {}) }
    expect(valueOf(text, text.includes('x') ? { h, w } : point, parameters)).toBeCloseTo(expected, 12)
  })

  test('names in backquotes, also such as the parser knows otherwise', () => {
    expect(valueOf('-`Sepal.Length`^2 + `a``b` * `mod` + in', { 'Sepal.Length': 3, 'a`b': 2, mod: 5, in: 7 })).toBe(-9 + 10 + 7)
  })

  test('columns hide constants, and a column named x the vector of all', () => {
    expect(valueOf('e + pi*i', { e: 2, pi: 3, i: 4 })).toBe(14)
    expect(valueOf('x*y', { x: 2, y: 3 })).toBe(6)
  })
})

describe('parameters', () => {
  test('stand in the order of the text, elements in that of their indices', () => {
    expect(namesOf('b*h + a[2]*h^2 + a[1]*h^3 + c*h', ['h'])).toEqual(['b', 'a[1]', 'a[2]', 'c'])
  })

  test('have constraints and starting values', () => {
    const model = formulaModel('-k*(h-mu)^2 - s[1]*h^2 - s[2]*h^4 + dot(eta, x)', { columns: ['h'], parameters: 'k > 0, mu = 170, s > 0, s[2] = 3e-2, eta[1] = -2' })
    const about = Object.entries(model.parameters(1)).map(([name, { constraint, initial }]) => [name, constraint, ...initial(undefined as never)])
    expect(about).toEqual([['k', 'positive', 1], ['mu', 'none', 170], ['s[1]', 'positive', 1], ['s[2]', 'positive', 0.03], ['eta', 'none', -2]])
  })

  test.each([
    ['k > 0 = -1', /the start value -1 of k lies outside its constraint \(must be > 0\)/],
    ['k = 0, k > 0', /the start value 0 of k lies outside its constraint/],
    ['k = 1, k = 2', /k has two start values/],
    ['k < 3', /k < 3 \(must be like k > 0/],
    ['k > 0.5', /k > 0.5 \(must be like k > 0/],
    ['kk > 0', /the formula has no parameter kk \(did you mean k\?\) \(it has k, mu\)/],
    ['h = 3', /h is a column, not a parameter/],
  ])('%s is refused', (parameters, message) => {
    const make = () => formulaModel('-k*(h-mu)^2', { columns: ['h'], parameters })
    expect(make).toThrow(message)
    expect(make).toThrow(UnnormError)
  })
})

describe('mistakes point into the formula', () => {
  /** The message without `invalid formula: `, and what the caret line marks. */
  function complaint(text: string, columns: readonly string[]): { code: string; kind: string; message: string; marked: string } {
    try {
      formulaModel(text, { columns })
    } catch (error) {
      if (!(error instanceof UnnormError)) throw error
      const [message, shown, caret = ''] = error.message.split('\n')
      const start = caret.indexOf('^')
      return { code: error.code, kind: error.kind, message: message.replace('invalid formula: ', ''), marked: start < 0 ? '' : shown.slice(start, caret.length) }
    }
    throw new Error(`${text} was accepted`)
  }

  test.each([
    ['-(height', 'formula', 'usage', 'it does not parse: parenthesis ) expected', ''],
    ['-height * )', 'formula', 'usage', 'it does not parse: value expected', ')'],
    ['  ', 'formula', 'usage', 'it is empty', ''],
    ['height = 2', 'formula', 'usage', /^= has no place in it/, '='],
    ['-k*lgo(height)', 'formula', 'usage', /^unknown function lgo \(did you mean log\?/, 'lgo'],
    ['-k*ln(height)', 'formula', 'usage', /^unknown function ln \(write log\(a\)/, 'ln'],
    ['k(height - mu)^2', 'formula', 'usage', /^unknown function k \(a product is written k\*\(…\)/, 'k'],
    ['exp(height, 2)', 'formula', 'usage', 'exp takes 1 operand, not 2: exp(a)', 'exp(height, 2)'],
    ['-exp*height', 'formula', 'usage', /^exp is a function/, 'exp'],
    ['k mu - height', 'formula', 'usage', /^k mu: two names side by side are no product \(write k\*mu for a product/, 'k mu'],
    ['Sepal.Length^2*height', 'formula', 'usage', 'Sepal.Length: a name with a dot stands in backquotes (`Sepal.Length`)', 'Sepal.Length'],
    ['height 2', 'formula', 'usage', /^height 2: a number after a name is no product/, 'height 2'],
    ['-a/2 b*height', 'formula', 'usage', /^a product without \* after \/ can be read in two ways/, 'b'],
    ['`height', 'formula', 'usage', 'a backquote is not closed', '`height'],
    ['log(-2)*height', 'formula', 'usage', 'log: of the constant -2 (must be > 0)', 'log(-2)'],
    ['height/0', 'formula', 'usage', 'it divides by zero', 'height'],
    ['-k*abs(height - mu)', 'kink', 'usage', /^abs has a kink/, 'abs(height - mu)'],
    ['-k*max(height, 0)^2', 'kink', 'usage', /^max has a kink/, 'max(height, 0)'],
    ['-k*x', 'formula', 'usage', /^its value has 2 elements/, ''],
    ['-x[3]^2', 'formula', 'usage', 'x[3]: x has 2 elements, one for each column', 'x'],
    ['-height[1]^2', 'formula', 'usage', 'height is a column: it has no elements', 'height'],
    ['-dot(eta, x) + dot(eta, [height])', 'formula', 'usage', 'eta has 1 elements here and 2 elsewhere', 'eta'],
    ['-a*b^2', 'formula-columns', 'work', /^it names no column of the data; the columns are height, weight/, ''],
    ['-k*(heigth-mu)^2', 'formula-columns', 'work', /^it names no column of the data \(did you mean height for heigth\?\)/, 'heigth'],
    ['-(height-mu)^2*wieght', 'formula-columns', 'work', /^wieght is no column: did you mean weight\?/, 'wieght'],
    ['a - height + height + weight - weight', 'constant-formula', 'work', 'it is constant: no column changes it', ''],
    ['-(height - mu)^2', 'constant-formula', 'work', /^it does not depend on column "weight"/, ''],
  ] as const)('%s', (text, code, kind, message, marked) => {
    expect(complaint(text, ['height', 'weight'])).toEqual({ code, kind, message: typeof message === 'string' ? message : expect.stringMatching(message), marked })
  })

  test('a column whose name reads as a calculation', () => {
    expect(complaint('-(body-mass)^2', ['body-mass'])).toEqual({ code: 'formula-columns', kind: 'work', message: 'body-mass is a column whose name stands in backquotes: `body-mass`', marked: 'body-mass' })
    expect(namesOf('-(a-b)^2', ['a', 'b'])).toEqual([])
  })

  test('a long formula is shown around the place', () => {
    const { marked, message } = complaint(`${'height + '.repeat(40)}lgo(height)${' + height'.repeat(40)}`, ['height', 'weight'])
    expect({ marked, message }).toEqual({ marked: 'lgo', message: expect.stringMatching(/^unknown function lgo/) })
  })
})

describe('columns', () => {
  test('those that are named, in the order of the data', () => {
    expect(formulaColumns('-weight^2 - `Sepal.Length`^2', ['id', 'Sepal.Length', 'weight'])).toEqual(['Sepal.Length', 'weight'])
  })
  test('all of them where the formula is about the vector x', () => {
    expect(formulaColumns('-sum(x^2)', ['a', 'b'])).toBeUndefined()
    expect(formulaColumns('-x^2', ['a', 'x'])).toEqual(['x'])
  })
  test('none is an error with the nearest name', () => {
    expect(() => formulaColumns('-k*(heigth-mu)^2', ['height', 'weight'])).toThrow(/did you mean height for heigth\?/)
  })
})
