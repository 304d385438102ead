// Paths of Hamiltonian Monte Carlo as the bench measures them: many chains, 100 leapfrog steps, on ½‖x‖² + network.
import { createRandom } from '../src/base/random.ts'
import { energyProgram } from '../src/compile/model-file.ts'
import { runEnergy } from '../src/engine/energy.ts'
import { mlp } from '../src/model/energies/mlp.ts'
import { trace } from '../src/model/model.ts'
import { nodeEngine } from '../src/node/engine.ts'
import { stateAt } from '../src/sample/sampler.ts'
import { leapfrog } from '../src/sample/samplers/hmc.ts'
import { inCoordinates, scaled } from '../src/sample/target.ts'
import type { Target } from '../src/sample/target.ts'
import type { Problem, Step, StepSpecification } from './steps.ts'

const [LEAPFROG_STEPS, STEP_SIZE] = [100, 0.1]

/** The energy of the problem's network, as a sampler sees it. */
export async function targetOf({ d, hidden, threads }: Pick<StepSpecification, 'd' | 'hidden' | 'threads'>, parameters: Problem['parameters']): Promise<Target> {
  const identity = Float64Array.from({ length: d * d }, (_, k) => (k % (d + 1) === 0 ? 1 : 0))
  const model = trace(mlp({ hidden: [hidden, hidden], quadratic: identity }), d)
  const theta = new Float64Array(model.parameterCount)
  parameters.forEach(({ values }, k) => theta.set(values, model.parameters[k].start))
  const columns = Array.from({ length: d }, (_, j) => `x${j + 1}`)
  const unit = { mean: new Float64Array(d), deviation: new Float64Array(d).fill(1) }
  return inCoordinates(await runEnergy(energyProgram(model, theta, unit, undefined), columns, nodeEngine({ threads })), scaled(unit.mean, unit.deviation))
}

/** `run` draws momenta and follows the paths of `batch` chains; `read` follows them from given momenta. */
export async function createPath(specification: StepSpecification, problem: Problem): Promise<Omit<Step, 'compileSeconds'>> {
  const target = await targetOf(specification, problem.parameters)
  const random = createRandom(0)
  const start = await stateAt(target, Float64Array.from(problem.points))
  const stepSizes = new Float64Array(specification.batch).fill(STEP_SIZE)
  const momenta = new Float64Array(problem.points.length)
  return {
    run: () => {
      random.fillNormal(momenta)
      return leapfrog(target, start, momenta, stepSizes, LEAPFROG_STEPS)
    },
    read: async () => {
      momenta.set(problem.noise)
      const { positions, energy } = await leapfrog(target, start, momenta, stepSizes, LEAPFROG_STEPS)
      return { loss: energy.reduce((sum, value) => sum + value, 0) / energy.length, gradients: [positions, momenta].map((values) => Float32Array.from(values)) }
    },
  }
}
