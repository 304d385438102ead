// What a formula is made of once it is read: a tree whose leaves know where in the text they stand.

/** Characters of a text, from 0; `end` is exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

export type Operator = '+' | '-' | '*' | '/' | '^'

/** A name, as written or in backquotes. */
export interface NameTerm {
  readonly kind: 'name'
  readonly name: string
  readonly span: Span
}

/** A part of a formula. */
export type Term =
  | { readonly kind: 'number'; readonly value: number }
  | NameTerm
  /** `K[i, j]` */
  | { readonly kind: 'element'; readonly of: NameTerm; readonly indices: readonly Term[] }
  /** `log(a)`; the span reaches to the closing bracket. */
  | { readonly kind: 'call'; readonly name: string; readonly operands: readonly Term[]; readonly span: Span }
  | { readonly kind: 'operation'; readonly operator: Operator; readonly left: Term; readonly right: Term }
  | { readonly kind: 'negative'; readonly operand: Term }
  /** `[a, b]` */
  | { readonly kind: 'vector'; readonly elements: readonly Term[] }

/** A formula that has been read. */
export interface Formula {
  /** As the user wrote it. */
  readonly text: string
  /** What it is, for messages: `formula`, `boundary weight`. */
  readonly what: string
  readonly term: Term
}

/** The parts of a term. */
function partsOf(term: Term): readonly Term[] {
  switch (term.kind) {
    case 'element': return [term.of, ...term.indices]
    case 'call': return term.operands
    case 'operation': return [term.left, term.right]
    case 'negative': return [term.operand]
    case 'vector': return term.elements
    default: return []
  }
}

/** Where a term stands: from its first name to its last; undefined for one of numbers alone. */
export function spanOf(term: Term): Span | undefined {
  if (term.kind === 'name' || term.kind === 'call') return term.span
  const spans = partsOf(term).map(spanOf).filter((span) => span !== undefined)
  return spans.length === 0 ? undefined : { start: Math.min(...spans.map(({ start }) => start)), end: Math.max(...spans.map(({ end }) => end)) }
}

/** All names of a term in their order; of functions not. */
export function namesIn(term: Term): NameTerm[] {
  return term.kind === 'name' ? [term] : partsOf(term).flatMap(namesIn)
}
