// Quantities computed from parameters, as a user writes them: `ratio = a/b, sd = 1/sqrt(precision[1,1])`.
import { UnnormError } from '../../base/errors.ts'
import { nearest } from '../../base/nearest.ts'
import { pick } from '../expression.ts'
import type { Expression } from '../expression.ts'
import { constantOf, evaluateFormula } from './evaluate.ts'
import type { Fail, Scope } from './evaluate.ts'
import { mistake } from './mistake.ts'
import { parseFormula } from './parse.ts'
import type { Formula, NameTerm } from './syntax.ts'
import { writtenName } from './tokens.ts'

/** A quantity and its formula. */
export interface Derivation {
  readonly name: string
  readonly formula: Formula
}

const HEAD = /^\s*(?:`((?:[^`]|``)+)`|([\p{L}_][\p{L}\p{M}\p{Nd}_₀-₉]*))\s*=(?!=)/u

/**
 * Reads a list of derived quantities.
 * @throws UnnormError `invalid-derived`, `formula` (usage)
 */
export function parseDerivations(text: string): Derivation[] {
  const invalid = (message: string): UnnormError => new UnnormError('invalid-derived', `invalid derive: ${message}`, 'usage')
  const found: Derivation[] = []
  for (const part of splitList(text)) {
    const head = HEAD.exec(part)
    if (!head) throw invalid(`${part.trim() || text} (must be like ratio = a/b, several separated by commas)`)
    const name = head[1]?.replaceAll('``', '`') ?? head[2]
    if (found.some((other) => other.name === name)) throw invalid(`${name} is defined twice`)
    found.push({ name, formula: parseFormula(part.slice(head[0].length).trim(), `formula of ${name}`) })
  }
  return found
}

/** Parts between commas that stand in no brackets and no backquotes. */
function splitList(text: string): string[] {
  const parts = ['']
  let depth = 0
  let isQuoted = false
  for (const character of text) {
    if (character === '`') isQuoted = !isQuoted
    if (!isQuoted && '(['.includes(character)) depth++
    if (!isQuoted && ')]'.includes(character)) depth--
    if (character === ',' && depth === 0 && !isQuoted) parts.push('')
    else parts[parts.length - 1] += character
  }
  return parts
}

/** Numbers that a derived quantity may use: names, as `k` and `precision[1,2]`, and where each stands in a vector. */
export interface Quantities {
  readonly names: readonly string[]
  /** [names.length] */
  readonly values: Expression
}

/**
 * The value of each quantity on the graph. Later ones may use earlier ones.
 * @param columnCount how far `sum(i, …)` runs
 * @returns for each its value and the places of the numbers that it uses
 * @throws UnnormError `unknown-parameter` with the nearest name
 */
export function evaluateDerivations(derivations: readonly Derivation[], quantities: Quantities, columnCount: number): { value: Expression; uses: ReadonlySet<number> }[] {
  const earlier = new Map<string, { value: Expression; uses: ReadonlySet<number> }>()
  return derivations.map(({ name, formula }) => {
    if (quantities.names.includes(name)) throw new UnnormError('invalid-derived', `invalid derive: ${name} is a parameter already (choose another name)`)
    const uses = new Set<number>()
    const value = evaluateFormula(formula, scopeOf(quantities, earlier, uses, columnCount))
    if (value.shape.length > 0) throw mistake(formula, `its value has ${value.shape.join(' × ')} elements, and a derived quantity is one number`)
    if (uses.size === 0) throw mistake(formula, 'it uses no parameter', undefined, { code: 'unknown-parameter', kind: 'work' })
    const found = { value, uses }
    earlier.set(name, found)
    return found
  })
}

function scopeOf({ names, values }: Quantities, earlier: ReadonlyMap<string, { value: Expression; uses: ReadonlySet<number> }>, uses: Set<number>, columnCount: number): Scope {
  const at = (k: number): Expression => {
    uses.add(k)
    return values.at(k)
  }
  /** A vector or matrix by the name that its elements share; of a symmetric matrix elements i ≤ j are listed. */
  const wholeOf = (base: string): Expression | undefined => {
    const positions = placesOf(base, names)
    if (!positions) return undefined
    positions.flat().forEach((k) => uses.add(k))
    const flat = pick(values, positions.flat())
    return names.includes(`${base}[1]`) ? flat : flat.reshape([positions.length, positions[0].length])
  }
  const unknown = (shown: string, term: NameTerm, fail: Fail): UnnormError => {
    const known = [...earlier.keys(), ...names]
    const meant = nearest(shown, known)
    const list = known.length > 8 ? `${known.slice(0, 8).join(', ')}, …` : known.join(', ')
    return fail(`the model has no parameter ${shown}${meant === undefined ? '' : ` (did you mean ${meant}?)`}; it has ${list}`, term, { code: 'unknown-parameter', kind: 'work' })
  }
  return {
    graph: values.node.graph, variables: [], kinks: 'refused', columnCount,
    isTaken: (name) => earlier.has(name) || names.includes(name),
    name: (term, fail) => {
      const before = earlier.get(term.name)
      if (before) {
        before.uses.forEach((k) => uses.add(k))
        return before.value
      }
      const own = names.indexOf(term.name)
      if (own >= 0) return at(own)
      const value = wholeOf(term.name) ?? constantOf(term.name)
      if (value === undefined) throw unknown(writtenName(term.name), term, fail)
      return value
    },
    element: (term, indices, fail) => {
      const shown = `${term.name}[${indices.join(',')}]`
      const place = [shown, `${term.name}[${[...indices].reverse().join(',')}]`].map((name) => names.indexOf(name)).find((k) => k >= 0)
      if (place === undefined) throw unknown(shown, term, fail)
      return at(place)
    },
    whole: ({ name }) => (earlier.has(name) || names.includes(name) ? undefined : wholeOf(name)),
  }
}

/** Where the elements of a vector (rows of one element) or a matrix stand; undefined where there is none of this name. */
function placesOf(base: string, names: readonly string[]): number[][] | undefined {
  const indices = names.flatMap((name) => (name.startsWith(`${base}[`) ? [name.slice(base.length + 1, -1).split(',').map(Number)] : []))
  if (indices.length === 0) return undefined
  const rows = Math.max(...indices.map(([i]) => i))
  const columns = Math.max(...indices.map((at) => at[1] ?? 1))
  const isVector = indices[0].length === 1
  const place = (i: number, j: number): number => {
    const own = names.indexOf(isVector ? `${base}[${i}]` : `${base}[${i},${j}]`)
    return own >= 0 || isVector ? own : names.indexOf(`${base}[${j},${i}]`)
  }
  const places = Array.from({ length: isVector ? rows : Math.max(rows, columns) }, (_, i) => Array.from({ length: columns }, (__, j) => place(i + 1, j + 1)))
  return places.flat().includes(-1) ? undefined : places
}
