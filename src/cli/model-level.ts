// The noise levels of a run by dual or ladder, for commands that read one or all of them.
import { UnnormError } from '../base/errors.ts'
import type { Warning } from '../base/errors.ts'
import type { LadderEnergy } from '../engine/energy.ts'
import type { LogNormalizer } from '../evaluate/log-normalizer/quadrature.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'
import type { OpenedModel } from '../node/open-model.ts'
import type { NoiseSetting } from '../result/noise.ts'

/**
 * That a model has one noise level only, and what would have more.
 * @param asked what needs them: `--noise chooses a level of a run by dual or ladder`
 */
export function noLevels(asked: string, { metadata: { estimator } }: Pick<OpenedModel, 'metadata'>, model: string): UnnormError {
  const why = estimator === 'dual' || estimator === 'ladder'
    ? `${model} alone holds but one (give the run folder)`
    : `${model}, fitted by ${estimator}, has but one (leave it out, or fit the model with --by dual)`
  return new UnnormError('no-noise-levels', `${asked}, and ${why}`)
}

export const noiseNeedsLevels = '--noise chooses a level of a run by dual or ladder'

/**
 * The energies of all noise levels of a run.
 * @throws UnnormError `no-noise-levels`
 */
export async function openLevels(opened: OpenedModel, model: string, asked: string, threads: number | undefined): Promise<LadderEnergy> {
  const { openLadder } = await import('../node/open-model.ts')
  const ladder = opened.folder === null ? null : await openLadder(opened.folder, threads === undefined ? {} : { threads })
  if (ladder === null) throw noLevels(asked, opened, model)
  return ladder
}

/** One level of a ladder, which is released with it. */
export interface ModelLevel {
  readonly energy: FittedEnergy
  /** √t: the noise in standard deviations of the columns of the fit. */
  readonly share: number
  /** Standard deviation of the noise in each column, in the data's units. */
  readonly noise: readonly number[]
  release(): Promise<void>
}

/**
 * The level that `--noise` names.
 * @throws UnnormError `no-noise-levels`, and those of `ladderLevel`
 */
export async function openLevel(opened: OpenedModel, model: string, setting: NoiseSetting, threads: number | undefined): Promise<ModelLevel> {
  const ladder = await openLevels(opened, model, noiseNeedsLevels, threads)
  const { ladderLevel } = await import('../result/ladder-level.ts')
  try {
    const t = ladderLevel(setting, ladder)
    const share = Math.sqrt(t)
    return { energy: ladder.at(t), share, noise: Array.from(ladder.deviations, (deviation) => share * deviation), release: () => ladder.release() }
  } catch (error) {
    await ladder.release()
    throw error
  }
}

/**
 * log Z of a level by quadrature; null with a warning where exp(−E) cannot be integrated.
 * @param rows where the density lies
 */
export async function levelNormalizer(energy: FittedEnergy, rows: Float64Array, warn: (warning: Warning) => void, tolerance?: number): Promise<LogNormalizer | null> {
  const { logNormalizer } = await import('../evaluate/log-normalizer/quadrature.ts')
  try {
    return await logNormalizer(energy, { rows }, tolerance === undefined ? {} : { tolerance })
  } catch (error) {
    if (!(error instanceof UnnormError)) throw error
    warn({ code: error.code, message: error.message })
    return null
  }
}
