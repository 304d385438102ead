/** The six H×H matrix products of a denoising step alone, in ONNX Runtime: the floor under any step built on its Gemm. */
import { readFileSync } from 'node:fs'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { makeProblem } from './problem.mjs'
import { serve } from './worker.mjs'

const model = new URL('.cache/gemms.onnx', import.meta.url)

async function makeStep({ hidden, batch, threads }) {
  const session = await InferenceSession.create(readFileSync(model), {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
  })
  // Only the sizes matter here: the points are drawn hidden-wide, the weight is the second layer's.
  const { points, parameters } = makeProblem({ d: hidden, hidden, batch })
  const feeds = {
    a: new Tensor('float32', points, [batch, hidden]),
    w: new Tensor('float32', parameters[2].values, [hidden, hidden]),
  }
  return { run: () => session.run(feeds) }
}

const manifest = new URL('../../node_modules/onnxruntime-node/package.json', import.meta.url)
await serve(makeStep, { 'onnxruntime-node': JSON.parse(readFileSync(manifest, 'utf8')).version })
