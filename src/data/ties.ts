// Rounded and tied values: the exact objective sees a spike (φ′ → −∞) at every repeated value, so flexible models run off there.
import type { Warning } from '../base/errors.ts'
import { spreadRows } from './spread-rows.ts'
import type { Table } from './table.ts'

/** How far the values of one column repeat. */
export interface ColumnTies {
  readonly column: string
  /** Fraction of the looked-at rows whose value another of them has too. */
  readonly tiedFraction: number
  /** The most frequent value and its fraction of the looked-at rows. */
  readonly mostFrequent: { readonly value: number; readonly fraction: number }
  /** All values are whole multiples of this apart, in the data's units; null for none coarser than a millionth of the range. */
  readonly roundingStep: number | null
  /** The step in standard deviations of the column; null as above. */
  readonly relativeStep: number | null
}

const LOOKED_AT_ROWS = 65_536

/** The ties of each column, judged by 65 536 rows evenly spread over a table of more than three times as many, else by all. */
export function columnTies(table: Table): ColumnTies[] {
  return table.columns.map((column, j) => {
    const sorted = sortedColumn(table, j)
    const { distinct, ...repeats } = repeatsOf(sorted)
    const roundingStep = commonStep(distinct)
    return { column, ...repeats, roundingStep, relativeStep: roundingStep === null ? null : roundingStep / deviationOf(sorted) }
  })
}

function sortedColumn({ columns, rows, values }: Pick<Table, 'columns' | 'rows' | 'values'>, j: number): Float64Array {
  const { count, row } = spreadRows(rows, LOOKED_AT_ROWS)
  return Float64Array.from({ length: count }, (_, i) => values[row(i) * columns.length + j]).sort()
}

function repeatsOf(sorted: Float64Array): Pick<ColumnTies, 'tiedFraction' | 'mostFrequent'> & { readonly distinct: readonly number[] } {
  const count = sorted.length
  let tied = 0
  let mostFrequent = { value: sorted[0] ?? Number.NaN, fraction: 0 }
  const distinct: number[] = []
  for (let start = 0; start < count;) {
    let end = start + 1
    while (end < count && sorted[end] === sorted[start]) end++
    if (end - start > 1) tied += end - start
    if ((end - start) / count > mostFrequent.fraction) mostFrequent = { value: sorted[start], fraction: (end - start) / count }
    distinct.push(sorted[start])
    start = end
  }
  return { tiedFraction: count > 0 ? tied / count : 0, mostFrequent, distinct }
}

/**
 * How finely each column is known: where a tenth of its values repeat, the median gap between different values (the rounding
 * step, as a rule); else 0.
 * @param rows row-major [n × columns]
 * @returns [columns], in the data's units
 */
export function columnResolutions(rows: Float64Array, columns: readonly string[]): Float64Array {
  const table = { columns, rows: rows.length / columns.length, values: rows }
  return Float64Array.from(columns, (_, j) => {
    const { tiedFraction, distinct } = repeatsOf(sortedColumn(table, j))
    if (tiedFraction < 0.1 || distinct.length < 2) return 0
    const gaps = Float64Array.from(distinct.slice(1), (value, k) => value - distinct[k]).sort()
    return gaps[gaps.length >> 1]
  })
}

/** The share of rows that are whole copies of an earlier one, of the rows that `columnTies` looks at. */
export function copiedShare({ columns, rows, values }: Pick<Table, 'columns' | 'rows' | 'values'>): number {
  const d = columns.length
  const { count, row } = spreadRows(rows, LOOKED_AT_ROWS)
  const seen = new Set<string>()
  for (let i = 0; i < count; i++) seen.add(values.subarray(row(i) * d, (row(i) + 1) * d).join())
  return count > 0 ? 1 - seen.size / count : 0
}

// The largest step that all differences are whole multiples of, by Euclid's algorithm with a tolerance.
function commonStep(distinct: readonly number[]): number | null {
  if (distinct.length < 2) return null
  const first = distinct[0]
  const range = distinct[distinct.length - 1] - first
  if (!Number.isFinite(range)) return null
  const finest = range * 1e-6
  // Decimal numbers are stored with an error of half a unit in the last place of the larger end.
  const rounding = 4 * Number.EPSILON * Math.max(Math.abs(first), Math.abs(first + range))
  let step = range
  for (const value of distinct) {
    let remainder = (value - first) % step
    if (remainder > step / 2) remainder = step - remainder
    while (remainder > Math.max(step * 1e-4, rounding * 1e3)) {
      const next = step % remainder
      step = remainder
      remainder = Math.min(next, step - next)
      if (step < finest) return null
    }
  }
  // Euclid's remainders gather rounding errors; the multiples of the whole range do not.
  const refined = range / Math.round(range / step)
  const exact = distinct.every((value) => {
    const multiple = (value - first) / refined
    return Math.abs(multiple - Math.round(multiple)) < 1e-3
  })
  return exact ? Number(refined.toPrecision(9)) : null
}

function deviationOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value / values.length, 0)
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2 / values.length, 0))
}

/**
 * The warning that exact score matching of a flexible model diverges on these columns; none where ties are harmless.
 * A column counts when a twentieth of it sits on one repeated value; when a tenth of its values repeat and the rounding is
 * no finer than a hundredth of its standard deviation (a finer one is beyond what a smooth model resolves); or when half of
 * its values repeat and follow no grid.
 */
export function tiesWarnings(ties: readonly ColumnTies[]): Warning[] {
  const affected = ties.filter(isHarmful)
  if (affected.length === 0) return []
  const described = affected.map(({ column, mostFrequent, tiedFraction, roundingStep }) => {
    if (isRounded(tiedFraction, roundingStep)) return `${JSON.stringify(column)} (rounded to ${roundingStep}; ${percent(tiedFraction)} of the values repeat)`
    return `${JSON.stringify(column)} (${percent(mostFrequent.fraction)} of the values are ${mostFrequent.value})`
  })
  return [{
    code: 'tied-values',
    message: `repeated values in ${described.join(', ')}: exact score matching of a flexible model diverges on them, because a spike at each repeated value lowers the objective without bound; use --by denoising, with noise of at least the rounding step`,
  }]
}

function isHarmful({ tiedFraction, mostFrequent, relativeStep }: ColumnTies): boolean {
  const repeats = tiedFraction >= 0.1 && (relativeStep === null ? tiedFraction >= 0.5 : relativeStep >= 0.01)
  return repeats || (tiedFraction > 0 && mostFrequent.fraction >= 0.05)
}

const isRounded = (tiedFraction: number, roundingStep: number | null): boolean => roundingStep !== null && tiedFraction >= 0.1

const percent = (fraction: number): string => `${Math.round(100 * fraction)} %`
