// Sampling speed: 10 000 Hamiltonian chains × 100 leapfrog steps on a 2-128-128-1 network energy, beside its evaluations
// alone, Langevin chains that accept, and the share of those that drawing the noise takes. npx jiti bench/samplers.ts [threads]
import * as onnxruntime from 'onnxruntime-node'
import { createRandom } from '../src/base/random.ts'
import { energyProgram } from '../src/compile/model-file.ts'
import { runEnergy } from '../src/engine/energy.ts'
import { onnxEngine } from '../src/engine/onnx.ts'
import type { OnnxRuntime } from '../src/engine/onnx.ts'
import { mlp } from '../src/model/energies/mlp.ts'
import { trace } from '../src/model/model.ts'
import { stateAt } from '../src/sample/sampler.ts'
import { leapfrog } from '../src/sample/samplers/hmc.ts'
import { mala } from '../src/sample/samplers/mala.ts'
import { inCoordinates, scaled } from '../src/sample/target.ts'

const threads = Number(process.argv[2] ?? 2)
const [chains, steps, repeats] = [10_000, 100, 5]
const random = createRandom('samplers')
const model = trace(mlp({ hidden: [128, 128] }), 2)
const theta = new Float64Array(model.parameterCount)
model.model.initial?.(random.split('weights'), 2).forEach((value, k) => { theta[k] = value })
const engine = onnxEngine(onnxruntime as unknown as OnnxRuntime, { threads })
const energy = await runEnergy(energyProgram(model, theta, { mean: [0, 0], deviation: [1, 1] }, undefined), ['x', 'y'], engine)
const target = inCoordinates(energy, scaled([0, 0], [1, 1]))

const positions = new Float64Array(2 * chains)
random.fillNormal(positions)
const start = await stateAt(target, positions)
const momenta = new Float64Array(2 * chains)
const stepSizes = new Float64Array(chains).fill(0.1)
const works: Record<string, () => Promise<unknown> | void> = {
  path: () => {
    random.fillNormal(momenta)
    return leapfrog(target, start, momenta, stepSizes, steps)
  },
  evaluations: async () => { for (let k = 0; k < steps; k++) await target.evaluate(positions) },
  mala: async () => {
    let state = start
    for (let k = 0; k < steps; k++) ({ state } = await mala.step(target, state, stepSizes, random))
  },
  noise: () => { for (let k = 0; k < steps; k++) random.fillNormal(momenta) },
}
// In turns, so that whatever else the machine does falls on all of them.
const best: Record<string, number> = {}
for (let round = 0; round <= repeats; round++) {
  for (const [name, work] of Object.entries(works)) {
    const started = performance.now()
    await work()
    if (round > 0) best[name] = Math.min(best[name] ?? Infinity, (performance.now() - started) / 1000)
  }
}
console.log(JSON.stringify({
  chains, steps, threads, seconds: best.path, secondsOfEvaluationsAlone: best.evaluations,
  mala: { seconds: best.mala, shareOfNoise: best.noise / best.mala },
}, null, 2))
await energy.release()
