// Both derivatives of a noise-conditional energy, by the point and by the noise level, as a program.
import { gradient } from '../differentiate/reverse.ts'
import { vectorize } from '../differentiate/vectorize.ts'
import { ROWS } from '../graph/node.ts'
import { mul } from '../graph/ops/arithmetic.ts'
import { constant, input } from '../graph/ops/leaf.ts'
import { scale } from '../graph/ops/linear.ts'
import type { TracedModel } from '../model/model.ts'
import { oneRow } from './model-file.ts'
import type { Standardization } from './model-file.ts'
import type { Program } from './program.ts'

/**
 * Inputs `x` [rows, d], in the data's units, and `t` [rows], the noise level; outputs `score` [rows, d], in one over the data's
 * units, and `slope` [rows], t ∂ₜE. All float64.
 * @param model that uses the noise level
 */
export function levelDerivativesProgram(model: TracedModel, theta: ArrayLike<number>, standardization: Standardization): Program {
  const { graph, x, t, logDensity, dimension } = model
  const { point, level, express, widen } = oneRow(model, theta, standardization, 'given')
  const [inSpace, inLevel] = express(gradient(logDensity, [x, t!])).map(widen)
  const score = mul(inSpace, constant(graph, Float64Array.from(standardization.deviation, (value) => 1 / value)))
  const [rows, levels] = [input(graph, 'x', [ROWS, dimension]), input(graph, 't', [ROWS])]
  const [scores, slopes] = vectorize([score, scale(mul(level, inLevel), -1)], new Map([[point, rows], [level, levels]]), ROWS)
  return { name: 'level derivatives', inputs: [rows, levels], outputs: { score: scores, slope: slopes }, type: 'float64' }
}
