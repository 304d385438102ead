// (c) The explicit objective ½E‖φ − φ*‖² needs the score φ* of the data; the implicit one, E[φ′ + ½φ²], does not.
// They differ by ½E φ*², which does not depend on the model: they have the same minimum (Hyvärinen 2005, theorem 1).
//
// Run it with: npx jiti examples/explicit-and-implicit.ts
import { gaussianMixture } from 'unnorm'
import { runAsProgram } from './run-as-program.ts'

/** The data: two clumps of different width, whose score is known exactly. */
const truth = gaussianMixture('two clumps', [
  { weight: 0.3, mean: [-1.5], covariance: [[0.4]] },
  { weight: 0.7, mean: [1], covariance: [[0.8]] },
])

/** The models: log p = −a x⁴ + b x² + c x, with score φ = −4a x³ + 2b x + c. */
const models = [
  { a: 0.1, b: 0.5, c: 0 },
  { a: 0.02, b: -0.3, c: 0.4 },
  { a: 0.3, b: 1.2, c: -0.1 },
  { a: 0, b: -0.5, c: 0 },
]

/** E f(x) under the data's density by the trapezoidal rule, which is exact to rounding for functions that die out. */
function expectation(f: (x: number) => number): number {
  const step = 0.01
  let total = 0
  for (let x = -15; x <= 15; x += step) total += Math.exp(truth.logDensity([x])) * f(x) * step
  return total
}

/** Both objectives of each model. */
export function explicitAndImplicit() {
  const constant = expectation((x) => truth.score([x])[0] ** 2) / 2
  return {
    constant,
    objectives: models.map(({ a, b, c }) => {
      const score = (x: number): number => -4 * a * x ** 3 + 2 * b * x + c
      const slope = (x: number): number => -12 * a * x ** 2 + 2 * b
      return {
        model: { a, b, c },
        explicit: expectation((x) => (score(x) - truth.score([x])[0]) ** 2) / 2,
        implicit: expectation((x) => slope(x) + score(x) ** 2 / 2),
      }
    }),
  }
}

await runAsProgram(import.meta.url, (print) => {
  const { constant, objectives } = explicitAndImplicit()
  print('model                         explicit        implicit        difference')
  for (const { model: { a, b, c }, explicit, implicit } of objectives) {
    print(`a = ${a}, b = ${b}, c = ${c}`.padEnd(28) + [explicit, implicit, explicit - implicit].map((value) => value.toFixed(10).padStart(15)).join(' '))
  }
  print(`½ E φ*² = ${constant.toFixed(10)}`)
})
