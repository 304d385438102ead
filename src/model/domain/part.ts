// A part of a domain: some columns and the piece of space they live in, with all that fits, checks and integrals ask of it.
import type { Node } from '../../graph/node.ts'
import type { Boundary } from './boundary-weight.ts'
import type { Interval } from './interval.ts'

/**
 * What generalized score matching weighs squares with: W = diag(a) − c x xᵀ, a matrix along the domain that vanishes where the
 * domain ends, and its divergence b by the domain's base measure. With it the objective of a row is W:∇²log p + b·φ + ½ φᵀWφ.
 * Intervals have weights a and c = 0; spheres and simplices are what x xᵀ is for.
 */
export interface Metric {
  /** a, [m]. */
  readonly diagonal: Node
  /** c, a scalar; undefined for zero. */
  readonly radial: Node | undefined
  /** b, [m]. */
  readonly divergence: Node
}

/** A smooth map from all of ℝᵏ onto the inside of a part, so that what works on ℝᵏ works on it. */
export interface OpenCoordinates {
  readonly size: number
  /** Writes the point of u into x and returns log |dx/du|, by the part's base measure. */
  toPart(u: Float64Array, x: Float64Array): number
  fromPart(x: Float64Array, u: Float64Array): void
  /** Writes ∇ᵤ(log p + log |dx/du|) for a score at x. */
  pullBack(u: Float64Array, x: Float64Array, score: Float64Array, out: Float64Array): void
}

/** How the coordinates that a model sees follow from the values of the columns. */
export interface Encoding {
  /** As a graph, and in numbers. */
  toPoint(values: Node): Node
  pointOf(values: ArrayLike<number>): number[]
  /** The inverse. */
  columnsOf(point: ArrayLike<number>): number[]
}

/** Angles in degrees that stand for a unit vector. */
export interface Angles extends Encoding {
  /** log of the sphere's area for a small step in each angle, in degrees. */
  logArea(angles: ArrayLike<number>): number
}

/** A side where a part ends. */
export interface Side {
  /** `x = 0` */
  readonly text: string
  /** The coordinate of the part that falls or rises to it. */
  readonly coordinate: number
  /** Moves a point [m] to this distance from the side. */
  approach(point: ArrayLike<number>, distance: number): Float64Array
  /** How far inside lies a point [m]. */
  distance(point: ArrayLike<number>): number
}

export interface Part {
  readonly kind: 'box' | 'simplex' | 'sphere' | 'binary'
  /** How a user writes it; empty for columns without a bound. */
  readonly text: string
  /** Positions of its columns in the table. */
  readonly columns: readonly number[]
  /** Positions of its coordinates in the point that the model sees; more of them than columns for angles. */
  readonly coordinates: readonly number[]
  /** Positions of columns in which its base measure is Lebesgue's; undefined where there are none, as on spheres and of binary columns. */
  readonly lebesgue: readonly number[] | undefined
  readonly angles: Angles | undefined
  /** Undefined where coordinates are the columns themselves; the angles, where there are some. */
  readonly encoding: Encoding | undefined
  /** What each coordinate lies between. */
  readonly intervals: readonly Interval[]
  /** Why values of its columns lie outside; undefined for those inside. */
  outside(values: ArrayLike<number>): string | undefined
  /** Values of its columns brought inside by a factor; undefined where no factor does, or where there is none to look for. */
  close?(values: ArrayLike<number>): number[] | undefined
  /** Undefined for the identity: no end, no curvature. */
  metric(x: Node, boundary: Boundary): Metric | undefined
  /** The part of a gradient that lies along the domain, as a graph; undefined where all of it does. */
  tangential?(gradient: Node, x: Node): Node
  /** Undefined where there is no such map, as onto a sphere or onto points apart. */
  readonly open: OpenCoordinates | undefined
  /** Where it ends, and a weight must vanish. */
  readonly sides: readonly Side[]
}
