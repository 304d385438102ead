// What `unnorm sample` found, as a record and as lines for a person.
import type { Warning } from '../base/errors.ts'
import { formatCount, formatNumber, formatPercent, formatWithError } from '../report/format.ts'
import type { Diagnostics } from '../sample/diagnostics.ts'
import type { Samples } from '../sample/draw-samples.ts'

/** Numbers that are unknown are null. */
export interface SampleReport {
  readonly out: string
  readonly rows: number
  readonly sampler: string
  readonly mixed: boolean
  readonly chains: number
  /** Of each chain, after the warm-up. */
  readonly steps: number
  readonly acceptance: number
  readonly divergences: number
  readonly leastSwap: number | null
  readonly columns: readonly (Diagnostics & { readonly column: string })[]
  readonly energy: Diagnostics
  readonly warnings: readonly Warning[]
}

export function sampleReport(out: string, sampler: string, names: readonly string[], samples: Samples, warnings: readonly Warning[]): SampleReport {
  const { mixed, chains, steps, acceptance, divergences, leastSwap, columns, energyDiagnostics, energy } = samples
  return {
    out, rows: energy.length, sampler, mixed, chains, steps, acceptance, divergences, leastSwap,
    columns: columns.map((diagnostics, j) => ({ column: names[j], ...diagnostics })), energy: energyDiagnostics, warnings,
  }
}

/** Columns shown to a person; `--json` has them all. */
const MOST_SHOWN = 20

export function sampleText({ out, rows, sampler, chains, steps, acceptance, divergences, leastSwap, columns, energy }: SampleReport): string {
  const cells = [
    ['', 'mean', 'sd', 'split R̂', 'bulk ESS', 'tail ESS'],
    ...[...columns.slice(0, MOST_SHOWN), { column: '(energy)', ...energy }].map(({ column, mean, error, deviation, rHat, bulk, tail }) => [
      column, formatWithError(mean, error), formatNumber(deviation), rHat?.toFixed(3) ?? '–', count(bulk), count(tail),
    ]),
  ]
  const widths = cells[0].map((_, j) => Math.max(...cells.map((row) => [...row[j]].length)))
  const table = cells.map((row) => row.map((cell, j) => (j === 0 ? cell + ' '.repeat(widths[j] - [...cell].length) : ' '.repeat(widths[j] - [...cell].length) + cell)).join('  ').trimEnd())
  const chainWords = `${formatCount(chains)} chains of ${formatCount(steps)} steps, acceptance ${formatPercent(acceptance)}, ${divergences === 0 ? 'no' : formatCount(divergences)} divergences${leastSwap === null ? '' : `, exchanges at least ${formatPercent(leastSwap)}`}`
  return [
    ...table,
    ...(columns.length > MOST_SHOWN ? [`and ${columns.length - MOST_SHOWN} more columns (see --json)`] : []),
    '',
    `${formatCount(rows)} ${rows === 1 ? 'row' : 'rows'} written to ${out}: ${sampler === 'enumeration' ? 'independent draws from all possible rows, each with its exact probability' : `${sampler}, ${chainWords}`}`,
  ].join('\n')
}

const count = (size: number | null): string => (size === null ? '–' : formatCount(Math.round(size)))
