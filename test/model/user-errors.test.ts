// Mistakes in a model: each an error that names the operation and the line of the user's function.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { UnnormError } from '../../src/base/errors.ts'
import { abs, dot, exp, log, matmul, maximum, minimum, quadraticForm, relu, sqrt, stack, where } from '../../src/model/expression.ts'
import type { Expression } from '../../src/model/expression.ts'
import { defineModel, trace } from '../../src/model/model.ts'
import { matrix, positive, scalar, vector } from '../../src/model/parameters.ts'

const here = fileURLToPath(import.meta.url)
const lines = readFileSync(here, 'utf8').split('\n')

type Parameters = Record<'a' | 'b' | 'v' | 'm', Expression>
const parameters = { a: scalar(), b: positive(), v: vector(3), m: matrix(2, 2) }
const traced = (logDensity: (parameters: Parameters, x: Expression) => Expression) => trace(defineModel({ name: 'mine', parameters, logDensity }), 2)

/** The message of the error, and the line it names, which must be the one marked in this file. */
function complaint(mark: string, logDensity: (parameters: Parameters, x: Expression) => Expression): string {
  try {
    traced(logDensity)
  } catch (error) {
    expect(error).toBeInstanceOf(UnnormError)
    const { message } = error as UnnormError
    const marked = lines.findIndex((line) => line.includes(`// ${mark}:`)) + 1
    const named = new RegExp(`${here.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}:(\\d+)`).exec(message)
    expect(named, `${message} names no line of this file`).not.toBeNull()
    expect(Number(named![1]), message).toBe(marked)
    return message.replace(here, 'model.ts')
  }
  throw new Error('nothing was thrown')
}

describe('shapes', () => {
  test('vectors of different lengths', () => {
    expect(complaint('dot of two lengths', ({ v }, x) => {
      const far = dot(v, x) // dot of two lengths:
      return far.neg()
    })).toMatch(/^model mine: dot: cannot multiply \[3\] with \[2\]: axis lengths 3 and 2 differ \(model\.ts:\d+\)$/)
  })

  test('a sum that does not broadcast', () => {
    expect(complaint('sum of two lengths', ({ v }, x) => x.add(v).sum())) // sum of two lengths:
      .toMatch(/^model mine: add: shapes \[2\] and \[3\] do not fit together/)
  })

  test('a matrix product, a quadratic form, an element outside, an axis outside, a stack of unlike things', () => {
    expect(complaint('matrix product', ({ m, v }) => matmul(m, v).sum())) // matrix product:
      .toMatch(/matmul: cannot multiply \[2, 2\] with \[3\]/)
    expect(complaint('quadratic form', ({ v }, x) => quadraticForm(v, x))) // quadratic form:
      .toMatch(/quadraticForm: needs a matrix and a vector, got shapes \[3\] and \[2\]/)
    expect(complaint('element outside', (_, x) => x.at(2))) // element outside:
      .toMatch(/at: element 2 is outside 0 … 1/)
    expect(complaint('axis outside', (_, x) => x.sum(1))) // axis outside:
      .toMatch(/sum: there is no axis 1 in shape \[2\]/)
    expect(complaint('unlike stack', ({ a }, x) => stack([a, x]).sum())) // unlike stack:
      .toMatch(/stack: cannot stack shapes \[\], \[2\]/)
  })

  test('the innermost line is named, not that of the caller', () => {
    const penalty = (v: Expression, x: Expression): Expression => {
      const shifted = x.sub(v) // inside a helper:
      return shifted.square().sum()
    }
    expect(complaint('inside a helper', ({ v }, x) => penalty(v, x).neg())).toMatch(/sub: shapes \[2\] and \[3\]/)
  })
})

describe('values that cannot be', () => {
  test('logarithm and root of negative constants', () => {
    expect(complaint('log of a constant', ({ a }) => a.add(log(a.mul(0).sub(2))))) // log of a constant:
      .toMatch(/^model mine: log: of the constant -2 \(must be > 0\) \(model\.ts:\d+\)$/)
    expect(complaint('root of a constant', ({ a }) => a.add(sqrt(a.mul(0).sub(1))))) // root of a constant:
      .toMatch(/sqrt: of the constant -1 \(must be ≥ 0\)/)
    expect(complaint('log of a literal', ({ a }) => a.add(log(-3)))) // log of a literal:
      .toMatch(/log: none of its inputs depends on data or parameters; compute with plain numbers instead/)
  })

  test('something that is no number at all', () => {
    expect(complaint('undefined operand', ({ a }) => a.add(undefined as unknown as number))) // undefined operand:
      .toMatch(/add: undefined is neither a number nor a value of the model/)
    expect(complaint('literal NaN', ({ a }) => a.add(NaN))) // literal NaN:
      .toMatch(/add: a literal holds something that is no number/)
  })
})

describe('names and results', () => {
  test('an unknown parameter', () => {
    expect(complaint('unknown name', (given) => (given as unknown as Record<string, Expression>).sigma.neg())) // unknown name:
      .toMatch(/^model mine: unknown parameter sigma \(model\.ts:\d+\); model mine has a, b, v, m$/)
  })

  test('a result that is no scalar', () => {
    expect(() => traced((_, x) => x.square())).toThrow('model mine: logDensity returned shape [2]; it must return a scalar (sum over the elements?)')
  })

  test('a result that is no expression', () => {
    const returns = (value: unknown) => () => traced(() => value as Expression)
    expect(returns(3)).toThrow('model mine: logDensity returned the plain number 3; it must return a scalar value built from x and the parameters')
    expect(returns(undefined)).toThrow('model mine: logDensity returned nothing; it must')
    expect(returns('x')).toThrow('model mine: logDensity returned a string; it must')
  })

  test('a function that throws is quoted with its line', () => {
    expect(complaint('own error', () => {
      throw new RangeError('my own mistake') // own error:
    })).toMatch(/^model mine throws: my own mistake \(model\.ts:\d+\)$/)
    expect(complaint('null access', (_, x) => (x as unknown as { missing: { add(): Expression } }).missing.add())) // null access:
      .toMatch(/^model mine throws: Cannot read properties of undefined \(reading 'add'\)/)
  })

  test('what defineModel itself refuses', () => {
    const logDensity = (_: unknown, x: Expression): Expression => x.sum()
    expect(() => defineModel({ name: '', parameters: {}, logDensity })).toThrow('defineModel: a model needs a name')
    expect(() => defineModel({ name: 'm', parameters: {}, logDensity: 3 as unknown as typeof logDensity })).toThrow('model m: logDensity must be a function of (parameters, x)')
    expect(() => defineModel({ name: 'm', parameters: undefined as unknown as Record<never, never>, logDensity })).toThrow('model m: parameters are missing')
  })
})

describe('kinks', () => {
  test('every kink in x is refused, with its line', () => {
    const kinked: [string, string, (parameters: Parameters, x: Expression) => Expression][] = [
      ['abs', 'kink abs', (_, x) => abs(x.at(0)).neg()], // kink abs:
      ['max', 'kink relu', ({ a }, x) => relu(x).sum().mul(a)], // kink relu:
      ['min', 'kink min', ({ a }, x) => minimum(x.at(0), a)], // kink min:
      ['max', 'kink max', (_, x) => maximum(x.at(0), x.at(1)).neg()], // kink max:
      ['where', 'kink where', (_, x) => where(x.at(0).lessThan(0), x.at(0), x.at(1)).square().neg()], // kink where:
      ['abs', 'kink deep', (_, x) => exp(x.at(0).abs().sqrt().neg())], // kink deep:
    ]
    for (const [op, mark, logDensity] of kinked) {
      expect(complaint(mark, logDensity)).toMatch(new RegExp(`^model mine: ${op} of x has a kink or jump \\(model\\.ts:\\d+\\), so the score-matching objective would be silently wrong\\. Use a smooth form`))
    }
  })

  test('kinks in parameters alone are allowed', () => {
    expect(traced(({ a, b }, x) => x.square().sum().mul(maximum(abs(a), b)).neg().add(where(a.lessThan(b), a, b))).logDensity.shape).toEqual([])
  })
})
