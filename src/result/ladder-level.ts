// Noise as a user gives it, as a level of the ladder that a run was fitted at.
import { UnnormError } from '../base/errors.ts'
import type { LadderEnergy } from '../engine/energy.ts'
import { formatSetting } from '../report/format.ts'
import { resolveNoise } from './noise.ts'
import type { NoiseSetting } from './noise.ts'

/**
 * t with noise covariance t·diag(deviations²). A share is that of the standard deviations that the run found.
 * @throws UnnormError `unknown-noise` for noise of another shape, or outside of the ladder
 */
export function ladderLevel(setting: NoiseSetting, { columns, ladder, deviations }: Pick<LadderEnergy, 'columns' | 'ladder' | 'deviations'>): number {
  const deviation = Float64Array.from(deviations)
  const ones = deviation.map(() => 1)
  const { inObjective: { isotropic, factor } } = resolveNoise(setting, columns, { columns, mean: ones, deviation, minimum: ones, maximum: ones }, true)
  const first = isotropic ?? factor[0]
  const d = deviation.length
  // Deviations that a user copied have few digits.
  const isInProportion = factor.every((value, k) => Math.abs(value - (k % (d + 1) === 0 ? first : 0)) <= 1e-3 * first)
  if (!isInProportion) {
    throw new UnnormError('unknown-noise', `unknown noise: the levels of this run add the same share of its standard deviation to every column (give one number, or deviations in proportion to ${Array.from(deviation, formatSetting).join(', ')})`)
  }
  const [least, most] = [Math.sqrt(ladder.least), Math.sqrt(ladder.most)]
  const share = isotropic ?? factor.filter((_, k) => k % (d + 1) === 0).reduce((sum, value) => sum + value / d, 0)
  if (share < least * (1 - 1e-3) || share > most * (1 + 1e-3)) {
    throw new UnnormError('unknown-noise', `unknown noise: ${formatSetting(share)} standard deviations lie outside of the levels that this run learned, ${formatSetting(least)} to ${formatSetting(most)} (give one of these, or fit the model with a smaller --noise)`)
  }
  return Math.min(Math.max(share ** 2, ladder.least), ladder.most)
}
