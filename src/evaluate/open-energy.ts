// A fitted energy on a bounded or curved domain as one on all of ℝᵏ, by smooth maps onto its parts: what integrates, samples and
// tests on ℝᵏ then serves every domain. Its log Z is that of the domain's base measure.
import { turnStarts } from '../data/domain-rows.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'
import type { PlacedDomain } from '../model/domain.ts'
import { isReal } from '../model/domain.ts'
import type { OpenCoordinates, Part } from '../model/domain/part.ts'

export interface OpenEnergy {
  readonly energy: FittedEnergy
  /** Rows [n × d] in open coordinates [n × k]; without those on the boundary, which have none. */
  toOpen(rows: Float64Array): Float64Array
  /** Which rows have open coordinates, [n]. */
  hasOpen(rows: Float64Array): boolean[]
  toRows(open: Float64Array): Float64Array
  /** Positions, among the open coordinates, of those that are unit vectors: only where spheres are kept as they are. */
  readonly spheres: readonly (readonly number[])[]
}

/**
 * What becomes of spheres: `smallest` cuts them open, for integrals; `seamless` gives them a length, for what moves or draws, and k
 * is one more for each; `ambient` leaves unit vectors as they are, with scores along the sphere.
 */
export type Opening = 'smallest' | 'seamless' | 'ambient'

function openOf(part: Part, how: Opening): OpenCoordinates {
  const found = how === 'smallest' ? part.open : part.curved?.[how] ?? part.open
  // Whoever integrates or moves asks first whether the domain is discrete.
  if (!found) throw new Error(`nothing lies between the points of ${part.text}`)
  return found
}

/** Coordinates of the smallest map. */
export const openSize = (domain: PlacedDomain): number => domain.parts.reduce((total, part) => total + openOf(part, 'smallest').size, 0)
const GOLDEN = (Math.sqrt(5) - 1) / 2

export function openEnergy(energy: FittedEnergy, domain: PlacedDomain, how: Opening): OpenEnergy {
  if (isReal(domain)) return { energy, toOpen: (rows) => rows, hasOpen: (rows) => new Array<boolean>(rows.length / domain.columns.length).fill(true), toRows: (open) => open, spheres: [] }
  const maps = domain.parts.map((part) => ({ part, open: openOf(part, how) }))
  const d = domain.columns.length
  const size = maps.reduce((total, { open }) => total + open.size, 0)
  // There are as many rows as an integral asks for: nothing is allocated for each.
  const each = (count: number, use: (place: Place, row: number) => void): void => {
    let offset = 0
    for (const { part, open } of maps) {
      const place: Place = { part, open, start: 0, x: new Float64Array(part.coordinates.length), u: new Float64Array(open.size) }
      for (let row = 0; row < count; row++) {
        place.start = row * size + offset
        use(place, row)
      }
      offset += open.size
    }
  }
  const readOpen = ({ u, start }: Place, points: Float64Array): Float64Array => {
    for (let k = 0; k < u.length; k++) u[k] = points[start + k]
    return u
  }
  const readPoint = ({ angles, columns }: Part, rows: Float64Array, row: number, x: Float64Array): void => {
    if (angles) x.set(angles.pointOf(columns.map((j) => rows[row * d + j])))
    else for (let k = 0; k < columns.length; k++) x[k] = rows[row * d + columns[k]]
  }
  const writeRow = ({ angles, columns }: Part, x: Float64Array, rows: Float64Array, row: number): void => {
    const values = angles ? angles.columnsOf(x) : x
    for (let k = 0; k < columns.length; k++) rows[row * d + columns[k]] = values[k]
  }
  const opened = (rows: Float64Array): Float64Array => {
    const count = rows.length / d
    const points = new Float64Array(count * size)
    each(count, ({ part, open, start, x }, row) => {
      readPoint(part, rows, row, x)
      // Lengths that mean nothing are spread evenly over what they can be.
      open.fromPart(x, points.subarray(start, start + open.size), ((row + 1) * GOLDEN) % 1)
    })
    return points
  }
  const areFinite = (points: Float64Array): boolean[] => Array.from({ length: points.length / size }, (_, row) => points.subarray(row * size, (row + 1) * size).every(Number.isFinite))
  let position = 0
  const spheres = maps.flatMap(({ part, open }) => {
    const own = Array.from({ length: open.size }, (_, k) => position + k)
    position += open.size
    return how === 'ambient' && part.curved ? [own] : []
  })
  return {
    spheres,
    energy: {
      columns: Array.from({ length: size }, (_, k) => `u${k + 1}`),
      evaluate: async (points) => {
        const count = points.length / size
        const rows = new Float64Array(count * d)
        const volume = new Float64Array(count)
        each(count, (place, row) => {
          const { part, open, x } = place
          volume[row] += open.toPart(readOpen(place, points), x)
          writeRow(part, x, rows, row)
        })
        // Farther out than float64 tells values from their bound there is no density.
        const isLost = Array.from({ length: count }, (_, row) => !(Number.isFinite(volume[row]) && isInsideOpen(domain, rows, row)))
        const inner = await energy.evaluate(withoutLost(rows, d, isLost))
        const score = new Float64Array(points.length)
        const result = new Float64Array(count)
        let found = 0
        const positions = isLost.map((lost) => (lost ? -1 : found++))
        positions.forEach((position, row) => { result[row] = position < 0 ? Infinity : inner.energy[position] - volume[row] })
        const given = new Float64Array(d)
        each(count, (place, row) => {
          const position = positions[row]
          if (position < 0) return
          const { part, open, start, x } = place
          const own = given.subarray(0, part.columns.length)
          for (let k = 0; k < own.length; k++) own[k] = inner.score[position * d + part.columns[k]]
          readPoint(part, rows, row, x)
          const along = part.angles ? Float64Array.from(part.angles.scoreOf(part.columns.map((j) => rows[row * d + j]), own)) : own
          open.pullBack(readOpen(place, points), x, along, score.subarray(start, start + open.size))
        })
        return { energy: result, score }
      },
    },
    toOpen: (rows) => {
      const points = opened(rows)
      return withoutLost(points, size, areFinite(points).map((isFinite) => !isFinite))
    },
    hasOpen: (rows) => areFinite(opened(rows)),
    toRows: (points) => {
      const count = points.length / size
      const rows = new Float64Array(count * d)
      each(count, (place, row) => {
        const { part, open, x } = place
        open.toPart(readOpen(place, points), x)
        writeRow(part, x, rows, row)
      })
      return rows
    },
  }
}

/** Up to here cells cover a space. */
const FEW = 3

/** As it is best integrated: by cells over the smallest map where that has few coordinates, else by draws. */
export function openToIntegrate(energy: FittedEnergy, domain: PlacedDomain): OpenEnergy {
  return openEnergy(energy, domain, openSize(domain) <= FEW ? 'smallest' : 'seamless')
}

interface Place {
  readonly part: Part
  readonly open: OpenCoordinates
  /** Of its coordinates among those of all rows. */
  start: number
  /** To be filled with its coordinates, those of the domain and open ones. */
  readonly x: Float64Array
  readonly u: Float64Array
}

function isInsideOpen({ parts, columns }: PlacedDomain, rows: Float64Array, row: number): boolean {
  return parts.every((part) => part.kind === 'sphere' || part.columns.every((j, k) => {
    const value = rows[row * columns.length + j]
    return value > part.intervals[k].lower && value < part.intervals[k].upper
  }))
}

function withoutLost(values: Float64Array, width: number, isLost: readonly boolean[]): Float64Array {
  return isLost.includes(true) ? values.filter((_, e) => !isLost[Math.floor(e / width)]) : values
}

/** What figures know of a domain: what each column lies between, and whether rows fill less than their columns' space. */
export function domainFrame(domain: PlacedDomain, rows: Float64Array): { readonly limits: readonly (readonly [number, number])[]; readonly isThin: boolean } {
  const { parts, columns } = domain
  const starts = turnStarts(domain, rows)
  const limits = columns.map((): readonly [number, number] => [-Infinity, Infinity])
  for (const part of parts) {
    if (part.angles) [turnOf(rows, columns.length, part.columns[0], starts[part.columns[0]]!), [-90, 90] as const].slice(0, part.columns.length).forEach((own, k) => { limits[part.columns[k]] = own })
    else part.columns.forEach((j, k) => { limits[j] = [part.intervals[k].lower, part.intervals[k].upper] })
  }
  return { limits, isThin: parts.some(({ kind, angles }) => kind === 'simplex' || (kind === 'sphere' && !angles)) }
}

/** The one turn that a column of angles lies in; if there is none, any. */
function turnOf(rows: Float64Array, dimension: number, column: number, start: number): readonly [number, number] {
  for (let e = column; e < rows.length; e += dimension) if (rows[e] < start || rows[e] > start + 360) return [-Infinity, Infinity]
  return [start, start + 360]
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
