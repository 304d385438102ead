// The oracle: interprets a graph node by node in float64. Slow and plain on purpose.
import { ROWS, topological } from '../graph/node.ts'
import type { Node, Shape } from '../graph/node.ts'
import { inputOp } from '../graph/ops/leaf.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { Program } from '../compile/program.ts'
import { checkFeeds } from './engine.ts'
import type { Engine, Values } from './engine.ts'

/** Values of nodes for given inputs. `rows` is the length of the symbolic axis. */
export function evaluate(outputs: readonly Node[], feeds: ReadonlyMap<Node, Tensor>, rows = 0): Tensor[] {
  const known = new Map<Node, Tensor>(feeds)
  const concrete = (shape: Shape): Shape => shape.map((length) => (length === ROWS ? rows : length))
  for (const node of topological(outputs)) {
    if (known.has(node)) continue
    if (node.op === inputOp) throw new Error(`input ${String(node.attributes.name)} is not fed`)
    known.set(node, node.op.value(node.inputs.map((input) => known.get(input)!), node.attributes, concrete(node.shape)))
  }
  return outputs.map((output) => known.get(output)!)
}

/** The number of rows that the feeds have, by the first input with a rows axis. */
export function rowsOf(program: Program, feeds: Readonly<Record<string, Values>>): number {
  for (const node of program.inputs) {
    const fed = feeds[node.attributes.name as string]
    if (node.shape[0] === ROWS && fed) return fed.shape[0]
  }
  return 0
}

/** The inputs that the outputs depend on, be it only for the number of rows. */
function neededInputs({ inputs, outputs }: Program): Node[] {
  const order = topological(Object.values(outputs))
  const hasRows = ({ shape }: Node): boolean => shape.includes(ROWS)
  const needed = inputs.filter((node) => order.includes(node))
  const counted = order.some(hasRows) && !needed.some(hasRows) ? inputs.find(hasRows) : undefined
  return counted ? [...needed, counted] : needed
}

export const referenceEngine: Engine = {
  name: 'reference',
  prepare: async (program) => ({
    run: async (feeds, into = {}) => {
      checkFeeds(program, neededInputs(program), feeds)
      const values = new Map<Node, Tensor>()
      for (const node of program.inputs) {
        const fed = feeds[node.attributes.name as string]
        if (fed) values.set(node, { shape: fed.shape, data: Float64Array.from(fed.data) })
      }
      const names = Object.keys(program.outputs)
      const results = evaluate(names.map((name) => program.outputs[name]), values, rowsOf(program, feeds))
      return Object.fromEntries(names.map((name, k) => {
        if (!into[name]) return [name, results[k]]
        into[name].data.set(results[k].data)
        return [name, into[name]]
      }))
    },
    release: async () => {},
  }),
}
