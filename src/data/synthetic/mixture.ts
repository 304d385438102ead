// A mixture of densities of any kind, log p(x) = log Σₖ wₖ pₖ(x), with score Σₖ rₖ φₖ(x), rₖ = wₖ pₖ(x) / p(x).
import { UnnormError } from '../../base/errors.ts'
import type { SyntheticDensity } from './density.ts'

/** One part of a mixture: a weight > 0 (weights are divided by their sum) and a density. */
export interface MixturePart {
  readonly weight: number
  readonly density: SyntheticDensity
}

/**
 * The parts are normalized, so the mixture is too: log Z = 0.
 * @throws UnnormError `invalid-mixture`
 */
export function mixture(name: string, parts: readonly MixturePart[]): SyntheticDensity {
  if (parts.length === 0) throw new UnnormError('invalid-mixture', 'invalid mixture: no component (must have at least one, of dimension at least 1)')
  const { dimension, columns } = parts[0].density
  parts.forEach(({ weight, density }, k) => {
    const where = `component ${k + 1} of the mixture`
    if (!(weight > 0)) throw new UnnormError('invalid-mixture', `invalid weight of ${where}: ${weight} (must be > 0)`)
    if (density.dimension !== dimension) throw new UnnormError('invalid-mixture', `invalid dimension of ${where}: ${density.dimension} (must be that of the first, ${dimension})`)
  })
  const total = parts.reduce((sum, { weight }) => sum + weight, 0)
  const logWeights = parts.map(({ weight }) => Math.log(weight / total))
  const terms = (x: ArrayLike<number>): number[] => parts.map(({ density }, k) => logWeights[k] + density.logDensity(x))
  const logSum = (values: readonly number[]): number => {
    const most = Math.max(...values)
    return Number.isFinite(most) ? most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0)) : most
  }
  const logDensity = (x: ArrayLike<number>): number => logSum(terms(x))
  return {
    name, dimension, columns, logDensity,
    logNormalizer: 0,
    unnormalizedLogDensity: logDensity,
    score(x) {
      const logs = terms(x)
      const sum = logSum(logs)
      const score = new Float64Array(dimension)
      parts.forEach(({ density }, k) => density.score(x).forEach((value, j) => { score[j] += Math.exp(logs[k] - sum) * value }))
      return score
    },
    sample(n, random) {
      // Which part each row comes from first; then each part draws all of its rows at once.
      const part = Int32Array.from({ length: n }, () => {
        let rest = random.uniform()
        return Math.max(0, parts.findIndex(({ weight }, k) => (rest -= weight / total) < 0 || k === parts.length - 1))
      })
      const rows = new Float64Array(n * dimension)
      parts.forEach(({ density }, k) => {
        const own = density.sample(part.reduce((count, which) => count + Number(which === k), 0), random)
        let next = 0
        part.forEach((which, row) => {
          if (which !== k) return
          rows.set(own.subarray(next, next + dimension), row * dimension)
          next += dimension
        })
      })
      return rows
    },
  }
}
