// The Gaussian mixture baseline: maximum likelihood by EM (Dempster, Laird & Rubin 1977), its number of components by BIC (Schwarz 1978).
import { UnnormError } from '../../base/errors.ts'
import { NEGLIGIBLE, expNegative } from '../../base/exponential.ts'
import { invertLower } from '../../base/linear-algebra.ts'
import { createRandom } from '../../base/random.ts'
import type { Random } from '../../base/random.ts'
import { columnResolutions, copiedShare } from '../../data/ties.ts'
import { choleskyFactor, rowMoments, thinRows, unwhiten, whiten } from '../../estimate/row-moments.ts'
import type { CholeskyFactor } from '../../estimate/row-moments.ts'
import type { Baseline } from './baseline.ts'

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

/** One component in whitened coordinates. */
interface Component {
  readonly logWeight: number
  readonly mean: Float64Array
  readonly factor: CholeskyFactor
}

/**
 * Full covariances, on whitened rows.
 * @param training row-major [n × d], n > d
 * @throws UnnormError `singular-covariance`
 */
export function gaussianMixtureBaseline(training: Float64Array, dimension: number, options: GaussianMixtureOptions = {}): GaussianMixtureBaseline {
  const { maximumComponents = 30, maximumRows = 2500, patience = 6, tolerance = 1e-6, random = createRandom('gaussian mixture') } = options
  const { mean, covariance } = rowMoments(training, dimension)
  const factor = choleskyFactor(covariance, dimension)
  if (factor === null) {
    throw new UnnormError(
      'singular-covariance',
      `no Gaussian mixture baseline: the covariance of the ${training.length / dimension} training rows is singular; drop columns that are combinations of others`,
    )
  }
  const used = thinRows(training, dimension, 5 * maximumRows)
  const all = whiten(used, mean, factor)
  const rows = thinRows(all, dimension, maximumRows)
  const parameters = 1 + dimension + (dimension * (dimension + 1)) / 2
  // Copies of a row say nothing of the shape of a component.
  const columns = Array.from({ length: dimension }, (_, j) => String(j))
  const different = (1 - copiedShare({ columns, rows: rows.length / dimension, values: rows })) * (rows.length / dimension)
  const most = Math.max(1, Math.min(maximumComponents, Math.floor(different / (2 * parameters))))
  const floor = whitenedFloor(columnResolutions(used, columns), factor)
  const bicOf = (components: readonly Component[], logLikelihood: number, count: number): number => -2 * logLikelihood + (components.length * parameters - 1) * Math.log(count)
  const count = rows.length / dimension
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
    const result = posterior(whiten(of, mean, factor), dimension, components, null)
    return result.map((value) => value - factor.logDeterminant)
  }
  return {
    name: 'gaussian mixture',
    components: components.map((component) => inUnits(component, mean, factor)),
    // Of the rows in their own units: whitening changes every log-density by log |det L|.
    bic: bicOf(components, final.logLikelihood, all.length / dimension) + 2 * (all.length / dimension) * factor.logDeterminant,
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

interface Effort {
  readonly tolerance: number
  readonly steps: number
}

/** EM from given components, every second step lengthened (SQUAREM, Varadhan & Roland 2008) as long as that raises the likelihood. */
function maximize(rows: Float64Array, d: number, start: readonly Component[], floor: Float64Array, { tolerance, steps }: Effort): { components: readonly Component[]; logLikelihood: number } {
  const count = rows.length / d
  let trail: (readonly Component[])[] = [start]
  let plain: readonly Component[] | undefined
  let last = { components: start, logLikelihood: -Infinity }
  for (let step = 0; step < steps; step++) {
    const components = trail[trail.length - 1]
    const sums = emptySums(components.length, d)
    const logLikelihood = posterior(rows, d, components, sums).reduce((sum, each) => sum + each, 0)
    const gain = logLikelihood - last.logLikelihood
    if (plain && !(gain >= 0)) {
      trail = [plain]
      plain = undefined
      continue
    }
    // What a lengthened step gains says nothing about how much there is left.
    const isPlain = plain === undefined
    plain = undefined
    last = { components, logLikelihood }
    if (isPlain && gain < tolerance * count) break
    const next = componentsOf(sums, d, count, floor)
    trail.push(next)
    if (trail.length === 3) {
      plain = next
      trail = [lengthened(trail as [readonly Component[], readonly Component[], readonly Component[]], d)]
    }
  }
  return last
}

/** Of three points of EM, where they lead: steps r and then r + v go on as θ₀ + 2ar + a²v, a = ‖r‖/‖v‖ (at least one, which is the third point). */
function lengthened(trail: readonly [readonly Component[], readonly Component[], readonly Component[]], d: number): Component[] {
  const [zero, one, two] = trail.map(coordinatesOf)
  let [r, v] = [0, 0]
  zero.forEach((value, e) => {
    r += (one[e] - value) ** 2
    v += (two[e] - 2 * one[e] + value) ** 2
  })
  const a = Math.max(1, Math.sqrt(r / v))
  if (!Number.isFinite(a)) return [...trail[2]]
  return fromCoordinates(zero.map((value, e) => value + 2 * a * (one[e] - value) + a * a * (two[e] - 2 * one[e] + value)), d)
}

/** Numbers without bounds: of each component the log-weight, the mean and the factor with logarithms on its diagonal. */
function coordinatesOf(components: readonly Component[]): Float64Array {
  return Float64Array.from(components.flatMap(({ logWeight, mean, factor: { lower } }) => [
    logWeight, ...mean, ...Array.from(lower, (value, e) => (e % (mean.length + 1) === 0 ? Math.log(value) : value)),
  ]))
}

function fromCoordinates(coordinates: Float64Array, d: number): Component[] {
  const length = 1 + d + d * d
  const all = Array.from({ length: coordinates.length / length }, (_, k) => coordinates.subarray(k * length, (k + 1) * length))
  const total = Math.log(all.reduce((sum, [logWeight]) => sum + Math.exp(logWeight), 0))
  return all.map((own) => {
    const factor = own.slice(1 + d)
    let logDeterminant = 0
    for (let j = 0; j < d; j++) {
      logDeterminant += factor[j * (d + 1)]
      factor[j * (d + 1)] = Math.exp(factor[j * (d + 1)])
    }
    return { logWeight: own[0] - total, mean: own.slice(1, 1 + d), factor: { dimension: d, lower: factor, logDeterminant } }
  })
}

/** Of each component: Σ shares, then Σ shares·x [d], then Σ shares·x xᵀ, its lower triangle row by row; row-major [k × length]. */
type Sums = Float64Array

/** A smaller share of a row says nothing of a component, which has thousands of them. */
const NO_SHARE = 1e-12

const sumLength = (d: number): number => 1 + d + (d * (d + 1)) / 2
const emptySums = (size: number, d: number): Sums => new Float64Array(size * sumLength(d))

/** What is summed of a row: 1, x, x xᵀ. */
function writeFeatures(features: Float64Array, rows: Float64Array, start: number, d: number): void {
  let at = 0
  features[at++] = 1
  for (let a = 0; a < d; a++) features[at++] = rows[start + a]
  for (let a = 0; a < d; a++) for (let b = 0; b <= a; b++) features[at++] = rows[start + a] * rows[start + b]
}

function addRow(sums: Sums, k: number, features: Float64Array, share: number): void {
  const start = k * features.length
  for (let e = 0; e < features.length; e++) sums[start + e] += share * features[e]
}

/**
 * log-density of every row under the mixture (E step).
 * @param sums where the rows are added by their posterior shares, if wanted
 */
function posterior(rows: Float64Array, d: number, components: readonly Component[], sums: Sums | null): Float64Array {
  const count = rows.length / d
  const size = components.length
  // L⁻¹ of each component, its lower triangle row by row, each row followed by what takes the mean off: most of the time of a fit's
  // baselines is spent here, and neither divisions nor waiting for the element before suit it.
  const each = (d * (d + 3)) / 2
  const inverses = new Float64Array(size * each)
  components.forEach(({ mean, factor: { lower } }, k) => {
    const inverse = invertLower(lower, d)
    for (let j = 0, at = k * each; j < d; j++) {
      let offset = 0
      for (let m = 0; m <= j; m++) {
        inverses[at++] = inverse[j * d + m]
        offset += inverse[j * d + m] * mean[m]
      }
      inverses[at++] = offset
    }
  })
  const constants = components.map(({ logWeight, factor }) => logWeight - factor.logDeterminant - (d / 2) * Math.log(2 * Math.PI))
  const result = new Float64Array(count)
  const logs = new Float64Array(size)
  const features = new Float64Array(sumLength(d))
  const expOf = expNegative
  for (let i = 0; i < count; i++) {
    let most = -Infinity
    for (let k = 0, at = 0; k < size; k++) {
      let squared = 0
      for (let j = 0; j < d; j++) {
        let value = 0
        for (let m = 0; m <= j; m++) value += inverses[at++] * rows[i * d + m]
        value -= inverses[at++]
        squared += value * value
      }
      logs[k] = constants[k] - squared / 2
      if (logs[k] > most) most = logs[k]
    }
    let sum = 0
    for (let k = 0; k < size; k++) sum += logs[k] = logs[k] > most + NEGLIGIBLE ? expOf(logs[k] - most) : 0
    result[i] = most + Math.log(sum)
    if (!sums) continue
    writeFeatures(features, rows, i * d, d)
    for (let k = 0; k < size; k++) {
      const share = logs[k] / sum
      if (share > NO_SHARE) addRow(sums, k, features, share)
    }
  }
  return result
}

/** Weights, means and covariances (M step). Rows are whitened, so second moments lose nothing when means are taken off. */
function componentsOf(sums: Sums, d: number, count: number, floor: Float64Array): Component[] {
  const length = sumLength(d)
  return Array.from({ length: sums.length / length }, (_, k): Component => {
    // A component that lost all of its rows stays where the rows are, with next to no weight.
    const divisor = Math.max(sums[k * length], 1e-9)
    const mean = sums.slice(k * length + 1, k * length + 1 + d).map((value) => value / divisor)
    const covariance = new Float64Array(d * d)
    for (let a = 0, at = k * length + 1 + d; a < d; a++) {
      for (let b = 0; b <= a; b++) {
        const product = sums[at++] / divisor - mean[a] * mean[b]
        covariance[a * d + b] = covariance[b * d + a] = (a === b ? Math.max(0, product) : product) + floor[a * d + b]
      }
    }
    return { logWeight: Math.log(divisor / count), mean, factor: choleskyFactor(covariance, d, 0)! }
  })
}

/**
 * Centres [k × d], those given and others: each of these the best of a few draws with probability proportional to the squared
 * distance from all before it (greedy k-means++, Arthur & Vassilvitskii 2007).
 */
function addCentres(rows: Float64Array, d: number, given: Float64Array, size: number, random: Random): Float64Array {
  const count = rows.length / d
  const centres = new Float64Array(size * d)
  centres.set(given)
  let squared = new Float64Array(count).fill(Infinity)
  const withCentre = (k: number): Float64Array<ArrayBuffer> => squared.map((value, i) => Math.min(value, squaredDistance(rows, i, centres, k, d)))
  for (let k = 0; k < size; k++) {
    if (k < given.length / d) {
      squared = withCentre(k)
      continue
    }
    const total = squared.reduce((sum, value) => sum + value, 0)
    let best = { total: Infinity, row: 0, squared }
    for (let draw = 0; draw < (k === 0 ? 1 : 2 + Math.ceil(Math.log(size))); draw++) {
      let rest = random.uniform() * total
      const row = k === 0 ? random.integer(count) : Math.max(0, squared.findIndex((value) => (rest -= value) < 0))
      centres.set(rows.subarray(row * d, (row + 1) * d), k * d)
      const after = withCentre(k)
      const left = after.reduce((sum, value) => sum + value, 0)
      if (left < best.total) best = { total: left, row, squared: after }
    }
    centres.set(rows.subarray(best.row * d, (best.row + 1) * d), k * d)
    squared = best.squared
  }
  return centres
}

const LLOYD_STEPS = 10

/** A few steps of k-means: each centre moves to the mean of the rows nearest to it. */
function lloyd(rows: Float64Array, d: number, start: Float64Array): Float64Array {
  const size = start.length / d
  let centres = start
  for (let step = 0; step < LLOYD_STEPS; step++) {
    const sums = new Float64Array(size * d)
    const counts = new Float64Array(size)
    for (let i = 0; i < rows.length / d; i++) {
      const k = nearest(rows, i, centres, d)
      counts[k]++
      for (let j = 0; j < d; j++) sums[k * d + j] += rows[i * d + j]
    }
    const before = centres
    centres = before.map((value, e) => (counts[Math.floor(e / d)] > 0 ? sums[e] / counts[Math.floor(e / d)] : value))
  }
  return centres
}

/** Each row wholly with its nearest centre. */
function shareOut(rows: Float64Array, d: number, centres: Float64Array, floor: Float64Array): Component[] {
  const sums = emptySums(centres.length / d, d)
  const count = rows.length / d
  const features = new Float64Array(sumLength(d))
  for (let i = 0; i < count; i++) {
    writeFeatures(features, rows, i * d, d)
    addRow(sums, nearest(rows, i, centres, d), features, 1)
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
