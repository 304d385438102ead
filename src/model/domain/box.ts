// Columns that are numbers on the line, each with bounds or without: real space, half-lines, intervals and products of them.
import { gradient } from '../../differentiate/reverse.ts'
import type { Node } from '../../graph/node.ts'
import { subtract } from '../../graph/ops/arithmetic.ts'
import { constant } from '../../graph/ops/leaf.ts'
import { expand, fill, reshape, scale } from '../../graph/ops/linear.ts'
import { minimum, selectLess } from '../../graph/ops/piecewise.ts'
import { concat, gather, slice } from '../../graph/ops/rearrange.ts'
import type { Boundary, DistanceWeight } from './boundary-weight.ts'
import { weighDistances } from './boundary-weight.ts'
import { isInside, isLine, intervalWords, openInterval } from './interval.ts'
import type { Interval } from './interval.ts'
import type { Metric, OpenCoordinates, Part, Side, Way } from './part.ts'

/**
 * @param names of the columns, as a user writes them
 * @param intervals one a column
 */
export function box(names: readonly string[], intervals: readonly Interval[], columns: readonly number[], coordinates: readonly number[]): Part {
  const bounded = intervals.flatMap((interval, j) => (isLine(interval) ? [] : [j]))
  return {
    kind: 'box',
    text: bounded.map((j) => intervalWords(names[j], intervals[j])).join(', '),
    columns, coordinates, intervals, lebesgue: columns, angles: undefined, encoding: undefined,
    outside: (values) => {
      const wrong = bounded.filter((j) => !isInside(intervals[j], values[j]))
      return wrong.length === 0 ? undefined : wrong.map((j) => `${names[j]} is ${values[j]}`).join(', ')
    },
    metric: (x, boundary) => (bounded.length === 0 ? undefined : metric(x, intervals, bounded, boundary, coordinates)),
    open: openBox(intervals),
    ways: intervals.map(({ lower, upper }, k): Way => ({
      interval: [lower, upper], value: (s) => s, slope: () => 1, at: (values) => values[k],
      move: (values, s) => Array.from(values, (value, j) => (j === k ? s : value)), logMeasure: () => 0,
    })),
    sides: bounded.flatMap((j) => sidesOf(names[j], intervals[j], j)),
  }
}

function sidesOf(name: string, { lower, upper }: Interval, j: number): Side[] {
  const side = (bound: number, inwards: number): Side => ({
    text: `${name} = ${bound}`, coordinate: j,
    distance: (point) => inwards * (point[j] - bound),
    approach: (point, distance) => Float64Array.from(point, (value, k) => (k === j ? bound + inwards * distance : value)),
  })
  return [...(lower === -Infinity ? [] : [side(lower, 1)]), ...(upper === Infinity ? [] : [side(upper, -1)])]
}

/** W = diag(h), b = h′, coordinate by coordinate (Yu, Drton & Shojaie 2019, eq. 6); columns without a bound keep 1 and 0. */
function metric(x: Node, intervals: readonly Interval[], bounded: readonly number[], { weight, scales }: Boundary, coordinates: readonly number[]): Metric | undefined {
  const { of } = weight.box
  if (of === undefined) return undefined
  const { distance, slope } = distances(gather(x, 0, bounded), bounded.map((j) => intervals[j]))
  if (of === 'distance') return byWholeDistance(x, distance)
  const weighed = weighDistances(of as DistanceWeight, distance, slope, bounded.map((j) => scales[coordinates[j]]))
  const spread = (values: Node, otherwise: number): Node => (bounded.length === intervals.length ? values
    : gather(concat([values, fill(x.graph, otherwise, [1])], 0), 0, intervals.map((_, j) => (bounded.includes(j) ? bounded.indexOf(j) : bounded.length))))
  return { diagonal: spread(weighed.value, 1), radial: undefined, divergence: spread(weighed.slope, 0) }
}

/** The distance of each value from the nearer end of its interval, and how it changes with the value: 1 or −1, −1 in the middle. */
function distances(x: Node, intervals: readonly Interval[]): { readonly distance: Node; readonly slope: Node } {
  const { graph, shape } = x
  const below = subtract(x, constant(graph, intervals.map(({ lower }) => lower)))
  const above = subtract(constant(graph, intervals.map(({ upper }) => upper)), x)
  const one = fill(graph, 1, shape)
  if (intervals.every(({ upper }) => upper === Infinity)) return { distance: below, slope: one }
  if (intervals.every(({ lower }) => lower === -Infinity)) return { distance: above, slope: scale(one, -1) }
  return { distance: minimum(below, above), slope: selectLess(below, above, one, scale(one, -1)) }
}

/** h, the same for all columns, is the distance of the row from the boundary (Liu, Kanamori & Williams 2022). */
function byWholeDistance(x: Node, distance: Node): Metric {
  const each = Array.from({ length: distance.shape[0] }, (_, k) => reshape(slice(distance, 0, k, 1), []))
  const whole = each.reduce((least, other) => minimum(least, other))
  return { diagonal: expand(reshape(whole, [1]), x.shape), radial: undefined, divergence: gradient(whole, [x])[0] }
}

/** x = a + eᵘ on a half-line, the logistic function on an interval: base measure Lebesgue's. */
function openBox(intervals: readonly Interval[]): OpenCoordinates {
  const maps = intervals.map(openInterval)
  return {
    size: intervals.length,
    toPart: (u, x) => maps.reduce((total, map, j) => {
      x[j] = map.to(u[j])
      return total + Math.log(Math.abs(map.slope(u[j])))
    }, 0),
    fromPart: (x, u) => { maps.forEach((map, j) => { u[j] = map.from(x[j]) }) },
    pullBack: (u, _x, score, out) => { maps.forEach((map, j) => { out[j] = score[j] * map.slope(u[j]) + map.bend(u[j]) }) },
  }
}
