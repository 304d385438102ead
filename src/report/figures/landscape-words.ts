// What every figure of a landscape says beside its plots: the noise, rows out of sight, how far it can be trusted.
import type { Note } from '../drawing/svg.ts'
import { formatCount, formatSetting, shortList, typographic } from '../format.ts'
import type { Landscape } from '../landscape/landscape.ts'

/** ` Noise: σ = 0.1, 0.25.`, or nothing. */
export function noiseText(landscape: Landscape): string {
  return landscape.noise === null ? '' : ` Noise: ${sigmaText(landscape)}.`
}

/** Which noise rows and score have, where a level of it was asked for: ` They have no noise; the score is that of rows with noise σ = ….` */
export function cleanRowsText(landscape: Landscape): string {
  return landscape.level === undefined ? '' : ` They have no noise; the score is that of rows with noise ${sigmaText(landscape)}.`
}

function sigmaText({ noise, level }: Landscape): string {
  const share = level === undefined ? '' : ` (${formatSetting(level)} standard ${level === 1 ? 'deviation' : 'deviations'})`
  return `σ\u00a0=\u00a0${typographic(shortList(noise!.map(formatSetting), 4))}${share}`
}

/** ` 3 far rows lie outside the frame.`, or nothing. */
export function outsideText({ rowsOutside }: Landscape): string {
  return rowsOutside === 0 ? '' : ` ${formatCount(rowsOutside)} far ${rowsOutside === 1 ? 'row lies' : 'rows lie'} outside the frame.`
}

/** The warnings that say how far the picture can be trusted. */
export function warningNotes({ warnings }: Landscape): Note[] {
  return warnings.filter(({ code }) => code === 'separated-clusters').map(({ message }) => ({ text: message, warning: true }))
}
