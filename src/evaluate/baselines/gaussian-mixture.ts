// The Gaussian mixture baseline: maximum likelihood by EM, its number of components by BIC (Schwarz 1978).
import { UnnormError } from '../../base/errors.ts'
import { createRandom } from '../../base/random.ts'
import type { Random } from '../../base/random.ts'
import { someRows } from '../../data/spread-rows.ts'
import { columnResolutions, copiedShare } from '../../data/ties.ts'
import { choleskyFactor, rowMoments, thinRows, unwhiten, whiten } from '../../estimate/row-moments.ts'
import type { CholeskyFactor } from '../../estimate/row-moments.ts'
import type { Baseline } from './baseline.ts'
import { addRow, componentsOf, emptySums, maximize, posterior, sumLength, writeFeatures } from './mixture-em.ts'
import type { Component, CountedRows } from './mixture-em.ts'

export interface FittedComponent {
  readonly weight: number
  /** [d], in the data's units. */
  readonly mean: Float64Array
  /** Row-major [d × d], in the data's units squared. */
  readonly covariance: Float64Array
}

export interface GaussianMixtureBaseline extends Baseline {
  /** n rows [n × d] drawn from the mixture, in the data's units; so it can serve as a proposal. */
  sample(n: number, random: Random): Float64Array
  /** Largest weight first. */
  readonly components: readonly FittedComponent[]
  /** BIC of the mixture chosen: −2 log L + (free parameters) log n, on the rows of the last EM. */
  readonly bic: number
}

export interface GaussianMixtureOptions {
  /** Most components tried; fewer where rows are few: a component needs twice as many rows as it has parameters. */
  readonly maximumComponents?: number
  /** Most rows that the number of components is chosen on, evenly spaced over the training rows; five times as many then refine the one chosen. */
  readonly maximumRows?: number
  /** Numbers of components are tried upwards until BIC has not fallen so many times in a row: it is noisy near its minimum, and on a grid of modes it may fall again. */
  readonly patience?: number
  /** EM ends for good when a step gains less than this many nats a row. */
  readonly tolerance?: number
  readonly random?: Random
  /** Of the training rows, with mean one: each adds so much to the likelihood. BIC takes every line for one row, however much it counts. */
  readonly weights?: Float64Array
}

// In the search EM ends when a step raises the log-likelihood by less than this share of what BIC charges for a component: more
// precision would not change the choice.
const SEARCH_SHARE = 0.01
const SEARCH_STEPS = 60
const PILOT_STEPS = 10
const FINAL_STEPS = 300
// Variances of a component in whitened coordinates are raised by this, beside the variance within the resolution of columns whose
// values repeat: a component on one row, or on ties, would have an infinite likelihood.
const FLOOR = 1e-6

/**
 * Full covariances, on whitened rows.
 * @param training row-major [n × d], n > d
 * @throws UnnormError `singular-covariance`
 */
export function gaussianMixtureBaseline(training: Float64Array, dimension: number, options: GaussianMixtureOptions = {}): GaussianMixtureBaseline {
  if (options.weights?.includes(0)) return gaussianMixtureBaseline(...counting(training, dimension, options))
  const { maximumComponents = 30, maximumRows = 2500, patience = 6, tolerance = 1e-6, random = createRandom('gaussian mixture'), weights } = options
  const { mean, covariance } = rowMoments(training, dimension, weights)
  const factor = choleskyFactor(covariance, dimension)
  if (factor === null) {
    throw new UnnormError(
      'singular-covariance',
      `no Gaussian mixture baseline: the covariance of the ${training.length / dimension} training rows is singular; drop columns that are combinations of others`,
    )
  }
  const used = thinRows(training, dimension, 5 * maximumRows)
  const all: CountedRows = { values: whiten(used, mean, factor), weights: weights && thinnedWeights(weights, 5 * maximumRows) }
  const rows: CountedRows = { values: thinRows(all.values, dimension, maximumRows), weights: all.weights && thinnedWeights(all.weights, maximumRows) }
  const count = rows.values.length / dimension
  const parameters = 1 + dimension + (dimension * (dimension + 1)) / 2
  // Copies of a row say nothing of the shape of a component.
  const columns = Array.from({ length: dimension }, (_, j) => String(j))
  const different = (1 - copiedShare({ columns, rows: count, values: rows.values })) * count
  const most = Math.max(1, Math.min(maximumComponents, Math.floor(different / (2 * parameters))))
  const floor = whitenedFloor(columnResolutions(used, columns), factor)
  const bicOf = (components: readonly Component[], logLikelihood: number, count: number): number => -2 * logLikelihood + (components.length * parameters - 1) * Math.log(count)
  const search = { tolerance: (SEARCH_SHARE * parameters * Math.log(count)) / (2 * count), steps: SEARCH_STEPS }
  let best = { bic: Infinity, components: [] as readonly Component[] }
  let centres = new Float64Array(0)
  for (let k = 1, sinceBest = 0; k <= most && sinceBest < patience; k++, sinceBest++) {
    // Afresh, and grown by one centre from the best of one component less: either finds modes that the other misses. What is ahead
    // after a few steps goes on.
    const tried = [new Float64Array(0), centres].slice(0, k === 1 ? 1 : 2).map((given, start) =>
      maximize(rows, dimension, shareOut(rows, dimension, lloyd(rows, dimension, addCentres(rows, dimension, given, k, random.split(k).split(start))), floor), floor, { ...search, steps: PILOT_STEPS }))
    const ahead = tried.reduce((a, b) => (b.logLikelihood > a.logLikelihood ? b : a))
    const fitted = maximize(rows, dimension, ahead.components, floor, search)
    centres = Float64Array.from(fitted.components.flatMap(({ mean: centre }) => [...centre]))
    const bic = bicOf(fitted.components, fitted.logLikelihood, count)
    if (bic < best.bic) {
      best = { bic, components: fitted.components }
      sinceBest = -1
    }
  }
  const final = maximize(all, dimension, best.components, floor, { tolerance, steps: FINAL_STEPS })
  const components = final.components.toSorted((a, b) => b.logWeight - a.logWeight)
  const logDensity = (of: Float64Array): Float64Array => {
    const result = posterior({ values: whiten(of, mean, factor) }, dimension, components, null)
    return result.map((value) => value - factor.logDeterminant)
  }
  return {
    name: 'gaussian mixture',
    components: components.map((component) => inUnits(component, mean, factor)),
    // Of the rows in their own units: whitening changes every log-density by log |det L|.
    bic: bicOf(components, final.logLikelihood, used.length / dimension) + 2 * (used.length / dimension) * factor.logDeterminant,
    logDensity,
    sample(n, from) {
      const whitened = new Float64Array(n * dimension)
      const noise = new Float64Array(dimension)
      for (let row = 0; row < n; row++) {
        let rest = from.uniform()
        const chosen = components.find(({ logWeight }) => (rest -= Math.exp(logWeight)) < 0) ?? components[components.length - 1]
        from.fillNormal(noise)
        whitened.set(unwhiten(noise, chosen.mean, chosen.factor), row * dimension)
      }
      return unwhiten(whitened, mean, factor)
    },
  }
}

/** The same of the rows that count at all. */
function counting(training: Float64Array, dimension: number, { weights, ...others }: GaussianMixtureOptions): [Float64Array, number, GaussianMixtureOptions] {
  const places = Array.from(weights!.keys()).filter((row) => weights![row] > 0)
  const [count, row] = [places.length, (k: number): number => places[k]]
  return [someRows(training, dimension, { count, row }), dimension, { ...others, weights: thinnedWeights(Float64Array.from(places, (place) => weights![place]), Infinity) }]
}

/** Weights of the rows that `thinRows` takes, with mean one. */
function thinnedWeights(weights: Float64Array, most: number): Float64Array {
  const some = thinRows(weights, 1, most)
  const total = some.reduce((sum, weight) => sum + weight, 0)
  return some.map((weight) => weight * some.length / total)
}

function inUnits({ logWeight, mean, factor }: Component, centre: Float64Array, { lower, ...scale }: CholeskyFactor): FittedComponent {
  const d = mean.length
  // The columns of L M, each made by mapping a unit's image: covariance L M Mᵀ Lᵀ.
  const map = new Float64Array(d * d)
  for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) for (let k = j; k <= i; k++) map[i * d + j] += lower[i * d + k] * factor.lower[k * d + j]
  const covariance = new Float64Array(d * d)
  for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) for (let k = 0; k <= Math.min(i, j); k++) covariance[i * d + j] += map[i * d + k] * map[j * d + k]
  return { weight: Math.exp(logWeight), mean: unwhiten(mean, centre, { lower, ...scale }), covariance }
}

/** What is added to every component's covariance in whitened coordinates: L⁻¹ diag(r²/12) L⁻ᵀ for columns of resolution r, and `FLOOR`. */
function whitenedFloor(resolutions: Float64Array, factor: CholeskyFactor): Float64Array {
  const d = resolutions.length
  const zero = new Float64Array(d)
  const floor = new Float64Array(d * d)
  resolutions.forEach((resolution, j) => {
    const along = new Float64Array(d)
    along[j] = resolution / Math.sqrt(12)
    const whitened = whiten(along, zero, factor)
    for (let a = 0; a < d; a++) for (let b = 0; b < d; b++) floor[a * d + b] += whitened[a] * whitened[b]
  })
  for (let a = 0; a < d; a++) floor[a * d + a] += FLOOR
  return floor
}

/**
 * Centres [k × d], those given and others: each of these the best of a few draws with probability proportional to the squared
 * distance from all before it (greedy k-means++, Arthur & Vassilvitskii 2007).
 */
function addCentres({ values: rows, weights }: CountedRows, d: number, given: Float64Array, size: number, random: Random): Float64Array {
  const count = rows.length / d
  const counted = (value: number, i: number): number => (weights ? weights[i] * value : value)
  const centres = new Float64Array(size * d)
  centres.set(given)
  let squared = new Float64Array(count).fill(Infinity)
  const withCentre = (k: number): Float64Array<ArrayBuffer> => squared.map((value, i) => Math.min(value, squaredDistance(rows, i, centres, k, d)))
  for (let k = 0; k < size; k++) {
    if (k < given.length / d) {
      squared = withCentre(k)
      continue
    }
    const total = squared.reduce((sum, value, i) => sum + counted(value, i), 0)
    let best = { total: Infinity, row: 0, squared }
    for (let draw = 0; draw < (k === 0 ? 1 : 2 + Math.ceil(Math.log(size))); draw++) {
      let rest = random.uniform() * total
      const row = k === 0 ? random.integer(count) : Math.max(0, squared.findIndex((value, i) => (rest -= counted(value, i)) < 0))
      centres.set(rows.subarray(row * d, (row + 1) * d), k * d)
      const after = withCentre(k)
      const left = after.reduce((sum, value, i) => sum + counted(value, i), 0)
      if (left < best.total) best = { total: left, row, squared: after }
    }
    centres.set(rows.subarray(best.row * d, (best.row + 1) * d), k * d)
    squared = best.squared
  }
  return centres
}

const LLOYD_STEPS = 10

/** A few steps of k-means: each centre moves to the mean of the rows nearest to it. */
function lloyd({ values: rows, weights }: CountedRows, d: number, start: Float64Array): Float64Array {
  const size = start.length / d
  let centres = start
  for (let step = 0; step < LLOYD_STEPS; step++) {
    const sums = new Float64Array(size * d)
    const counts = new Float64Array(size)
    for (let i = 0; i < rows.length / d; i++) {
      const k = nearest(rows, i, centres, d)
      const weight = weights ? weights[i] : 1
      counts[k] += weight
      for (let j = 0; j < d; j++) sums[k * d + j] += weight * rows[i * d + j]
    }
    const before = centres
    centres = before.map((value, e) => (counts[Math.floor(e / d)] > 0 ? sums[e] / counts[Math.floor(e / d)] : value))
  }
  return centres
}

/** Each row wholly with its nearest centre. */
function shareOut({ values: rows, weights }: CountedRows, d: number, centres: Float64Array, floor: Float64Array): Component[] {
  const sums = emptySums(centres.length / d, d)
  const count = rows.length / d
  const features = new Float64Array(sumLength(d))
  for (let i = 0; i < count; i++) {
    writeFeatures(features, rows, i * d, d)
    addRow(sums, nearest(rows, i, centres, d), features, weights ? weights[i] : 1)
  }
  return componentsOf(sums, d, count, floor)
}

function nearest(rows: Float64Array, row: number, centres: Float64Array, d: number): number {
  let best = 0
  let least = Infinity
  for (let k = 0; k < centres.length / d; k++) {
    const squared = squaredDistance(rows, row, centres, k, d)
    if (squared < least) {
      best = k
      least = squared
    }
  }
  return best
}

function squaredDistance(rows: Float64Array, row: number, centres: Float64Array, centre: number, d: number): number {
  let sum = 0
  for (let j = 0; j < d; j++) sum += (rows[row * d + j] - centres[centre * d + j]) ** 2
  return sum
}
