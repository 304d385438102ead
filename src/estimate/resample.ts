// Which rows a bootstrap replicate draws (Efron 1979): as many as there are, with replacement; whole clusters where rows have some.
import type { Random } from '../base/random.ts'
import type { Clusters } from './weighting.ts'

/**
 * How often a replicate draws each row.
 * @param random of this replicate alone: the same whatever else is computed, and on how many threads
 * @param counts where they are added, all zero before: that of row i at `start + i·step`
 */
export function resample(random: Random, rowCount: number, clusters: Clusters | undefined, counts: Float64Array, start = 0, step = 1): void {
  if (!clusters) {
    for (let draw = 0; draw < rowCount; draw++) counts[start + random.integer(rowCount) * step]++
    return
  }
  const drawn = new Float64Array(clusters.count)
  for (let draw = 0; draw < clusters.count; draw++) drawn[random.integer(clusters.count)]++
  for (let i = 0; i < rowCount; i++) counts[start + i * step] = drawn[clusters.of[i]]
}
