// The language of domains: clauses separated by commas, each a chain of comparisons or a name with columns in parentheses.
import { UnnormError } from '../../base/errors.ts'
import { halfLine, line } from './interval.ts'
import type { Interval } from './interval.ts'

/** Parts that are written as a name with columns in parentheses. */
const groupKinds = ['simplex', 'sphere', 'direction', 'binary'] as const
export type GroupKind = (typeof groupKinds)[number]

/** What one clause says of the columns it names, or of all that no other names. */
export type Clause = { readonly word: string; readonly names: readonly string[] | 'others' }
  & ({ readonly kind: 'interval'; readonly interval: Interval } | { readonly kind: GroupKind })

interface Token {
  readonly kind: 'number' | 'name' | 'quoted' | 'comparison' | 'punctuation' | 'end'
  readonly text: string
  readonly at: number
}

const tokenForms: readonly (readonly [Token['kind'], RegExp])[] = [
  ['number', /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/i],
  ['quoted', /^`(?:[^`]|``)+`/],
  ['name', /^[\p{L}_][\p{L}\p{N}_]*/u],
  ['comparison', /^(?:<=|>=|<|>|≤|≥)/],
  ['punctuation', /^[(),]/],
]

/** @throws UnnormError `invalid-domain`, with a mark below the place */
export function parseDomain(text: string): Clause[] {
  const tokens = tokenize(text)
  let at = 0
  const next = (): Token => tokens[at]
  const take = (): Token => tokens[at++]
  const refuse = (token: Token, must: string): never => { throw wrong(text, token.at, `${token.kind === 'end' ? 'it ends' : JSON.stringify(token.text)} where ${must} should be`) }
  const isName = ({ kind }: Token): boolean => kind === 'name' || kind === 'quoted'
  const nameOf = ({ kind, text: own }: Token): string => (kind === 'quoted' ? own.slice(1, -1).replaceAll('``', '`') : own)

  const list = (): string[] => {
    const names: string[] = []
    take()
    for (;;) {
      if (!isName(next())) refuse(next(), 'the name of a column')
      names.push(nameOf(take()))
      const token = take()
      if (token.text === ')') return names
      if (token.text !== ',') refuse(token, '"," or ")"')
    }
  }

  const chain = (): Clause => {
    const start = next()
    const parts: { readonly value: number | string }[] = []
    const signs: Token[] = []
    for (;;) {
      const token = take()
      if (token.kind !== 'number' && !isName(token)) refuse(token, 'a number or the name of a column')
      parts.push({ value: token.kind === 'number' ? Number(token.text) : nameOf(token) })
      if (next().kind !== 'comparison') break
      signs.push(take())
    }
    const names = parts.flatMap(({ value }) => (typeof value === 'string' ? [value] : []))
    if (names.length !== 1) throw wrong(text, start.at, names.length === 0 ? 'a comparison without a column' : `two columns, ${names.join(' and ')}, in one comparison (bounds are numbers)`)
    if (signs.length === 0) refuse(next(), '"<" or ">"')
    const interval = intervalOf(parts.map(({ value }) => value), signs, (token, why) => wrong(text, token.at, why))
    return { kind: 'interval', word: names[0], names, interval }
  }

  const clause = (): Clause => {
    const [token, after] = [next(), tokens[at + 1]]
    if (token.kind !== 'name' || after.kind === 'comparison') return chain()
    if (after.text === '(') {
      const kind = groupKinds.find((one) => one === token.text)
      if (kind === undefined) throw wrong(text, token.at, `unknown ${token.text}(…) (must be simplex, sphere, direction or binary)`)
      take()
      return { kind, word: kind, names: list() }
    }
    take()
    switch (token.text) {
      case 'real': return { kind: 'interval', word: 'real', names: 'others', interval: line }
      case 'positive': return { kind: 'interval', word: 'positive', names: 'others', interval: halfLine }
      case 'unit': return { kind: 'interval', word: 'unit', names: 'others', interval: { ...line, lower: 0, upper: 1 } }
      case 'simplex': case 'sphere': case 'direction': case 'binary': return { kind: token.text, word: token.text, names: 'others' }
      default: throw wrong(text, token.at, `${JSON.stringify(token.text)} says nothing by itself (write ${token.text} > 0, or one of real, positive, unit, simplex, sphere, direction, binary)`)
    }
  }

  const clauses = [clause()]
  while (next().kind !== 'end') {
    const token = take()
    if (token.text !== ',') refuse(token, '","')
    clauses.push(clause())
  }
  return clauses
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  for (;;) {
    at += /^\s*/.exec(text.slice(at))![0].length
    if (at >= text.length) return [...tokens, { kind: 'end', text: '', at }, { kind: 'end', text: '', at }]
    const rest = text.slice(at)
    const found = tokenForms.map(([kind, form]) => ({ kind, match: form.exec(rest)?.[0] })).find(({ match }) => match !== undefined)
    if (found === undefined) throw wrong(text, at, `${JSON.stringify(rest[0])} means nothing here`)
    tokens.push({ kind: found.kind, text: found.match!, at })
    at += found.match!.length
  }
}

/** The interval of a chain such as `0 < x <= 1`, `x > 0` or `1 > x`. */
function intervalOf(values: readonly (number | string)[], signs: readonly Token[], error: (token: Token, why: string) => UnnormError): Interval {
  let { lower, upper, lowerClosed, upperClosed } = line
  signs.forEach((sign, k) => {
    const isClosed = sign.text !== '<' && sign.text !== '>'
    const rises = sign.text.startsWith('<') || sign.text === '≤'
    const [left, right] = [values[k], values[k + 1]]
    const bound = typeof left === 'number' ? left : right
    if (typeof bound !== 'number' || (typeof left === 'number' && typeof right === 'number')) throw error(sign, 'a comparison of two numbers')
    const isLower = (typeof left === 'number') === rises
    if (isLower ? lower !== -Infinity : upper !== Infinity) throw error(sign, `a second ${isLower ? 'lower' : 'upper'} bound`)
    if (isLower) [lower, lowerClosed] = [bound, isClosed]
    else [upper, upperClosed] = [bound, isClosed]
  })
  if (!(lower < upper)) throw error(signs[0], `nothing lies between ${lower} and ${upper}`)
  return { lower, upper, lowerClosed, upperClosed }
}

function wrong(text: string, at: number, why: string): UnnormError {
  const shown = text.replaceAll(/\s/g, ' ')
  return new UnnormError('invalid-domain', `invalid domain: ${why}\n  ${shown}\n  ${' '.repeat(at)}^`, 'usage')
}
