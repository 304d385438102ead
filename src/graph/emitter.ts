// What an op needs from the ONNX compiler to write itself down; implemented in `compile/onnx.ts`.
import type { ElementType, Node, Shape } from './node.ts'

export type OnnxAttribute = number | string | readonly number[] | { readonly float: number }

export interface Emitter {
  /** Appends an ONNX node with one output and returns the output's name. Integers become int attributes; wrap floats. */
  emit(operator: string, inputs: readonly string[], attributes?: Readonly<Record<string, OnnxAttribute>>): string
  /** A constant of the element type that `node` is computed in. */
  constant(node: Node, values: ArrayLike<number>, shape: Shape): string
  /** An int64 vector (shapes, axes, indices). */
  integers(values: readonly number[], shape?: Shape): string
  /** An int64 vector holding a shape whose leading axis may be the symbolic number of rows. */
  shapeVector(shape: Shape): string
  /** Reshapes a value to a shape whose leading axis may be the symbolic number of rows. */
  reshape(value: string, shape: Shape): string
  /** The element type that `node` is computed in. */
  typeOf(node: Node): ElementType
}
