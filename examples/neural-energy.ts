// (f) A neural energy by denoising: a network's density and score with their figure, against a density known exactly.
//
// Run it with: npx jiti examples/neural-energy.ts
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRandom, fisherDivergence, fit, logLikelihood, mlp, parabola } from 'unnorm'
import { saveRun } from 'unnorm/node'
import { runAsProgram } from './run-as-program.ts'
import { tableOf } from './table.ts'

/** x₁ ~ N(0, 1), x₂ = ½(x₁² − 1) + 0.35 n: one curved ridge. */
const truth = parabola()

/** The mean log-density and every row's score under the density that the rows were drawn from. */
function known(rows: Float64Array) {
  const points = Array.from({ length: rows.length / 2 }, (_, k) => rows.subarray(2 * k, 2 * k + 2))
  return {
    logLikelihood: points.reduce((total, point) => total + truth.logDensity(point), 0) / points.length,
    score: Float64Array.from(points.flatMap((point) => Array.from(truth.score(point)))),
  }
}

/**
 * Fits a network to rows of the parabola and compares it to the truth on rows it has not seen.
 * @param folder where the figure and all other outputs go; must not exist yet, or be empty
 */
export async function neuralEnergy(folder: string) {
  const table = tableOf(truth.columns, truth.sample(20_000, createRandom(1)))
  const network = mlp({ hidden: [64, 64] })
  const result = await fit(network, table, { by: 'denoising', steps: 1500 })
  try {
    const { value, standardError } = result.fit.logNormalizer
    const fresh = truth.sample(4000, createRandom(2))
    const exact = known(fresh)
    const reached = await logLikelihood(result.energy, fresh, { value: value!, standardError: standardError! })
    const divergence = await fisherDivergence(result.energy, fresh, exact.score)
    await saveRun(result, folder)
    return {
      summary: result.summary(), noise: result.fit.estimator.noise!,
      logLikelihood: reached.value, trueLogLikelihood: exact.logLikelihood,
      missedShareOfScore: divergence.relative,
    }
  } finally {
    await result.release()
  }
}

await runAsProgram(import.meta.url, async (print) => {
  const folder = await mkdtemp(join(tmpdir(), 'neural-energy-'))
  const { summary, noise, logLikelihood: reached, trueLogLikelihood, missedShareOfScore } = await neuralEnergy(folder)
  print(summary)
  print(`\nOn 4000 new rows: ${reached.toFixed(4)} nats a row; under the true density ${trueLogLikelihood.toFixed(4)}.`)
  print(`Of the mean square of the true score ${(100 * missedShareOfScore).toFixed(1)} % is missed, with noise σ = ${noise.map((sigma) => sigma.toPrecision(3)).join(', ')}.`)
  print(`The figure is ${folder}/figure.svg, the report ${folder}/report.html.`)
})
