// A fit from table to result: numbers against known densities, and everything in the units of the data.
import * as onnxruntime from 'onnxruntime-node'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { readModelMetadata, writeModelFile } from '../../src/compile/model-file.ts'
import { parabola } from '../../src/data/synthetic/parabola.ts'
import type { Table } from '../../src/data/table.ts'
import { openSession } from '../../src/engine/onnx.ts'
import type { OnnxRuntime } from '../../src/engine/onnx.ts'
import type { TrainingState } from '../../src/estimate/train.ts'
import { kernelDensityBaseline } from '../../src/evaluate/baselines/kernel-density.ts'
import { meanWithError } from '../../src/evaluate/mean-with-error.ts'
import { gaussian } from '../../src/model/energies/gaussian.ts'
import { mlp } from '../../src/model/energies/mlp.ts'
import { defineModel } from '../../src/model/model.ts'
import type { Model } from '../../src/model/model.ts'
import { scalar } from '../../src/model/parameters.ts'
import { real } from '../../src/model/domain.ts'
import { baselineDensities, baselineLikelihoods, compareLikelihoods, fitBaselines } from '../../src/result/assess.ts'
import { fitModel } from '../../src/result/fit.ts'
import { splitOfFit } from '../../src/result/held-out.ts'
import type { FitEnvironment, FitRequest } from '../../src/result/request.ts'
import type { FitResult } from '../../src/result/result.ts'
import { onnx } from '../estimate/parametric-fixtures.ts'
import { correlatedRows } from '../estimate/training-fixtures.ts'

const environment: FitEnvironment = { engine: onnx, now: () => 0 }
const network = mlp({ hidden: [16, 16], activation: 'silu' })

function tableOf(values: Float64Array, columns: readonly string[] = ['a', 'b']): Table {
  const rows = values.length / columns.length
  return { source: 'test', columns, rows, values, rowsRead: rows, columnsLeftOut: [] }
}
const fitNetwork = (values: Float64Array, request: FitRequest = {}, around: Partial<FitEnvironment> = {}): Promise<FitResult> =>
  fitModel(network, tableOf(values), { by: 'denoising', steps: 100, batch: 64, seed: 0, ...request }, { ...environment, ...around })
/** Column j of rows [n × 2] as factor·x + shift. */
const changed = (values: Float64Array, factors: readonly number[], shifts: readonly number[]): Float64Array => values.map((value, k) => factors[k % 2] * value + shifts[k % 2])

test('the model is handed out before the fit is assessed, as it is at the end', async () => {
  const order: string[] = []
  let early: Uint8Array | undefined
  const result = await fitNetwork(correlatedRows(300), {}, {
    onPhase: (text) => order.push(text),
    onModel: async ({ program, metadata }) => { order.push('model'); early = writeModelFile(program, metadata) },
  })
  expect(order.at(-1)).toBe('model')
  expect(result.fit.logNormalizer.value).not.toBeNull()
  expect(early).toEqual(writeModelFile(result.modelFile.program, result.modelFile.metadata))
  await result.release()
})

describe('a Gaussian table by a network', () => {
  test.each(['denoising', 'score-matching'] as const)('%s: the log-likelihood is near the truth, and log Z what the Gaussian has', async (by) => {
    const result = await fitNetwork(correlatedRows(2000), { by, steps: 600, batch: 256 })
    const random = createRandom('fresh')
    const fresh = Float64Array.from({ length: 8000 })
    for (let k = 0; k < fresh.length; k += 2) {
      fresh[k] = random.normal()
      fresh[k + 1] = 0.6 * fresh[k] + 0.8 * random.normal()
    }
    // N(0, 1) · N(0.6 x₁, 0.64)
    const truth = (a: number, b: number): number => -a * a / 2 - (b - 0.6 * a) ** 2 / 1.28 - Math.log(2 * Math.PI * 0.8)
    const found = await result.logDensity(fresh)
    const gap = meanWithError(found.map((value, k) => truth(fresh[2 * k], fresh[2 * k + 1]) - value))
    // The noise may cost 0.005 nats by its rule; five parameters and a few bends fitted to 1800 rows cost some thousandths more.
    expect(Math.abs(gap.value)).toBeLessThan(0.02)
    expect(result.fit.warnings.map(({ code }) => code)).not.toContain('separated-clusters')
    // The likelihood that is reported is that of 200 held-out rows: within its own error of the expected −log(2πe) − log 0.8.
    const { heldOut, standardError } = result.fit.logLikelihood
    expect(Math.abs(heldOut! + Math.log(2 * Math.PI * Math.E * 0.8))).toBeLessThan(4 * standardError!)
    await result.release()
  })
})

describe('units', () => {
  const density = parabola()
  const factors = [50, 0.02]
  const shifts = [-300, 7]

  test.each(['denoising', 'score-matching'] as const)('%s: scores and log-densities of a parabola in other units, against the known density', async (by) => {
    const rows = density.sample(3000, createRandom('rows'))
    const wide = mlp({ hidden: [64, 64], activation: 'silu' })
    const result = await fitModel(wide, tableOf(changed(rows, factors, shifts)), { by, steps: 600, batch: 256 }, environment)
    const fresh = density.sample(2000, createRandom('fresh'))
    const [scores, logDensities] = [await result.score(changed(fresh, factors, shifts)), await result.logDensity(changed(fresh, factors, shifts))]
    const [error, size] = [[0, 0], [0, 0]]
    for (let k = 0; k < fresh.length; k += 2) {
      density.score(fresh.subarray(k, k + 2)).forEach((value, j) => {
        const truth = value / factors[j]
        error[j] += (scores[k + j] - truth) ** 2
        size[j] += truth ** 2
      })
    }
    // 600 steps leave 3 to 13 % of the score's square (measured); a unit forgotten in either column misses by far more than all of it.
    for (const j of [0, 1]) expect(error[j] / size[j], `column ${j}`).toBeLessThan(0.25)
    const gap = meanWithError(logDensities.map((value, k) => density.logDensity(fresh.subarray(2 * k, 2 * k + 2)) - Math.log(50 * 0.02) - value))
    expect(Math.abs(gap.value)).toBeLessThan(0.08)
    await result.release()
  })

  test('the same rows in other units: the same energies, scores divided by the unit, log-densities less its logarithm', async () => {
    const rows = correlatedRows(400)
    const plain = await fitNetwork(rows)
    const large = await fitNetwork(changed(rows, [1000, 1000], [5, 5]))
    const fresh = correlatedRows(450).slice(800)
    const freshLarge = changed(fresh, [1000, 1000], [5, 5])
    const [a, b] = [await plain.energy.evaluate(fresh), await large.energy.evaluate(freshLarge)]
    // float32 keeps 6e-8; a hundred steps of training carry differences of rounding on.
    const size = Math.max(...a.energy.map(Math.abs))
    a.energy.forEach((value, k) => expect(Math.abs(b.energy[k] - value)).toBeLessThanOrEqual(1e-5 * size))
    const steep = Math.max(...a.score.map(Math.abs))
    a.score.forEach((value, k) => expect(Math.abs(1000 * b.score[k] - value)).toBeLessThanOrEqual(1e-5 * steep))
    expect(Math.abs(large.fit.logNormalizer.value! - plain.fit.logNormalizer.value! - 2 * Math.log(1000))).toBeLessThan(1e-5)
    expect(Math.abs(large.fit.logLikelihood.heldOut! - plain.fit.logLikelihood.heldOut! + 2 * Math.log(1000))).toBeLessThan(1e-5)
    plain.fit.estimator.noise!.forEach((value, j) => expect(Math.abs(large.fit.estimator.noise![j] / value / 1000 - 1)).toBeLessThan(1e-9))
    expect(Math.abs(large.fit.objective.heldOut! - plain.fit.objective.heldOut!)).toBeLessThanOrEqual(1e-5 * Math.abs(plain.fit.objective.heldOut!))
    await plain.release()
    await large.release()
  })

  test('noise in every form a user can give it is the same noise', async () => {
    const rows = changed(correlatedRows(300), [2, 10], [1, 0])
    const result = await fitNetwork(rows, { noise: { kind: 'relative', share: 0.25 } })
    const deviations = result.fit.estimator.noise!
    const others: FitRequest['noise'][] = [{ kind: 'columns', deviations }, { kind: 'covariance', covariance: [deviations[0] ** 2, 0, 0, deviations[1] ** 2] }]
    const at = Float64Array.of(1, 2, -3, 4)
    const score = await result.score(at)
    for (const noise of others) {
      const other = await fitNetwork(rows, { noise })
      const found = await other.score(at)
      score.forEach((value, k) => expect(Math.abs(found[k] - value)).toBeLessThanOrEqual(1e-5 * Math.abs(value)))
      Array.from(other.noiseCovariance!).forEach((value, k) => expect(value).toBeCloseTo(result.noiseCovariance![k], 10))
      await other.release()
    }
    await result.release()
  })
})

describe('the result', () => {
  test('fit.json of a network: what is known, in which units, and nothing invented', async () => {
    const { fit, metrics, theta, state, release } = await fitNetwork(correlatedRows(400), { seed: 3, out: 'runs/here', command: 'unnorm fit' })
    expect([fit.format, fit.seed, fit.out, fit.command]).toEqual(['unnorm.fit/1', 3, 'runs/here', 'unnorm fit'])
    expect(fit.data).toEqual({ source: 'test', rows: 400, rowsUsed: 400, columns: ['a', 'b'], columnsLeftOut: [] })
    expect([fit.model.name, fit.model.parameterCount, theta.length]).toEqual(['mlp', 2 * 16 + 16 + 16 * 16 + 16 + 16, 336])
    expect([fit.estimator.name, fit.estimator.route, fit.objective.units]).toEqual(['denoising', 'adam', 'standardized'])
    expect('parameters' in fit || 'parameterCovariance' in fit).toBe(false)
    expect([fit.logNormalizer.method, fit.derived]).toEqual(['quadrature', []])
    expect(metrics.at(-1)!.step).toBe(state!.step)
    expect(fit.logLikelihood.baselines.gaussian).toBeGreaterThan(fit.logLikelihood.baselines.kernelDensity! - 0.2)
    await release()
  })

  test('baselines are judged on the rows of the model: held-out ones, or each training row left out by the kernel density', async () => {
    const rows = correlatedRows(400)
    const { fit, release } = await fitModel(gaussian, tableOf(rows), {}, environment)
    const mean = (values: Float64Array): number => values.reduce((total, value) => total + value / values.length, 0)
    expect(fit.logLikelihood.baselines.kernelDensity).toBeCloseTo(mean(kernelDensityBaseline(rows, 2).logDensity(rows, () => true)), 12)
    // The Gaussian baseline is the model itself, by the same estimate.
    expect(fit.logLikelihood.baselines.gaussian).toBeCloseTo(fit.logLikelihood.train!, 9)
    await release()
    const heldOut = await fitModel(gaussian, tableOf(rows), { holdout: 0.5 }, environment)
    const split = splitOfFit(400, { seed: 0, holdout: 0.5 }, false)
    const part = (count: number, row: (k: number) => number) => Float64Array.from({ length: 2 * count }, (_, k) => rows[2 * row(k >> 1) + (k & 1)])
    const unseen = part(200, split.heldOutRow)
    const { baselines, heldOut: own } = heldOut.fit.logLikelihood
    expect(baselines.kernelDensity).toBeCloseTo(mean(kernelDensityBaseline(part(200, split.trainRow), 2).logDensity(unseen)), 12)
    expect([baselines.gaussian, own].map((value) => value!.toFixed(9))).toEqual(Array(2).fill(mean(await heldOut.logDensity(unseen)).toFixed(9)))
    await heldOut.release()
  })

  test('baselines of very many rows: the same as of a few, and all on the same rows', () => {
    const training = correlatedRows(300)
    const baselines = fitBaselines(training, real().over(['a', 'b']))
    const few = correlatedRows(2000)
    const exact = baselineLikelihoods(baselines, few, 2, () => false)
    // Each row forty times: the same mean, by evaluating the kernel density on a part.
    const many = Float64Array.from({ length: 40 * few.length }, (_, k) => few[k % few.length])
    const { gaussian: repeated, kernelDensity, gaussianMixture, kernelDensityRows } = baselineLikelihoods(baselines, many, 2, () => false)
    expect([exact.kernelDensityRows, kernelDensityRows]).toEqual([2000, 10_000])
    expect(repeated).toBeCloseTo(exact.gaussian!, 10)
    expect(gaussianMixture).toBeCloseTo(exact.gaussianMixture!, 10)
    // Of 2000 rows the part has about five each; what is left is the error of the difference between two close densities.
    expect(Math.abs(kernelDensity! - exact.kernelDensity!)).toBeLessThan(0.002)
  })

  test('a kernel density judged on some of many rows stands beside the model on the same rows', async () => {
    const baselines = fitBaselines(correlatedRows(300), real().over(['a', 'b']))
    const rows = correlatedRows(20_000)
    const energy = { columns: ['a', 'b'], evaluate: async (points: Float64Array) => ({ energy: Float64Array.from({ length: points.length / 2 }, (_, i) => points[2 * i] ** 2 / 2 + (points[2 * i + 1] - 0.6 * points[2 * i]) ** 2 / 1.28), score: new Float64Array(points.length) }) }
    const logZ = { value: Math.log(2 * Math.PI * 0.8), standardError: 0, method: 'exact' }
    const all = await compareLikelihoods(energy, rows, logZ, baselineDensities(baselines, rows, 2, false))
    const some = await compareLikelihoods(energy, rows, logZ, baselineDensities(baselines, rows, 2, false, 3000))
    expect([some.model, some.baselines.gaussian]).toEqual([all.model, all.baselines.gaussian])
    const gap = some.baselines.kernelDensity! - all.baselines.kernelDensity!
    expect(gap).not.toBe(0)
    // The difference on some rows and that on all: within four errors of the smaller sample; both columns tell the same.
    expect(Math.abs(gap)).toBeLessThan(4 * some.differences.kernelDensity!.standardError)
    expect(some.model!.value - some.baselines.kernelDensity!).toBeCloseTo(some.differences.kernelDensity!.value, 12)
    expect(some.differences.kernelDensity!.standardError / all.differences.kernelDensity!.standardError).toBeCloseTo(Math.sqrt(20 / 3), 0)
  })

  test('log-density is −energy − log Z; denoising is Tweedie–Miyasawa with the noise’s covariance', async () => {
    const result = await fitNetwork(correlatedRows(400), { noise: { kind: 'covariance', covariance: [0.2, 0.05, 0.05, 0.1] } })
    const rows = Float64Array.of(0.3, -1, 2, 0.5)
    const { energy, score } = await result.energy.evaluate(rows)
    expect(await result.logDensity(rows)).toEqual(energy.map((value) => -value - result.fit.logNormalizer.value!))
    expect(await result.score(rows)).toEqual(score)
    const denoised = await result.denoise(rows)
    const expected = [0, 2].flatMap((k) => [rows[k] + 0.2 * score[k] + 0.05 * score[k + 1], rows[k + 1] + 0.05 * score[k] + 0.1 * score[k + 1]])
    expected.forEach((value, k) => expect(denoised[k]).toBeCloseTo(value, 13))
    await result.release()
    const exact = await fitModel(gaussian, tableOf(correlatedRows(50)), {}, environment)
    await expect(exact.denoise(rows)).rejects.toThrow('this fit learned no noise')
    await exact.release()
  })

  test('the model file says and computes the same', async () => {
    const result = await fitNetwork(changed(correlatedRows(400), [3, 0.1], [100, 0]))
    const bytes = writeModelFile(result.modelFile.program, result.modelFile.metadata)
    const metadata = readModelMetadata(bytes, 'model.onnx')
    expect([metadata.columns, metadata.estimator, metadata.noise, metadata.logNormalizer?.value]).toEqual([['a', 'b'], 'denoising', result.fit.estimator.noise, result.fit.logNormalizer.value])
    const runtime = onnxruntime as unknown as OnnxRuntime
    const session = await openSession(runtime, bytes)
    const rows = Float64Array.of(99, 0.05, 104, -0.02)
    const found = await session.run({ x: new runtime.Tensor('float64', rows, [2, 2]) })
    await session.release()
    const { energy, score } = await result.energy.evaluate(rows)
    const logDensity = await result.logDensity(rows)
    energy.forEach((value, k) => expect((found.energy.data as Float64Array)[k]).toBeCloseTo(value, 5))
    score.forEach((value, k) => expect((found.score.data as Float64Array)[k]).toBeCloseTo(value, 4))
    logDensity.forEach((value, k) => expect((found.log_density.data as Float64Array)[k]).toBeCloseTo(value, 5))
    await result.release()
  })

  test('the same seed gives the same fit, another seed another', async () => {
    const [first, second, other] = [await fitNetwork(correlatedRows(300)), await fitNetwork(correlatedRows(300)), await fitNetwork(correlatedRows(300), { seed: 1 })]
    expect(second.theta).toEqual(first.theta)
    expect(second.fit).toEqual(first.fit)
    expect(other.theta).not.toEqual(first.theta)
    for (const each of [first, second, other]) await each.release()
  })

  test('stopped and resumed: the fit that would have been', async () => {
    const rows = correlatedRows(300)
    const whole = await fitNetwork(rows)
    const controller = new AbortController()
    let saved: TrainingState | undefined
    const partial = await fitNetwork(rows, {}, {
      signal: controller.signal, onProgress: ({ step }) => { if (step === 11) controller.abort() }, saveCheckpoint: async (state) => { saved = structuredClone(state) },
    })
    expect([partial.interrupted, partial.fit.estimator.stopped, saved?.step]).toEqual([true, 'interrupted', 11])
    const resumed = await fitNetwork(rows, { resume: saved! })
    expect(resumed.theta).toEqual(whole.theta)
    expect(resumed.fit.logLikelihood).toEqual(whole.fit.logLikelihood)
    for (const each of [whole, partial, resumed]) await each.release()
  })

  test('started from the weights of another: its first look is near where that one ended', async () => {
    const rows = correlatedRows(600)
    const first = await fitNetwork(rows, { steps: 300 })
    const fresh = await fitNetwork(rows, { steps: 2, learningRate: 1e-6 })
    const again = await fitNetwork(rows, { steps: 2, learningRate: 1e-6, initial: first.theta })
    expect(Math.abs(again.fit.objective.heldOut! - first.fit.objective.heldOut!)).toBeLessThan(0.05 * Math.abs(fresh.fit.objective.heldOut! - first.fit.objective.heldOut!))
    await expect(fitNetwork(rows, { initial: new Float64Array(5) })).rejects.toThrow('cannot start from weights of another shape: 5 numbers, this network has 336')
    for (const each of [first, fresh, again]) await each.release()
  })

  test('a network stands on the Gaussian of the rows with their noise, unless it is told not to', async () => {
    const rows = correlatedRows(200)
    const columns = [0, 1].map((j) => rows.filter((_, k) => k % 2 === j))
    const means = columns.map((column) => column.reduce((total, value) => total + value / 200, 0))
    const deviations = columns.map((column, j) => Math.sqrt(column.reduce((total, value) => total + (value - means[j]) ** 2 / 200, 0)))
    const correlation = columns[0].reduce((total, value, k) => total + (value - means[0]) * (columns[1][k] - means[1]) / 200, 0) / deviations[0] / deviations[1]
    // A network of SiLU grows like |y|, so (E(y) + E(−y))/y² tends to the quadratic's K₁₁, here of 1 + σ² + 0.001 on the diagonal.
    const curvature = async (model: Model): Promise<number> => {
      const result = await fitModel(model, tableOf(rows), { by: 'denoising', steps: 30, batch: 32, noise: { kind: 'relative', share: 0.5 } }, environment)
      expect([result.fit.estimator.route, result.fit.objective.units, result.theta.length]).toEqual(['adam', 'standardized', 32])
      const far = 1e4
      const { energy } = await result.energy.evaluate(Float64Array.from([1, -1].flatMap((sign) => [means[0] + sign * far * deviations[0], means[1]])))
      await result.release()
      return (energy[0] + energy[1]) / far ** 2
    }
    const onDiagonal = 1 + 0.25 + 0.001
    const exact = onDiagonal / (onDiagonal ** 2 - correlation ** 2)
    expect(await curvature(mlp({ hidden: [8] })) / exact).toBeCloseTo(1, 3)
    expect(await curvature(mlp({ hidden: [8], quadratic: [2, 0, 0, 1] }))).toBeCloseTo(2, 3)
    expect(await curvature(mlp({ hidden: [8], quadratic: null }))).toBeCloseTo(0, 3)
    expect([mlp().formula, mlp({ quadratic: null }).formula].map((formula) => formula.includes('K'))).toEqual([true, false])
  })
})

test('energies of which rounding leaves no digits have no log Z and no log-likelihood; the estimates stand', async () => {
  const rows = correlatedRows(200)
  const near = await fitModel(gaussian, tableOf(changed(rows, [1, 1], [1e5, 0])), {}, environment)
  const far = await fitModel(gaussian, tableOf(changed(rows, [1, 1], [1e8, 0])), {}, environment)
  // (mean/sd)² is 10¹⁰ and 10¹⁶: rounding of 10⁻¹⁶ of it is nothing, and more than a nat.
  expect([near.fit.logNormalizer.method, near.fit.warnings]).toEqual(['exact', []])
  expect([far.fit.logNormalizer.value, far.fit.logLikelihood.train, far.fit.estimator.stopped]).toEqual([null, null, 'solved'])
  expect(far.fit.warnings.map(({ code }) => code)).toEqual(['cancellation'])
  expect(far.fit.warnings[0].message).toMatch(/column "a" lies 1e\+8 of its standard deviations from zero\. Subtract a constant from it, such as 100000000,/)
  expect(Math.abs(far.fit.parameters![0].estimate! / near.fit.parameters![0].estimate! - 1)).toBeLessThan(1e-6)
  await near.release()
  await far.release()
})

test('the naive likelihood runs off to teach why: a result without a density, no error', async () => {
  const { fit, release } = await fitModel(gaussian, tableOf(correlatedRows(50)), { by: 'naive-likelihood' }, environment)
  expect([fit.estimator.stopped, fit.logNormalizer.value, fit.logLikelihood.train]).toEqual(['unbounded', null, null])
  expect(fit.warnings.map(({ code }) => code)).toEqual(['unbounded'])
  await release()
})

describe('what is refused', () => {
  const rows = correlatedRows(60)
  const split = splitOfFit(60, { seed: 0, holdout: 0.5 }, false)
  const heldOut = new Set(Array.from({ length: split.heldOutCount }, (_, i) => split.heldOutRow(i)))
  // The score of the term in c vanishes where a is 0 or 1, its slope does not: J̃ falls without end as c → −∞.
  const binary = rows.map((value, k) => (k % 2 ? value : Number(value > 0)))
  const vanishing = defineModel({
    name: 'vanishing', parameters: { k: scalar(), c: scalar() },
    logDensity: ({ k, c }, x) => x.square().sum().mul(k).mul(-0.5).add(x.at(0).mul(x.at(0).sub(1)).square().mul(c)),
  })
  const refusals: [string, () => Promise<unknown>, RegExp][] = [
    ['noise for an estimator without', () => fitNetwork(rows, { by: 'score-matching', noise: { kind: 'relative', share: 0.1 } }), /invalid noise: score-matching adds none/],
    ['training options of a parametric model', () => fitModel(gaussian, tableOf(rows), { learningRate: 0.1 }, environment), /learning-rate/],
    ['weights for a parametric model', () => fitModel(gaussian, tableOf(rows), { initial: new Float64Array(5) }, environment), /invalid init/],
    ['noise for other columns', () => fitNetwork(rows, { noise: { kind: 'columns', deviations: [1] } }), /1 value for 2 columns/],
    ['a covariance that is none', () => fitNetwork(rows, { noise: { kind: 'covariance', covariance: [1, 2, 2, 1] } }), /not positive definite/],
    ['a constant column', () => fitNetwork(rows.map((value, k) => (k % 2 ? 4 : value))), /column "b" is constant: every row is 4/],
    ['a copied column', () => fitNetwork(rows.map((value, k, all) => (k % 2 ? all[k - 1] : value))), /"a".*"b"|"b".*"a"/],
    ['fewer rows than parameters', () => fitModel(gaussian, tableOf(rows.slice(0, 8)), {}, environment), /4 rows for 5 parameters/],
    ['fewer training rows than parameters', () => fitModel(gaussian, tableOf(rows), { holdout: 0.93 }, environment), /4 training rows of 60 for 5 parameters .*hold out fewer/],
    ['a column that is constant in the training rows', () => fitModel(gaussian, tableOf(rows.map((value, k) => (k % 2 && !heldOut.has(k >> 1) ? 4 : value))), { holdout: 0.5 }, environment), /test \(training rows\): column "b" is constant: every row is 4/],
    ['steps where none are taken', () => fitModel(gaussian, tableOf(rows), { steps: 1 }, environment), /invalid steps: score-matching of gaussian is solved in closed form/],
    ['a unit without room for fourth powers', () => fitModel(gaussian, tableOf(changed(rows, [1e80, 1], [0, 0])), {}, environment), /column "a" has values up to \de\+80 .* give it in another unit/],
    ['the other end of it', () => fitModel(gaussian, tableOf(changed(rows, [1, 1e-300], [0, 0])), {}, environment), /column "b" has values up to \de-300 .* give it in another unit/],
    ['an objective that falls without end', () => fitModel(vanishing, tableOf(binary), {}, environment), /The objective has no minimum: it keeps falling as c → −∞/],
    ['an option outside its range', () => fitNetwork(rows, { batch: 0 }), /invalid --?batch|invalid batch/],
  ]
  test.each(refusals)('%s', async (_, attempt, message) => {
    await expect(attempt()).rejects.toThrow(message)
  })
})
