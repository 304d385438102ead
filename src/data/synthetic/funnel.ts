// Neal's funnel (Slice sampling, 2003, §8): x₁ ~ N(0, s²), the other coordinates N(0, exp x₁) given it.
import { UnnormError } from '../../base/errors.ts'
import type { SyntheticDensity } from './density.ts'

/**
 * Without its constant: −x₁²/(2s²) − (d − 1)x₁/2 − exp(−x₁) Σⱼ xⱼ²/2; log Z = log s + (d/2) log 2π.
 * @param options `dimension`: 10 by default; `deviation`: s, 3 by default, as Neal has them
 * @throws UnnormError `invalid-deviation`
 */
export function funnel(options: { readonly dimension?: number; readonly deviation?: number } = {}): SyntheticDensity {
  const { dimension = 10, deviation = 3 } = options
  if (!(deviation > 0 && dimension >= 2)) throw new UnnormError('invalid-deviation', `invalid funnel: deviation ${deviation}, dimension ${dimension} (must be > 0 and at least 2)`)
  const logNormalizer = Math.log(deviation) + (dimension / 2) * Math.log(2 * Math.PI)
  const squares = (x: ArrayLike<number>): number => {
    let sum = 0
    for (let j = 1; j < dimension; j++) sum += x[j] * x[j]
    return sum
  }
  const unnormalizedLogDensity = (x: ArrayLike<number>): number =>
    -(x[0] * x[0]) / (2 * deviation * deviation) - ((dimension - 1) * x[0]) / 2 - (Math.exp(-x[0]) * squares(x)) / 2
  return {
    name: 'funnel',
    dimension,
    columns: Array.from({ length: dimension }, (_, j) => `x${j + 1}`),
    logNormalizer,
    unnormalizedLogDensity,
    logDensity: (x) => unnormalizedLogDensity(x) - logNormalizer,
    score(x) {
      const precision = Math.exp(-x[0])
      const score = new Float64Array(dimension)
      score[0] = -x[0] / (deviation * deviation) - (dimension - 1) / 2 + (precision * squares(x)) / 2
      for (let j = 1; j < dimension; j++) score[j] = -precision * x[j]
      return score
    },
    sample(n, random) {
      const rows = new Float64Array(n * dimension)
      random.fillNormal(rows)
      for (let i = 0; i < rows.length; i += dimension) {
        rows[i] *= deviation
        for (let j = 1; j < dimension; j++) rows[i + j] *= Math.exp(rows[i] / 2)
      }
      return rows
    },
  }
}
