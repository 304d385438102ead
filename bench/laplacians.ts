// The gradient step of exact score matching with either Laplacian: carried forward, or weighted by the score's adjoints.
//
//   npx jiti bench/laplacians.ts
//
// Minimum of 60 runs each, taking turns, in milliseconds; an energy d–H–H–1 with SiLU in float32, as bench/README.md describes.
import { createRandom } from '../src/base/random.ts'
import { gradient } from '../src/differentiate/reverse.ts'
import { forwardLaplacian, laplacian } from '../src/differentiate/second-order.ts'
import { overRows } from '../src/estimate/batch.ts'
import { add, square } from '../src/graph/ops/arithmetic.ts'
import { scale, sum } from '../src/graph/ops/linear.ts'
import { mlp } from '../src/model/energies/mlp.ts'
import { trace } from '../src/model/model.ts'
import { nodeEngine } from '../src/node/engine.ts'

console.log('d, H, B       threads   forward   by adjoints')
for (const [d, hidden, batch] of [[2, 128, 256], [8, 128, 256], [16, 128, 128]]) {
  for (const threads of [1, 2]) {
    const random = createRandom(1)
    const rows = { shape: [batch, d], data: new Float32Array(batch * d) }
    random.fillNormal(rows.data)
    const steps = await Promise.all([forwardLaplacian, laplacian].map(async (of) => {
      const traced = trace(mlp({ hidden: [hidden, hidden] }), d)
      const [score] = gradient(traced.logDensity, [traced.x])
      const objective = add(of(traced.logDensity, traced.x), scale(sum(square(score)), 0.5))
      const { inputs, gradient: slope } = overRows(traced, { value: objective, draws: [] })
      const theta = Float32Array.from(traced.model.initial!(createRandom(2), d))
      const program = await nodeEngine({ threads }).prepare({ name: of.name, type: 'float32', inputs: [traced.theta, ...inputs], outputs: { slope } })
      return () => program.run({ theta: { shape: [theta.length], data: theta }, rows })
    }))
    const best = steps.map(() => Infinity)
    for (let run = 0; run < 70; run++) {
      for (const [k, step] of steps.entries()) {
        const started = performance.now()
        await step()
        if (run >= 10) best[k] = Math.min(best[k], performance.now() - started)
      }
    }
    console.log(`${[d, hidden, batch].join(', ').padEnd(12)}  ${threads}         ${best.map((time) => time.toFixed(2).padStart(7)).join('   ')}`)
  }
}
