// A connected, curved density in the plane: x₁ ~ N(0, 1), x₂ = ½(x₁² − 1) + s n with n ~ N(0, 1).
import { UnnormError } from '../../base/errors.ts'
import type { SyntheticDensity } from './density.ts'

/**
 * Without its constant: −½ x₁² − (x₂ − ½(x₁² − 1))² / (2s²); log Z = log 2πs. Column means 0; variances 1 and ½ + s².
 * @param options `deviation`: s, .35 by default
 */
export function parabola(options: { readonly deviation?: number } = {}): SyntheticDensity {
  const deviation = options.deviation ?? 0.35
  if (!(deviation > 0)) throw new UnnormError('invalid-deviation', `invalid deviation: ${deviation} (must be > 0)`)
  const variance = deviation * deviation
  const logNormalizer = Math.log(2 * Math.PI * deviation)
  const above = (x: ArrayLike<number>): number => x[1] - (x[0] * x[0] - 1) / 2
  const unnormalizedLogDensity = (x: ArrayLike<number>): number => -(x[0] * x[0]) / 2 - (above(x) * above(x)) / (2 * variance)
  return {
    name: 'parabola',
    dimension: 2,
    columns: ['x1', 'x2'],
    logNormalizer,
    unnormalizedLogDensity,
    logDensity: (x) => unnormalizedLogDensity(x) - logNormalizer,
    score: (x) => Float64Array.of(-x[0] + (above(x) / variance) * x[0], -above(x) / variance),
    sample(n, random) {
      const rows = new Float64Array(2 * n)
      random.fillNormal(rows)
      for (let i = 0; i < rows.length; i += 2) rows[i + 1] = (rows[i] * rows[i] - 1) / 2 + deviation * rows[i + 1]
      return rows
    },
  }
}
