// From the objective of one row to that of many: the graphs every fit is made of.
import { gradient } from '../differentiate/reverse.ts'
import { vectorize } from '../differentiate/vectorize.ts'
import { ROWS } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { input } from '../graph/ops/leaf.ts'
import { concat } from '../graph/ops/rearrange.ts'
import { sum } from '../graph/ops/linear.ts'
import type { TracedModel } from '../model/model.ts'
import type { RowObjective } from './estimator.ts'

/** The objective over a batch. All sums over rows: the caller divides by their number. */
export interface BatchObjective {
  /** `rows` [rows, d], their `draws` [rows, d] and `levels` [rows], as far as the objective has them. */
  readonly inputs: readonly Node[]
  /** The objective of each row, [rows]. */
  readonly perRow: Node
  /** Σ over rows. */
  readonly total: Node
  /** ∂total/∂θ, [parameters]. */
  readonly gradient: Node
}

/** Runs a row's objective over all rows of a batch and differentiates the sum by θ. */
export function overRows(model: TracedModel, objective: RowObjective): BatchObjective {
  const batched = new Map<Node, Node>([model.x, ...objective.draws, ...(objective.level ? [objective.level] : [])].map((node) => {
    const name = node === model.x ? 'rows' : `${String(node.attributes.name)}s`
    return [node, input(model.graph, name, [ROWS, ...node.shape])]
  }))
  const [perRow] = vectorize([objective.value], batched, ROWS)
  const total = sum(perRow, [0])
  const parts = gradient(total, model.parameters.map(({ packed }) => packed))
  return { inputs: [...batched.values()], perRow, total, gradient: concat(parts, 0) }
}
