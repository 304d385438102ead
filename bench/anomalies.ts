// Labelled anomalies: the area under the ROC of the energy of `unnorm fit` with default options, beside the distance to the
// fifth nearest neighbour and an isolation forest on the same splits (bench/peers/anomalies.py, in bench/.venv).
//
//   npm run bench:anomalies                     three splits; writes bench/results/anomalies.json and the section of docs/quality.md
//   npm run bench:anomalies -- --tables wine --splits 1 --threads 1
//   npm run bench:anomalies -- --missing        tasks that have no result yet
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { builtInModels } from '../src/model/energies/index.ts'
import { defaultThreads, nodeEngine } from '../src/node/engine.ts'
import { fitModel } from '../src/result/fit.ts'
import { readAreas, storeAreas } from './quality/anomalies.ts'
import type { Areas } from './quality/anomalies.ts'
import { writePage } from './quality/page.ts'

interface Task {
  readonly table: string
  /** The class whose rows are normal. */
  readonly normal: string
  readonly split: number
  readonly columns: readonly string[]
  readonly train: readonly (readonly number[])[]
  readonly test: readonly (readonly number[])[]
  /** The first so many test rows are normal. */
  readonly unseen: number
  readonly areas: Omit<Areas, 'unnorm'>
}

const { values: given } = parseArgs({ options: { tables: { type: 'string' }, splits: { type: 'string', default: '3' }, threads: { type: 'string' }, missing: { type: 'boolean' } } })
const engine = nodeEngine({ threads: Number(given.threads ?? defaultThreads()) })

/** The probability that an anomaly's energy is above a normal row's; ties count half. */
function areaUnderCurve(energy: Float64Array, unseen: number): number {
  const normal = energy.slice(0, unseen).sort()
  let sum = 0
  for (const value of energy.subarray(unseen)) {
    const below = normal.findIndex((other) => other >= value)
    const upTo = normal.findIndex((other) => other > value)
    sum += ((below === -1 ? unseen : below) + (upTo === -1 ? unseen : upTo)) / 2
  }
  return sum / (unseen * (energy.length - unseen))
}

async function areaOf({ table, columns, train, test, unseen, split }: Task): Promise<number> {
  const rows = { source: table, columns, rows: train.length, values: Float64Array.from(train.flat()), rowsRead: train.length, columnsLeftOut: [] }
  const result = await fitModel(builtInModels.mlp.make({}), rows, { seed: split }, { engine, now: () => performance.now() })
  const { energy } = await result.energy.evaluate(Float64Array.from(test.flat()))
  await result.release()
  return areaUnderCurve(energy, unseen)
}

const python = fileURLToPath(new URL('.venv/bin/python', import.meta.url))
const peers = spawn(python, [fileURLToPath(new URL('peers/anomalies.py', import.meta.url)), given.splits], { stdio: ['ignore', 'pipe', 'inherit'] })
const ended = once(peers, 'close')
for await (const line of createInterface({ input: peers.stdout })) {
  const task = JSON.parse(line) as Task
  if (given.tables !== undefined && !given.tables.split(',').includes(task.table)) continue
  if (given.missing && readAreas().some((known) => known.table === task.table && known.normal === task.normal && known.split === task.split && known.columns === task.columns.length)) continue
  const areas: Areas = { ...task.areas, unnorm: await areaOf(task) }
  storeAreas({ table: task.table, normal: task.normal, split: task.split, rows: task.train.length, columns: task.columns.length, areas })
  console.log(`${task.table}, ${task.normal}, split ${task.split}: ${Object.entries(areas).map(([name, area]) => `${name} ${area.toFixed(4)}`).join(', ')}`)
}
const [code] = await ended
if (code !== 0) throw new Error(`bench/peers/anomalies.py failed (npm run bench:setup makes its environment)`)
writePage()
if (readAreas().length === 0) process.exitCode = 1
