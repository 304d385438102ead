// All rows that binary columns can have: exact log Z, probabilities, moments and draws, as long as there are not too many.
import type { Random } from '../base/random.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'

/** Beyond a million rows (of 20 columns) every further column doubles a time of seconds. */
export const MOST_ENUMERATED = 20

/** The whole distribution of d binary columns. */
export interface Enumeration {
  readonly columns: readonly string[]
  readonly logNormalizer: number
  /** p of every row, [2ᵈ]: row number k has +1 in column j where bit j of k is set, −1 elsewhere. */
  readonly probabilities: Float64Array
}

const CHUNK = 65_536

/** Row number k of binary columns in −1 and +1, from a number `first` on, row-major [count × d]. */
export function rowsFrom(first: number, count: number, dimension: number): Float64Array {
  const rows = new Float64Array(count * dimension)
  for (let k = 0; k < count; k++) for (let j = 0; j < dimension; j++) rows[k * dimension + j] = ((first + k) >> j) & 1 ? 1 : -1
  return rows
}

/** Every row with its probability; undefined beyond `MOST_ENUMERATED` columns, and where the energy allows no probabilities. */
export async function enumerate(energy: FittedEnergy): Promise<Enumeration | undefined> {
  const d = energy.columns.length
  if (d > MOST_ENUMERATED) return undefined
  const energies = new Float64Array(2 ** d)
  for (let first = 0; first < energies.length; first += CHUNK) {
    energies.set((await energy.evaluate(rowsFrom(first, Math.min(CHUNK, energies.length - first), d))).energy, first)
  }
  const least = energies.reduce((a, b) => (b < a ? b : a), Infinity)
  const weights = energies.map((value) => Math.exp(least - value))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  if (!(total > 0 && total < Infinity)) return undefined
  return { columns: energy.columns, logNormalizer: Math.log(total) - least, probabilities: weights.map((weight) => weight / total) }
}

/** Means of columns [d] and of products of two, row-major [d × d] with ones on the diagonal, of values −1 and +1. */
export interface SpinMoments {
  readonly mean: Float64Array
  readonly products: Float64Array
}

/** The moments of a distribution, by the fast Walsh–Hadamard transform: Σ p Π s of all sets of columns at once. */
export function momentsOf({ columns: { length: d }, probabilities }: Enumeration): SpinMoments {
  const sums = probabilities.slice()
  for (let half = 1; half < sums.length; half *= 2) {
    for (let start = 0; start < sums.length; start += 2 * half) {
      for (let k = start; k < start + half; k++) {
        const [a, b] = [sums[k], sums[k + half]]
        sums[k] = a + b
        // The bit set is +1.
        sums[k + half] = b - a
      }
    }
  }
  return {
    mean: Float64Array.from({ length: d }, (_, j) => sums[1 << j]),
    products: Float64Array.from({ length: d * d }, (_, e) => (e % (d + 1) === 0 ? 1 : sums[(1 << Math.floor(e / d)) | (1 << (e % d))])),
  }
}

/** Independent draws, row-major [count × d] of −1 and +1. */
export function drawRows({ columns: { length: d }, probabilities }: Enumeration, count: number, random: Random): Float64Array {
  const cumulative = probabilities.slice()
  for (let k = 1; k < cumulative.length; k++) cumulative[k] += cumulative[k - 1]
  const uniform = new Float64Array(count)
  random.fillUniform(uniform)
  const rows = new Float64Array(count * d)
  uniform.forEach((value, row) => {
    // The first row whose cumulative probability exceeds the uniform number; rounding of the last one lies above it too.
    let [low, high] = [0, cumulative.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (cumulative[middle] > value * cumulative[cumulative.length - 1]) high = middle
      else low = middle + 1
    }
    rows.set(rowsFrom(low, 1, d), row * d)
  })
  return rows
}
