// The basins of an energy in any number of columns: points climb the score to their peaks, and peaks that some way without a valley joins are one mode.
//
// A way is proof that two peaks are one, so more ways can only join more. Tried are the straight ones between neighbouring peaks,
// and those that climbing points trace: two points near each other, at one time, on their ways to different peaks. Points are on
// the ridges long before they are at a peak, so that these ways follow ridges, however they are bent.
import { thinRows, unwhiten, whiten } from '../estimate/row-moments.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'
import { arrivals, climb, squaredDistance, whitenedEnergy } from './ascent.ts'
import type { WhitenedEnergy, Whitening } from './ascent.ts'
import { joinPeaks } from './join-peaks.ts'
import type { Pass } from './join-peaks.ts'

export interface Basins {
  /** Which mode each point belongs to [n]; modes are numbered from the lowest energy on. */
  readonly mode: Int32Array
  /** Where each mode is highest [modes × d], in the data's units. */
  readonly peaks: Float64Array
}

const NEIGHBOURS = 6
/** Points at which a straight way is looked at, its ends among them. */
const ALONG = 17
/** Points whose ways are compared, evenly spaced: time grows with the square. */
const TRACED = 1000

/**
 * @param points row-major [n × d], in the data's units
 * @param whitening of the rows
 * @param prominence nats that a peak must stand above the highest pass to a higher one to be a mode of its own
 */
export async function findBasins(energy: FittedEnergy, points: Float64Array, whitening: Whitening, prominence: number): Promise<Basins> {
  const { mean, factor } = whitening
  const d = mean.length
  const whitened = whitenedEnergy(energy, whitening)
  const ascent = await climb(whitened, whiten(points, mean, factor), d)
  const { representative, members } = arrivals(ascent, d)
  const peaks = Float64Array.from(representative.flatMap((row) => [...ascent.points.subarray(row * d, (row + 1) * d)]))
  const energies = Float64Array.from(representative, (row) => ascent.energy[row])

  const passes = await straightWays(whitened, peaks, d, neighbours(peaks, d, NEIGHBOURS))
  let mode = joinPeaks(energies, passes, prominence)
  const traced = thinRows(Float64Array.from(members.keys()), 1, TRACED)
  for (const stage of ascent.stages.toReversed()) {
    const positions = Float64Array.from([...traced].flatMap((row) => [...stage.subarray(row * d, (row + 1) * d)]))
    const peakOf = (k: number): number => members[traced[k]]
    const crossing = neighbours(positions, d, NEIGHBOURS).filter(([a, b]) => mode[peakOf(a)] !== mode[peakOf(b)])
    for (const { ends: [a, b], energy: highest } of await straightWays(whitened, positions, d, crossing)) passes.push({ ends: [peakOf(a), peakOf(b)], energy: highest })
    mode = joinPeaks(energies, passes, prominence)
  }

  const roots = [...new Set(mode)].sort((a, b) => energies[a] - energies[b])
  const number = new Map(roots.map((root, k) => [root, k]))
  return {
    mode: members.map((peak) => number.get(mode[peak])!),
    peaks: unwhiten(Float64Array.from(roots.flatMap((root) => [...peaks.subarray(root * d, (root + 1) * d)])), mean, factor),
  }
}

/** Each of the points [n × d] with its nearest `most` others, every pair once. */
function neighbours(points: Float64Array, d: number, most: number): [number, number][] {
  const count = points.length / d
  const pairs: [number, number][] = []
  const known = new Set<number>()
  for (let a = 0; a < count; a++) {
    // The nearest so far, in rising order of distance.
    const near: { b: number; squared: number }[] = []
    for (let b = 0; b < count; b++) {
      if (b === a) continue
      const squared = squaredDistance(points, a, b, d)
      if (near.length === most && squared >= near[most - 1].squared) continue
      near.splice(near.findLastIndex((other) => other.squared <= squared) + 1, 0, { b, squared })
      if (near.length > most) near.pop()
    }
    for (const { b } of near) {
      const key = Math.min(a, b) * count + Math.max(a, b)
      if (!known.has(key)) pairs.push([a, b])
      known.add(key)
    }
  }
  return pairs
}

/** The highest energy on the straight way between the points of every pair. */
async function straightWays(evaluate: WhitenedEnergy, points: Float64Array, d: number, pairs: readonly [number, number][]): Promise<Pass[]> {
  const along = new Float64Array(pairs.length * ALONG * d)
  pairs.forEach(([a, b], pair) => {
    for (let k = 0; k < ALONG; k++) {
      const share = k / (ALONG - 1)
      for (let j = 0; j < d; j++) along[(pair * ALONG + k) * d + j] = (1 - share) * points[a * d + j] + share * points[b * d + j]
    }
  })
  const { energy } = await evaluate(along)
  return pairs.map((ends, pair) => ({ ends, energy: Math.max(...energy.subarray(pair * ALONG, (pair + 1) * ALONG)) }))
}
