// What a synthetic density offers: known truth to measure estimates against.
import type { Random } from '../../base/random.ts'

/** A density whose normalizer, score and sampler are exact. */
export interface SyntheticDensity {
  readonly name: string
  readonly dimension: number
  readonly columns: readonly string[]
  /** log p(x) at one point, x of length `dimension`; it integrates to 1. */
  logDensity(x: ArrayLike<number>): number
  /** −E(x), the form without its constant: log p = −E − log Z. */
  unnormalizedLogDensity(x: ArrayLike<number>): number
  /** log Z of `unnormalizedLogDensity`. */
  readonly logNormalizer: number
  /** φ(x) = ∇ₓ log p(x), a fresh array of length `dimension`. */
  score(x: ArrayLike<number>): Float64Array
  /** n independent rows, row-major [n × dimension]; advances `random`. */
  sample(n: number, random: Random): Float64Array
}
