// Weighted particles in groups that never meet, so that the spread over groups is an honest error.
import type { Random } from '../../base/random.ts'
import type { Points } from './path.ts'

/** Independent groups: enough that their spread is known to an eighth. */
export const GROUPS = 32

/** log of the weight of each row by which draws of one density become draws of another; rows without density have none. */
export function logWeightsBetween(from: Points, to: Points): Float64Array {
  return to.energy.map((value, k) => (value < Infinity && from.energy[k] < Infinity ? from.energy[k] - value : -Infinity))
}

/** Systematic resampling (Kitagawa 1996) within every group of the given size, where `wanted(group)`; equal weights afterwards. */
export function resample(points: Points, logWeights: Float64Array, size: number, random: Random, wanted: (group: number) => boolean = () => true): Points {
  const d = points.rows.length / points.energy.length
  const result = { rows: points.rows.slice(), energy: points.energy.slice(), score: points.score.slice() }
  for (let first = 0; first < logWeights.length; first += size) {
    const offset = random.uniform()
    if (!wanted(first / size)) continue
    const group = logWeights.subarray(first, first + size)
    const largest = group.reduce((a, b) => Math.max(a, b), -Infinity)
    // A group that has died out stays dead: its weights are 0 already.
    if (largest === -Infinity) continue
    const weights = group.map((value) => Math.exp(value - largest))
    const total = weights.reduce((a, b) => a + b, 0)
    let [parent, reached] = [0, weights[0]]
    for (let k = 0; k < size; k++) {
      const mark = ((k + offset) / size) * total
      while (reached < mark && parent < size - 1) reached += weights[++parent]
      const [from, to] = [first + parent, first + k]
      result.energy[to] = points.energy[from]
      result.rows.set(points.rows.subarray(from * d, (from + 1) * d), to * d)
      result.score.set(points.score.subarray(from * d, (from + 1) * d), to * d)
    }
  }
  return result
}
