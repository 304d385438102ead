// The Gaussians that rows suggest: where a path to the energy starts, and what proposals are made of.
import { choleskyFactor, rowMoments, thinRows } from '../../estimate/row-moments.ts'
import type { LadderEnergy } from '../../engine/energy.ts'
import { gaussianProposal } from '../gaussian-proposal.ts'
import type { Gaussian } from '../gaussian-proposal.ts'

const MOST_ROWS = 20_000

/** Fewer rows say too little about a covariance. */
export const enoughRows = (rows: Float64Array, dimension: number): boolean => rows.length / dimension >= 2 * (dimension + 1)

/** N(mean, covariance of the rows); null where the covariance is singular. */
export function gaussianOfRows(rows: Float64Array, dimension: number): Gaussian | null {
  const { mean, covariance } = rowMoments(thinRows(rows, dimension, MOST_ROWS), dimension)
  return choleskyFactor(covariance, dimension) && gaussianProposal(mean, covariance)
}

/**
 * The Gaussian that the rows with the noise of level t of a ladder nearly are where t is large.
 * @returns its mean and, by t, its covariance
 */
export function noisyGaussian(rows: Float64Array, { columns, deviations }: LadderEnergy): (t: number) => Gaussian {
  const d = columns.length
  const { mean, covariance } = rowMoments(thinRows(rows, d, MOST_ROWS), d)
  return (t) => gaussianProposal(mean, covariance.map((value, k) => (k % (d + 1) === 0 ? value + t * deviations[k / (d + 1)] ** 2 : value)))
}
