// A model from a text: `-k*(height-mu)^2/2 - a*(height-mu)^4`. Column names are variables, every other free name a parameter.
import { UnnormError } from '../../base/errors.ts'
import { nearest } from '../../base/nearest.ts'
import { createRandom } from '../../base/random.ts'
import { Graph, topological } from '../../graph/node.ts'
import type { Shape } from '../../graph/node.ts'
import { subtract } from '../../graph/ops/arithmetic.ts'
import { input } from '../../graph/ops/leaf.ts'
import { domain as domainOf, real } from '../domain.ts'
import { parseDomain } from '../domain/parse.ts'
import { Expression } from '../expression.ts'
import { idleColumns } from '../idle-columns.ts'
import { defineModel } from '../model.ts'
import type { Model } from '../model.ts'
import { elementNames, positive, positiveVector, scalar, symmetric, vector } from '../parameters.ts'
import type { Parameter } from '../parameters.ts'
import { evaluateFormula } from './evaluate.ts'
import { mistake } from './mistake.ts'
import { parseParameterList, refuseUnknown, statementFor } from './parameter-list.ts'
import type { ParameterStatement } from './parameter-list.ts'
import { parseFormula } from './parse.ts'
import { ROW, symbolsOf } from './symbols.ts'
import type { FoundParameter, Symbols } from './symbols.ts'
import { namesIn } from './syntax.ts'
import type { Formula, NameTerm } from './syntax.ts'
import { formulaTex } from './tex.ts'
import { writtenName } from './tokens.ts'

/** What a formula is read with. */
export interface FormulaOptions {
  /** The columns that are fitted, in their order; each must occur in the formula, unless a domain is told. */
  readonly columns: readonly string[]
  /** Constraints and starting values: `k > 0, mu = 170`. */
  readonly parameters?: string
  /** Where the columns lie, as `--domain` has it: `x > 0`, `direction(angle)`. Angles stand for the coordinates x, y (and z) of unit vectors. */
  readonly domain?: string
}

/** Mistakes that show only beside the data. */
const ofData = { code: 'formula-columns', kind: 'work' } as const

/**
 * The columns that a formula is about, in the order of the data; undefined where it takes all, as the vector x.
 * @param available names of all columns of the data
 * @param domain the columns that it names are fitted too
 * @throws UnnormError `formula` where it does not parse, `formula-columns` where it names no column
 */
export function formulaColumns(text: string, available: readonly string[], domain?: string): string[] | undefined {
  const formula = parseFormula(text)
  const names = namesIn(formula.term)
  const clauses = domain === undefined ? [] : parseDomain(domain)
  const columns = available.filter((column) => names.some(({ name }) => name === column) || clauses.some((clause) => clause.names.includes(column)))
  const isTaken = (name: string): boolean => columns.includes(name)
  // Angles bring coordinates of their own, x among them.
  if (columns.length > 0 && clauses.some(({ kind }) => kind === 'direction')) return columns
  if (!isTaken(ROW) && names.some(({ name }) => name === ROW)) return undefined
  refuseHalfNamed(formula, available, isTaken)
  if (columns.length === 0) throw nothingNamed(formula, names, available)
  return columns
}

/**
 * A model of a formula.
 * @param text the unnormalized log-density of one row
 * @throws UnnormError `formula`, `kink` for the text itself, `invalid-parameters`, `formula-columns`, `constant-formula`
 */
export function formulaModel(text: string, { columns: ofData, parameters = '', domain }: FormulaOptions): Model {
  const formula = parseFormula(text)
  const columns = domain === undefined ? ofData : domainOf(domain).over(ofData).coordinates
  const statements = parameters.trim() === '' ? [] : parseParameterList(parameters)
  const { found, wholes, centers } = examine(formula, columns, statements, domain === undefined)
  const record = Object.fromEntries(found.map((parameter) => [parameter.name, parameterOf(parameter, statements)]))
  const known = new Set(found.flatMap(({ name, base }) => [name, base, ...elementNames(name, record[name])]))
  refuseUnknown(statements, known, columns)
  const withParameters = (own: Readonly<Record<string, Parameter>>, forRows: Model['forRows']): Model => defineModel<string>({
    name: 'formula',
    formula: text.trim(),
    tex: formulaTex(formula.term, { columns }),
    domain: domain === undefined ? real(columns.length) : domainOf(domain),
    parameters: own,
    ...(forRows ? { forRows } : {}),
    logDensity: (values, x) => asScalar(evaluateFormula(formula, symbolsOf({ graph: x.node.graph, columns, x, wholes, parameterValue: (name) => values[name] }))),
  })
  const free = [...centers].filter(([name]) => record[name].constraint === 'none' && statementFor(statements, name, name.replace(/\[.*/, '')).start === undefined)
  if (free.length === 0) return withParameters(record, undefined)
  return withParameters(record, ({ moments }) => {
    const { mean } = moments()
    return withParameters({ ...record, ...Object.fromEntries(free.map(([name, column]) => [name, scalar({ initial: mean[column] })])) }, undefined)
  })
}

const asScalar = (value: Expression): Expression => (value.shape.length === 1 && value.shape[0] === 1 ? value.at(0) : value)

interface Examined {
  readonly found: FoundParameter[]
  readonly wholes: ReadonlyMap<string, Shape>
  /** Parameters that stand where the mean of a column would, and the column. */
  readonly centers: ReadonlyMap<string, number>
}

/**
 * Evaluates a formula once, on a graph of its own, to learn its parameters and whether it is a log-density at all.
 * @param needsAll whether every column must change it: on all of real space one that does not has no density
 */
function examine(formula: Formula, columns: readonly string[], statements: readonly ParameterStatement[], needsAll: boolean): Examined {
  const { names, symbols, value, wholes } = evaluated(formula, columns)
  const isDeclared = (name: string): boolean => statements.some((statement) => statement.name === name)
  const found = [...symbols.found.values()]
  refuseHalfNamed(formula, columns, (name) => columns.includes(name) || isDeclared(name))
  if (symbols.columnsUsed.size === 0 && !symbols.usesRow()) throw nothingNamed(formula, names, columns)
  for (const { base, term } of found) {
    const meant = nearest(base, columns)
    const isUnused = meant !== undefined && !symbols.columnsUsed.has(meant) && !symbols.usesRow()
    if (isUnused && base.length > 3 && !isDeclared(base)) {
      throw mistake(formula, `${base} is no column: did you mean ${writtenName(meant)}? (if it is a parameter, say so: --parameters "${writtenName(base)}")`, term.span, ofData)
    }
    const other = found.find((parameter) => parameter.base === base && parameter.indices.length !== found.find((first) => first.base === base)!.indices.length)
    if (other) throw mistake(formula, `${base} has different numbers of indices in different places`, other.term.span)
  }
  if (value.shape.length > 0 && !(value.shape.length === 1 && value.shape[0] === 1)) {
    throw mistake(formula, `its value has ${value.shape.join(' × ')} elements, and a log-density is one number: take the sum over them with sum(…)`)
  }
  const [x] = symbols.variables
  const idle = idleColumns(asScalar(value).node, x)
  if (idle.length === columns.length) throw mistake(formula, 'it is constant: no column changes it', undefined, { code: 'constant-formula', kind: 'work' })
  if (needsAll && idle.length > 0) throw mistake(formula, `it does not depend on column ${JSON.stringify(columns[idle[0]])}, so that no density of it follows (leave the column out)`, undefined, { code: 'constant-formula', kind: 'work' })
  return { found: inOrder(found), wholes, centers: centersIn(value, symbols, columns) }
}

/** Parameters that are subtracted from a column: a search for them starts at its mean. */
function centersIn(value: Expression, { values, variables }: Symbols, columns: readonly string[]): Map<string, number> {
  const columnOf = new Map(columns.map((_, j) => [new Expression(variables[0]).at(j).node, j]))
  const parameterAt = new Map([...values].map(([name, { node }]) => [node, name]))
  const centers = new Map<string, number>()
  for (const { op, inputs: [left, right] } of topological([value.node])) {
    if (op !== subtract.op) continue
    for (const [a, b] of [[left, right], [right, left]]) {
      const column = columnOf.get(a)
      const name = parameterAt.get(b)
      if (column !== undefined && name !== undefined && !centers.has(name)) centers.set(name, column)
    }
  }
  return centers
}

function evaluated(formula: Formula, columns: readonly string[]): { names: NameTerm[]; symbols: Symbols; value: Expression; wholes: ReadonlyMap<string, Shape> } {
  let wholes = new Map<string, Shape>()
  for (;;) {
    const graph = new Graph()
    const symbols = symbolsOf({ graph, columns, x: new Expression(input(graph, 'x', [columns.length])), wholes })
    const value = evaluateFormula(formula, symbols)
    const now = new Map([...symbols.found].flatMap(([name, { shape }]) => (shape.length > 0 ? [[name, shape] as const] : [])))
    // What turned out to be a vector in one place is one everywhere.
    if (now.size === wholes.size) return { names: namesIn(formula.term), symbols, value, wholes }
    wholes = now
  }
}

/** Parameters in the order of the text, elements of one in the order of their indices. */
function inOrder(found: readonly FoundParameter[]): FoundParameter[] {
  const bases = [...new Set(found.map(({ base }) => base))]
  const compare = (a: FoundParameter, b: FoundParameter): number => (a.indices[0] ?? 0) - (b.indices[0] ?? 0) || (a.indices[1] ?? 0) - (b.indices[1] ?? 0)
  return bases.flatMap((base) => found.filter((parameter) => parameter.base === base).sort(compare))
}

function parameterOf({ name, base, shape }: FoundParameter, statements: readonly ParameterStatement[]): Parameter {
  if (shape.length === 0) {
    const { isPositive, start } = statementFor(statements, name, base)
    const options = start === undefined ? {} : { initial: start }
    return isPositive ? positive(options) : scalar(options)
  }
  const plain = shape.length === 1 ? vector(shape[0]) : symmetric(shape[0])
  const elements = elementNames(name, plain).map((element) => statementFor(statements, element, name))
  const bounded = elements.filter(({ isPositive }) => isPositive).length
  if (bounded > 0 && (shape.length > 1 || bounded < elements.length)) {
    throw new UnnormError('invalid-parameters', `invalid parameters: ${elements.find(({ isPositive }) => isPositive)!.name} > 0: of ${shape.length > 1 ? 'a matrix no element' : 'a vector all elements or none'} can be constrained (write the sum with indices: sum(i, ${base}[i]*x[i]))`, 'usage')
  }
  const standard = bounded > 0 ? positiveVector(shape[0]) : plain
  if (elements.every(({ start }) => start === undefined)) return standard
  const usual = standard.initial(createRandom(0))
  const initial = elements.map(({ start }, k) => start ?? usual[k])
  return bounded > 0 ? positiveVector(shape[0], { initial }) : shape.length === 1 ? vector(shape[0], { initial }) : symmetric(shape[0], { initial })
}

function nothingNamed(formula: Formula, names: readonly NameTerm[], columns: readonly string[]): UnnormError {
  const slips = names.flatMap((term) => {
    const meant = nearest(term.name, columns)
    return meant === undefined ? [] : [{ term, meant }]
  })
  // The longer the name, the less likely is a chance resemblance.
  const slip = slips.sort((a, b) => b.term.name.length - a.term.name.length).at(0)
  const hint = slip ? ` (did you mean ${writtenName(slip.meant)} for ${slip.term.name}?)` : ''
  return mistake(formula, `it names no column of the data${hint}; the columns are ${columns.map(writtenName).join(', ')}`, slip?.term.span, ofData)
}

/** A column whose name is no identifier, written without backquotes so that it reads as a calculation: `body-mass`. */
function refuseHalfNamed(formula: Formula, columns: readonly string[], isKnown: (name: string) => boolean): void {
  const { text } = formula
  const names = namesIn(formula.term)
  for (const column of columns.filter((name) => writtenName(name) !== name)) {
    for (let start = text.indexOf(column); start >= 0; start = text.indexOf(column, start + 1)) {
      const end = start + column.length
      const inside = names.filter(({ span }) => span.start >= start && span.end <= end)
      const isWhole = inside.length > 0 && inside[0].span.start === start && inside.some(({ span }) => !isKnown(text.slice(span.start, span.end)))
      if (isWhole && !names.some(({ span }) => span.start < end && span.end > end)) throw mistake(formula, `${column} is a column whose name stands in backquotes: ${writtenName(column)}`, { start, end }, ofData)
    }
  }
}
