// Where a model lives: a product of parts over named columns, written as in `x > 0, 0 < u < 1, simplex(a, b, c)`.
import { UnnormError } from '../base/errors.ts'
import { didYouMean } from '../base/nearest.ts'
import type { Node } from '../graph/node.ts'
import { concat, gather } from '../graph/ops/rearrange.ts'
import { binary } from './domain/binary.ts'
import { box } from './domain/box.ts'
import { line } from './domain/interval.ts'
import type { Interval } from './domain/interval.ts'
import type { Part } from './domain/part.ts'
import { parseDomain } from './domain/parse.ts'
import type { Clause, GroupKind } from './domain/parse.ts'
import { simplex } from './domain/simplex.ts'
import { direction, sphere } from './domain/sphere.ts'

/** A domain before it is known which columns there are. */
export interface Domain {
  /** As it is written. */
  readonly name: string
  /** Number of columns it fixes; undefined: any. */
  readonly dimension: number | undefined
  /**
   * The domain of a table with these columns.
   * @throws UnnormError `unknown-column`, `invalid-domain`
   */
  over(columns: readonly string[]): PlacedDomain
}

/** A domain of certain columns. */
export interface PlacedDomain {
  /** As it would be written for these columns; `real` where none has a bound. */
  readonly text: string
  readonly columns: readonly string[]
  /** Names of the coordinates of the point that a model sees: those of the columns, but for angles. Binary ones are −1 and +1. */
  readonly coordinates: readonly string[]
  readonly parts: readonly Part[]
}

/** All of ℝᵈ; d is that of the data unless given. */
export function real(dimension?: number): Domain {
  if (dimension !== undefined && (!Number.isInteger(dimension) || dimension < 1)) {
    throw new Error(`invalid dimension: ${dimension} (must be a whole number ≥ 1)`)
  }
  return domain('real', dimension)
}

/**
 * A domain from its text: `x > 0`, `0 < u < 1`, `simplex(a, b, c)`, `sphere(x, y, z)`, `direction(longitude, latitude)` and
 * products of these, separated by commas; or `binary(a, b, c)` of all columns. `real`, `positive`, `unit` (between 0 and 1), `simplex`,
 * `sphere`, `direction` or `binary` alone take all columns that are named nowhere else, which otherwise are real.
 * @param dimension the number of columns, where only one will do
 * @throws UnnormError `invalid-domain`
 */
export function domain(text: string, dimension?: number): Domain {
  const clauses = parseDomain(text)
  return { name: text.trim(), dimension, over: (columns) => place(clauses, columns) }
}

const isPlainName = (name: string): boolean => /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name)
const written = (name: string): string => (isPlainName(name) ? name : `\`${name.replaceAll('`', '``')}\``)

function place(clauses: readonly Clause[], columns: readonly string[]): PlacedDomain {
  const taken = new Map<string, Clause>()
  const claim = (clause: Clause, name: string): string => {
    if (!columns.includes(name)) {
      throw new UnnormError('unknown-column', `invalid domain: unknown column ${name}${didYouMean(name, columns)} (must be one of ${columns.join(', ')})`)
    }
    if (taken.has(name)) throw new UnnormError('invalid-domain', `invalid domain: column ${name} twice (name each column once)`, 'usage')
    taken.set(name, clause)
    return name
  }
  const intervals = new Map<string, Interval>()
  const groups: Group[] = []
  const use = (clause: Clause, names: readonly string[]): void => {
    if (clause.kind !== 'interval') groups.push({ kind: clause.kind, names })
    else for (const name of names) intervals.set(name, clause.interval)
  }
  for (const clause of clauses) if (clause.names !== 'others') use(clause, clause.names.map((name) => claim(clause, name)))
  const others = columns.filter((name) => !taken.has(name))
  for (const clause of clauses) {
    if (clause.names !== 'others') continue
    if (others.length === 0) throw new UnnormError('invalid-domain', `invalid domain: no column is left for ${clause.word} (the columns are ${columns.join(', ')})`, 'usage')
    use(clause, others.map((name) => claim(clause, name)))
  }
  for (const name of columns) if (!taken.has(name)) intervals.set(name, line)
  refuseMixture(columns, groups)
  return assemble(columns, intervals, groups)
}

interface Group {
  readonly kind: GroupKind
  readonly names: readonly string[]
}

/** Estimators compare either gradients or flips: a domain is binary in all of its columns or in none. */
function refuseMixture(columns: readonly string[], groups: readonly Group[]): void {
  const spins = groups.filter(({ kind }) => kind === 'binary').flatMap(({ names }) => names)
  const other = columns.find((name) => !spins.includes(name))
  if (spins.length === 0 || other === undefined) return
  throw new UnnormError('invalid-domain', `invalid domain: ${written(spins[0])} is binary and ${written(other)} is not (all columns are binary or none: name every column in binary(…), or leave the others out with --columns)`, 'usage')
}

function assemble(columns: readonly string[], intervals: ReadonlyMap<string, Interval>, groups: readonly Group[]): PlacedDomain {
  const angular = new Map(groups.filter(({ kind }) => kind === 'direction').flatMap((group) => group.names.map((name) => [name, group] as const)))
  const coordinates: string[] = []
  const first = new Map<string, number>()
  for (const name of columns) {
    const group = angular.get(name)
    if (group && group.names.some((other) => first.has(other))) continue
    first.set(name, coordinates.length)
    coordinates.push(...(group ? ['x', 'y', 'z'].slice(0, group.names.length + 1).map((axis) => unused(axis, [...columns, ...coordinates])) : [name]))
  }
  const columnsOf = (names: readonly string[]): number[] => names.map((name) => columns.indexOf(name))
  const parts: Part[] = []
  const flat = columns.filter((name) => intervals.has(name))
  if (flat.length > 0) parts.push(box(flat.map(written), flat.map((name) => intervals.get(name)!), columnsOf(flat), flat.map((name) => first.get(name)!)))
  for (const { kind, names } of groups) {
    if (kind === 'direction') {
      if (names.length > 2) throw new UnnormError('invalid-domain', `invalid domain: direction of ${names.join(', ')} (must be one angle in degrees, or two: around, then up or down)`, 'usage')
      const start = first.get(names.find((name) => first.has(name))!)!
      parts.push(direction(names.map(written), columnsOf(names), Array.from({ length: names.length + 1 }, (_, k) => start + k)))
    } else {
      parts.push({ simplex, sphere, binary }[kind](names.map(written), columnsOf(names), names.map((name) => first.get(name)!)))
    }
  }
  return { text: parts.map(({ text }) => text).filter((text) => text !== '').join(', ') || 'real', columns, coordinates, parts }
}

const unused = (name: string, taken: readonly string[]): string => (taken.includes(name) ? unused(`${name}′`, taken) : name)


/** Whether it is all of ℝᵈ. */
export const isReal = ({ text }: PlacedDomain): boolean => text === 'real'

/** Whether it ends or is curved nowhere but where another does that covers at least as much; both over the same coordinates. */
export function liesWithin(inner: PlacedDomain, outer: PlacedDomain): boolean {
  if (inner.coordinates.length !== outer.coordinates.length) return false
  const intervals = new Map(inner.parts.flatMap((part) => part.coordinates.map((k, i) => [k, part.intervals[i]] as const)))
  return outer.parts.every(({ kind, coordinates, intervals: own }) => (kind === 'box'
    ? coordinates.every((k, i) => intervals.get(k)!.lower >= own[i].lower && intervals.get(k)!.upper <= own[i].upper)
    : inner.parts.some((part) => part.kind === kind && part.coordinates.length === coordinates.length && coordinates.every((k) => part.coordinates.includes(k)))))
}

/** Columns in which the base measure is Lebesgue's; undefined where the domain has parts without such columns. */
export function lebesgueColumns({ parts }: PlacedDomain): readonly number[] | undefined {
  if (parts.some(({ lebesgue }) => lebesgue === undefined)) return undefined
  return parts.flatMap(({ lebesgue }) => lebesgue!).sort((a, b) => a - b)
}

/** Whether its columns are angles or binary somewhere, so that a point is not a row. */
export const isEncoded = ({ parts }: PlacedDomain): boolean => parts.some(({ encoding }) => encoding !== undefined)

/** Whether its points lie apart: there are no gradients between them, and densities are probabilities. */
export const isDiscrete = ({ parts }: PlacedDomain): boolean => parts.some(({ kind }) => kind === 'binary')

/** The points that a model sees, row-major [n × coordinates], of rows [n × columns]; the rows themselves where points are rows. */
export function pointsOf(placed: PlacedDomain, rows: Float64Array): Float64Array {
  return isEncoded(placed) ? moved(placed, rows, placed.columns.length, placed.coordinates.length, ({ encoding }, values) => encoding!.pointOf(values), 'columns', 'coordinates') : rows
}

/** The rows of points: the inverse of `pointsOf`. */
export function rowsOf(placed: PlacedDomain, points: Float64Array): Float64Array {
  return isEncoded(placed) ? moved(placed, points, placed.coordinates.length, placed.columns.length, ({ encoding }, values) => encoding!.columnsOf(values), 'coordinates', 'columns') : points
}

function moved({ parts }: PlacedDomain, from: Float64Array, width: number, into: number, map: (part: Part, values: number[]) => number[], source: 'columns' | 'coordinates', target: 'columns' | 'coordinates'): Float64Array {
  const count = from.length / width
  const result = new Float64Array(count * into)
  for (let row = 0; row < count; row++) {
    for (const part of parts) {
      const values = part[source].map((k) => from[row * width + k])
      const changed = part.encoding ? map(part, values) : values
      part[target].forEach((k, i) => { result[row * into + k] = changed[i] })
    }
  }
  return result
}

/** The point that a model sees, [coordinates], of a row [columns], as a graph. */
export function pointOf(placed: PlacedDomain, row: Node): Node {
  if (!isEncoded(placed)) return row
  return inOrder(placed.parts.map((part) => {
    const values = elementsAt(row, part.columns)
    return { positions: part.coordinates, values: part.encoding ? part.encoding.toPoint(values) : values }
  }))
}

const isInOrder = (positions: readonly number[]): boolean => positions.every((position, k) => position === k)

/** The elements of a vector at some positions. */
export const elementsAt = (x: Node, positions: readonly number[]): Node => (positions.length === x.shape[0] && isInOrder(positions) ? x : gather(x, 0, positions))

/** Vectors of all parts as one, each element at its position. */
export function inOrder(pieces: readonly { readonly positions: readonly number[]; readonly values: Node }[]): Node {
  const order = pieces.flatMap(({ positions }) => positions)
  const all = concat(pieces.map(({ values }) => values), 0)
  return isInOrder(order) ? all : gather(all, 0, order.map((_, k) => order.indexOf(k)))
}

/** The part of a gradient by a row's columns that lies along the domain; angles lie along it by themselves. */
export function alongDomain({ parts }: PlacedDomain, gradient: Node, row: Node): Node {
  if (parts.every(({ tangential }) => tangential === undefined)) return gradient
  return inOrder(parts.map(({ columns, angles, tangential }) => {
    const own = elementsAt(gradient, columns)
    return { positions: columns, values: tangential && !angles ? tangential(own, elementsAt(row, columns)) : own }
  }))
}
