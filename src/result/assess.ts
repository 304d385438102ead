// What is found out about a fitted energy: log Z, log-likelihood beside the baselines, reconstruction, goodness of fit.
import { UnnormError } from '../base/errors.ts'
import type { Warning } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import type { Split } from '../data/split.ts'
import { someRows, spreadRows, spreadValues } from '../data/spread-rows.ts'
import type { Table } from '../data/table.ts'
import { someColumns } from '../data/domain-rows.ts'
import { gaussianBaseline } from '../evaluate/baselines/gaussian.ts'
import { independentBaseline } from '../evaluate/baselines/independent.ts'
import { kernelDensityBaseline } from '../evaluate/baselines/kernel-density.ts'
import type { KernelDensityOptions } from '../evaluate/baselines/kernel-density.ts'
import { mapBaselines, perBaseline, productBaseline } from '../evaluate/baselines/baseline.ts'
import type { Baseline, PerBaseline, UsualBaseline } from '../evaluate/baselines/baseline.ts'
import { MOST_ENUMERATED, enumerate } from '../engine/enumeration.ts'
import { directionKernelBaseline, uniformBaseline, vonMisesFisherBaseline } from '../evaluate/baselines/directions.ts'
import { gaussianMixtureBaseline } from '../evaluate/baselines/gaussian-mixture.ts'
import type { GaussianMixtureOptions } from '../evaluate/baselines/gaussian-mixture.ts'
import { openEnergy, openToIntegrate } from '../evaluate/open-energy.ts'
import { sphereArea, sphereNormalizer } from '../evaluate/log-normalizer/sphere.ts'
import { formatNumber } from '../report/format.ts'
import { isDiscrete, lebesgueColumns } from '../model/domain.ts'
import type { PlacedDomain } from '../model/domain.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'
import { discreteSteinTest } from '../evaluate/discrete-goodness-of-fit.ts'
import { kernelSteinTest, rowsToTest } from '../evaluate/goodness-of-fit.ts'
import { steinResiduals } from '../evaluate/stein-residuals.ts'
import { clusterInfluences } from '../estimate/sensitivity.ts'
import type { Sensitivity } from '../estimate/sensitivity.ts'
import type { GoodnessOfFit } from '../evaluate/goodness-of-fit.ts'
import type { NormalizerContext } from '../evaluate/log-normalizer/method.ts'
import { normalize } from '../evaluate/log-normalizer/normalize.ts'
import { quadrature } from '../evaluate/log-normalizer/quadrature.ts'
import { weightingOf, weightingOfSome } from '../estimate/weighting.ts'
import type { Weighting } from '../estimate/weighting.ts'
import { meanWithError, pairedDifference } from '../evaluate/mean-with-error.ts'
import type { MeanWithError } from '../evaluate/mean-with-error.ts'
import { thinRows, thinnedRow } from '../estimate/row-moments.ts'
import type { Residual } from '../report/fit-json.ts'

export interface KnownLogNormalizer {
  readonly value: number
  readonly standardError: number
  readonly method: string
}

/** Log-likelihoods of one set of rows under the model and the baselines, in nats per row. */
export interface Likelihoods {
  readonly model: MeanWithError | null
  readonly baselines: PerBaseline<number | null>
  /** Model less baseline. */
  readonly differences: PerBaseline<MeanWithError | null>
}

/** Rows looked at: enough for errors in the third digit, few enough to take a moment. */
const EVALUATED_ROWS = 20_000
const BASELINE_ROWS = 100_000
/** Rows on which the kernel density is evaluated where there are more than three times as many: each costs thousands of kernels. */
const KERNEL_DENSITY_ROWS = 10_000
/** The same in a parametric fit, which takes a second: enough for the third digit. */
export const QUICK_KERNEL_ROWS = 1000
/** Up to so many rows baselines take a moment anyway. */
const QUICK_FROM = 4000
/** What a parametric fit of more rows saves on its baselines moves their log-likelihoods by less than their standard errors: a quarter of the pairs for the bandwidth, and a mixture that gives up sooner. */
const QUICK_KERNEL: KernelDensityOptions = { bandwidth: { centres: 2000, queries: 250 } }
const QUICK_MIXTURE: GaussianMixtureOptions = { patience: 2, tolerance: 1e-4 }

/** Up to `most` rows of one part of a split, evenly spaced: how many, and which of the table. */
function placesOf(part: 'train' | 'heldOut', split: Split, most: number): { readonly count: number; row(k: number): number } {
  const total = part === 'train' ? split.trainCount : split.heldOutCount
  const row = part === 'train' ? split.trainRow : split.heldOutRow
  const count = Math.min(most, total)
  return { count, row: (k) => row(Math.floor((k * total) / count)) }
}

/** Up to `most` rows of one part of a split, evenly spaced. */
export function partOf(table: Table, part: 'train' | 'heldOut', split: Split, most: number): Float64Array {
  const d = table.columns.length
  const { count, row } = placesOf(part, split, most)
  const rows = new Float64Array(count * d)
  for (let k = 0; k < count; k++) {
    const from = row(k) * d
    for (let j = 0; j < d; j++) rows[k * d + j] = table.values[from + j]
  }
  return rows
}

/** How the rows that `partOf` gives count. */
export function weightingOfPart(table: Table, part: 'train' | 'heldOut', split: Split, most: number): Weighting {
  const { count, row } = placesOf(part, split, most)
  return weightingOf(table, count, row)
}

export const evaluationRows = (table: Table, part: 'train' | 'heldOut', split: Split): Float64Array => partOf(table, part, split, EVALUATED_ROWS)
export const evaluationWeighting = (table: Table, part: 'train' | 'heldOut', split: Split): Weighting => weightingOfPart(table, part, split, EVALUATED_ROWS)
export const baselineRows = (table: Table, split: Split): Float64Array => partOf(table, 'train', split, BASELINE_ROWS)
export const baselineWeights = (table: Table, split: Split): Float64Array | undefined => weightingOfPart(table, 'train', split, BASELINE_ROWS).weights

/** Rows at which each method may evaluate the energy of a fit: some seconds of a network. */
const FIT_BUDGET = 400_000

/**
 * log Z with its error, by the cheapest method that can be relied on: a sum over all rows of binary columns; quadrature up to three columns, else annealing, else as the
 * energy itself knows it; null with a warning where it is out of reach or infinite.
 */
export async function findLogNormalizer({ domain, ...about }: Omit<NormalizerContext, 'budget'> & { readonly domain: PlacedDomain }, warnings: Warning[]): Promise<KnownLogNormalizer | null> {
  try {
    if (isDiscrete(domain)) return await byEnumeration(about.energy, warnings)
    const whole = await onSphere(about.energy, domain, about.rows, warnings)
    if (whole) return whole
    const open = openToIntegrate(about.energy, domain)
    const context = { ...about, energy: open.energy, rows: open.toOpen(about.rows), budget: FIT_BUDGET }
    const { chosen, refused, warnings: found } = await normalize(context, [quadrature.refuses(context) === null ? 'quadrature' : 'annealed', 'dual'])
    warnings.push(...found)
    if (chosen) return { value: chosen.value, standardError: chosen.standardError, method: chosen.method }
    const reasons = refused.filter(({ method }) => method === 'annealed').map(({ reason }) => ` (annealing ${reason})`)
    warnings.push({ code: 'unnormalized', message: `log Z is not known well enough to be used${reasons.join('')}: energies and scores are known, densities only up to a factor.` })
  } catch (error) {
    if (!(error instanceof UnnormError)) throw error
    warnings.push({ code: error.code, message: error.message })
  }
  return null
}

export type Baselines = PerBaseline<Baseline | null>

/** The sum over all rows of binary columns; null, with a warning, where they are too many. */
async function byEnumeration(energy: FittedEnergy, warnings: Warning[]): Promise<KnownLogNormalizer | null> {
  const found = await enumerate(energy)
  if (found) return { value: found.logNormalizer, standardError: 0, method: 'enumeration' }
  const d = energy.columns.length
  const why = d > MOST_ENUMERATED ? `it is a sum over the 2^${d} rows that ${d} binary columns can have, and up to ${MOST_ENUMERATED} columns are summed` : `the energy is not a number at some of the ${2 ** d} rows that the columns can have`
  warnings.push({ code: 'unnormalized', message: `log Z is not known: ${why}. Energies and the odds of each value given the others are known, probabilities of rows only up to a factor.` })
  return null
}

/** log Z on a sphere alone, of up to three dimensions: there cells need no seam. */
async function onSphere(energy: FittedEnergy, domain: PlacedDomain, rows: Float64Array, warnings: Warning[]): Promise<KnownLogNormalizer | undefined> {
  const found = await sphereNormalizer(energy, domain, rows)
  if (!found) return undefined
  const uniform = -sphereArea(domain.coordinates.length)
  const mean = meanWithError((await energy.evaluate(rows)).energy.map((value) => -value - found.value)).value
  if (mean < uniform) {
    warnings.push({ code: 'mode-without-rows', message: `The density has its mass where no rows are: they are less likely (${formatNumber(mean, 3)} nats a row) than under the uniform distribution (${formatNumber(uniform, 3)}). Score matching sees slopes at the rows, and hardly how high modes apart stand. Take fewer parameters, such as von-mises-fisher, or hold some with --fix.` })
  }
  return found
}

/**
 * Baselines fitted on the given rows; null where they cannot be (too few rows, singular covariance), and where densities have
 * another base measure than theirs. Directions have their own; beside other columns those of both are multiplied.
 * @param weights of the rows, with mean one
 * @param isQuick with the smaller budgets of parametric fits, where rows are many
 */
export function fitBaselines(rows: Float64Array, domain: PlacedDomain, weights?: Float64Array, isQuick = false): Baselines {
  if (isDiscrete(domain)) return { ...perBaseline(() => null), independent: independentBaseline(rows, domain.columns.length, weights) }
  const flat = domain.parts.filter(({ kind }) => kind !== 'sphere')
  if (flat.length === domain.parts.length) return flatBaselines(rows, domain, weights, isQuick)
  const vonMisesFisher = vonMisesFisherBaseline(rows, domain, weights)
  const kernelDensity = rows.length < 3 * domain.columns.length ? null : directionKernelBaseline(rows, domain, weights)
  if (flat.length === 0) return { ...perBaseline(() => null), uniform: uniformBaseline(domain), vonMisesFisher, kernelDensity }
  const others = flatBaselines(rows, { ...domain, parts: flat }, weights, isQuick, false)
  return {
    ...perBaseline(() => null),
    independent: productBaseline('Gaussian and von Mises–Fisher', [others.gaussian, vonMisesFisher]),
    kernelDensity: productBaseline('kernel density', [others.kernelDensity, kernelDensity]),
  }
}

/** Those of the columns in which a domain without spheres has Lebesgue's measure. */
function flatBaselines(rows: Float64Array, domain: PlacedDomain, weights: Float64Array | undefined, isQuick: boolean, hasMixture = true): Record<UsualBaseline, Baseline | null> {
  const kept = lebesgueColumns(domain)
  if (kept === undefined) return { gaussian: null, kernelDensity: null, gaussianMixture: null }
  const select = (all: Float64Array): Float64Array => (kept.length === domain.columns.length ? all : someColumns(all, domain.columns.length, kept))
  const [training, dimension] = [select(rows), kept.length]
  const saves = isQuick && training.length / dimension > QUICK_FROM
  const attempt = (make: () => Baseline): Baseline | null => {
    try {
      const baseline = make()
      return { ...baseline, logDensity: (others, areTraining) => baseline.logDensity(select(others), areTraining) }
    } catch (error) {
      if (error instanceof UnnormError) return null
      throw error
    }
  }
  return {
    gaussian: attempt(() => gaussianBaseline(training, dimension, weights)),
    kernelDensity: attempt(() => kernelDensityBaseline(training, dimension, { ...saves ? QUICK_KERNEL : {}, ...weights ? { weights } : {} })),
    gaussianMixture: hasMixture ? attempt(() => gaussianMixtureBaseline(training, dimension, { ...saves ? QUICK_MIXTURE : {}, ...weights ? { weights } : {} })) : null,
  }
}

/** Log-densities of rows under the baselines. */
export interface BaselineDensities {
  /** Of all rows; the kernel density's stand apart. */
  readonly all: PerBaseline<Float64Array | null>
  /** Of the rows that `spreadRows` chooses of these, or of all. */
  readonly kernelDensity: Float64Array | null
}

export const noBaselines: BaselineDensities = { all: perBaseline(() => null), kernelDensity: null }

/**
 * @param areTraining whether the rows are those that the baselines were fitted to
 * @param kernelRows of how many rows the kernel density is evaluated, where there are more than three times as many and another baseline is known
 */
export function baselineDensities(baselines: Baselines, rows: Float64Array, dimension: number, areTraining: boolean, kernelRows = Infinity): BaselineDensities {
  const all = mapBaselines(baselines, (baseline, name) => (name === 'kernelDensity' ? null : baseline?.logDensity(rows, () => areTraining) ?? null))
  const isBeside = all.gaussian ?? all.vonMisesFisher ?? all.independent
  return { all, kernelDensity: baselines.kernelDensity?.logDensity(isBeside ? spreadValues(rows, dimension, kernelRows) : rows, () => areTraining) ?? null }
}

/**
 * Log-likelihoods per row of the model and the baselines, all on the same rows.
 * @param weighting how the rows count
 */
export async function compareLikelihoods(
  energy: FittedEnergy, rows: Float64Array, logZ: KnownLogNormalizer | null, { all: ofBaselines, kernelDensity: ofKernel }: BaselineDensities, weighting: Weighting = {},
): Promise<Likelihoods> {
  const perRow = logZ ? (await energy.evaluate(rows)).energy.map((value) => -value - logZ.value) : null
  const kernelDensity = ofKernel && kernelDensityBeside(ofKernel, perRow ?? ofBaselines.gaussian ?? ofBaselines.vonMisesFisher ?? ofBaselines.independent ?? null, weighting)
  const model = perRow && meanWithError(perRow, weighting)
  const mean = (values: Float64Array | null): number | null => values && meanWithError(values, weighting).value
  const against = (values: Float64Array | null): MeanWithError | null => (perRow && values ? pairedDifference(perRow, values, weighting) : null)
  return {
    model: model && { value: model.value, standardError: Math.hypot(model.standardError, logZ!.standardError) },
    baselines: mapBaselines(ofBaselines, (own, name) => (name === 'kernelDensity' ? kernelDensity?.mean ?? null : mean(own))),
    differences: mapBaselines(ofBaselines, (own, name) => (name === 'kernelDensity' ? (perRow && kernelDensity?.behind) ?? null : against(own))),
  }
}

/**
 * The kernel density on some of very many rows: its mean is that of other log-densities over all rows, less what it lies behind
 * them on those some, so that both stand for the same rows.
 * @param own its log-densities of those that `spreadRows` chooses, or of all
 * @param beside log-densities of all rows, the closer to it the better; null: there are none, and `own` has all rows
 */
function kernelDensityBeside(own: Float64Array, beside: Float64Array | null, weighting: Weighting): { mean: number; behind: MeanWithError | null } {
  if (!beside) return { mean: meanWithError(own, weighting).value, behind: null }
  const isAll = own.length === beside.length
  const { count, row } = spreadRows(beside.length, isAll ? Infinity : own.length)
  const some = isAll ? weighting : weightingOfSome(weighting, count, row)
  const behind = pairedDifference(isAll ? beside : Float64Array.from({ length: count }, (_, k) => beside[row(k)]), own, some)
  return { mean: meanWithError(beside, weighting).value - behind.value, behind }
}

/**
 * Mean log-densities of the baselines over all rows, however many. The kernel density is evaluated on some of very many: what it
 * gains there over the Gaussian (of directions von Mises–Fisher, beside other columns the product of both) is added to the other's
 * mean over all, so that both, and the model, stand for the same rows.
 */
export function baselineLikelihoods(baselines: Baselines, rows: Float64Array, dimension: number, isTraining: (row: number) => boolean): PerBaseline<number | null> & { readonly kernelDensityRows: number } {
  const count = rows.length / dimension
  const { kernelDensity } = baselines
  const beside = baselines.gaussian ?? baselines.vonMisesFisher ?? baselines.independent ?? null
  if (beside === null) return { ...mapBaselines(baselines, () => null), kernelDensityRows: count }
  const all = beside.logDensity(rows)
  const { value } = meanWithError(all)
  const others = mapBaselines(baselines, (baseline, name) => (baseline === beside ? value : name === 'kernelDensity' ? null : baseline && meanWithError(baseline.logDensity(rows)).value))
  if (kernelDensity === null) return { ...others, kernelDensityRows: count }
  const some = spreadRows(count, KERNEL_DENSITY_ROWS)
  const chosen = spreadValues(rows, dimension, KERNEL_DENSITY_ROWS)
  const gain = pairedDifference(kernelDensity.logDensity(chosen, (k) => isTraining(some.row(k))), Float64Array.from({ length: some.count }, (_, k) => all[some.row(k)]))
  return { ...others, kernelDensity: value + gain.value, kernelDensityRows: some.count }
}

/** Rows with their scores, in coordinates of flat spaces and spheres, and how they count. */
export interface ScoredRows {
  /** [n × d] */
  readonly rows: Float64Array
  readonly score: Float64Array
  readonly dimension: number
  readonly spheres: readonly (readonly number[])[]
  readonly weighting: Weighting
}

export type Goodness = Pick<GoodnessOfFit, 'test' | 'statistic' | 'pValue'>

/** Below so many rows, or clusters, that count there is no test. */
const LEAST_TESTED = 10

/** The rows that a kernel Stein test looks at, with their scores; null where they are too few. */
export async function scoredRows(energy: FittedEnergy, domain: PlacedDomain, rows: Float64Array, weighting: Weighting = {}): Promise<ScoredRows | null> {
  const open = openEnergy(energy, domain, 'ambient')
  const dimension = open.energy.columns.length
  const counted = countedRows(rows, domain.columns.length, weighting, open.hasOpen)
  const points = open.toOpen(counted.rows)
  if (drawnOnes(points.length / dimension, counted.weighting) < LEAST_TESTED) return null
  const used = rowsToTest(points, dimension, { weighting: counted.weighting })
  return { rows: used.rows, score: (await open.energy.evaluate(used.rows)).score, dimension, spheres: open.spheres, weighting: used.weighting }
}

/** Kernel Stein test of rows with scores; null where a score is not finite. */
export function testScores({ rows, score, dimension, spheres, weighting }: ScoredRows, random: Random): Promise<Goodness | null> {
  const known: FittedEnergy = { columns: Array.from({ length: dimension }, (_, k) => `u${k + 1}`), evaluate: async () => ({ energy: new Float64Array(rows.length / dimension), score }) }
  return orNull(() => kernelSteinTest(known, rows, random, { spheres, weighting }))
}

async function orNull(test: () => Promise<GoodnessOfFit>): Promise<Goodness | null> {
  try {
    const { test: name, statistic, pValue } = await test()
    return { test: name, statistic, pValue }
  } catch (error) {
    if (error instanceof UnnormError) return null
    throw error
  }
}

/**
 * Kernel Stein test of the rows, of binary ones the discrete; null where they are too few or a score is not finite.
 * @param weighting how the rows count
 */
export async function testGoodness(energy: FittedEnergy, domain: PlacedDomain, rows: Float64Array, random: Random, weighting: Weighting = {}): Promise<Goodness | null> {
  if (!isDiscrete(domain)) {
    const scored = await scoredRows(energy, domain, rows, weighting)
    return scored && testScores(scored, random)
  }
  const d = domain.columns.length
  const counted = countedRows(rows, d, weighting, (all) => new Array<boolean>(all.length / d).fill(true))
  if (drawnOnes(counted.rows.length / d, counted.weighting) < LEAST_TESTED) return null
  return orNull(() => discreteSteinTest(energy, counted.rows, random, { weighting: counted.weighting }))
}

/** Rows that count at all and are of use, and how they count. */
function countedRows(rows: Float64Array, dimension: number, weighting: Weighting, areOfUse: (rows: Float64Array) => readonly boolean[]): { rows: Float64Array; weighting: Weighting } {
  const { weights, clusters } = weighting
  if (!weights && !clusters) return { rows, weighting }
  const places = areOfUse(rows).flatMap((isOfUse, row) => (isOfUse && weights?.[row] !== 0 ? [row] : []))
  const [count, row] = [places.length, (k: number): number => places[k]]
  return { rows: someRows(rows, dimension, { count, row }), weighting: weightingOfSome(weighting, count, row) }
}

/** How many rows, or clusters, that count alike vary as much as these: (Σw)²/Σw². */
function drawnOnes(count: number, { weights, clusters }: Weighting): number {
  const sums = new Float64Array(clusters?.count ?? count)
  for (let row = 0; row < count; row++) sums[clusters ? clusters.of[row] : row] += weights ? weights[row] : 1
  return count * count / sums.reduce((squares, sum) => squares + sum * sum, 0)
}

/** Numbers that residuals of rows may take up, and slopes of scores. */
const RESIDUAL_NUMBERS = 4e6
const SLOPE_NUMBERS = 4e6
const RESIDUAL_ROWS = 20_000
/** Enough for a standard error good to two hundredths. */
const SLOPE_ROWS = 5000

/**
 * Residuals of the points that were fitted, by the coordinates of the model; null where they are too few or a score is not finite.
 * @param points with their weights and clusters
 */
export async function findResiduals(points: Table, split: Split, sensitivity: Sensitivity): Promise<Residual[] | null> {
  const { columns } = points
  const d = columns.length
  const each = 4 * d + (d * (d - 1)) / 2
  const most = Math.min(RESIDUAL_ROWS, Math.floor(RESIDUAL_NUMBERS / each))
  const rows = partOf(points, 'train', split, most)
  const count = rows.length / d
  const scores = await sensitivity.scores(rows)
  if (count < 10 || !scores.every(Number.isFinite)) return null
  const all = weightingOfPart(points, 'train', split, split.trainCount)
  const weighting = weightingOfSome(all, count, (k) => Math.floor((k * split.trainCount) / count))
  const limit = Math.min(count, SLOPE_ROWS, Math.max(200, Math.floor(SLOPE_NUMBERS / (d * sensitivity.parameterCount))))
  const some = thinRows(rows, d, limit)
  const estimation = {
    rows: some, scores: await sensitivity.scores(some), influences: await sensitivity.influences(some), scoreSlopes: await sensitivity.scoreSlopes(some), weights: await sensitivity.weights(some),
    weighting: weightingOfSome(weighting, limit, (k) => thinnedRow(k, count, limit)),
    ...(all.clusters ? { ofClusters: await clusterInfluences(sensitivity, partOf(points, 'train', split, split.trainCount), d, all) } : {}),
  }
  return steinResiduals(rows, scores, d, estimation, split.trainCount, await sensitivity.weights(rows), weighting).map((residual) => ({ ...residual, columns: residual.columns.map((j) => columns[j]) }))
}
