// What flipping one value of a binary row does to log p: all that estimators on binary domains see of a model, for Z cancels.
import { directional } from '../differentiate/forward.ts'
import { gradient } from '../differentiate/reverse.ts'
import { vectorize } from '../differentiate/vectorize.ts'
import type { Node } from '../graph/node.ts'
import { add, mul, subtract } from '../graph/ops/arithmetic.ts'
import { constant, input } from '../graph/ops/leaf.ts'
import { expand, reshape, scale, sum } from '../graph/ops/linear.ts'
import { kinkBetween } from '../model/model.ts'
import type { TracedModel } from '../model/model.ts'
import { isQuadraticIn } from './quadratic.ts'

/** log p of the row with its i-th value flipped less log p of the row, for each i: [d]. */
export function flipDifferences({ logDensity, x, dimension: d, graph }: TracedModel): Node {
  const unit = constant(graph, Float64Array.from({ length: d * d }, (_, e) => (e % (d + 1) === 0 ? 1 : 0)), [d, d])
  // The second derivative of a kink is told as zero, which is no proof.
  if (kinkBetween([x], logDensity) === undefined && isQuadraticIn(logDensity, [x])) {
    // Then Taylor's formula is exact, and costs one gradient instead of d energies: −2xᵢ∂ᵢ log p + 2∂ᵢ² log p, for xᵢ² = 1.
    const [slope] = gradient(logDensity, [x])
    const along = input(graph, 'along', [d])
    const [bends] = vectorize(directional([slope], new Map([[x, along]])), new Map([[along, unit]]), d)
    return add(scale(mul(x, slope), -2), scale(sum(mul(bends, unit), [1]), 2))
  }
  const rows = expand(reshape(x, [1, d]), [d, d])
  const flipped = subtract(rows, scale(mul(rows, unit), 2))
  const [values] = vectorize([logDensity], new Map([[x, flipped]]), d)
  return subtract(values, logDensity)
}
