// A row at a random level of the ladder, with two independent draws of the noise: y = x + √t z, log t uniform between the
// ladder's ends.
import { UnnormError } from '../base/errors.ts'
import { gradient } from '../differentiate/reverse.ts'
import { substitute } from '../differentiate/substitute.ts'
import type { Node } from '../graph/node.ts'
import { add, mul, sqrt, square } from '../graph/ops/arithmetic.ts'
import { exp } from '../graph/ops/exponential.ts'
import { constant, input } from '../graph/ops/leaf.ts'
import { scale, sum } from '../graph/ops/linear.ts'
import { slice } from '../graph/ops/rearrange.ts'
import type { Ladder, TracedModel } from '../model/model.ts'

/** Both derivatives of a noise-conditional log-density, scaled so that their targets have the same size at every level. */
export interface NoisyPoint {
  /** Standard normal, [d]. */
  readonly z: Node
  /** √t ∇_y log p(y, t), [d]: in conditional mean −z. */
  readonly score: Node
  /** t ∂_t log p(y, t): in conditional mean (‖z‖² − d)/2. */
  readonly slope: Node
}

export interface NoisyPoints {
  /** Two points of one row at one level. */
  readonly points: readonly [NoisyPoint, NoisyPoint]
  /** Standard normal, [2d]: the draws of both. */
  readonly draw: Node
  /** Uniform in (0, 1). */
  readonly level: Node
}

export function noisyPoints({ model, graph, logDensity, x, t, dimension }: TracedModel, ladder: Ladder | undefined): NoisyPoints {
  if (!ladder) throw new Error('an estimator of many noise levels needs a ladder')
  if (!t) throw new UnnormError('no-noise-level', `model ${model.name} does not use the noise level: logDensity(parameters, x, t) must depend on t, the variance of the noise added to x (or choose --by denoising, which has one level)`)
  const draw = input(graph, 'draw', [2 * dimension])
  const level = input(graph, 'level', [])
  const [least, most] = [Math.log(ladder.least), Math.log(ladder.most)]
  const variance = exp(add(scale(level, most - least), constant(graph, least)))
  const deviation = sqrt(variance)
  const derivatives = gradient(logDensity, [x, t])
  const point = (k: number): NoisyPoint => {
    const z = slice(draw, 0, k * dimension, dimension)
    const [inSpace, inLevel] = substitute(derivatives, new Map<Node, Node>([[x, add(x, mul(deviation, z))], [t, variance]]))
    return { z, score: mul(deviation, inSpace), slope: mul(variance, inLevel) }
  }
  return { points: [point(0), point(1)], draw, level }
}

/** Mean over both points of ‖√t∇log p + z‖²/d: multi-level denoising, whose expectation over the noise alone is one. */
export function errorInSpace({ points }: NoisyPoints, dimension: number): Node {
  const [first, second] = points.map(({ z, score }) => add(score, z))
  return scale(add(sumOfSquares(first), sumOfSquares(second)), 0.5 / dimension)
}

export const sumOfSquares = (node: Node): Node => sum(square(node))
