// From a fit of the free parameters to one of all: θ = A·free + b, and so with errors.
import { lift } from '../model/restriction.ts'
import type { Restriction } from '../model/restriction.ts'
import type { Basis } from './curvature.ts'
import { covarianceOf } from './uncertainty.ts'

/** What a fit knows of each parameter. */
interface Estimates {
  readonly theta: Float64Array
  readonly determined: readonly boolean[]
  readonly fixed: readonly boolean[]
  readonly atBound: readonly boolean[]
  readonly covariance: Float64Array | null
  readonly covarianceRoot: Basis | null
  readonly intervalRoot: Basis | null
}

/** What was found of all parameters; those that are held have no error. */
export function liftFit<Fit extends Estimates>(restriction: Restriction, fit: Fit): Fit {
  const { fixed } = restriction
  const covarianceRoot = fit.covarianceRoot && liftRoot(restriction, fit.covarianceRoot)
  return {
    ...fit,
    theta: lift(restriction, fit.theta), fixed,
    determined: fixed.map((_, p) => partsOf(restriction, p).every((c) => fit.determined[c])),
    atBound: fixed.map((_, p) => partsOf(restriction, p).some((c) => fit.atBound[c])),
    covarianceRoot,
    intervalRoot: fit.intervalRoot && liftRoot(restriction, fit.intervalRoot),
    covariance: covarianceRoot && covarianceOf(covarianceRoot, fixed.length),
  }
}

/** The free parameters that an element of θ is made of. */
function partsOf({ columns, names }: Restriction, p: number): number[] {
  return names.flatMap((_, c) => (columns[p * names.length + c] === 0 ? [] : [c]))
}

/** A times the root; rows of zeros for what is held. */
function liftRoot(restriction: Restriction, { columns: own, count }: Basis): Basis {
  const { fixed, names, columns: factors } = restriction
  const columns = new Float64Array(fixed.length * count)
  fixed.forEach((_, p) => {
    for (const part of partsOf(restriction, p)) {
      for (let c = 0; c < count; c++) columns[p * count + c] += factors[p * names.length + part] * own[part * count + c]
    }
  })
  return { columns, count }
}
