// Everything the density-and-score figure shows, computed from a fitted energy and its rows before anything is drawn.
import type { Warning } from '../../base/errors.ts'
import { UnnormError } from '../../base/errors.ts'
import { spreadTable } from '../../data/spread-rows.ts'
import type { Table } from '../../data/table.ts'
import { weightingOf } from '../../estimate/weighting.ts'
import type { FittedEnergy } from '../../model/fitted-energy.ts'
import { frameOfDensity } from './density-frame.ts'
import { cellMiddles, enclosingLevels, gridDensity, planeRows } from './density.ts'
import type { GridDensity, KnownNormalizer } from './density.ts'
import { binCount, columnOf, equalUnits, frameOf, histogram, rowsInside, spreadIndices, thinRows, widenByNoise } from './frame.ts'
import type { Frame } from './frame.ts'
import { medianSteepness, scoreArrows } from './score-arrows.ts'
import type { Arrow } from './score-arrows.ts'

/** What the figure says about the fit in words. */
export interface LandscapeDetails {
  /** For the heading, e.g. `mlp energy by denoising, positions.csv`. */
  readonly heading: string
  /** Known for d ≤ 2, as a rule; null: the density is normalized over the frame, and the figure says so. */
  readonly logNormalizer: KnownNormalizer | null
  /** Standard deviations of the noise, in the data's units, when the density is that of noisy rows. */
  readonly noise: readonly number[] | null
  /** That noise in standard deviations of the columns, where it is a level of the ladder that was asked for: it may widen the density a lot. */
  readonly level?: number
  readonly warnings: readonly Warning[]
  /** What the columns can lie between, if not anywhere, and whether rows fill less than a space of as many dimensions as columns. */
  readonly limits?: Frame
  readonly isThin?: boolean
}

interface LandscapeBase extends LandscapeDetails {
  readonly columns: readonly string[]
  readonly frame: Frame
  /** Rows of the table. */
  readonly rows: number
  /** Rows outside the frame. */
  readonly rowsOutside: number
  /** The rows that are drawn, row-major [m × d]: those in the frame, thinned. */
  readonly points: Float64Array
}

/** One column: curves over a fine grid. */
export interface LineLandscape extends LandscapeBase {
  readonly kind: 'line'
  readonly x: Float64Array
  readonly grid: GridDensity
  readonly score: Float64Array
  /** The histogram of all rows inside the frame as a density: its area is their (weighted) share of the rows. */
  readonly bars: { readonly edges: Float64Array; readonly density: Float64Array }
  /** The column that weighs them. */
  readonly weightedBy: string | null
}

/** Two columns: a density on a grid of cells, arrows on a coarser grid. */
export interface PlaneLandscape extends LandscapeBase {
  readonly kind: 'plane'
  /** Cells along each axis. */
  readonly cells: number
  readonly grid: GridDensity
  /** Shares of the probability and the density levels that enclose them. */
  readonly contours: readonly { readonly share: number; readonly level: number }[]
  readonly arrows: readonly Arrow[]
  /** ‖φ‖ · frame width at which an arrow has half of the greatest length. */
  readonly halfLengthAt: number
}

/** One pair of columns with arrows at some of the rows. */
export interface PairArrows {
  readonly across: number
  readonly down: number
  readonly arrows: readonly Arrow[]
}

/** Three columns or more: rows and projected scores for every pair of the columns shown. */
export interface PairsLandscape extends LandscapeBase {
  readonly kind: 'pairs'
  /** Columns of the data that are not shown. */
  readonly columnsNotShown: readonly string[]
  readonly bars: readonly { readonly edges: Float64Array; readonly counts: Float64Array }[]
  readonly pairs: readonly PairArrows[]
}

export type Landscape = LineLandscape | PlaneLandscape | PairsLandscape

/** Rows from which frame, histograms and points are taken, where there are more than three times as many: a picture of a million shows no more. */
const mostRows = 100_000
const mostPoints = 2000
const mostPairPoints = 700
const mostColumns = 6
const lineCells = 480
const planeCells = 112
const arrowCells = 18
const contourShares = [0.95, 0.75, 0.5, 0.25]

/**
 * Evaluates a fitted energy where the figure needs it.
 * @param energy of the columns of `table`, in their order
 * @param view the part of the space to show, for one column or two; by default where rows and density lie
 * @throws UnnormError `no-rows` for an empty table; `columns-differ`; `energy-undefined`
 */
export async function prepareLandscape(energy: FittedEnergy, table: Table, details: LandscapeDetails, view?: Frame): Promise<Landscape> {
  const dimension = energy.columns.length
  if (table.rows === 0) throw new UnnormError('no-rows', `cannot draw ${table.source}: it has no rows`)
  if (table.columns.length !== dimension || energy.columns.some((name, index) => table.columns[index] !== name)) {
    throw new UnnormError('columns-differ', `columns of ${table.source} are ${table.columns.join(', ')}, but the model has ${energy.columns.join(', ')} (give the same columns in the same order)`)
  }
  const part = spreadTable(table, mostRows)
  const landscape = await (dimension === 1 && !details.isThin ? line(energy, part, details, view) : dimension === 2 && !details.isThin ? plane(energy, part, details, view) : pairs(energy, part, details))
  return part === table ? landscape : { ...landscape, rows: table.rows, rowsOutside: countOutside(table, landscape.frame) }
}

function countOutside({ values, columns }: Table, frame: Frame): number {
  let count = 0
  for (let start = 0; start < values.length; start += columns.length) {
    if (frame.some(([low, high], column) => values[start + column] < low || values[start + column] > high)) count++
  }
  return count
}

/** Where rows and density lie; a density of unknown log Z need not be one, and has no say in it. */
async function shownFrame(energy: FittedEnergy, { values, rows, columns }: Table, { logNormalizer, noise, level, limits }: LandscapeDetails): Promise<Frame> {
  const ofRows = frameOf(values, columns.length)
  const frame = within(level === undefined ? ofRows : widenByNoise(ofRows, noise!), limits)
  if (logNormalizer === null || logNormalizer.value === null) return frame
  return within(await frameOfDensity(energy, frame, 1 - rowsInside(values, frame).length / (rows * columns.length)), limits)
}

const within = (frame: Frame, limits: Frame | undefined): Frame => (limits ? frame.map(([from, to], j) => [Math.max(from, limits[j][0]), Math.min(to, limits[j][1])] as const) : frame)

async function line(energy: FittedEnergy, table: Table, details: LandscapeDetails, view: Frame | undefined): Promise<LineLandscape> {
  const frame = view ?? await shownFrame(energy, table, details)
  const inside = rowsInside(table.values, frame)
  const x = cellMiddles(frame[0], lineCells)
  const { energy: values, score } = await energy.evaluate(x)
  const { edges, counts } = histogram(table.values, frame[0], binCount(inside, frame[0], 60), weightingOf(table, table.rows, (k) => k).weights)
  const width = edges[1] - edges[0]
  return {
    ...base(details, energy, table, frame, inside, mostPoints), kind: 'line', x, score,
    grid: gridDensity(values, (frame[0][1] - frame[0][0]) / lineCells, details.logNormalizer),
    bars: { edges, density: counts.map((count) => count / (table.rows * width)) }, weightedBy: table.weights?.column ?? null,
  }
}

async function plane(energy: FittedEnergy, table: Table, details: LandscapeDetails, view: Frame | undefined): Promise<PlaneLandscape> {
  const frame = view ?? equalUnits(await shownFrame(energy, table, details))
  const inside = rowsInside(table.values, frame)
  const fine = planeRows(frame, planeCells)
  const coarse = planeRows(frame, arrowCells)
  const parts = base(details, energy, table, frame, inside, mostPoints)
  // One batch for all of it: an engine is fastest on few large batches.
  const rows = new Float64Array(fine.length + coarse.length + parts.points.length)
  rows.set(fine)
  rows.set(coarse, fine.length)
  rows.set(parts.points, fine.length + coarse.length)
  const evaluated = await energy.evaluate(rows)
  const widths: readonly [number, number] = [frame[0][1] - frame[0][0], frame[1][1] - frame[1][0]]
  const grid = gridDensity(evaluated.energy.subarray(0, planeCells * planeCells), (widths[0] * widths[1]) / planeCells ** 2, details.logNormalizer)
  const halfLengthAt = medianSteepness(evaluated.score.subarray(fine.length + coarse.length), widths)
  const levels = enclosingLevels(grid, contourShares)
  return {
    ...parts, kind: 'plane', halfLengthAt, cells: planeCells, grid,
    contours: contourShares.map((share, index) => ({ share, level: levels[index] })).filter(({ level }) => !Number.isNaN(level)),
    arrows: scoreArrows(coarse, evaluated.score.subarray(fine.length, fine.length + coarse.length), widths, 0.9 / arrowCells, halfLengthAt),
  }
}

async function pairs(energy: FittedEnergy, table: Table, details: LandscapeDetails): Promise<PairsLandscape> {
  const dimension = energy.columns.length
  const shown = Math.min(dimension, mostColumns)
  const fullFrame = within(frameOf(table.values, dimension), details.limits)
  // A row far out in a column that is not shown still belongs into the picture.
  const frame = fullFrame.map((interval, column) => (column < shown ? interval : [-Infinity, Infinity] as const))
  const inside = rowsInside(table.values, frame)
  const parts = base(details, energy, table, frame, inside, mostPairPoints)
  const { score } = await energy.evaluate(parts.points)
  const columnValues = Array.from({ length: shown }, (_, column) => columnOf(inside, dimension, column))
  const drawn: PairArrows[] = []
  for (let down = 0; down < shown; down++) {
    for (let across = down + 1; across < shown; across++) drawn.push({ across, down, arrows: pairArrows(parts.points, score, frame, across, down) })
  }
  return {
    ...parts, kind: 'pairs', frame: frame.slice(0, shown),
    columns: energy.columns.slice(0, shown), columnsNotShown: energy.columns.slice(shown),
    points: Float64Array.from(parts.points.filter((_, index) => index % dimension < shown)),
    bars: columnValues.map((values, column) => histogram(values, frame[column], binCount(values, frame[column], 30))),
    pairs: drawn,
  }
}

function pairArrows(points: Float64Array, score: Float64Array, frame: Frame, across: number, down: number): readonly Arrow[] {
  const dimension = frame.length
  const widths: readonly [number, number] = [frame[across][1] - frame[across][0], frame[down][1] - frame[down][0]]
  const rows = Array.from({ length: points.length / dimension }, (_, row) => row)
  const shares = Float64Array.from(rows.flatMap((row) => [points[row * dimension + across] / widths[0], points[row * dimension + down] / widths[1]]))
  const chosen = spreadIndices(shares, 0.085, 90)
  const choose = (values: Float64Array): Float64Array => Float64Array.from(chosen.flatMap((row) => [values[row * dimension + across], values[row * dimension + down]]))
  const scores = choose(score)
  return scoreArrows(choose(points), scores, widths, 0.11, medianSteepness(scores, widths))
}

function base(details: LandscapeDetails, energy: FittedEnergy, table: Table, frame: Frame, inside: Float64Array, most: number): LandscapeBase {
  const dimension = energy.columns.length
  return {
    ...details, columns: energy.columns, frame, rows: table.rows,
    rowsOutside: table.rows - inside.length / dimension,
    points: thinRows(inside, dimension, most),
  }
}
