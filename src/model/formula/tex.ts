// A formula as TeX.
import { formulaFunctions } from './functions.ts'
import type { Operator, Term } from './syntax.ts'

/** What the typesetting of names needs to know. */
export interface TexOptions {
  /** Names that are columns: set upright. */
  readonly columns: readonly string[]
}

const GREEK: ReadonlySet<string> = new Set([
  'alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta', 'theta', 'iota', 'kappa', 'lambda', 'mu', 'nu', 'xi', 'pi', 'rho', 'sigma', 'tau', 'upsilon',
  'phi', 'chi', 'psi', 'omega', 'Gamma', 'Delta', 'Theta', 'Lambda', 'Xi', 'Pi', 'Sigma', 'Upsilon', 'Phi', 'Psi', 'Omega',
])

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': String.raw`\textbackslash{}`, '{': String.raw`\{`, '}': String.raw`\}`, $: String.raw`\$`, '&': String.raw`\&`, '#': String.raw`\#`,
  _: String.raw`\_`, '%': String.raw`\%`, '^': String.raw`\textasciicircum{}`, '~': String.raw`\textasciitilde{}`,
}

const upright = (name: string): string => String.raw`\text{${name.replaceAll(/[\\{}$&#_%^~]/g, (character) => ESCAPES[character])}}`

/** A name in TeX: Greek letters, digits at its end and what follows an underscore as subscripts, words upright. */
function nameTex(name: string, { columns }: TexOptions): string {
  const plain = name.replaceAll(/[₀-₉]/g, (digit) => String(digit.charCodeAt(0) - 0x2080))
  const parts = /^(\p{L}+)(?:_?(\d+)|_(\p{L}+))?$/u.exec(plain)
  if (!parts || (columns.includes(name) && parts[1].length > 1)) return upright(name)
  const [, letters, digits, word] = parts
  const base = GREEK.has(letters) ? `\\${letters}` : letters.length === 1 ? letters : upright(letters)
  const subscript = digits ?? (word && (word.length === 1 ? word : upright(word)))
  return subscript === undefined ? base : `${base}_{${subscript}}`
}

/** How strongly a term holds together: a part that holds less than its place asks for gets brackets. */
const SUM = 1
const PRODUCT = 2
const POWER = 3
const ATOM = 4

const strengths: Readonly<Record<Operator, number>> = { '+': SUM, '-': SUM, '*': PRODUCT, '/': ATOM, '^': POWER }

function strengthOf(term: Term): number {
  if (term.kind === 'operation') return strengths[term.operator]
  if (term.kind === 'negative') return SUM
  if (term.kind === 'number') return term.value < 0 || !/^[\d.]+$/.test(String(term.value)) ? SUM : ATOM
  // Sums and products of vectors look like products.
  if (term.kind === 'call' && ['sum', 'dot', 'quadratic'].includes(term.name)) return PRODUCT
  return ATOM
}

/** Signs moved to the front of products and quotients, where a reader looks for them. */
function signsInFront(term: Term): Term {
  if (term.kind === 'negative') return { ...term, operand: signsInFront(term.operand) }
  if (term.kind !== 'operation') return term
  const left = signsInFront(term.left)
  const isFactor = term.operator === '*' || term.operator === '/'
  if (isFactor && left.kind === 'negative') return { kind: 'negative', operand: { ...term, left: left.operand } }
  return { ...term, left, right: signsInFront(term.right) }
}

/** A term as TeX. */
export function formulaTex(term: Term, options: TexOptions): string {
  const write = (part: Term): string => formulaTex(part, options)
  const within = (part: Term, least: number): string => {
    const moved = signsInFront(part)
    return strengthOf(moved) < least ? String.raw`\left(${write(moved)}\right)` : write(moved)
  }
  const moved = signsInFront(term)
  switch (moved.kind) {
    case 'number': return numberTex(moved.value)
    case 'name': return nameTex(moved.name, options)
    case 'element': return elementTex(moved.of.name, moved.indices.map(write), options)
    case 'vector': return String.raw`\left(${moved.elements.map(write).join(', ')}\right)`
    case 'negative': return `-${within(moved.operand, PRODUCT)}`
    case 'operation': return operationTex(moved, write, within)
    case 'call': return callTex(moved, options, write, within)
  }
}

function elementTex(name: string, indices: readonly string[], options: TexOptions): string {
  const base = nameTex(name, options)
  const subscript = indices.join(indices.every((index) => index.length === 1) ? '' : ',')
  return `${base.includes('_{') ? `{${base}}` : base}_{${subscript}}`
}

type Write = (term: Term) => string
type WriteWithin = (term: Term, least: number) => string

function operationTex({ operator, left, right }: Extract<Term, { kind: 'operation' }>, tex: Write, within: WriteWithin): string {
  switch (operator) {
    case '+': return `${tex(left)} + ${within(right, right.kind === 'negative' ? PRODUCT : SUM)}`
    case '-': return `${tex(left)} - ${within(right, PRODUCT)}`
    case '*': {
      const factor = within(right, PRODUCT)
      return /^[\d-]/.test(factor) ? String.raw`${within(left, PRODUCT)} \cdot ${factor}` : String.raw`${within(left, PRODUCT)}\, ${factor}`
    }
    case '/': return String.raw`\frac{${tex(left)}}{${tex(right)}}`
    // A fraction holds together by itself, but its power would look like one of the numerator.
    case '^': return `${left.kind === 'operation' || left.kind === 'call' ? String.raw`\left(${tex(left)}\right)` : `{${within(left, ATOM)}}`}^{${tex(right)}}`
  }
}

function callTex({ name, operands }: Extract<Term, { kind: 'call' }>, { columns }: TexOptions, tex: Write, within: WriteWithin): string {
  if (name === 'sum' && operands.length > 1) {
    const [index, from, to] = operands.length === 2 ? [tex(operands[0]), '1', String(columns.length)] : operands.slice(0, 3).map(tex)
    return String.raw`\sum_{${index}=${from}}^{${to}} ${within(operands[operands.length - 1], PRODUCT)}`
  }
  const isProduct = ['sum', 'dot', 'quadratic'].includes(name)
  return formulaFunctions[name].tex(...operands.map((operand) => (isProduct ? within(operand, POWER) : tex(operand))))
}

/** 1e-7 as 10^{-7}. */
function numberTex(value: number): string {
  const [mantissa, exponent] = String(value).split('e')
  if (exponent === undefined) return mantissa
  const power = `10^{${Number(exponent)}}`
  return mantissa === '1' ? power : String.raw`${mantissa} \cdot ${power}`
}
