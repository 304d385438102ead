// Which rows a bootstrap replicate draws (Efron 1979): as many as there are, with replacement; whole clusters where rows have some.
import type { Random } from '../base/random.ts'
import type { Weighting } from './weighting.ts'

/**
 * How much each row counts in a replicate, [n]: how often it was drawn, times its weight.
 * @param random of this replicate alone: the same whatever else is computed, and on how many threads
 * @param counts where the answer is written
 */
export function resample(random: Random, { weights, clusters }: Weighting, counts: Float64Array): void {
  counts.fill(0)
  const rowCount = counts.length
  if (!clusters) {
    for (let draw = 0; draw < rowCount; draw++) counts[random.integer(rowCount)]++
  } else {
    const drawn = new Float64Array(clusters.count)
    for (let draw = 0; draw < clusters.count; draw++) drawn[random.integer(clusters.count)]++
    for (let i = 0; i < rowCount; i++) counts[i] = drawn[clusters.of[i]]
  }
  if (weights) for (let i = 0; i < rowCount; i++) counts[i] *= weights[i]
}

/** Replicates that are written side by side: a cache line of numbers. */
const TOGETHER = 8

/**
 * The counts of `count` replicates from `first` on, row-major [n × width]; what is beyond them stays zero.
 * @param random replicate r draws from its split r
 */
export function resampleMany(random: Random, weighting: Weighting, rowCount: number, { first, count, width }: { readonly first: number; readonly count: number; readonly width: number }): Float64Array {
  const all = new Float64Array(rowCount * width)
  const some = Array.from({ length: TOGETHER }, () => new Float64Array(rowCount))
  for (let r = 0; r < count; r += TOGETHER) {
    const own = Math.min(TOGETHER, count - r)
    for (let k = 0; k < own; k++) resample(random.split(first + r + k), weighting, some[k])
    for (let i = 0; i < rowCount; i++) for (let k = 0; k < own; k++) all[i * width + r + k] = some[k][i]
  }
  return all
}
