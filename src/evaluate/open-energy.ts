// A fitted energy on a bounded domain as one on all of ℝᵏ, by a smooth map onto the inside of the domain: what integrates, samples
// and tests on ℝᵏ then serves every domain that has such a map. Its log Z is that of the domain's base measure.
import type { FittedEnergy } from '../model/fitted-energy.ts'
import type { PlacedDomain } from '../model/domain.ts'
import { isReal } from '../model/domain.ts'
import type { OpenCoordinates, Part } from '../model/domain/part.ts'

export interface OpenEnergy {
  readonly energy: FittedEnergy
  /** Rows [n × d] in open coordinates [n × k]; without those on the boundary, which have none. */
  toOpen(rows: Float64Array): Float64Array
  toRows(open: Float64Array): Float64Array
}

/** Undefined for domains without such a map: those with directions. */
export function openEnergy(energy: FittedEnergy, domain: PlacedDomain): OpenEnergy | undefined {
  if (isReal(domain)) return { energy, toOpen: (rows) => rows, toRows: (open) => open }
  const maps = domain.parts.flatMap((part) => (part.open ? [{ part, open: part.open }] : []))
  if (maps.length < domain.parts.length) return undefined
  const d = domain.columns.length
  const size = maps.reduce((total, { open }) => total + open.size, 0)
  const each = (count: number, use: (place: Place, row: number) => void): void => {
    for (let row = 0; row < count; row++) {
      let start = row * size
      for (const { part, open } of maps) {
        use({ part, open, start, x: new Float64Array(part.columns.length) }, row)
        start += open.size
      }
    }
  }
  return {
    energy: {
      columns: Array.from({ length: size }, (_, k) => `u${k + 1}`),
      evaluate: async (points) => {
        const count = points.length / size
        const rows = new Float64Array(count * d)
        const volume = new Float64Array(count)
        each(count, ({ part, open, start, x }, row) => {
          volume[row] += open.toPart(points.subarray(start, start + open.size), x)
          part.columns.forEach((j, k) => { rows[row * d + j] = x[k] })
        })
        // Farther out than float64 tells values from their bound there is no density.
        const isLost = Array.from({ length: count }, (_, row) => !(Number.isFinite(volume[row]) && isInsideOpen(domain, rows, row)))
        const inner = await energy.evaluate(withoutLost(rows, d, isLost))
        const score = new Float64Array(points.length)
        const result = new Float64Array(count)
        let found = 0
        const positions = isLost.map((lost) => (lost ? -1 : found++))
        positions.forEach((position, row) => { result[row] = position < 0 ? Infinity : inner.energy[position] - volume[row] })
        each(count, ({ part, open, start, x }, row) => {
          const position = positions[row]
          if (position < 0) return
          const own = Float64Array.from(part.columns, (j) => inner.score[position * d + j])
          part.columns.forEach((j, k) => { x[k] = rows[row * d + j] })
          open.pullBack(points.subarray(start, start + open.size), x, own, score.subarray(start, start + open.size))
        })
        return { energy: result, score }
      },
    },
    toOpen: (rows) => {
      const count = rows.length / d
      const points = new Float64Array(count * size)
      each(count, ({ part, open, start, x }, row) => {
        part.columns.forEach((j, k) => { x[k] = rows[row * d + j] })
        open.fromPart(x, points.subarray(start, start + open.size))
      })
      return withoutLost(points, size, Array.from({ length: count }, (_, row) => !points.subarray(row * size, (row + 1) * size).every(Number.isFinite)))
    },
    toRows: (points) => {
      const count = points.length / size
      const rows = new Float64Array(count * d)
      each(count, ({ part, open, start, x }, row) => {
        open.toPart(points.subarray(start, start + open.size), x)
        part.columns.forEach((j, k) => { rows[row * d + j] = x[k] })
      })
      return rows
    },
  }
}

interface Place {
  readonly part: Part
  readonly open: OpenCoordinates
  /** Of its coordinates among those of all rows. */
  readonly start: number
  /** To be filled with the values of its columns. */
  readonly x: Float64Array
}

function isInsideOpen({ parts, columns }: PlacedDomain, rows: Float64Array, row: number): boolean {
  return parts.every((part) => part.columns.every((j, k) => {
    const value = rows[row * columns.length + j]
    return value > part.intervals[k].lower && value < part.intervals[k].upper
  }))
}

function withoutLost(values: Float64Array, width: number, isLost: readonly boolean[]): Float64Array {
  return isLost.includes(true) ? values.filter((_, e) => !isLost[Math.floor(e / width)]) : values
}

/** What figures know of a domain: what each column lies between, and whether rows fill less than their columns' space. */
export function domainFrame({ parts, columns }: PlacedDomain, rows: Float64Array): { readonly limits: readonly (readonly [number, number])[]; readonly isThin: boolean } {
  const limits = columns.map((): readonly [number, number] => [-Infinity, Infinity])
  for (const part of parts) {
    if (part.angles) [turnOf(rows, columns.length, part.columns[0]), [-90, 90] as const].slice(0, part.columns.length).forEach((own, k) => { limits[part.columns[k]] = own })
    else part.columns.forEach((j, k) => { limits[j] = [part.intervals[k].lower, part.intervals[k].upper] })
  }
  return { limits, isThin: parts.some(({ kind, angles }) => kind === 'simplex' || (kind === 'sphere' && !angles)) }
}

/** The one turn that a column of angles lies in; if there is none, any. */
function turnOf(rows: Float64Array, dimension: number, column: number): readonly [number, number] {
  let [least, most] = [Infinity, -Infinity]
  for (let k = column; k < rows.length; k += dimension) [least, most] = [Math.min(least, rows[k]), Math.max(most, rows[k])]
  const turns = [[0, 360], [-180, 180]] as const
  return turns.find(([from, to]) => least >= from && most <= to) ?? [-Infinity, Infinity]
}

/** The energy of a density by the columns themselves, as figures draw it: infinite outside of the domain, with the area of angles. */
export function energyByColumns(energy: FittedEnergy, domain: PlacedDomain): FittedEnergy {
  if (isReal(domain)) return energy
  const d = domain.columns.length
  return {
    columns: energy.columns,
    evaluate: async (rows) => {
      const found = await energy.evaluate(rows)
      const [values, score] = [found.energy.slice(), found.score.slice()]
      for (let row = 0; row < values.length; row++) {
        for (const part of domain.parts) {
          const own = part.columns.map((j) => rows[row * d + j])
          if (part.outside(own) !== undefined) {
            values[row] = Infinity
            score.fill(NaN, row * d, (row + 1) * d)
          } else if (part.angles) values[row] -= part.angles.logArea(own)
        }
      }
      return { energy: values, score }
    },
  }
}
