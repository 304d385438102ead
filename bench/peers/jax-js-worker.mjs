/**
 * Peer: @jax-js/jax on its WebAssembly backend (single-threaded in Node), under its jit or, with `--no-jit`, without.
 * Every array is owned: a function consumes its arguments, `.ref` keeps one for another use.
 */
import { readFileSync } from 'node:fs'
import { blockUntilReady, defaultDevice, grad, init, jit, jvp, nn, numpy as np, valueAndGrad } from '@jax-js/jax'
import { makeProblem, SIGMA } from './problem.mjs'
import { serve } from './worker.mjs'

/** E summed over rows of a d–H–H–1 network; `parameters` and `points` are consumed. */
function energySum([w1, b1, w2, b2, w3], points) {
  const first = nn.silu(np.matmul(points, np.transpose(w1)).add(b1))
  const second = nn.silu(np.matmul(first, np.transpose(w2)).add(b2))
  return np.matmul(second, np.transpose(w3)).sum()
}

const keep = (arrays) => arrays.map((array) => array.ref)

/** φ of the whole batch: rows do not mix. Consumes `points` only. */
const score = (parameters, points) => grad((x) => energySum(keep(parameters), x))(points).neg()

/** Mean over rows of ‖x − [x̃ + σ²φ(x̃)]‖². */
function denoising(parameters, points, noise) {
  const offset = noise.mul(SIGMA)
  const noisy = points.add(offset.ref)
  const residual = offset.add(score(parameters, noisy).mul(SIGMA * SIGMA))
  parameters.forEach((array) => array.dispose())
  const rows = residual.shape[0]
  return np.square(residual).sum().mul(1 / rows)
}

/** Mean over rows of Σⱼ[∂ⱼφⱼ + ½φⱼ²], one forward pass over the backward pass for each coordinate. */
function scoreMatching(parameters, points, noise) {
  noise.dispose()
  const [rows, d] = points.shape
  let total = np.square(score(parameters, points.ref)).sum().mul(0.5)
  for (let j = 0; j < d; j++) {
    const column = np.array(Float32Array.from({ length: rows * d }, (_, i) => (i % d === j ? 1 : 0))).reshape([rows, d])
    const [values, derivative] = jvp((x) => score(parameters, x), [points.ref], [column.ref])
    values.dispose()
    total = total.add(derivative.mul(column).sum())
  }
  points.dispose()
  parameters.forEach((array) => array.dispose())
  return total.mul(1 / rows)
}

async function makeStep(request) {
  if (request.whole) throw new Error('no whole step for @jax-js/jax: only its gradient step is compared')
  const problem = makeProblem(request)
  const { d, batch } = request
  const parameters = problem.parameters.map(({ shape, values }) => np.array(values).reshape(shape))
  const points = np.array(problem.points).reshape([batch, d])
  const noise = np.array(problem.noise).reshape([batch, d])
  const objective = request.objective === 'dsm' ? denoising : scoreMatching
  const step = process.argv.includes('--no-jit') ? valueAndGrad(objective) : jit(valueAndGrad(objective))
  const once = async () => blockUntilReady(await step(keep(parameters), points.ref, noise.ref))
  return {
    async run() {
      const [loss, gradients] = await once()
      for (const array of [loss, ...gradients]) array.dispose()
    },
    async read() {
      const [loss, gradients] = await once()
      return { loss: (await loss.data())[0], gradients: await Promise.all(gradients.map((array) => array.data())) }
    },
  }
}

await init('wasm')
defaultDevice('wasm')
const manifest = JSON.parse(readFileSync(new URL('node_modules/@jax-js/jax/package.json', import.meta.url), 'utf8'))
await serve(makeStep, { '@jax-js/jax': manifest.version })
