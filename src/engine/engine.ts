// The contract between a program and whatever computes it.
import type { Program } from '../compile/program.ts'
import { ROWS, showShape } from '../graph/node.ts'
import type { Node, Shape } from '../graph/node.ts'

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
  /**
   * Where each row of the outputs depends on the same row of the inputs alone: computes them in parts, perhaps on several threads;
   * of parts that threads share the bits do not depend on their number. Present if the engine has a better way than `inParts`.
   * @param results [rows, …], overwritten
   */
  runRows?(feeds: Readonly<Record<string, Values>>, results: Readonly<Record<string, Values>>): Promise<void>
  /** Frees what the engine holds. */
  release(): Promise<void>
}

export interface Engine {
  readonly name: string
  prepare(program: Program): Promise<Executable>
}

/**
 * Refuses feeds that a program cannot run with; engines call it before they compute.
 * @param used the inputs that its outputs depend on
 */
export function checkFeeds(program: Program, used: readonly Node[], feeds: Readonly<Record<string, Values>>): void {
  let counted: { readonly name: string; readonly rows: number } | undefined
  for (const { attributes, shape } of used) {
    const name = attributes.name as string
    const fed = feeds[name]
    if (!fed) throw new Error(`program ${program.name}: input ${name} is not fed`)
    const fits = fed.shape.length === shape.length && shape.every((length, axis) => length === ROWS || length === fed.shape[axis])
    if (!fits) throw new Error(`program ${program.name}: input ${name} has shape ${showShape(fed.shape)}, needs ${showShape(shape)}`)
    if (shape[0] !== ROWS) continue
    counted ??= { name, rows: fed.shape[0] }
    if (fed.shape[0] !== counted.rows) throw new Error(`program ${program.name}: input ${name} has ${fed.shape[0]} rows, ${counted.name} has ${counted.rows}`)
  }
}
