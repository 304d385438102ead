// The noise of denoising, in the ways a user can give it, brought to the units that the objective is computed in.
import { counted } from '../base/counted.ts'
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

const isPositive = (value: unknown): boolean => typeof value === 'number' && value > 0 && Number.isFinite(value)

function invalidNoise(shown: string, must: string): UnnormError {
  return new UnnormError('invalid-noise', `invalid noise: ${shown} (must be ${must})`, 'usage')
}

/** Reads `--noise`: `0.1`, or `0.5,0.2` (a list even of one number ends with a comma). Covariance files are read by the caller. */
export function parseNoise(text: string): NoiseSetting {
  const items = text.replace(/,\s*$/, '').split(',').map((item) => item.trim())
  const numbers = items.map((item) => (item === '' ? Number.NaN : Number(item)))
  if (!numbers.every(isPositive)) {
    throw invalidNoise(text, "> 0: a share of each column's standard deviation, a comma list in the data's units, or @file.csv with a covariance")
  }
  return text.includes(',') ? { kind: 'columns', deviations: numbers } : { kind: 'relative', share: numbers[0] }
}

/**
 * Brings a noise setting to the units of the objective.
 * @throws UnnormError `invalid-noise` for what is no noise of these columns
 */
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
  switch (setting.kind) {
    case 'relative':
      if (!isPositive(setting.share)) throw invalidNoise(String(setting.share), "> 0: a share of each column's standard deviation")
      return diagonal((j) => setting.share * scale.deviation[j])
    case 'columns':
      if (setting.deviations.length !== d) {
        throw new UnnormError('invalid-noise', `invalid noise: ${counted(setting.deviations.length, 'value')} for ${counted(d, 'column')} (${columns.join(', ')}) (must be one for each)`)
      }
      if (!setting.deviations.every(isPositive)) throw invalidNoise(setting.deviations.join(','), "> 0: a standard deviation in the data's units for each column")
      return diagonal((j) => setting.deviations[j])
    case 'covariance':
      return covarianceFactor(setting.covariance, d)
    default:
      // Whoever calls from JavaScript may hand in anything.
      throw invalidNoise(JSON.stringify(setting), "a number > 0, or a record of kind 'relative', 'columns' or 'covariance'")
  }
}

function covarianceFactor(covariance: ArrayLike<number>, d: number): Float64Array {
  if (covariance.length !== d * d) {
    throw new UnnormError('invalid-noise', `invalid noise: a covariance of ${counted(covariance.length, 'number')} for ${counted(d, 'column')} (must be ${d} × ${d})`)
  }
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < i; j++) {
      const [a, b] = [covariance[i * d + j], covariance[j * d + i]]
      if (Math.abs(a - b) > 1e-9 * Math.max(Math.abs(a), Math.abs(b))) {
        throw new UnnormError('invalid-noise', `invalid noise: the covariance is not symmetric: row ${i + 1}, column ${j + 1} is ${a}, the other way round ${b}`)
      }
    }
  }
  const factor = choleskyDecompose(covariance, d)
  if (factor === undefined || !factor.every(Number.isFinite)) throw new UnnormError('invalid-noise', 'invalid noise: the covariance is not positive definite')
  return factor
}
