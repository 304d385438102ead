// Annealed importance sampling (Neal 2001) with resampling (Del Moral, Doucet & Jasra 2006), forward and reverse (Grosse, Ghahramani
// & Adams 2015; Burda, Grosse & Salakhutdinov 2015): E Ẑ = Z forward and E 1/Ẑ = 1/Z reverse, so that log Ẑ is below log Z on
// average one way and above it the other.
import type { Random } from '../../base/random.ts'
import { move } from './hamiltonian.ts'
import { logMeanExp } from './log-mean-exp.ts'
import type { LogNormalizerEstimate, LogNormalizerMethod, Measured, NormalizerContext } from './method.ts'
import { GROUPS, logWeightsBetween, resample } from './particles.ts'
import { pathOf, refusePath } from './path.ts'
import type { Path, Points } from './path.ts'
import { MOVES, planAnnealing } from './schedule.ts'
import type { Schedule } from './schedule.ts'

const LARGEST_GROUP = 128
const SMALLEST_GROUP = 4
/** Moves at the energy itself by which rows become draws of it, as far as moves can make them so. */
const SETTLING_MOVES = 10
/** Bounds that are closer, beside two standard errors of their distance, meet: 10 % in Z. */
const MEETING_GAP = 0.1
/** A larger error of their distance would hide that they do not. */
const LARGEST_ERROR = 0.25

export const annealed: LogNormalizerMethod = {
  name: 'annealed',
  sentence: 'annealed importance sampling from a Gaussian to the energy (a lower bound) and back from rows (an upper bound, if the rows are like draws of the model)',
  refuses: refusePath,
  async estimate(context) {
    const { random, budget, now } = context
    const start = now()
    const path = pathOf(context)
    const schedule = await planAnnealing(path, random.split('pilot'))
    const size = Math.max(SMALLEST_GROUP, Math.min(LARGEST_GROUP, Math.floor(budget / 2 / schedule.costPerChain / GROUPS)))
    const forward = await anneal(path, forwardLegs(schedule), await path.at(0, path.start.sample(size * GROUPS, random.split('start'))), size, random.split('forward'))
    const lower = logMeanExp(forward, random.split('bootstrap'))
    const draws = drawsOf(context, size)
    let upper: Measured | null = null
    if (draws !== null) {
      const settled = await settle(path, schedule, draws, random.split('settle'))
      const reverse = await anneal(path, reverseLegs(schedule), settled, draws.length / path.dimension / GROUPS, random.split('reverse'))
      const { value, standardError } = logMeanExp(reverse, random.split('reverse bootstrap'))
      upper = { value: -value, standardError }
    }
    const bounds = { lower: { value: lower.value, standardError: lower.standardError }, upper }
    return {
      method: 'annealed', ...between(bounds), bounds, doubt: doubtOf(bounds),
      evaluations: path.evaluations(), seconds: (now() - start) / 1000,
      diagnostics: { chains: size * GROUPS, steps: schedule.stops.length, acceptance: schedule.acceptance, effectiveShare: lower.effectiveShare },
    }
  },
}

type Bounds = NonNullable<LogNormalizerEstimate['bounds']>

/** The middle of the bounds, where their biases cancel; its error is no less than half of their distance. */
function between({ lower, upper }: Bounds): Measured {
  if (upper === null) return lower
  return { value: (lower.value + upper.value) / 2, standardError: Math.max(Math.hypot(lower.standardError, upper.standardError), Math.abs(upper.value - lower.value)) / 2 }
}

/** Why bounds do not pin log Z down; null where they meet. */
function doubtOf({ lower, upper }: Bounds): string | null {
  if (!Number.isFinite(lower.value)) return 'no chain reached the energy'
  if (upper === null) return `too few rows for an upper bound (${SMALLEST_GROUP * GROUPS} are needed)`
  const gap = upper.value - lower.value
  const error = Math.hypot(lower.standardError, upper.standardError)
  if (!(error <= LARGEST_ERROR)) return 'the bounds are too uncertain to tell whether they meet'
  if (Math.abs(gap) <= MEETING_GAP + 2 * error) return null
  return gap > 0
    ? 'the bounds do not meet: chains from the Gaussian miss some of what the rows show, or the path is too short for it'
    : 'the bounds are the wrong way round: the rows are not like draws of the model, which has more elsewhere'
}

/** A leg: the weights go from one position to the next; moves are made at a stop. */
interface Leg {
  readonly to: number
  readonly moveAt: Schedule['stops'][number] | null
}

/** To the next stop by weight, then moves there. */
const forwardLegs = ({ stops }: Schedule): Leg[] => stops.map((stop) => ({ to: stop.position, moveAt: stop }))

/** The same backwards: moves at a stop, of which `settle` made the first, then by weight to the stop before it. */
const reverseLegs = ({ stops }: Schedule): Leg[] => stops.map((_, k) => (k === 0 ? { to: 0, moveAt: null } : { to: stops[k - 1].position, moveAt: stops[k - 1] })).toReversed()

/** log of an unbiased estimate of the ratio of normalizers, end over start, of every group [GROUPS]. */
async function anneal(path: Path, legs: readonly Leg[], start: Points, size: number, random: Random): Promise<Float64Array> {
  let points = start
  const groups = points.energy.length / size
  const logRatio = new Float64Array(groups)
  // log of normalized weights, log mean exp 0 in each group.
  const logWeights = new Float64Array(points.energy.length)
  for (const [k, { to, moveAt }] of legs.entries()) {
    const there = await path.at(to, points.rows)
    const change = logWeightsBetween(points, there)
    const depleted = new Uint8Array(groups)
    for (let group = 0; group < groups; group++) {
      const own = logWeights.subarray(group * size, (group + 1) * size)
      for (let i = 0; i < size; i++) own[i] += change[group * size + i]
      const largest = own.reduce((a, b) => Math.max(a, b), -Infinity)
      let [sum, squares] = [0, 0]
      for (const value of own) {
        const weight = largest === -Infinity ? 0 : Math.exp(value - largest)
        sum += weight
        squares += weight * weight
      }
      const logMean = largest + Math.log(sum / size)
      logRatio[group] += logMean
      if (logMean === -Infinity) continue
      for (let i = 0; i < size; i++) own[i] -= logMean
      // Nothing follows the last leg: resampling there would only add noise.
      if (k < legs.length - 1 && sum * sum < 0.5 * size * squares) depleted[group] = 1
    }
    points = resample(there, logWeights, size, random.split('resample').split(k), (group) => depleted[group] === 1)
    depleted.forEach((is, group) => { if (is) logWeights.fill(0, group * size, (group + 1) * size) })
    if (moveAt && k < legs.length - 1) {
      for (let m = 0; m < MOVES; m++) points = (await move(path, moveAt.position, points, moveAt.kernel, random.split('move').split(k).split(m))).points
    }
  }
  return logRatio
}

async function settle(path: Path, { stops }: Schedule, rows: Float64Array, random: Random): Promise<Points> {
  const { position, kernel } = stops[stops.length - 1]
  let points = await path.at(position, rows)
  for (let m = 0; m < SETTLING_MOVES; m++) points = (await move(path, position, points, kernel, random.split(m))).points
  return points
}

/** Rows to start from backwards, in groups of equal size, with the noise of the ladder's smallest level; null where they are too few. */
function drawsOf({ rows, energy: { columns }, ladder, random }: NormalizerContext, largest: number): Float64Array | null {
  const d = columns.length
  const available = rows.length / d
  const size = Math.min(largest, Math.floor(available / GROUPS))
  if (size < SMALLEST_GROUP) return null
  const count = size * GROUPS
  const noise = new Float64Array(count * d)
  if (ladder) random.split('row noise').fillNormal(noise)
  const order = new Float64Array(count * d)
  for (let k = 0; k < count; k++) {
    // Neighbouring rows go to different groups, so that the order of the rows does not enter their spread.
    const to = (k % GROUPS) * size + Math.floor(k / GROUPS)
    for (let j = 0; j < d; j++) order[to * d + j] = rows[Math.floor((k * available) / count) * d + j] + (ladder ? noise[k * d + j] * Math.sqrt(ladder.ladder.least) * ladder.deviations[j] : 0)
  }
  return order
}
