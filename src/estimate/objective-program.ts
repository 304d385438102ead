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
import { pointOf } from '../model/domain.ts'
import type { TracedModel } from '../model/model.ts'
import type { RowObjective } from './estimator.ts'

/**
 * The program: inputs `x` [rows, d] float64 in the data's units and, for estimators that add noise, `draws` [rows, d]
 * standard normal ([rows, 2d] for two draws of a row) and `levels` [rows] uniform in (0, 1); output `objective` [rows], in the units it was minimized in.
 */
export function objectiveProgram(model: TracedModel, objective: RowObjective, theta: ArrayLike<number>, standardization: Standardization | undefined): Program {
  const { graph, x, domain } = model
  const single = standardization !== undefined
  const point = input(graph, 'one row', [domain.columns.length])
  const narrow = (node: Node): Node => (single ? cast(node, 'float32') : node)
  const seen = standardization === undefined ? pointOf(domain, point)
    : mul(subtract(point, constant(graph, standardization.mean)), constant(graph, Float64Array.from(standardization.deviation, (value) => 1 / value)))
  const drawn: [node: Node, name: string][] = [...objective.draws.map((node): [Node, string] => [node, 'draws']), ...(objective.level ? [[objective.level, 'levels'] as [Node, string]] : [])]
  const singles = drawn.map(([node, name]) => input(graph, `one of ${name}`, node.shape))
  const [value] = substitute([objective.value], new Map<Node, Node>([
    [x, narrow(seen)],
    [model.theta, constant(graph, theta)],
    ...drawn.map(([node], k): [Node, Node] => [node, narrow(singles[k])]),
  ]))
  const rows = input(graph, 'x', [ROWS, domain.columns.length])
  const many = drawn.map(([node, name]) => input(graph, name, [ROWS, ...node.shape]))
  const [perRow] = vectorize([single ? cast(value, 'float64') : value], new Map([[point, rows], ...singles.map((node, k): [Node, Node] => [node, many[k]])]), ROWS)
  return { name: 'objective', inputs: [rows, ...many], outputs: { objective: perRow }, type: 'float64' }
}
