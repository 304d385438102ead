// The noise of denoising, in the ways a user can give it, brought to the units that the objective is computed in.
import { UnnormError } from '../base/errors.ts'
import { choleskyDecompose } from '../base/linear-algebra.ts'
import type { Scale } from '../data/standardize.ts'
import type { Noise } from '../estimate/estimator.ts'

/** Noise as a user gives it. */
export type NoiseSetting =
  /** The same share of each column's standard deviation. */
  | { readonly kind: 'relative'; readonly share: number }
  /** Standard deviations in the data's units, one a column. */
  | { readonly kind: 'columns'; readonly deviations: readonly number[] }
  /** A full covariance in the data's units squared, row-major. */
  | { readonly kind: 'covariance'; readonly covariance: ArrayLike<number> }

/** The noise of a fit in both units. */
export interface ResolvedNoise {
  /** In the units of the objective: standardized for networks, the data's for parametric models. */
  readonly inObjective: Noise
  /** Standard deviation per column, in the data's units. */
  readonly deviations: Float64Array
  /** Row-major [d × d], in the data's units squared. */
  readonly covariance: Float64Array
}

/** Reads `--noise`: `0.1`, or `0.5,0.2` (a list even of one number ends with a comma). Covariance files are read by the caller. */
export function parseNoise(text: string): NoiseSetting {
  const items = text.split(',').map((item) => item.trim())
  const listed = items.length > 1
  const numbers = items.filter((item) => item !== '').map(Number)
  if (numbers.length === 0 || numbers.some((value) => !(value > 0) || !Number.isFinite(value))) {
    throw new UnnormError('invalid-noise', `invalid noise: ${text} (must be > 0: a share of each column's standard deviation, a comma list in the data's units, or @file.csv with a covariance)`, 'usage')
  }
  return listed ? { kind: 'columns', deviations: numbers } : { kind: 'relative', share: numbers[0] }
}

/** Brings a noise setting to the units of the objective. */
export function resolveNoise(setting: NoiseSetting, columns: readonly string[], scale: Scale, standardized: boolean): ResolvedNoise {
  const d = columns.length
  const factor = factorOf(setting, columns, scale)
  const covariance = new Float64Array(d * d)
  for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) for (let k = 0; k < d; k++) covariance[i * d + j] += factor[i * d + k] * factor[j * d + k]
  const inUnits = standardized ? factor.map((value, k) => value / scale.deviation[Math.floor(k / d)]) : factor
  const isDiagonal = inUnits.every((value, k) => k % (d + 1) === 0 || value === 0)
  const same = isDiagonal && inUnits.every((value, k) => k % (d + 1) !== 0 || Math.abs(value - inUnits[0]) <= 1e-12 * inUnits[0])
  return {
    inObjective: { factor: inUnits, isotropic: same ? inUnits[0] : undefined },
    deviations: Float64Array.from({ length: d }, (_, j) => Math.sqrt(covariance[j * d + j])),
    covariance,
  }
}

function factorOf(setting: NoiseSetting, columns: readonly string[], scale: Scale): Float64Array {
  const d = columns.length
  const diagonal = (deviation: (column: number) => number): Float64Array =>
    Float64Array.from({ length: d * d }, (_, k) => (k % (d + 1) === 0 ? deviation(Math.floor(k / d)) : 0))
  if (setting.kind === 'relative') return diagonal((j) => setting.share * scale.deviation[j])
  if (setting.kind === 'columns') {
    if (setting.deviations.length !== d) {
      throw new UnnormError('invalid-noise', `invalid noise: ${setting.deviations.length} values for ${d} columns (${columns.join(', ')}) (must be one for each)`)
    }
    return diagonal((j) => setting.deviations[j])
  }
  if (setting.covariance.length !== d * d) {
    throw new UnnormError('invalid-noise', `invalid noise: a covariance of ${setting.covariance.length} numbers for ${d} columns (must be ${d} × ${d})`)
  }
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < i; j++) {
      const [a, b] = [setting.covariance[i * d + j], setting.covariance[j * d + i]]
      if (Math.abs(a - b) > 1e-9 * Math.max(Math.abs(a), Math.abs(b))) {
        throw new UnnormError('invalid-noise', `invalid noise: the covariance is not symmetric: row ${i + 1}, column ${j + 1} is ${a}, the other way round ${b}`)
      }
    }
  }
  const factor = choleskyDecompose(setting.covariance, d)
  if (!factor) throw new UnnormError('invalid-noise', 'invalid noise: the covariance is not positive definite')
  return factor
}
