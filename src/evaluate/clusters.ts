// Do the rows form separated clusters, whose relative heights a single-level objective does not identify?
//
// The score does not change when the log-density is raised by a constant on one side of an empty valley (Song & Ermon 2019, §3.2.2).
// For two equal unit Gaussians a distance Δ apart, exact score matching that knows everything but the log-ratio η of their weights
// estimates η with variance V/(nI²), I = E(∂φ/∂η)² ≈ (π/16)pΔ and V ≈ (π/256)pΔ³, p the density at the saddle: standard
// error ≈ √(0.32Δ/(np)). At Δ = 6, where the saddle has 2 % of a peak's density, that is half a nat for 2000 rows and grows like
// exp(Δ²/16); a network, which has to learn the shapes too, does worse. So 2 % is the threshold.
import type { Warning } from '../base/errors.ts'
import { columnTies } from '../data/ties.ts'
import { rowMoments, thinRows } from '../estimate/row-moments.ts'
import { candidateEdges, componentsWithout, reachabilityTree } from './spanning-tree.ts'
import { neighbourValley, projectedValley } from './valley.ts'
import type { TwoGroups } from './valley.ts'

export interface Cluster {
  /** Share of the rows. */
  readonly share: number
  /** Mean of its rows [d], in the data's units. */
  readonly center: Float64Array
}

export interface Clusters {
  readonly separated: boolean
  /** Largest first; one cluster of all rows where they are not separated. */
  readonly clusters: readonly Cluster[]
  /** The deepest valley found between two groups: density at the saddle over density at the lower peak. 1 where there is none. */
  readonly valley: number
  /** Rows looked at, evenly spaced over the table. */
  readonly rows: number
}

export interface ClusterOptions {
  /** Most rows looked at; time grows with the square. */
  readonly maximumRows?: number
}

const THRESHOLD = 0.02
// Small, since in many columns the k-th neighbour of an outer row of a small cluster soon lies in the other cluster; that the
// tree then also proposes chance gaps does no harm, as every cut is judged by its valley.
const TREE_NEIGHBOURS = 5
// A group is a cluster from this share of the rows on, and from this many rows on: outliers are none.
const SMALLEST_SHARE = 0.05
const SMALLEST_COUNT = 10

/**
 * Looks for clusters on standardized columns, rounded values spread over their rounding step: the spanning tree of mutual reachability proposes cuts (gaps wider than the
 * spacing within), from the widest on; a cut counts when the density in the gap is below 2 % of that at the lower peak, on the
 * best separating direction or along the difference of distances to the two groups.
 * @param rows row-major [n × d], in the data's units
 */
export function findClusters(rows: Float64Array, dimension: number, options: ClusterOptions = {}): Clusters {
  const used = thinRows(rows, dimension, options.maximumRows ?? 1000)
  const count = used.length / dimension
  const least = Math.max(SMALLEST_COUNT, Math.ceil(SMALLEST_SHARE * count))
  if (count < 2 * least) return oneCluster(used, dimension, 1)
  const standardized = standardize(dither(used, dimension), dimension)
  // More for the distances to the groups, which have to be smooth.
  const neighbours = Math.max(5, Math.round(Math.sqrt(count) / 2))
  const tree = reachabilityTree(standardized, dimension, TREE_NEIGHBOURS)
  const cuts = new Set<number>()
  let deepest = 1
  for (const edge of candidateEdges(tree, least)) {
    const component = componentsWithout(tree, new Set([...cuts, edge]))
    const groups: TwoGroups = {
      dimension,
      first: rowsOf(standardized, dimension, component, component[tree.from[edge]]),
      second: rowsOf(standardized, dimension, component, component[tree.to[edge]]),
    }
    let valley = projectedValley(groups)
    if (valley >= THRESHOLD) valley = Math.min(valley, neighbourValley(groups, neighbours))
    deepest = Math.min(deepest, valley)
    if (valley < THRESHOLD) cuts.add(edge)
  }
  if (cuts.size === 0) return oneCluster(used, dimension, deepest)
  const component = componentsWithout(tree, cuts)
  const clusters = Array.from({ length: cuts.size + 1 }, (_, k) => {
    const own = rowsOf(used, dimension, component, k)
    return { share: own.length / used.length, center: meanOf(own, dimension) }
  })
  return { separated: true, clusters: clusters.sort((a, b) => b.share - a.share), valley: deepest, rows: count }
}

/** The warning `separated-clusters` that belongs to clusters found separated. */
export function clusterWarning({ clusters }: Clusters): Warning {
  const shares = clusters.map(({ share }) => `${Math.round(100 * share)} %`)
  const listed = `${shares.slice(0, -1).join(', ')} and ${shares[shares.length - 1]}`
  return {
    code: 'separated-clusters',
    message: `the rows form ${clusters.length} separated clusters (${listed} of the rows), with almost no rows between them: ` +
      'score matching and denoising at one noise level learn the shape of each cluster but hardly see how high one stands against another, ' +
      'so do not trust the relative heights in the density, nor the log-likelihood, which depends on them',
  }
}

function oneCluster(rows: Float64Array, dimension: number, valley: number): Clusters {
  return { separated: false, clusters: [{ share: 1, center: meanOf(rows, dimension) }], valley, rows: rows.length / dimension }
}

function rowsOf(rows: Float64Array, dimension: number, component: Int32Array, which: number): Float64Array {
  return rows.filter((_, k) => component[Math.floor(k / dimension)] === which)
}

function meanOf(rows: Float64Array, dimension: number): Float64Array {
  return rowMoments(rows, dimension).mean
}

// Rounding leaves gaps between the values of a grid, which are no gaps between clusters: each value is spread over its step, by
// the additive sequence with the least discrepancy known (steps 1/g, 1/g², … with g^(d+1) = g + 1), so that nothing is random.
function dither(rows: Float64Array, dimension: number): Float64Array {
  const count = rows.length / dimension
  const columns = Array.from({ length: dimension }, (_, j) => `${j}`)
  const ties = columnTies({ source: '', columns, rows: count, values: rows, rowsRead: count, columnsLeftOut: [] })
  let ratio = 1.5
  for (let i = 0; i < 50; i++) ratio = (1 + ratio) ** (1 / (dimension + 1))
  return rows.map((value, k) => {
    const j = k % dimension
    const position = (Math.floor(k / dimension) + 1) * ratio ** -(j + 1)
    return value + (ties[j].roundingStep ?? 0) * (position - Math.floor(position) - 0.5)
  })
}

function standardize(rows: Float64Array, dimension: number): Float64Array {
  const { mean, covariance } = rowMoments(rows, dimension)
  // A constant column has no spread to be put in units of.
  const deviation = mean.map((_, j) => Math.sqrt(covariance[j * (dimension + 1)]) || 1)
  return rows.map((value, k) => (value - mean[k % dimension]) / deviation[k % dimension])
}
