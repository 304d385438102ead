// The parameters of a formula as a user describes them: `k > 0, mu = 170`.
import { UnnormError } from '../../base/errors.ts'
import { didYouMean } from '../../base/nearest.ts'

/** What is said of one parameter, or of all elements of one. */
export interface ParameterStatement {
  /** `k`, `eta`, `eta[2]`, `K[1,2]` */
  readonly name: string
  readonly isPositive: boolean
  /** Where a search starts. */
  readonly start: number | undefined
}

const NAME = /(?:`((?:[^`]|``)+)`|([\p{L}_][\p{L}\p{M}\p{Nd}_₀-₉]*))\s*(\[[\d\s,]+\])?/u.source
const NUMBER = /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/u.source
const ITEM = new RegExp(`^\\s*${NAME}\\s*(>\\s*0(?![\\d.]))?\\s*(?:=\\s*(${NUMBER}))?\\s*(,|$)`, 'u')

const invalid = (message: string): UnnormError => new UnnormError('invalid-parameters', `invalid parameters: ${message}`, 'usage')

/**
 * Reads a list of parameters.
 * @throws UnnormError `invalid-parameters` (usage), also for a start value outside its constraint
 */
export function parseParameterList(text: string): ParameterStatement[] {
  const found = new Map<string, ParameterStatement>()
  let rest = text
  while (rest.trim() !== '') {
    const item = ITEM.exec(rest)
    if (!item) throw invalid(`${rest.split(',')[0].trim()} (must be like k > 0, or mu = 170, or k > 0 = 2; > 0 is the only constraint)`)
    const name = (item[1]?.replaceAll('``', '`') ?? item[2]) + (item[3]?.replaceAll(/\s/g, '') ?? '')
    const before = found.get(name)
    if (before?.start !== undefined && item[5] !== undefined) throw invalid(`${name} has two start values`)
    const start = item[5] === undefined ? before?.start : Number(item[5])
    const isPositive = item[4] !== undefined || before?.isPositive === true
    if (isPositive && start !== undefined && !(start > 0)) throw invalid(`the start value ${start} of ${name} lies outside its constraint (must be > 0)`)
    found.set(name, { name, isPositive, start })
    rest = rest.slice(item[0].length)
  }
  if (found.size === 0) throw invalid('it is empty (must be like k > 0, mu = 170)')
  return [...found.values()]
}

/**
 * What holds of one element of a parameter: what is said of itself, and for the rest of the parameter as a whole.
 * @param base `eta` of the element `eta[2]`
 */
export function statementFor(statements: readonly ParameterStatement[], name: string, base: string): ParameterStatement {
  const own = statements.find((statement) => statement.name === name)
  const whole = statements.find((statement) => statement.name === base)
  const merged = { name, isPositive: (own?.isPositive ?? false) || (whole?.isPositive ?? false), start: own?.start ?? whole?.start }
  if (merged.isPositive && merged.start !== undefined && !(merged.start > 0)) throw invalid(`the start value ${merged.start} of ${name} lies outside its constraint (must be > 0)`)
  return merged
}

/** @throws UnnormError `invalid-parameters` for what is said of names that the formula does not have */
export function refuseUnknown(statements: readonly ParameterStatement[], known: ReadonlySet<string>, columns: readonly string[]): void {
  const stranger = statements.find(({ name }) => !known.has(name))
  if (stranger === undefined) return
  const { name } = stranger
  throw invalid(columns.includes(name)
    ? `${name} is a column, not a parameter`
    : `the formula has no parameter ${name}${didYouMean(name, known)} (it has ${[...known].join(', ') || 'none'})`)
}
