// A frame that the rows suggest, widened to hold the density: a few rows say little about where the fitted density lies.
import type { FittedEnergy } from '../../model/fitted-energy.ts'
import { cellMiddles, gridDensity, planeRows } from './density.ts'
import type { Frame } from './frame.ts'

/** Cells along an axis of the frame, by dimension; where to look for the density is three times as wide. */
const cells = { 1: 160, 2: 32 } as const
/** The probability that a frame of the rows may leave out, and that a widened one leaves out at each side. */
const unseen = 0.01
const tail = 0.001

/**
 * The frame, or a wider one where it misses more probability than `unseen` and the share of the rows that it misses:
 * then every side that leaves out more than `tail` moves outwards, by at most the width of the frame.
 * @param energy whose exp(−E) can be integrated, of one column or two
 * @param frame of the rows
 * @param missed share of the rows outside the frame
 */
export async function frameOfDensity(energy: FittedEnergy, frame: Frame, missed: number): Promise<Frame> {
  const dimension = frame.length
  const part = dimension === 1 ? cells[1] : cells[2]
  const whole = 3 * part
  const window = frame.map(([from, to]) => [2 * from - to, 2 * to - from] as const)
  const evaluated = await energy.evaluate(dimension === 1 ? cellMiddles(window[0], whole) : planeRows(window, whole))
  // Shares of the window's probability: what a coarse grid misjudges cancels.
  const { density: shares } = gridDensity(evaluated.energy, 1, null)
  const along = frame.map(() => new Float64Array(whole))
  let seen = 0
  shares.forEach((share, cell) => {
    const place = along.map((_, axis) => (axis === 0 ? cell % whole : Math.floor(cell / whole)))
    place.forEach((index, axis) => { along[axis][index] += share })
    if (place.every((index) => index >= part && index < 2 * part)) seen += share
  })
  if (seen >= 1 - unseen - missed) return frame
  return frame.map(([from, to], axis) => {
    const step = (to - from) / part
    const below = cellsWithin(along[axis], tail)
    const above = cellsWithin(along[axis].slice().reverse(), tail)
    return [Math.min(from, window[axis][0] + below * step), Math.max(to, window[axis][1] - above * step)] as const
  })
}

/** How many cells from the start hold no more than a share. */
function cellsWithin(shares: Float64Array, most: number): number {
  let sum = 0
  return shares.findIndex((share) => (sum += share) > most)
}
