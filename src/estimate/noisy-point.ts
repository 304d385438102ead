// A row at a random level of the ladder: y = x + √t z with log t uniform between the ladder's ends.
import { UnnormError } from '../base/errors.ts'
import { gradient } from '../differentiate/reverse.ts'
import { substitute } from '../differentiate/substitute.ts'
import type { Node } from '../graph/node.ts'
import { add, mul, sqrt } from '../graph/ops/arithmetic.ts'
import { exp } from '../graph/ops/exponential.ts'
import { constant, input } from '../graph/ops/leaf.ts'
import { scale } from '../graph/ops/linear.ts'
import type { Ladder, TracedModel } from '../model/model.ts'

export interface NoisyPoint {
  /** Standard normal, [d]. */
  readonly z: Node
  /** Uniform in (0, 1). */
  readonly level: Node
  /** √t ∇_y log p(y, t), [d]: in conditional mean −z. */
  readonly scoreInDeviations: Node
  /** t ∂_t log p(y, t): in conditional mean (‖z‖² − d)/2. */
  readonly slope: Node
}

/** Both derivatives of a noise-conditional log-density at a noisy row, scaled so that their targets have the same size at every level. */
export function noisyPoint({ model, graph, logDensity, x, t, dimension }: TracedModel, ladder: Ladder | undefined): NoisyPoint {
  if (!ladder) throw new Error('an estimator of many noise levels needs a ladder')
  if (!t) throw new UnnormError('no-noise-level', `model ${model.name} does not use the noise level: logDensity(parameters, x, t) must depend on t, the variance of the noise added to x (or choose --by denoising, which has one level)`)
  const z = input(graph, 'draw', [dimension])
  const level = input(graph, 'level', [])
  const [least, most] = [Math.log(ladder.least), Math.log(ladder.most)]
  const variance = exp(add(scale(level, most - least), constant(graph, least)))
  const deviation = sqrt(variance)
  const [inSpace, inLevel] = substitute(gradient(logDensity, [x, t]), new Map<Node, Node>([[x, add(x, mul(deviation, z))], [t, variance]]))
  return { z, level, scoreInDeviations: mul(deviation, inSpace), slope: mul(variance, inLevel) }
}
