// What every figure of a landscape says beside its plots: the noise, rows out of sight, how far it can be trusted.
import type { Note } from '../drawing/svg.ts'
import { formatCount, formatSetting, shortList, typographic } from '../format.ts'
import type { Landscape } from '../landscape/landscape.ts'

/** ` Noise: σ = 0.1, 0.25.`, or nothing. */
export function noiseText({ noise }: Landscape): string {
  return noise === null ? '' : ` Noise: σ\u00a0=\u00a0${typographic(shortList(noise.map(formatSetting), 4))}.`
}

/** ` 3 far rows lie outside the frame.`, or nothing. */
export function outsideText({ rowsOutside }: Landscape): string {
  return rowsOutside === 0 ? '' : ` ${formatCount(rowsOutside)} far ${rowsOutside === 1 ? 'row lies' : 'rows lie'} outside the frame.`
}

/** The warnings that say how far the picture can be trusted. */
export function warningNotes({ warnings }: Landscape): Note[] {
  return warnings.filter(({ code }) => code === 'separated-clusters').map(({ message }) => ({ text: message, warning: true }))
}
