// Cubes in whitened coordinates: laying them, integrating over them, halving them, and choosing which to halve.
import type { CubeRule } from './gauss-legendre.ts'
import type { Detectors, Integrand } from './integrand.ts'

// Half the side of the central cube, in standard deviations; each shell doubles it.
export const CENTRAL_RADIUS = 4

// A cube in whitened coordinates.
export interface Cell {
  readonly middle: readonly number[]
  readonly half: number
}

// A cell with its own integral, on a log scale, and the best point seen in it.
export interface MeasuredCell extends Cell {
  readonly log: number
  readonly peak: number
  readonly best: readonly number[]
  // The density ends inside the cell: the energy is +∞ at some points only.
  readonly edge: boolean
}

// A cell whose halves are measured too: `error` is their disagreement, on a log scale.
export interface SplitCell extends Cell {
  readonly children: readonly MeasuredCell[]
  readonly log: number
  readonly logError: number
  // A known point of the cell lies far above everything the nodes saw: a mode between the nodes.
  readonly unresolved: boolean
}

export function centralCells(dimension: number): Cell[] {
  return gridCells(dimension, CENTRAL_RADIUS, dimension === 3 ? 2 : 1, () => true)
}

// The cubes between radius and 2·radius.
export function shellCells(dimension: number, radius: number): Cell[] {
  return gridCells(dimension, 2 * radius, radius, (middle) => middle.some((value) => Math.abs(value) > radius))
}

function gridCells(dimension: number, radius: number, side: number, keep: (middle: readonly number[]) => boolean): Cell[] {
  const perSide = Math.round((2 * radius) / side)
  const cells: Cell[] = []
  for (let i = 0; i < perSide ** dimension; i++) {
    let rest = i
    const middle = Array.from({ length: dimension }, () => {
      const k = rest % perSide
      rest = (rest - k) / perSide
      return -radius + (k + 0.5) * side
    })
    if (keep(middle)) cells.push({ middle, half: side / 2 })
  }
  return cells
}

function halvesOf(cell: Cell): Cell[] {
  const dimension = cell.middle.length
  const half = cell.half / 2
  return Array.from({ length: 2 ** dimension }, (_, corner) => ({
    middle: cell.middle.map((value, j) => value + (((corner >> j) & 1) === 1 ? half : -half)),
    half,
  }))
}

export async function measureCells(cells: readonly Cell[], rule: CubeRule, integrand: Integrand): Promise<MeasuredCell[]> {
  const { dimension, points: template, logWeights } = rule
  const perCell = logWeights.length
  const points = new Float64Array(cells.length * perCell * dimension)
  cells.forEach((cell, c) => {
    const base = c * perCell * dimension
    for (let i = 0; i < perCell; i++) {
      for (let j = 0; j < dimension; j++) {
        points[base + i * dimension + j] = cell.middle[j] + cell.half * template[i * dimension + j]
      }
    }
  })
  const log = await integrand.evaluate(points)
  return cells.map((cell, c) => {
    const start = c * perCell
    let best = start
    for (let i = start; i < start + perCell; i++) if (log[i] > log[best]) best = i
    const peak = log[best]
    let sum = 0
    let outside = 0
    for (let i = 0; i < perCell; i++) {
      if (log[start + i] === -Infinity) outside++
      else sum += Math.exp(log[start + i] - peak + logWeights[i])
    }
    return {
      ...cell,
      peak,
      edge: outside > 0 && outside < perCell,
      log: sum === 0 ? -Infinity : peak + Math.log(sum) + dimension * Math.log(cell.half),
      best: Array.from(points.subarray(best * dimension, (best + 1) * dimension)),
    }
  })
}

export function logSum(cells: readonly { readonly log: number }[]): number {
  let reference = -Infinity
  for (const cell of cells) reference = Math.max(reference, cell.log)
  if (reference === -Infinity) return -Infinity
  let sum = 0
  for (const cell of cells) sum += Math.exp(cell.log - reference)
  return reference + Math.log(sum)
}

async function splitCells(
  cells: readonly MeasuredCell[],
  detectors: Detectors,
  rule: CubeRule,
  integrand: Integrand,
): Promise<SplitCell[]> {
  const perCell = 2 ** integrand.dimension
  const edgeError = (child: MeasuredCell) => child.peak + integrand.dimension * Math.log(2 * child.half) - Math.log(rule.order)
  const halves = await measureCells(cells.flatMap(halvesOf), rule, integrand)
  return cells.map((cell, c) => {
    const children = halves.slice(c * perCell, (c + 1) * perCell)
    const log = logSum(children)
    const high = children.reduce((most, child) => (child.edge ? Math.max(most, edgeError(child)) : most), Math.max(log, cell.log))
    let difference = high === -Infinity ? 0 : Math.abs(Math.exp(log - high) - Math.exp(cell.log - high))
    // An edge cuts all cells of a row alike, so halves can agree by chance; but it lies within one node of where it seems to be.
    for (const child of children) if (child.edge) difference += Math.exp(edgeError(child) - high)
    const peak = children.reduce((most, child) => Math.max(most, child.peak), -Infinity)
    return {
      middle: cell.middle,
      half: cell.half,
      children,
      log,
      logError: difference === 0 ? -Infinity : high + Math.log(difference),
      unresolved: hidesMode(cell, peak, detectors),
    }
  })
}

function hidesMode(cell: Cell, peak: number, detectors: Detectors): boolean {
  if (cell.half < 1e-7) return false
  const dimension = cell.middle.length
  for (let i = 0; i < detectors.log.length; i++) {
    if (detectors.log[i] <= peak + 1) continue
    let inside = true
    for (let j = 0; j < dimension && inside; j++) inside = Math.abs(detectors.points[i * dimension + j] - cell.middle[j]) <= cell.half
    if (inside) return true
  }
  return false
}

/** Halves cells until the errors of all sum to less than the tolerance, or as long as evaluations are left. */
export async function refineCells(
  cells: readonly MeasuredCell[], detectors: Detectors, rule: CubeRule, integrand: Integrand,
  { tolerance, maximumEvaluations }: { readonly tolerance: number; readonly maximumEvaluations: number },
): Promise<{ total: number; error: number; reference: number }> {
  const costOfCell = 4 ** integrand.dimension * rule.logWeights.length
  let frontier = await splitCells(cells, detectors, rule, integrand)
  for (;;) {
    const found = sums(frontier)
    const affordable = Math.floor((maximumEvaluations - integrand.evaluations()) / costOfCell)
    const { chosen, kept } = chooseCells(frontier, (tolerance / 2) * found.total, found.reference, Math.max(0, affordable))
    if (chosen.length === 0) return found
    frontier = kept.concat(await splitCells(chosen.flatMap((node) => node.children), detectors, rule, integrand))
  }
}

function sums(frontier: readonly SplitCell[]): { total: number; error: number; reference: number } {
  let reference = -Infinity
  for (const node of frontier) reference = Math.max(reference, node.log)
  let total = 0
  let error = 0
  for (const node of frontier) {
    total += Math.exp(node.log - reference)
    error += Math.exp(node.logError - reference)
  }
  return { total, error, reference }
}

// The cells that must be halved so that the errors of the others sum to less than `allowed`, at most `limit`, the worst first.
function chooseCells(
  frontier: readonly SplitCell[],
  allowed: number,
  reference: number,
  limit: number,
): { chosen: SplitCell[]; kept: SplitCell[] } {
  const rising = frontier.toSorted((a, b) => a.logError - b.logError)
  let sum = 0
  const wanted = rising.filter((node) => {
    sum += Math.exp(node.logError - reference)
    return node.unresolved || sum > allowed
  })
  const chosen = wanted.slice(Math.max(0, wanted.length - limit))
  const taken = new Set(chosen)
  return { chosen, kept: rising.filter((node) => !taken.has(node)) }
}
