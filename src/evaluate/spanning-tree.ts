// The minimum spanning tree of mutual reachability distances, which orders rows by density (Campello, Moulavi & Sander 2013).
import { neighbourDistances } from './valley.ts'

/** A tree over rows: edge e joins `from[e]` and `to[e]`; edges by rising length. */
export interface SpanningTree {
  readonly from: Int32Array
  readonly to: Int32Array
  readonly length: Float64Array
  /** Distance of each row to its k-th nearest neighbour [n]. */
  readonly coreDistance: Float64Array
}

/**
 * Prim's algorithm on the complete graph: n²d operations, no n² memory.
 * @param rows row-major [n × d], columns of comparable scale
 * @param neighbours the k of the core distances: the larger, the smoother the density that the tree sees
 */
export function reachabilityTree(rows: Float64Array, dimension: number, neighbours: number): SpanningTree {
  const count = rows.length / dimension
  const core = neighbourDistances(rows, rows, dimension, neighbours)
  const inTree = new Uint8Array(count)
  const nearest = new Float64Array(count).fill(Infinity)
  const parent = new Int32Array(count)
  const edges: { from: number; to: number; length: number }[] = []
  let current = 0
  for (let added = 1; added < count; added++) {
    inTree[current] = 1
    let next = -1
    for (let i = 0; i < count; i++) {
      if (inTree[i] === 1) continue
      const reach = Math.max(Math.sqrt(squaredDistance(rows, dimension, current, i)), core[current], core[i])
      if (reach < nearest[i]) {
        nearest[i] = reach
        parent[i] = current
      }
      if (next < 0 || nearest[i] < nearest[next]) next = i
    }
    edges.push({ from: parent[next], to: next, length: nearest[next] })
    current = next
  }
  edges.sort((a, b) => a.length - b.length)
  return {
    from: Int32Array.from(edges, (edge) => edge.from),
    to: Int32Array.from(edges, (edge) => edge.to),
    length: Float64Array.from(edges, (edge) => edge.length),
    coreDistance: core,
  }
}

function squaredDistance(rows: Float64Array, dimension: number, a: number, b: number): number {
  let squared = 0
  for (let j = 0; j < dimension; j++) squared += (rows[a * dimension + j] - rows[b * dimension + j]) ** 2
  return squared
}

/** Edges (indices, longest first) whose removal, when the tree is cut from its longest edge on, parts two groups of at least `least` rows. */
export function candidateEdges(tree: SpanningTree, least: number): number[] {
  const count = tree.coreDistance.length
  const root = Int32Array.from({ length: count }, (_, i) => i)
  const size = new Int32Array(count).fill(1)
  const find = (row: number): number => {
    let i = row
    while (root[i] !== i) {
      root[i] = root[root[i]]
      i = root[i]
    }
    return i
  }
  const candidates: number[] = []
  for (let edge = 0; edge < tree.length.length; edge++) {
    const a = find(tree.from[edge])
    const b = find(tree.to[edge])
    if (size[a] >= least && size[b] >= least) candidates.push(edge)
    root[b] = a
    size[a] += size[b]
  }
  return candidates.reverse()
}

/** The component of each row [n], numbered from 0, when the edges of `removed` are taken out of the tree. */
export function componentsWithout(tree: SpanningTree, removed: ReadonlySet<number>): Int32Array {
  const count = tree.coreDistance.length
  const neighbours: number[][] = Array.from({ length: count }, () => [])
  for (let edge = 0; edge < tree.length.length; edge++) {
    if (removed.has(edge)) continue
    neighbours[tree.from[edge]].push(tree.to[edge])
    neighbours[tree.to[edge]].push(tree.from[edge])
  }
  const component = new Int32Array(count).fill(-1)
  let components = 0
  for (let start = 0; start < count; start++) {
    if (component[start] >= 0) continue
    const pending = [start]
    component[start] = components
    for (let row = pending.pop(); row !== undefined; row = pending.pop()) {
      for (const neighbour of neighbours[row]) {
        if (component[neighbour] >= 0) continue
        component[neighbour] = components
        pending.push(neighbour)
      }
    }
    components++
  }
  return component
}
