// Directions drawn exactly.
import { createRandom } from '../../src/base/random.ts'

/** Unit vectors in three dimensions with density ∝ exp(κ z₃), row-major [count × 3]: z₃ by the inverse of its distribution function. */
export function directions(count: number, kappa: number, seed: string): Float64Array {
  const random = createRandom(seed)
  return Float64Array.from(Array.from({ length: count }, () => {
    const z = 1 + Math.log(random.uniform() * (1 - Math.exp(-2 * kappa)) + Math.exp(-2 * kappa)) / kappa
    const [angle, width] = [2 * Math.PI * random.uniform(), Math.sqrt(1 - z * z)]
    return [width * Math.cos(angle), width * Math.sin(angle), z]
  }).flat())
}
