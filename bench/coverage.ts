// How often 95 % intervals cover the truth: tables drawn from known densities, fitted, and counted; writes its section of docs/coverage.md.
//
//   npx jiti bench/coverage.ts [TABLES] [--docs]       (2000 tables of each size; --docs rewrites the section)
import { createRandom } from '../src/base/random.ts'
import { boundaryScales } from '../src/data/domain-rows.ts'
import { fitParametric, describeParameters } from '../src/estimate/parametric.ts'
import { ownDomain, trace, weightOf } from '../src/model/model.ts'
import { nodeEngine } from '../src/node/engine.ts'
import { cases } from './coverage/cases.ts'
import type { CoverageCase } from './coverage/cases.ts'
import { keptPrograms } from './coverage/kept-programs.ts'
import { writeSection } from './sections.ts'

const words = process.argv.slice(2)
const tables = Number(words.find((word) => /^\d+$/.test(word)) ?? 2000)
const only = words.find((word) => !/^\d+$/.test(word) && !word.startsWith('--'))
const sizes = [2000, 500]
const LEVEL = 0.95
/** What is asked at the larger size, in percent. */
const [LOWEST, HIGHEST] = [93.5, 96.5]

interface Counted {
  readonly name: string
  readonly truth: number
  /** Share of all tables, in percent, by size. */
  readonly covered: readonly number[]
  /** Tables without an interval, by size. */
  readonly without: readonly number[]
}

async function count({ name, model, estimator, columns, truth, draw }: CoverageCase): Promise<Counted[]> {
  const domain = ownDomain(model, columns)
  const hasEnds = domain.parts.some(({ sides }) => sides.length > 0)
  const free = trace(model, domain)
  const each = nodeEngine({ threads: 1 })
  const engine = keptPrograms(each)
  const names = Object.keys(truth)
  const found = names.map(() => ({ covered: sizes.map(() => 0), without: sizes.map(() => 0) }))
  for (const [s, size] of sizes.entries()) {
    for (let table = 0; table < tables; table++) {
      const rows = draw(createRandom(name).split(size).split(table), size)
      // A boundary weight takes its scale from the rows.
      const traced = hasEnds ? trace(model, domain, { weight: weightOf(model), scales: boundaryScales(domain, { source: name, columns, rows: size, values: rows, rowsRead: size, columnsLeftOut: [] }) }) : free
      const fit = await fitParametric(traced, estimator, rows, hasEnds ? each : engine, { random: createRandom(table) })
      const { parameters } = describeParameters(traced, fit, LEVEL)
      for (const { name: parameter, interval } of parameters) {
        const k = names.indexOf(parameter)
        if (k < 0) throw new Error(`${name}: no truth for ${parameter}`)
        if (interval === null) found[k].without[s]++
        else if (interval[0] <= truth[parameter] && truth[parameter] <= interval[1]) found[k].covered[s]++
      }
    }
  }
  await engine.releaseAll()
  return names.map((parameter, k) => ({ name: parameter, truth: truth[parameter], covered: found[k].covered.map((hits) => (100 * hits) / tables), without: found[k].without }))
}

const error = (100 * Math.sqrt((0.95 * 0.05) / tables)).toFixed(1)
const lines = [
  'Written by `npx jiti bench/coverage.ts --docs`.', '',
  `How often the 95 % intervals of a fit (estimate ± 1.96 jackknife errors, [guide](guide.md#intervals)) cover the truth, in percent of ${tables} simulated tables of each size. The share itself is known to ± ${error} (one standard error). Asked is ${LOWEST} to ${HIGHEST} at ${sizes[0]} rows; what lies outside is in bold. A table without an interval counts as not covered.`, '',
]
let outside = 0
for (const each of cases.filter(({ name }) => only === undefined || name === only)) {
  const started = performance.now()
  const rows = await count(each)
  const shown = (value: number, missing: number): string => {
    const isOutside = value < LOWEST || value > HIGHEST
    return `${isOutside ? `**${value.toFixed(1)}**` : value.toFixed(1)}${missing > 0 ? ` (${missing} without)` : ''}`
  }
  outside += rows.filter(({ covered }) => covered[0] < LOWEST || covered[0] > HIGHEST).length
  lines.push(`## ${each.name}`, '', each.sentence, '', `| parameter | truth | ${sizes.map((size) => `${size} rows`).join(' | ')} |`, `|---|---|${sizes.map(() => '---').join('|')}|`)
  for (const { name, truth, covered, without } of rows) lines.push(`| \`${name}\` | ${Number(truth.toPrecision(4))} | ${covered.map((value, s) => shown(value, without[s])).join(' | ')} |`)
  lines.push('')
  console.log(lines.slice(-rows.length - 3).join('\n'), `${((performance.now() - started) / 1000).toFixed(0)} s`)
}
console.log(outside === 0 ? `all inside at ${sizes[0]} rows` : `${outside} outside at ${sizes[0]} rows`)
if (words.includes('--docs')) writeSection('docs/coverage.md', 'coverage', lines.join('\n'))
