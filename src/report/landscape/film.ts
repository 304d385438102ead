// A film through the noise levels of a ladder, from the largest to the smallest: one landscape a level, all in one frame.
import { UnnormError } from '../../base/errors.ts'
import type { Table } from '../../data/table.ts'
import type { LadderEnergy } from '../../engine/energy.ts'
import type { FittedEnergy } from '../../model/fitted-energy.ts'
import type { KnownNormalizer } from './density.ts'
import { equalUnits, frameOf, widenByNoise } from './frame.ts'
import type { Frame } from './frame.ts'
import { prepareLandscape } from './landscape.ts'
import type { LineLandscape, PlaneLandscape } from './landscape.ts'

/** A landscape of a film. */
export type FilmLandscape = LineLandscape | PlaneLandscape

/** What a film is made of beside ladder and rows. */
export interface FilmDetails {
  readonly heading: string
  /** How many levels, at equal ratios; at least 2. */
  readonly frames: number
  /** log Z of a level; null where it is unknown: the density is then normalized over the frame. */
  normalizer(energy: FittedEnergy): Promise<KnownNormalizer | null>
  /** Told before each level, from 1 on. */
  onFrame?(frame: number): void
}

/** Wide enough for the rows with noise of so many standard deviations: the largest levels leave the frame, the smallest fill a good part of it. */
const SHOWN_NOISE = 1

/**
 * The landscapes of a film.
 * @param ladder of one column or two
 * @throws UnnormError those of `prepareLandscape`
 */
export async function prepareFilm(ladder: LadderEnergy, table: Table, { heading, frames, normalizer, onFrame }: FilmDetails): Promise<FilmLandscape[]> {
  if (table.rows === 0) throw new UnnormError('no-rows', `cannot draw ${table.source}: it has no rows`)
  const { least, most } = ladder.ladder
  const view = frameOfFilm(table, Array.from(ladder.deviations, (deviation) => SHOWN_NOISE * deviation))
  const film: FilmLandscape[] = []
  for (let frame = 0; frame < frames; frame++) {
    onFrame?.(frame + 1)
    const t = most * (least / most) ** (frame / (frames - 1))
    const energy = ladder.at(t)
    const level = Math.sqrt(t)
    film.push(await prepareLandscape(energy, table, {
      heading, level, noise: Array.from(ladder.deviations, (deviation) => level * deviation), warnings: [], logNormalizer: await normalizer(energy),
    }, view) as FilmLandscape)
  }
  return film
}

function frameOfFilm({ values, columns }: Table, noise: readonly number[]): Frame {
  const frame = widenByNoise(frameOf(values, columns.length), noise)
  return columns.length === 2 ? equalUnits(frame) : frame
}
