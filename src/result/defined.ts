// Is the log-density a number at the rows? Score matching would not notice: a score needs no values. But it is then no density of them.
import { UnnormError } from '../base/errors.ts'
import { someRows, spreadRows } from '../data/spread-rows.ts'
import type { Table } from '../data/table.ts'
import { vectorize } from '../differentiate/vectorize.ts'
import type { Engine } from '../engine/engine.ts'
import { ROWS } from '../graph/node.ts'
import { input } from '../graph/ops/leaf.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'
import type { TracedModel } from '../model/model.ts'

const CHECKED_ROWS = 20_000
const SHOWN_ROWS = 5

/**
 * Refuses a fit whose log-density is NaN at a row.
 * @param energy of a network, on the columns as they are; undefined for parametric models
 * @throws UnnormError `energy-not-finite`, naming the first rows
 */
export async function refuseUndefined(traced: TracedModel, theta: Float64Array, energy: FittedEnergy | undefined, table: Table, engine: Engine): Promise<void> {
  const d = table.columns.length
  const checked = spreadRows(table.rows, CHECKED_ROWS)
  const rows = someRows(table.values, d, checked)
  const values = energy === undefined ? await logDensities(traced, theta, rows, engine) : (await energy.evaluate(rows)).energy
  const found = Array.from(values, (value, k) => (Number.isNaN(value) ? checked.row(k) : -1)).filter((row) => row >= 0)
  if (found.length === 0) return
  const point = (row: number): string => table.columns.map((name, j) => `${name} = ${table.values[row * d + j]}`).slice(0, 6).join(', ')
  const places = found.slice(0, SHOWN_ROWS).map((row) => `row ${row + 1} (${point(row)})`).join(', ')
  const among = checked.count === table.rows ? `${found.length} of ${table.rows} rows` : `${found.length} of ${checked.count} rows that were looked at`
  throw new UnnormError('energy-not-finite', `model ${traced.model.name}: logDensity is not a number at ${among} of ${table.source}: ${places}${found.length > SHOWN_ROWS ? ', …' : ''} (write it so that it is defined at every row, or leave such rows out)`)
}

/** Of rows [n × d], with θ as an input: as a constant, a zero in it would wipe out what it multiplies. */
async function logDensities({ graph, x, theta, logDensity, dimension }: TracedModel, values: Float64Array, rows: Float64Array, engine: Engine): Promise<ArrayLike<number>> {
  const points = input(graph, 'rows', [ROWS, dimension])
  const [perRow] = vectorize([logDensity], new Map([[x, points]]), ROWS)
  const executable = await engine.prepare({ name: 'log-density', inputs: [theta, points], outputs: { logDensity: perRow }, type: 'float64' })
  const found = await executable.run({ theta: { shape: [values.length], data: values }, rows: { shape: [rows.length / dimension, dimension], data: rows } })
  await executable.release()
  return found.logDensity.data
}
