// Densities with known parameters, exact draws from them, and the models that are fitted to these.
import type { Random } from '../../src/base/random.ts'
import { scoreMatching } from '../../src/estimate/estimators/score-matching.ts'
import type { Estimator } from '../../src/estimate/estimator.ts'
import { dirichlet } from '../../src/model/energies/dirichlet.ts'
import { gamma } from '../../src/model/energies/gamma.ts'
import { gaussian } from '../../src/model/energies/gaussian.ts'
import { truncatedGaussian } from '../../src/model/energies/truncated-gaussian.ts'
import { vonMisesFisher } from '../../src/model/energies/von-mises-fisher.ts'
import { formulaModel } from '../../src/model/formula/formula-model.ts'
import type { Model } from '../../src/model/model.ts'

export interface CoverageCase {
  readonly name: string
  /** The density, the point and how it is estimated. */
  readonly sentence: string
  readonly model: Model
  readonly estimator: Estimator
  readonly columns: readonly string[]
  /** Natural and reported parameters by name. */
  readonly truth: Readonly<Record<string, number>>
  /** Rows, row-major [n × d]. */
  draw(random: Random, count: number): Float64Array
}

/** Draws from a density of one column by the inverse of its distribution function on a fine grid. */
function byInversion(logDensity: (x: number) => number, low: number, high: number): (random: Random, count: number) => Float64Array {
  const cells = 200_000
  const step = (high - low) / cells
  const middle = Float64Array.from({ length: cells }, (_, k) => logDensity(low + (k + 0.5) * step))
  const most = middle.reduce((a, b) => Math.max(a, b))
  const cumulative = new Float64Array(cells + 1)
  for (let k = 0; k < cells; k++) cumulative[k + 1] = cumulative[k] + Math.exp(middle[k] - most)
  return (random, count) => Float64Array.from({ length: count }, () => {
    const target = random.uniform() * cumulative[cells]
    let [below, above] = [0, cells]
    while (above - below > 1) {
      const half = (below + above) >> 1
      if (cumulative[half] <= target) below = half
      else above = half
    }
    return low + (below + (target - cumulative[below]) / (cumulative[above] - cumulative[below])) * step
  })
}

/** Marsaglia & Tsang 2000; shapes below one by the power of a uniform number. */
function gammaDraw(random: Random, shape: number): number {
  if (shape < 1) return gammaDraw(random, shape + 1) * random.uniform() ** (1 / shape)
  const d = shape - 1 / 3
  for (;;) {
    const z = random.normal()
    const v = (1 + z / Math.sqrt(9 * d)) ** 3
    if (v > 0 && Math.log(random.uniform()) < z * z / 2 + d - d * v + d * Math.log(v)) return d * v
  }
}

/** Rows drawn one by one. */
const rowByRow = (draw: (random: Random) => readonly number[]) => (random: Random, count: number): Float64Array => Float64Array.from(Array.from({ length: count }, () => draw(random)).flat())

const gammaCase = (shape: number): CoverageCase => ({
  name: `gamma, shape ${shape}`,
  sentence: `shape ${shape}, rate 2; generalized score matching with the default boundary weight.`,
  model: gamma, estimator: scoreMatching, columns: ['x'],
  truth: { shape, rate: 2 },
  draw: rowByRow((random) => [gammaDraw(random, shape) / 2]),
})

const alpha = [0.7, 2, 4]
const kappa = 3
const direction = [2 / 3, 1 / 3, -2 / 3]
/** Unit vectors at right angles to the direction and to each other. */
const across = [[1 / Math.sqrt(5), -2 / Math.sqrt(5), 0], [4 / Math.sqrt(45), 2 / Math.sqrt(45), 5 / Math.sqrt(45)]]

const [k, mu, a] = [-1, 0.5, 0.1]

export const cases: readonly CoverageCase[] = [
  {
    name: 'Gaussian',
    sentence: 'Two columns, mean (1, −0.5), covariance with 1, 2 on its diagonal and 0.8 beside it; score matching, in closed form.',
    model: gaussian, estimator: scoreMatching, columns: ['x', 'y'],
    truth: {
      'precision[1,1]': 2 / 1.36, 'precision[1,2]': -0.8 / 1.36, 'precision[2,2]': 1 / 1.36,
      'eta[1]': (2 * 1 + 0.8 * 0.5) / 1.36, 'eta[2]': (-0.8 - 0.5) / 1.36, 'mean[1]': 1, 'mean[2]': -0.5,
    },
    draw: (random, count) => {
      const rows = new Float64Array(2 * count)
      random.fillNormal(rows)
      for (let i = 0; i < rows.length; i += 2) {
        rows[i + 1] = -0.5 + 0.8 * rows[i] + Math.sqrt(1.36) * rows[i + 1]
        rows[i] += 1
      }
      return rows
    },
  },
  {
    name: 'formula',
    sentence: `\`-k*(x - mu)^2/2 - a*(x - mu)^4\` with \`a > 0\` at k = ${k}, mu = ${mu}, a = ${a}, a density with two modes: not quadratic in mu; score matching by Newton's method.`,
    model: formulaModel('-k*(x - mu)^2/2 - a*(x - mu)^4', { columns: ['x'], parameters: 'k = 0, mu = 0, a > 0' }), estimator: scoreMatching, columns: ['x'],
    truth: { k, mu, a },
    draw: byInversion((x) => (-k * (x - mu) ** 2) / 2 - a * (x - mu) ** 4, mu - 6, mu + 6),
  },
  {
    name: 'truncated normal',
    sentence: 'A normal of mean 0 and variance 1 on (0, ∞), both estimated; generalized score matching with the default boundary weight.',
    model: truncatedGaussian, estimator: scoreMatching, columns: ['x'],
    truth: { 'precision[1,1]': 1, 'eta[1]': 0, 'mean[1]': 0 },
    draw: rowByRow((random) => [Math.abs(random.normal())]),
  },
  gammaCase(0.7),
  gammaCase(3),
  {
    name: 'Dirichlet',
    sentence: `alpha = (${alpha.join(', ')}); generalized score matching with the default weight of the simplex.`,
    model: dirichlet, estimator: scoreMatching, columns: ['a', 'b', 'c'],
    truth: Object.fromEntries(alpha.map((value, i) => [`alpha[${i + 1}]`, value])),
    draw: rowByRow((random) => {
      const parts = alpha.map((value) => gammaDraw(random, value))
      const total = parts.reduce((sum, part) => sum + part, 0)
      return parts.map((part) => part / total)
    }),
  },
  {
    name: 'von Mises–Fisher',
    sentence: `On the sphere in three dimensions, kappa = ${kappa}, direction (2, 1, −2)/3; score matching along the sphere.`,
    model: vonMisesFisher, estimator: scoreMatching, columns: ['x', 'y', 'z'],
    truth: { kappa, ...Object.fromEntries(direction.flatMap((value, i) => [[`eta[${i + 1}]`, kappa * value], [`direction[${i + 1}]`, value]])) },
    // The component along the direction by inversion (its density is exponential), the rest at a uniform angle.
    draw: rowByRow((random) => {
      const u = random.uniform()
      const along = 1 + Math.log(u + (1 - u) * Math.exp(-2 * kappa)) / kappa
      const angle = 2 * Math.PI * random.uniform()
      const radius = Math.sqrt(1 - along * along)
      const z = direction.map((value, i) => along * value + radius * (Math.cos(angle) * across[0][i] + Math.sin(angle) * across[1][i]))
      const length = Math.hypot(...z)
      return z.map((value) => value / length)
    }),
  },
]
