// What sampling and drawing cost, in seconds: evaluations of a 2-128-128-1 energy alone, Langevin chains that accept, Hamiltonian
// paths; and the shares of Langevin steps and of dual training steps that drawing the noise takes. npx jiti bench/samplers.ts [threads]
// Beside JAX: npm run bench:peers -- --objectives paths.
import { createRandom } from '../src/base/random.ts'
import { fillLevels, fillPairs } from '../src/estimate/training-rows.ts'
import { stateAt } from '../src/sample/sampler.ts'
import { mala } from '../src/sample/samplers/mala.ts'
import { createPath, targetOf } from './paths.ts'
import { createStep } from './steps.ts'
import type { Problem } from './steps.ts'

const threads = Number(process.argv[2] ?? 2)
const [chains, steps, repeats] = [10_000, 100, 5]
/** Rows of a dual step, each with two draws of noise. */
const [batch, dimensions] = [256, [2, 16]]
const random = createRandom('samplers')

function problemOf(sizes: readonly number[], d: number, rows: number): Problem {
  const normal = (count: number, scale: number): Float32Array => {
    const values = new Float32Array(count)
    random.fillNormal(values)
    return values.map((value) => scale * value)
  }
  const parameters = sizes.slice(1).flatMap((units, layer) => {
    const inputs = sizes[layer]
    const weight = { shape: [units, inputs], values: normal(units * inputs, inputs ** -0.5) }
    return layer + 2 === sizes.length ? [weight] : [weight, { shape: [units], values: normal(units, 0.1) }]
  })
  return { sigma: 0.1, points: normal(rows * d, 1), noise: normal(2 * rows * d, 1), levels: Float32Array.from({ length: rows }, (_, k) => (k + 0.5) / rows), parameters }
}

const specification = { objective: 'paths', d: 2, hidden: 128, batch: chains, threads } as const
const problem = problemOf([2, 128, 128, 1], 2, chains)
const target = await targetOf(specification, problem.parameters)
const path = await createPath(specification, problem)
const positions = Float64Array.from(problem.points)
const start = await stateAt(target, positions)
const stepSizes = new Float64Array(chains).fill(0.1)
const noise = new Float64Array(2 * chains)
const works: Record<string, () => unknown> = {
  path: path.run,
  evaluations: async () => { for (let k = 0; k < steps; k++) await target.evaluate(positions) },
  mala: async () => {
    let state = start
    for (let k = 0; k < steps; k++) ({ state } = await mala.step(target, state, stepSizes, random))
  },
  noise: () => { for (let k = 0; k < steps; k++) random.fillNormal(noise) },
}
for (const d of dimensions) {
  const step = await createStep({ objective: 'dual', d, hidden: 128, batch, threads }, problemOf([d + 1, 128, 128, 128, 1], d, batch))
  const [draws, levels] = [new Float32Array(2 * d * batch), new Float32Array(batch)]
  works[`dual ${d}`] = async () => { for (let k = 0; k < steps; k++) await step.run() }
  works[`drawing ${d}`] = () => {
    for (let k = 0; k < steps; k++) {
      fillPairs(draws, random.split(k))
      fillLevels(levels, random.split(k))
    }
  }
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
  dual: dimensions.map((d) => ({ d, millisecondsOfStep: (1000 * best[`dual ${d}`]) / steps, shareOfNoise: best[`drawing ${d}`] / best[`dual ${d}`] })),
}, null, 2))
