// docs/quality.md, written from the stored results alone.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { anomaliesSection } from './anomalies.ts'
import { cases, estimators } from './cases.ts'
import type { Requirement } from './cases.ts'
import { measures, POINTS } from './measures.ts'
import type { Measured, MeasureName } from './measures.ts'

/** One fit of one seed. */
export interface Run {
  readonly density: string
  readonly estimator: string
  readonly seed: number
  /** Null: it does not exist or is not finite. */
  readonly measured: Readonly<Partial<Record<MeasureName, number | null>>>
  readonly stopped: string
  readonly step: number
  readonly date: string
  readonly unnorm: string
  readonly machine: string
  /** Processes that wanted a core, on average over the last quarter of an hour of the fit. */
  readonly load: number
  readonly cores: number
}

const results = fileURLToPath(new URL('../results/', import.meta.url))
export const stored = `${results}quality.json`
export const pictures = fileURLToPath(new URL('../../docs/quality/', import.meta.url))
export const readRuns = (): Run[] => (existsSync(stored) ? JSON.parse(readFileSync(stored, 'utf8')).runs as Run[] : [])

/** The file name of the picture of a density, by an estimator or in truth. */
export const pictureName = (density: string, of: string): string => `${`${density} ${of}`.replace(/[^\w]+/g, '-').toLowerCase()}.png`

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Over seeds; a seed without the number counts as the worst. */
function summarize(runs: readonly Run[], name: MeasureName): number | undefined {
  if (runs.every(({ measured }) => measured[name] === undefined)) return undefined
  const values = runs.map(({ measured }) => measured[name] ?? Infinity)
  return 'summary' in measures[name] ? values.reduce((a, b) => a + b, 0) / values.length : median(values)
}

export const summaryOf = (runs: readonly Run[]): Measured => Object.fromEntries((Object.keys(measures) as MeasureName[]).flatMap((name) => {
  const value = summarize(runs, name)
  return value === undefined ? [] : [[name, value]]
}))

export const isMet = ({ measure, most = Infinity, least = -Infinity }: Requirement, summary: Measured): boolean => {
  const value = summary[measure]
  return value !== undefined && Math.abs(value) <= most && value >= least
}

const show = (name: MeasureName, value: number | undefined): string => (value === undefined ? '' : Number.isFinite(value) ? measures[name].show(value) : '∞')
const table = (rows: readonly (readonly string[])[]): string => [rows[0], rows[0].map(() => '---'), ...rows.slice(1)].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

function boundWords({ measure, most, least }: Requirement): string {
  if (most === least) return `= ${measures[measure].show(most!)}`
  return most === undefined ? `≥ ${measures[measure].show(least!)}` : `≤ ${measures[measure].show(most)}`
}

/** Writes the page anew. */
export function writePage(): void {
  writeFileSync(new URL('../../docs/quality.md', import.meta.url), page(readRuns(), anomaliesSection()))
}

function page(runs: readonly Run[], anomalies: string): string {
  const of = (density: string, estimator: string): Run[] => runs.filter((run) => run.density === density && run.estimator === estimator)
  const pairs = Object.keys(cases).flatMap((density) => Object.keys(estimators).map((estimator) => ({ density, estimator, runs: of(density, estimator) }))).filter(({ runs }) => runs.length > 0)
  const required = pairs.flatMap(({ density, estimator, runs }) => (cases[density].required ?? []).filter(({ by }) => by === estimator).map((requirement) => {
    const summary = summaryOf(runs)
    const values = runs.map(({ measured }) => measured[requirement.measure] ?? Infinity)
    const spread = values.length > 1 ? `${show(requirement.measure, Math.min(...values))} … ${show(requirement.measure, Math.max(...values))}` : ''
    const wasBusy = requirement.measure === 'seconds' && runs.some(({ load, cores }) => load > cores + 0.5)
    return [density, estimator, measures[requirement.measure].heading, boundWords(requirement), show(requirement.measure, summary[requirement.measure]), spread, String(runs.length), isMet(requirement, summary) ? 'yes' : wasBusy ? 'machine was busy' : '**no**']
  }))
  const sections = Object.entries(cases).map(([name, { sentence, rows, density }]) => {
    const own = pairs.filter((pair) => pair.density === name)
    if (own.length === 0) return ''
    const summaries = own.map(({ runs }) => summaryOf(runs))
    const shown = (Object.keys(measures) as MeasureName[]).filter((measure) => summaries.some((summary) => summary[measure] !== undefined))
    return `### ${name[0].toUpperCase()}${name.slice(1)}

${density.dimension} ${density.dimension === 1 ? 'dimension' : 'dimensions'}, ${rows} rows: ${sentence}.

${table([['estimator', 'seeds', ...shown.map((measure) => measures[measure].heading)], ...own.map(({ estimator, runs }, k) => [estimator, String(runs.length), ...shown.map((measure) => show(measure, summaries[k][measure]))])])}
`
  })
  const drawn = Object.keys(cases).map((density) => ({ density, panels: ['truth', ...Object.keys(estimators)].map((of) => pictureName(density, of)) })).filter(({ panels }) => panels.some((file) => existsSync(pictures + file)))
  const columns = ['truth', ...Object.keys(estimators)].filter((_, k) => drawn.some(({ panels }) => existsSync(pictures + panels[k])))
  const places = ['truth', ...Object.keys(estimators)].map((name) => columns.includes(name))
  const loads = [Math.min, Math.max].map((of) => of(...runs.map(({ load }) => load)).toFixed(0)).join(' to ')
  return `# Quality of fits against the truth

Written by \`npm run bench:quality\` from \`bench/results/quality.json\`: ${runs.length} fits (${[...new Set(runs.map(({ unnorm, machine }) => `unnorm ${unnorm}, ${machine}`))].join('; ')}). Every seed has rows, start weights and noise of its own; numbers are medians over seeds. All fits have default options, unless the name of the estimator says otherwise.

Seconds are those of the whole fit on a machine with a load of ${loads} on ${runs[0]?.cores ?? 0} cores; where it was busy with other work, CPU seconds, of all threads together, say what the fit costs.

## Required

${table([['density', 'estimator', 'what', 'required', 'measured', 'over seeds', 'seeds', 'met'], ...required])}

## Pictures

Seed 0; the same colors along a row. In one dimension: the truth as an area, the learned density as a line.

${table([['', ...columns], ...drawn.map(({ density, panels }) => [density, ...panels.filter((_, k) => places[k]).map((file) => (existsSync(pictures + file) ? `![](quality/${file})` : ''))])])}

## All measures

${(Object.values(measures)).map(({ heading, sentence }) => `- *${heading}*: ${sentence}`).join('\n')}

Densities are compared on ${POINTS.likelihood} fresh points, scores on ${POINTS.score}, samples of ${POINTS.sample} as \`unnorm sample\` draws them by default.

${sections.filter((section) => section !== '').join('\n')}
${anomalies}`
}
