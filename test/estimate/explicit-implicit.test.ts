// Hyvärinen's theorem 1 on our own graphs: the implicit objective is the Fisher divergence up to a constant, by quadrature.
import { expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { gaussianMixture } from '../../src/data/synthetic/gaussian-mixture.ts'
import { gradient } from '../../src/differentiate/reverse.ts'
import { vectorize } from '../../src/differentiate/vectorize.ts'
import { evaluate } from '../../src/engine/reference.ts'
import { scoreMatching } from '../../src/estimate/estimators/score-matching.ts'
import { ROWS } from '../../src/graph/node.ts'
import { input } from '../../src/graph/ops/leaf.ts'
import { tensor } from '../../src/graph/tensor.ts'
import { gaussian } from '../../src/model/energies/gaussian.ts'
import { mlp } from '../../src/model/energies/mlp.ts'
import { trace } from '../../src/model/model.ts'
import type { Model } from '../../src/model/model.ts'

const truth = gaussianMixture('two clumps', [
  { weight: 0.4, mean: [-0.8, 0.3], covariance: [[0.4, 0.1], [0.1, 0.5]] },
  { weight: 0.6, mean: [0.7, -0.2], covariance: [[0.6, -0.2], [-0.2, 0.3]] },
])

// The trapezoidal rule on a grid that reaches far beyond the density: its error is below 1e-12 here.
const step = 0.1
const axis = Array.from({ length: 141 }, (_, k) => -7 + step * k)
const nodes = axis.flatMap((x) => axis.map((y) => [x, y]))
const weights = nodes.map((node) => Math.exp(truth.logDensity(node)) * step * step)

/** ½E‖φ − φ*‖² and E Σⱼ[∂ⱼφⱼ + ½φⱼ²] of a model with given parameters. */
function both(model: Model, theta: ArrayLike<number>): { explicit: number; implicit: number } {
  const traced = trace(model, 2)
  const rows = input(traced.graph, 'rows', [ROWS, 2])
  const [score, objective] = vectorize([gradient(traced.logDensity, [traced.x])[0], scoreMatching.objective(traced, undefined).value], new Map([[traced.x, rows]]), ROWS)
  const [scores, values] = evaluate([score, objective], new Map([[rows, tensor([nodes.length, 2], nodes.flat())], [traced.theta, tensor(traced.theta.shape, theta)]]), nodes.length)
  let explicit = 0
  let implicit = 0
  nodes.forEach((node, k) => {
    const known = truth.score(node)
    explicit += weights[k] * ((scores.data[2 * k] - known[0]) ** 2 + (scores.data[2 * k + 1] - known[1]) ** 2) / 2
    implicit += weights[k] * values.data[k]
  })
  return { explicit, implicit }
}

test('their difference is ½E‖φ*‖² for every model and parameter', () => {
  const constant = nodes.reduce((total, node, k) => total + weights[k] * truth.score(node).reduce((sum, value) => sum + value * value, 0) / 2, 0)
  const network = mlp({ hidden: [5, 4], quadratic: [1, 0.1, 0.1, 0.8] })
  const cases: [Model, ArrayLike<number>][] = [
    [gaussian, [1.5, 0.3, 2, 0.4, -1]],
    [gaussian, [0.4, -0.2, 0.9, 0, 0.5]],
    [network, network.initial!(createRandom(1), 2)],
    [network, network.initial!(createRandom(2), 2).map((value) => 2 * value)],
  ]
  for (const [model, theta] of cases) {
    const { explicit, implicit } = both(model, theta)
    expect(Math.abs(explicit - implicit - constant), model.name).toBeLessThan(1e-8)
  }
})
