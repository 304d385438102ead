// What is measured of one fit against the truth: one table, from which the results file, the page and the requirements come.
import { UnnormError } from '../../src/base/errors.ts'
import type { Random } from '../../src/base/random.ts'
import type { SyntheticDensity } from '../../src/data/synthetic/density.ts'
import { rowMoments } from '../../src/estimate/row-moments.ts'
import { fisherDivergence } from '../../src/evaluate/fisher-divergence.ts'
import { dual as ownNormalizer } from '../../src/evaluate/log-normalizer/dual.ts'
import { meanWithError } from '../../src/evaluate/mean-with-error.ts'
import { modeWeights } from '../../src/evaluate/mode-weights.ts'
import { meanDiscrepancy, slicedWasserstein } from '../../src/evaluate/sample-distances.ts'
import type { FitResult } from '../../src/result/result.ts'
import { coordinatesOf, sampleEnergy, sampleLadder } from '../../src/sample/draw-samples.ts'
import { hmc } from '../../src/sample/samplers/hmc.ts'
import { predictorCorrector } from '../../src/sample/samplers/predictor-corrector.ts'

/** Points of the true density, not those of the fit, on which score and log-likelihood are compared; and samples compared. */
export const POINTS = { score: 2000, likelihood: 20_000, sample: 2000 } as const

const fixed = (digits: number) => (value: number): string => value.toFixed(digits)
const percent = (digits: number) => (value: number): string => `${(100 * value).toFixed(digits)} %`

export const measures = {
  gap: { heading: 'gap (nats)', sentence: 'log-likelihood gap: mean true log-density minus mean fitted one, on the same fresh points', show: fixed(4) },
  ownZ: { heading: 'own Z off by', sentence: 'how far the integral of the density is from 1 as the energy itself normalizes it, which only dual score matching does', show: percent(1) },
  fisher: { heading: 'Fisher divergence', sentence: 'mean ‖φ − φ*‖² over fresh points, φ* the true score of the clean density', show: fixed(3) },
  relativeFisher: { heading: 'of mean ‖φ*‖²', sentence: 'the same as a share of mean ‖φ*‖²', show: percent(1) },
  modes: { heading: 'modes', sentence: 'found by ascent', show: fixed(0) },
  modeError: { heading: 'mode weight off by', sentence: 'largest difference of the weight of a mode from the share of the rows in its basin', show: fixed(4) },
  relativeModeError: { heading: 'of the share', sentence: 'the same, as a part of that share', show: percent(1) },
  sliced: { heading: 'sliced W₂', sentence: 'sliced Wasserstein distance of samples from fresh rows, in standard deviations of the columns', show: fixed(3) },
  slicedFloor: { heading: '(of two true samples)', sentence: 'that distance between two samples of the truth', show: fixed(3) },
  discrepancy: { heading: 'MMD² × 10⁴', sentence: 'squared maximum mean discrepancy of the same samples; unbiased, so that it may be negative', show: (value: number) => (1e4 * value).toFixed(1) },
  mixed: { heading: 'mixed', sentence: 'share of the fits whose chains agree (R̂ at most 1.01)', show: percent(0), summary: 'mean' },
  warned: { heading: 'warned', sentence: 'share of the fits that warned of separated clusters', show: percent(0), summary: 'mean' },
  levelsOff: { heading: 'levels off', sentence: 'share of the fits that warned of noise levels that are off', show: percent(0), summary: 'mean' },
  weightsOff: { heading: 'weights off', sentence: 'share of the fits that warned of weights of modes that differ from the rows\' shares', show: percent(0), summary: 'mean' },
  seconds: { heading: 'seconds', sentence: 'of a whole fit, its assessment included', show: fixed(0) },
  processorSeconds: { heading: 'CPU seconds', sentence: 'of all threads together', show: fixed(0) },
} as const satisfies Record<string, { heading: string; sentence: string; show: (value: number) => string; summary?: 'mean' }>

export type MeasureName = keyof typeof measures
export type Measured = Partial<Record<MeasureName, number>>

/** Numbers that cannot be had, as of an energy that no sampler gets hold of, are left out. */
async function ifPossible(measured: Promise<Measured>): Promise<Measured> {
  try {
    return await measured
  } catch (error) {
    if (!(error instanceof UnnormError)) throw error
    console.error(`  ${error.code}: ${error.message}`)
    return {}
  }
}

const warned = ({ fit }: FitResult, code: string): number => Number(fit.warnings.some((warning) => warning.code === code))

/** Everything but the seconds. */
export async function measureFit(density: SyntheticDensity, modes: number | undefined, rows: Float64Array, result: FitResult, random: Random): Promise<Measured> {
  const d = density.dimension
  const point = (values: Float64Array, row: number): Float64Array => values.subarray(row * d, (row + 1) * d)
  const scored = density.sample(POINTS.score, random.split('scored'))
  const trueScore = new Float64Array(scored.length)
  for (let row = 0; row < POINTS.score; row++) trueScore.set(density.score(point(scored, row)), row * d)
  const fisher = await fisherDivergence(result.energy, scored, trueScore)
  return {
    fisher: fisher.value, relativeFisher: fisher.relative,
    ...await likelihood(density, result, random),
    ...(modes === undefined ? {} : await ifPossible(weights(result, rows, random))),
    ...await ifPossible(samples(density, rows, result, random)),
    warned: warned(result, 'separated-clusters'),
    ...(result.ladder ? { levelsOff: warned(result, 'uncalibrated-levels'), weightsOff: warned(result, 'mode-weights') } : {}),
  }
}

async function likelihood(density: SyntheticDensity, result: FitResult, random: Random): Promise<Measured> {
  const { logNormalizer, estimator } = result.fit
  if (logNormalizer.value === null) return {}
  const d = density.dimension
  const compared = density.sample(POINTS.likelihood, random.split('compared'))
  const fitted = await result.logDensity(compared)
  const gap = meanWithError(fitted.map((value, row) => density.logDensity(compared.subarray(row * d, (row + 1) * d)) - value)).value
  if (estimator.name !== 'dual' || logNormalizer.method === 'dual') return { gap }
  const own = await ownNormalizer.estimate({ energy: result.energy, rows: compared, ladder: result.ladder, ownsNormalizer: true, budget: Infinity, random: random.split('own'), now: () => 0 })
  return { gap, ownZ: Math.abs(Math.exp(logNormalizer.value - own.value) - 1) }
}

async function weights(result: FitResult, rows: Float64Array, random: Random): Promise<Measured> {
  const { modes } = await modeWeights(result.energy, rows, random.split('modes'), { maximumRows: 10_000, draws: 20_000 })
  const largest = (of: (mode: (typeof modes)[number]) => number): number => modes.reduce((most, mode) => Math.max(most, Math.abs(of(mode))), 0)
  return { modes: modes.length, modeError: largest(({ weight, rows: { share } }) => weight - share), relativeModeError: largest(({ weight, rows: { share } }) => weight / share - 1) }
}

/** Drawn as `unnorm sample` draws by default: down the ladder where there is one, else by Hamiltonian chains. */
async function samples(density: SyntheticDensity, rows: Float64Array, { energy, ladder }: FitResult, random: Random): Promise<Measured> {
  const d = density.dimension
  const { mean, covariance } = rowMoments(rows, d)
  const count = POINTS.sample
  const drawn = ladder
    ? await sampleLadder(ladder, predictorCorrector, { count, lowest: ladder.ladder.least, levels: predictorCorrector.levels }, random.split('sample'))
    : await sampleEnergy(energy, coordinatesOf(mean, covariance), hmc, { count, chains: 32, warmUp: 500, thin: 1 }, random.split('sample'))
  const scaled = (values: Float64Array): Float64Array => values.map((value, k) => (value - mean[k % d]) / Math.sqrt(covariance[(k % d) * (d + 1)]))
  const [truth, other] = ['truth', 'other'].map((which) => scaled(density.sample(count, random.split(which))))
  const learned = scaled(drawn.rows)
  return {
    sliced: slicedWasserstein(learned, truth, d, random.split('directions')).value,
    slicedFloor: slicedWasserstein(other, truth, d, random.split('directions')).value,
    discrepancy: meanDiscrepancy(learned, truth, d).value,
    mixed: Number(drawn.mixed),
  }
}
