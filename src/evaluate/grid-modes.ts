// Modes of an energy in one or two columns, on a grid over the rows, whose nodes tell the passes between basins and the weights.
import { UnnormError } from '../base/errors.ts'
import { unwhiten, whiten } from '../estimate/row-moments.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'
import { arrivals, climb, whitenedEnergy } from './ascent.ts'
import type { Whitening } from './ascent.ts'
import { joinPeaks } from './join-peaks.ts'
import type { Pass } from './join-peaks.ts'

/** All modes of an energy, the least included. */
export interface WeighedModes {
  /** Row-major [modes × d], in the data's units. */
  readonly peaks: Float64Array
  readonly weights: readonly { readonly weight: number; readonly standardError: number }[]
  /** Share of the rows in each basin. */
  readonly shares: Float64Array
  /** Rows looked at. */
  readonly rows: number
}

/** Nodes a column to begin with, and how often they are doubled where the error is above the tolerance. */
const NODES = { 1: 2048, 2: 192 } as const
const DOUBLINGS = { 1: 3, 2: 1 } as const
const TOLERANCE = 1e-3
/** A grid whose sum changes by more than this when every second node is left out is too coarse for the density. */
const TOO_COARSE = 0.05
/** The box reaches beyond the rows by this share of their range. */
const MARGIN = 0.2

/**
 * A node belongs to the peak that its steepest way up, from node to neighbouring node, ends at, and from there the score: a ridge
 * oblique to the grid has peaks of nodes that are none. A pass is where nodes of two peaks touch. The error of a weight is its
 * change when every second node is left out.
 * @param rows row-major [n × d], in the data's units, d ≤ 2
 * @param whitening of the rows
 * @returns null where the density is too narrow for a grid over all rows
 * @throws UnnormError `energy-not-finite`
 */
export async function gridModes(energy: FittedEnergy, rows: Float64Array, whitening: Whitening, prominence: number): Promise<WeighedModes | null> {
  const d = energy.columns.length as 1 | 2
  const { mean, factor } = whitening
  const box = boxOf(rows, d)
  let grid = await evaluateGrid(energy, box, NODES[d])
  for (let doubling = 0; doubling < DOUBLINGS[d] && coarseness(grid) > TOLERANCE; doubling++) grid = await evaluateGrid(energy, box, 2 * grid.nodes)
  if (coarseness(grid) > TOO_COARSE) return null

  const top = steepestWays(grid)
  const tops = [...new Set(top)]
  const ascent = await climb(whitenedEnergy(energy, whitening), whiten(Float64Array.from(tops.flatMap((node) => coordinatesOf(grid, node))), mean, factor), d)
  const { representative, members } = arrivals(ascent, d)
  const peakOfTop = new Map(tops.map((node, k) => [node, members[k]]))
  const peakOf = top.map((node) => peakOfTop.get(node)!)
  const root = joinPeaks(representative.map((k) => ascent.energy[k]), passesBetween(grid, peakOf), prominence)
  const roots = [...new Set(root)]
  const modeOf = (node: number): number => roots.indexOf(root[peakOf[node]])

  const sums = roots.map(() => ({ all: 0, half: 0 }))
  grid.density.forEach((density, node) => {
    const sum = sums[modeOf(node)]
    sum.all += density / grid.total.all
    if (isSecond(grid, node)) sum.half += density / grid.total.half
  })
  const counts = new Float64Array(roots.length)
  const count = rows.length / d
  for (let row = 0; row < count; row++) counts[modeOf(nodeOf(grid, rows, row))]++
  return {
    peaks: unwhiten(Float64Array.from(roots.flatMap((k) => [...ascent.points.subarray(representative[k] * d, (representative[k] + 1) * d)])), mean, factor),
    weights: sums.map(({ all, half }) => ({ weight: all, standardError: Math.abs(all - half) })),
    shares: counts.map((each) => each / count), rows: count,
  }
}

type Box = readonly { readonly low: number; readonly width: number }[]

interface Grid {
  readonly box: Box
  /** Along each column; the last column is fastest. */
  readonly nodes: number
  readonly energy: Float64Array
  /** exp(−E), the largest 1. */
  readonly density: Float64Array
  /** Sums of the density over all nodes and over every second one of each column. */
  readonly total: { readonly all: number; readonly half: number }
}

function boxOf(rows: Float64Array, d: number): Box {
  return Array.from({ length: d }, (_, j) => {
    let [low, high] = [Infinity, -Infinity]
    for (let i = j; i < rows.length; i += d) [low, high] = [Math.min(low, rows[i]), Math.max(high, rows[i])]
    return { low: low - MARGIN * (high - low), width: (high - low) * (1 + 2 * MARGIN) }
  })
}

async function evaluateGrid(evaluator: FittedEnergy, box: Box, nodes: number): Promise<Grid> {
  const d = box.length
  const points = new Float64Array(nodes ** d * d)
  for (let node = 0; node < nodes ** d; node++) points.set(coordinatesOf({ box, nodes }, node), node * d)
  const energy = (await evaluator.evaluate(points)).energy.map((value) => (Number.isNaN(value) ? Infinity : value))
  const lowest = energy.reduce((a, b) => Math.min(a, b), Infinity)
  if (!Number.isFinite(lowest)) throw new UnnormError('energy-not-finite', 'no mode weights: the energy is nowhere finite around the rows')
  const density = energy.map((value) => Math.exp(lowest - value))
  const total = { all: 0, half: 0 }
  density.forEach((value, node) => {
    total.all += value
    if (isSecond({ box, nodes }, node)) total.half += value
  })
  return { box, nodes, energy, density, total }
}

const coarseness = ({ box, total }: Grid): number => Math.abs((total.half * 2 ** box.length) / total.all - 1)

const isSecond = ({ box, nodes }: Pick<Grid, 'box' | 'nodes'>, node: number): boolean => node % 2 === 0 && (box.length === 1 || Math.floor(node / nodes) % 2 === 0)

/** Nodes are the midpoints of cells. */
function coordinatesOf({ box, nodes }: Pick<Grid, 'box' | 'nodes'>, node: number): number[] {
  return box.map(({ low, width }, j) => low + (width * ((Math.floor(node / nodes ** (box.length - 1 - j)) % nodes) + 0.5)) / nodes)
}

function nodeOf({ box, nodes }: Grid, rows: Float64Array, row: number): number {
  return box.reduce((node, { low, width }, j) => node * nodes + Math.floor(((rows[row * box.length + j] - low) / width) * nodes), 0)
}

/** Calls `visit` with the neighbours of a node that are in the box, corners included. */
function eachNeighbour({ box, nodes }: Grid, node: number, visit: (other: number) => void): void {
  const [rows, row, column] = box.length === 1 ? [1, 0, node] : [nodes, Math.floor(node / nodes), node % nodes]
  for (let i = Math.max(0, row - 1); i <= Math.min(rows - 1, row + 1); i++) {
    for (let j = Math.max(0, column - 1); j <= Math.min(nodes - 1, column + 1); j++) if (i !== row || j !== column) visit(i * nodes + j)
  }
}

/** For every node the node that its steepest way up ends at. */
function steepestWays(grid: Grid): Int32Array {
  const { energy } = grid
  const next = Int32Array.from(energy, (_, node) => {
    let best = node
    // Of equal neighbours the first, so that no way goes in circles.
    eachNeighbour(grid, node, (other) => {
      if (energy[other] < energy[best] || (energy[other] === energy[best] && other < best)) best = other
    })
    return best
  })
  next.forEach((_, node) => {
    let top = node
    while (next[top] !== top) top = next[top] = next[next[top]]
    next[node] = top
  })
  return next
}

/** The lowest pass between the basins of every two peaks that touch. */
function passesBetween(grid: Grid, peakOf: Int32Array): Pass[] {
  const lowest = new Map<string, Pass>()
  peakOf.forEach((peak, node) => eachNeighbour(grid, node, (other) => {
    if (other < node || peakOf[other] === peak) return
    const ends = [Math.min(peak, peakOf[other]), Math.max(peak, peakOf[other])] as const
    const energy = Math.max(grid.energy[node], grid.energy[other])
    const known = lowest.get(ends.join(' '))
    if (known === undefined || energy < known.energy) lowest.set(ends.join(' '), { ends, energy })
  }))
  return [...lowest.values()]
}
