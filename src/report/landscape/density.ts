// A learned density on a regular grid: normalized, and the levels whose contours enclose given shares of the probability.
import { UnnormError } from '../../base/errors.ts'

/** How exp(−E) was made a density. */
export interface Normalization {
  /** log Z that was used. */
  readonly logNormalizer: number
  readonly standardError: number | null
  /** `frame`: no log normalizer was given, so the density is normalized over the frame that is shown. */
  readonly method: string
}

/** A density at the middles of the cells of a regular grid. */
export interface GridDensity {
  /** p at the cell middles, first axis fastest; 0 where the energy is +∞ or not a number. */
  readonly density: Float64Array
  /** The size of a cell: width, area or volume. */
  readonly cell: number
  /** Probability of the frame: sum of density × cell. 1 by construction when `method` is `frame`. */
  readonly mass: number
  /** The largest density on the grid. */
  readonly peak: number
  readonly normalization: Normalization
  /** Grid points at which the energy was not a number. */
  readonly undefinedPoints: number
}

/** A known log normalizer, e.g. `logNormalizer` of fit.json; value null when unknown. */
export interface KnownNormalizer {
  readonly value: number | null
  readonly standardError: number | null
  readonly method: string | null
}

/** The middles of the `count` cells of an interval. */
export function cellMiddles(interval: readonly [number, number], count: number): Float64Array {
  const step = (interval[1] - interval[0]) / count
  return Float64Array.from({ length: count }, (_, index) => interval[0] + (index + 0.5) * step)
}

/** The rows (x, y) of all cell middles of a plane, x fastest: [count² × 2]. */
export function planeRows(frame: readonly (readonly [number, number])[], count: number): Float64Array {
  const xs = cellMiddles(frame[0], count)
  const ys = cellMiddles(frame[1], count)
  const rows = new Float64Array(count * count * 2)
  for (let j = 0; j < count; j++) {
    for (let i = 0; i < count; i++) {
      rows[2 * (j * count + i)] = xs[i]
      rows[2 * (j * count + i) + 1] = ys[j]
    }
  }
  return rows
}

/**
 * exp(−E − log Z) on a grid.
 * @param energy at the cell middles
 * @throws UnnormError `energy-undefined` when no grid point has a finite energy
 */
export function gridDensity(energy: Float64Array, cell: number, known: KnownNormalizer | null): GridDensity {
  let lowest = Infinity
  let undefinedPoints = 0
  for (const value of energy) {
    if (Number.isNaN(value)) undefinedPoints++
    else if (value < lowest) lowest = value
  }
  if (!Number.isFinite(lowest)) {
    throw new UnnormError('energy-undefined', `cannot draw the density: the energy is ${undefinedPoints > 0 ? 'not a number' : 'infinite'} at all ${energy.length} grid points around the data (check the model and its domain)`)
  }
  const given = known !== null && known.value !== null && Number.isFinite(known.value)
  const weights = energy.map((value) => (Number.isNaN(value) ? 0 : Math.exp(lowest - value)))
  const logNormalizer = given ? known.value as number : Math.log(weights.reduce((sum, value) => sum + value, 0) * cell) - lowest
  const scale = Math.exp(-lowest - logNormalizer)
  const density = weights.map((value) => value * scale)
  return {
    density, cell,
    mass: density.reduce((sum, value) => sum + value, 0) * cell,
    peak: scale,
    normalization: { logNormalizer, standardError: given ? known.standardError : null, method: given ? known.method ?? 'given' : 'frame' },
    undefinedPoints,
  }
}

/**
 * Densities whose upper level sets hold given shares of the probability (highest-density regions; Hyndman 1996).
 * @returns one level a share, NaN for a share larger than the probability of the frame
 */
export function enclosingLevels(grid: GridDensity, shares: readonly number[]): number[] {
  const descending = Float64Array.from(grid.density).sort().reverse()
  return shares.map((share) => {
    let mass = 0
    for (const value of descending) {
      mass += value * grid.cell
      if (mass >= share) return value
    }
    return Number.NaN
  })
}
