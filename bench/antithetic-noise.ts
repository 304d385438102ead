// How much pairs of noise ±z reduce the variance of denoising's gradient, at the same number of evaluated points.
//
//   npx jiti bench/antithetic-noise.ts
//
// A batch is 256 rows with a draw of their own, or 128 rows each with z and −z. Shown is the trace of the covariance of the
// batch's mean gradient by all weights, over 400 batches, before training and after it.
import { createRandom } from '../src/base/random.ts'
import type { Random } from '../src/base/random.ts'
import { parabola } from '../src/data/synthetic/parabola.ts'
import { overRows } from '../src/estimate/batch.ts'
import { denoising } from '../src/estimate/estimators/denoising.ts'
import { initialState } from '../src/estimate/train.ts'
import { mlp } from '../src/model/energies/mlp.ts'
import { trace } from '../src/model/model.ts'
import { nodeEngine } from '../src/node/engine.ts'
import { fitModel } from '../src/result/fit.ts'

const POINTS = 256
const BATCHES = 400
const density = parabola()
const network = mlp({ hidden: [64, 64], quadratic: [1, 0, 0, 1] })
const engine = nodeEngine({ threads: 1 })

/** Trace of the covariance of a batch's mean gradient. */
async function gradientVariance(sigma: number, theta: Float32Array, paired: boolean, random: Random): Promise<number> {
  const traced = trace(network, 2)
  const batch = overRows(traced, denoising.objective(traced, { factor: Float64Array.of(sigma, 0, 0, sigma), isotropic: sigma }))
  const program = await engine.prepare({ name: 'gradient', type: 'float32', inputs: [traced.theta, ...batch.inputs], outputs: { gradient: batch.gradient } })
  const sum = new Float64Array(theta.length)
  const squares = new Float64Array(theta.length)
  for (let k = 0; k < BATCHES; k++) {
    const distinct = density.sample(paired ? POINTS / 2 : POINTS, random)
    const rows = Float32Array.from({ length: 2 * POINTS }, (_, i) => distinct[i % distinct.length])
    const draws = new Float32Array(2 * POINTS)
    random.fillNormal(draws)
    if (paired) draws.copyWithin(POINTS, 0, POINTS).subarray(POINTS).forEach((z, i) => { draws[POINTS + i] = -z })
    const { gradient } = await program.run({
      theta: { shape: [theta.length], data: theta }, rows: { shape: [POINTS, 2], data: rows }, draws: { shape: [POINTS, 2], data: draws },
    })
    gradient.data.forEach((value, p) => {
      sum[p] += value / POINTS
      squares[p] += (value / POINTS) ** 2
    })
  }
  await program.release()
  return squares.reduce((total, square, p) => total + square / BATCHES - (sum[p] / BATCHES) ** 2, 0)
}

const values = density.sample(4000, createRandom(1))
const table = { source: 'parabola', columns: density.columns, values, rows: 4000, rowsRead: 4000, columnsLeftOut: [] }
console.log('sigma   weights   own draw of each row   pairs ±z   ratio')
for (const sigma of [0.3, 0.1, 0.03]) {
  const fitted = await fitModel(network, table, { noise: { kind: 'columns', deviations: [sigma, sigma] }, by: 'denoising', steps: 1000 }, { engine, now: () => performance.now() })
  for (const [name, theta] of [['initial', initialState(trace(network, 2), createRandom(3)).theta], ['trained', Float32Array.from(fitted.theta)]] as const) {
    const [own, pairs] = [await gradientVariance(sigma, theta, false, createRandom(4)), await gradientVariance(sigma, theta, true, createRandom(5))]
    console.log(`${String(sigma).padEnd(5)}   ${name}   ${own.toExponential(2).padStart(20)}   ${pairs.toExponential(2).padStart(8)}   ${(own / pairs).toFixed(1)}`)
  }
  await fitted.release()
}
