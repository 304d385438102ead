// Functions of one variable x as text: the weights that vanish at a boundary, `min(x, 3)`, `min(log(1 + x), 2)`, `x^2`.
import type { Expression } from '../expression.ts'
import { constantOf, evaluateFormula } from './evaluate.ts'
import type { Fail } from './evaluate.ts'
import { parseFormula } from './parse.ts'
import type { NameTerm } from './syntax.ts'
import { formulaTex } from './tex.ts'

/** A function of x, ready to be applied to expressions. */
export interface OneVariable {
  /** As the user wrote it. */
  readonly text: string
  readonly tex: string
  /**
   * Its value, element by element. Kinks are allowed; the derivative of the value along x, taken on the graph, is at a kink
   * the one from the right, which for a weight of the distance to a boundary is the one beyond the kink.
   */
  apply(x: Expression, constants?: Readonly<Record<string, Expression>>): Expression
}

/**
 * Reads a function of x.
 * @param what what it is, for messages: `boundary weight`
 * @param constants names of what else it may contain, whose values are given when it is applied
 * @throws UnnormError `formula` (usage)
 */
export function oneVariableFunction(text: string, what: string, constants: readonly string[] = []): OneVariable {
  const formula = parseFormula(text, what)
  const refuse = (term: NameTerm, fail: Fail): never => { throw fail(`${term.name} stands for nothing: it is a function of ${constants.length === 0 ? 'x alone' : ['x', ...constants].join(' and ')}`, term) }
  return {
    text: text.trim(),
    tex: formulaTex(formula.term, { columns: [] }),
    // A constant gets the shape of x too.
    apply: (x, given) => x.mul(0).add(evaluateFormula(formula, {
      graph: x.node.graph, variables: [x.node], kinks: 'from the right', columnCount: undefined,
      name: (term, fail) => {
        if (term.name === 'x') return x
        return given?.[term.name] ?? constantOf(term.name) ?? refuse(term, fail)
      },
      element: (term, _, fail) => refuse(term, fail),
      whole: () => undefined,
      isTaken: (name) => name === 'x' || constants.includes(name) || constantOf(name) !== undefined,
    })),
  }
}
