// The banana of Haario, Saksman & Tamminen (Adaptive proposal distribution, 1999): N(0, diag(100, 1, …, 1)) with its second column bent.
import { UnnormError } from '../../base/errors.ts'
import type { SyntheticDensity } from './density.ts'

/** Deviation of the first column. */
const LONG = 10

/**
 * x₁ ~ N(0, 100), x₂ = n₂ − b(x₁² − 100), the others ~ N(0, 1). Bending keeps volumes, so log Z = log 10 + (d/2) log 2π.
 * @param options `dimension`: 2 by default; `bend`: b, .03 by default (their moderate banana; .1 is the strong one)
 * @throws UnnormError `invalid-deviation`
 */
export function banana(options: { readonly dimension?: number; readonly bend?: number } = {}): SyntheticDensity {
  const { dimension = 2, bend = 0.03 } = options
  if (!(Number.isFinite(bend) && dimension >= 2)) throw new UnnormError('invalid-deviation', `invalid banana: bend ${bend}, dimension ${dimension} (must be a number and at least 2)`)
  const logNormalizer = Math.log(LONG) + (dimension / 2) * Math.log(2 * Math.PI)
  const straightened = (x: ArrayLike<number>): number => x[1] + bend * (x[0] * x[0] - LONG * LONG)
  const unnormalizedLogDensity = (x: ArrayLike<number>): number => {
    let sum = (x[0] / LONG) ** 2 + straightened(x) ** 2
    for (let j = 2; j < dimension; j++) sum += x[j] * x[j]
    return -sum / 2
  }
  return {
    name: 'banana',
    dimension,
    columns: Array.from({ length: dimension }, (_, j) => `x${j + 1}`),
    logNormalizer,
    unnormalizedLogDensity,
    logDensity: (x) => unnormalizedLogDensity(x) - logNormalizer,
    score(x) {
      const across = straightened(x)
      const score = Float64Array.from({ length: dimension }, (_, j) => -x[j])
      score[0] = -x[0] / (LONG * LONG) - 2 * bend * x[0] * across
      score[1] = -across
      return score
    },
    sample(n, random) {
      const rows = new Float64Array(n * dimension)
      random.fillNormal(rows)
      for (let i = 0; i < rows.length; i += dimension) {
        rows[i] *= LONG
        rows[i + 1] -= bend * (rows[i] * rows[i] - LONG * LONG)
      }
      return rows
    },
  }
}
