// How deep the density falls between two groups of rows: the valley on a line, relative to the lower of the two peaks beside it.
import { choleskyDecompose, solveCholesky } from '../base/linear-algebra.ts'
import { rowMoments } from '../estimate/row-moments.ts'

/** Two groups of rows, row-major [n × d] each. */
export interface TwoGroups {
  readonly dimension: number
  readonly first: Float64Array
  readonly second: Float64Array
}

/**
 * The valley of the rows projected on the direction that parts the groups best (Fisher 1936): W⁻¹(m₂ − m₁), W the pooled
 * covariance, shrunk towards its mean diagonal by 2d/n since few rows in many columns can be parted along some direction always.
 *
 * Every path between the groups crosses the plane at the valley, so a low value is evidence however many columns there are.
 */
export function projectedValley({ dimension, first, second }: TwoGroups): number {
  const groups = [first, second]
  const moments = groups.map((group) => rowMoments(group, dimension))
  const count = (first.length + second.length) / dimension
  const pooled = moments[0].covariance.map((value, k) => (value * first.length + moments[1].covariance[k] * second.length) / (count * dimension))
  let trace = 0
  for (let j = 0; j < dimension; j++) trace += pooled[j * (dimension + 1)]
  // Groups of one repeated row each have no covariance at all.
  if (trace === 0) return 0
  const shrinkage = Math.min(1, (2 * dimension) / count)
  for (let k = 0; k < pooled.length; k++) pooled[k] *= 1 - shrinkage
  for (let j = 0; j < dimension; j++) pooled[j * (dimension + 1)] += (shrinkage * trace) / dimension
  const lower = choleskyDecompose(pooled, dimension)
  const difference = moments[1].mean.map((value, j) => value - moments[0].mean[j])
  const direction = lower === undefined ? difference : solveCholesky(lower, dimension, difference)
  const [left, right] = groups.map((group) => {
    const projected = new Float64Array(group.length / dimension)
    for (let k = 0; k < group.length; k++) projected[Math.floor(k / dimension)] += direction[k % dimension] * group[k]
    return projected
  })
  return valleyOnLine(left, right)
}

/**
 * The valley along D₁(x) − D₂(x), Dᵢ the distance to the k-th nearest other row of group i: it follows groups of any shape
 * (crescents, a core in a ring). Crossing the gap changes both distances, so the gap counts twice, and in Gaussian valleys
 * the value is near the square of the projected one: the square root is returned.
 */
export function neighbourValley({ dimension, first, second }: TwoGroups, neighbours: number): number {
  const coordinate = (own: Float64Array, other: Float64Array) => {
    const [near, far] = [neighbourDistances(own, own, dimension, neighbours), neighbourDistances(own, other, dimension, neighbours)]
    return near.map((value, i) => value - far[i])
  }
  return Math.sqrt(valleyOnLine(coordinate(first, second), coordinate(second, first).map((value) => -value)))
}

/** Distance of each query to its k-th nearest row [queries]; a row is no neighbour of itself when both are the same array. */
export function neighbourDistances(queries: Float64Array, rows: Float64Array, dimension: number, neighbours: number): Float64Array {
  const count = rows.length / dimension
  const k = Math.max(1, Math.min(neighbours, queries === rows ? count - 1 : count))
  const smallest = new Float64Array(k)
  return Float64Array.from({ length: queries.length / dimension }, (_, q) => {
    // The k smallest so far, in rising order.
    smallest.fill(Infinity)
    for (let i = 0; i < count; i++) {
      if (queries === rows && i === q) continue
      let squared = 0
      for (let j = 0; j < dimension; j++) squared += (queries[q * dimension + j] - rows[i * dimension + j]) ** 2
      if (squared >= smallest[k - 1]) continue
      let place = k - 1
      for (; place > 0 && smallest[place - 1] > squared; place--) smallest[place] = smallest[place - 1]
      smallest[place] = squared
    }
    return Math.sqrt(smallest[k - 1])
  })
}

/**
 * A kernel density of both groups, each with its own bandwidth (Silverman 1986, eq. 3.31): the least, over places between
 * the medians, of density over the lower of the highest peaks to the left and to the right. 1 where there is no valley.
 */
export function valleyOnLine(left: Float64Array, right: Float64Array): number {
  const groups = [left, right].map((values) => values.slice().sort())
  const [low, high] = groups.map((sorted) => quantile(sorted, 0.5))
  if (!(high > low)) return 1
  const widths = groups.map((sorted) => Math.max(0.9 * spreadOf(sorted) * sorted.length ** -0.2, 1e-4 * (high - low)))
  const density = (place: number) => {
    let sum = 0
    groups.forEach((sorted, g) => {
      const width = widths[g]
      for (const value of sorted) {
        const z = (place - value) / width
        if (z > -8.5 && z < 8.5) sum += Math.exp(-0.5 * z * z) / width
      }
    })
    return sum
  }
  const places = Array.from({ length: 201 }, (_, i) => low + ((high - low) * i) / 200)
  for (const sorted of groups) for (let i = 1; i < 20; i++) places.push(quantile(sorted, i / 20))
  places.sort((a, b) => a - b)
  const values = places.map(density)
  const peakLeft = runningMaximum(values)
  const peakRight = runningMaximum(values.toReversed()).reverse()
  return values.reduce((least, value, i) => {
    const between = places[i] >= low && places[i] <= high
    return between ? Math.min(least, value / Math.min(peakLeft[i], peakRight[i])) : least
  }, 1)
}

function runningMaximum(values: readonly number[]): number[] {
  let most = -Infinity
  return values.map((value) => (most = Math.max(most, value)))
}

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.round(share * (sorted.length - 1))]
}

// The lesser of the standard deviation and of the quartile range in standard deviations of a Gaussian, if that is not 0.
function spreadOf(sorted: Float64Array): number {
  const mean = sorted.reduce((sum, value) => sum + value / sorted.length, 0)
  const deviation = Math.sqrt(sorted.reduce((sum, value) => sum + (value - mean) ** 2 / sorted.length, 0))
  const quartiles = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 1.349
  return quartiles > 0 ? Math.min(deviation, quartiles) : deviation
}
