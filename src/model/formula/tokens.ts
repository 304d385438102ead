// What stands before the parser: names become placeholders, so that the parser sees no name it would read otherwise
// (`Sepal.Length`, `mod`, `in`, `i`), and every place in the tree is a place in the text.
import { mistake } from './mistake.ts'
import type { Span } from './syntax.ts'

/** A name in the text. */
interface NameToken extends Span {
  readonly name: string
  readonly isQuoted: boolean
}

/** A text made ready for the parser. */
export interface Masked {
  /** With `$0`, `$1` … in place of names. */
  readonly text: string
  readonly names: readonly NameToken[]
  /** For each character of the masked text, and for its end, where it comes from. */
  readonly origins: readonly number[]
}

const NAME = /[\p{L}_][\p{L}\p{M}\p{Nd}_₀-₉]*/uy
const QUOTED = /`((?:[^`]|``)*)`/y
const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y
const BLANK = /\s+/y
/** What people paste, and what the parser knows. */
const OPERATORS: Readonly<Record<string, string>> = {
  '+': '+', '-': '-', '*': '*', '/': '/', '^': '^', '(': '(', ')': ')', '[': '[', ']': ']', ',': ',',
  '−': '-', '–': '-', '·': '*', '⋅': '*', '×': '*', '²': '^2', '³': '^3', '⁴': '^4',
}

/** A name as it has to be written in a formula. */
export function writtenName(name: string): string {
  NAME.lastIndex = 0
  return NAME.exec(name)?.[0] === name ? name : `\`${name.replaceAll('`', '``')}\``
}

/**
 * Puts placeholders in place of names.
 * @throws UnnormError `formula` for what has no place in a formula, such as two names side by side
 */
export function mask(text: string, what: string): Masked {
  const source = { text, what }
  const names: NameToken[] = []
  const origins: number[] = []
  let masked = ''
  const emit = (part: string, at: number): void => {
    masked += part
    for (let k = 0; k < part.length; k++) origins.push(at)
  }
  const match = (pattern: RegExp, at: number): RegExpExecArray | null => {
    pattern.lastIndex = at
    return pattern.exec(text)
  }
  for (let at = 0; at < text.length;) {
    const blank = match(BLANK, at)
    const name = match(QUOTED, at) ?? match(NAME, at)
    const number = match(NUMBER, at)
    const operator = Object.hasOwn(OPERATORS, text[at]) ? OPERATORS[text[at]] : undefined
    if (blank) emit(' ', at)
    else if (name) {
      const token: NameToken = { name: name[1]?.replaceAll('``', '`') ?? name[0], isQuoted: name[1] !== undefined, start: at, end: at + name[0].length }
      refuseNeighbour(source, names.at(-1), token)
      emit(`$${names.length}`, at)
      names.push(token)
    } else if (number) {
      refuseNumberAfter(source, names.at(-1), { start: at, end: at + number[0].length })
      emit(String(Number(number[0])), at)
    } else if (operator !== undefined) emit(operator, at)
    else throw refusedCharacter(source, names.at(-1), at)
    at += (blank ?? name ?? number)?.[0].length ?? 1
  }
  origins.push(text.length)
  return { text: masked, names, origins }
}

type Source = { readonly text: string; readonly what: string }

const isBetween = ({ text }: Source, before: Span | undefined, after: Span): before is Span => before !== undefined && text.slice(before.end, after.start).trim() === ''

/** Two names side by side are no product: they are as likely a column whose name has a blank. */
function refuseNeighbour(source: Source, before: NameToken | undefined, token: NameToken): void {
  if (!isBetween(source, before, token)) return
  const both = source.text.slice(before.start, token.end)
  const remedy = before.isQuoted || token.isQuoted ? 'put * between factors' : `write ${before.name}*${token.name} for a product, \`${both}\` for one column`
  throw mistake(source, `${both}: two names side by side are no product (${remedy})`, { start: before.start, end: token.end })
}

function refuseNumberAfter(source: Source, before: NameToken | undefined, number: Span): void {
  if (!isBetween(source, before, number)) return
  const both = source.text.slice(before.start, number.end)
  throw mistake(source, `${both}: a number after a name is no product (write ${source.text.slice(before.start, before.end)}*${source.text.slice(number.start, number.end)}${before.isQuoted ? '' : `, or \`${both}\` for one column`})`, { start: before.start, end: number.end })
}

const WHOLE = /[\p{L}_][\p{L}\p{M}\p{N}_.]*/uy

function refusedCharacter(source: Source, before: NameToken | undefined, at: number) {
  const { text } = source
  if (text[at] === '`') return mistake(source, 'a backquote is not closed', { start: at, end: text.length })
  if (text[at] === '.' && before?.end === at) {
    WHOLE.lastIndex = before.start
    const [whole] = WHOLE.exec(text)!
    return mistake(source, `${whole}: a name with a dot stands in backquotes (\`${whole}\`)`, { start: before.start, end: before.start + whole.length })
  }
  const why = '=<>'.includes(text[at]) ? 'a formula is one expression, without equations and conditions' : 'it takes numbers, names, + - * / ^ ( ) [ ] and commas; other names stand in backquotes'
  const character = String.fromCodePoint(text.codePointAt(at)!)
  return mistake(source, `${character} has no place in it (${why})`, { start: at, end: at + character.length })
}
