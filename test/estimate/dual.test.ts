// Fits at all noise levels: the objective against its plain form, its minimum at the truth, and the recovery of what one level cannot see.
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { gaussianMixture } from '../../src/data/synthetic/gaussian-mixture.ts'
import { gradient } from '../../src/differentiate/reverse.ts'
import { vectorize } from '../../src/differentiate/vectorize.ts'
import { evaluate } from '../../src/engine/reference.ts'
import { dual } from '../../src/estimate/estimators/dual.ts'
import { ladder as ladderEstimator } from '../../src/estimate/estimators/ladder.ts'
import { ROWS } from '../../src/graph/node.ts'
import type { Node } from '../../src/graph/node.ts'
import { input } from '../../src/graph/ops/leaf.ts'
import { tensor } from '../../src/graph/tensor.ts'
import { dot, log, matmul, tanh } from '../../src/model/expression.ts'
import { mlp } from '../../src/model/energies/mlp.ts'
import { defineModel, trace } from '../../src/model/model.ts'
import type { TracedModel } from '../../src/model/model.ts'
import { matrix, positive, scalar } from '../../src/model/parameters.ts'
import { fitModel } from '../../src/result/fit.ts'
import { onnx } from './parametric-fixtures.ts'

const ladder = { least: 0.01, most: 10 }

/** Mean over many draws of an objective, and of its gradient in θ, at one row, with standard errors. */
function overDraws(model: TracedModel, value: Node, sources: { draw: Node; level: Node }, theta: Float64Array, row: readonly number[] | undefined, count: number) {
  const { graph, dimension: d } = model
  const outputs = [value, ...gradient(value, [model.theta])]
  const [x, draw, level] = [input(graph, 'rows', [ROWS, d]), input(graph, 'many draws', [ROWS, 2 * d]), input(graph, 'many levels', [ROWS])]
  const all = vectorize(outputs, new Map([[model.x, x], [sources.draw, draw], [sources.level, level]]), ROWS)
  const random = createRandom('draws')
  const rows = Float64Array.from({ length: count * d }, (_, k) => row?.[k % d] ?? random.normal())
  const [z, u] = [new Float64Array(2 * count * d), new Float64Array(count)]
  random.fillNormal(z)
  random.fillUniform(u)
  const found = evaluate(all, new Map([[model.theta, tensor([theta.length], theta)], [x, tensor([count, d], rows)], [draw, tensor([count, 2 * d], z)], [level, tensor([count], u)]]), count)
  const columns = [found[0].data, ...Array.from({ length: theta.length }, (_, j) => Float64Array.from({ length: count }, (__, k) => found[1].data[k * theta.length + j]))]
  return columns.map((values) => {
    const mean = values.reduce((a, b) => a + b, 0) / count
    return { mean, error: Math.sqrt(values.reduce((total, v) => total + (v - mean) ** 2, 0)) / count }
  })
}

describe('the objective', () => {
  const bent = defineModel({
    name: 'bent', parameters: { a: matrix(3, 2, { initial: [0.4, -0.3, 0.2, 0.8, -0.5, 0.6] }), b: scalar({ initial: 0.7 }) },
    logDensity: ({ a, b }, x, t) => tanh(matmul(a, x)).sum().mul(b).mul(log(t).tanh()).sub(dot(x, x).div(t.add(1)).mul(0.5)),
  })

  test('has the expectation of its plain form, ‖√tφ + z‖²/d + 2(t∂ₜlog p − (‖z‖² − d)/2)²/d', () => {
    const model = trace(bent, 2)
    const theta = Float64Array.of(0.4, -0.3, 0.2, 0.8, -0.5, 0.6, 0.7)
    const { value, draws, level } = dual.objective(model, undefined, ladder)
    const found = overDraws(model, value, { draw: draws[0], level: level! }, theta, [0.5, -1], 20_000)
    // Written again, from numbers.
    const random = createRandom('plain')
    const [inSpace, inLevel] = gradient(model.logDensity, [model.x, model.t!])
    let [total, squares] = [0, 0]
    const count = 20_000
    const [ys, ts] = [input(model.graph, 'ys', [ROWS, 2]), input(model.graph, 'ts', [ROWS])]
    const [scores, slopes] = vectorize([inSpace, inLevel], new Map([[model.x, ys], [model.t!, ts]]), ROWS)
    const z = new Float64Array(2 * count)
    random.fillNormal(z)
    const t = Float64Array.from({ length: count }, () => Math.exp(Math.log(0.01) + Math.log(1000) * random.uniform()))
    const y = z.map((value_, k) => [0.5, -1][k % 2] + Math.sqrt(t[k >> 1]) * value_)
    const values = evaluate([scores, slopes], new Map([[model.theta, tensor([7], theta)], [ys, tensor([count, 2], y)], [ts, tensor([count], t)]]), count)
    for (let k = 0; k < count; k++) {
      const norm = z[2 * k] ** 2 + z[2 * k + 1] ** 2
      const space = (Math.sqrt(t[k]) * values[0].data[2 * k] + z[2 * k]) ** 2 + (Math.sqrt(t[k]) * values[0].data[2 * k + 1] + z[2 * k + 1]) ** 2
      const each = space / 2 + (t[k] * values[1].data[k] - (norm - 2) / 2) ** 2
      total += each / count
      squares += each * each / count
    }
    const error = Math.hypot(found[0].error, Math.sqrt((squares - total * total) / count))
    expect(Math.abs(found[0].mean - total)).toBeLessThan(4 * error)
    // At small levels the plain form's noise is that of ‖z‖²; two draws take most of it away.
    expect(found[0].error).toBeLessThan(0.9 * Math.sqrt((squares - total * total) / count))
  })

  test.each([['dual', dual], ['ladder', ladderEstimator]] as const)('%s: at the truth its gradient vanishes, elsewhere it does not', (_, estimator) => {
    // x ~ N(0, I): y ~ N(0, (1 + t)I), so v = 1; the normalizer −log(v + t) is a's business: a = 1.
    const model = trace(defineModel({
      name: 'round', parameters: { v: positive(), a: scalar() },
      logDensity: ({ v, a }, x, t) => dot(x, x).div(v.add(t)).mul(-0.5).sub(log(v.add(t)).mul(a)),
    }), 2)
    const { value, draws, level } = estimator.objective(model, undefined, ladder)
    const slopes = (theta: readonly number[]) => overDraws(model, value, { draw: draws[0], level: level! }, Float64Array.from(theta), undefined, 20_000).slice(1)
    for (const { mean, error } of slopes([1, 1])) expect(Math.abs(mean)).toBeLessThan(4 * error + 1e-12)
    const [byVariance, byNormalizer] = slopes([1.5, 1.3])
    expect(Math.abs(byVariance.mean)).toBeGreaterThan(6 * byVariance.error)
    if (estimator === dual) expect(Math.abs(byNormalizer.mean)).toBeGreaterThan(6 * byNormalizer.error)
    else expect(byNormalizer.mean).toBe(0)
  })

  test('a model without t is refused', () => {
    const flat = trace(mlp({ hidden: [4], quadratic: [1] }), 1)
    expect(() => dual.objective(flat, undefined, ladder)).toThrow(/model mlp does not use the noise level/)
  })
})

describe('a fit of separated modes', () => {
  const density = gaussianMixture('two', [{ weight: 0.2, mean: [-5], covariance: [[1]] }, { weight: 0.8, mean: [5], covariance: [[1]] }])

  test('dual: the weight of each mode, the log-likelihood and its own normalization', async () => {
    const values = density.sample(4000, createRandom('two modes'))
    const table = { source: 'two', columns: ['x'], rows: 4000, values, rowsRead: 4000, columnsLeftOut: [] }
    const result = await fitModel(mlp({ hidden: [48, 48, 48] }), table, { by: 'dual', steps: 2000, batch: 256, seed: 1 }, { engine: onnx, now: () => 0 })
    const grid = Float64Array.from({ length: 4000 }, (_, k) => -12 + 24 * (k + 0.5) / 4000)
    const logDensity = await result.logDensity(grid)
    const left = grid.reduce((total, x, k) => total + (x < 0 ? Math.exp(logDensity[k]) * 24 / 4000 : 0), 0)
    const share = values.filter((x) => x < 0).length / 4000
    expect(Math.abs(left - share)).toBeLessThan(0.01)
    const fresh = density.sample(4000, createRandom('fresh'))
    const found = await result.logDensity(fresh)
    const gap = fresh.reduce((total, x, k) => total + (density.logDensity([x]) - found[k]) / 4000, 0)
    expect(Math.abs(gap)).toBeLessThan(0.02)
    expect(result.fit.warnings).toEqual([])
    // Any level is a density of the data with that noise: N(±5, 1 + σ²t), σ the column's standard deviation.
    const noisy = result.ladder!.at(0.04)
    const variance = 1 + 0.04 * result.ladder!.deviations[0] ** 2
    const { score } = await noisy.evaluate(Float64Array.of(4, 5, 6))
    score.forEach((value, k) => expect(Math.abs(value + (k - 1) / variance)).toBeLessThan(0.12))
    await result.release()
  })
})
