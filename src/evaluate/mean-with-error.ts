// A mean over rows with its standard error: the form in which every number about rows is reported.
import { errorOfMean } from '../estimate/weighting.ts'
import type { Weighting } from '../estimate/weighting.ts'

export interface MeanWithError {
  readonly value: number
  /** Standard deviation of the mean: √(Σ (vᵢ − v̄)²) / n, divisor n like every covariance; NaN for a single row, which has no spread. */
  readonly standardError: number
}

/**
 * The mean of one value per row.
 * @param weighting how the rows count
 */
export function meanWithError(values: ArrayLike<number>, weighting: Weighting = {}): MeanWithError {
  const { weights } = weighting
  const weighted = new Float64Array(values.length)
  let total = 0
  for (let i = 0; i < weighted.length; i++) total += weighted[i] = weights ? weights[i] * values[i] : values[i]
  return { value: total / values.length, standardError: values.length > 1 ? errorOfMean(weighted, weighting) : NaN }
}

/** The mean of first − second over the same rows: far better known than either mean where both rise and fall together. */
export function pairedDifference(first: ArrayLike<number>, second: ArrayLike<number>, weighting: Weighting = {}): MeanWithError {
  if (first.length !== second.length) throw new RangeError(`values of ${first.length} and of ${second.length} rows cannot be paired`)
  const differences = new Float64Array(first.length)
  for (let i = 0; i < differences.length; i++) differences[i] = first[i] - second[i]
  return meanWithError(differences, weighting)
}
