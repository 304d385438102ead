// Score matching (Hyvärinen 2005, eq. 4): J̃ = mean Σⱼ [∂ⱼφⱼ + ½φⱼ²], φ = ∇ₓ log p. It needs neither Z nor the data's score.
//
// On a domain that ends or is curved, the squares get a weight W that vanishes where it ends and lies along it: J̃ = mean [∇·(Wφ) + ½φᵀWφ]
// (Hyvärinen 2007; Yu, Drton & Shojaie 2019; Mardia, Kent & Laha 2016). Each part of the domain says its W and the divergence of it.
import { gradient } from '../../differentiate/reverse.ts'
import { laplacian, secondDirectional } from '../../differentiate/second-order.ts'
import type { Node } from '../../graph/node.ts'
import { add, dot, mul, square, subtract, sumOf } from '../../graph/ops/arithmetic.ts'
import { fill, scale } from '../../graph/ops/linear.ts'
import { elementsAt, inOrder } from '../../model/domain.ts'
import type { TracedModel } from '../../model/model.ts'
import { metricOf } from '../domain-metric.ts'
import type { Radial } from '../domain-metric.ts'
import type { Estimator } from '../estimator.ts'

export const scoreMatching: Estimator = {
  name: 'score-matching',
  sentence: 'exact implicit score matching: the Laplacian is computed, not sampled; it needs neither Z nor noise',
  formula: 'mean over rows of Σⱼ [∂ⱼφⱼ(x) + ½ φⱼ(x)²], φ = ∇ₓ log p; on other domains than ℝᵈ of ∇·(Wφ) + ½ φᵀWφ, W a weight along the domain that vanishes where it ends',
  tex: String.raw`\tilde J(\theta) = \frac1n \sum_{t=1}^n \sum_{j=1}^d \left[ \partial_j \varphi_j(x_t;\theta) + \tfrac12 \varphi_j(x_t;\theta)^2 \right]`,
  domains: 'continuous',
  // It overfits sooner than denoising, which blurs the rows.
  training: { steps: 2000, batch: 256, learningRate: 0.002, decayTimesRows: 350 },
  objective: (model) => {
    const { logDensity, x } = model
    const [score] = gradient(logDensity, [x])
    const metric = metricOf(model)
    if (metric === undefined) return { value: add(laplacian(logDensity, x), scale(sumOf(square(score)), 0.5)), draws: [] }
    const { diagonal, divergence, radial } = metric
    const along = add(laplacian(logDensity, x, diagonal), dot(divergence, score))
    const squares = scale(dot(diagonal, square(score)), 0.5)
    return { value: radial.reduce((total, part) => subtract(total, radially(model, score, part)), add(along, squares)), draws: [] }
  },
}

/** c [xᵀ∇²log p x + ½ (xᵀφ)²] in the coordinates of a part. */
function radially({ logDensity, x, dimension, graph }: TracedModel, score: Node, { weight, positions }: Radial): Node {
  const others = Array.from({ length: dimension }, (_, k) => k).filter((k) => !positions.includes(k))
  const own = { positions, values: elementsAt(x, positions) }
  const direction = inOrder(others.length === 0 ? [own] : [own, { positions: others, values: fill(graph, 0, [others.length]) }])
  const slope = dot(direction, score)
  return mul(weight, add(secondDirectional(logDensity, x, direction), scale(square(slope), 0.5)))
}
