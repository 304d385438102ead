// The log of a mean of weights that are known on a log scale, with its error.
import type { Random } from '../../base/random.ts'

export interface LogMean {
  readonly value: number
  /** Standard error of the value. */
  readonly standardError: number
  /** (Σw)²/Σw² as a share of the weights (Kong 1992): near 1 all count alike, near 0 a few carry everything. */
  readonly effectiveShare: number
}

/** Below this the delta method's linearization of the log is checked by the bootstrap. */
const SKEWED = 0.8
const RESAMPLES = 200

/** What makes ±1.96 standard errors from few values as wide as Student's interval: t₀.₉₇₅ ≈ 1.96 (1 + 1.26/ν). */
export const studentFactor = (count: number): number => 1 + 1.26 / Math.max(1, count - 1)

/**
 * log of the mean of exp(values) of independent values. The error is that of the delta method, sd(w)/(√n mean w); where weights are
 * skewed the bootstrap's (Efron 1979) if it is larger.
 */
export function logMeanExp(values: Float64Array, random: Random): LogMean {
  const count = values.length
  const largest = values.reduce((a, b) => Math.max(a, b), -Infinity)
  if (!Number.isFinite(largest)) return { value: largest, standardError: Infinity, effectiveShare: 0 }
  const weights = values.map((value) => Math.exp(value - largest))
  let [sum, squares] = [0, 0]
  for (const weight of weights) {
    sum += weight
    squares += weight * weight
  }
  const mean = sum / count
  const effectiveShare = (sum * sum) / squares / count
  const byDelta = Math.sqrt(Math.max(0, squares / count - mean * mean) / Math.max(1, count - 1)) / mean
  const standardError = effectiveShare < SKEWED ? Math.max(byDelta, bootstrapError(weights, random)) : byDelta
  return { value: largest + Math.log(mean), standardError: studentFactor(count) * standardError, effectiveShare }
}

function bootstrapError(weights: Float64Array, random: Random): number {
  const count = weights.length
  const logs = Float64Array.from({ length: RESAMPLES }, () => {
    let sum = 0
    for (let k = 0; k < count; k++) sum += weights[Math.floor(random.uniform() * count)]
    return Math.log(sum)
  })
  const mean = logs.reduce((a, b) => a + b, 0) / RESAMPLES
  return Math.sqrt(logs.reduce((total, value) => total + (value - mean) ** 2, 0) / (RESAMPLES - 1))
}
