// A log-density as people write it, apart from what explains its letters: `ηᵀ z, z a unit vector`.

export interface WrittenFormula {
  readonly expression: string
  /** In the order in which they stand. */
  readonly clauses: readonly string[]
}

/** Commas inside of parentheses belong to the expression; the text of a function is all expression. */
export function readFormula(text: string): WrittenFormula {
  if (/=>|\b(?:function|return)\b/.test(text)) return { expression: text, clauses: [] }
  const parts = ['']
  let depth = 0
  for (const character of text) {
    if ('([{'.includes(character)) depth++
    if (')]}'.includes(character)) depth--
    if (character === ',' && depth === 0) parts.push('')
    else parts[parts.length - 1] += character
  }
  const [expression, ...clauses] = parts.map((part) => part.trim())
  return { expression, clauses }
}

export function writeFormula({ expression, clauses }: WrittenFormula): string {
  return [expression, ...clauses].join(', ')
}
