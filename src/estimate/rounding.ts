// What rounding makes of a log-density: large terms that cancel leave few of its digits.
import { gradient } from '../differentiate/reverse.ts'
import { vectorize } from '../differentiate/vectorize.ts'
import type { Engine } from '../engine/engine.ts'
import { ROWS } from '../graph/node.ts'
import { input } from '../graph/ops/leaf.ts'
import { concat } from '../graph/ops/rearrange.ts'
import type { TracedModel } from '../model/model.ts'
import { thinRows } from './row-moments.ts'

const LOOKED_AT_ROWS = 200

/**
 * The error of log p̃ where every parameter is rounded to float64, in nats: ε Σ_k |θ_k ∂log p̃/∂θ_k|, averaged over some rows.
 * Of a Gaussian in K and η it is ε (mean/sd)²; of one in mean and variance ε · mean/sd.
 * @param rows row-major [n × d], in the data's units
 */
export async function logDensityRounding({ graph, x, theta, logDensity, dimension, parameters }: TracedModel, values: Float64Array, rows: Float64Array, engine: Engine): Promise<number> {
  const some = thinRows(rows, dimension, LOOKED_AT_ROWS)
  const points = input(graph, 'rows', [ROWS, dimension])
  const own = concat(gradient(logDensity, parameters.map(({ packed }) => packed)), 0)
  const [slopes] = vectorize([own], new Map([[x, points]]), ROWS)
  const executable = await engine.prepare({ name: 'rounding', inputs: [theta, points], outputs: { slopes }, type: 'float64' })
  const found = await executable.run({ theta: { shape: [values.length], data: values }, rows: { shape: [some.length / dimension, dimension], data: some } })
  await executable.release()
  const sizes = Array.from(found.slopes.data, (slope, e) => Math.abs(slope * values[e % values.length]))
  return Number.EPSILON * sizes.reduce((total, size) => total + size, 0) / (some.length / dimension)
}
