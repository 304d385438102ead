// One compiled step of unnorm on a plain d–H–H–1 energy, as the bench measures it: built from the same parts as a fit.
import * as onnxruntime from 'onnxruntime-node'
import { createRandom } from '../src/base/random.ts'
import { onnxEngine } from '../src/engine/onnx.ts'
import type { OnnxRuntime } from '../src/engine/onnx.ts'
import type { Values } from '../src/engine/engine.ts'
import { overRows } from '../src/estimate/batch.ts'
import { denoising } from '../src/estimate/estimators/denoising.ts'
import { dual } from '../src/estimate/estimators/dual.ts'
import { scoreMatching } from '../src/estimate/estimators/score-matching.ts'
import { adamStep, optimizerInputs, scheduleNames } from '../src/estimate/optimizer.ts'
import { conditionalMlp } from '../src/model/conditional-mlp.ts'
import { mlp } from '../src/model/energies/mlp.ts'
import { trace } from '../src/model/model.ts'

export interface StepSpecification {
  readonly objective: 'dsm' | 'sm' | 'exact-sm' | 'dual' | 'paths'
  readonly d: number
  readonly hidden: number
  readonly batch: number
  readonly threads: number
  /** Noise drawn and Adam's update included. */
  readonly whole?: boolean
}

export interface Problem {
  readonly sigma: number
  readonly points: Float32Array
  readonly noise: Float32Array
  readonly levels: Float32Array
  readonly parameters: readonly { readonly shape: readonly number[]; readonly values: Float32Array }[]
}

export interface Step {
  readonly compileSeconds: number
  run(): Promise<unknown>
  read(): Promise<{ loss: number; gradients: Float32Array[] }>
}

const LADDER = { least: 1e-4, most: 16 }

/** Compiles the gradient step, or the whole step, and feeds it the problem's numbers. */
export async function createStep(specification: StepSpecification, problem: Problem): Promise<Step> {
  const { d, hidden, batch, threads, whole = false } = specification
  const started = performance.now()
  const isDual = specification.objective === 'dual'
  const identity = Float64Array.from({ length: d * d }, (_, k) => (k % (d + 1) === 0 ? 1 : 0))
  const model = trace(isDual ? conditionalMlp({ hidden: [hidden, hidden, hidden], activation: 'silu', covariance: identity, ladder: LADDER }) : mlp({ hidden: [hidden, hidden] }), d)
  const factor = Float64Array.from({ length: d * d }, (_, k) => (k % (d + 1) === 0 ? problem.sigma : 0))
  const estimator = isDual ? dual : specification.objective === 'dsm' ? denoising : scoreMatching
  const objective = estimator.objective(model, { factor, isotropic: problem.sigma }, LADDER)
  const graph = overRows(model, objective)
  const engine = onnxEngine(onnxruntime as unknown as OnnxRuntime, { threads })
  const { state, schedule } = optimizerInputs(model.graph, model.theta)
  const next = adamStep(state, graph.gradient, schedule)
  const executable = await engine.prepare({
    name: 'step', type: 'float32',
    inputs: [state.theta, state.firstMoment, state.secondMoment, state.average, schedule, ...graph.inputs],
    outputs: whole
      ? { theta1: next.theta, firstMoment1: next.firstMoment, secondMoment1: next.secondMoment, average1: next.average, total: graph.total }
      : { gradient: graph.gradient, total: graph.total },
  })
  const compileSeconds = (performance.now() - started) / 1000

  const vector = (data: Float32Array): Values => ({ shape: [model.parameterCount], data })
  const zeros = (): Values => vector(new Float32Array(model.parameterCount))
  const theta = new Float32Array(model.parameterCount)
  problem.parameters.forEach(({ values }, k) => theta.set(values, model.parameters[k].start))
  const draws = problem.noise.slice()
  const feeds = {
    theta: vector(theta), firstMoment: zeros(), secondMoment: zeros(), average: zeros(),
    schedule: { shape: [scheduleNames.length], data: Float32Array.of(1 / batch, 1e-3, 1, 1, 0, 0, 1e30) },
    rows: { shape: [batch, d], data: problem.points },
    draws: { shape: [batch, draws.length / batch], data: draws },
    levels: { shape: [batch], data: problem.levels },
  }
  const total: Values = { shape: [], data: new Float32Array(1) }
  const gradient = zeros()
  const into: Record<string, Values> = whole
    ? { theta1: zeros(), firstMoment1: zeros(), secondMoment1: zeros(), average1: zeros(), total }
    : { gradient, total }
  const random = createRandom(0)
  let count = 0
  return {
    compileSeconds,
    run: async () => {
      if (whole && objective.draws.length > 0) random.split(count++).fillNormal(draws)
      await executable.run(feeds, into)
    },
    read: async () => {
      await executable.run(feeds, into)
      const data = gradient.data as Float32Array
      return {
        loss: total.data[0] / batch,
        gradients: model.parameters.map(({ start, parameter }) => data.slice(start, start + parameter.size).map((value) => value / batch)),
      }
    },
  }
}
