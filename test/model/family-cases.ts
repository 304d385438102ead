// Densities of every family with known parameters, and exact draws from them.
import { createRandom } from '../../src/base/random.ts'
import type { Random } from '../../src/base/random.ts'
import { boundaryScales } from '../../src/data/domain-rows.ts'
import { scoreMatching } from '../../src/estimate/estimators/score-matching.ts'
import { fitParametric } from '../../src/estimate/parametric.ts'
import type { ParametricOptions } from '../../src/estimate/parametric.ts'
import { domain } from '../../src/model/domain.ts'
import { builtInModels } from '../../src/model/energies/index.ts'
import { trace, weightOf } from '../../src/model/model.ts'
import { onnx } from '../estimate/parametric-fixtures.ts'
import { tabulated } from './tabulated.ts'

/** Marsaglia & Tsang 2000; shapes below one by the power of a uniform number. */
export function gammaDraw(random: Random, shape: number): number {
  if (shape < 1) return gammaDraw(random, shape + 1) * (1 - random.uniform()) ** (1 / shape)
  const d = shape - 1 / 3
  for (;;) {
    const z = random.normal()
    const v = (1 + z / Math.sqrt(9 * d)) ** 3
    if (v > 0 && Math.log(1 - random.uniform()) < z * z / 2 + d - d * v + d * Math.log(v)) return d * v
  }
}

export const dirichletDraw = (random: Random, alpha: readonly number[]): number[] => {
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

export interface FamilyCase {
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
export const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, k) => sum + value * b[k], 0)

/** Of precision [[2, 0.6], [0.6, 1]]. */
function gaussianDraw(random: Random, [a, b]: readonly number[]): number[] {
  const [z1, z2] = [random.normal(), random.normal()]
  return [a + z1 * Math.sqrt(1 / 1.64), b - (0.6 / 1.64) / Math.sqrt(1 / 1.64) * z1 + z2]
}

const axes = [1.5, 0.4, -0.3, -0.5, 0.6]
const eta = [0.8, -0.5, 1.2]
const bingham = quadratic([...axes, -1], 3)
const ppi = { A: [-3, 1, -2], b: [1, 2], beta: [0.4, 1, -0.2] }
export const familyCases: readonly FamilyCase[] = [
  {
    model: 'gaussian', columns: ['x', 'y'], truth: [2, 0.6, 1, 0.5, -1],
    // Mean K⁻¹η, covariance K⁻¹ by its Cholesky factor.
    draw: (random) => gaussianDraw(random, [(0.5 + 0.6) / 1.64, (-2 - 0.3) / 1.64]),
  },
  { model: 'precision', columns: ['x', 'y'], truth: [2, 0.6, 1], draw: (random) => gaussianDraw(random, [0, 0]) },
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

/** A case fitted to rows drawn from it. */
export async function fitCase({ model, domain: text, columns, draw }: FamilyCase, count: number, seed: number, options: Partial<ParametricOptions> = {}) {
  const source = builtInModels[model].make({})
  const placed = (text === undefined ? source.domain : domain(text)).over(columns)
  const random = createRandom(seed).split(model)
  const points = Float64Array.from(Array.from({ length: count }, () => draw(random)).flat())
  const table = { source: 'test', columns: placed.coordinates, rows: count, values: points, rowsRead: count, columnsLeftOut: [] }
  const traced = trace(source, placed, { weight: weightOf(source), scales: boundaryScales(placed, table) })
  return { traced, points, fit: await fitParametric(traced, scoreMatching, points, onnx, { random: createRandom(0), ...options }) }
}

/** Rows x = W⁻¹s with s logistic of variance one, W = [[1, 0.5], [−0.3, 2]]. */
export function mixedSources(rows: number, seed: string): Float64Array {
  const random = createRandom(seed)
  const scale = Math.sqrt(3) / Math.PI
  const determinant = 1 * 2 + 0.5 * 0.3
  const values = new Float64Array(2 * rows)
  for (let i = 0; i < rows; i++) {
    const [s1, s2] = [0, 1].map(() => { const u = random.uniform(); return scale * Math.log(u / (1 - u)) })
    values[2 * i] = (2 * s1 - 0.5 * s2) / determinant
    values[2 * i + 1] = (0.3 * s1 + s2) / determinant
  }
  return values
}

/** Three bumps on a Gaussian: the points of a kernel family and their weights. */
export const bumpsTruth = {
  setting: { points: Float64Array.of(-1, 0.5, 2), bandwidth: 0.8, mean: Float64Array.of(0.3), covariance: Float64Array.of(1.44) },
  weights: [0.8, -1.1, 0.6],
}

/** Draws of it, [rows × 1]. */
export function bumps(rows: number, seed: string): Float64Array {
  const draw = tabulated((x) => -((x - 0.3) ** 2) / 2.88 + [-1, 0.5, 2].reduce((total, z, k) => total + bumpsTruth.weights[k] * Math.exp(-((x - z) ** 2) / (2 * 0.64 * 1.44)), 0), [-8, 8])
  const random = createRandom(seed)
  return Float64Array.from({ length: rows }, () => draw(random))
}

/** K row by row, then η, of the interaction model at powers ½. */
export const squareRootsTruth: readonly number[] = [1.5, -0.5, 1, 0.5, 0.8]

/** Draws of it, [rows × 2]: u = √x has the density u₁u₂ times a Gaussian with mean K⁻¹η and covariance K⁻¹/2, cut off at zero: by rejection. */
export function squareRoots(rows: number, seed: string): Float64Array {
  const [mean, lower] = [[0.72, 1.16], [Math.sqrt(0.4), 0.2 / Math.sqrt(0.4), Math.sqrt(0.6 - 0.1)]]
  const most = mean.map((m, k) => m + 6 * [Math.sqrt(0.4), Math.sqrt(0.6)][k])
  const random = createRandom(seed)
  const values = new Float64Array(2 * rows)
  for (let i = 0; i < rows;) {
    const [z1, z2] = [random.normal(), random.normal()]
    const [u, v] = [mean[0] + lower[0] * z1, mean[1] + lower[1] * z1 + lower[2] * z2]
    if (!(u > 0 && v > 0 && u < most[0] && v < most[1]) || random.uniform() * most[0] * most[1] > u * v) continue
    values.set([u * u, v * v], 2 * i++)
  }
  return values
}
