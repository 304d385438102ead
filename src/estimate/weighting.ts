// Rows that count for more or less than one, and rows that belong together: the objective becomes Σ wᵢ lᵢ / Σ wᵢ, and what
// varies independently are the sums over clusters (Liang & Zeger 1986), not the rows.
import { mul } from '../graph/ops/arithmetic.ts'
import { input } from '../graph/ops/leaf.ts'
import type { Graph } from '../graph/node.ts'
import type { IntegratedObjective } from './integrate-noise.ts'

/** Which rows belong together. */
export interface Clusters {
  /** The cluster of each row, from 0, [n]. */
  readonly of: Int32Array
  readonly count: number
}

/** How rows of a table count. */
export interface Weighting {
  /** Weights with mean one, [n]: then means over rows are weighted means. */
  readonly weights?: Float64Array
  readonly clusters?: Clusters
}

/** How a row of a table is given its weight and cluster. */
export interface CountedRows {
  readonly weights?: { readonly values: Float64Array }
  readonly clusters?: { readonly of: Int32Array }
}

/**
 * How some rows of a table count, in their order: weights scaled to mean one, clusters numbered anew.
 * @param row the place in the table of each of them
 */
export function weightingOf({ weights, clusters }: CountedRows, count: number, row: (k: number) => number): Weighting {
  const own = weights && Float64Array.from({ length: count }, (_, k) => weights.values[row(k)])
  const mean = own ? own.reduce((total, weight) => total + weight, 0) / count : 1
  const numbers = new Map<number, number>()
  const of = clusters && Int32Array.from({ length: count }, (_, k) => {
    const cluster = clusters.of[row(k)]
    const known = numbers.get(cluster) ?? numbers.size
    numbers.set(cluster, known)
    return known
  })
  return { ...(own ? { weights: own.map((weight) => weight / mean) } : {}), ...(of ? { clusters: { of, count: numbers.size } } : {}) }
}

/**
 * How some of these rows count: weights scaled to mean one; clusters keep their numbers, though some may be left without rows.
 * @param row the place of each of them
 */
export function weightingOfSome({ weights, clusters }: Weighting, count: number, row: (k: number) => number): Weighting {
  return {
    ...(weights ? weightingOf({ weights: { values: weights } }, count, row) : {}),
    ...(clusters ? { clusters: { of: Int32Array.from({ length: count }, (_, k) => clusters.of[row(k)]), count: clusters.count } } : {}),
  }
}

/** The objective of a row times its weight; then gradients and Hessians of rows are weighted too. Weights are read anew in every pass. */
export function weigh(graph: Graph, objective: IntegratedObjective, weights: Float64Array): IntegratedObjective {
  const weight = input(graph, 'weight', [])
  return {
    ...objective,
    value: mul(objective.value, weight),
    draws: [...objective.draws, weight],
    feeds: (first, count) => ({ ...objective.feeds(first, count), weights: { shape: [count], data: weights.subarray(first, first + count) } }),
  }
}

/**
 * The standard deviation of a mean over rows: √(Σ_c (Σ_{i∈c} wᵢ(vᵢ − v̄))²) / n, no small-sample factor; every row a cluster of
 * its own unless there are clusters. NaN and ∞ pass through.
 * @param values one a row, times the weight of the row
 */
export function errorOfMean(values: ArrayLike<number>, { weights, clusters }: Weighting): number {
  const count = values.length
  let mean = 0
  for (let i = 0; i < count; i++) mean += values[i]
  mean /= count
  const sums = new Float64Array(clusters?.count ?? count)
  for (let i = 0; i < count; i++) sums[clusters ? clusters.of[i] : i] += values[i] - (weights ? weights[i] : 1) * mean
  let squares = 0
  for (let i = 0; i < sums.length; i++) squares += sums[i] * sums[i]
  return Math.sqrt(squares) / count
}
