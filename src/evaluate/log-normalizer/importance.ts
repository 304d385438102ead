// log Z by importance sampling: Z = E_q[exp(−E(x))/q(x)] for x drawn from a density q that is known.
import type { Random } from '../../base/random.ts'
import type { FittedEnergy } from '../../model/fitted-energy.ts'
import type { Proposal } from '../gaussian-proposal.ts'
import { logMeanExp } from './log-mean-exp.ts'
import type { LogMean } from './log-mean-exp.ts'
import type { LogNormalizerMethod } from './method.ts'
import { kernelProposal, studentProposal } from './proposals.ts'
import { enoughRows, gaussianOfRows } from './reference-gaussian.ts'

/** log Z with its error and the effective share of the draws; exp(−E) = ∞ or NaN counts as no density. */
export async function importanceSample(energy: FittedEnergy, proposal: Proposal, random: Random, draws: number): Promise<LogMean> {
  const rows = proposal.sample(draws, random.split('draws'))
  const logProposal = proposal.logDensity(rows)
  const { energy: values } = await energy.evaluate(rows)
  return logMeanExp(values.map((value, k) => (value > -Infinity ? -value - logProposal[k] : -Infinity)), random.split('bootstrap'))
}

const LEAST_SHARE = 0.01
const PILOT_DRAWS = 2000
const MOST_DRAWS = 50_000

/** The proposal among a Gaussian, a Student t and a kernel density of the rows whose effective share is largest in a pilot. */
export const importance: LogNormalizerMethod = {
  name: 'importance',
  sentence: 'importance sampling from a Gaussian, a Student t (5 degrees of freedom) or a kernel density of the rows, whichever fits best',
  refuses: ({ rows, energy: { columns } }) => {
    if (!enoughRows(rows, columns.length)) return `needs at least ${2 * (columns.length + 1)} rows to fit a proposal`
    return gaussianOfRows(rows, columns.length) ? null : 'the covariance of the rows is singular'
  },
  async estimate({ energy, rows, budget, random, now }) {
    const start = now()
    const gaussian = gaussianOfRows(rows, energy.columns.length)!
    const proposals = [gaussian, studentProposal(gaussian), kernelProposal(rows, gaussian)]
    let best = { share: -1, proposal: 0 }
    for (const [k, each] of proposals.entries()) {
      const { effectiveShare: share } = await importanceSample(energy, each, random.split('pilot').split(k), PILOT_DRAWS)
      if (share > best.share) best = { share, proposal: k }
    }
    const draws = Math.min(MOST_DRAWS, Math.max(PILOT_DRAWS, Math.round(budget)))
    const { value, standardError, effectiveShare } = await importanceSample(energy, proposals[best.proposal], random, draws)
    return {
      method: 'importance', value, standardError, bounds: null,
      doubt: effectiveShare >= LEAST_SHARE ? null
        : `only ${(100 * effectiveShare).toPrecision(2)} % of the draws count (at least ${100 * LEAST_SHARE} % must): no simple density is close to the model`,
      evaluations: draws + proposals.length * PILOT_DRAWS, seconds: (now() - start) / 1000,
      diagnostics: { draws, effectiveShare, proposal: best.proposal },
    }
  },
}
