// The contract between a program and whatever computes it.
import type { Program } from '../compile/program.ts'
import type { Shape } from '../graph/node.ts'

/** Values of a named input or output. */
export interface Values {
  /** Concrete axis lengths. */
  readonly shape: Shape
  readonly data: Float64Array | Float32Array
}

/** A program ready to run, any number of times, at any number of rows. */
export interface Executable {
  /**
   * Computes the outputs.
   * @param feeds a value for each input, of the program's element type
   * @param into buffers to write outputs to, for those outputs that should not be allocated anew
   */
  run(feeds: Readonly<Record<string, Values>>, into?: Readonly<Record<string, Values>>): Promise<Record<string, Values>>
  /** Frees what the engine holds. */
  release(): Promise<void>
}

export interface Engine {
  readonly name: string
  prepare(program: Program): Promise<Executable>
}
