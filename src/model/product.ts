// Products of experts (Hinton 2002): the sum of several log-densities, which needs no normalizing constant of any of them.
import { UnnormError } from '../base/errors.ts'
import type { Domain } from './domain.ts'
import type { Expression } from './expression.ts'
import { defineModel } from './model.ts'
import type { Model } from './model.ts'
import type { Parameter } from './parameters.ts'
import { readFormula, writeFormula } from './written-formula.ts'

/**
 * log p = Σ log-densities of the experts + constant. A parameter keeps its name where no other expert has one of that name, and
 * else gets its expert's before it: `gaussian_eta[1]`. What single experts report (the mean of a Gaussian) is none of the product's.
 * @throws UnnormError `model` for a network among them, one expert twice, or domains that differ
 */
export function product(experts: readonly Model[]): Model {
  const name = experts.map((expert) => expert.name).join(' + ')
  const network = experts.find(({ kind }) => kind === 'network')
  if (network) throw new UnnormError('model', `model ${name}: ${network.name} is a network, and a product is one of parametric models`, 'usage')
  const twice = experts.find((expert, k) => experts.findIndex((other) => other.name === expert.name) < k)
  if (twice) throw new UnnormError('model', `model ${name}: ${twice.name} twice (its two sets of parameters could not be told apart)`, 'usage')
  return defineModel<string>({
    name,
    formula: sumOfFormulas(experts.map(({ formula }) => formula)),
    ...(experts.every(({ tex }) => tex !== undefined) ? { tex: experts.map(({ tex }) => tex).join(' + ') } : {}),
    domain: commonDomain(name, experts),
    ...(experts.some(({ details }) => details) ? { details: Object.fromEntries(experts.flatMap((expert) => (expert.details ? [[expert.name, expert.details]] : []))) } : {}),
    parameters: (dimension) => Object.fromEntries(renamed(experts, dimension).flatMap(({ own }) => own.map(({ outer, parameter }) => [outer, parameter] as const))),
    logDensity: (parameters, x, t) => renamed(experts, x.shape[0])
      .map(({ expert, own }) => expert.logDensity(Object.fromEntries(own.map(({ inner, outer }) => [inner, parameters[outer]])), x, t))
      .reduce((total: Expression, part) => total.add(part)),
    ...(experts.some(({ forRows }) => forRows) ? { forRows: (about) => product(experts.map((expert) => expert.forRows?.(about) ?? expert)) } : {}),
  })
}

/** What explains letters of single terms stands behind all of them, once. */
function sumOfFormulas(formulas: readonly string[]): string {
  const read = formulas.map(readFormula)
  return writeFormula({ expression: read.map(({ expression }) => expression).join(' + '), clauses: [...new Set(read.flatMap(({ clauses }) => clauses))] })
}

interface Renamed {
  readonly expert: Model
  readonly own: readonly { readonly inner: string; readonly outer: string; readonly parameter: Parameter }[]
}

function renamed(experts: readonly Model[], dimension: number): Renamed[] {
  const all = experts.map((expert) => ({ expert, parameters: Object.entries(expert.parameters(dimension)) }))
  const isShared = (name: string): boolean => all.filter(({ parameters }) => parameters.some(([other]) => other === name)).length > 1
  return all.map(({ expert, parameters }) => ({
    expert,
    own: parameters.map(([inner, parameter]) => ({ inner, parameter, outer: isShared(inner) ? `${expert.name.replaceAll('-', '_')}_${inner}` : inner })),
  }))
}

/** Real space gives way to any other domain. */
function commonDomain(name: string, experts: readonly Model[]): Domain {
  const [first, ...others] = experts.filter(({ domain }) => domain.name !== 'real')
  const other = others.find(({ domain }) => domain.name !== first.domain.name)
  if (other) throw new UnnormError('model', `model ${name}: ${first.name} lives on ${first.domain.name}, ${other.name} on ${other.domain.name}`, 'usage')
  return (first ?? experts[0]).domain
}
