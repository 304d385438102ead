// Quantities computed from parameters: `--derive "ratio = a/b"`. Errors by the delta method, with exact derivatives of the formulas.
import { normalQuantile } from '../base/normal-distribution.ts'
import { gradient } from '../differentiate/reverse.ts'
import { evaluate } from '../engine/reference.ts'
import { Graph } from '../graph/node.ts'
import { input } from '../graph/ops/leaf.ts'
import { tensor } from '../graph/tensor.ts'
import { Expression } from '../model/expression.ts'
import { evaluateDerivations } from '../model/formula/derivations.ts'
import type { Derivation } from '../model/formula/derivations.ts'
import type { TracedModel } from '../model/model.ts'
import type { Basis } from './curvature.ts'
import { reportedValues, withInterval } from './uncertainty.ts'
import type { EstimatedParameters, ParameterDescription, ParameterEstimate } from './uncertainty.ts'

/** Derived quantities of a model, ready to be computed. */
export interface Derived {
  readonly names: readonly string[]
  /** Their values for natural parameters θ [P]; NaN where one does not exist. */
  values(theta: Float64Array): Float64Array
  /**
   * Their estimates, standard errors and intervals.
   * @param roots of the covariances of natural and reported parameters
   */
  describe(fit: EstimatedParameters, roots: Pick<ParameterDescription, 'root' | 'intervalRoot'>, level: number): ParameterEstimate[]
}

/**
 * Makes derived quantities of formulas.
 * @throws UnnormError `unknown-parameter`, `invalid-derived`, `formula`
 */
export function deriveFrom(traced: TracedModel, derivations: readonly Derivation[]): Derived {
  const { parameterCount, parameterNames, dimension, model } = traced
  const reportedNames = model.reported?.names(dimension) ?? []
  const graph = new Graph()
  const size = parameterCount + reportedNames.length
  const all = input(graph, 'parameters', [size])
  const found = evaluateDerivations(derivations, { names: [...parameterNames, ...reportedNames], values: new Expression(all) }, dimension)
  const values = found.map(({ value }) => value.node)
  const slopes = values.map((value) => gradient(value, [all])[0])
  const usesReported = found.some(({ uses }) => [...uses].some((k) => k >= parameterCount))

  /** θ and what is reported for it, [size]; NaN where that does not exist. */
  const quantitiesAt = (theta: Float64Array): Float64Array => {
    const reported = usesReported ? reportedValues(traced, theta) : undefined
    return Float64Array.from({ length: size }, (_, k) => (k < parameterCount ? theta[k] : reported?.[k - parameterCount] ?? NaN))
  }
  const feedsAt = (theta: Float64Array) => new Map([[all, tensor([size], quantitiesAt(theta))]])
  const valuesAt = (theta: Float64Array): Float64Array => Float64Array.from(evaluate(values, feedsAt(theta)), ({ data }) => data[0])

  return {
    names: derivations.map(({ name }) => name),
    values: valuesAt,
    describe: ({ theta, determined, fixed }, { root, intervalRoot }, level) => {
      const quantile = normalQuantile((1 + level) / 2)
      const estimates = valuesAt(theta)
      const partials = evaluate(slopes, feedsAt(theta)).map(({ data }) => data)
      return found.map(({ uses }, m) => {
        const used = [...uses]
        const isKnown = used.every((k) => (k < parameterCount ? determined[k] : determined.every(Boolean)))
        // What stands on parameters that were held alone is held with them.
        const isHeld = used.every((k) => (k < parameterCount ? fixed[k] : fixed.every(Boolean)))
        const errorBy = (of: Basis | null): number => (!of || of.count === 0 || isHeld
          ? NaN
          : Math.hypot(...Array.from({ length: of.count }, (_, c) => used.reduce((total, k) => total + partials[m][k] * of.columns[k * of.count + c], 0))))
        return withInterval(derivations[m].name, isKnown ? estimates[m] : NaN, errorBy(root), errorBy(intervalRoot), quantile)
      })
    },
  }
}
