// Where annealing stops on its path, and how it moves there: found by a pilot, then kept, so that estimates of Z stay unbiased.
import { UnnormError } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import { move } from './hamiltonian.ts'
import type { Kernel } from './hamiltonian.ts'
import { logWeightsBetween, resample } from './particles.ts'
import type { Path, Points } from './path.ts'

export interface Stop {
  readonly position: number
  readonly kernel: Kernel
}

export interface Schedule {
  /** In order, without position 0; the last is the path's end. */
  readonly stops: readonly Stop[]
  /** Energies evaluated for one chain that goes all the way, moves at every stop included. */
  readonly costPerChain: number
  /** The lowest share of moves accepted at any stop. */
  readonly acceptance: number
}

const PILOT = 256
/** χ² of the weights from one stop to the next. */
const LARGEST_CHI_SQUARE = 0.15
const MOST_STOPS = 1000
const MOST_LEAPS = 10
/** Length of a trajectory in units of the frame: a quarter of the period of a Gaussian. */
const TRAJECTORY = Math.PI / 2
const WANTED_ACCEPTANCE = 0.8
const TUNING_MOVES = 6
/** Moves of every chain at every stop. */
export const MOVES = 2

/** Chooses stops between which the weights have a bounded χ², and step sizes of which four in five moves are accepted. */
export async function planAnnealing(path: Path, random: Random): Promise<Schedule> {
  let points = await path.at(0, path.start.sample(PILOT, random.split('start')))
  const stops: Stop[] = []
  let [position, stride, step, acceptance, costPerChain] = [0, path.end, 1, 1, 0]
  while (position < path.end) {
    if (stops.length === MOST_STOPS) throw new UnnormError('annealing-stuck', `annealing does not reach the energy in ${MOST_STOPS} steps (the energy may have no finite integral, or walls too steep to follow; more noise or fewer columns help)`)
    const next = await nextStop(path, position, stride, points)
    stride = next.position - position
    position = next.position
    points = resample(next.points, next.logWeights, PILOT, random.split('resample').split(stops.length))
    let kernel = kernelOf(step)
    let accepted = 0
    for (let k = 0; k < TUNING_MOVES; k++) {
      const moved = await move(path, position, points, kernel, random.split('move').split(stops.length).split(k))
      points = moved.points
      accepted = moved.acceptance
      if (Math.abs(accepted - WANTED_ACCEPTANCE) < 0.1 && k >= 1) break
      step = Math.min(2, step * Math.exp(1.5 * (accepted - WANTED_ACCEPTANCE)))
      kernel = kernelOf(step)
    }
    acceptance = Math.min(acceptance, accepted)
    costPerChain += 1 + MOVES * kernel.leaps
    stops.push({ position, kernel })
  }
  return { stops, costPerChain, acceptance }
}

const kernelOf = (step: number): Kernel => ({ step, leaps: Math.max(1, Math.min(MOST_LEAPS, Math.round(TRAJECTORY / step / 0.7))) })

interface Next {
  readonly position: number
  readonly points: Points
  readonly logWeights: Float64Array
}

/** The farthest stop whose χ² is bounded, within a few bisections: it is tried from twice the last stride downwards. */
async function nextStop(path: Path, from: number, stride: number, points: Points): Promise<Next> {
  const attempt = async (position: number): Promise<Next & { readonly chiSquare: number }> => {
    const there = await path.at(position, points.rows)
    const logWeights = logWeightsBetween(points, there)
    return { position, points: there, logWeights, chiSquare: chiSquareOf(logWeights) }
  }
  let reach = Math.min(path.end, from + 2 * stride)
  let found = await attempt(reach)
  if (found.chiSquare <= LARGEST_CHI_SQUARE) return found
  let [low, best] = [from, null as Next | null]
  for (let k = 0; k < 60 && (best === null || k < 6); k++) {
    const middle = (low + reach) / 2
    found = await attempt(middle)
    if (found.chiSquare <= LARGEST_CHI_SQUARE) {
      best = found
      low = middle
    } else {
      reach = middle
    }
  }
  if (best === null) throw new UnnormError('annealing-stuck', 'annealing finds no next step: the density jumps (an energy with walls, or one that is not finite)')
  return best
}

function chiSquareOf(logWeights: Float64Array): number {
  const largest = logWeights.reduce((a, b) => Math.max(a, b), -Infinity)
  let [sum, squares] = [0, 0]
  for (const value of logWeights) {
    const weight = Math.exp(value - largest)
    sum += weight
    squares += weight * weight
  }
  return sum > 0 ? (logWeights.length * squares) / (sum * sum) - 1 : Infinity
}
