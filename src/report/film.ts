// The frames of a film through the noise levels: density and score of each level, nothing in them moving but these and the noise.
import { composeFigure } from './drawing/svg.ts'
import type { SvgDocument } from './figure.ts'
import { formatNumber, typographic } from './format.ts'
import type { FilmLandscape } from './landscape/film.ts'
import type { LineLandscape } from './landscape/landscape.ts'
import { lineLimits, linePlots } from './figures/line-plots.ts'
import { planePlots } from './figures/plane-plots.ts'

/**
 * Draws each frame as a standalone SVG, all of one size. Axes are the same in all frames; in the plane colors tell shares of the
 * highest density of their frame, since densities of the first and the last level may differ a thousandfold.
 */
export function* drawFilm(film: readonly FilmLandscape[], document: SvgDocument): Generator<string> {
  const limits = lineLimits(film.filter((landscape): landscape is LineLandscape => landscape.kind === 'line'))
  for (const landscape of film) {
    const { density, score } = landscape.kind === 'line' ? linePlots(landscape, limits, document) : planePlots(landscape, 'share', document)
    yield composeFigure(landscape.heading, [
      { title: `Density with noise σ = ${digits(landscape.level!)} standard deviations`, subtitle: `In the units of the data σ = ${landscape.noise!.map(digits).join(', ')}.`, body: density, notes: [] },
      { title: 'Score with this noise, and the data', subtitle: 'Rows in blue, without noise.', body: score, notes: [] },
    ], landscape.kind === 'line' ? 'column' : 'row').svg
  }
}

/** As many digits in every frame: a shorter number would make the title jump. */
const digits = (value: number): string => typographic(formatNumber(value, 3))
