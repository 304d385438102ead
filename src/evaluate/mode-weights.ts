// How much weight each mode of an energy has, beside the share of the rows that lie in its basin.
import { UnnormError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import { choleskyFactor, rowMoments, thinRows } from '../estimate/row-moments.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'
import { gaussianMixtureBaseline } from './baselines/gaussian-mixture.ts'
import type { Whitening } from './ascent.ts'
import { findBasins } from './basins.ts'
import { gridModes } from './grid-modes.ts'
import type { WeighedModes } from './grid-modes.ts'

export interface Mode {
  /** Where it is highest [d], in the data's units. */
  readonly peak: Float64Array
  /** ∫ p over its basin; the weights of all modes sum to 1. */
  readonly weight: number
  /** Of the integral: what a density learned from other rows would weigh is not in it. */
  readonly standardError: number
  /** Share of the rows in its basin, with its sampling error. */
  readonly rows: { readonly share: number; readonly standardError: number }
}

export interface ModeWeights {
  /** Heaviest first. */
  readonly modes: readonly Mode[]
  readonly method: 'quadrature' | 'importance'
  /** Share of the draws that count, of `importance`; below a hundredth the weights are not to be relied on. */
  readonly effectiveShare: number | null
}

export interface ModeWeightsOptions {
  /** Rows whose basins are found by ascent, evenly spaced. */
  readonly maximumRows?: number
  /** Draws for importance sampling. */
  readonly draws?: number
  /** Nats that a mode must stand above the pass to a higher one. */
  readonly prominence?: number
  /** Modes with less of both weight and rows join no list: bumps in the tails. Their weight is shared out by renormalizing. */
  readonly least?: number
}

/**
 * Weights by quadrature on a grid over the rows in one or two columns; in more, or where the density is too narrow for a grid, by
 * importance sampling with draws from a Gaussian mixture fitted to the rows, whose errors are those of a ratio of means (Owen,
 * Monte Carlo theory, §9.2).
 * @param rows row-major [n × d], in the data's units
 * @throws UnnormError `singular-covariance`, `energy-not-finite`
 */
export async function modeWeights(energy: FittedEnergy, rows: Float64Array, random: Random, options: ModeWeightsOptions = {}): Promise<ModeWeights> {
  const { maximumRows = 1000, draws = 4000, prominence = 1, least = 0.002 } = options
  const d = energy.columns.length
  const whitening = whiteningOf(rows, d)
  const onGrid = d <= 2 ? await gridModes(energy, rows, whitening, prominence) : null
  if (onGrid !== null) return { modes: worthListing(onGrid, d, least), method: 'quadrature', effectiveShare: null }
  const { effectiveShare, ...found } = await importanceModes(energy, rows, whitening, { maximumRows, draws, prominence }, random)
  return { modes: worthListing(found, d, least), method: 'importance', effectiveShare }
}

function whiteningOf(rows: Float64Array, d: number): Whitening {
  const { mean, covariance } = rowMoments(rows, d)
  const factor = choleskyFactor(covariance, d)
  if (factor === null) throw new UnnormError('singular-covariance', 'no mode weights: the covariance of the rows is singular; drop columns that are combinations of others')
  return { mean, factor }
}

function worthListing({ peaks, weights, shares, rows }: WeighedModes, d: number, least: number): Mode[] {
  const kept = Array.from(shares.keys()).filter((k) => weights[k].weight >= least || shares[k] >= least)
  const whole = kept.reduce((sum, k) => sum + weights[k].weight, 0)
  const inside = kept.reduce((sum, k) => sum + shares[k], 0)
  return kept.map((k): Mode => {
    const share = shares[k] / inside
    return {
      peak: peaks.slice(k * d, (k + 1) * d), weight: weights[k].weight / whole, standardError: weights[k].standardError / whole,
      rows: { share, standardError: Math.sqrt((share * (1 - share)) / rows) },
    }
  }).sort((a, b) => b.weight - a.weight)
}

async function importanceModes(
  energy: FittedEnergy, rows: Float64Array, whitening: Whitening, { maximumRows, draws, prominence }: Required<Omit<ModeWeightsOptions, 'least'>>, random: Random,
): Promise<WeighedModes & { readonly effectiveShare: number }> {
  const d = energy.columns.length
  const proposal = gaussianMixtureBaseline(rows, d)
  const drawn = proposal.sample(draws, random.split('draws'))
  const { energy: values } = await energy.evaluate(drawn)
  const logs = proposal.logDensity(drawn).map((value, k) => (values[k] > -Infinity ? -values[k] - value : -Infinity))
  const most = logs.reduce((a, b) => Math.max(a, b), -Infinity)
  if (!Number.isFinite(most)) throw new UnnormError('energy-not-finite', 'no mode weights: the energy is nowhere finite around the rows')
  const total = logs.reduce((sum, value) => sum + Math.exp(value - most), 0)
  const importance = logs.map((value) => Math.exp(value - most) / total)

  const used = thinRows(rows, d, maximumRows)
  const count = used.length / d
  const points = new Float64Array(used.length + drawn.length)
  points.set(used)
  points.set(drawn, used.length)
  const { mode, peaks } = await findBasins(energy, points, whitening, prominence)
  const modes = Array.from({ length: peaks.length / d }, (_, k) => k)
  const counts = new Float64Array(modes.length)
  for (let i = 0; i < count; i++) counts[mode[i]]++
  const weights = modes.map((k) => {
    const weight = importance.reduce((sum, value, i) => (mode[count + i] === k ? sum + value : sum), 0)
    return { weight, standardError: Math.sqrt(importance.reduce((sum, value, i) => sum + (value * (Number(mode[count + i] === k) - weight)) ** 2, 0)) }
  })
  return { peaks, weights, shares: counts.map((each) => each / count), rows: count, effectiveShare: 1 / importance.reduce((sum, value) => sum + value * value, 0) / draws }
}
