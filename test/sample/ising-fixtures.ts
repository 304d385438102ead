// Binary columns with a known distribution, by sums over all rows written out here.
import { createRandom } from '../../src/base/random.ts'
import { drawRows } from '../../src/engine/enumeration.ts'

/** All rows of d columns of −1 and +1. */
export const allRows = (d: number): number[][] => Array.from({ length: 2 ** d }, (_, k) => Array.from({ length: d }, (__, j) => ((k >> j) & 1 ? 1 : -1)))

/** Pairs i < j in the order of J. */
export const pairsOf = (d: number): [number, number][] => Array.from({ length: d }, (_, i) => i).flatMap((i) => Array.from({ length: d - i - 1 }, (_, k): [number, number] => [i, i + 1 + k]))

/** h, then J: what their factors are in a row. */
export const statistics = (s: readonly number[]): number[] => [...s, ...pairsOf(s.length).map(([i, j]) => s[i] * s[j])]
export const dotOf = (a: ArrayLike<number>, b: ArrayLike<number>): number => Array.from(a).reduce((sum, value, k) => sum + value * b[k], 0)

/** Parameters of an Ising model of moderate couplings. */
export function isingTruth(d: number, seed: number): Float64Array {
  const random = createRandom(seed).split('truth')
  return Float64Array.from([...Array.from({ length: d }, () => 0.4 * random.normal()), ...pairsOf(d).map(() => 0.25 * random.normal())])
}

export function isingRows(truth: ArrayLike<number>, d: number, count: number, seed: number): Float64Array {
  const weights = allRows(d).map((row) => Math.exp(dotOf(truth, statistics(row))))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const columns = Array.from({ length: d }, (_, j) => `s${j + 1}`)
  return drawRows({ columns, logNormalizer: Math.log(total), probabilities: Float64Array.from(weights, (weight) => weight / total) }, count, createRandom(seed).split('rows'))
}
