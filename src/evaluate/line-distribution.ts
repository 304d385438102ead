// The distribution function of a fitted energy of one column, by Gauss–Legendre quadrature over cells that are finest where the
// rows are and where the domain ends, and how it changes with the parameters.
import { gaussLegendre } from '../base/gauss-legendre.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'

export interface LineDistribution {
  /** Increasing, [m]; the first has probability 0 below it, the last 0 above it. */
  readonly edges: Float64Array
  /** F at the edges, from 0 to 1. */
  readonly probability: Float64Array
  /** ∂F/∂θ at the edges, [m × P]; null where the slopes of the log-density were not given. */
  readonly slopes: Float64Array | null
}

const ORDER = 5
const CENTRAL_CELLS = 300
const ROW_EDGES = 200
/** Cells beyond the rows, each wider than the one before. */
const OUTER_CELLS = 160
const GROWTH = 1.25
/** Cells that halve their distance from the end of the domain. */
const HALVINGS = 40
/** The mass of the outermost cell on a side, as a share of all, beyond which there is no saying where the density ends. */
const NEGLIGIBLE = 1e-6

/**
 * @param rows of the one column, [n], inside the domain
 * @param inside whether a point is in the domain, an interval; undefined where all points are
 * @param logDensitySlopes ∂ log p̃/∂θ of points, [m × P]
 * @returns null where the density has no end within reach
 */
export async function lineDistribution(
  energy: FittedEnergy,
  rows: Float64Array,
  inside: ((point: Float64Array) => boolean) | undefined,
  logDensitySlopes?: (points: Float64Array) => Promise<Float64Array>,
): Promise<LineDistribution | null> {
  const { edges, isBounded } = cellEdges(rows.slice().sort(), inside)
  const cells = edges.length - 1
  const { nodes, weights } = gaussLegendre(ORDER)
  const points = new Float64Array(cells * ORDER)
  for (let cell = 0; cell < cells; cell++) {
    for (let k = 0; k < ORDER; k++) points[cell * ORDER + k] = (edges[cell] + edges[cell + 1]) / 2 + nodes[k] * (edges[cell + 1] - edges[cell]) / 2
  }
  const { energy: values } = await energy.evaluate(points)
  const lowest = values.reduce((least, value) => (value < least ? value : least), Infinity)
  if (!Number.isFinite(lowest)) return null
  const masses = values.map((value, k) => {
    const cell = Math.floor(k / ORDER)
    const density = Number.isNaN(value) ? 0 : Math.exp(lowest - value)
    return density === 0 ? 0 : density * weights[k % ORDER] * (edges[cell + 1] - edges[cell]) / 2
  })
  const total = masses.reduce((sum, mass) => sum + mass, 0)
  const outer = (first: number): number => masses.subarray(first, first + ORDER).reduce((sum, mass) => sum + mass, 0)
  if ((!isBounded[0] && outer(0) > NEGLIGIBLE * total) || (!isBounded[1] && outer(masses.length - ORDER) > NEGLIGIBLE * total)) return null
  return { edges, probability: accumulate(masses.map((mass) => mass / total), 1), slopes: logDensitySlopes ? slopesOf(await logDensitySlopes(points), masses, total) : null }
}

/** ∂F/∂θ = ∫ below (s − mean s) p, s = ∂ log p̃/∂θ. */
function slopesOf(own: Float64Array, masses: Float64Array, total: number): Float64Array {
  const size = own.length / masses.length
  const mean = new Float64Array(size)
  masses.forEach((mass, k) => { for (let p = 0; p < size; p++) if (mass > 0) mean[p] += own[k * size + p] * mass / total })
  return accumulate(own.map((value, e) => { const mass = masses[Math.floor(e / size)]; return mass > 0 ? (value - mean[e % size]) * mass / total : 0 }), size)
}

/** Sums of all nodes below each edge, [edges × size]. */
function accumulate(nodes: Float64Array, size: number): Float64Array {
  const cells = nodes.length / size / ORDER
  const sums = new Float64Array((cells + 1) * size)
  for (let cell = 0; cell < cells; cell++) {
    for (let p = 0; p < size; p++) {
      let sum = sums[cell * size + p]
      for (let k = 0; k < ORDER; k++) sum += nodes[(cell * ORDER + k) * size + p]
      sums[(cell + 1) * size + p] = sum
    }
  }
  return sums
}

function cellEdges(sorted: Float64Array, inside: ((point: Float64Array) => boolean) | undefined): { readonly edges: Float64Array; readonly isBounded: readonly boolean[] } {
  const [least, most] = [sorted[0], sorted[sorted.length - 1]]
  const range = most - least
  const edges = new Set<number>()
  for (let k = 0; k <= CENTRAL_CELLS; k++) edges.add(least + range * k / CENTRAL_CELLS)
  for (let k = 0; k <= ROW_EDGES; k++) edges.add(sorted[Math.round(k / ROW_EDGES * (sorted.length - 1))])
  const isBounded = ([[least, -1], [most, 1]] as const).map(([end, sense]) => {
    const steps = Array.from({ length: OUTER_CELLS }, (_, k) => end + sense * range / 60 * (GROWTH ** (k + 1) - 1) / (GROWTH - 1))
    const beyond = inside ? steps.findIndex((step) => !inside(Float64Array.of(step))) : -1
    if (beyond === -1) {
      for (const step of steps) edges.add(step)
      return false
    }
    for (const step of steps.slice(0, beyond)) edges.add(step)
    const last = beyond === 0 ? end : steps[beyond - 1]
    const bound = boundBetween(last, steps[beyond], inside!)
    for (let k = 0; k < HALVINGS; k++) edges.add(bound + (last - bound) * 2 ** -k)
    edges.add(bound)
    return true
  })
  return { edges: Float64Array.from(edges).sort(), isBounded }
}

/** Where the domain ends between a point inside and one outside. */
function boundBetween(within: number, without: number, inside: (point: Float64Array) => boolean): number {
  let [low, high] = [within, without]
  for (let step = 0; step < 200 && low !== high; step++) {
    const middle = (low + high) / 2
    if (middle === low || middle === high) break
    if (inside(Float64Array.of(middle))) low = middle
    else high = middle
  }
  // The nearest number with a short decimal expansion is the bound that was meant: 0 rather than 1e-17.
  const short = Number(high.toPrecision(12))
  return Math.abs(high) < 1e-12 * Math.abs(within - without) ? 0 : short
}
