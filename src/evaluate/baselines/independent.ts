// The baseline of binary columns: each column by itself, with the share of ones that the training rows have.
import type { Baseline } from './baseline.ts'

/**
 * @param training row-major [n × d] of two values a column, the larger of them 1
 * @param weights of the rows, with mean one; all alike if left out
 */
export function independentBaseline(training: Float64Array, dimension: number, weights?: Float64Array): Baseline {
  const count = training.length / dimension
  const share = new Float64Array(dimension)
  training.forEach((value, e) => { if (value === 1) share[e % dimension] += (weights ? weights[Math.floor(e / dimension)] : 1) / count })
  const logs = { ones: share.map(Math.log), others: share.map((value) => Math.log1p(-value)) }
  return {
    name: 'independent',
    logDensity: (rows) => Float64Array.from({ length: rows.length / dimension }, (_, row) => {
      let total = 0
      for (let j = 0; j < dimension; j++) total += (rows[row * dimension + j] === 1 ? logs.ones : logs.others)[j]
      return total
    }),
  }
}
