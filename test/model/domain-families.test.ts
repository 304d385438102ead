// Every family: parameters recovered from simulated tables, errors that shrink as 1/√n, log Z against quadrature.
import { describe, expect, test } from 'vitest'
import { choleskyDecompose, solveCholesky } from '../../src/base/linear-algebra.ts'
import { energyProgram } from '../../src/compile/model-file.ts'
import { runEnergy } from '../../src/engine/energy.ts'
import { logNormalizer } from '../../src/evaluate/log-normalizer/quadrature.ts'
import { sphereNormalizer } from '../../src/evaluate/log-normalizer/sphere.ts'
import { openEnergy } from '../../src/evaluate/open-energy.ts'
import { logGammaOf } from '../../src/graph/ops/special.ts'
import { rowsOf } from '../../src/model/domain.ts'
import { builtInModels } from '../../src/model/energies/index.ts'
import { onnx } from '../estimate/parametric-fixtures.ts'
import { dot, familyCases, fitCase } from './family-cases.ts'

/** P(χ² > x) with k degrees of freedom, by the series of the incomplete gamma function. */
function chiSquaredTail(x: number, k: number): number {
  let [term, sum] = [1 / (k / 2), 0]
  for (let n = 1; n < 1000 && term > 1e-17 * sum; n++) {
    sum += term
    term *= (x / 2) / (k / 2 + n)
  }
  return 1 - Math.exp(-x / 2 + (k / 2) * Math.log(x / 2) - logGammaOf(k / 2)) * sum
}

test('every parametric family is here; three that need more than columns are in families.test.ts, ising in estimate/binary.test.ts', () => {
  const parametric = Object.entries(builtInModels).flatMap(([name, { kind }]) => (kind === 'parametric' ? [name] : []))
  expect([...new Set([...familyCases.map(({ model }) => model), 'ica', 'kernel', 'interaction', 'ising'])].sort()).toEqual(parametric.sort())
})

describe.each(familyCases.map((each) => [`${each.model} on ${each.domain ?? each.columns.join()}, ${each.truth.join()}`, each] as const))('%s', (_, each) => {
  test('the truth is recovered within its covariance, and errors shrink as 1/√n', async () => {
    const errors: number[][] = []
    for (const count of [1000, 4000, 16_000]) {
      const { fit } = await fitCase(each, count, count)
      expect([fit.route, fit.stopped]).toEqual(['closed-form', 'solved'])
      const size = each.truth.length
      const off = fit.theta.map((value, k) => value - each.truth[k])
      const statistic = dot([...off], [...solveCholesky(choleskyDecompose(fit.covariance!, size)!, size, off)])
      expect(chiSquaredTail(statistic, size), `χ² = ${statistic}`).toBeGreaterThan(1e-4)
      errors.push(each.truth.map((__, k) => Math.sqrt(fit.covariance![k * (size + 1)])))
    }
    // Errors are themselves estimated: to a tenth or so with a thousand rows.
    errors[0].forEach((error, k) => {
      expect(error / errors[1][k]).toBeGreaterThan(1.5)
      expect(error / errors[1][k]).toBeLessThan(2.7)
      expect(errors[1][k] / errors[2][k]).toBeGreaterThan(1.7)
      expect(errors[1][k] / errors[2][k]).toBeLessThan(2.35)
    })
  })

  test('log Z of the family is that by quadrature', async () => {
    const { traced, points } = await fitCase(each, 300, 5)
    const { model, domain: placed } = traced
    const natural = Object.fromEntries(traced.parameters.map(({ name, start, parameter }) => [name, Float64Array.from(each.truth).slice(start, start + parameter.size)]))
    const energy = await runEnergy(energyProgram(traced, each.truth, undefined, undefined), placed.columns, onnx)
    const rows = rowsOf(placed, points)
    const open = openEnergy(energy, placed, 'smallest')
    const byMap = await logNormalizer(open.energy, { rows: open.toOpen(rows) })
    const found = await sphereNormalizer(energy, placed, rows) ?? byMap
    // On a sphere two ways to cover it.
    expect(Math.abs(byMap!.value - found!.value)).toBeLessThan(Math.max(1e-6, byMap!.standardError + found!.standardError))
    const known = model.logNormalizer?.(natural, traced.dimension) ?? (each.model === 'truncated-gaussian' ? bySums() : undefined)
    if (known !== undefined) expect(Math.abs(found!.value - known)).toBeLessThan(Math.max(1e-6, found!.standardError))
    expect(found!.standardError).toBeLessThan(1e-4)
    await energy.release()
  })
})

/** log Z of the truncated Gaussian of the cases, by the midpoint rule. */
function bySums(): number {
  const cells = 2000
  let sum = 0
  for (let i = 0; i < cells; i++) {
    for (let j = 0; j < cells; j++) {
      const [x, y] = [12 * (i + 0.5) / cells, 3 * (j + 0.5) / cells - 1]
      sum += Math.exp(-(x * x + 0.8 * x * y + 1.5 * y * y) / 2 + 0.3 * x + 0.6 * y)
    }
  }
  return Math.log(sum * (12 / cells) * (3 / cells))
}
