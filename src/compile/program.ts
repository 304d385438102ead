// What is compiled and run as a whole.
import type { ElementType, Node } from '../graph/node.ts'

/** Several outputs computed from named inputs. */
export interface Program {
  readonly name: string
  /** Input nodes, fed by name. Inputs may be left out that no output depends on. */
  readonly inputs: readonly Node[]
  readonly outputs: Readonly<Record<string, Node>>
  /** The element type of inputs, constants and results; `cast` nodes change it inside. */
  readonly type: ElementType
  /** Whether each row of every output depends on the same row of the inputs alone. */
  readonly rowwise?: boolean
}
