// What a parametric fit has to tell beside its numbers, in plain words.
import type { Warning } from '../base/errors.ts'
import type { Estimator } from './estimator.ts'

const listed = (names: readonly string[], limit = 8): string => (names.length > limit ? `${names.slice(0, limit).join(', ')} and ${names.length - limit} more` : names.join(', '))

/** The objective has no minimum: which parameters ran off, which way, and why. */
export function unbounded(arrows: readonly { readonly name: string; readonly up: boolean }[], estimator: Estimator, rowCount: number): Warning {
  const which = listed(arrows.map(({ name, up }) => `${name} → ${up ? '+∞' : '−∞'}`))
  const because = estimator.unboundedBecause
    ?? `At these ${rowCount} rows some change of the parameters raises nothing and lowers the objective forever: there are too few different rows for this model, `
    + 'or the model has a term that vanishes at all of them. Take more rows, fewer parameters, or --by denoising.'
  return { code: 'unbounded', message: `The objective has no minimum: it keeps falling as ${which}. ${because}` }
}

export function atBound(names: readonly string[]): Warning {
  return { code: 'at-bound', message: `${listed(names)} ended at zero, the edge of what it may be: the rows would have it negative. It has no standard error, and those of the others take it as known.` }
}

/** Parameters with a direction that the objective does not feel. */
export function notIdentified(names: readonly string[], determined: readonly boolean[], absent: readonly number[]): Warning[] {
  const alone = absent.map((k) => names[k])
  const together = names.filter((_, k) => !determined[k] && !absent.includes(k))
  return [
    ...(alone.length > 0
      ? [{
          code: 'not-identified',
          message: `${listed(alone)} cannot be estimated: the score ∇ₓ log p does not depend on it. A term of the log-density without x changes nothing but Z, which absorbs it. Leave it out, or fix it.`,
        }]
      : []),
    ...(together.length > 0
      ? [{
          code: 'not-identified',
          message: `${listed(together)} cannot be estimated one by one: at these rows only some combinations of them change the score. Leave out or fix what repeats another term.`,
        }]
      : []),
  ]
}

export function localMinimum(): Warning {
  return { code: 'local-minimum', message: 'This is a local minimum: from another start the objective fell without end. Check the estimate against other start values.' }
}

export function notConverged(what: string, starts: number): Warning {
  return { code: 'not-converged', message: `The search did not converge from any of ${starts} starts: ${what}. The numbers are those of the last step, without errors. Try other start values ({ initial: … }) or units of the columns in which parameters are about one.` }
}

export function tooManyForErrors(count: number, limit: number): Warning {
  return { code: 'no-standard-errors', message: `No standard errors: ${count} parameters are more than ${limit}, for which the Hessian is computed.` }
}

export function notIntegrable(model: string): Warning {
  return { code: 'not-integrable', message: `The estimate is no density: with these values model ${model} cannot be normalized (for a Gaussian: its precision is not positive definite, so there is no mean). The rows are too few or do not fit the model.` }
}
