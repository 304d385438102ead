// The density of each column where the domain is a composition or curved: the mean over the other columns of the column's density
// given what they are to each other (Gelfand & Smith 1990, eq. 2.7), along the ways of the domain. The others are the cells of a grid
// in up to three dimensions, in more reweighted draws.
import type { Random } from '../base/random.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'
import type { PlacedDomain } from '../model/domain.ts'
import type { Part, Way } from '../model/domain/part.ts'
import { CONDITIONALS, CURVE_POINTS, gridShares, resample, reweightedDraws, weightedRange } from './marginals.ts'
import type { CellShares, Marginal, Marginals, WeightedDraws } from './marginals.ts'
import { domainFrame, openEnergy, openSize } from './open-energy.ts'

export interface CurvedMarginalsRequest {
  /** Its density is by the domain's base measure. Scores are not looked at. */
  readonly energy: FittedEnergy
  readonly domain: PlacedDomain
  /** Rows that were fitted, row-major [n × d]. */
  readonly rows: Float64Array
  readonly random: Random
}

const MOST_GRID = 3
/** Cells of a grid that stand for all: errors of about a hundredth of the peak at worst. */
const GRID_CONDITIONALS = 1000

/** The marginal densities of all columns, in the data's units. */
export async function curvedMarginals({ energy, domain, rows, random }: CurvedMarginalsRequest): Promise<Marginals> {
  const isSmall = openSize(domain) <= MOST_GRID
  const open = openEnergy(energy, domain, isSmall ? 'smallest' : 'seamless')
  const points = open.toOpen(rows)
  const found = isSmall ? await gridShares(open.energy, points, undefined) : await reweightedDraws(open.energy, points, undefined, random)
  if ('reason' in found) return { method: null, reason: found.reason }
  const size = open.energy.columns.length
  const draws = 'cells' in found ? cellDraws(found) : found
  const all = open.toRows(draws.points)
  const chosen = open.toRows(resample(draws.points, draws.weights, size, isSmall ? GRID_CONDITIONALS : CONDITIONALS, random.split('resample').uniform()))
  const { limits } = domainFrame(domain, rows)
  const columns: Marginal[] = []
  for (const [j] of domain.columns.entries()) {
    const part = domain.parts.find((own) => own.columns.includes(j))!
    columns.push(await alongWay(energy, { part, way: part.ways[part.columns.indexOf(j)], turn: limits[j] }, all, draws.weights, chosen))
  }
  return isSmall ? { method: 'quadrature', columns, effectiveDraws: null } : { method: 'reweighted draws', columns, effectiveDraws: draws.effective }
}

/** The middles of cells, with their shares as weights. */
function cellDraws({ window, cells, shares }: CellShares): WeightedDraws {
  const d = window.length
  const points = new Float64Array(shares.length * d)
  shares.forEach((_, cell) => {
    for (let j = 0, rest = cell; j < d; j++, rest = Math.floor(rest / cells)) points[cell * d + j] = window[j][0] + (rest % cells + 0.5) * (window[j][1] - window[j][0]) / cells
  })
  return { points, weights: shares, effective: shares.length }
}

interface Course {
  readonly part: Part
  readonly way: Way
  /** Where the column lies, for a way that is closed. */
  readonly turn: readonly [number, number]
}

/** The mean over rows of the density of a column along its way through them, where nearly all of the density lies. */
async function alongWay(energy: FittedEnergy, { part, way, turn }: Course, all: Float64Array, weights: Float64Array, chosen: Float64Array): Promise<Marginal> {
  const d = energy.columns.length
  const valuesOf = (rows: Float64Array, row: number): number[] => part.columns.map((j) => rows[row * d + j])
  const [least, most] = way.isClosed && Number.isFinite(turn[0]) ? turn : way.interval
  const positions = Float64Array.from({ length: all.length / d }, (_, row) => {
    const s = way.at(valuesOf(all, row))
    return way.isClosed ? s - Math.floor((s - least) / (most - least)) * (most - least) : s
  })
  const [low, high] = weightedRange(positions, weights, 0, 1)
  const [from, to] = [Math.max(low, least), Math.min(high, most)]
  const width = (to - from) / CURVE_POINTS
  const places = Float64Array.from({ length: CURVE_POINTS }, (_, k) => from + (k + 0.5) * width)
  const count = chosen.length / d
  const lines = new Float64Array(count * CURVE_POINTS * d)
  for (let point = 0; point < count; point++) {
    const values = valuesOf(chosen, point)
    for (let k = 0; k < CURVE_POINTS; k++) {
      const start = (point * CURVE_POINTS + k) * d
      for (let j = 0; j < d; j++) lines[start + j] = chosen[point * d + j]
      const moved = way.move(values, places[k])
      for (let i = 0; i < moved.length; i++) lines[start + part.columns[i]] = moved[i]
    }
  }
  const { energy: found } = await energy.evaluate(lines)
  const measure = places.map((s) => way.logMeasure(s))
  const density = new Float64Array(CURVE_POINTS)
  const own = new Float64Array(CURVE_POINTS)
  for (let point = 0; point < count; point++) {
    let highest = -Infinity
    for (let k = 0; k < CURVE_POINTS; k++) {
      const value = found[point * CURVE_POINTS + k]
      own[k] = Number.isNaN(value) ? -Infinity : measure[k] - value
      highest = Math.max(highest, own[k])
    }
    if (highest === -Infinity) continue
    let total = 0
    for (let k = 0; k < CURVE_POINTS; k++) total += own[k] = Math.exp(own[k] - highest)
    for (let k = 0; k < CURVE_POINTS; k++) density[k] += own[k] / total
  }
  const mass = density.reduce((sum, value) => sum + value, 0) * width
  return { x: places.map((s) => way.value(s)), density: density.map((value, k) => value / mass / way.slope(places[k])) }
}
