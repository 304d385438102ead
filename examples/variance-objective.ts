// (b) Score matching of a zero-mean Gaussian: J(σ²) = −σ⁻² + ½σ⁻⁴ mean x², with its minimum at σ² = mean x².
//
// Run it with: npx jiti examples/variance-objective.ts
import { createRandom, defineModel, fit, positive, referenceEngine } from 'unnorm'
import { runAsProgram } from './run-as-program.ts'
import { tableOf } from './table.ts'

/** A Gaussian whose variance is the only parameter; where the search for it starts can be chosen. */
const gaussian = (start: number) => defineModel({
  name: 'zero-mean Gaussian',
  parameters: { variance: positive({ initial: start }) },
  logDensity: ({ variance }, x) => x.at(0).square().div(variance).mul(-0.5),
})

/** The objective at some variances, from unnorm and from the formula, and its minimum. */
export async function varianceObjective() {
  const rows = new Float64Array(400)
  createRandom(2).fillNormal(rows)
  const table = tableOf(['x'], rows.map((z) => 0.5 + 1.5 * z))
  const meanSquare = table.values.reduce((total, x) => total + x * x, 0) / table.rows
  const formula = (variance: number): number => -1 / variance + meanSquare / (2 * variance * variance)
  const curve: { variance: number; objective: number; formula: number }[] = []
  for (const variance of [0.5, 1, 2, 4, 8]) {
    // The first entry of the metrics is the objective where the search starts.
    const { metrics } = await fit(gaussian(variance), table, { engine: referenceEngine })
    curve.push({ variance, objective: metrics[0].objective, formula: formula(variance) })
  }
  const result = await fit(gaussian(1), table, { engine: referenceEngine })
  return { curve, meanSquare, minimum: { variance: result.theta[0], objective: result.fit.objective.train!, formula: formula(meanSquare) } }
}

await runAsProgram(import.meta.url, async (print) => {
  const { curve, minimum, meanSquare } = await varianceObjective()
  print('σ²        J from unnorm   −1/σ² + mean x²/(2σ⁴)')
  for (const { variance, objective, formula } of curve) print(`${variance.toFixed(3)}     ${objective.toFixed(10)}   ${formula.toFixed(10)}`)
  print(`Minimum at σ² = ${minimum.variance.toFixed(10)}, where mean x² = ${meanSquare.toFixed(10)}; J = ${minimum.objective.toFixed(10)}.`)
})
