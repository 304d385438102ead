// Densities with known parameters, exact draws from them, and the models that are fitted to these.
import type { Random } from '../../src/base/random.ts'
import { scoreMatching } from '../../src/estimate/estimators/score-matching.ts'
import type { Estimator } from '../../src/estimate/estimator.ts'
import { gaussian } from '../../src/model/energies/gaussian.ts'
import { formulaModel } from '../../src/model/formula/formula-model.ts'
import type { Model } from '../../src/model/model.ts'

export interface CoverageCase {
  readonly name: string
  /** The density, the point and how it is estimated. */
  readonly sentence: string
  readonly model: Model
  readonly estimator: Estimator
  readonly dimension: number
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

const [k, mu, a] = [-1, 0.5, 0.1]

export const cases: readonly CoverageCase[] = [
  {
    name: 'Gaussian',
    sentence: 'Two columns, mean (1, −0.5), covariance with 1, 2 on its diagonal and 0.8 beside it; score matching, in closed form.',
    model: gaussian, estimator: scoreMatching, dimension: 2,
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
    model: formulaModel('-k*(x - mu)^2/2 - a*(x - mu)^4', { columns: ['x'], parameters: 'k = 0, mu = 0, a > 0' }), estimator: scoreMatching, dimension: 1,
    truth: { k, mu, a },
    draw: byInversion((x) => (-k * (x - mu) ** 2) / 2 - a * (x - mu) ** 4, mu - 6, mu + 6),
  },
]
