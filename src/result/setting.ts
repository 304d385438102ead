// What a fit is going to do, settled before it starts: estimator, noise or ladder, and the model for these rows.
import { choleskyDecompose } from '../base/linear-algebra.ts'
import { UnnormError } from '../base/errors.ts'
import type { Warning } from '../base/errors.ts'
import type { Scale } from '../data/standardize.ts'
import type { Table } from '../data/table.ts'
import { columnTies, copiedShare, tiesWarnings } from '../data/ties.ts'
import type { Estimator, RowObjective } from '../estimate/estimator.ts'
import { chooseLadder } from '../estimate/ladder-rule.ts'
import { chooseNoise } from '../estimate/noise-rule.ts'
import { rowMoments } from '../estimate/row-moments.ts'
import { isDiscrete, isReal } from '../model/domain.ts'
import type { PlacedDomain } from '../model/domain.ts'
import { idleColumns } from '../model/idle-columns.ts'
import { trace } from '../model/model.ts'
import type { AboutRows, Ladder, Model, TracedModel } from '../model/model.ts'
import type { DomainSetting } from './domain.ts'
import { estimators } from './estimators.ts'
import type { EstimatorName } from './estimators.ts'
import { resolveNoise } from './noise.ts'
import type { NoiseSetting, ResolvedNoise } from './noise.ts'

export interface Setting {
  readonly name: EstimatorName
  readonly estimator: Estimator
  readonly traced: TracedModel
  readonly objective: RowObjective
  /** The noise whose density is learned: that of the objective, or of the ladder's smallest level. */
  readonly noise: ResolvedNoise | undefined
  readonly ladder: Ladder | undefined
  /** Why this noise or ladder, where it was chosen from the rows. */
  readonly reason: string | null
  readonly warnings: readonly Warning[]
}

/**
 * Settles what a fit of this model to these points does.
 * @param rows some of the points that are fitted, for models that are made from them
 */
export function settle(source: Model, { domain, isOwn, boundary, points: table }: DomainSetting, scale: Scale, by: EstimatorName | undefined, givenNoise: NoiseSetting | undefined, rows: () => Float64Array): Setting {
  const d = table.columns.length
  const isNetwork = source.kind === 'network'
  const name = by ?? defaultEstimator(source, domain)
  const estimator: Estimator = estimators[name]
  if (estimator.usesLadder && !isNetwork) {
    throw new UnnormError('invalid-option', `invalid by: ${name} fits networks, and ${source.name} is a parametric model (use --by ${remediesOn(domain)})`, 'usage')
  }
  if (givenNoise && name !== 'denoising' && !estimator.usesLadder) {
    throw new UnnormError('invalid-option', `invalid noise: ${name} adds none (leave --noise out${isDiscrete(domain) ? '' : ', or use --by denoising'})`, 'usage')
  }
  refuseOnDomain(source, name, domain)
  const warnings: Warning[] = []
  let noise: ResolvedNoise | undefined
  let ladder: Ladder | undefined
  let reason: string | null = null
  if (estimator.usesLadder) {
    const chosen = chooseLadder(table, scale)
    const least = givenNoise ? leastLevel(givenNoise, table.columns, scale) : chosen.ladder.least
    ladder = { least, most: Math.max(chosen.ladder.most, 100 * least) }
    noise = resolveNoise({ kind: 'columns', deviations: Array.from(scale.deviation, (value) => value * Math.sqrt(least)) }, table.columns, scale, true)
    reason = givenNoise ? null : chosen.sentence
    if (table.rows < FEW_ROWS) warnings.push(fewRowsWarning(table.rows))
    if (!givenNoise && chosen.roundedColumns.length > 0) warnings.push(roundingWarning(chosen.roundedColumns, Math.sqrt(least)))
    if (chosen.coarseColumns.length > 0) warnings.push(coarseWarning(chosen.coarseColumns))
  } else if (name === 'denoising') {
    const chosen = givenNoise ? undefined : chooseNoise(table, scale)
    noise = resolveNoise(givenNoise ?? { kind: 'columns', deviations: Array.from(chosen!.noise) }, table.columns, scale, isNetwork)
    reason = chosen?.sentence ?? null
  }
  if (isNetwork) {
    const copied = copiedShare(table)
    // Whole rows repeat by chance where all columns are rounded.
    if (copied >= LARGEST_COPIED_SHARE && columnTies(table).some(({ roundingStep }) => roundingStep === null)) warnings.push(copiesWarning(copied))
    // Ties ruin exact score matching of a flexible energy (it can put a spike on every tied value); few parameters bear them.
    if (name === 'score-matching') warnings.push(...tiesWarnings(columnTies(table)))
  }
  // A pass over all rows, which most models do without.
  const about: AboutRows = { dimension: d, ladder, rows, get covariance() { return covarianceOf(table, scale, ladder ? undefined : noise) }, moments: () => rowMoments(rows(), d) }
  const model = source.forRows?.(about) ?? source
  const traced = trace(isOwn ? model : { ...model, logNormalizer: undefined }, domain, boundary)
  const [idle] = isNetwork || !isReal(domain) ? [] : idleColumns(traced.logDensity, traced.x)
  if (idle !== undefined) throw new UnnormError('constant-formula', `model ${source.name}: logDensity does not depend on column ${JSON.stringify(table.columns[idle])}, so that no density of it follows (leave the column out with --columns, or use it)`)
  return { name, estimator, traced, objective: estimator.objective(traced, ladder ? undefined : noise?.inObjective, ladder), noise, ladder, reason, warnings }
}

/** Estimators that a domain allows, as a message names them. */
const remediesOn = (domain: PlacedDomain): string => (isDiscrete(domain) ? 'pseudo-likelihood or ratio-matching' : isReal(domain) ? 'score-matching or denoising' : 'score-matching')

/** What is made for other domains. */
function refuseOnDomain(source: Model, name: EstimatorName, domain: PlacedDomain): void {
  const estimator: Estimator = estimators[name]
  const refuse = (why: string, more = ''): UnnormError => new UnnormError('invalid-option', `invalid by: ${why} (use --by ${remediesOn(domain)}${more})`, 'usage')
  if (estimator.domains === 'discrete' && !isDiscrete(domain)) throw refuse(`${name} compares a row with the same row with one value flipped, and values of ${isReal(domain) ? 'real columns' : domain.text} have no other to flip to`, '; columns of two values are --domain binary')
  if (isReal(domain)) return
  if (source.kind === 'network') {
    throw new UnnormError('invalid-domain', `invalid domain: ${source.name} is a network, which lives on all of real space, not on ${domain.text} (leave --domain out, or take a parametric model)`, 'usage')
  }
  if (estimator.domains === 'continuous' && isDiscrete(domain)) throw refuse(`${name} needs the gradient ∇ₓ log p, and on ${domain.text} there is nothing between two values`)
  if (estimator.domains === undefined) throw refuse(`${name} adds noise, which leaves the domain ${domain.text}`)
}

/** Networks that can use the noise level are fitted at all levels: only that gives a density one can trust. */
function defaultEstimator(source: Model, domain: PlacedDomain): EstimatorName {
  // Convex for the Ising model, and with smaller errors than ratio matching (docs/decisions.md).
  if (isDiscrete(domain)) return 'pseudo-likelihood'
  if (source.kind !== 'network') return 'score-matching'
  return source.forRows || trace(source, domain.coordinates.length).t ? 'dual' : 'denoising'
}

/** The variance of the smallest level in standardized units, where the user gives its noise: the same in every column. */
function leastLevel(setting: NoiseSetting, columns: readonly string[], scale: Scale): number {
  const { isotropic } = resolveNoise(setting, columns, scale, true).inObjective
  if (isotropic === undefined) throw new UnnormError('invalid-noise', 'invalid noise: a ladder of levels adds the same share of its standard deviation to every column (give one number, or use --by denoising)', 'usage')
  return isotropic ** 2
}

/** Below it the held-out rows, a tenth, are too few to tell learning from overfitting. */
const FEW_ROWS = 100

const fewRowsWarning = (rows: number): Warning => ({
  code: 'few-rows',
  message: `${rows} rows are few to learn a density at all noise levels from: away from them it is mostly the Gaussian that the network stands on. Compare its log-likelihood with the baselines; --model gaussian may say as much.`,
})

/** More copies of rows than this are told. */
const LARGEST_COPIED_SHARE = 0.05

const copiesWarning = (share: number): Warning => ({
  code: 'copied-rows',
  message: `${Math.round(100 * share)} % of the rows are exact copies of others. A density has no limit on them, and held-out rows that are copies of training rows make a fit look better than it is: objective, early stopping and log-likelihood on held-out rows cannot be relied on. Leave the copies out (--sql "select distinct …"), or learn at more noise (--noise).`,
})

function roundingWarning(columns: readonly string[], deviation: number): Warning {
  const one = columns.length === 1
  return {
    code: 'rounded-columns',
    message: `${columns.map((name) => JSON.stringify(name)).join(', ')} ${one ? 'is' : 'are'} rounded, so ${one ? 'its' : 'their'} density on ever finer scales has no limit: the smallest noise is set to the coarsest rounding step, ${Number(deviation.toPrecision(3))} standard deviations, and the density is that of the columns with this noise.`,
  }
}

function coarseWarning(columns: readonly string[]): Warning {
  const named = columns.slice(0, 5).map((name) => JSON.stringify(name)).join(', ')
  const one = columns.length === 1
  return {
    code: 'coarse-columns',
    message: `${named}${columns.length > 5 ? ` and ${columns.length - 5} others` : ''} ${one ? 'has' : 'have'} few values, more than half a standard deviation apart: each value is a mode of its own, the higher the smaller the noise, and log-likelihoods compare only at equal noise (leave ${one ? 'it' : 'them'} out with --columns, or say how much noise by --noise).`,
  }
}

/** Covariance of the standardized columns with their noise, row-major. */
function covarianceOf(table: Table, scale: Scale, noise: ResolvedNoise | undefined): Float64Array {
  const d = table.columns.length
  const covariance = new Float64Array(d * d)
  const y = new Float64Array(d)
  const stride = Math.max(1, Math.floor(table.rows / 100_000))
  let count = 0
  for (let row = 0; row < table.rows; row += stride, count++) {
    for (let j = 0; j < d; j++) y[j] = (table.values[row * d + j] - scale.mean[j]) / scale.deviation[j]
    for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) covariance[i * d + j] += y[i] * y[j]
  }
  const factor = noise?.inObjective.factor
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) {
      covariance[i * d + j] /= count
      if (factor) for (let k = 0; k < d; k++) covariance[i * d + j] += factor[i * d + k] * factor[j * d + k]
    }
    // A raised diagonal keeps nearly collinear columns from starting with a needle.
    covariance[i * d + i] += 1e-3
  }
  if (!choleskyDecompose(covariance, d)) throw new UnnormError('singular-covariance', `${table.source}: the covariance of ${table.columns.join(', ')} is singular: drop columns that are combinations of others`)
  return covariance
}
