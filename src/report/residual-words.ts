// What the residuals of a fit say, in words: which of them chance does not explain, and in which way the rows differ from the density.
import { normalQuantile } from '../base/normal-distribution.ts'
import type { FitJson, Residual } from './fit-json.ts'
import { formatZ } from './parameter-table.ts'

/** Residuals, judged together. */
export interface JudgedResiduals {
  /** Those that can differ from zero, the largest first. */
  readonly tested: readonly Residual[]
  /** |z| that the largest of all exceeds in 5 % of fits of a true model (Bonferroni). */
  readonly critical: number
  /** Those beyond it. */
  readonly beyond: readonly Residual[]
}

/** @returns null for a fit without residuals, or where the fit makes all of them zero */
export function judgeResiduals({ residuals }: FitJson): JudgedResiduals | null {
  const tested = (residuals ?? []).filter(({ z }) => z !== null).sort((a, b) => size(b) - size(a))
  if (tested.length === 0) return null
  const critical = normalQuantile(1 - 0.025 / tested.length)
  return { tested, critical, beyond: tested.filter((residual) => size(residual) > critical) }
}

const size = ({ z }: Residual): number => Math.abs(z ?? 0)

/** More, and less of it among the rows than in the density. */
const words = {
  location: ['lie higher', 'lie lower'],
  spread: ['spread wider', 'spread less'],
  skewness: ['lean more to the right', 'lean more to the left'],
  tails: ['have heavier tails', 'have lighter tails'],
  dependence: ['rise together more', 'rise together less'],
} as const satisfies Record<Residual['aspect'], readonly [string, string]>

/** `Petal.Length: rows have heavier tails (z = 6.21)`. */
export function residualWords({ aspect, columns, value, z }: Residual): string {
  const what = words[aspect][value > 0 ? 0 : 1]
  const where = aspect === 'dependence' ? `${columns[0]} and ${columns[1]} ${what}` : `${columns[0]}: rows ${what}`
  return `${where} (z\u00a0=\u00a0${formatZ(z ?? 0)})`
}
