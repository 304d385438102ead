// Tables of binary columns repeat their rows: what a search asks of them costs no more than the rows that differ.
import { someRows } from '../data/spread-rows.ts'
import type { Engine } from '../engine/engine.ts'
import type { TracedModel } from '../model/model.ts'
import { openFullBatch } from './full-batch.ts'
import type { FullBatch } from './full-batch.ts'
import type { IntegratedObjective } from './integrate-noise.ts'
import type { Weighting } from './weighting.ts'

/** Rows that differ, row-major, and for each the sum of the weights of those like it and of their squares, both as weights with the mean of all rows. */
interface DistinctRows {
  readonly rows: Float64Array
  readonly weights: Float64Array
  readonly squares: Float64Array
}

/** Of a row of −1 and +1: its bits, as a number where they fit into one. */
function keyOf(row: Float64Array): number | string {
  const words: number[] = []
  row.forEach((value, j) => {
    if (j % 48 === 0) words.push(0)
    words[words.length - 1] = 2 * words[words.length - 1] + (value > 0 ? 1 : 0)
  })
  return words.length === 1 ? words[0] : words.join()
}

/** @param rows of points, row-major [n × d], of −1 and +1 */
export function distinctRows(rows: Float64Array, dimension: number, weights: Float64Array | undefined): DistinctRows {
  const count = rows.length / dimension
  const numbers = new Map<number | string, number>()
  const [first, sums, squares]: number[][] = [[], [], []]
  for (let row = 0; row < count; row++) {
    const key = keyOf(rows.subarray(row * dimension, (row + 1) * dimension))
    const weight = weights ? weights[row] : 1
    const known = numbers.get(key)
    const number = known ?? numbers.size
    if (known === undefined) {
      numbers.set(key, number)
      first.push(row)
      sums.push(0)
      squares.push(0)
    }
    sums[number] += weight
    squares[number] += weight * weight
  }
  const share = numbers.size / count
  return { rows: someRows(rows, dimension, { count: first.length, row: (k) => first[k] }), weights: Float64Array.from(sums, (sum) => sum * share), squares: Float64Array.from(squares, (sum) => sum * share) }
}

/**
 * The same objective with all that a search asks for computed over the rows that differ.
 * @param all over all rows
 * @param rows row-major [n × d]
 */
export function overDistinctRows(all: FullBatch, traced: TracedModel, objective: IntegratedObjective, rows: Float64Array, engine: Engine, signal: AbortSignal | undefined, { weights }: Weighting): FullBatch {
  const distinct = distinctRows(rows, traced.dimension, weights)
  if (2 * distinct.weights.length > all.rowCount) return all
  const few = openFullBatch(traced, objective, distinct.rows, engine, signal, { weights: distinct.weights })
  // Weights enter the square of a gradient squared.
  const rooted = openFullBatch(traced, objective, distinct.rows, engine, signal, { weights: distinct.squares.map(Math.sqrt) })
  return {
    ...all, evaluate: few.evaluate, hessian: few.hessian, gradientSquares: rooted.gradientSquares,
    release: async () => { for (const batch of [few, rooted, all]) await batch.release() },
  }
}
