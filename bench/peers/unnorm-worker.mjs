/** unnorm itself behind the workers' protocol; the step comes from `bench/steps.ts`, paths of chains from `bench/paths.ts`. */
import { readFileSync } from 'node:fs'
import { createJiti } from 'jiti'
import { makeProblem } from './problem.mjs'
import { serve } from './worker.mjs'

const root = new URL('../../', import.meta.url)

/**
 * One compiled step of unnorm: `run()` performs it, `read()` gives { loss, gradients }, the gradients as Float32Arrays in
 * the order of the problem's parameters (weight [out, in], bias [out], …). `specification` is the request:
 * { objective, d, hidden, batch, threads, whole }.
 */
async function loadUnnormStep(specification) {
  const load = createJiti(import.meta.url)
  if (specification.objective === 'paths') return (await load.import('../paths.ts')).createPath(specification, makeProblem(specification))
  return (await load.import('../steps.ts')).createStep(specification, makeProblem(specification))
}

const version = (path) => JSON.parse(readFileSync(new URL(path, root), 'utf8')).version
await serve(loadUnnormStep, {
  unnorm: version('package.json'),
  'onnxruntime-node': version('node_modules/onnxruntime-node/package.json'),
  node: process.versions.node,
})
