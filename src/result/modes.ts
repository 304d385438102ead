// The modes of a fitted network as fit.json has them, and a warning where a weight is not that of the rows.
import { UnnormError } from '../base/errors.ts'
import type { Warning } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import { modeWeights } from '../evaluate/mode-weights.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'
import type { FitMode, FitModes } from '../report/fit-json.ts'
import { formatWithError } from '../report/format.ts'
import { weightWords } from '../report/words.ts'

/** With fewer draws that count the weights say nothing. */
const LEAST_SHARE = 0.01
/** A difference beyond so many of its errors is more than chance, though there may be many modes. */
const ERRORS = 3

/**
 * @param rows row-major [n × d], the training rows
 * @param identified whether the objective sees the weights
 * @returns null where importance sampling does not reach, or the energy allows no weights
 */
export async function findModes(energy: FittedEnergy, rows: Float64Array, identified: boolean, random: Random, warnings: Warning[]): Promise<FitModes | null> {
  const found = await modeWeights(energy, rows, random).catch((error: unknown) => {
    if (error instanceof UnnormError) return null
    throw error
  })
  if (found === null || (found.effectiveShare ?? 1) < LEAST_SHARE) return null
  const list = found.modes.map(({ peak, weight, standardError, rows: { share, standardError: shareError } }): FitMode =>
    ({ peak: Array.from(peak), weight, standardError, rowsShare: share, rowsShareError: shareError }))
  if (identified) warnings.push(...differenceWarning(list))
  return { method: found.method, effectiveShare: found.effectiveShare, identified, list }
}

/** Of the weight that differs most from the rows' share, in errors, where that is more than chance. */
function differenceWarning(list: readonly FitMode[]): Warning[] {
  const errors = ({ weight, rowsShare, standardError, rowsShareError }: FitMode): number => Math.abs(weight - rowsShare) / Math.hypot(standardError, rowsShareError)
  const worst = list.map((mode, k) => ({ mode, k, errors: errors(mode) })).filter((each) => each.errors > ERRORS).sort((a, b) => b.errors - a.errors)
  if (worst.length === 0) return []
  const { mode, k } = worst[0]
  return [{
    code: 'mode-weights',
    message: `${worst.length === 1 ? 'a mode of the density has' : `${worst.length} of ${list.length} modes of the density have`} another weight than chance explains: mode ${k + 1} has ${weightWords(mode)} % of the density, but ${formatWithError(100 * mode.rowsShare, 100 * mode.rowsShareError)} % of the rows lie in its basin (weights are learned last: give more --steps, unless the fit stopped early; the log-likelihood has this error)`,
  }]
}
