// Exponentials and logarithms, with the forms that stay exact near zero.
import { fill } from './linear.ts'
import { add, divide, elementwise, logarithm, mul, reciprocal } from './arithmetic.ts'
import type { subtract } from './arithmetic.ts'
import { abs, selectLess } from './piecewise.ts'

export const exp = elementwise({
  name: 'exp',
  formula: 'eᵃ',
  value: Math.exp,
  partials: [(_, output) => output],
  onnx: 'Exp',
  samples: [[0.7, -1.2, 0.3, 2.5, -0.4]],
})

export const log = logarithm

export const log1p = elementwise({
  name: 'log1p',
  formula: 'log(1 + a)',
  value: Math.log1p,
  partials: [([a]) => reciprocal(add(a, fill(a.graph, 1, [])))],
  // Kahan: with u = 1 + a as rounded, log(u) · a/(u − 1) undoes the rounding of u. Where u = 1, and at infinity, a/(u − 1) is no
  // number or infinite, and the answer is a itself; everywhere else it lies between ½ and 1½.
  lower: ([a]) => {
    const one = fill(a.graph, 1, [])
    const u = add(a, one)
    const correction = divide(a, rounded(u, one))
    return selectLess(abs(correction), fill(a.graph, 2, []), mul(logarithm(u), correction), a)
  },
  samples: [[0.7, -0.6, 1e-9, 2.5, -1e-5]],
})

/** u − 1 as the machine computes it: kept apart so that no rule rewrites (a + 1) − 1 to a. */
export const rounded = elementwise<Parameters<typeof subtract>>({
  name: 'rounded difference',
  formula: 'a − b',
  value: (a, b) => a - b,
  partials: [([a]) => fill(a.graph, 1, []), ([a]) => fill(a.graph, -1, [])],
  onnx: 'Sub',
  samples: [[0.7, -1.2, 0.3], [1.4, 0.8, -2.1]],
})
