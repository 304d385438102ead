// The stored areas under the ROC of labelled anomalies, and their section of docs/quality.md.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Areas under the ROC, by detector. */
export interface Areas {
  readonly unnorm: number
  /** Distance to the fifth nearest training row, columns divided by their deviations; and in their own units. */
  readonly neighbors: number
  readonly neighborsInUnits: number
  readonly forest: number
}

export interface Detected {
  readonly table: string
  readonly normal: string
  readonly split: number
  readonly rows: number
  readonly columns: number
  readonly areas: Areas
}

const headings: Readonly<Record<keyof Areas, string>> = { unnorm: 'unnorm', neighbors: '5 nearest neighbors', neighborsInUnits: 'the same, columns as they are', forest: 'isolation forest' }
const stored = fileURLToPath(new URL('../results/anomalies.json', import.meta.url))
export const readAreas = (): Detected[] => (existsSync(stored) ? JSON.parse(readFileSync(stored, 'utf8')).tasks as Detected[] : [])

export function storeAreas(found: Detected): void {
  const others = readAreas().filter(({ table, normal, split }) => table !== found.table || normal !== found.normal || split !== found.split)
  const lines = [...others, found].map((each) => JSON.stringify(each, (_, value) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value)))
  writeFileSync(stored, `{"tasks": [\n${lines.join(',\n')}\n]}\n`)
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
const names = Object.keys(headings) as (keyof Areas)[]

/** Mean areas over splits. */
const meanAreas = (all: readonly Detected[]): Areas => Object.fromEntries(names.map((name) => [name, mean(all.map(({ areas }) => areas[name]))])) as unknown as Areas

function groups(all: readonly Detected[], keyOf: (one: Detected) => string): Detected[][] {
  return [...new Set(all.map(keyOf))].map((key) => all.filter((one) => keyOf(one) === key))
}

export function anomaliesSection(): string {
  const all = readAreas()
  if (all.length === 0) return ''
  const tasks = groups(all, ({ table, normal }) => `${table}, ${normal}`)
  const tables = groups(all, ({ table }) => table)
  const row = (words: readonly string[], areas: Areas): string => `| ${[...words, ...names.map((name) => areas[name].toFixed(4))].join(' | ')} |`
  const overall = meanAreas(tasks.map((splits) => ({ ...splits[0], areas: meanAreas(splits) })))
  const isMet = names.every((name) => overall.unnorm >= overall[name])
  return `## Labelled anomalies

Written by \`npm run bench:anomalies\`. Tables of scikit-learn as one-class tasks: one class is normal, all others are anomalies; half of the normal rows train, the other half and all anomalies are told apart. Area under the ROC; *unnorm* is the energy of \`unnorm fit\` with default options, at its smallest noise level. Columns that are constant among the training rows, or copies of others there, are left out for all. Required: the mean over tasks is at least that of the neighbors and of the forest: ${isMet ? 'met' : '**not met**'}.

| table | normal | training rows | columns | splits | ${names.map((name) => headings[name]).join(' | ')} |
| ${new Array(5 + names.length).fill('---').join(' | ')} |
${tasks.map((splits) => row([splits[0].table, splits[0].normal, String(splits[0].rows), String(splits[0].columns), String(splits.length)], meanAreas(splits))).join('\n')}
${tables.map((each) => row([`mean of ${each[0].table}`, '', '', '', ''], meanAreas(each))).join('\n')}
${row(['**mean over tasks**', '', '', '', ''], overall)}
`
}
