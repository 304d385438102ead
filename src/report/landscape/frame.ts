// What part of the space a figure shows: intervals of the axes, rows inside them, and which rows stand for many.

import { atPlaces } from '../../base/order.ts'
import { spreadValues } from '../../data/spread-rows.ts'

/** The interval of each column that a figure shows. */
export type Frame = readonly (readonly [number, number])[]

/** Rows farther from the central 96 % than this share of its width do not stretch the frame: 5.1 standard deviations of a Gaussian. */
const reach = 0.75
const outer = 0.02
const padding = 0.08
/** Rows whose quantiles stand for those of all: a picture shows no more. */
const quantileRows = 20_000
/** Two axes whose widths differ by less than this factor get the same units per pixel. */
const nearlyEqual = 1.6

/**
 * The interval of every column: the range of the rows, padded; far outliers are left outside.
 * @param rows row-major [n × d], n > 0
 */
export function frameOf(rows: Float64Array, dimension: number): Frame {
  const some = spreadValues(rows, dimension, quantileRows)
  const count = some.length / dimension
  const [leasts, mosts] = [rows.slice(0, dimension), rows.slice(0, dimension)]
  for (let start = 0; start < rows.length; start += dimension) {
    for (let column = 0; column < dimension; column++) {
      const value = rows[start + column]
      if (value < leasts[column]) leasts[column] = value
      else if (value > mosts[column]) mosts[column] = value
    }
  }
  return Array.from({ length: dimension }, (_, column) => {
    const [low, high] = atPlaces(columnOf(some, dimension, column), [Math.floor(outer * (count - 1)), Math.ceil((1 - outer) * (count - 1))])
    const [least, most] = [leasts[column], mosts[column]]
    const slack = reach * (high - low)
    const from = Math.max(least, low - slack)
    const to = Math.min(most, high + slack)
    const width = to - from > 0 ? to - from : Math.max(Math.abs(from), 1) * 0.2
    return [from - padding * width, to + padding * width] as const
  })
}

/** One column of rows [n × d]. */
export function columnOf(rows: Float64Array, dimension: number, column: number): Float64Array {
  const values = new Float64Array(rows.length / dimension)
  for (let row = 0; row < values.length; row++) values[row] = rows[row * dimension + column]
  return values
}

/** A frame of rows, widened as their noise widens a Gaussian: half widths are three standard deviations. */
export function widenByNoise(frame: Frame, noise: readonly number[]): Frame {
  return frame.map(([from, to], column) => {
    const half = Math.hypot((to - from) / 2, 3 * noise[column])
    return [(from + to) / 2 - half, (from + to) / 2 + half] as const
  })
}

/** Two intervals of nearly the same width, made the same: circles then look like circles. */
export function equalUnits(frame: Frame): Frame {
  const widths = frame.map(([from, to]) => to - from)
  const largest = Math.max(...widths)
  if (largest / Math.min(...widths) > nearlyEqual) return frame
  return frame.map(([from, to]) => [(from + to - largest) / 2, (from + to + largest) / 2] as const)
}

/** The rows inside a frame: [m × d], in their order. */
export function rowsInside(rows: Float64Array, frame: Frame): Float64Array {
  const dimension = frame.length
  const kept = new Float64Array(rows.length)
  const [low, high] = [0, 1].map((side) => Float64Array.from(frame, (interval) => interval[side]))
  let end = 0
  for (let start = 0; start < rows.length; start += dimension) {
    let column = 0
    while (column < dimension && rows[start + column] >= low[column] && rows[start + column] <= high[column]) column++
    if (column < dimension) continue
    for (column = 0; column < dimension; column++) kept[end++] = rows[start + column]
  }
  return kept.slice(0, end)
}

/** At most `most` rows, evenly spaced through the table: the same rows every time. */
export function thinRows(rows: Float64Array, dimension: number, most: number): Float64Array {
  const count = rows.length / dimension
  if (count <= most) return rows
  const kept = new Float64Array(most * dimension)
  for (let index = 0; index < most; index++) {
    const row = Math.floor((index * count) / most)
    kept.set(rows.subarray(row * dimension, (row + 1) * dimension), index * dimension)
  }
  return kept
}

/**
 * Indices of points of which no two are closer than `distance`: the first in the list win.
 * @param points [n × 2], in units in which distances make sense (shares of the frame)
 */
export function spreadIndices(points: Float64Array, distance: number, most: number): number[] {
  const cells = new Map<number, number[]>()
  // One number for a cell: no picture has so many of them side by side.
  const keyOf = (column: number, row: number): number => column * 2 ** 20 + row
  const kept: number[] = []
  for (let index = 0; index < points.length / 2 && kept.length < most; index++) {
    const x = points[2 * index]
    const y = points[2 * index + 1]
    const column = Math.floor(x / distance)
    const row = Math.floor(y / distance)
    let free = true
    for (let dx = -1; dx <= 1 && free; dx++) {
      for (let dy = -1; dy <= 1 && free; dy++) {
        const others = cells.get(keyOf(column + dx, row + dy))
        free = others === undefined || !others.some((other) => Math.hypot(points[2 * other] - x, points[2 * other + 1] - y) < distance)
      }
    }
    if (!free) continue
    const key = keyOf(column, row)
    cells.set(key, [...(cells.get(key) ?? []), index])
    kept.push(index)
  }
  return kept
}

/**
 * Counts of values in equal bins over an interval.
 * @param weights of the values, with mean one: how often each counts
 * @returns bin edges and counts; values outside the interval are not counted
 */
export function histogram(values: Float64Array, interval: readonly [number, number], bins: number, weights?: Float64Array): { readonly edges: Float64Array; readonly counts: Float64Array } {
  const [from, to] = interval
  const counts = new Float64Array(bins)
  values.forEach((value, k) => {
    if (value >= from && value <= to) counts[Math.min(Math.floor(((value - from) / (to - from)) * bins), bins - 1)] += weights ? weights[k] : 1
  })
  return { edges: Float64Array.from({ length: bins + 1 }, (_, index) => from + ((to - from) * index) / bins), counts }
}

/**
 * How many bins show a sample well (Freedman & Diaconis 1981: width 2·IQR·n^(−1/3)), within sensible bounds.
 */
export function binCount(values: Float64Array, interval: readonly [number, number], most: number): number {
  const count = values.length
  const some = spreadValues(values, 1, quantileRows)
  const [lower, upper] = count > 0 ? atPlaces(some, [0.25, 0.75].map((share) => Math.round(share * (some.length - 1)))) : [NaN, NaN]
  const width = (2 * (upper - lower)) / Math.cbrt(Math.max(count, 1))
  const bins = width > 0 ? Math.ceil((interval[1] - interval[0]) / width) : 10
  return Math.min(Math.max(bins, 12), most)
}
