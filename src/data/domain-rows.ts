// Rows against the domain of a model: which lie outside, by how much, and bringing compositions and directions to one.
import { UnnormError } from '../base/errors.ts'
import type { Option } from '../base/options.ts'
import { isDiscrete, isEncoded, pointsOf } from '../model/domain.ts'
import type { PlacedDomain } from '../model/domain.ts'
import { distanceInside, isLine } from '../model/domain/interval.ts'
import type { Part } from '../model/domain/part.ts'
import type { Table } from './table.ts'

const LISTED = 5

/** The option by which rows are closed. */
export const closeOption = { type: 'boolean', default: false, sentence: 'Divide compositions by their sum, and directions by their length' } as const satisfies Option

/**
 * Refuses rows outside of a domain, the first five with their values.
 * @throws UnnormError `outside-domain`; `mixed-codes` for binary columns with 0 and −1
 */
export function checkDomain(domain: PlacedDomain, { source, rows, columns, values }: Table): void {
  const d = columns.length
  const found: string[] = []
  let count = 0
  let closable = true
  // Nothing is allocated for the rows inside, which are nearly all.
  const pieces = domain.parts.map((part) => ({ part, own: part.columns.map(() => NaN) }))
  const isInside = (row: number): boolean => {
    for (const { part, own } of pieces) {
      for (let k = 0; k < own.length; k++) own[k] = values[row * d + part.columns[k]]
      if (part.outside(own) !== undefined) return false
    }
    return true
  }
  for (let row = 0; row < rows; row++) {
    if (isInside(row)) continue
    const wrong = domain.parts.flatMap((part) => {
      const own = part.columns.map((j) => values[row * d + j])
      const reason = part.outside(own)
      return reason === undefined ? [] : [{ part, own, reason }]
    })
    count++
    closable &&= wrong.every(({ part, own }) => part.close !== undefined && own.some((value) => value !== 0) && (part.kind === 'sphere' || own.every((value) => value >= 0)))
    if (found.length < LISTED) found.push(`row ${row + 1}: ${wrong.map(({ part, own, reason }) => withValues(part, own, reason)).join('; ')}`)
  }
  if (count === 0) return refuseMixedCodes(domain, { source, rows, columns, values })
  const isBinary = isDiscrete(domain)
  const angles = domain.parts.some((part) => part.kind === 'sphere' && !part.angles && part.columns.length <= 2) ? "; angles in degrees are --domain 'direction(a, b)'" : ''
  const remedy = (isBinary ? 'binary columns hold 0 and 1, or -1 and 1: recode them, or choose such columns with --columns' : closable ? '--close divides each composition by its sum and each direction by its length' : 'correct them, leave them out, or give another --domain') + angles
  throw new UnnormError('outside-domain', `${source}: ${count} of ${rows} rows ${count === 1 ? 'lies' : 'lie'} outside the domain ${domain.text}: ${found.join('; ')}${count > LISTED ? '; …' : ''} (${remedy}; rows count from 1, without the header)`)
}

const withValues = ({ kind }: Part, own: readonly number[], reason: string): string => (kind === 'box' || kind === 'binary' ? reason : `${reason} (${own.join(', ')})`)

/** A column with 0 and −1 has three kinds of cells, of which two read alike. */
function refuseMixedCodes({ parts }: PlacedDomain, { source, rows, columns, values }: Pick<Table, 'source' | 'rows' | 'columns' | 'values'>): void {
  for (const j of parts.flatMap(({ kind, columns: own }) => (kind === 'binary' ? own : []))) {
    const first = (code: number): number => {
      for (let row = 0; row < rows; row++) if (values[row * columns.length + j] === code) return row + 1
      return 0
    }
    const [zero, minus] = [first(0), first(-1)]
    if (zero > 0 && minus > 0) throw new UnnormError('mixed-codes', `${source}: column ${JSON.stringify(columns[j])} holds 0 (first in row ${zero}) and -1 (first in row ${minus}), which both read as −1 (a binary column holds 0 and 1, or -1 and 1: recode it; rows count from 1, without the header)`)
  }
}

/**
 * Compositions divided by their sum, and directions by their length.
 * @throws UnnormError `invalid-option` for a domain without either
 */
export function closeRows(domain: PlacedDomain, table: Table): Table {
  const parts = domain.parts.filter(({ close }) => close !== undefined)
  if (parts.length === 0) throw new UnnormError('invalid-option', `invalid close: the domain ${domain.text} has neither compositions nor directions (leave it out)`, 'usage')
  const d = table.columns.length
  const values = table.values.slice()
  for (let row = 0; row < table.rows; row++) {
    for (const { columns, close } of parts) {
      const closed = close!(columns.map((j) => values[row * d + j]))
      if (closed) columns.forEach((j, k) => { values[row * d + j] = closed[k] })
    }
  }
  return { ...table, values }
}

/** The points that a model sees of a table's rows: with unit vectors in place of angles, and −1 in place of 0 in binary columns. */
export function pointTable(domain: PlacedDomain, table: Table): Table {
  return isEncoded(domain) ? { ...table, columns: domain.coordinates, values: pointsOf(domain, table.values) } : table
}

/**
 * So close to zero that what is computed there is the limit to all digits, far enough that squares of it and of its inverse are numbers.
 */
const NEARLY_ZERO = 1e-100

/**
 * Points with the parts of compositions that are zero moved inside by next to nothing, and how many had one. With a weight that
 * vanishes there the objective of such a point has a limit, though log p and its score have none.
 */
export function withoutZeros(domain: PlacedDomain, points: Table): { readonly points: Table; readonly zeros: number } {
  const coordinates = domain.parts.filter(({ kind }) => kind === 'simplex').flatMap((part) => part.coordinates)
  const d = domain.coordinates.length
  let values = points.values
  let zeros = 0
  for (let start = 0; start < values.length && coordinates.length > 0; start += d) {
    let isFirst = true
    for (const k of coordinates) {
      if (values[start + k] !== 0) continue
      if (isFirst && zeros++ === 0) values = values.slice()
      isFirst = false
      values[start + k] = NEARLY_ZERO
    }
  }
  return { points: zeros === 0 ? points : { ...points, values }, zeros }
}

/**
 * A table without the columns that others determine: the last part of each composition.
 * @param which whether the table's columns are those of the data, or the coordinates of points
 */
export function independentColumns(domain: PlacedDomain, table: Table, which: 'columns' | 'coordinates' = 'columns'): Table {
  const determined = domain.parts.filter(({ kind }) => kind === 'simplex').map((part) => part[which].at(-1)!)
  if (determined.length === 0) return table
  const kept = table.columns.map((_, j) => j).filter((j) => !determined.includes(j))
  return { ...table, columns: kept.map((j) => table.columns[j]), values: someColumns(table.values, table.columns.length, kept) }
}

/** Some columns of rows [n × d], row-major. */
export function someColumns(rows: Float64Array, dimension: number, kept: readonly number[]): Float64Array {
  const count = rows.length / dimension
  const values = new Float64Array(count * kept.length)
  for (let row = 0, to = 0; row < count; row++) for (const j of kept) values[to++] = rows[row * dimension + j]
  return values
}

/**
 * Where the turn begins that the angles around of each column are told in, [d]: −180 where a row is negative, else 0; null for
 * columns that are no such angles.
 */
export function turnStarts({ parts, columns }: PlacedDomain, rows: Float64Array): (number | null)[] {
  const starts: (number | null)[] = columns.map(() => null)
  for (const part of parts) {
    if (!part.angles) continue
    const [around] = part.columns
    starts[around] = 0
    for (let e = around; e < rows.length; e += columns.length) if (rows[e] < 0) starts[around] = -180
  }
  return starts
}

/** Rows [n × d] with each angle around in the turn that begins where `starts` says, its end left out. */
export function intoTurns(rows: Float64Array, starts: readonly (number | null)[]): Float64Array {
  return rows.map((value, e) => {
    const start = starts[e % starts.length]
    return start === null ? value : value - 360 * Math.floor((value - start) / 360)
  })
}

/** The mean distance of each coordinate from the nearer end of its interval, [D]; 1 where it has none. */
export function boundaryScales(domain: PlacedDomain, points: Table): Float64Array {
  const d = domain.coordinates.length
  const scales = new Float64Array(d).fill(1)
  for (const { kind, coordinates, intervals } of domain.parts) {
    if (kind !== 'box') continue
    coordinates.forEach((j, k) => {
      if (isLine(intervals[k])) return
      let total = 0
      for (let row = 0; row < points.rows; row++) total += distanceInside(intervals[k], points.values[row * d + j])
      scales[j] = total / points.rows || 1
    })
  }
  return scales
}
