// What every way to log Z offers, and what it is given.
import type { Random } from '../../base/random.ts'
import type { LadderEnergy } from '../../engine/energy.ts'
import type { FittedEnergy } from '../../model/fitted-energy.ts'

export const methodNames = ['quadrature', 'bridge', 'annealed', 'importance', 'dual'] as const
export type MethodName = (typeof methodNames)[number]

/** What the methods look at. */
export interface NormalizerContext {
  readonly energy: FittedEnergy
  /** Rows that are draws of the energy or nearly so: those it was fitted to, or others of their kind; row-major [n × d]. */
  readonly rows: Float64Array
  /** All noise levels of the energy, which is the lowest of them; null where it was fitted at one. */
  readonly ladder: LadderEnergy | null
  /** Whether the ladder's log Z is the same at all levels by the way it was fitted (dual score matching). */
  readonly ownsNormalizer: boolean
  /** Rows at which the energy may be evaluated, by each method; about. */
  readonly budget: number
  readonly random: Random
  /** Milliseconds. */
  readonly now: () => number
}

export interface Measured {
  readonly value: number
  readonly standardError: number
}

export interface LogNormalizerEstimate {
  readonly method: MethodName
  readonly value: number
  readonly standardError: number
  /** A lower and an upper bound, each with the standard error of the bound; the upper is null where rows are too few for it. */
  readonly bounds: { readonly lower: Measured; readonly upper: Measured | null } | null
  /** Why the value should not be relied on; null where nothing speaks against it. */
  readonly doubt: string | null
  /** Rows at which the energy was evaluated. */
  readonly evaluations: number
  readonly seconds: number
  /** What the method says of itself, by name. */
  readonly diagnostics: Readonly<Record<string, number>>
}

export interface LogNormalizerMethod {
  readonly name: MethodName
  readonly sentence: string
  /** Null where the method applies, else why it does not. */
  refuses(context: NormalizerContext): string | null
  /** @throws UnnormError where the energy cannot be normalized, or not in this way */
  estimate(context: NormalizerContext): Promise<LogNormalizerEstimate>
}
