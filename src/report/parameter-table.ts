// The parameters of a fit as a table of text: natural, reported and derived ones, aligned on their decimal points, cut to the room there is.
import type { FitJson, ParameterEstimate } from './fit-json.ts'
import { formatError, formatEstimate, formatSetting, plainText, shorten } from './format.ts'

/** Parameters of one kind. */
export interface ParameterGroup {
  readonly kind: 'natural' | 'reported' | 'derived'
  readonly parameters: readonly ParameterEstimate[]
}

/** The room a table may take. */
export interface TableRoom {
  /** Characters a line. */
  readonly width: number
  /** Lines, head and notes included. */
  readonly lines: number
  /** Makes text stand out. */
  readonly bold: (text: string) => string
}

/** What a fit has of each kind: the natural parameters stand first in `fit.json`, and there are `parameterCount` of them. */
export function parameterGroups({ parameters = [], derived, model }: FitJson): readonly ParameterGroup[] {
  const groups: ParameterGroup[] = [
    { kind: 'natural', parameters: parameters.slice(0, model.parameterCount) },
    { kind: 'reported', parameters: parameters.slice(model.parameterCount) },
    { kind: 'derived', parameters: derived },
  ]
  return groups.filter((group) => group.parameters.length > 0)
}

/** An estimate in its standard errors; null where it has none. */
export function zValue({ estimate, standardError }: ParameterEstimate): number | null {
  return estimate === null || standardError === null || !(standardError > 0) ? null : estimate / standardError
}

/** Why a parameter has no interval, in a word or two; null where it has one. */
export function heldWords({ fixed, atBound, estimate, interval }: ParameterEstimate): string | null {
  if (fixed) return 'fixed'
  if (atBound) return 'at its bound'
  if (estimate === null) return 'not estimated'
  return interval === null ? 'no error' : null
}

/** A number of standard errors: two decimals as far as anyone looks at them. */
export function formatZ(z: number): string {
  if (Math.abs(z) >= 1e5) return z.toExponential(1).replace('e+', 'e')
  return z.toFixed(Math.abs(z) < 100 ? 2 : 0)
}

/** The lines of the table; none where a fit has no parameters. */
export function parameterTable(fit: FitJson, room: TableRoom): string[] {
  const groups = parameterGroups(fit)
  const total = groups.reduce((sum, { parameters }) => sum + parameters.length, 0)
  if (total === 0) return []
  const shown = chooseShown(groups, room.lines - 1)
  const rows = shown.flatMap(({ parameters }) => parameters)
  const { head, lines } = layOut(rows, fit.level, room.width)
  let next = 0
  const body = shown.flatMap(({ kind, parameters }, index) => [
    ...(index === 0 && kind === 'natural' ? [] : [room.bold(kind)]),
    ...parameters.map(() => lines[next++]),
  ])
  const cut = total - rows.length
  const rest = cut === 0 ? [] : [`… and ${cut} more of ${total}, in ${fit.out === null ? 'the fit\'s parameters' : `${plainText(fit.out)}/fit.json`}`]
  return [room.bold(head), ...body, ...rest]
}

/** Never fewer rows than this, however small the screen. */
const fewestRows = 4

/**
 * What is shown in so many lines, titles of groups and the line on what was cut included. What was asked for and what means most
 * comes first where there is no room for all: derived quantities up to half of the rows, reported ones up to half of the others.
 */
function chooseShown(groups: readonly ParameterGroup[], lines: number): readonly ParameterGroup[] {
  const titles = groups.filter(({ kind }, index) => index > 0 || kind !== 'natural').length
  const counts = groups.map(({ parameters }) => parameters.length)
  if (counts.reduce((a, b) => a + b, 0) + titles <= lines) return groups
  let left = Math.max(lines - titles - 1, fewestRows)
  const shown = [...groups].reverse().map((group, place) => {
    // The natural parameters come last and take what is left.
    const most = place === groups.length - 1 ? left : Math.ceil(left / 2)
    const parameters = group.parameters.slice(0, most)
    left -= parameters.length
    return { ...group, parameters }
  })
  return shown.reverse().filter(({ parameters }) => parameters.length > 0)
}

interface Cells {
  readonly title: string
  readonly cells: readonly string[]
}

/** The columns that fit: z goes first where numbers are long, then decimal places give way to powers of ten. */
function layOut(rows: readonly ParameterEstimate[], level: number, width: number): { readonly head: string; readonly lines: readonly string[] } {
  const names = rows.map(({ name }) => plainText(name))
  const longest = Math.max('parameter'.length, ...names.map((name) => [...name].length))
  const least = Math.min(longest, 16)
  const ways = [numberColumns(rows, level, asEstimate, true), numberColumns(rows, level, asEstimate, false), numberColumns(rows, level, asPower, false)]
  const taken = (columns: readonly Cells[]): number => columns.reduce((sum, { cells }) => sum + cells[0].length + gap.length, 0)
  const columns = ways.find((way) => taken(way) + least <= width) ?? ways[ways.length - 1]
  const nameWidth = Math.max(8, Math.min(longest, width - taken(columns)))
  const line = (name: string, row: number): string => {
    const cut = shorten(name, nameWidth)
    return (cut + ' '.repeat(nameWidth - [...cut].length) + columns.map(({ cells }) => gap + cells[row]).join('')).trimEnd()
  }
  return { head: line('parameter', 0), lines: names.map((name, row) => line(name, row + 1)) }
}

const gap = '   '

type Format = (value: number, error: number | null) => string
const asEstimate: Format = formatEstimate
const asPower: Format = (value, error) => {
  const exponent = (size: number): number => Math.floor(Math.log10(Math.abs(size)))
  const digits = error !== null && error > 0 ? exponent(value) - exponent(error) + 1 : 3
  return value === 0 ? '0' : value.toExponential(Math.min(Math.max(digits, 1), 6)).replace('e+', 'e')
}
/** Of a value that someone chose. */
const asGiven = (value: number): string => String(Number(value.toPrecision(6)))

/** The numbers of all rows in columns, the title above them. */
function numberColumns(rows: readonly ParameterEstimate[], level: number, format: Format, withZ: boolean): readonly Cells[] {
  const estimates = alignDecimals(rows.map(({ estimate, standardError, fixed }) => (estimate === null ? '–' : fixed ? asGiven(estimate) : format(estimate, standardError))))
  const errors = alignDecimals(rows.map(({ standardError }) => (standardError === null ? '–' : formatError(standardError))))
  const zs = alignDecimals(rows.map((row) => { const z = zValue(row); return z === null ? '' : formatZ(z) }))
  const [lows, highs] = ([0, 1] as const).map((end) => alignDecimals(rows.map(({ interval, standardError }) => (interval === null ? '' : format(interval[end], standardError)))))
  const intervals = rows.map((row, k) => heldWords(row) ?? `${lows[k]}  ${highs[k]}`)
  return [
    column('estimate', estimates), column('std. error', errors), ...(withZ ? [column('z', zs)] : []),
    column(`${formatSetting(level * 100)} % interval`, intervals),
  ]
}

function column(title: string, cells: readonly string[]): Cells {
  const width = Math.max(...[title, ...cells].map((cell) => cell.length))
  return { title, cells: [title, ...cells].map((cell) => cell.padStart(width)) }
}

/** Pads numbers so that their decimal points stand under each other. */
export function alignDecimals(cells: readonly string[]): string[] {
  const fractions = cells.map((cell) => (cell.includes('.') ? cell.length - cell.indexOf('.') : cell.includes('e') ? cell.length - cell.indexOf('e') : 0))
  const longest = Math.max(0, ...fractions)
  const padded = cells.map((cell, index) => cell + ' '.repeat(longest - fractions[index]))
  const width = Math.max(0, ...padded.map((cell) => cell.length))
  return padded.map((cell) => cell.padStart(width))
}
