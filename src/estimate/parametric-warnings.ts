// What a parametric fit has to tell beside its numbers, in plain words.
import type { Warning } from '../base/errors.ts'
import type { Scale } from '../data/standardize.ts'
import type { Estimator } from './estimator.ts'

const listed = (names: readonly string[], limit = 8): string => (names.length > limit ? `${names.slice(0, limit).join(', ')} and ${names.length - limit} more` : names.join(', '))

/** The column that lies farthest from zero in its own standard deviations, and how far that is. */
function farthestColumn({ columns, mean, deviation }: Scale): { readonly name: string; readonly mean: number; readonly deviations: number } {
  const all = columns.map((name, j) => ({ name, mean: mean[j], deviations: Math.abs(mean[j]) / deviation[j] }))
  return all.reduce((far, other) => (other.deviations > far.deviations ? other : far))
}

/** Why numbers cancel and what to do, where a column lies that many standard deviations from zero; undefined where none does. */
function farFromZero(scale: Scale | undefined, least: number): string | undefined {
  const far = scale && farthestColumn(scale)
  if (!far || far.deviations < least) return undefined
  return `column ${JSON.stringify(far.name)} lies ${far.deviations.toExponential(0)} of its standard deviations from zero. Subtract a constant from it, such as ${Number(far.mean.toPrecision(6))}, and fit again.`
}

/** Offsets that may leave powers of a column too alike to call a model wrong for what they hide. */
const HIDING = 1e3
/** Offsets that may make terms of a log-density cancel. */
const CANCELLING = 10

/** Rounding makes log p useless. @param nats the error it leaves */
export function cancellation(nats: number, scale: Scale | undefined): Warning {
  const why = farFromZero(scale, CANCELLING)
  return {
    code: 'cancellation',
    message: `No log Z and no log-likelihood: the terms of the log-density cancel, and rounding alone leaves an error of ${nats.toPrecision(1)} nats. `
      + (why ? `This is because ${why}` : 'Write it with smaller terms, or fit columns near zero.'),
  }
}

/** Units so large or small that a low power of the values leaves the numbers there are. */
const EXTREME = 1e10

/** What to do where a column has such a unit; undefined where none has. */
export function extremeUnit(scale: Scale | undefined): string | undefined {
  const exponent = (j: number): number => Math.log10(Math.max(Math.abs(scale!.minimum[j]), Math.abs(scale!.maximum[j])))
  const most = scale?.columns.map((name, j) => ({ name, exponent: exponent(j) })).reduce((a, b) => (Math.abs(b.exponent) > Math.abs(a.exponent) ? b : a))
  if (!most || Math.abs(most.exponent) < Math.log10(EXTREME)) return undefined
  return `The values of column ${JSON.stringify(most.name)} are about 1e${Math.round(most.exponent)}, and the objective takes powers of them: give it in another unit, so that they are about one.`
}

/** The objective has no minimum: which parameters ran off, which way, and why. */
export function unbounded(arrows: readonly { readonly name: string; readonly up: boolean }[], estimator: Estimator, rowCount: number, scale: Scale | undefined): Warning {
  const which = listed(arrows.map(({ name, up }) => `${name} → ${up ? '+∞' : '−∞'}`))
  const offset = farFromZero(scale, HIDING)
  if (estimator.unboundedBecause === undefined && offset) {
    return { code: 'cancellation', message: `As far as float64 sees, the objective falls without end (${which}). But ${offset} If it falls then too, there are too few different rows for this model.` }
  }
  const because = estimator.unboundedBecause
    ?? `At these ${rowCount} rows some change of the parameters raises nothing and lowers the objective forever: there are too few different rows for this model, `
    + `or the model has a term that vanishes at all of them. Take more rows, fewer parameters${estimator.domains === 'discrete' ? '' : ', or --by denoising'}.`
  return { code: 'unbounded', message: `The objective has no minimum: it keeps falling as ${which}. ${because}` }
}

export function atBound(names: readonly string[]): Warning {
  return { code: 'at-bound', message: `${listed(names)} ended at zero, the edge of what it may be: the rows would have it negative. It has no standard error, and those of the others take it as known.` }
}

/**
 * Parameters that the objective does not determine.
 * @param absent those that its formula does not contain
 * @param flatShare how much of each lies in directions that change nothing
 * @param byFlips whether the estimator sees what flips of binary values do, not the score
 */
export function notIdentified(names: readonly string[], determined: readonly boolean[], absent: readonly number[], flatShare: ArrayLike<number>, scale: Scale | undefined, byFlips = false): Warning[] {
  const seen = byFlips ? 'what flips of values do to log p' : 'the score'
  const flat = names.flatMap((_, k) => (determined[k] || absent.includes(k) ? [] : [k]))
  const offset = farFromZero(scale, HIDING)
  const isAlone = (k: number): boolean => flatShare[k] > 1 - 1e-8
  const found = [
    { code: 'not-identified', which: absent, text: `cannot be estimated: ${byFlips ? seen : 'the score ∇ₓ log p'} does not depend on it. A term of the log-density without x changes nothing but Z, which absorbs it. Leave it out, or fix it.` },
    ...(offset
      ? [{ code: 'cancellation', which: flat, text: `cannot be told apart in float64: ${offset} If they cannot be then either, only some combinations of them change ${seen}.` }]
      : [
          { code: 'not-identified', which: flat.filter(isAlone), text: `cannot be estimated: at the estimate a change of it changes nothing at these rows, though ${seen} contains it (a factor beside it may be zero). Leave it out, or start elsewhere.` },
          { code: 'not-identified', which: flat.filter((k) => !isAlone(k)), text: `cannot be estimated one by one: at these rows only some combinations of them change ${seen}. Leave out or fix what repeats another term.` },
        ]),
  ]
  return found.flatMap(({ code, which, text }) => (which.length > 0 ? [{ code, message: `${listed(which.map((k) => names[k]))} ${text}` }] : []))
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

export function fewClusters(count: number): Warning {
  return { code: 'few-clusters', message: `Standard errors come from ${count} clusters: over so few they are too small as a rule, and intervals too short.` }
}

export function noTest(hypothesis: string): Warning {
  return { code: 'no-test', message: `No test of ${hypothesis}: a parameter in it has no standard error, or its equations repeat each other.` }
}

/** On a bounded domain a density may exist all the same. */
export function noReported(names: readonly string[], domain: string): Warning {
  return { code: 'no-reported', message: `${listed(names)} cannot be computed from the estimates (of a Gaussian: its precision is not positive definite, so that it has no mean). On ${domain} the model may be a density all the same.` }
}

export function notIntegrable(model: string): Warning {
  return { code: 'not-integrable', message: `The estimate is no density: with these values model ${model} cannot be normalized (for a Gaussian: its precision is not positive definite, so there is no mean). The rows are too few or do not fit the model.` }
}
