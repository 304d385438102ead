// Quality of fits against densities whose truth is known; bench/quality/cases.ts has the densities, the estimators and what is
// required, bench/quality/measures.ts what is measured.
//
//   npm run bench:quality                                    everything, five seeds: hours
//   npm run bench:quality -- --densities ring,funnel --estimators dual --seeds 2 --threads 2
//   npm run bench:quality -- --first 3 --seeds 2             seeds 3 and 4
//   npm run bench:quality -- --missing                       what is not stored yet
//   npm run bench:quality -- --page                          the page alone, from what is stored
//
// Every fit is stored in bench/results/quality.json as soon as it is measured, in place of an earlier one of the same density,
// estimator and seed; docs/quality.md and its pictures are written anew each time.
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { createRandom } from '../src/base/random.ts'
import { version } from '../src/base/version.ts'
import { builtInModels } from '../src/model/energies/index.ts'
import { defaultThreads, nodeEngine } from '../src/node/engine.ts'
import { fitModel } from '../src/result/fit.ts'
import { cases, estimators } from './quality/cases.ts'
import { measureFit, measures } from './quality/measures.ts'
import type { MeasureName } from './quality/measures.ts'
import { isMet, pictureName, pictures, readRuns, stored, summaryOf, writePage } from './quality/page.ts'
import type { Run } from './quality/page.ts'
import { canBeDrawn, drawBeside } from './quality/pictures.ts'

const { values: given } = parseArgs({ options: {
  densities: { type: 'string' }, estimators: { type: 'string' }, seeds: { type: 'string', default: '5' }, first: { type: 'string', default: '0' }, threads: { type: 'string' },
  missing: { type: 'boolean', default: false }, page: { type: 'boolean', default: false },
} })
const threads = Number(given.threads ?? defaultThreads())
const chosen = (names: readonly string[], list: string | undefined): readonly string[] => {
  const wanted = list?.split(',').map((name) => name.trim()) ?? names
  const unknown = wanted.find((name) => !names.includes(name))
  if (unknown !== undefined) throw new Error(`no ${unknown} (there are ${names.join(', ')})`)
  return wanted
}
const densityNames = given.page ? [] : chosen(Object.keys(cases), given.densities)
const estimatorNames = chosen(Object.keys(estimators), given.estimators)

async function run(name: string, estimator: string, seed: number): Promise<Run> {
  const { density, rows, modes } = cases[name]
  const random = createRandom('fit quality').split(name).split(seed)
  const values = density.sample(rows, random.split('rows'))
  const table = { source: name, columns: density.columns, rows, values, rowsRead: rows, columnsLeftOut: [] }
  const before = process.cpuUsage()
  const result = await fitModel(builtInModels.mlp.make({}), table, { ...estimators[estimator](density.dimension), seed }, { engine: nodeEngine({ threads }), now: () => performance.now() })
  const used = process.cpuUsage(before)
  const measured = await measureFit(density, modes, values, result, random)
  if (seed === 0 && canBeDrawn(density)) {
    mkdirSync(pictures, { recursive: true })
    const drawn = await drawBeside(density, values, result.logDensity)
    if (density.dimension > 1) writeFileSync(pictures + pictureName(name, 'truth'), drawn.truth)
    writeFileSync(pictures + pictureName(name, estimator), drawn.learned)
  }
  await result.release()
  const { timing, estimator: { stopped } } = result.fit
  const numbers = { ...measured, seconds: timing.seconds, processorSeconds: (used.user + used.system) / 1e6 }
  return {
    density: name, estimator, seed, measured: numbers, stopped, step: result.metrics.at(-1)?.step ?? 0,
    date: new Date().toISOString().slice(0, 10), unnorm: version, machine: `${cpus()[0].model.trim()}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    load: loadavg()[2], cores: cpus().length,
  }
}

const isOf = (one: Run, other: Pick<Run, 'density' | 'estimator' | 'seed'>): boolean => one.density === other.density && one.estimator === other.estimator && one.seed === other.seed
const order = ({ density, estimator, seed }: Run): number => (Object.keys(cases).indexOf(density) * 100 + Object.keys(estimators).indexOf(estimator)) * 100 + seed

for (let seed = Number(given.first); seed < Number(given.first) + Number(given.seeds); seed++) {
  for (const density of densityNames) {
    for (const estimator of estimatorNames) {
      if (given.missing && readRuns().some((other) => isOf(other, { density, estimator, seed }))) continue
      const found = await run(density, estimator, seed)
      const words = Object.entries(found.measured).map(([name, value]) => `${measures[name as MeasureName].heading} ${measures[name as MeasureName].show(value!)}`)
      console.log(`${density}, ${estimator}, seed ${seed}, step ${found.step}: ${words.join(', ')}`)
      // Read again, since another process may have stored something meanwhile.
      const runs = [...readRuns().filter((other) => !isOf(other, found)), found].toSorted((one, other) => order(one) - order(other))
      writeFileSync(stored, `{"runs": [\n${runs.map((each) => JSON.stringify(each, (_, value) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value))).join(',\n')}\n]}\n`)
      writePage()
    }
  }
}
if (given.page) writePage()

for (const density of densityNames) {
  for (const requirement of (cases[density].required ?? []).filter(({ by }) => estimatorNames.includes(by))) {
    const summary = summaryOf(readRuns().filter((each) => each.density === density && each.estimator === requirement.by))
    if (isMet(requirement, summary)) continue
    console.error(`not met: ${density} by ${requirement.by}: ${requirement.measure} ${summary[requirement.measure]}`)
    process.exitCode = 1
  }
}
