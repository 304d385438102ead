// The bounded minimum against trying every set of bounds.
import { expect, test } from 'vitest'
import { choleskyDecompose, multiply, solveCholesky, transpose } from '../../src/base/linear-algebra.ts'
import { createRandom } from '../../src/base/random.ts'
import { boundedMinimum } from '../../src/estimate/bounded-minimum.ts'

test('500 random problems of four parameters, three of them bounded', () => {
  const random = createRandom('bounded')
  const normal = (count: number): Float64Array => { const values = new Float64Array(count); random.fillNormal(values); return values }
  const positive = [true, true, true, false]
  let bounds = 0
  for (let problem = 0; problem < 500; problem++) {
    const factor = normal(16)
    const hessian = multiply(factor, transpose(factor, 4, 4), 4, 4, 4).map((value, e) => value + (e % 5 === 0 ? 0.05 : 0))
    const [slope, start, basis] = [normal(4), normal(4), normal(16)]
    const found = boundedMinimum({ lower: choleskyDecompose(hessian, 4)!, slope, basis, start, positive })!
    // In θ: z = B⁻¹(θ − start), by solving with BBᵀ.
    const inverse = (right: Float64Array): Float64Array => multiply(transpose(basis, 4, 4), solveCholesky(choleskyDecompose(multiply(basis, transpose(basis, 4, 4), 4, 4, 4), 4)!, 4, right), 4, 4, 1)
    const objective = (theta: Float64Array): number => {
      const z = inverse(theta.map((value, k) => value - start[k]))
      return z.reduce((sum, value, i) => sum + slope[i] * value + (value * multiply(hessian.subarray(4 * i, 4 * i + 4), z, 1, 4, 1)[0]) / 2, 0)
    }
    const best = Math.min(...[0, 1, 2, 3, 4, 5, 6, 7].map((set) => {
      // Newton over the free elements of θ: the objective is quadratic in them, its derivatives exact by differences of one.
      const free = [0, 1, 2, 3].filter((k) => k === 3 || !(set & (1 << k)))
      const at = (steps: readonly [number, number][]): number => objective(Float64Array.from([0, 1, 2, 3], (k) => steps.reduce((sum, [j, by]) => sum + (j === k ? by : 0), 0)))
      const zero = at([])
      const gradient = free.map((k) => (at([[k, 1]]) - at([[k, -1]])) / 2)
      const bend = Float64Array.from(free.flatMap((j) => free.map((k) => (at([[j, 1], [k, 1]]) - at([[j, 1], [k, -1]]) - at([[j, -1], [k, 1]]) + at([[j, -1], [k, -1]])) / 4)))
      const step = solveCholesky(choleskyDecompose(bend, free.length)!, free.length, gradient.map((value) => -value))
      if (free.some((k, i) => positive[k] && step[i] < -1e-9)) return Infinity
      return zero + gradient.reduce((sum, value, i) => sum + value * step[i] / 2, 0)
    }))
    expect(found.every((value, k) => !positive[k] || value >= 0)).toBe(true)
    expect(objective(found) - best).toBeLessThan(1e-6 * Math.max(1, Math.abs(best)))
    if (found.includes(0)) bounds++
  }
  expect(bounds).toBeGreaterThan(200)
})
