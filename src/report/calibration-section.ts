// The section of the report on the noise levels: what each must satisfy on held-out rows, and how it does.
import { isOff } from '../evaluate/ladder-calibration.ts'
import { formatCount, formatSetting, formatWithError, typographic } from './format.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'
import type { ReportInput } from './report-input.ts'

/** Words and figure of the noise levels; null where a fit has but one, or too few held-out rows. */
export function calibrationSection({ fit }: Pick<ReportInput, 'fit'>, figure: Html | null): Html | null {
  const calibration = fit.ladderCalibration ?? null
  if (calibration === null) return null
  const { rows, levels } = calibration
  const smallest = levels[levels.length - 1]
  const verdict = fit.warnings.some(({ code }) => code === 'uncalibrated-levels') ? 'Some levels are off by more than chance, and by as much as matters: see the warnings above.'
    : levels.some(({ space, level, drift }) => isOff(space, 1) || (level !== null && isOff(level, 1)) || (drift !== null && isOff(drift, 0))) ? 'Some levels are off by more than chance, but by less than matters.'
      : 'No level is off by more than chance.'
  const drift = smallest.drift === null ? '' : ` Down to the smallest, log Z drifts by ${typographic(formatWithError(smallest.drift.value, smallest.drift.standardError))} nats.`
  return html`<section><h2>Every noise level</h2>
<p class="verdict">${verdict}${drift}</p>
${figure}
<p class="quiet">${formatCount(rows)} held-out rows, with new noise of each level added. The energy is to predict that noise from the noisy row (by its derivative in space${smallest.level === null ? '' : ', and the noise\'s size by its derivative in the level'}); the error of a right prediction is uncorrelated with the prediction, so the regression of the one on the other has slope 1. Below 1 the energy is too steep there, as when it follows the rows of the fit too closely; above 1 it is too flat, as before it has learned enough.${smallest.drift === null ? '' : ' The derivative in the level has mean zero; what it adds up to from the largest level down is an error of log Z.'} The smallest level, ${formatSetting(smallest.noise)} standard deviations, is the density that is reported.</p></section>
`
}
