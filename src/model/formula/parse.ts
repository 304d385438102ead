// From a text to a tree. mathjs parses; only its parser is used, and none of its tree is seen outside of this file.
import { create, parseDependencies } from 'mathjs/number'
import { didYouMean } from '../../base/nearest.ts'
import { formulaFunctions, meantByOthers } from './functions.ts'
import { mistake } from './mistake.ts'
import { spanOf } from './syntax.ts'
import type { Formula, NameTerm, Operator, Span, Term } from './syntax.ts'
import { mask } from './tokens.ts'
import type { Masked } from './tokens.ts'

/** What is used of mathjs's tree. */
interface Tree {
  readonly type: string
  readonly value?: unknown
  readonly name?: string
  /** Of an operator its function's name, of a function call what is called. */
  readonly fn?: string | Tree
  readonly op?: string
  readonly implicit?: boolean
  readonly args?: readonly Tree[]
  readonly content?: Tree
  readonly items?: readonly Tree[]
  readonly object?: Tree
  readonly index?: { readonly dimensions: readonly Tree[] }
}

const { parse } = create({ parseDependencies }) as unknown as { parse(text: string): Tree }

/**
 * Reads a formula.
 * @param what what it is, for messages
 * @throws UnnormError `formula` (usage), pointing into the text
 */
export function parseFormula(text: string, what = 'formula'): Formula {
  if (text.trim() === '') throw mistake({ text, what }, 'it is empty')
  const masked = mask(text, what)
  let tree: Tree
  try {
    tree = parse(masked.text)
  } catch (error) {
    const { message, char = 1 } = error as Error & { char?: number }
    const start = masked.origins[Math.min(char - 1, masked.origins.length - 1)]
    const words = message.replace(/ \(char \d+\)$/, '').replaceAll(/\$(\d+)/g, (_, k: string) => masked.names[Number(k)].name)
    throw mistake({ text, what }, `it does not parse: ${words[0].toLowerCase()}${words.slice(1)}`, { start, end: start + 1 })
  }
  return { text, what, term: new Reader({ text, what }, masked).read(tree) }
}

/** Turns mathjs's tree into ours. */
class Reader {
  readonly #source: { readonly text: string; readonly what: string }
  readonly #masked: Masked
  constructor(source: { readonly text: string; readonly what: string }, masked: Masked) {
    this.#source = source
    this.#masked = masked
  }

  read(tree: Tree): Term {
    switch (tree.type) {
      case 'ConstantNode': return { kind: 'number', value: Number(tree.value) }
      case 'SymbolNode': return this.#variable(tree)
      case 'ParenthesisNode': return this.read(tree.content!)
      case 'ArrayNode': return { kind: 'vector', elements: tree.items!.map((item) => this.read(item)) }
      case 'AccessorNode': return { kind: 'element', of: this.#indexed(tree.object!), indices: tree.index!.dimensions.map((index) => this.read(index)) }
      case 'FunctionNode': return this.#call(tree)
      case 'OperatorNode': return this.#operation(tree)
      default: throw mistake(this.#source, 'it does not parse')
    }
  }

  #name(tree: Tree): NameTerm {
    const { name, start, end } = this.#masked.names[Number(tree.name!.slice(1))]
    return { kind: 'name', name, span: { start, end } }
  }

  /** Functions are no values; a column of their name is written in backquotes. */
  #variable(tree: Tree): NameTerm {
    const term = this.#name(tree)
    const { isQuoted } = this.#masked.names[Number(tree.name!.slice(1))]
    if (!isQuoted && Object.hasOwn(formulaFunctions, term.name)) {
      throw mistake(this.#source, `${term.name} is a function (write ${term.name}(…), or \`${term.name}\` for a column of this name)`, term.span)
    }
    return term
  }

  #indexed(tree: Tree): NameTerm {
    if (tree.type === 'SymbolNode') return this.#name(tree)
    throw mistake(this.#source, 'only a name has elements, as eta[1] and K[1,2]', spanOf(this.read(tree)))
  }

  #call(tree: Tree): Term {
    const called = tree.fn as Tree
    if (called.type !== 'SymbolNode') throw mistake(this.#source, 'only functions are called (put * between factors)', spanOf(this.read(called)))
    const { name, span } = this.#name(called)
    const operands = tree.args!.map((argument) => this.read(argument))
    const whole = { start: span.start, end: closingBracket(this.#source.text, span.end) }
    if (!Object.hasOwn(formulaFunctions, name)) throw this.#unknownFunction(name, span)
    const { operands: allowed, usage } = formulaFunctions[name]
    if (!allowed.includes(operands.length)) {
      throw mistake(this.#source, `${name} takes ${allowed.join(' or ')} ${allowed.at(-1) === 1 ? 'operand' : 'operands'}, not ${operands.length}: ${usage}`, whole)
    }
    return { kind: 'call', name, operands, span: whole }
  }

  #unknownFunction(name: string, span: Span) {
    const known = Object.keys(formulaFunctions)
    const meant = Object.hasOwn(meantByOthers, name) ? ` (write ${meantByOthers[name]})` : didYouMean(name, known)
    const brackets = meant === '' ? ` (a product is written ${name}*(…)${name.length > 2 ? `; the functions are ${known.join(', ')}` : ''})` : `${meant.slice(0, -1)}; a product is written ${name}*(…))`
    return mistake(this.#source, `unknown function ${name}${brackets}`, span)
  }

  #operation(tree: Tree): Term {
    const fn = tree.fn as string
    const [first, second] = tree.args!
    if (fn === 'unaryMinus') return { kind: 'negative', operand: this.read(first) }
    if (fn === 'unaryPlus') return this.read(first)
    const left = this.read(first)
    const right = this.read(second)
    // a/2 b is read as a/(2 b) by some and as (a/2) b by others.
    if (tree.op === '/' && second.type === 'OperatorNode' && second.implicit) {
      throw mistake(this.#source, 'a product without * after / can be read in two ways (write a/(2*b) or a/2*b)', spanOf(right))
    }
    return { kind: 'operation', operator: tree.op as Operator, left, right }
  }
}

/** The place after the bracket that closes the one which opens next after `from`. */
function closingBracket(text: string, from: number): number {
  let depth = 0
  let isQuoted = false
  for (let at = from; at < text.length; at++) {
    if (text[at] === '`') isQuoted = !isQuoted
    if (isQuoted) continue
    if (text[at] === '(') depth++
    if (text[at] === ')' && --depth === 0) return at + 1
  }
  return text.length
}
