// The objective of a finished fit as a program of the data's own rows, so that other rows can be judged by it later.
import type { Program } from '../compile/program.ts'
import type { Standardization } from '../compile/model-file.ts'
import { substitute } from '../differentiate/substitute.ts'
import { vectorize } from '../differentiate/vectorize.ts'
import { ROWS } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { mul, subtract } from '../graph/ops/arithmetic.ts'
import { constant, input } from '../graph/ops/leaf.ts'
import { cast } from '../graph/ops/linear.ts'
import type { TracedModel } from '../model/model.ts'
import type { RowObjective } from './estimator.ts'

/**
 * The program: inputs `x` [rows, d] float64 in the data's units and, for estimators that add noise, `draws` [rows, d]
 * standard normal; output `objective` [rows], in the units it was minimized in.
 */
export function objectiveProgram(model: TracedModel, objective: RowObjective, theta: ArrayLike<number>, standardization: Standardization | undefined): Program {
  const { graph, x, dimension } = model
  const single = standardization !== undefined
  const point = input(graph, 'one row', [dimension])
  const draw = input(graph, 'one draw', [dimension])
  const narrow = (node: Node): Node => (single ? cast(node, 'float32') : node)
  const seen = standardization === undefined ? point
    : mul(subtract(point, constant(graph, standardization.mean)), constant(graph, Float64Array.from(standardization.deviation, (value) => 1 / value)))
  const [value] = substitute([objective.value], new Map<Node, Node>([
    [x, narrow(seen)],
    [model.theta, constant(graph, theta)],
    ...objective.draws.map((node): [Node, Node] => [node, narrow(draw)]),
  ]))
  const rows = input(graph, 'x', [ROWS, dimension])
  const draws = input(graph, 'draws', [ROWS, dimension])
  const [perRow] = vectorize([single ? cast(value, 'float64') : value], new Map([[point, rows], [draw, draws]]), ROWS)
  return { name: 'objective', inputs: objective.draws.length > 0 ? [rows, draws] : [rows], outputs: { objective: perRow }, type: 'float64' }
}
