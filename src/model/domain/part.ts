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

/** A smooth map from all of ℝᵏ onto the inside of a part, so that what works on ℝᵏ works on it. Its x are coordinates of the point. */
export interface OpenCoordinates {
  readonly size: number
  /** Writes the point of u into x and returns log |dx/du|, by the part's base measure: exp of it integrates to one over all u that lead to x. */
  toPart(u: Float64Array, x: Float64Array): number
  /** @param share where several u lead to x: which of them, from 0 to 1 in equal shares of the density */
  fromPart(x: Float64Array, u: Float64Array, share?: number): void
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
  /** The score along the sphere [p] of a score by the angles. */
  scoreOf(angles: ArrayLike<number>, score: ArrayLike<number>): number[]
  /** How fast the angles change where a unit vector changes by `velocity` [p]. */
  velocityOf(unit: ArrayLike<number>, velocity: ArrayLike<number>): number[]
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

/**
 * The way through a point on which one column takes all of its values, while what the others are to each other stays as it is: the
 * density of the column given the rest. By a parameter s in which it is smooth, also where the column's density is infinite.
 */
export interface Way {
  /** What s lies between; infinite for columns without a bound, whose s is the column itself. */
  readonly interval: readonly [number, number]
  /** The column's value at s, and its slope. */
  value(s: number): number
  slope(s: number): number
  /** s of a point of the part's columns [m]. */
  at(values: ArrayLike<number>): number
  /** Whether the ends of the interval are the same place. */
  readonly isClosed?: boolean
  /** The part's columns [m] moved to s. */
  move(values: ArrayLike<number>, s: number): number[]
  /** log of the base measure along s. */
  logMeasure(s: number): number
}

/** A way from one point to another, s from 0 to 1: the part's columns, and how fast they change. */
export type Path = (s: number) => { readonly values: readonly number[]; readonly velocity: readonly number[] }

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
  /** The smallest map onto it; undefined where there is none, onto points apart. */
  readonly open: OpenCoordinates | undefined
  /** Where `open` cuts a sphere: one without a seam, and the unit vectors as they are. */
  readonly curved?: { readonly seamless: OpenCoordinates; readonly ambient: OpenCoordinates }
  /** The shortest way between two points of its columns; undefined where that is a straight line. */
  path?(from: ArrayLike<number>, to: ArrayLike<number>): Path
  /** The way of each of its columns through a point. */
  readonly ways: readonly Way[]
  /** Where it ends, and a weight must vanish. */
  readonly sides: readonly Side[]
}
