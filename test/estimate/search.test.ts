// Newton and L-BFGS: against closed forms in other coordinates, on functions with known minima, and their verdicts.
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { referenceEngine } from '../../src/engine/reference.ts'
import { overRows } from '../../src/estimate/batch.ts'
import { naiveLikelihood, whyNaiveLikelihoodRunsOff } from '../../src/estimate/estimators/naive-likelihood.ts'
import { scoreMatching } from '../../src/estimate/estimators/score-matching.ts'
import { openFullBatch } from '../../src/estimate/full-batch.ts'
import { integrateNoise } from '../../src/estimate/integrate-noise.ts'
import { lbfgs, newton } from '../../src/estimate/search.ts'
import { searchProblem } from '../../src/estimate/search-space.ts'
import type { SearchProblem } from '../../src/estimate/search-space.ts'
import { describeParameters } from '../../src/estimate/uncertainty.ts'
import { rowMoments } from '../../src/estimate/row-moments.ts'
import { gaussian } from '../../src/model/energies/gaussian.ts'
import { precision } from '../../src/model/energies/precision.ts'
import { dot, exp, log, logSumExp, matmul, stack, tanh } from '../../src/model/expression.ts'
import type { Expression } from '../../src/model/expression.ts'
import { defineModel, trace } from '../../src/model/model.ts'
import { matrix, positive, positiveVector, scalar, vector } from '../../src/model/parameters.ts'
import { engines, expectClose, fitModel, normalRows, onnx } from './parametric-fixtures.ts'

/** A Gaussian in mean and variance: not quadratic in them. */
const momentGaussian = defineModel({
  name: 'moment gaussian',
  parameters: { mean: scalar(), variance: positive() },
  logDensity: ({ mean, variance }, x) => x.at(0).sub(mean).square().div(variance).mul(-0.5),
})

describe.each(engines)('on engine $name', (engine) => {
  test('mean and variance by Newton equal the moments, with the errors of moments', async () => {
    const rows = normalRows(300, 1, 'moments').map((z) => 40 + 7 * z + 0.5 * z * z)
    const { fit, value, error } = await fitModel(momentGaussian, scoreMatching, rows, 1, {}, engine)
    const { mean, covariance } = rowMoments(rows, 1)
    expect([fit.route, fit.stopped, fit.warnings]).toEqual(['newton', 'converged', []])
    expectClose([value('mean'), value('variance')], [mean[0], covariance[0]], 1e-9)
    const fourth = rows.reduce((total, x) => total + (x - mean[0]) ** 4, 0) / 300
    expectClose([error('mean'), error('variance')], [Math.sqrt(covariance[0] / 300), Math.sqrt((fourth - covariance[0] ** 2) / 300)], 1e-8)
    expect(fit.history.at(-1)!.objective).toBeCloseTo(fit.objective, 12)
    expect(fit.history.length).toBeLessThan(40)
  })
})

test.each([1e-6, 1, 1e6])('a positive parameter is found at scale %d from a start at one', async (scale) => {
  const rows = normalRows(300, 1, 'scale').map((z) => scale * z)
  const model = defineModel({ name: 'variance', parameters: { variance: positive() }, logDensity: ({ variance }, x) => x.at(0).square().div(variance).mul(-0.5) })
  const { fit, value } = await fitModel(model, scoreMatching, rows, 1)
  expect(fit.stopped).toBe('converged')
  expectClose([value('variance')], [rows.reduce((total, x) => total + x * x, 0) / 300], 1e-9)
})

test('a symmetric start is left: the two modes of a mixture are found from m = 0', async () => {
  const mixture = defineModel({
    name: 'two modes',
    parameters: { m: scalar() },
    logDensity: ({ m }, x) => logSumExp(stack([x.at(0).sub(m).square().mul(-0.5), x.at(0).add(m).square().mul(-0.5)])),
  })
  const rows = normalRows(2000, 1, 'modes').map((z, k) => z + (k % 2 ? 1.5 : -1.5))
  const { fit, error } = await fitModel(mixture, scoreMatching, rows, 1)
  expect([fit.route, fit.stopped]).toEqual(['newton', 'converged'])
  expect(Math.abs(Math.abs(fit.theta[0]) - 1.5) / error('m')).toBeLessThan(4)
})

test('more than sixty-four parameters: L-BFGS, downhill at every step', async () => {
  // A small smooth energy with 80 parameters, not quadratic in them.
  const wide = defineModel({
    name: 'wide',
    parameters: { w: matrix(20, 2, { initial: Array.from({ length: 40 }, (_, k) => Math.sin(3 * k + 1)) }), b: vector(20, { initial: Array.from({ length: 20 }, (_, k) => Math.cos(k)) }), a: vector(20) },
    logDensity: ({ w, b, a }, x) => dot(a, tanh(w.matmul(x).add(b))).mul(0.1).sub(x.square().sum().mul(0.5)),
  })
  const rows = normalRows(400, 2, 'wide').map((z, k) => (k % 2 ? z + 0.5 : z))
  const steps: number[] = []
  const { fit } = await fitModel(wide, scoreMatching, rows, 2, { maxSteps: 60, onProgress: ({ objective }) => steps.push(objective) })
  expect(fit.route).toBe('lbfgs')
  expect(steps.length).toBeGreaterThan(10)
  steps.slice(0, 60).forEach((objective, k) => { if (k > 0) expect(objective).toBeLessThanOrEqual(steps[k - 1] + 1e-12) })
})

test('seventy variances by L-BFGS are the mean squares of their columns, with their errors', async () => {
  const d = 70
  const model = defineModel({
    name: 'variances',
    parameters: { variances: positiveVector(d) },
    logDensity: ({ variances }, x) => x.square().div(variances).sum().mul(-0.5),
  })
  const rows = normalRows(300, d, 'seventy').map((z, k) => z * (0.5 + (k % d) / 20))
  const { fit } = await fitModel(model, scoreMatching, rows, d)
  expect([fit.route, fit.stopped, fit.warnings]).toEqual(['lbfgs', 'converged', []])
  for (let j = 0; j < d; j++) {
    const column = Array.from({ length: 300 }, (_, i) => rows[i * d + j])
    const second = column.reduce((total, x) => total + x * x, 0) / 300
    const error = Math.sqrt((column.reduce((total, x) => total + x ** 4, 0) / 300 - second ** 2) / 300)
    // Stopped where the gradient is a millionth of its own error: so is the estimate.
    expect(Math.abs(fit.theta[j] - second)).toBeLessThan(1e-5 * error)
    expectClose([Math.sqrt(fit.covariance![j * (d + 1)])], [error], 1e-4)
  }
})

test('where one start runs off and another converges, the local minimum is said to be one', async () => {
  // The objective is t³ − 3t: a valley at t = 1, and a fall to −∞ on the left, where the first start lies.
  const model = defineModel({
    name: 'valley and cliff',
    parameters: { t: scalar({ initial: -3 }) },
    logDensity: ({ t }, x) => x.at(0).mul(0).add(t.pow(3).sub(t.mul(3)).neg()),
  })
  const { fit } = await fitModel(model, naiveLikelihood, normalRows(20, 1, 1), 1, {})
  // The naive likelihood is known to run off, and stops at the first start.
  expect(fit.stopped).toBe('unbounded')
  const { unboundedBecause: _, ...quiet } = naiveLikelihood
  const second = await fitModel(model, quiet, normalRows(20, 1, 1), 1, {})
  expect([second.fit.stopped, second.fit.warnings.map(({ code }) => code)]).toEqual(['converged', ['local-minimum']])
  expectClose(second.fit.theta, [1], 1e-6)
})

describe('by themselves', () => {
  /** Rosenbrock's valley with n coordinates, its minimum 0 at one. */
  const rosenbrock = (size: number): SearchProblem => ({
    size,
    logarithmic: new Array<boolean>(size).fill(false),
    evaluate: async (u) => {
      const gradient = new Float64Array(size)
      let objective = 0
      for (let k = 0; k + 1 < size; k++) {
        const bend = u[k + 1] - u[k] ** 2
        objective += 100 * bend ** 2 + (1 - u[k]) ** 2
        gradient[k] += -400 * bend * u[k] - 2 * (1 - u[k])
        gradient[k + 1] += 200 * bend
      }
      return { objective, gradient }
    },
    hessian: async (u) => {
      const hessian = new Float64Array(size * size)
      for (let k = 0; k + 1 < size; k++) {
        hessian[k * size + k] += 1200 * u[k] ** 2 - 400 * u[k + 1] + 2
        hessian[(k + 1) * size + k + 1] += 200
        hessian[k * size + k + 1] = hessian[(k + 1) * size + k] = -400 * u[k]
      }
      return hessian
    },
    gradientErrors: async (u) => u.map(() => 1),
  })

  test.each([['newton', newton, 60], ['lbfgs', lbfgs, 300]] as const)('%s crosses Rosenbrock\'s valley', async (_, method, maxSteps) => {
    const { u, outcome } = await method(rosenbrock(2), Float64Array.of(-1.2, 1), { maxSteps })
    expect(outcome).toBe('converged')
    u.forEach((value) => expect(value).toBeCloseTo(1, 5))
  })

  test('Newton leaves a saddle that its gradient does not show', async () => {
    // u₁² − u₂² + u₂⁴ from (1, 0): minima at u₂ = ±1/√2.
    const saddle: SearchProblem = {
      size: 2,
      logarithmic: [false, false],
      evaluate: async ([a, b]) => ({ objective: a * a - b * b + b ** 4, gradient: Float64Array.of(2 * a, -2 * b + 4 * b ** 3) }),
      hessian: async ([, b]) => Float64Array.of(2, 0, 0, -2 + 12 * b * b),
      gradientErrors: async () => Float64Array.of(1, 1),
    }
    const { u, outcome, objective } = await newton(saddle, Float64Array.of(1, 0), { maxSteps: 50 })
    expect(outcome).toBe('converged')
    expect(objective).toBeCloseTo(-0.25, 12)
    expect(Math.abs(u[1])).toBeCloseTo(Math.SQRT1_2, 8)
  })

  test('in logarithms the gradient and the Hessian are those of the objective there', async () => {
    const traced = trace(momentGaussian, 1)
    const objective = integrateNoise(traced, scoreMatching.objective(traced, undefined), { random: createRandom(0) })
    const batch = openFullBatch(traced, objective, normalRows(40, 1, 'chain').map((z) => 2 * z + 1), referenceEngine)
    const problem = searchProblem(batch, [false, true])
    const u = Float64Array.of(0.4, 0.9)
    const hessian = await problem.hessian(u)
    const { gradient } = await problem.evaluate(u)
    for (let j = 0; j < 2; j++) {
      const at = async (by: number) => problem.evaluate(u.map((value, k) => (k === j ? value + by : value)))
      const [near, back, far, farBack] = [await at(1e-3), await at(-1e-3), await at(2e-3), await at(-2e-3)]
      expect(gradient[j]).toBeCloseTo((8 * (near.objective - back.objective) - (far.objective - farBack.objective)) / 0.012, 9)
      for (let k = 0; k < 2; k++) expect(hessian[j * 2 + k]).toBeCloseTo((8 * (near.gradient[k] - back.gradient[k]) - (far.gradient[k] - farBack.gradient[k])) / 0.012, 9)
    }
    const spread = (await batch.spread(Float64Array.of(0.4, Math.exp(0.9)))).gradientProducts
    expectClose(await problem.gradientErrors(u), [Math.sqrt(spread[0] / 40), Math.sqrt(spread[3] / 40) * Math.exp(0.9)], 1e-13)
    await batch.release()
  })

  test('both are told to stop after so many steps', async () => {
    for (const method of [newton, lbfgs]) expect((await method(rosenbrock(6), new Float64Array(6).fill(-1), { maxSteps: 3 })).outcome).toBe('steps')
  })
})

describe('objectives without a minimum', () => {
  const bySigma = defineModel({ name: 'σ² alone', parameters: { variance: positive() }, logDensity: ({ variance }, x) => x.at(0).square().div(variance).mul(-0.5) })

  test('maximum likelihood without Z: σ² → +∞, with the explanation', async () => {
    const { fit, traced } = await fitModel(bySigma, naiveLikelihood, normalRows(100, 1, 'naive'), 1)
    expect(fit.stopped).toBe('unbounded')
    expect(fit.warnings).toEqual([{ code: 'unbounded', message: `The objective has no minimum: it keeps falling as variance → +∞. ${whyNaiveLikelihoodRunsOff}` }])
    expect(fit.theta[0]).toBeGreaterThan(1e8)
    expect(fit.history.at(-1)!.objective).toBeLessThan(1e-6)
    expect(describeParameters(traced, fit, 0.95).parameters[0].estimate).toBeNull()
  })

  test('the same in natural parameters, where it is linear: found without a search', async () => {
    const { fit } = await fitModel(gaussian, naiveLikelihood, normalRows(100, 2, 'naive').map((z) => z + 1), 2)
    expect([fit.route, fit.stopped]).toEqual(['closed-form', 'unbounded'])
    expect(fit.warnings[0].message).toContain('precision[1,1] → −∞')
    expect(fit.warnings[0].message).toContain('eta[1] → +∞')
    expect(fit.covariance).toBeNull()
  })

  test('a likelihood with its normalizer has its minimum: the explanation is not a reflex', async () => {
    const withNormalizer = defineModel({
      name: 'with Z',
      parameters: { variance: positive() },
      logDensity: ({ variance }, x) => x.at(0).square().div(variance).add(log(variance)).mul(-0.5),
    })
    const rows = normalRows(100, 1, 'likelihood')
    const { fit, value, error } = await fitModel(withNormalizer, naiveLikelihood, rows, 1)
    const second = rows.reduce((total, x) => total + x * x, 0) / 100
    const fourth = rows.reduce((total, x) => total + x ** 4, 0) / 100
    expect(fit.stopped).toBe('converged')
    expectClose([value('variance'), error('variance')], [second, Math.sqrt((fourth - second ** 2) / 100)], 1e-9)
  })

  test('all rows at zero: the variance of score matching goes to zero, a bound', async () => {
    // J̃ = −1/σ²: falls without end as σ² → 0.
    const { fit, value } = await fitModel(bySigma, scoreMatching, new Float64Array(10), 1)
    expect([fit.stopped, value('variance')]).toEqual(['at a bound', 0])
    expect(fit.covariance).toBeNull()
  })

  test('a positive parameter that the rows would have negative ends at zero, the others where they are without it', async () => {
    const quartic = (x: Expression, m: Expression, a: Expression): Expression => x.sub(m).pow(4).mul(a).neg()
    const whole = defineModel({
      name: 'well', parameters: { k: positive(), m: scalar({ initial: 0.1 }), a: scalar({ initial: 1 }) },
      logDensity: ({ k, m, a }, x) => quartic(x.at(0), m, a).sub(x.at(0).sub(m).square().mul(k)),
    })
    const without = defineModel({ name: 'flat', parameters: { m: scalar({ initial: 0.1 }), a: scalar({ initial: 1 }) }, logDensity: ({ m, a }, x) => quartic(x.at(0), m, a) })
    // Two heaps: the middle is low, which a quadratic term could only make with k < 0.
    const rows = normalRows(400, 1, 'heaps').map((z, i) => z / 3 + (i % 2 === 0 ? 1 : -1) + 0.2)
    const { fit, value, error } = await fitModel(whole, scoreMatching, rows, 1)
    const other = await fitModel(without, scoreMatching, rows, 1)
    expect([fit.route, fit.stopped, value('k')]).toEqual(['newton', 'at a bound', 0])
    expect(fit.warnings.map(({ code }) => code)).toEqual(['at-bound'])
    expectClose([value('m'), value('a'), error('m'), error('a')], [other.value('m'), other.value('a'), other.error('m'), other.error('a')], 1e-6)
  })

  test('an infimum that is only approached: exp(θ) with θ → −∞', async () => {
    const model = defineModel({ name: 'exp', parameters: { t: scalar() }, logDensity: ({ t }, x) => x.at(0).square().mul(exp(t)).mul(-0.5).add(3) })
    const { fit } = await fitModel(model, naiveLikelihood, normalRows(100, 1, 'exp'), 1)
    expect([fit.stopped, fit.warnings[0].code]).toEqual(['unbounded', 'unbounded'])
    expect(fit.warnings[0].message).toContain('t → −∞')
  })

  test('a factor exp(a) that the rows would have negative: told while its gains die, before rounding hides it', async () => {
    // Heavy tails: in closed form the factor of −x⁴ is below zero, so that of exp(a) goes there as far as it can.
    const rows = normalRows(500, 1, 'heavy').map((z) => z * (1 + z * z / 4))
    const free = defineModel({ name: 'free', parameters: { q: scalar(), b: scalar() }, logDensity: ({ q, b }, x) => x.at(0).pow(4).mul(q).add(x.at(0).square().mul(b)).neg() })
    expect((await fitModel(free, scoreMatching, rows, 1)).value('q')).toBeLessThan(-1e-4)
    const model = defineModel({ name: 'bounded', parameters: { a: scalar(), b: scalar() }, logDensity: ({ a, b }, x) => x.at(0).pow(4).mul(exp(a)).add(x.at(0).square().mul(b)).neg() })
    const { fit } = await fitModel(model, scoreMatching, rows, 1)
    expect([fit.stopped, fit.warnings.map(({ message }) => message.slice(0, 57))]).toEqual(['unbounded', ['The objective has no minimum: it keeps falling as a → −∞.']])
    expect(fit.history.length).toBeLessThan(60)
  })
})

describe('starts where nothing bends', () => {
  test('a product of three parameters that all start at zero', async () => {
    // J̃ = −1 + ½ mean (abc − x)²: gradient and Hessian in a, b and c are zero where two of them are.
    const model = defineModel({ name: 'product', parameters: { a: scalar(), b: scalar(), c: scalar() }, logDensity: ({ a, b, c }, x) => x.at(0).square().mul(-0.5).add(x.at(0).mul(a).mul(b).mul(c)) })
    const rows = normalRows(200, 1, 'product').map((z) => z + 3)
    const { fit, value } = await fitModel(model, scoreMatching, rows, 1)
    expectClose([value('a') * value('b') * value('c')], [rowMoments(rows, 1).mean[0]], 1e-9)
    expect([fit.stopped, fit.warnings.map(({ message }) => message.slice(0, 45))]).toEqual(['flat direction', ['a, b, c cannot be estimated one by one: at th']])
  })

  test('a quadratic energy with a factor: ½s‖x‖² + Σ w (Bx)²', async () => {
    const model = defineModel({
      name: 'factor', parameters: { s: scalar(), w: vector(1), b: matrix(1, 2) },
      logDensity: ({ s, w, b }, x) => x.square().sum().mul(s).mul(0.5).add(dot(w, matmul(b, x).square())),
    })
    const rows = normalRows(500, 2, 'factor').map((z, k, all) => (k % 2 ? 2 * z + all[k - 1] : z))
    const { fit, value } = await fitModel(model, scoreMatching, rows, 2)
    // It writes every symmetric matrix, so the minimum is that of the precision model: K = (mean xxᵀ)⁻¹.
    const free = await fitModel(precision, scoreMatching, rows, 2)
    expectClose([fit.objective], [free.fit.objective], 1e-8)
    const [b1, b2] = [value('b[1,1]'), value('b[1,2]')]
    expectClose([-value('s') - 2 * value('w[1]') * b1 * b1, -2 * value('w[1]') * b1 * b2], [free.value('precision[1,1]'), free.value('precision[1,2]')], 1e-5)
    expect(fit.warnings.map(({ message }) => message).join()).not.toContain('does not depend on it')
  })
})

test('a parameter that only moves Z is named in a search too', async () => {
  const model = defineModel({
    name: 'with constant',
    parameters: { mean: scalar(), variance: positive(), c: scalar() },
    logDensity: ({ mean, variance, c }, x) => x.at(0).sub(mean).square().div(variance).mul(-0.5).add(exp(c)),
  })
  const rows = normalRows(200, 1, 'c')
  const { fit, value } = await fitModel(model, scoreMatching, rows, 1)
  expect([fit.route, fit.stopped, fit.determined]).toEqual(['newton', 'flat direction', [true, true, false]])
  expect(fit.warnings[0].message).toMatch(/^c cannot be estimated/)
  expectClose([value('variance')], rowMoments(rows, 1).covariance, 1e-9)
})

describe('stopping', () => {
  test('an aborted signal ends the fit with what there is', async () => {
    const { fit } = await fitModel(precision, scoreMatching, normalRows(50, 1, 1), 1, { signal: AbortSignal.abort() })
    expect([fit.route, fit.stopped, fit.covariance]).toEqual(['closed-form', 'interrupted', null])
    const controller = new AbortController()
    const searched = await fitModel(momentGaussian, scoreMatching, normalRows(50, 1, 1), 1, { signal: controller.signal, onProgress: ({ step }) => { if (step === 2) controller.abort() } })
    expect([searched.fit.stopped, searched.fit.history.length]).toEqual(['interrupted', 3])
  })

  test('too few steps: the verdict is steps, without errors', async () => {
    const { fit } = await fitModel(momentGaussian, scoreMatching, normalRows(50, 1, 1).map((z) => 1e3 * z), 1, { maxSteps: 2 })
    expect([fit.stopped, fit.covariance, fit.warnings[0].code]).toEqual(['steps', null, 'not-converged'])
  })

  test('start values outside the model are refused, naming the row', async () => {
    const model = defineModel({ name: 'logarithm', parameters: { a: scalar(), b: positive() }, logDensity: ({ a, b }, x) => log(x.at(0).mul(a).add(1)).sub(x.at(0).square().mul(b)) })
    const started = { ...model, initial: () => Float64Array.of(2, 1) }
    await expect(fitModel(started, scoreMatching, Float64Array.of(1, 2, -0.5, 3), 1)).rejects.toThrow('model logarithm: the objective is not a finite number at row 3 for the start values a = 2, b = 1.')
  })

  test('a model without parameters has nothing to fit; a positive start must be positive', async () => {
    const empty = defineModel({ name: 'empty', parameters: {}, logDensity: (_, x) => x.at(0).square().neg() })
    await expect(fitModel(empty, scoreMatching, normalRows(5, 1, 1), 1)).rejects.toThrow('model empty has no parameters')
    const wrong = { ...momentGaussian, initial: () => Float64Array.of(0, -1) }
    await expect(fitModel(wrong, scoreMatching, normalRows(5, 1, 1), 1)).rejects.toThrow('invalid initial value of variance: -1 (must be > 0)')
  })
})

test('the same seed gives the same bits', async () => {
  const rows = normalRows(100, 1, 'bits')
  const first = await fitModel(momentGaussian, scoreMatching, rows, 1, { random: createRandom(3) })
  const second = await fitModel(momentGaussian, scoreMatching, rows, 1, { random: createRandom(3) })
  expect(first.fit.theta).toEqual(second.fit.theta)
  expect(first.fit.covariance).toEqual(second.fit.covariance)
})

test('a lower minimum than the first is found: two wells, of which a far and flat one comes first', async () => {
  // Draws of exp(u²/2 − u⁴/10), u = x − ½, by rejection from a normal of variance 3; tables where the search from zero ends elsewhere.
  const model = defineModel({
    name: 'wells', parameters: { k: scalar(), m: scalar(), a: positive() },
    logDensity: ({ k, m, a }, x) => { const u = x.at(0).sub(m).square(); return u.mul(k).mul(-0.5).sub(u.square().mul(a)) },
  })
  let others = 0
  for (let table = 0; table < 40; table++) {
    const random = createRandom('wells').split(table)
    const rows = new Float64Array(500)
    for (let i = 0; i < rows.length;) {
      const u = Math.sqrt(3) * random.normal()
      // The ratio of densities, exp(u²/2 − u⁴/10 + u²/6), is largest at u² = 10/3.
      if (Math.log(random.uniform()) < (2 / 3) * u * u - u ** 4 / 10 - 10 / 9) rows[i++] = u + 0.5
    }
    const near = await fitModel(model, scoreMatching, rows, 1, { initial: Float64Array.of(-1, 0.5, 0.1) })
    const { fit } = await fitModel(model, scoreMatching, rows, 1)
    const first = await fitModel(model, scoreMatching, rows, 1, { initial: Float64Array.of(0, 0, 1) })
    expect(fit.stopped).toBe('converged')
    expectClose(fit.theta, near.fit.theta, 1e-5)
    if (!(first.fit.objective < near.fit.objective + 0.1)) others++
  }
  // The test is of something: from zero alone some tables end in the other minimum.
  expect(others).toBeGreaterThan(0)
}, 120_000)

test('elements of a vector that is not the only parameter have their gradient: a slice of it is no way around it', async () => {
  // log p = −½ v₁ (x − v₀)² − c² x⁴ − … is not quadratic in v, so that it is searched; slopes against differences of the objective.
  const model = defineModel({ name: 'elements', parameters: { v: vector(2), c: scalar() }, logDensity: ({ v, c }, x) => x.at(0).sub(v.at(0)).square().mul(v.at(1)).mul(-0.5).sub(x.at(0).pow(4).mul(c.square())) })
  const traced = trace(model, 1)
  const { inputs, total, gradient } = overRows(traced, scoreMatching.objective(traced, undefined))
  const program = await onnx.prepare({ name: 'elements', inputs: [...inputs, traced.theta], outputs: { total, gradient }, type: 'float64' })
  const at = (theta: Float64Array) => program.run({ theta: { shape: [3], data: theta }, rows: { shape: [4, 1], data: Float64Array.of(0.3, -1.2, 0.8, 2) } })
  const theta = Float64Array.of(0.4, 1.3, 0.5)
  const found = await at(theta)
  for (const k of [0, 1, 2]) {
    const [up, down] = await Promise.all([1e-5, -1e-5].map(async (by) => (await at(theta.map((value, j) => (j === k ? value + by : value)))).total.data[0]))
    expect(found.gradient.data[k]).toBeCloseTo((up - down) / 2e-5, 6)
    expect(Math.abs(found.gradient.data[k])).toBeGreaterThan(0.1)
  }
  await program.release()
})
