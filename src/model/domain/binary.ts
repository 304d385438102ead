// Columns of two values. A point that a model sees has −1 and +1 in them; in the rows 0 reads as −1. The base measure counts points.
import { constant } from '../../graph/ops/leaf.ts'
import { fill } from '../../graph/ops/linear.ts'
import { selectLess } from '../../graph/ops/piecewise.ts'
import type { Encoding, Part } from './part.ts'

/** @param names of the columns, as a user writes them */
export function binary(names: readonly string[], columns: readonly number[], coordinates: readonly number[]): Part {
  return {
    kind: 'binary',
    text: `binary(${names.join(', ')})`,
    columns, coordinates, lebesgue: undefined, angles: undefined, encoding: signs,
    intervals: names.map(() => ({ lower: -1, upper: 1, lowerClosed: true, upperClosed: true })),
    outside: (values) => names.flatMap((name, k) => (isSpin(values[k]) ? [] : [`${name} is ${values[k]}`])).join(', ') || undefined,
    metric: () => undefined,
    open: undefined,
    ways: [],
    sides: [],
  }
}

const isSpin = (value: number): boolean => value === 1 || value === 0 || value === -1

const signs: Encoding = {
  toPoint: (values) => selectLess(values, constant(values.graph, 0.5), fill(values.graph, -1, values.shape), fill(values.graph, 1, values.shape)),
  pointOf: (values) => Array.from(values, (value) => (value < 0.5 ? -1 : 1)),
  columnsOf: (point) => Array.from(point),
}
