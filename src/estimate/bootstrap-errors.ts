// Standard errors and intervals from bootstrap replicates (Efron & Tibshirani 1993, ch. 6 and 13): beside the sandwich, which they check.
import type { Warning } from '../base/errors.ts'
import type { TracedModel } from '../model/model.ts'
import type { Replicates } from './bootstrap.ts'
import { naturalValues } from './uncertainty.ts'
import type { ParameterEstimate } from './uncertainty.ts'

/** A parameter's error and interval from replicates; null where it has none, as one that is held. */
export interface BootstrapEstimate {
  readonly name: string
  /** Standard deviation over replicates, divisor their number. */
  readonly standardError: number | null
  /** Percentiles of the replicates. */
  readonly interval: readonly [number, number] | null
}

/** What is said of all replicates. */
export interface BootstrapSummary {
  readonly replicates: number
  /** Those without an estimate, which the numbers leave out. */
  readonly failed: number
  readonly parameters: readonly BootstrapEstimate[]
}

/**
 * Errors and intervals of the natural parameters and of the reported ones, in the order of `estimates`.
 * @param estimates as the fit describes them
 * @param level of the intervals
 */
export function describeReplicates(traced: TracedModel, { thetas, failed }: Replicates, estimates: readonly ParameterEstimate[], level: number): BootstrapSummary {
  const { parameterCount: size, dimension, model: { reported } } = traced
  const count = thetas.length / size
  const all = Array.from({ length: count }, (_, r) => {
    const theta = thetas.subarray(r * size, (r + 1) * size)
    return [...theta, ...(reported?.values(naturalValues(traced, theta), dimension) ?? [])]
  })
  return {
    replicates: count + failed, failed,
    parameters: estimates.map(({ name, estimate, fixed }, k) => {
      const values = Float64Array.from(all.flatMap((one) => (k < one.length ? [one[k]] : []))).sort()
      if (estimate === null || fixed || values.length < 2) return { name, standardError: null, interval: null }
      const mean = values.reduce((total, value) => total + value, 0) / values.length
      const variance = values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length
      return { name, standardError: Math.sqrt(variance), interval: [quantile(values, (1 - level) / 2), quantile(values, (1 + level) / 2)] }
    }),
  }
}

/** Of sorted values, linear between them. */
function quantile(sorted: Float64Array, p: number): number {
  const place = p * (sorted.length - 1)
  const below = Math.floor(place)
  return sorted[below] + (place - below) * ((sorted[below + 1] ?? sorted[below]) - sorted[below])
}

/** A larger share between the two errors is told, where it is beyond what so few replicates leave to chance. */
const LARGEST_DIFFERENCE = 0.25
/** In errors of the logarithm of a standard deviation from N replicates, 1/√(2N). */
const CHANCE = 3

/** What the replicates say against the fit. */
export function bootstrapWarnings({ replicates, failed, parameters }: BootstrapSummary, estimates: readonly ParameterEstimate[]): Warning[] {
  const warnings: Warning[] = []
  if (failed > 0) {
    warnings.push({ code: 'bootstrap-failed', message: `${failed} of ${replicates} bootstrap replicates have no estimate and are left out: their rows do not determine the parameters, or the search did not converge. Errors from the others are too small as a rule.` })
  }
  const margin = Math.max(Math.log(1 + LARGEST_DIFFERENCE), CHANCE / Math.sqrt(2 * Math.max(1, replicates - failed - 1)))
  const differing = parameters.flatMap(({ name, standardError }, k) => {
    const sandwich = estimates[k].standardError
    const ratio = standardError !== null && sandwich !== null ? standardError / sandwich : 1
    return Math.abs(Math.log(ratio)) > margin ? [{ name, ratio }] : []
  })
  if (differing.length > 0) {
    const listed = differing.slice(0, 4).map(({ name, ratio }) => `${name} ${ratio.toPrecision(3)}`).join(', ')
    warnings.push({ code: 'bootstrap-differs', message: `Bootstrap standard errors differ from those of the sandwich by more than ${LARGEST_DIFFERENCE * 100} % (bootstrap over sandwich: ${listed}${differing.length > 4 ? ` and ${differing.length - 4} more` : ''}): the rows are too few, or too heavy in their tails, for normal intervals. Take the bootstrap's.` })
  }
  return warnings
}
