// A ring in the plane: radius r ~ N(R, s²), angle uniform; p(x) = N(r; R, s²) / (2πr), the 1/(2πr) being the Jacobian.
import { UnnormError } from '../../base/errors.ts'
import type { SyntheticDensity } from './density.ts'

/**
 * Without its constant: −(r − R)² / (2s²) − log r, r = ‖x‖; log Z = log(2π · s√(2π)).
 * A negative radius must be as good as impossible (its probability, Φ(−R/s), is what the density lacks to 1), so R ≥ 8s:
 * below 1e-15. At the origin itself the log-density is +∞ and the score NaN.
 * @param options `radius`: R, 5 by default; `deviation`: s, .2 by default
 * @throws UnnormError `invalid-deviation`
 */
export function ring(options: { readonly radius?: number; readonly deviation?: number } = {}): SyntheticDensity {
  const radius = options.radius ?? 5
  const deviation = options.deviation ?? 0.2
  if (!(deviation > 0 && radius >= 8 * deviation)) {
    throw new UnnormError('invalid-deviation', `invalid deviation: ${deviation} (must be > 0 and at most an eighth of the radius, ${radius})`)
  }
  const variance = deviation * deviation
  const logNormalizer = Math.log(2 * Math.PI) + Math.log(deviation * Math.sqrt(2 * Math.PI))
  const unnormalizedLogDensity = (x: ArrayLike<number>): number => {
    const r = Math.hypot(x[0], x[1])
    return -((r - radius) * (r - radius)) / (2 * variance) - Math.log(r)
  }
  return {
    name: 'ring',
    dimension: 2,
    columns: ['x1', 'x2'],
    logNormalizer,
    unnormalizedLogDensity,
    logDensity: (x) => unnormalizedLogDensity(x) - logNormalizer,
    score(x) {
      const r = Math.hypot(x[0], x[1])
      const outwards = -(r - radius) / variance - 1 / r
      return Float64Array.of((outwards * x[0]) / r, (outwards * x[1]) / r)
    },
    sample(n, random) {
      const rows = new Float64Array(2 * n)
      for (let i = 0; i < rows.length; i += 2) {
        const r = radius + deviation * random.normal()
        const angle = 2 * Math.PI * random.uniform()
        rows[i] = r * Math.cos(angle)
        rows[i + 1] = r * Math.sin(angle)
      }
      return rows
    },
  }
}
