// What explains letters of a formula stands apart from it.
import { expect, test } from 'vitest'
import { builtInModels } from '../../src/model/energies/index.ts'
import { bingham } from '../../src/model/energies/bingham.ts'
import { vonMisesFisher } from '../../src/model/energies/von-mises-fisher.ts'
import { product } from '../../src/model/product.ts'
import { readFormula, writeFormula } from '../../src/model/written-formula.ts'

test.each([
  ['−½ xᵀ K x', '−½ xᵀ K x', []],
  ['uᵀ A u, u = all parts but the last', 'uᵀ A u', ['u = all parts but the last']],
  ['log N(x; m, S) + f(a, [b, c]), k = 1 … 3, h = 2', 'log N(x; m, S) + f(a, [b, c])', ['k = 1 … 3', 'h = 2']],
  ['Σ_{i<j} Jᵢⱼ sᵢ sⱼ, s = ±1', 'Σ_{i<j} Jᵢⱼ sᵢ sⱼ', ['s = ±1']],
  ['({ K }, x) => K.mul(x), 1', '({ K }, x) => K.mul(x), 1', []],
])('%s', (text, expression, clauses) => {
  expect(readFormula(text)).toEqual({ expression, clauses })
  expect(writeFormula(readFormula(text))).toBe(text)
})

test('a product says once what holds of several terms', () => {
  expect(product([bingham, vonMisesFisher]).formula).toBe('zᵀ A z + ηᵀ z, trace A = 0, ‖z‖ = 1')
})

test('formulas of all families', () => {
  for (const { formula } of Object.values(builtInModels)) expect(writeFormula(readFormula(formula))).toBe(formula)
})
