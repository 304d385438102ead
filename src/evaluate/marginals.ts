// The density of each column alone under a fitted energy: exact for a Gaussian, by a grid in up to three columns, else by
// reweighted draws, of which each contributes its conditional density (Gelfand & Smith 1990, eq. 2.7) instead of a point.
import { weightedQuantile } from '../base/order.ts'
import type { Random } from '../base/random.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'
import { gaussianForm } from './gaussian-form.ts'
import type { Proposal } from './gaussian-proposal.ts'
import { kernelProposal, studentProposal } from './log-normalizer/proposals.ts'
import { enoughRows, gaussianOfRows } from './log-normalizer/reference-gaussian.ts'

/** The density of one column at increasing points, the middles of cells; it integrates to one. */
export interface Marginal {
  readonly x: Float64Array
  readonly density: Float64Array
}

export type Marginals =
  | { readonly method: 'closed form' | 'quadrature' | 'reweighted draws'; readonly columns: readonly Marginal[]; readonly effectiveDraws: number | null }
  /** Why there are none: a subordinate clause without a stop. */
  | { readonly method: null; readonly reason: string }

export interface MarginalsRequest {
  readonly energy: FittedEnergy
  /** Rows that were fitted, row-major [n × d]. */
  readonly rows: Float64Array
  /** Whether a point is in the domain; undefined where all points are. */
  readonly inside: ((point: Float64Array) => boolean) | undefined
  readonly random: Random
}

export type Window = readonly (readonly [number, number])[]

export const CURVE_POINTS = 161
/** Cells along an axis, for looking and for measuring. */
const COARSE = [0, 400, 64, 24]
const FINE = [0, 1600, 200, 60]
/** Mass in the outer cells of a window at which it is widened there. */
const OUTER = 1e-4
/** A window so many times as wide as the rows has cells too coarse for them. */
const WIDEST = 40

const DRAWS = 20_000
const PILOT = 2000
/** Draws that must count, and draws whose conditionals are averaged. */
const LEAST_EFFECTIVE = 200
export const CONDITIONALS = 400

/** The marginal densities of all columns, in the data's units. */
export async function marginalDensities({ energy, rows, inside, random }: MarginalsRequest): Promise<Marginals> {
  const d = energy.columns.length
  const gaussian = inside === undefined ? await gaussianForm(energy, rows) : null
  if (gaussian !== null) {
    const columns = Array.from({ length: d }, (_, j) => normalCurve(gaussian.mean[j], Math.sqrt(gaussian.covariance[j * (d + 1)])))
    return { method: 'closed form', columns, effectiveDraws: null }
  }
  return d <= 3 ? byGrid(energy, rows, inside) : byDraws(energy, rows, inside, random)
}

function normalCurve(mean: number, deviation: number): Marginal {
  const x = Float64Array.from({ length: CURVE_POINTS }, (_, k) => mean + deviation * 10 * (k / (CURVE_POINTS - 1) - 0.5))
  return { x, density: x.map((value) => Math.exp(-0.5 * ((value - mean) / deviation) ** 2) / (deviation * Math.sqrt(2 * Math.PI))) }
}

/** Energies with +∞ outside of the domain. */
async function energies(energy: FittedEnergy, points: Float64Array, inside: MarginalsRequest['inside']): Promise<Float64Array> {
  const d = energy.columns.length
  const { energy: values } = await energy.evaluate(points)
  return values.map((value, k) => (Number.isNaN(value) || (inside && !inside(points.subarray(k * d, (k + 1) * d))) ? Infinity : value))
}

/** Probabilities of the cells of a window, first axis fastest, relative to all of them. */
async function cellShares(energy: FittedEnergy, window: Window, cells: number, inside: MarginalsRequest['inside']): Promise<Float64Array> {
  const d = window.length
  const points = new Float64Array(cells ** d * d)
  for (let cell = 0; cell < cells ** d; cell++) {
    for (let j = 0, rest = cell; j < d; j++, rest = Math.floor(rest / cells)) points[cell * d + j] = window[j][0] + (rest % cells + 0.5) * (window[j][1] - window[j][0]) / cells
  }
  const values = await energies(energy, points, inside)
  const lowest = values.reduce((least, value) => Math.min(least, value), Infinity)
  const weights = values.map((value) => Math.exp(lowest - value))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}

/** Sums of cells along each axis, [d][cells]. */
function alongAxes(shares: Float64Array, cells: number, d: number): Float64Array[] {
  const along = Array.from({ length: d }, () => new Float64Array(cells))
  shares.forEach((share, cell) => {
    for (let j = 0, rest = cell; j < d; j++, rest = Math.floor(rest / cells)) along[j][rest % cells] += share
  })
  return along
}

/** Probabilities of the cells of a window that holds the density, first axis fastest. */
export interface CellShares {
  readonly window: Window
  /** Along each axis. */
  readonly cells: number
  readonly shares: Float64Array
}

/** @returns a reason where no window holds the density */
export async function gridShares(energy: FittedEnergy, rows: Float64Array, inside: MarginalsRequest['inside']): Promise<CellShares | { readonly reason: string }> {
  const d = energy.columns.length
  const widths = rangesOf(rows, d).map(([from, to]) => to - from)
  let window: Window = rangesOf(rows, d).map(([from, to], j) => [from - widths[j] / 2, to + widths[j] / 2])
  const cells = COARSE[d]
  for (let isSettled = false; !isSettled;) {
    const along = alongAxes(await cellShares(energy, window, cells, inside), cells, d)
    if (!along[0].every(Number.isFinite)) return { reason: 'the energy is not finite around the rows' }
    const next = window.map(([from, to], j) => fitWindow(along[j], from, to))
    isSettled = next.every(([from, to], j) => from >= window[j][0] && to <= window[j][1])
    window = next
    if (window.some(([from, to], j) => to - from > WIDEST * widths[j])) return { reason: 'its tails are too long for a grid' }
  }
  return { window, cells: FINE[d], shares: await cellShares(energy, window, FINE[d], inside) }
}

async function byGrid(energy: FittedEnergy, rows: Float64Array, inside: MarginalsRequest['inside']): Promise<Marginals> {
  const found = await gridShares(energy, rows, inside)
  if ('reason' in found) return { method: null, ...found }
  const { window, cells: fine, shares: all } = found
  const along = alongAxes(all, fine, window.length)
  const columns = along.map((shares, j): Marginal => {
    const [from, to] = window[j]
    const width = (to - from) / fine
    return { x: shares.map((_, k) => from + (k + 0.5) * width), density: shares.map((share) => share / width) }
  })
  return { method: 'quadrature', columns, effectiveDraws: null }
}

function rangesOf(rows: Float64Array, d: number): Window {
  return Array.from({ length: d }, (_, j) => {
    let [low, high] = [Infinity, -Infinity]
    for (let k = j; k < rows.length; k += d) {
      low = Math.min(low, rows[k])
      high = Math.max(high, rows[k])
    }
    return [low, high] as const
  })
}

/** An interval moved outwards by its width at a side with mass in its outermost cells, and cut where there is none. */
function fitWindow(shares: Float64Array, from: number, to: number): readonly [number, number] {
  const cell = (to - from) / shares.length
  const edge = Math.floor(shares.length / 24)
  const empty = (ordered: Float64Array): { readonly cells: number; readonly outer: number } => {
    let [sum, outer, cells] = [0, 0, 0]
    ordered.forEach((share, k) => {
      sum += share
      if (k < edge) outer = sum
      if (sum < OUTER / 100) cells = k
    })
    return { cells, outer }
  }
  const [below, above] = [empty(shares), empty(shares.slice().reverse())]
  return [below.outer > OUTER ? 2 * from - to : from + below.cells * cell, above.outer > OUTER ? 2 * to - from : to - above.cells * cell]
}

/** Draws with weights that sum to one, [n × d], and how many of them count. */
export interface WeightedDraws {
  readonly points: Float64Array
  readonly weights: Float64Array
  readonly effective: number
}

/** @returns a reason where there are none that can be used */
export async function reweightedDraws(energy: FittedEnergy, rows: Float64Array, inside: MarginalsRequest['inside'], random: Random): Promise<WeightedDraws | { readonly reason: string }> {
  const d = energy.columns.length
  const gaussian = enoughRows(rows, d) ? gaussianOfRows(rows, d) : null
  if (gaussian === null) return { reason: 'the rows are too few to draw from something like the density' }
  const proposals = [gaussian, studentProposal(gaussian), kernelProposal(rows, gaussian)]
  let best = { effective: -1, proposal: gaussian as Proposal }
  for (const [k, proposal] of proposals.entries()) {
    const { effective } = await weightedDraws(energy, proposal, PILOT, inside, random.split('pilot').split(k))
    if (effective > best.effective) best = { effective, proposal }
  }
  const draws = await weightedDraws(energy, best.proposal, DRAWS, inside, random.split('draws'))
  if (!(draws.effective >= LEAST_EFFECTIVE)) {
    return { reason: `in ${d} columns no simple density is close enough to draw from (of ${DRAWS} draws ${Math.round(draws.effective)} count, fewer than ${LEAST_EFFECTIVE})` }
  }
  return draws
}

async function byDraws(energy: FittedEnergy, rows: Float64Array, inside: MarginalsRequest['inside'], random: Random): Promise<Marginals> {
  const found = await reweightedDraws(energy, rows, inside, random)
  if ('reason' in found) return { method: null, ...found }
  const { points, weights, effective } = found
  const d = energy.columns.length
  const chosen = resample(points, weights, d, CONDITIONALS, random.split('resample').uniform())
  const columns: Marginal[] = []
  for (let j = 0; j < d; j++) columns.push(await meanConditional(energy, chosen, j, weightedRange(points, weights, j, d), inside))
  return { method: 'reweighted draws', columns, effectiveDraws: effective }
}

/** Draws of a proposal with weights that sum to one, and how many of them count, 1/Σw². */
async function weightedDraws(energy: FittedEnergy, proposal: Proposal, count: number, inside: MarginalsRequest['inside'], random: Random): Promise<WeightedDraws> {
  const points = proposal.sample(count, random)
  const logProposal = proposal.logDensity(points)
  const logWeights = (await energies(energy, points, inside)).map((value, k) => -value - logProposal[k])
  const largest = logWeights.reduce((most, value) => Math.max(most, value), -Infinity)
  const raw = logWeights.map((value) => Math.exp(value - largest))
  const total = raw.reduce((sum, weight) => sum + weight, 0)
  const weights = raw.map((weight) => weight / total)
  return { points, weights, effective: 1 / weights.reduce((sum, weight) => sum + weight * weight, 0) }
}

/** Systematic resampling (Kitagawa 1996): `most` points that all count alike. */
export function resample(points: Float64Array, weights: Float64Array, d: number, most: number, offset: number): Float64Array {
  const chosen = new Float64Array(most * d)
  let [sum, taken] = [0, 0]
  for (let k = 0; k < weights.length && taken < most; k++) {
    sum += weights[k]
    while (taken < most && (taken + offset) / most < sum) chosen.set(points.subarray(k * d, (k + 1) * d), taken++ * d)
  }
  return chosen.subarray(0, taken * d)
}

/** Nearly all of one column of weighted points, and a little more. */
export function weightedRange(points: Float64Array, weights: Float64Array, j: number, d: number): readonly [number, number] {
  const values = weights.map((_, k) => points[k * d + j])
  const [low, high] = [weightedQuantile(values, weights, 2e-4), weightedQuantile(values, weights, 1 - 2e-4)]
  return [low - 0.15 * (high - low), high + 0.15 * (high - low)]
}

/** The mean over points of the density of column j given the others, on a grid of cells. */
async function meanConditional(energy: FittedEnergy, chosen: Float64Array, j: number, [from, to]: readonly [number, number], inside: MarginalsRequest['inside']): Promise<Marginal> {
  const d = energy.columns.length
  const count = chosen.length / d
  const width = (to - from) / CURVE_POINTS
  const x = Float64Array.from({ length: CURVE_POINTS }, (_, k) => from + (k + 0.5) * width)
  const lines = new Float64Array(count * CURVE_POINTS * d)
  for (let point = 0; point < count; point++) {
    for (let k = 0; k < CURVE_POINTS; k++) {
      const start = (point * CURVE_POINTS + k) * d
      lines.set(chosen.subarray(point * d, (point + 1) * d), start)
      lines[start + j] = x[k]
    }
  }
  const values = await energies(energy, lines, inside)
  const density = new Float64Array(CURVE_POINTS)
  for (let point = 0; point < count; point++) {
    const own = values.subarray(point * CURVE_POINTS, (point + 1) * CURVE_POINTS)
    const lowest = own.reduce((least, value) => Math.min(least, value), Infinity)
    if (lowest === Infinity) continue
    const weights = own.map((value) => Math.exp(lowest - value))
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    weights.forEach((weight, k) => { density[k] += weight / total })
  }
  const mass = density.reduce((sum, value) => sum + value, 0) * width
  return { x, density: density.map((value) => value / mass) }
}
