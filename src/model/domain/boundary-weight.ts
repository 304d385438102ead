// Boundary weights h ≥ 0 of generalized score matching: zero where the domain ends, so that nothing needs to be known of the
// density there (Hyvärinen 2007; Yu, Drton & Shojaie 2019; Liu, Kanamori & Williams 2022; Scealy & Wood 2023).
import { directional } from '../../differentiate/forward.ts'
import type { Node } from '../../graph/node.ts'
import { mul } from '../../graph/ops/arithmetic.ts'
import { substitute } from '../../differentiate/substitute.ts'
import { constant, input } from '../../graph/ops/leaf.ts'
import { fill, reshape } from '../../graph/ops/linear.ts'
import { minimum as smaller, selectLess } from '../../graph/ops/piecewise.ts'
import { concat, slice } from '../../graph/ops/rearrange.ts'
import { Expression } from '../expression.ts'

/**
 * A function of the distance x of a value from the nearer end of its interval, and of s, the mean of these distances in the table;
 * element by element. At a kink its derivative on the graph must be the one beyond it.
 */
export type DistanceWeight = (x: Expression, s: Expression) => Expression

/** A weight of a whole point of a simplex, or of the squares of a unit vector: its value and its gradient by them. */
export type SquaresWeight = (squares: Node) => { readonly value: Node; readonly gradient: Node }

export interface BoundaryWeight {
  /** Of columns with a bound, each by itself; `distance`: the distance of the whole row from the boundary; undefined: 1. */
  readonly box: { readonly text: string; readonly of: DistanceWeight | 'distance' | undefined }
  /** Undefined: 1. */
  readonly simplex: { readonly text: string; readonly of: SquaresWeight | undefined }
  readonly sphere: { readonly text: string; readonly of: SquaresWeight | undefined }
}

/** A weight for the rows of a table. */
export interface Boundary {
  readonly weight: BoundaryWeight
  /** s of each coordinate [D], 1 for those without a bound. */
  readonly scales: ArrayLike<number>
}

/**
 * Falls with the square of the distance, so that errors are finite where log p has a multiple of its logarithm, whatever that
 * multiple is. Without a kink it is nearly as good as maximum likelihood for gamma and exponential (bench/boundary-weights.ts).
 */
const squaredShare: BoundaryWeight['box'] = { text: '(x/(x + s))^2', of: (x, s) => x.div(x.add(s)).square() }
/** For densities that are finite and smooth at the boundary: loses less of what the rows near it tell. */
export const share: BoundaryWeight['box'] = { text: 'x/(x + s)', of: (x, s) => x.div(x.add(s)) }
export const noWeight = { text: 'none', of: undefined } as const

/** h = min(squares…, cap²). */
export function leastSquare(cap: number): SquaresWeight {
  return (squares) => {
    const [size] = squares.shape
    const graph = squares.graph
    const element = (k: number): Node => reshape(slice(squares, 0, k, 1), [])
    const value = Array.from({ length: size }, (_, k) => element(k)).reduce((least, other) => smaller(least, other), fill(graph, cap ** 2, []))
    // The first of the least ones, and none where the cap is reached: beyond a kink at the cap the weight is constant.
    let taken = selectLess(value, fill(graph, cap ** 2, []), fill(graph, 0, []), fill(graph, 1, []))
    const slopes: Node[] = []
    for (let k = 0; k < size; k++) {
      const isLeast = selectLess(value, element(k), fill(graph, 0, []), selectLess(taken, fill(graph, 0.5, []), fill(graph, 1, []), fill(graph, 0, [])))
      slopes.push(reshape(isLeast, [1]))
      taken = selectLess(isLeast, fill(graph, 0.5, []), taken, fill(graph, 1, []))
    }
    return { value, gradient: concat(slopes, 0) }
  }
}

/** h = min(Π squares, cap²). */
export function productOfSquares(cap: number): SquaresWeight {
  return (squares) => {
    const [size] = squares.shape
    const graph = squares.graph
    const most = fill(graph, cap ** 2, [])
    const product = (without: number): Node => Array.from({ length: size }, (_, k) => k).filter((k) => k !== without)
      .reduce((all, k) => mul(all, reshape(slice(squares, 0, k, 1), [])), fill(graph, 1, []))
    const whole = product(-1)
    const slopes = concat(Array.from({ length: size }, (_, k) => reshape(product(k), [1])), 0)
    return { value: smaller(whole, most), gradient: selectLess(whole, most, slopes, fill(graph, 0, [])) }
  }
}

/** What a fit takes where neither user nor model says otherwise. */
export const defaultWeight: BoundaryWeight = {
  box: squaredShare,
  simplex: { text: 'minsq(0.3)', of: leastSquare(0.3) },
  sphere: noWeight,
}

/** h and dh/dx of distances t [m] that change by `slope` [m] with their values. */
export function weighDistances(of: DistanceWeight, t: Node, slope: Node, scales: ArrayLike<number>): { readonly value: Node; readonly slope: Node } {
  const { graph, shape } = t
  // On a leaf: simplification could lead past t itself, and the derivative with it.
  const leaf = input(graph, 'distance', shape)
  const value = of(new Expression(leaf), new Expression(constant(graph, scales))).node
  const [bend] = directional([value], new Map([[leaf, fill(graph, 1, shape)]]))
  const [weight, change] = substitute([value, bend], new Map([[leaf, t]]))
  return { value: weight, slope: mul(change, slope) }
}

/** What a weight is called for parts of these kinds; null where none of them ends. */
export function weightWords(weight: BoundaryWeight, kinds: ReadonlySet<'box' | 'simplex' | 'sphere'>): string | null {
  const words = [...new Set((['box', 'simplex', 'sphere'] as const).filter((kind) => kinds.has(kind)).map((kind) => weight[kind].text))]
  return words.length === 0 ? null : words.join(', ')
}

