// Unit vectors: the sphere in any dimension, the circle included. The base measure is its area (the circle's: its length).
//
// Score matching on the sphere (Mardia, Kent & Laha 2016): W = h (I − z zᵀ), whose operator is the Laplace–Beltrami operator.
import type { Node } from '../../graph/node.ts'
import { add, mul, square, subtract } from '../../graph/ops/arithmetic.ts'
import { expand, fill, reshape, scale, sum } from '../../graph/ops/linear.ts'
import type { Boundary } from './boundary-weight.ts'
import { circleAngle, sphereAngles, waysOfAngles } from './angles.ts'
import type { Metric, Part, Path, Way } from './part.ts'
import { cutSphere, radialSphere, unitVectors } from './sphere-maps.ts'

/** Lengths of rounded unit vectors may be off by this much. */
const LENGTH_TOLERANCE = 1e-6

/** Unit vectors given by their coordinates. @param names of the columns, as a user writes them */
export function sphere(names: readonly string[], columns: readonly number[], coordinates: readonly number[]): Part {
  const length = (values: ArrayLike<number>): number => Math.hypot(...Array.from(names, (_, k) => values[k]))
  return {
    ...onSphere(names.length), path: greatCircle, ways: names.map((_, k) => wayOf(k, names.length)), text: `sphere(${names.join(', ')})`, columns, coordinates, intervals: coordinates.map(() => ({ lower: -1, upper: 1, lowerClosed: true, upperClosed: true })), angles: undefined, encoding: undefined,
    outside: (values) => {
      const found = length(values)
      if (found === 0) return 'a zero vector, which has no direction'
      return Math.abs(found - 1) <= LENGTH_TOLERANCE ? undefined : `a vector of length ${Number(found.toPrecision(10))} instead of 1`
    },
    close: (values) => {
      const found = length(values)
      return found > 0 && Number.isFinite(found) ? Array.from(names, (_, k) => values[k] / found) : undefined
    },
  }
}

/** Unit vectors given by angles in degrees. @param names of the columns, as a user writes them: one of the circle, two of the sphere */
export function direction(names: readonly string[], columns: readonly number[], coordinates: readonly number[]): Part {
  const angles = names.length === 1 ? circleAngle : sphereAngles
  return {
    path: (from, to) => {
      const along = greatCircle(angles.pointOf(from), angles.pointOf(to))
      return (s) => {
        const { values, velocity } = along(s)
        return { values: angles.columnsOf(values), velocity: angles.velocityOf(values, velocity) }
      }
    },
    ...onSphere(names.length + 1), ways: waysOfAngles(names.length), text: `direction(${names.join(', ')})`, columns, coordinates, intervals: coordinates.map(() => ({ lower: -1, upper: 1, lowerClosed: true, upperClosed: true })), angles, encoding: angles,
    outside: (values) => (names.length === 2 && Math.abs(values[1]) > 90 ? `${names[1]} is ${values[1]}, beyond ±90 degrees` : undefined),
  }
}

const onSphere = (p: number) => ({
  kind: 'sphere', lebesgue: undefined, metric, sides: [],
  open: cutSphere(p), curved: { seamless: radialSphere(p), ambient: unitVectors(p) },
  // The gradient less its part along z.
  tangential: (gradient: Node, z: Node): Node => subtract(gradient, mul(z, sum(mul(z, gradient)))),
} as const satisfies Partial<Part>)

/** Between opposite points any will do; there it is NaN. */
function greatCircle(from: ArrayLike<number>, to: ArrayLike<number>): Path {
  const start = Array.from(from)
  const cosine = start.reduce((sum, value, k) => sum + value * to[k], 0)
  const across = start.map((value, k) => to[k] - cosine * value)
  const sine = Math.hypot(...across)
  const angle = Math.atan2(sine, cosine)
  const side = across.map((value) => (angle === 0 ? 0 : value / sine))
  return (s) => {
    const [c, d] = [Math.cos(s * angle), Math.sin(s * angle)]
    return { values: start.map((value, k) => c * value + d * side[k]), velocity: start.map((value, k) => angle * (c * side[k] - d * value)) }
  }
}

/** A coordinate from −1 to 1 as −cos s, the others in proportion: given their direction it has sinᵖ⁻² s ds. */
const wayOf = (k: number, p: number): Way => ({
  interval: [0, Math.PI],
  value: (s) => -Math.cos(s),
  slope: (s) => Math.sin(s),
  at: (z) => Math.acos(Math.min(Math.max(-z[k], -1), 1)),
  move: (z, s) => {
    const rest = Math.sqrt(Array.from({ length: p }, (_, j) => (j === k ? 0 : z[j] ** 2)).reduce((sum, square) => sum + square, 0))
    return Array.from({ length: p }, (_, j) => (j === k ? -Math.cos(s) : Math.sin(s) * z[j] / rest))
  },
  logMeasure: (s) => (p === 2 ? 0 : (p - 2) * Math.log(Math.sin(s))),
})

/** W = h (I − z zᵀ); its divergence −(p − 1) h z + (I − z zᵀ)∇h. */
function metric(z: Node, { weight }: Boundary): Metric {
  const { graph, shape: [size] } = z
  const { of } = weight.sphere
  if (!of) return { diagonal: fill(graph, 1, [size]), radial: fill(graph, 1, []), divergence: scale(z, 1 - size) }
  const { value, gradient } = of(square(z))
  const rise = scale(mul(z, gradient), 2)
  return {
    diagonal: expand(reshape(value, [1]), [size]), radial: value,
    divergence: add(scale(mul(z, value), 1 - size), subtract(rise, mul(z, sum(mul(z, rise))))),
  }
}
