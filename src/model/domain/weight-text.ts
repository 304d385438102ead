// Boundary weights as users write them: `min(x, 3)`, `distance`, `none`, `minsq(0.3)`, several separated by commas.
import { UnnormError } from '../../base/errors.ts'
import { Graph } from '../../graph/node.ts'
import { input } from '../../graph/ops/leaf.ts'
import type { PlacedDomain } from '../domain.ts'
import { Expression } from '../expression.ts'
import { leastSquare, noWeight, productOfSquares } from './boundary-weight.ts'
import type { BoundaryWeight, DistanceWeight } from './boundary-weight.ts'

type Part = keyof BoundaryWeight

/**
 * The weight of a domain: what the text says, and the default for parts of which it says nothing.
 * @throws UnnormError `formula`, `invalid-boundary-weight`, for a weight that no part of the domain has a use for too
 */
export async function parseBoundaryWeight(text: string, domain: PlacedDomain, otherwise: BoundaryWeight): Promise<BoundaryWeight> {
  let weight = otherwise
  const set = new Set<Part>()
  for (const item of topLevel(text)) {
    const { parts, words, of } = await read(item)
    const used = parts.filter((part) => hasUse(part, domain, item))
    if (used.length === 0) throw wrong(`${item} is a weight of ${words}, and the domain is ${domain.text}`)
    for (const part of used) {
      if (set.has(part)) throw wrong(`${text}: two weights of ${part === 'box' ? 'columns with a bound' : `a ${part}`}`)
      set.add(part)
      weight = { ...weight, [part]: { text: item, of } }
    }
  }
  return weight
}

const wrong = (why: string): UnnormError => new UnnormError('invalid-boundary-weight', `invalid boundary-weight: ${why} (must be a function of x, the distance of a value from its bound, such as min(x, 3), or distance for columns with a bound; minsq(0.3) or prodsq(0.1) for compositions and directions; or none)`, 'usage')

/** Whether a part of the domain has an end that a weight of this kind is for. */
const hasUse = (part: Part, { parts }: PlacedDomain, item: string): boolean => parts.some(({ kind, sides }) => kind === part && (sides.length > 0 || (kind === 'sphere' && item !== 'none')))

async function read(item: string): Promise<{ parts: readonly Part[]; words: string; of: unknown }> {
  if (item === '') throw wrong('an empty weight')
  if (item === 'none') return { parts: ['box', 'simplex'], words: 'domains that end', of: noWeight.of }
  if (item === 'distance') return { parts: ['box'], words: 'columns with a bound', of: 'distance' }
  const squares = /^(minsq|prodsq)\s*(?:\(([^()]*)\))?$/.exec(item)
  if (squares === null) return { parts: ['box'], words: 'columns with a bound', of: await ofDistance(item) }
  const cap = squares[2] === undefined ? Infinity : Number(squares[2].trim() || NaN)
  if (!(cap > 0)) throw wrong(`${item}: the cap is no number > 0`)
  return { parts: ['simplex', 'sphere'], words: 'compositions and directions', of: (squares[1] === 'minsq' ? leastSquare : productOfSquares)(cap) }
}

/** A formula is read by a parser that is loaded when it is needed; read once here, so that a mistake in it is told at once. */
async function ofDistance(text: string): Promise<DistanceWeight> {
  const { oneVariableFunction } = await import('../formula/one-variable.ts')
  const { apply } = oneVariableFunction(text, 'boundary weight', ['s'])
  const graph = new Graph()
  const leaf = (name: string): Expression => new Expression(input(graph, name, [1]))
  apply(leaf('x'), { s: leaf('s') })
  return (x, s) => apply(x, { s })
}

/** Pieces between commas outside of parentheses. */
function topLevel(text: string): string[] {
  const pieces = ['']
  let depth = 0
  for (const character of text) {
    if (character === '(') depth++
    if (character === ')') depth--
    if (character === ',' && depth === 0) pieces.push('')
    else pieces[pieces.length - 1] += character
  }
  return pieces.map((piece) => piece.trim())
}
