// What the names of a formula stand for among columns and parameters: columns hide constants, `x` is the vector of all columns
// unless a column is called so, every other free name is a parameter.
import type { Graph, Shape } from '../../graph/node.ts'
import { sameShape } from '../../graph/node.ts'
import { input } from '../../graph/ops/leaf.ts'
import { Expression } from '../expression.ts'
import { constantOf } from './evaluate.ts'
import type { Scope } from './evaluate.ts'
import type { NameTerm } from './syntax.ts'

/** The vector of all columns. */
export const ROW = 'x'

/** A parameter as the formula uses it. */
export interface FoundParameter {
  /** `k`, `eta`, `eta[2]` */
  readonly name: string
  /** `eta` of `eta[2]`. */
  readonly base: string
  readonly indices: readonly number[]
  /** [] for a number, [n] for a vector, [n, n] for a symmetric matrix. */
  readonly shape: Shape
  /** Where it stands first. */
  readonly term: NameTerm
}

/** Where names get their values from. */
export interface Symbols extends Scope {
  /** The parameters met so far, in their order. */
  readonly found: ReadonlyMap<string, FoundParameter>
  /** Values of the parameters met so far, by name. */
  readonly values: ReadonlyMap<string, Expression>
  /** Columns that were asked for by name. */
  readonly columnsUsed: ReadonlySet<string>
  /** Whether `x` was used. */
  readonly usesRow: () => boolean
}

/** What is known before a formula is evaluated. */
export interface Known {
  readonly graph: Graph
  readonly columns: readonly string[]
  /** One point, [d]. */
  readonly x: Expression
  /** Vectors and matrices among the parameters, if they are known. */
  readonly wholes: ReadonlyMap<string, Shape>
  /** The value of a parameter; left out, an input of the graph is made for it. */
  readonly parameterValue?: (name: string) => Expression
}

export function symbolsOf({ graph, columns, x, wholes, parameterValue }: Known): Symbols {
  const found = new Map<string, FoundParameter>()
  const columnsUsed = new Set<string>()
  const values = new Map<string, Expression>()
  let usesRow = false
  const isRow = (name: string): boolean => name === ROW && !columns.includes(ROW)

  const parameter = (about: FoundParameter): Expression => {
    const { name, shape } = about
    const value = values.get(name) ?? parameterValue?.(name) ?? new Expression(input(graph, `parameter ${name}`, shape))
    values.set(name, value)
    if (!found.has(name)) found.set(name, about)
    return value
  }
  const wholeOf = (term: NameTerm, shape: Shape): Expression => parameter({ name: term.name, base: term.name, indices: [], shape, term })

  return {
    graph, variables: [x.node], kinks: 'refused', columnCount: columns.length, found, values, columnsUsed, usesRow: () => usesRow,
    isTaken: (name) => columns.includes(name) || isRow(name) || constantOf(name) !== undefined,
    name: (term) => {
      const column = columns.indexOf(term.name)
      if (column >= 0) {
        columnsUsed.add(term.name)
        return x.at(column)
      }
      if (isRow(term.name)) {
        usesRow = true
        return x
      }
      return constantOf(term.name) ?? wholeOf(term, wholes.get(term.name) ?? [])
    },
    element: (term, indices, fail) => {
      const shown = `${term.name}[${indices.join(', ')}]`
      if (indices.some((index) => index < 1)) throw fail(`${shown}: indices count from 1`, term)
      if (indices.length > 2) throw fail(`${shown}: a parameter has one index or two`, term)
      if (isRow(term.name)) {
        if (indices.length !== 1 || indices[0] > columns.length) throw fail(`${shown}: ${ROW} has ${columns.length} ${columns.length === 1 ? 'element' : 'elements'}, one for each column`, term)
        usesRow = true
        return x.at(indices[0] - 1)
      }
      if (columns.includes(term.name) || constantOf(term.name) !== undefined) throw fail(`${term.name} is a ${columns.includes(term.name) ? 'column' : 'constant'}: it has no elements`, term)
      const shape = wholes.get(term.name)
      if (shape) return elementOf(wholeOf(term, shape), shape, indices, () => fail(`${shown}: ${term.name} has shape ${shape.join(' × ')}`, term))
      const name = `${term.name}[${indices.join(',')}]`
      return parameter({ name, base: term.name, indices, shape: [], term })
    },
    whole: (term, shape, fail) => {
      if (columns.includes(term.name) || isRow(term.name) || constantOf(term.name) !== undefined) return undefined
      const before = found.get(term.name)
      if (before && before.shape.length > 0 && !sameShape(before.shape, shape)) {
        throw fail(`${term.name} has ${shape.join(' × ')} elements here and ${before.shape.join(' × ')} elsewhere`, term)
      }
      // Met as a number before: it is evaluated again once its shape is known.
      if (before?.shape.length === 0) {
        found.delete(term.name)
        values.delete(term.name)
      }
      return wholeOf(term, shape)
    },
  }
}

function elementOf(value: Expression, shape: Shape, indices: readonly number[], fail: () => Error): Expression {
  if (indices.length !== shape.length || indices.some((index, axis) => index > shape[axis])) throw fail()
  return value.at(...indices.map((index) => index - 1))
}
