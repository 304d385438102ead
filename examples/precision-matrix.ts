// (d) For a zero-mean Gaussian score matching gives the inverse of mean xxᵀ, by solving one linear system.
//
// Run it with: npx jiti examples/precision-matrix.ts
import { createRandom, fit, precision, referenceEngine } from 'unnorm'
import { runAsProgram } from './run-as-program.ts'
import { tableOf } from './table.ts'

/** The fitted precision K, the second moments M = mean xxᵀ, and their product. */
export async function precisionMatrix() {
  const z = new Float64Array(3 * 300)
  createRandom(3).fillNormal(z)
  // Three correlated columns, from independent ones.
  const values = z.map((_, k) => {
    const row = k - (k % 3)
    return [z[row], 0.8 * z[row] + 0.6 * z[row + 1], z[row + 1] - 0.5 * z[row + 2]][k % 3]
  })
  const result = await fit(precision, tableOf(['a', 'b', 'c'], values), { engine: referenceEngine })
  const indices = [0, 1, 2]
  const secondMoments = indices.map((i) => indices.map((j) => Array.from({ length: 300 }, (_, t) => values[3 * t + i] * values[3 * t + j]).reduce((a, b) => a + b) / 300))
  const estimate = (i: number, j: number): number => result.fit.parameters!.find(({ name }) => name === `precision[${Math.min(i, j) + 1},${Math.max(i, j) + 1}]`)!.estimate!
  const fitted = indices.map((i) => indices.map((j) => estimate(i, j)))
  const product = indices.map((i) => indices.map((j) => indices.reduce((total, k) => total + fitted[i][k] * secondMoments[k][j], 0)))
  return { route: result.fit.estimator.route, fitted, secondMoments, product, summary: result.summary() }
}

await runAsProgram(import.meta.url, async (print) => {
  const { summary, product } = await precisionMatrix()
  print(summary)
  print('K · mean xxᵀ:')
  for (const row of product) print(row.map((value) => value.toFixed(12).padStart(16)).join(''))
})
