// One step of Adam, as a graph, against Adam in plain numbers written from the papers; the learning rate's schedule.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { adamStep, learningRateAt, optimizerInputs, scheduleNames } from '../../src/estimate/optimizer.ts'
import type { Schedule } from '../../src/estimate/optimizer.ts'
import type { Program } from '../../src/compile/program.ts'
import { Graph } from '../../src/graph/node.ts'
import { input } from '../../src/graph/ops/leaf.ts'
import { engines, onnx } from './parametric-fixtures.ts'

const SIZE = 7

function program(type: Program['type']): Program {
  const graph = new Graph()
  const gradient = input(graph, 'gradient', [SIZE])
  const { state, schedule } = optimizerInputs(graph, input(graph, 'theta', [SIZE]))
  const { theta, firstMoment, secondMoment, average, gradientNorm } = adamStep(state, gradient, schedule)
  return {
    name: 'adam', type, inputs: [state.theta, state.firstMoment, state.secondMoment, state.average, schedule, gradient],
    outputs: { theta1: theta, firstMoment1: firstMoment, secondMoment1: secondMoment, average1: average, gradientNorm },
  }
}

interface Plain { theta: number[]; first: number[]; second: number[]; average: number[]; norm: number }

/** Kingma & Ba 2015, algorithm 1, on the clipped mean gradient; Loshchilov & Hutter 2019, algorithm 2, for the decay. */
function plainStep(state: Plain, gradientSum: readonly number[], s: Schedule): Plain {
  const mean = gradientSum.map((g) => g * s.perRow)
  const norm = Math.hypot(...mean)
  const g = mean.map((value) => (norm > s.clip ? (value * s.clip) / norm : value))
  const first = state.first.map((m, k) => 0.9 * m + 0.1 * g[k])
  const second = state.second.map((v, k) => 0.999 * v + 0.001 * g[k] ** 2)
  const theta = state.theta.map((value, k) => {
    const step = (first[k] * s.firstCorrection) / (Math.sqrt(second[k] * s.secondCorrection) + 1e-8)
    return value - s.learningRate * step - s.learningRate * s.weightDecay * value
  })
  return { theta, first, second, norm, average: state.average.map((a, k) => (1 - s.averaging) * a + s.averaging * theta[k]) }
}

const start = (): Plain => ({ theta: Array.from({ length: SIZE }, (_, k) => Math.sin(k + 1)), first: new Array<number>(SIZE).fill(0), second: new Array<number>(SIZE).fill(0), average: new Array<number>(SIZE).fill(0.5), norm: 0 })
const scheduleAt = (step: number): Schedule => ({
  perRow: 1 / 32, learningRate: 0.01 * (step + 1), firstCorrection: 1 / (1 - 0.9 ** (step + 1)), secondCorrection: 1 / (1 - 0.999 ** (step + 1)),
  weightDecay: step % 3 === 0 ? 0 : 0.1, averaging: 1 / (step + 1), clip: step % 2 === 0 ? 0.5 : 1e30,
})

describe('Adam', () => {
  test.each([...engines.map((engine) => [engine.name, engine, 'float64', 1e-13] as const), ['onnx', onnx, 'float32', 2e-6] as const])('%s: twenty steps with clipping, decay and averaging', async (_, engine, type, tolerance) => {
    const run = await engine.prepare(program(type))
    const array = (data: readonly number[]) => ({ shape: [data.length], data: type === 'float64' ? Float64Array.from(data) : Float32Array.from(data) })
    const random = createRandom('gradients')
    let plain = start()
    let state = { theta: array(plain.theta), firstMoment: array(plain.first), secondMoment: array(plain.second), average: array(plain.average) }
    let clipped = 0
    for (let step = 0; step < 20; step++) {
      const gradient = Array.from({ length: SIZE }, (__, k) => 32 * (0.4 * random.normal() + (k === 2 ? 1e-3 : 0.1)))
      const schedule = scheduleAt(step)
      plain = plainStep(plain, gradient, schedule)
      if (plain.norm > schedule.clip) clipped++
      const found = await run.run({ ...state, gradient: array(gradient), schedule: array(scheduleNames.map((name) => schedule[name])) })
      const close = (actual: ArrayLike<number>, expected: readonly number[], what: string): void => expected.forEach((value, k) => expect(Math.abs(actual[k] - value), `${what}[${k}] after step ${step + 1}`).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(value))))
      close(found.theta1.data, plain.theta, 'theta')
      close(found.firstMoment1.data, plain.first, 'first moment')
      close(found.secondMoment1.data, plain.second, 'second moment')
      close(found.average1.data, plain.average, 'average')
      close(found.gradientNorm.data, [plain.norm], 'norm before clipping')
      state = { theta: { ...state.theta, data: found.theta1.data }, firstMoment: { ...state.firstMoment, data: found.firstMoment1.data }, secondMoment: { ...state.secondMoment, data: found.secondMoment1.data }, average: { ...state.average, data: found.average1.data } } as typeof state
    }
    expect(clipped).toBeGreaterThan(5)
    await run.release()
  })

  test('a gradient of zero moves nothing but by decay, and divides by nothing', async () => {
    const run = await onnx.prepare(program('float32'))
    const zeros = { shape: [SIZE], data: new Float32Array(SIZE) }
    const theta = { shape: [SIZE], data: new Float32Array(SIZE).fill(2) }
    const schedule = { ...scheduleAt(0), learningRate: 0.5, weightDecay: 0.1 }
    const found = await run.run({ theta, firstMoment: zeros, secondMoment: zeros, average: theta, gradient: zeros, schedule: { shape: [7], data: Float32Array.from(scheduleNames.map((name) => schedule[name])) } })
    expect(Array.from(found.theta1.data)).toEqual(new Array(SIZE).fill(Math.fround(1.9)))
    expect(found.gradientNorm.data[0]).toBe(0)
    await run.release()
  })
})

describe('the learning rate', () => {
  test('rises over a twentieth, then falls along half a cosine', () => {
    expect([0, 1, 49, 99].map((step) => learningRateAt(step, 2000, 0.004))).toEqual([0.00004, 0.00008, 0.002, 0.004])
    expect(learningRateAt(100, 2000, 0.004)).toBe(0.004)
    // A third, half and two thirds of the way: ¾, ½, ¼ of the peak.
    const fall = [733 + 1 / 3, 1050, 1366 + 2 / 3].map((step) => learningRateAt(step, 2000, 1))
    ;[0.75, 0.5, 0.25].forEach((value, k) => expect(fall[k]).toBeCloseTo(value, 12))
    expect(learningRateAt(2000, 2000, 1)).toBeCloseTo(0, 15)
  })

  test('is positive at every step of any run, never above its peak, and peaks once', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 3000 }), fc.double({ min: 1e-6, max: 10, noNaN: true }), (steps, peak) => {
      const rates = Array.from({ length: steps }, (_, step) => learningRateAt(step, steps, peak))
      // peak·13/13 may round up by a unit in the last place.
      expect(rates.every((rate) => rate > 0 && rate <= peak * (1 + Number.EPSILON))).toBe(true)
      const top = rates.indexOf(Math.max(...rates))
      expect(rates.every((rate, k) => k === 0 || (k <= top ? rate >= rates[k - 1] : rate <= rates[k - 1]))).toBe(true)
    }), { numRuns: 100, seed: 1 })
  })
})
