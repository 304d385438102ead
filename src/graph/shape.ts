// Axis lengths of values, one of which may be unknown until run time: the number of rows.

/** The symbolic number of rows: an axis length known only when data arrive. */
export const ROWS = -1

/** Axis lengths; one of them may be `ROWS`, the first of inputs and outputs. A scalar has shape []. */
export type Shape = readonly number[]

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis])
}

/** Number of elements; a symbolic number of rows counts as `rows`. */
export function sizeOf(shape: Shape, rows = 1): number {
  return shape.reduce((product, length) => product * (length === ROWS ? rows : length), 1)
}

/** How long some axes are taken as one: `ROWS` where rows are among them. */
export function lengthOver(shape: Shape, axes: readonly number[]): number {
  return axes.some((axis) => shape[axis] === ROWS) ? ROWS : axes.reduce((product, axis) => product * shape[axis], 1)
}

export function showShape(shape: Shape): string {
  return `[${shape.map((length) => (length === ROWS ? 'rows' : String(length))).join(', ')}]`
}
