// (g) A term c(θ) without x changes neither the score φ nor J̃: Z absorbs it. A parameter that only does that is named.
//
// Run it with: npx jiti examples/not-identified.ts
import { createRandom, defineModel, exp, fit, positive, referenceEngine, scalar } from 'unnorm'
import { runAsProgram } from './run-as-program.ts'
import { tableOf } from './table.ts'

const plain = defineModel({
  name: 'double well',
  parameters: { a: positive(), b: scalar() },
  logDensity: ({ a, b }, x) => x.at(0).square().mul(b).sub(x.at(0).pow(4).mul(a)),
})
const withConstant = defineModel({
  name: 'double well and a constant',
  parameters: { a: positive(), b: scalar(), c: scalar({ initial: 0.7 }) },
  // exp(c)·a is any function of the parameters; x is not in it.
  logDensity: ({ a, b, c }, x) => x.at(0).square().mul(b).sub(x.at(0).pow(4).mul(a)).add(exp(c).mul(a)),
})

/** The same rows fitted with and without the constant. */
export async function notIdentified() {
  const z = new Float64Array(600)
  createRandom(5).fillNormal(z)
  const table = tableOf(['x'], z.map((value, k) => (k % 2 ? 1 : -1) + 0.35 * value))
  const [without, having] = [await fit(plain, table, { engine: referenceEngine }), await fit(withConstant, table, { engine: referenceEngine })]
  const points = Float64Array.of(-1.5, -0.2, 0.4, 1.1)
  return {
    parameters: { without: without.fit.parameters!, having: having.fit.parameters! },
    objectives: { without: without.fit.objective.train!, having: having.fit.objective.train! },
    scores: { without: await without.score(points), having: await having.score(points) },
    stopped: having.fit.estimator.stopped,
    warning: having.fit.warnings.find(({ code }) => code === 'not-identified')?.message,
  }
}

await runAsProgram(import.meta.url, async (print) => {
  const { parameters, objectives, stopped, warning } = await notIdentified()
  print('              estimate   standard error')
  for (const [title, list] of Object.entries(parameters)) {
    for (const { name, estimate, standardError } of list) print(`${title.padEnd(8)} ${name}   ${(estimate?.toFixed(6) ?? 'unknown').padStart(10)}   ${standardError?.toFixed(6) ?? 'unknown'}`)
  }
  print(`J̃ without c: ${objectives.without.toFixed(12)}, with c: ${objectives.having.toFixed(12)}; the fit with c ends as "${stopped}":`)
  print(warning ?? '')
})
