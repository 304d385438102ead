// Steepest ascent to the peaks of a density, of many points at once, each with a step size of its own.
import type { CholeskyFactor } from '../estimate/row-moments.ts'
import { unwhiten, whitenScores } from '../estimate/row-moments.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'

/** Coordinates y = L⁻¹(x − mean), in which rows have unit covariance, so that all directions are alike. */
export interface Whitening {
  readonly mean: Float64Array
  readonly factor: CholeskyFactor
}

/** Energies and scores of points [n × d] in whitened coordinates. */
export type WhitenedEnergy = (points: Float64Array) => Promise<{ energy: Float64Array; score: Float64Array }>

/** An energy in whitened coordinates; Infinity where it is not a number: no way leads there. */
export function whitenedEnergy(energy: FittedEnergy, { mean, factor }: Whitening): WhitenedEnergy {
  return async (points) => {
    const { energy: values, score } = await energy.evaluate(unwhiten(points, mean, factor))
    return { energy: values.map((value) => (Number.isNaN(value) ? Infinity : value)), score: whitenScores(score, factor) }
  }
}

/** Where points arrived, and on the way. */
export interface Ascent {
  /** Row-major [n × d]. */
  readonly points: Float64Array
  readonly energy: Float64Array
  /** Where the points were after 12, 24, 48 … steps: first they gather on the ridges, along which they then creep to a peak. */
  readonly stages: readonly Float64Array[]
}

/** Steps are at most this, times √d: far less than the distance of separate modes. */
const LONGEST_STEP = 0.05
const FIRST_STEP = 0.01
const MOST_STEPS = 300
const FIRST_STAGE = 12
/** A point has arrived when its score is below this, or its step: what it could still gain is below 1e-4 nats. */
const ARRIVED = 0.01
const LEAST_STEP = 1e-4

/**
 * The step size of a point grows while its energy falls, and shrinks where it does not.
 * @param start row-major [n × d], in whitened coordinates
 */
export async function climb(evaluate: WhitenedEnergy, start: Float64Array, d: number): Promise<Ascent> {
  const points = start.slice()
  const { energy, score } = await evaluate(points)
  const longest = LONGEST_STEP * Math.sqrt(d)
  const size = new Float64Array(energy.length).fill(FIRST_STEP)
  const slope = (row: number): number => Math.hypot(...score.subarray(row * d, (row + 1) * d))
  const stages: Float64Array[] = []
  let active = Array.from(energy.keys()).filter((row) => Number.isFinite(energy[row]) && slope(row) > ARRIVED)
  for (let step = 1; step <= MOST_STEPS && active.length > 0; step++) {
    const trial = new Float64Array(active.length * d)
    const lengths = active.map((row, k) => {
      const steepness = slope(row)
      size[row] = Math.min(size[row], longest / steepness)
      for (let j = 0; j < d; j++) trial[k * d + j] = points[row * d + j] + size[row] * score[row * d + j]
      return size[row] * steepness
    })
    const after = await evaluate(trial)
    active = active.filter((row, k) => {
      if (after.energy[k] < energy[row]) {
        points.set(trial.subarray(k * d, (k + 1) * d), row * d)
        score.set(after.score.subarray(k * d, (k + 1) * d), row * d)
        energy[row] = after.energy[k]
        size[row] *= 1.5
        return slope(row) > ARRIVED
      }
      size[row] *= 0.3
      return lengths[k] > LEAST_STEP
    })
    if (step === FIRST_STAGE * 2 ** stages.length) stages.push(points.slice())
  }
  return { points, energy, stages }
}

/** Points that arrived at the same place, as one: the lowest in energy of each, and which of them every point belongs to. */
export function arrivals({ points, energy }: Ascent, d: number): { readonly representative: readonly number[]; readonly members: Int32Array } {
  const closest = (LONGEST_STEP * Math.sqrt(d)) ** 2
  const representative: number[] = []
  const members = new Int32Array(energy.length)
  for (const row of Array.from(energy.keys()).sort((a, b) => energy[a] - energy[b])) {
    let found = representative.findIndex((other) => squaredDistance(points, row, other, d) < closest)
    if (found < 0) found = representative.push(row) - 1
    members[row] = found
  }
  return { representative, members }
}

/** Of rows a and b of points [n × d]. */
export function squaredDistance(points: Float64Array, a: number, b: number, d: number): number {
  let sum = 0
  for (let j = 0; j < d; j++) sum += (points[a * d + j] - points[b * d + j]) ** 2
  return sum
}
