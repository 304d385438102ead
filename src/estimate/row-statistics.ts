// What each row adds to an objective that is quadratic in θ, in coordinates z of θ = θ̂ + Bz: its Hessian and its gradient at θ̂,
// summed over rows with some number of counts at once.
import { substitute } from '../differentiate/substitute.ts'
import { directional } from '../differentiate/forward.ts'
import { gradient } from '../differentiate/reverse.ts'
import { vectorize } from '../differentiate/vectorize.ts'
import { multiply } from '../base/linear-algebra.ts'
import type { Engine, Values } from '../engine/engine.ts'
import { ROWS } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { contractAxes } from '../graph/ops/contract.ts'
import { constant, input } from '../graph/ops/leaf.ts'
import { reshape, transpose } from '../graph/ops/linear.ts'
import { concat, gather } from '../graph/ops/rearrange.ts'
import { isQuadraticIn } from './quadratic.ts'
import { Interrupted } from './full-batch.ts'
import type { ParametricWork } from './parametric-work.ts'
import { interpolate, monomialCount, monomials } from './quadratic-in-x.ts'
import { whiten, whiteningOf } from './row-moments.ts'

export interface RowStatistics {
  /** Of one row: the upper triangle of BᵀHᵢB row by row, then Bᵀgᵢ. */
  readonly length: number
  /** Mean over rows of count × statistics, row-major [width × length], for counts row-major [n × width]. */
  means(counts: Float64Array): Promise<Float64Array>
  release(): Promise<void>
}

/** Numbers that one intermediate of a chunk may hold. */
const CHUNK_ELEMENTS = 2 ** 22

/**
 * Opens the statistics of a table's rows.
 * @param theta θ̂, [P]
 * @param basis B, row-major [P × P]
 * @param rows row-major [n × d]
 * @param width how many counts each row has
 */
export async function openStatistics(work: ParametricWork, theta: Float64Array, basis: Float64Array, rows: Float64Array, engine: Engine, width: number): Promise<RowStatistics> {
  const { traced: { graph, dimension, x }, objective, options: { signal } } = work
  const one = statisticsOf(work, theta, basis)
  const length = one.shape[0]
  const rowCount = rows.length / dimension
  const sums = async (name: string, inputs: readonly Node[], all: Node, feeds: (first: number, count: number) => Record<string, Values>, widest: number) => {
    const counts = input(graph, 'counts', [ROWS, width])
    const executable = await engine.prepare({ name, inputs: [counts, ...inputs], outputs: { sums: contractAxes(counts, all, [0], [0]) }, type: 'float64' })
    const perChunk = Math.max(1, Math.min(rowCount, Math.floor(CHUNK_ELEMENTS / Math.max(widest, width))))
    return {
      means: async (given: Float64Array) => {
        const total = new Float64Array(width * all.shape[1])
        for (let first = 0; first < rowCount; first += perChunk) {
          if (signal?.aborted) throw new Interrupted('interrupted')
          const count = Math.min(perChunk, rowCount - first)
          const { sums: part } = await executable.run({ ...feeds(first, count), counts: { shape: [count, width], data: given.subarray(first * width, (first + count) * width) } })
          for (let k = 0; k < total.length; k++) total[k] += part.data[k] / rowCount
        }
        return total
      },
      release: () => executable.release(),
    }
  }
  const whitening = objective.draws.length === 0 && isQuadraticIn(objective.value, [x]) ? whiteningOf(rows, dimension) : undefined
  if (whitening) {
    const coefficients = await interpolate(one, x, [], {}, whitening, engine)
    const whitened = whiten(rows, whitening.mean, whitening.factor)
    const count = monomialCount(dimension)
    const own = input(graph, 'rows', [ROWS, dimension])
    const [all] = vectorize([monomials(x)], new Map([[x, own]]), ROWS)
    const few = await sums('moments', [own], all, (first, size) => ({ rows: { shape: [size, dimension], data: whitened.subarray(first * dimension, (first + size) * dimension) } }), count)
    return { ...few, length, means: async (counts) => multiply(await few.means(counts), coefficients, width, count, length) }
  }
  const { inputs, all } = overAllRows(work, one)
  const direct = await sums('statistics', inputs, all, (first, count) => ({
    rows: { shape: [count, dimension], data: rows.subarray(first * dimension, (first + count) * dimension) }, ...objective.feeds(first, count),
  }), theta.length ** 2)
  return { ...direct, length }
}

/** Of one row, as a node [length]. */
function statisticsOf({ traced, objective }: ParametricWork, at: Float64Array, columns: Float64Array): Node {
  const { graph, theta, parameters, parameterCount: size } = traced
  const basis = constant(graph, columns, [size, size])
  const direction = input(graph, 'direction', [size])
  const packed = parameters.map((placed) => placed.packed)
  const [slope] = directional([objective.value], new Map([[theta, direction]]))
  const [bends] = vectorize([concat(gradient(slope, packed), 0)], new Map([[direction, transpose(basis, [1, 0])]]), size)
  const hessian = reshape(contractAxes(bends, basis, [1], [0]), [size * size])
  const upper = Array.from({ length: size * size }, (_, e) => e).filter((e) => e % size >= Math.floor(e / size))
  const own = contractAxes(concat(gradient(objective.value, packed), 0), basis, [0], [0])
  const [found] = substitute([concat([gather(hessian, 0, upper), own], 0)], new Map([[theta, constant(graph, at)]]))
  return found
}

function overAllRows({ traced: { graph, x }, objective: { draws } }: ParametricWork, one: Node): { inputs: Node[]; all: Node } {
  const each = [x, ...draws]
  const inputs = each.map((node) => input(graph, node === x ? 'rows' : `${String(node.attributes.name)}s`, [ROWS, ...node.shape]))
  const [all] = vectorize([one], new Map(each.map((node, k) => [node, inputs[k]])), ROWS)
  return { inputs, all }
}
