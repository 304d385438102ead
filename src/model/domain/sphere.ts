// Unit vectors: the sphere in any dimension, the circle included. The base measure is its area (the circle's: its length).
//
// Score matching on the sphere (Mardia, Kent & Laha 2016): W = h (I − z zᵀ), whose operator is the Laplace–Beltrami operator.
import type { Node } from '../../graph/node.ts'
import { add, mul, square, subtract } from '../../graph/ops/arithmetic.ts'
import { expand, fill, reshape, scale, sum } from '../../graph/ops/linear.ts'
import type { Boundary } from './boundary-weight.ts'
import { circleAngle, sphereAngles } from './angles.ts'
import type { Metric, Part } from './part.ts'

/** Lengths of rounded unit vectors may be off by this much. */
const LENGTH_TOLERANCE = 1e-6

/** Unit vectors given by their coordinates. @param names of the columns, as a user writes them */
export function sphere(names: readonly string[], columns: readonly number[], coordinates: readonly number[]): Part {
  const length = (values: ArrayLike<number>): number => Math.hypot(...Array.from(names, (_, k) => values[k]))
  return {
    ...onSphere, text: `sphere(${names.join(', ')})`, columns, coordinates, intervals: coordinates.map(() => ({ lower: -1, upper: 1, lowerClosed: true, upperClosed: true })), angles: undefined, encoding: undefined,
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
    ...onSphere, text: `direction(${names.join(', ')})`, columns, coordinates, intervals: coordinates.map(() => ({ lower: -1, upper: 1, lowerClosed: true, upperClosed: true })), angles, encoding: angles,
    outside: (values) => (names.length === 2 && Math.abs(values[1]) > 90 ? `${names[1]} is ${values[1]}, beyond ±90 degrees` : undefined),
  }
}

const onSphere = {
  kind: 'sphere', lebesgue: undefined, metric, open: undefined, sides: [],
  // The gradient less its part along z.
  tangential: (gradient: Node, z: Node): Node => subtract(gradient, mul(z, sum(mul(z, gradient)))),
} as const satisfies Partial<Part>

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
