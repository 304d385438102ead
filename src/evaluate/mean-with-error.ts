// A mean over rows with its standard error: the form in which every number about rows is reported.

export interface MeanWithError {
  readonly value: number
  /** Standard deviation of the mean: √(Σ (vᵢ − v̄)²) / n, divisor n like every covariance; NaN for a single row, which has no spread. */
  readonly standardError: number
}

/** The mean of one value per row. */
export function meanWithError(values: ArrayLike<number>): MeanWithError {
  const count = values.length
  let mean = 0
  for (let i = 0; i < count; i++) mean += values[i]
  mean /= count
  let squares = 0
  for (let i = 0; i < count; i++) squares += (values[i] - mean) ** 2
  return { value: mean, standardError: count > 1 ? Math.sqrt(squares) / count : NaN }
}

/** The mean of first − second over the same rows: far better known than either mean where both rise and fall together. */
export function pairedDifference(first: ArrayLike<number>, second: ArrayLike<number>): MeanWithError {
  if (first.length !== second.length) throw new RangeError(`values of ${first.length} and of ${second.length} rows cannot be paired`)
  return meanWithError(Float64Array.from({ length: first.length }, (_, i) => first[i] - second[i]))
}
