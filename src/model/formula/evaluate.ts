// From a formula's tree to a value on the graph.
import { UnnormError } from '../../base/errors.ts'
import { directional } from '../../differentiate/forward.ts'
import { dependents } from '../../graph/node.ts'
import type { Graph, Node, Shape } from '../../graph/node.ts'
import { subtract } from '../../graph/ops/arithmetic.ts'
import { constant } from '../../graph/ops/leaf.ts'
import { fill, splat } from '../../graph/ops/linear.ts'
import { selectLess } from '../../graph/ops/piecewise.ts'
import { Expression, stack } from '../expression.ts'
import { formulaFunctions } from './functions.ts'
import { mistake } from './mistake.ts'
import type { MistakeOptions } from './mistake.ts'
import { namesIn, spanOf } from './syntax.ts'
import type { Formula, NameTerm, Operator, Term } from './syntax.ts'

/** What the names of a formula stand for. */
export interface Scope {
  readonly graph: Graph
  /** What kinks must not lie on the way from. */
  readonly variables: readonly Node[]
  /** Kinks are refused, or allowed with the derivative from the right, which is the one beyond the kink. */
  readonly kinks: 'refused' | 'from the right'
  /** How far `sum(i, …)` runs; undefined where there are no columns. */
  readonly columnCount: number | undefined
  /** @throws what `fail` makes, where the name stands for nothing */
  name(term: NameTerm, fail: Fail): Expression | number
  /** @param indices from 1 */
  element(term: NameTerm, indices: readonly number[], fail: Fail): Expression
  /** A parameter as a whole, of the shape that its place asks for; undefined where the name is something else. */
  whole(term: NameTerm, shape: Shape, fail: Fail): Expression | undefined
  /** Whether a name has a meaning already, so that it cannot be an index. */
  isTaken(name: string): boolean
}

/** Makes the error that points to a part of the formula. */
export type Fail = (message: string, at: Term, options?: MistakeOptions) => UnnormError

/** @throws UnnormError `formula`, `kink`, and what the scope throws */
export function evaluateFormula(formula: Formula, scope: Scope): Expression {
  return new Evaluation(formula, scope).value(formula.term, new Map())
}

/** The constants there are: π and Euler's number. */
export function constantOf(name: string): number | undefined {
  return name === 'pi' ? Math.PI : name === 'e' ? Math.E : undefined
}

type Indices = ReadonlyMap<string, number>

const operations: Readonly<Record<Operator, (left: Expression, right: Expression) => Expression>> = {
  '+': (left, right) => left.add(right),
  '-': (left, right) => left.sub(right),
  '*': (left, right) => left.mul(right),
  '/': (left, right) => left.div(right),
  '^': (left, right) => left.pow(right),
}

class Evaluation {
  readonly #scope: Scope
  readonly #fail: Fail
  constructor(formula: Formula, scope: Scope) {
    this.#scope = scope
    this.#fail = (message, at, options) => mistake(formula, message, spanOf(at), options)
  }

  value(term: Term, indices: Indices): Expression {
    switch (term.kind) {
      case 'number': return this.#number(term.value)
      case 'name': {
        const value = indices.get(term.name) ?? this.#scope.name(term, this.#fail)
        return typeof value === 'number' ? this.#number(value) : value
      }
      case 'element': return this.#scope.element(term.of, term.indices.map((index) => this.#whole(index, indices)), this.#fail)
      case 'vector': return this.#checked(term, () => {
        if (term.elements.length === 0) throw this.#fail('[ ] holds nothing', term)
        return stack(term.elements.map((element) => this.value(element, indices)))
      })
      case 'negative': return this.#checked(term, () => this.value(term.operand, indices).neg())
      case 'operation': {
        const left = this.value(term.left, indices)
        const right = this.value(term.right, indices)
        if (term.operator === '/' && splat(right.node) === 0) throw this.#fail('it divides by zero', term)
        return this.#checked(term, () => operations[term.operator](left, right))
      }
      case 'call': return this.#call(term, indices)
    }
  }

  #number(value: number): Expression {
    return new Expression(constant(this.#scope.graph, value))
  }

  /** Runs an operation; what goes wrong in it, or is no number at all, is told at the term. */
  #checked(term: Term, operation: () => Expression): Expression {
    let value: Expression
    try {
      value = operation()
    } catch (error) {
      // What points into the formula already does so better than this.
      if (error instanceof UnnormError && error.code === 'model') throw this.#fail(error.message, term)
      throw error
    }
    const known = splat(value.node)
    if (known !== undefined && !Number.isFinite(known)) throw this.#fail(`a part of it is ${known} whatever the data are`, term)
    return value
  }

  #call(term: Extract<Term, { kind: 'call' }>, indices: Indices): Expression {
    if (term.name === 'sum' && term.operands.length > 1) return this.#sum(term, indices)
    const { apply, isSmooth, shapes } = formulaFunctions[term.name]
    const operands = shapes ? this.#fitting(term, shapes, indices) : term.operands.map((operand) => this.value(operand, indices))
    if (isSmooth) return this.#checked(term, () => apply(...operands))
    const { kinks, variables } = this.#scope
    if (kinks === 'from the right') return this.#checked(term, () => fromTheRight(term.name, operands, variables[0]))
    const value = this.#checked(term, () => apply(...operands))
    if (dependents([value.node], variables).has(value.node)) {
      throw this.#fail(
        `${term.name} has a kink, so the score-matching objective would be silently wrong (use a smooth form: softplus(a) for max(a, 0) and relu, sqrt(a^2 + 0.01) for abs(a), logSumExp([a, b]) for max(a, b))`,
        term, { code: 'kink' },
      )
    }
    return value
  }

  /** The operands of `dot` and `quadratic`, of which an unknown name becomes a parameter that fits the other. */
  #fitting(term: Extract<Term, { kind: 'call' }>, shapes: 'vector' | 'symmetric', indices: Indices): Expression[] {
    const [first, second] = term.operands
    const other = this.value(second, indices)
    if (other.shape.length !== 1) throw this.#fail(`the second operand of ${term.name} must be a vector, as x, the vector of all columns, or [a, b] (${formulaFunctions[term.name].usage})`, term)
    const [length] = other.shape
    const isName = first.kind === 'name' && !indices.has(first.name)
    const whole = isName ? this.#scope.whole(first, shapes === 'vector' ? [length] : [length, length], this.#fail) : undefined
    return [whole ?? this.value(first, indices), other]
  }

  /** Σ over an index: from 1 to the number of columns, or from one number to another. */
  #sum(term: Extract<Term, { kind: 'call' }>, indices: Indices): Expression {
    const [index] = term.operands
    const body = term.operands[term.operands.length - 1]
    if (index.kind !== 'name') throw this.#fail('the first operand of sum over an index is its name, as in sum(i, a[i]*x[i])', term)
    if (this.#scope.isTaken(index.name)) throw this.#fail(`${index.name} has a meaning already: choose another letter for the index`, index)
    const { columnCount } = this.#scope
    if (term.operands.length === 2 && columnCount === undefined) throw this.#fail('say from where to where: sum(i, from, to, a)', term)
    const [from, to] = term.operands.length === 2 ? [1, columnCount!] : [this.#whole(term.operands[1], indices), this.#whole(term.operands[2], indices)]
    if (to < from) return this.#number(0)
    const terms = Array.from({ length: to - from + 1 }, (_, k) => this.value(body, new Map([...indices, [index.name, from + k]])))
    // Halves, so that a long sum does not make a deep graph.
    const total = (parts: readonly Expression[]): Expression => (parts.length === 1 ? parts[0] : total(parts.slice(0, parts.length >> 1)).add(total(parts.slice(parts.length >> 1))))
    return this.#checked(term, () => total(terms))
  }

  /** A whole number that does not depend on data or parameters. */
  #whole(term: Term, indices: Indices): number {
    // An unknown name must not become a parameter here.
    const unknown = namesIn(term).find(({ name }) => !indices.has(name))
    if (unknown) throw this.#fail(`${unknown.name} is no index: indices are whole numbers and what sum(i, …) runs over`, unknown)
    const value = splat(this.value(term, indices).node)
    if (value === undefined || !Number.isInteger(value)) throw this.#fail(`${value ?? 'a vector'} is no index (must be a whole number)`, term)
    return value
  }
}

/**
 * min, max, |a| and relu so that their derivative along x at a kink is the one from the right: where two branches meet, that of
 * min with the smaller slope is taken, that of max with the larger.
 * @param x what slopes are taken along; the operands depend on it element by element
 */
function fromTheRight(name: string, operands: readonly Expression[], x: Node): Expression {
  const [first, second] = branches(name, operands).map(({ node }) => node)
  const [lower, upper] = name === 'min' ? [first, second] : [second, first]
  const [rising, other] = directional([lower, upper], new Map([[x, fill(x.graph, 1, x.shape)]]))
  const number = (value: number): Node => fill(x.graph, value, [])
  // Below zero where the first branch is taken.
  const order = selectLess(lower, upper, number(-1), selectLess(upper, lower, number(1), subtract(rising, other)))
  return new Expression(selectLess(order, number(0), first, second))
}

function branches(name: string, [a, b]: readonly Expression[]): readonly [Expression, Expression] {
  if (name === 'abs') return [a, a.neg()]
  if (name === 'relu') return [a, a.mul(0)]
  return [a, b]
}
