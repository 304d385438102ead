// Every family on a domain: parameters recovered from simulated tables, errors that shrink as 1/√n, log Z against quadrature.
import { describe, expect, test } from 'vitest'
import { choleskyDecompose, solveCholesky } from '../../src/base/linear-algebra.ts'
import { createRandom } from '../../src/base/random.ts'
import type { Random } from '../../src/base/random.ts'
import { energyProgram } from '../../src/compile/model-file.ts'
import { boundaryScales } from '../../src/data/domain-rows.ts'
import { runEnergy } from '../../src/engine/energy.ts'
import { scoreMatching } from '../../src/estimate/estimators/score-matching.ts'
import { fitParametric } from '../../src/estimate/parametric.ts'
import { logNormalizer } from '../../src/evaluate/log-normalizer/quadrature.ts'
import { sphereNormalizer } from '../../src/evaluate/log-normalizer/sphere.ts'
import { openEnergy } from '../../src/evaluate/open-energy.ts'
import { logGammaOf } from '../../src/graph/ops/special.ts'
import { domain, rowsOf } from '../../src/model/domain.ts'
import { builtInModels } from '../../src/model/energies/index.ts'
import { trace, weightOf } from '../../src/model/model.ts'
import { onnx } from '../estimate/parametric-fixtures.ts'

/** Marsaglia & Tsang 2000; shapes below one by the power of a uniform number. */
function gammaDraw(random: Random, shape: number): number {
  if (shape < 1) return gammaDraw(random, shape + 1) * (1 - random.uniform()) ** (1 / shape)
  const d = shape - 1 / 3
  for (;;) {
    const z = random.normal()
    const v = (1 + z / Math.sqrt(9 * d)) ** 3
    if (v > 0 && Math.log(1 - random.uniform()) < z * z / 2 + d - d * v + d * Math.log(v)) return d * v
  }
}

const dirichletDraw = (random: Random, alpha: readonly number[]): number[] => {
  const parts = alpha.map((shape) => gammaDraw(random, shape))
  const sum = parts.reduce((a, b) => a + b)
  return parts.map((part) => part / sum)
}

function unitDraw(random: Random, p: number): number[] {
  const z = Array.from({ length: p }, () => random.normal())
  const length = Math.hypot(...z)
  return z.map((value) => value / length)
}

/** Draws of a proposal kept with probability exp(log p̃ − bound). */
function rejected(random: Random, propose: () => number[], logDensity: (x: readonly number[]) => number, bound: number): number[] {
  for (;;) {
    const x = propose()
    const log = logDensity(x) - bound
    if (log > 0) throw new Error('the bound is too low')
    if (Math.log(1 - random.uniform()) < log) return x
  }
}

interface Case {
  readonly model: string
  readonly domain?: string
  readonly columns: readonly string[]
  readonly truth: readonly number[]
  draw(random: Random): number[]
}

const quadratic = (packed: readonly number[], size: number) => (x: readonly number[]): number => {
  let [sum, at] = [0, 0]
  for (let i = 0; i < size; i++) for (let j = i; j < size; j++) sum += (i === j ? 1 : 2) * packed[at++] * x[i] * x[j]
  return sum
}
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, k) => sum + value * b[k], 0)

const axes = [1.5, 0.4, -0.3, -0.5, 0.6]
const eta = [0.8, -0.5, 1.2]
const bingham = quadratic([...axes, -1], 3)
const ppi = { A: [-3, 1, -2], b: [1, 2], beta: [0.4, 1, -0.2] }
const cases: readonly Case[] = [
  { model: 'exponential', columns: ['x'], truth: [2], draw: (random) => [-Math.log(1 - random.uniform()) / 2] },
  { model: 'gamma', columns: ['x'], truth: [0.7, 1.5], draw: (random) => [gammaDraw(random, 0.7) / 1.5] },
  { model: 'gamma', columns: ['x'], truth: [3, 0.2], draw: (random) => [gammaDraw(random, 3) / 0.2] },
  { model: 'beta', columns: ['x'], truth: [0.7, 2.5], draw: (random) => dirichletDraw(random, [0.7, 2.5]).slice(0, 1) },
  {
    model: 'truncated-gaussian', domain: 'x > 0, -1 < y < 2', columns: ['x', 'y'], truth: [1, 0.4, 1.5, 0.3, 0.6],
    draw: (random) => rejected(random, () => [Math.abs(random.normal()) * 2, 3 * random.uniform() - 1], ([x, y]) => -(x * x + 0.8 * x * y + 1.5 * y * y) / 2 + 0.3 * x + 0.6 * y + x * x / 8, 0.6),
  },
  { model: 'dirichlet', columns: ['a', 'b', 'c'], truth: [0.7, 2, 4], draw: (random) => dirichletDraw(random, [0.7, 2, 4]) },
  {
    model: 'ppi', columns: ['a', 'b', 'c'], truth: [...ppi.A, ...ppi.b, ...ppi.beta],
    draw: (random) => rejected(random, () => dirichletDraw(random, ppi.beta.map((value) => value + 1)), (x) => quadratic(ppi.A, 2)(x) + dot(ppi.b, x.slice(0, 2)), 1.5),
  },
  { model: 'von-mises-fisher', columns: ['x', 'y', 'z'], truth: eta, draw: (random) => rejected(random, () => unitDraw(random, 3), (z) => dot(eta, z), Math.hypot(...eta)) },
  { model: 'von-mises-fisher', domain: 'direction', columns: ['angle'], truth: [0.8, -0.5], draw: (random) => rejected(random, () => unitDraw(random, 2), (z) => 0.8 * z[0] - 0.5 * z[1], 1) },
  { model: 'bingham', columns: ['x', 'y', 'z'], truth: axes, draw: (random) => rejected(random, () => unitDraw(random, 3), bingham, 1.8) },
  { model: 'fisher-bingham', columns: ['x', 'y', 'z'], truth: [...axes, ...eta], draw: (random) => rejected(random, () => unitDraw(random, 3), (z) => bingham(z) + dot(eta, z), 3) },
]

/** P(χ² > x) with k degrees of freedom, by the series of the incomplete gamma function. */
function chiSquaredTail(x: number, k: number): number {
  let [term, sum] = [1 / (k / 2), 0]
  for (let n = 1; n < 1000 && term > 1e-17 * sum; n++) {
    sum += term
    term *= (x / 2) / (k / 2 + n)
  }
  return 1 - Math.exp(-x / 2 + (k / 2) * Math.log(x / 2) - logGammaOf(k / 2)) * sum
}

async function fitCase({ model, domain: text, columns, draw }: Case, count: number, seed: number) {
  const source = builtInModels[model].make({})
  const placed = (text === undefined ? source.domain : domain(text)).over(columns)
  const random = createRandom(seed).split(model)
  const points = Float64Array.from(Array.from({ length: count }, () => draw(random)).flat())
  const table = { source: 'test', columns: placed.coordinates, rows: count, values: points, rowsRead: count, columnsLeftOut: [] }
  const traced = trace(source, placed, { weight: weightOf(source), scales: boundaryScales(placed, table) })
  return { traced, points, fit: await fitParametric(traced, scoreMatching, points, onnx, { random: createRandom(0) }) }
}

describe.each(cases.map((each) => [`${each.model} on ${each.domain ?? each.columns.join()}, ${each.truth.join()}`, each] as const))('%s', (_, each) => {
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
