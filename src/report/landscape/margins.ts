// What the figure of the columns shows: a histogram of each, and the density of that column alone under the fit.
import { spreadTable } from '../../data/spread-rows.ts'
import type { Table } from '../../data/table.ts'
import { weightingOf } from '../../estimate/weighting.ts'
import { curvedMarginals } from '../../evaluate/curved-marginals.ts'
import type { CurvedMarginalsRequest } from '../../evaluate/curved-marginals.ts'
import { marginalDensities } from '../../evaluate/marginals.ts'
import { domainFrame } from '../../evaluate/open-energy.ts'
import type { Marginals, MarginalsRequest } from '../../evaluate/marginals.ts'
import { binCount, columnOf, frameOf, histogram } from './frame.ts'

/** One column. */
export interface Margin {
  readonly name: string
  readonly interval: readonly [number, number]
  /** The histogram as a density: its area is the (weighted) share of the rows inside the interval. */
  readonly edges: Float64Array
  readonly bars: Float64Array
  /** The fitted density of this column inside the interval. */
  readonly x: Float64Array
  readonly density: Float64Array
}

export type Margins =
  | { readonly margins: readonly Margin[]; readonly method: NonNullable<Marginals['method']>; readonly effectiveDraws: number | null; readonly rows: number; readonly weightedBy: string | null; readonly columnsNotShown: number }
  /** Why there are no fitted densities: a subordinate clause without a stop. */
  | { readonly margins: null; readonly reason: string }

const mostRows = 100_000
/** Rows to which proposals are fitted and at which the energy is looked at. */
const mostFitted = 10_000
const mostColumns = 24

/** Evaluates the marginal densities of a fit where the figure needs them; with its domain where that is a composition or curved. */
export async function prepareMargins(table: Table, request: Omit<MarginalsRequest, 'rows'> | Omit<CurvedMarginalsRequest, 'rows'>): Promise<Margins> {
  const d = table.columns.length
  const shown = spreadTable(table, mostRows)
  const { values: rows } = shown
  const { weights } = weightingOf(shown, shown.rows, (k) => k)
  const fitted = spreadTable(table, mostFitted).values
  const found = 'domain' in request ? await curvedMarginals({ ...request, rows: fitted }) : await marginalDensities({ ...request, rows: fitted })
  const limits = 'domain' in request ? domainFrame(request.domain, rows).limits : null
  if (found.method === null) return { margins: null, reason: found.reason }
  const frame = frameOf(rows, d)
  const margins = found.columns.slice(0, mostColumns).map(({ x, density }, j): Margin => {
    const values = columnOf(rows, d, j)
    const wide = widened(frame[j], x, density)
    const interval = limits ? [Math.max(wide[0], limits[j][0]), Math.min(wide[1], limits[j][1])] as const : wide
    const inside = values.filter((value) => value >= interval[0] && value <= interval[1])
    const { edges, counts } = histogram(values, interval, binCount(inside, interval, 40), weights)
    const kept = Array.from(x, (_, k) => k).filter((k) => x[k] >= interval[0] && x[k] <= interval[1])
    return {
      name: table.columns[j], interval, edges, bars: counts.map((count) => count / (values.length * (edges[1] - edges[0]))),
      x: Float64Array.from(kept, (k) => x[k]), density: Float64Array.from(kept, (k) => density[k]),
    }
  })
  return { margins, method: found.method, effectiveDraws: found.effectiveDraws, rows: table.rows, weightedBy: table.weights?.column ?? null, columnsNotShown: d - margins.length }
}

/** An interval of the rows that also holds all but a hundredth of the density, as far as twice its own width. */
function widened([from, to]: readonly [number, number], x: Float64Array, density: Float64Array): readonly [number, number] {
  const width = to - from
  const [first, last] = [quantile(x, density, 0.005), quantile(x, density, 0.995)]
  return [Math.max(Math.min(from, first), from - width), Math.min(Math.max(to, last), to + width)]
}

function quantile(x: Float64Array, density: Float64Array, share: number): number {
  const masses = density.map((value, k) => value * (x[Math.min(k + 1, x.length - 1)] - x[Math.max(k - 1, 0)]))
  const total = masses.reduce((sum, value) => sum + value, 0)
  let sum = 0
  const found = masses.findIndex((value) => (sum += value) >= share * total)
  return x[Math.max(0, found)]
}
