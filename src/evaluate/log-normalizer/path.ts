// A path of densities from a Gaussian whose log Z is 0 to the energy: the noise levels of a ladder, or a geometric mean.
import { UnnormError } from '../../base/errors.ts'
import { gaussianProposal } from '../gaussian-proposal.ts'
import type { Gaussian, Proposal } from '../gaussian-proposal.ts'
import type { FittedEnergy } from '../../model/fitted-energy.ts'
import type { NormalizerContext } from './method.ts'
import { enoughRows, gaussianOfRows, noisyGaussian } from './reference-gaussian.ts'

/** Rows with their energies and scores at one position of a path. */
export interface Points {
  /** Row-major [n × d]. */
  readonly rows: Float64Array
  readonly energy: Float64Array
  readonly score: Float64Array
}

export interface Path {
  readonly dimension: number
  /** The density at position 0. */
  readonly start: Proposal
  /** The position of the energy itself. */
  readonly end: number
  /** Rows at a position; NaN energies are +∞: no density. */
  at(position: number, rows: Float64Array): Promise<Points>
  /** The Cholesky factor of the covariance to be expected at a position: the frame in which moves are proposed. */
  frame(position: number): Float64Array
  /** Rows at which the energy was evaluated so far. */
  evaluations(): number
}

/** Why no path starts from these rows; null where one does. */
export function refusePath({ rows, energy: { columns }, ladder }: NormalizerContext): string | null {
  if (!enoughRows(rows, columns.length)) return `needs at least ${2 * (columns.length + 1)} rows to start from their Gaussian`
  return ladder || gaussianOfRows(rows, columns.length) ? null : 'the covariance of the rows is singular'
}

/** From the Gaussian of the noisy rows over the ladder's largest level down to its smallest; without a ladder, straight to the energy. */
export function pathOf({ energy, rows, ladder }: NormalizerContext): Path {
  const d = energy.columns.length
  const counted = counter(energy)
  if (ladder === null) {
    const gaussian = widened(gaussianOfRows(rows, d)!)
    return { dimension: d, start: gaussian, end: 1, at: mixture(gaussian, counted.energy), frame: () => gaussian.lower, evaluations: counted.rows }
  }
  const { least, most } = ladder.ladder
  const gaussianAt = noisyGaussian(rows, ladder)
  const top = gaussianAt(most)
  // Positions 0 … 1 lead from the Gaussian to the energy of the largest level, 1 … 2 down the levels, evenly in log t.
  const levelAt = (position: number): number => (position === 2 ? least : most * (least / most) ** (position - 1))
  return {
    dimension: d, start: top, end: 2,
    at: (position, points) => (position < 1 ? mixture(top, counted.as(ladder.at(most)))(position, points) : measure(counted.as(ladder.at(levelAt(position))), points)),
    frame: (position) => gaussianAt(levelAt(Math.max(1, position))).lower,
    evaluations: counted.rows,
  }
}

/** Of the start's covariance over that of the rows: tails that the rows hardly show must not be out of its reach. */
const WIDENING = 1.5

const widened = ({ mean, covariance }: Gaussian): Gaussian => gaussianProposal(mean, covariance.map((value) => WIDENING * value))

function counter(energy: FittedEnergy) {
  let count = 0
  const as = (each: FittedEnergy): FittedEnergy => ({
    ...each,
    evaluate: (rows) => {
      count += rows.length / each.columns.length
      return each.evaluate(rows)
    },
  })
  return { as, energy: as(energy), rows: () => count }
}

async function measure(energy: FittedEnergy, rows: Float64Array): Promise<Points> {
  const found = await energy.evaluate(rows)
  for (const value of found.energy) if (value === -Infinity) throw new UnnormError('not-integrable', 'the energy is −∞ at some points, so exp(−energy) cannot be integrated')
  return { rows, energy: found.energy.map((value) => (Number.isNaN(value) ? Infinity : value)), score: found.score }
}

/** The geometric mean q^(1 − s) exp(−E)^s. */
const mixture = (gaussian: Gaussian, energy: FittedEnergy) => async (s: number, rows: Float64Array): Promise<Points> => {
  const known = gaussian.evaluate(rows)
  if (s === 0) return { rows, ...known }
  const found = await measure(energy, rows)
  return {
    rows,
    energy: found.energy.map((value, k) => s * value + (1 - s) * known.energy[k]),
    score: found.score.map((value, k) => s * value + (1 - s) * known.score[k]),
  }
}
