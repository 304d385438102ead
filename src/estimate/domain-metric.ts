// What squares of scores are weighted with where a domain ends or is curved: W along the whole domain, from the weights of its parts.
import type { Node } from '../graph/node.ts'
import { expand, fill, reshape } from '../graph/ops/linear.ts'
import { elementsAt, inOrder } from '../model/domain.ts'
import type { TracedModel } from '../model/model.ts'

/** c for the coordinates of a part. */
export interface Radial {
  readonly weight: Node
  readonly positions: readonly number[]
}

/** W = diag(a) − Σ c x xᵀ over parts, and its divergence b, at one point. */
export interface DomainMetric {
  /** a, [d]. */
  readonly diagonal: Node
  /** b, [d]. */
  readonly divergence: Node
  readonly radial: readonly Radial[]
}

/** The same of many rows; W has no element between parts. */
export interface RowWeights {
  /** [n × d] */
  readonly diagonal: Float64Array
  /** c of the part that a column belongs to, [n × d]. */
  readonly radial: Float64Array
  /** [n × d] */
  readonly divergence: Float64Array
  /** The part of each column, [d]. */
  readonly part: readonly number[]
}

/** Undefined for the identity. */
export function metricOf({ domain, boundary, x, graph }: TracedModel): DomainMetric | undefined {
  const metrics = domain.parts.map((part) => ({ positions: part.coordinates, metric: part.metric(elementsAt(x, part.coordinates), boundary) }))
  if (metrics.every(({ metric }) => metric === undefined)) return undefined
  const whole = (which: 'diagonal' | 'divergence', otherwise: number): Node => inOrder(metrics.map(({ positions, metric }) => ({ positions, values: metric?.[which] ?? fill(graph, otherwise, [positions.length]) })))
  return {
    diagonal: whole('diagonal', 1), divergence: whole('divergence', 0),
    radial: metrics.flatMap(({ positions, metric }) => (metric?.radial ? [{ weight: metric.radial, positions }] : [])),
  }
}

/** c of the part that each column belongs to, [d]; zero in parts without. */
export function radialOfColumns({ domain, graph }: TracedModel, { radial }: DomainMetric): Node {
  return inOrder(domain.parts.map(({ coordinates }) => {
    const own = radial.find(({ positions }) => positions === coordinates)
    return { positions: coordinates, values: own ? expand(reshape(own.weight, [1]), [coordinates.length]) : fill(graph, 0, [coordinates.length]) }
  }))
}
