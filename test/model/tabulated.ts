// Draws from a density of one number that is known but for a factor.
import type { Random } from '../../src/base/random.ts'

/** Draws by the inverse of the distribution function on a grid of 20 000 cells between two ends, within which the density lies. */
export function tabulated(logDensity: (x: number) => number, [from, to]: readonly [number, number]): (random: Random) => number {
  const cells = 20_000
  const edge = (cell: number): number => from + ((to - from) * cell) / cells
  const sums = new Float64Array(cells + 1)
  for (let cell = 0; cell < cells; cell++) sums[cell + 1] = sums[cell] + Math.exp(logDensity((edge(cell) + edge(cell + 1)) / 2))
  return (random) => {
    const target = random.uniform() * sums[cells]
    let [low, high] = [0, cells]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (sums[middle] <= target) low = middle
      else high = middle
    }
    return edge(low) + ((to - from) / cells) * ((target - sums[low]) / (sums[high] - sums[low]))
  }
}
