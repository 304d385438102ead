// `--correct-noise`: from a fit of the rows with noise to a model of the rows without it.
import { UnnormError } from '../base/errors.ts'
import type { Warning } from '../base/errors.ts'
import { correctedByDerivatives, extrapolated, SECOND_VARIANCE } from '../evaluate/noise-correction.ts'
import type { NoiseCorrection } from '../evaluate/noise-correction.ts'
import type { TracedModel } from '../model/model.ts'
import type { Estimated, FitContext } from './estimated.ts'
import { estimateNetwork } from './network-fit.ts'
import type { ResolvedNoise } from './noise.ts'
import { estimateParametric } from './parametric-fit.ts'
import type { Setting } from './setting.ts'

/** @throws UnnormError `invalid-option` where there is no noise to take out, or levels that end below it */
export function refuseCorrection(correction: NoiseCorrection | undefined, { name, estimator }: Setting): void {
  if (correction === undefined || name === 'denoising') return
  const why = estimator.usesLadder
    ? `${name} fits a ladder of noise levels and reports the smallest (choose a smaller one with --noise, or use --by denoising)`
    : `${name} adds no noise (leave --correct-noise out, or use --by denoising)`
  throw new UnnormError('invalid-option', `invalid correct-noise: ${why}`, 'usage')
}

/** The corrected model for the parameters that were estimated, and what a second fit had to say. */
export async function correctNoise(correction: NoiseCorrection, context: FitContext, estimated: Estimated): Promise<{ model: TracedModel; warnings: readonly Warning[] }> {
  const { traced, noise, estimator, environment } = context
  if (correction === 'derivatives') return { model: correctedByDerivatives(traced, noise!.inObjective), warnings: [] }
  environment.onPhase?.('fitting with half of the noise\'s variance')
  const half = shareOfVariance(noise!, SECOND_VARIANCE)
  // The same seed, so the same start, minibatches and draws: what chance does to the two fits cancels in their difference.
  // The first fit stays the one that a checkpoint continues; the second is made again.
  const { resume: _resume, ...request } = context.request
  const { saveCheckpoint: _save, ...without } = environment
  const second: FitContext = { ...context, noise: half, objective: estimator.objective(traced, half.inObjective), request, environment: without }
  const other = traced.model.kind === 'network' ? await estimateNetwork(second) : await estimateParametric(second)
  return {
    model: extrapolated(traced, other.theta, estimated.theta),
    warnings: other.warnings.filter(({ code }) => !estimated.warnings.some((warning) => warning.code === code)),
  }
}

function shareOfVariance({ inObjective: { factor, isotropic }, deviations, covariance }: ResolvedNoise, share: number): ResolvedNoise {
  const root = Math.sqrt(share)
  return {
    inObjective: { factor: factor.map((value) => value * root), isotropic: isotropic === undefined ? undefined : isotropic * root },
    deviations: deviations.map((value) => value * root),
    covariance: covariance.map((value) => value * share),
  }
}
