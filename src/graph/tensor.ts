// Dense float64 arrays with a shape, and the index arithmetic that the reference values of ops share.
import type { Shape } from './shape.ts'

/** A dense array, row-major. */
export interface Tensor {
  readonly shape: Shape
  readonly data: Float64Array
}

export function tensor(shape: Shape, data: ArrayLike<number>): Tensor {
  return { shape, data: data instanceof Float64Array ? data : Float64Array.from(data) }
}

export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride
    stride *= shape[axis]
  }
  return strides
}

export function elementCount(shape: Shape): number {
  return shape.reduce((product, length) => product * length, 1)
}

/** Strides to read a tensor of shape `from` as if it had the shape `to` (numpy's broadcasting). */
export function broadcastStrides(from: Shape, to: Shape): number[] {
  const own = stridesOf(from)
  const lead = to.length - from.length
  return to.map((_, axis) => (axis < lead || from[axis - lead] === 1 ? 0 : own[axis - lead]))
}

/** Visits the elements of `shape` in row-major order with one running offset per stride list. */
export function visit(shape: Shape, strides: readonly (readonly number[])[], each: (offsets: readonly number[], position: number) => void): void {
  const count = elementCount(shape)
  const index = new Array<number>(shape.length).fill(0)
  const offsets = new Array<number>(strides.length).fill(0)
  for (let position = 0; position < count; position++) {
    each(offsets, position)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]++
      for (let k = 0; k < strides.length; k++) offsets[k] += strides[k][axis]
      if (index[axis] < shape[axis]) break
      index[axis] = 0
      for (let k = 0; k < strides.length; k++) offsets[k] -= strides[k][axis] * shape[axis]
    }
  }
}

/** Elements of `from` in the order given by `strides` over `shape`. */
export function gatherStrided(from: Float64Array, shape: Shape, strides: readonly number[], offset = 0): Tensor {
  const data = new Float64Array(elementCount(shape))
  visit(shape, [strides], (offsets, position) => { data[position] = from[offset + offsets[0]] })
  return { shape, data }
}
