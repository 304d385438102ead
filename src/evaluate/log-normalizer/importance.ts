// log Z by importance sampling: Z = E_q[exp(−E(x))/q(x)] for x drawn from a density q that is known.
import type { Random } from '../../base/random.ts'
import type { FittedEnergy } from '../../model/fitted-energy.ts'

/** A density one can draw from. */
export interface Proposal {
  /** n rows [n × d]. */
  sample(n: number, random: Random): Float64Array
  /** log q of rows [n × d]. */
  logDensity(rows: Float64Array): Float64Array
}

export interface ImportanceEstimate {
  /** log Z. */
  readonly value: number
  /** By the delta method from the spread of the weights; meaningless where few draws carry all of the weight. */
  readonly standardError: number
  /** (Σw)²/Σw² as a share of the draws (Kong 1992): near 1 the proposal is the density, near 0 the value cannot be trusted. */
  readonly effectiveShare: number
  readonly method: 'importance'
}

/**
 * @param draws how many, in one batch
 */
export async function importanceLogNormalizer(energy: FittedEnergy, proposal: Proposal, random: Random, draws = 20_000): Promise<ImportanceEstimate> {
  const rows = proposal.sample(draws, random)
  const logProposal = proposal.logDensity(rows)
  const logWeights = (await energy.evaluate(rows)).energy.map((value, k) => -value - logProposal[k])
  return { ...logMeanExp(logWeights), method: 'importance' }
}

/** log of the mean of exp(values), its standard error and the share of values that count. */
function logMeanExp(values: Float64Array): { value: number; standardError: number; effectiveShare: number } {
  const count = values.length
  const largest = values.reduce((a, b) => Math.max(a, b))
  let [sum, squares] = [0, 0]
  for (const value of values) {
    const weight = Math.exp(value - largest)
    sum += weight
    squares += weight * weight
  }
  const mean = sum / count
  const variance = Math.max(0, squares / count - mean * mean)
  return {
    value: largest + Math.log(mean),
    standardError: Math.sqrt(variance / Math.max(1, count - 1)) / mean,
    effectiveShare: (sum * sum) / squares / count,
  }
}
