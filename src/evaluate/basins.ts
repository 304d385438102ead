// The basins of an energy: points climb the score to their peaks, and peaks without a valley between them are one mode.
//
// Which peaks are one is decided as in ToMATo (Chazal, Guibas, Oudot & Skraba 2013): passes between neighbouring peaks are taken
// from the lowest energy upwards, and the lower peak of two joins the other where it stands less than `prominence` above the pass.
import type { RowMoments } from '../estimate/row-moments.ts'
import { choleskyFactor, unwhiten, whiten, whitenScores } from '../estimate/row-moments.ts'
import type { CholeskyFactor } from '../estimate/row-moments.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'
import { UnnormError } from '../base/errors.ts'

export interface Basins {
  /** Which mode each point belongs to [n]; modes are numbered from the lowest energy on. */
  readonly mode: Int32Array
  /** Where each mode is highest [modes × d], in the data's units. */
  readonly peaks: Float64Array
  /** The energy there [modes]. */
  readonly energy: Float64Array
}

/** Steps of the ascent are at most this, times √d, in whitened coordinates: far less than the distance of separate modes. */
const LONGEST_STEP = 0.05
const FIRST_STEP = 0.01
const MOST_STEPS = 300
/** A point has arrived when its whitened score is below this, or its step: what it could still gain is below 1e-4 nats. */
const ARRIVED = 0.01
const LEAST_STEP = 1e-4
const NEIGHBOURS = 6
/** Points on the way between two peaks, ends left out. */
const BETWEEN = 15
/** Points looked at between two successive ones of a bent way. */
const WITHIN = 7
const RELAXATIONS = 0

/**
 * @param points row-major [n × d], in the data's units
 * @param moments of the data: whitened by them, all directions are alike
 * @param prominence nats that a peak must stand above the highest pass to a higher one to be a mode of its own
 * @throws UnnormError `singular-covariance`
 */
export async function findBasins(energy: FittedEnergy, points: Float64Array, { mean, covariance }: RowMoments, prominence: number): Promise<Basins> {
  const d = mean.length
  const factor = choleskyFactor(covariance, d)
  if (factor === null) throw new UnnormError('singular-covariance', 'no modes: the covariance of the rows is singular; drop columns that are combinations of others')
  const whitened = whitenedEnergy(energy, mean, factor)
  const top = await climb(whitened, whiten(points, mean, factor), d)
  const { representative, members } = gather(top.points, top.energy, d)
  const at = (k: number): Float64Array => top.points.subarray(representative[k] * d, (representative[k] + 1) * d)
  const peaks = { count: representative.length, at, energy: Float64Array.from(representative, (row) => top.energy[row]) }

  // Straight passes first: they join the many peaks along a ridge. What is left is few, and is worth bending the way for.
  const straight = await passes(whitened, peaks, neighbours(peaks, d, Array.from(representative.keys())), d, 0)
  const coarse = join(peaks, straight, prominence)
  const bent = await passes(whitened, peaks, neighbours(peaks, d, [...new Set(coarse)]), d, RELAXATIONS)
  const mode = join(peaks, [...straight, ...bent], prominence)

  const roots = [...new Set(mode)].sort((a, b) => peaks.energy[a] - peaks.energy[b])
  const number = new Map(roots.map((root, k) => [root, k]))
  return {
    mode: Int32Array.from(members, (k) => number.get(mode[k])!),
    peaks: unwhiten(Float64Array.from(roots.flatMap((root) => [...at(root)])), mean, factor),
    energy: Float64Array.from(roots, (root) => peaks.energy[root]),
  }
}

type Evaluate = (points: Float64Array) => Promise<{ energy: Float64Array; score: Float64Array }>

interface Peaks {
  readonly count: number
  at(k: number): Float64Array
  readonly energy: Float64Array
}

/** The way between two peaks and the energy at its highest point. */
interface Pass {
  readonly ends: readonly [number, number]
  readonly energy: number
}

function whitenedEnergy(energy: FittedEnergy, mean: Float64Array, factor: CholeskyFactor): Evaluate {
  return async (points) => {
    const { energy: values, score } = await energy.evaluate(unwhiten(points, mean, factor))
    // Where an energy is not a number no way leads.
    return { energy: values.map((value) => (Number.isNaN(value) ? Infinity : value)), score: whitenScores(score, factor) }
  }
}

/** Every point climbs with a step size of its own, which grows while the energy falls and shrinks where it does not. */
async function climb(evaluate: Evaluate, start: Float64Array, d: number): Promise<{ points: Float64Array; energy: Float64Array }> {
  const points = start.slice()
  const { energy, score } = await evaluate(points)
  const longest = LONGEST_STEP * Math.sqrt(d)
  const size = new Float64Array(energy.length).fill(FIRST_STEP)
  const norm = (row: number): number => Math.hypot(...score.subarray(row * d, (row + 1) * d))
  let active = Array.from(energy.keys()).filter((row) => Number.isFinite(energy[row]))
  for (let step = 0; step < MOST_STEPS && active.length > 0; step++) {
    const trial = new Float64Array(active.length * d)
    const lengths = active.map((row, k) => {
      const slope = norm(row)
      const factor = Math.min(size[row], longest / slope)
      for (let j = 0; j < d; j++) trial[k * d + j] = points[row * d + j] + factor * score[row * d + j]
      size[row] = factor
      return factor * slope
    })
    const after = await evaluate(trial)
    active = active.filter((row, k) => {
      if (after.energy[k] < energy[row]) {
        points.set(trial.subarray(k * d, (k + 1) * d), row * d)
        score.set(after.score.subarray(k * d, (k + 1) * d), row * d)
        energy[row] = after.energy[k]
        size[row] *= 1.5
        return norm(row) > ARRIVED
      }
      size[row] *= 0.3
      return lengths[k] > LEAST_STEP
    })
  }
  return { points, energy }
}

/** Points that arrived at the same place, as one: the lowest in energy of each, and which of them every point belongs to. */
function gather(points: Float64Array, energy: Float64Array, d: number): { representative: number[]; members: Int32Array } {
  const closest = (LONGEST_STEP * Math.sqrt(d)) ** 2
  const order = Array.from(energy.keys()).sort((a, b) => energy[a] - energy[b])
  const representative: number[] = []
  const members = new Int32Array(energy.length)
  for (const row of order) {
    let found = representative.findIndex((other) => squaredDistance(points, row, points, other, d) < closest)
    if (found < 0) found = representative.push(row) - 1
    members[row] = found
  }
  return { representative, members }
}

function squaredDistance(a: Float64Array, i: number, b: Float64Array, k: number, d: number): number {
  let sum = 0
  for (let j = 0; j < d; j++) sum += (a[i * d + j] - b[k * d + j]) ** 2
  return sum
}

/** Each of the chosen peaks with the nearest others of them, every pair once. */
function neighbours(peaks: Peaks, d: number, chosen: readonly number[]): [number, number][] {
  const pairs = new Map<string, [number, number]>()
  for (const a of chosen) {
    const near = chosen.filter((b) => b !== a).map((b) => ({ b, squared: squaredDistance(peaks.at(a), 0, peaks.at(b), 0, d) }))
    near.sort((first, second) => first.squared - second.squared)
    for (const { b } of near.slice(0, NEIGHBOURS)) pairs.set(`${Math.min(a, b)} ${Math.max(a, b)}`, [Math.min(a, b), Math.max(a, b)])
  }
  return [...pairs.values()]
}

/**
 * The highest energy on the way between the peaks of every pair: the straight way, bent by letting each of its points climb in
 * the hyperplane across the way (so that none slides to an end).
 */
async function passes(evaluate: Evaluate, peaks: Peaks, pairs: readonly [number, number][], d: number, relaxations: number): Promise<Pass[]> {
  if (pairs.length === 0) return []
  const ways = new Float64Array(pairs.length * BETWEEN * d)
  const along = pairs.map(([a, b]) => {
    const difference = peaks.at(b).map((value, j) => value - peaks.at(a)[j])
    const length = Math.hypot(...difference)
    return difference.map((value) => value / length)
  })
  pairs.forEach(([a, b], pair) => {
    for (let k = 0; k < BETWEEN; k++) {
      const share = (k + 1) / (BETWEEN + 1)
      for (let j = 0; j < d; j++) ways[(pair * BETWEEN + k) * d + j] = (1 - share) * peaks.at(a)[j] + share * peaks.at(b)[j]
    }
  })
  const { energy, score } = await evaluate(ways)
  const longest = LONGEST_STEP * Math.sqrt(d)
  const size = new Float64Array(energy.length).fill(FIRST_STEP)
  for (let step = 0; step < relaxations; step++) {
    const trial = ways.slice()
    for (let row = 0; row < energy.length; row++) {
      const direction = along[Math.floor(row / BETWEEN)]
      let component = 0
      for (let j = 0; j < d; j++) component += score[row * d + j] * direction[j]
      let squared = 0
      for (let j = 0; j < d; j++) squared += (score[row * d + j] - component * direction[j]) ** 2
      size[row] = Math.min(size[row], longest / Math.max(Math.sqrt(squared), 1e-12))
      for (let j = 0; j < d; j++) trial[row * d + j] += size[row] * (score[row * d + j] - component * direction[j])
    }
    const after = await evaluate(trial)
    for (let row = 0; row < energy.length; row++) {
      if (after.energy[row] < energy[row]) {
        ways.set(trial.subarray(row * d, (row + 1) * d), row * d)
        score.set(after.score.subarray(row * d, (row + 1) * d), row * d)
        energy[row] = after.energy[row]
        size[row] *= 1.5
      } else {
        size[row] *= 0.3
      }
    }
  }
  // Bending may have torn a way apart, its points on two sides of a valley: what lies between them counts too.
  const gaps = relaxations === 0 ? energy : await betweenPoints(evaluate, peaks, pairs, ways, d)
  const perPair = gaps.length / pairs.length
  return pairs.map((ends, pair) => ({
    ends,
    energy: [gaps.subarray(pair * perPair, (pair + 1) * perPair), energy.subarray(pair * BETWEEN, (pair + 1) * BETWEEN), ends.map((k) => peaks.energy[k])]
      .reduce((most, part) => Math.max(most, ...part), -Infinity),
  }))
}

/** Energies on the straight ways between successive points of bent ways, their ends included. */
async function betweenPoints(evaluate: Evaluate, peaks: Peaks, pairs: readonly [number, number][], ways: Float64Array, d: number): Promise<Float64Array> {
  const points = new Float64Array(pairs.length * (BETWEEN + 1) * WITHIN * d)
  let next = 0
  pairs.forEach(([a, b], pair) => {
    const at = (k: number): Float64Array => (k < 0 ? peaks.at(a) : k === BETWEEN ? peaks.at(b) : ways.subarray((pair * BETWEEN + k) * d, (pair * BETWEEN + k + 1) * d))
    for (let k = 0; k <= BETWEEN; k++) {
      for (let part = 1; part <= WITHIN; part++) {
        const share = part / (WITHIN + 1)
        for (let j = 0; j < d; j++) points[next++] = (1 - share) * at(k - 1)[j] + share * at(k)[j]
      }
    }
  })
  return (await evaluate(points)).energy
}

/** The mode of every peak, named by its highest one. */
function join(peaks: Peaks, ways: readonly Pass[], prominence: number): Int32Array {
  const parent = Int32Array.from({ length: peaks.count }, (_, k) => k)
  const rootOf = (k: number): number => {
    let root = k
    while (parent[root] !== root) root = parent[root]
    return root
  }
  for (const { ends, energy } of ways.toSorted((a, b) => a.energy - b.energy)) {
    const [high, low] = ends.map(rootOf).sort((a, b) => peaks.energy[a] - peaks.energy[b] || a - b)
    if (high !== low && energy - peaks.energy[low] < prominence) parent[low] = high
  }
  return parent.map((_, k) => rootOf(k))
}
