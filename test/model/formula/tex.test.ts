// Formulas as TeX: what is written, and that KaTeX takes it.
import katex from 'katex'
import { describe, expect, test } from 'vitest'
import { parseFormula } from '../../../src/model/formula/parse.ts'
import { formulaTex } from '../../../src/model/formula/tex.ts'

const tex = (text: string): string => formulaTex(parseFormula(text).term, { columns: ['height', 'x'] })

describe('TeX', () => {
  test.each([
    ['-k*(height-mu)^2/2 - a*height^4', String.raw`-\frac{k\, \left(\text{height} - \mu\right)^{2}}{2} - a\, {\text{height}}^{4}`],
    ['a - (b - c)', String.raw`a - \left(b - c\right)`],
    ['(a + b)*c*2', String.raw`\left(a + b\right)\, c \cdot 2`],
    ['a*(-b)', String.raw`a\, \left(-b\right)`],
    ['(a/b)^2', String.raw`\left(\frac{a}{b}\right)^{2}`],
    ['(-x)^2', String.raw`{\left(-x\right)}^{2}`],
    ['sigma_x2 * `my col_%`', String.raw`\text{sigma\_x2}\, \text{my col\_\%}`],
    ['alpha1*x_a', String.raw`\alpha_{1}\, x_{a}`],
    ['eta[1]*K[1,2] + mu2[3]', String.raw`\eta_{1}\, K_{12} + {\mu_{2}}_{3}`],
    ['1e-7*x', String.raw`\left(10^{-7}\right)\, x`],
    ['sum(i, a[i]*x[i])', String.raw`\sum_{i=1}^{2} a_{i}\, x_{i}`],
    ['-quadratic(K, x - mu)/2', String.raw`-\frac{\left(x - \mu\right)^\top K\, \left(x - \mu\right)}{2}`],
    ['exp(-height)', String.raw`\exp\left(-\text{height}\right)`],
  ])('%s', (text, expected) => {
    expect(tex(text)).toBe(expected)
  })

  test('KaTeX takes it, strange names included', () => {
    const text = 'log(cosh(`a\\b{c}$&#_^~%`)) + sqrt(2)^x - θ₁·x + sum(i, 1, 2, log1p(x[i])) + logSumExp([x, 1e10])'
    expect(() => katex.renderToString(tex(text), { throwOnError: true, strict: 'error' })).not.toThrow()
  })
})
