// (a) Maximum likelihood without the normalizer runs off: of all variances the largest makes exp(−x²/2σ²) largest.
//
// Run it with: npx jiti examples/likelihood-without-normalizer.ts
import { createRandom, defineModel, fit, positive, referenceEngine } from 'unnorm'
import { runAsProgram } from './run-as-program.ts'
import { tableOf } from './table.ts'

const gaussian = defineModel({
  name: 'zero-mean Gaussian',
  parameters: { variance: positive() },
  logDensity: ({ variance }, x) => x.at(0).square().div(variance).mul(-0.5),
})

/** The same rows and the same model, by the naive likelihood and by score matching. */
export async function likelihoodWithoutNormalizer() {
  const rows = new Float64Array(500)
  createRandom(1).fillNormal(rows)
  const table = tableOf(['x'], rows.map((z) => 2 * z))
  const naive = await fit(gaussian, table, { by: 'naive-likelihood', engine: referenceEngine })
  const matched = await fit(gaussian, table, { by: 'score-matching', engine: referenceEngine })
  return {
    stopped: naive.fit.estimator.stopped,
    lastVariance: naive.theta[0],
    explanation: naive.fit.warnings.find(({ code }) => code === 'unbounded')?.message,
    path: naive.metrics.map(({ step, objective }) => ({ step, objective })),
    meanSquare: table.values.reduce((total, x) => total + x * x, 0) / table.rows,
    matchedVariance: matched.theta[0],
  }
}

await runAsProgram(import.meta.url, async (print) => {
  const shown = await likelihoodWithoutNormalizer()
  print('Maximum likelihood without Z: minimize mean x²/(2σ²) over σ².')
  for (const { step, objective } of shown.path.filter((_, k) => k % 5 === 0).slice(0, 8)) print(`  step ${step}: ${objective.toExponential(3)}`)
  print(`It ends as "${shown.stopped}" at σ² = ${shown.lastVariance.toExponential(1)}.`)
  print(shown.explanation ?? '')
  print(`Score matching: σ² = ${shown.matchedVariance.toFixed(4)}; mean x² = ${shown.meanSquare.toFixed(4)}.`)
})
