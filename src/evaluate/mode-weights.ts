// How much weight each mode of an energy has, beside the share of the rows that lie in its basin.
import { UnnormError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import { rowMoments, thinRows } from '../estimate/row-moments.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'
import { gaussianMixtureBaseline } from './baselines/gaussian-mixture.ts'
import { findBasins } from './basins.ts'

export interface Mode {
  /** Where it is highest [d], in the data's units. */
  readonly peak: Float64Array
  /** ∫ p over its basin; the weights of all modes sum to 1. */
  readonly weight: number
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
  /** Rows whose basins are found, evenly spaced. */
  readonly maximumRows?: number
  /** Draws for importance sampling. */
  readonly draws?: number
  /** Nats that a mode must stand above the pass to a higher one. */
  readonly prominence?: number
  /** Modes with less of both weight and rows join no list: bumps in the tails. Their weight is shared out by renormalizing. */
  readonly least?: number
}

/** Nodes a column, and the most, where the error is above the tolerance. */
const NODES = { 1: 2048, 2: 192 } as const
const DOUBLINGS = 2
const TOLERANCE = 1e-3
/** The box reaches beyond the rows by this share of their range. */
const MARGIN = 0.3

/**
 * Weights by quadrature on a grid over the rows in one or two columns, else by importance sampling with draws from a Gaussian
 * mixture fitted to the rows. The error of the first is the change from half of the nodes, of the second that of a ratio of means
 * (Owen, Monte Carlo theory, §9.2).
 * @param rows row-major [n × d], in the data's units
 * @throws UnnormError `singular-covariance`, `energy-not-finite`
 */
export async function modeWeights(energy: FittedEnergy, rows: Float64Array, random: Random, options: ModeWeightsOptions = {}): Promise<ModeWeights> {
  const { maximumRows = 1000, draws = 4000, prominence = 1, least = 0.002 } = options
  const d = energy.columns.length
  const moments = rowMoments(rows, d)
  const used = thinRows(rows, d, maximumRows)
  const count = used.length / d
  const mass = d <= 2 ? await onGrid(energy, rows, d) : await byDraws(energy, rows, d, draws, random)
  const points = new Float64Array(used.length + mass.points.length)
  points.set(used)
  points.set(mass.points, used.length)
  const { mode, peaks } = await findBasins(energy, points, moments, prominence)

  const total = peaks.length / d
  const shares = new Float64Array(total)
  for (let i = 0; i < count; i++) shares[mode[i]] += 1 / count
  const all = mass.weights(mode.subarray(count), total)
  const kept = Array.from(shares.keys()).filter((k) => all[k].weight >= least || shares[k] >= least)
  const [weight, share] = [(k: number) => all[k].weight, (k: number) => shares[k]].map((of) => kept.reduce((sum, k) => sum + of(k), 0))
  const modes = kept.map((k): Mode => {
    const part = shares[k] / share
    return {
      peak: peaks.slice(k * d, (k + 1) * d), weight: all[k].weight / weight, standardError: all[k].standardError / weight,
      rows: { share: part, standardError: Math.sqrt((part * (1 - part)) / count) },
    }
  })
  return { modes: modes.sort((a, b) => b.weight - a.weight), method: d <= 2 ? 'quadrature' : 'importance', effectiveShare: mass.effectiveShare }
}

interface Mass {
  /** Points whose basins must be known [m × d]. */
  readonly points: Float64Array
  readonly effectiveShare: number | null
  /** The weight of each of `total` modes, from the modes of the points. */
  weights(mode: Int32Array, total: number): { weight: number; standardError: number }[]
}

const refuseEmpty = (): never => {
  throw new UnnormError('energy-not-finite', 'no mode weights: the energy is nowhere finite around the rows')
}

/** Nodes climb to a highest neighbour until they are at a peak of the grid: only the peaks need to climb the score. */
async function onGrid(energy: FittedEnergy, rows: Float64Array, d: number): Promise<Mass> {
  const box = Array.from({ length: d }, (_, j) => {
    let [low, high] = [Infinity, -Infinity]
    for (let i = j; i < rows.length; i += d) [low, high] = [Math.min(low, rows[i]), Math.max(high, rows[i])]
    return { low: low - MARGIN * (high - low), width: (high - low) * (1 + 2 * MARGIN) }
  })
  let previous: { nodes: number; density: Float64Array; total: number } | null = null
  let error = 0
  let nodes: number = NODES[d as 1 | 2]
  for (let doubling = 0; ; doubling++, nodes *= 2) {
    const density = await densityOnGrid(energy, box, nodes)
    const total = density.reduce((sum, value) => sum + value, 0)
    // Halving the nodes leaves every second one.
    const half = density.reduce((sum, value, k) => ((k % nodes) % 2 === 0 && (d === 1 || Math.floor(k / nodes) % 2 === 0) ? sum + value : sum), 0)
    error = Math.abs((half * 2 ** d) / total - 1)
    previous = { nodes, density, total }
    if (error < TOLERANCE || doubling === DOUBLINGS) break
  }
  const { density, total } = previous
  const peakOf = gridPeaks(density, nodes, d)
  // Peaks with next to no mass are not worth climbing from: they go to the heaviest basin.
  const mass = new Map<number, { all: number; half: number }>()
  density.forEach((value, k) => {
    const found = mass.get(peakOf[k]) ?? { all: 0, half: 0 }
    found.all += value / total
    if ((k % nodes) % 2 === 0 && (d === 1 || Math.floor(k / nodes) % 2 === 0)) found.half += (value * 2 ** d) / total
    mass.set(peakOf[k], found)
  })
  const heavy = [...mass.entries()].filter(([, { all }]) => all > 1e-6)
  return {
    points: Float64Array.from(heavy.flatMap(([k]) => gridPoint(box, nodes, k))),
    effectiveShare: null,
    weights: (mode, count) => {
      const sums = Array.from({ length: count }, () => ({ all: 0, half: 0 }))
      heavy.forEach(([, { all, half }], k) => {
        sums[mode[k]].all += all
        sums[mode[k]].half += half
      })
      const [whole, halved] = (['all', 'half'] as const).map((which) => sums.reduce((sum, each) => sum + each[which], 0))
      return sums.map(({ all, half }) => ({ weight: all / whole, standardError: Math.abs(all / whole - half / halved) }))
    },
  }
}

type Box = readonly { readonly low: number; readonly width: number }[]

/** The coordinates of node k: cells' midpoints, the last column fastest. */
function gridPoint(box: Box, nodes: number, k: number): number[] {
  return box.map(({ low, width }, j) => low + (width * ((Math.floor(k / nodes ** (box.length - 1 - j)) % nodes) + 0.5)) / nodes)
}

/** exp(−E), the largest 1. */
async function densityOnGrid(energy: FittedEnergy, box: Box, nodes: number): Promise<Float64Array> {
  const d = box.length
  const points = new Float64Array(nodes ** d * d)
  for (let k = 0; k < nodes ** d; k++) points.set(gridPoint(box, nodes, k), k * d)
  const { energy: values } = await energy.evaluate(points)
  const lowest = values.reduce((a, b) => (b < a ? b : a), Infinity)
  if (!Number.isFinite(lowest)) refuseEmpty()
  return values.map((value) => (Number.isNaN(value) ? 0 : Math.exp(lowest - value)))
}

/** For every node the peak of the grid that its steepest way up, from node to neighbouring node, ends at. */
function gridPeaks(density: Float64Array, nodes: number, d: number): Int32Array {
  const next = new Int32Array(density.length)
  const [rows, columns] = d === 1 ? [1, nodes] : [nodes, nodes]
  for (let a = 0; a < rows; a++) {
    for (let b = 0; b < columns; b++) {
      const own = a * columns + b
      let best = own
      for (let i = Math.max(0, a - 1); i <= Math.min(rows - 1, a + 1); i++) {
        for (let j = Math.max(0, b - 1); j <= Math.min(columns - 1, b + 1); j++) {
          // Of equal neighbours the first, so that no way goes in circles.
          const other = i * columns + j
          if (density[other] > density[best] || (density[other] === density[best] && other < best)) best = other
        }
      }
      next[own] = best
    }
  }
  for (let k = 0; k < next.length; k++) {
    let peak = k
    while (next[peak] !== peak) {
      next[peak] = next[next[peak]]
      peak = next[peak]
    }
    next[k] = peak
  }
  return next
}

async function byDraws(energy: FittedEnergy, rows: Float64Array, d: number, draws: number, random: Random): Promise<Mass> {
  const proposal = gaussianMixtureBaseline(rows, d)
  const points = proposal.sample(draws, random.split('draws'))
  const { energy: values } = await energy.evaluate(points)
  const logs = proposal.logDensity(points).map((value, k) => (values[k] > -Infinity ? -values[k] - value : -Infinity))
  const most = logs.reduce((a, b) => (b > a ? b : a), -Infinity)
  if (!Number.isFinite(most)) refuseEmpty()
  const total = logs.reduce((sum, value) => sum + Math.exp(value - most), 0)
  const weights = logs.map((value) => Math.exp(value - most) / total)
  return {
    points,
    effectiveShare: 1 / weights.reduce((sum, value) => sum + value * value, 0) / draws,
    weights: (mode, count) => Array.from({ length: count }, (_, k) => {
      const weight = weights.reduce((sum, value, i) => (mode[i] === k ? sum + value : sum), 0)
      return { weight, standardError: Math.sqrt(weights.reduce((sum, value, i) => sum + (value * (Number(mode[i] === k) - weight)) ** 2, 0)) }
    }),
  }
}
