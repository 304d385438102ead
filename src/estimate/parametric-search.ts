// The search route: objectives that are not quadratic in the parameters, from several starts where one does not settle it.
import type { Random } from '../base/random.ts'
import { LARGEST_HESSIAN, feel, refuseNonFinite, startValues } from './parametric-work.ts'
import type { Felt, Found, ParametricWork } from './parametric-work.ts'
import * as warn from './parametric-warnings.ts'
import { lbfgs, newton } from './search.ts'
import type { SearchResult } from './search.ts'
import { fromSearch, searchProblem, toSearch } from './search-space.ts'

/** Up to here a search by Newton's method costs less than one by L-BFGS. */
const LARGEST_NEWTON = 64
const STARTS = 5
/** A minimum is lower than another when it is so by more than this share of itself. */
const LOWER = 1e-9

/** A search from one start. */
interface Tried {
  readonly start: Float64Array
  readonly result: SearchResult
  /** Where it converged. */
  readonly felt: Felt | undefined
}

export async function search(work: ParametricWork): Promise<Found> {
  const { traced, estimator, batch, options } = work
  const { random, onProgress } = options
  const { positive } = traced
  const problem = searchProblem(batch, positive)
  const route = traced.parameterCount <= LARGEST_NEWTON ? 'newton' : 'lbfgs'
  const method = route === 'newton' ? newton : lbfgs
  const maxSteps = options.maxSteps ?? (route === 'newton' ? 200 : 1000)
  const base = toSearch(startValues(traced, random), positive)
  let total = 0
  const tried: Tried[] = []
  for (let attempt = 0; attempt < STARTS; attempt++) {
    const start = attempt === 0 ? base : scattered(base, positive, random.split('starts').split(attempt))
    const result = await method(problem, start, { maxSteps, onStep: (_, objective) => onProgress?.({ step: ++total, objective }) })
    if (attempt === 0 && result.steps === 0 && result.outcome !== 'interrupted' && !Number.isFinite(result.objective)) {
      await refuseNonFinite(work, fromSearch(start, positive))
    }
    const theta = fromSearch(result.u, positive)
    const felt = result.outcome === 'converged' && traced.parameterCount <= LARGEST_HESSIAN ? await feel(work, theta, await batch.hessian(theta), []) : undefined
    tried.push({ start, result, felt })
    const known = result.outcome === 'ran-off' && estimator.unboundedBecause !== undefined
    // Where parameters that the objective contains change nothing, as factors of a product that starts at zero do, the point
    // may be no minimum: the curvature does not tell, other starts do.
    const isMinimum = result.outcome === 'converged' && !(felt && felt.curvature.flat.length > 0)
    if (isMinimum || result.outcome === 'interrupted' || known) break
  }
  const chosen = choose(tried)
  const escaped = tried.some(({ result }) => result.outcome === 'ran-off')
  return { route, ...verdict(work, positive, chosen, escaped), ...(chosen.felt ? { felt: chosen.felt } : {}), history: chosen.result.history }
}

/** The lowest minimum, the first among equals; what was interrupted, or the first start where none converged. */
function choose(tried: readonly Tried[]): Tried {
  const last = tried[tried.length - 1]
  if (last.result.outcome === 'interrupted') return last
  const minima = tried.filter(({ result }) => result.outcome === 'converged')
  const isLower = (a: number, b: number): boolean => a < b - LOWER * Math.abs(b)
  return minima.length > 0 ? minima.reduce((best, other) => (isLower(other.result.objective, best.result.objective) ? other : best)) : tried[0]
}

/** Another start: positive parameters by some factor around e, the others by about their size or one. */
function scattered(base: Float64Array, positive: readonly boolean[], random: Random): Float64Array {
  return base.map((value, k) => value + random.normal() * (positive[k] ? 1 : Math.max(1, Math.abs(value))))
}

/** @param escaped whether the objective fell without end from another start */
function verdict({ traced, estimator, batch, options }: ParametricWork, positive: readonly boolean[], { start, result }: Tried, escaped: boolean): Omit<Found, 'route' | 'history'> {
  const theta = fromSearch(result.u, positive)
  const nothing = { theta, atBound: [], ranOff: [], warnings: [] }
  switch (result.outcome) {
    case 'converged':
      return { ...nothing, stopped: 'converged', warnings: escaped ? [warn.localMinimum()] : [] }
    case 'ran-off': {
      const zero = result.ranOff.filter((k) => positive[k] && result.u[k] < start[k])
      const infinite = result.ranOff.filter((k) => !zero.includes(k))
      // A positive parameter that goes to zero has a limit, which is an estimate; one that goes to infinity has none.
      if (infinite.length === 0) {
        zero.forEach((k) => { theta[k] = 0 })
        return { ...nothing, stopped: 'at a bound', atBound: zero }
      }
      const arrows = infinite.map((k) => ({ name: traced.parameterNames[k], up: result.u[k] > start[k] }))
      return { ...nothing, stopped: 'unbounded', ranOff: infinite, warnings: [warn.unbounded(arrows, estimator, batch.rowCount, options.scale)] }
    }
    case 'stalled':
      return { ...nothing, stopped: 'stuck', warnings: [warn.notConverged('no step lowers the objective any more, though its gradient is not zero', STARTS)] }
    case 'steps':
      return { ...nothing, stopped: 'steps', warnings: [warn.notConverged(`the search was stopped after ${result.steps} steps`, STARTS)] }
    case 'interrupted':
      return { ...nothing, stopped: 'interrupted' }
  }
}
