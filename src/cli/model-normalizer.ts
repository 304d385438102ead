// log Z of an opened model by the methods of --log-z, and the probability flow's check of it.
import { UnnormError } from '../base/errors.ts'
import type { Warning } from '../base/errors.ts'
import { didYouMean } from '../base/nearest.ts'
import type { Random } from '../base/random.ts'
import { someRows, spreadRows } from '../data/spread-rows.ts'
import type { LadderEnergy } from '../engine/energy.ts'
import { methodNames } from '../evaluate/log-normalizer/method.ts'
import type { LogNormalizerEstimate, MethodName, NormalizerContext } from '../evaluate/log-normalizer/method.ts'
import { formatNumber } from '../report/format.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'
import type { KnownLogNormalizer } from '../result/assess.ts'
import type { OpenedModel } from '../node/open-model.ts'

/** Rows at which each method may evaluate the energy: some seconds of a network. */
const BUDGET = 400_000
/** Values beyond this and three errors disagree: 5 % in Z. */
const TOLERATED = 0.05

/** The methods that --log-z names; null where it names none, so that those are run that make sense; empty for `stored`. */
export function readMethods(text: string | undefined): readonly MethodName[] | null {
  if (text === undefined) return null
  if (text === 'stored') return []
  return text.split(',').map((name) => {
    const known = methodNames.find((method) => method === name.trim())
    if (known === undefined) {
      throw new UnnormError('invalid-option', `invalid --log-z: ${JSON.stringify(name)}${didYouMean(name, methodNames)} (must be stored, or some of ${methodNames.join(', ')})`, 'usage')
    }
    return known
  })
}

/** A method's estimate as --json tells it; the value is null where it failed, `doubt` then says why. */
export type ToldEstimate = Omit<LogNormalizerEstimate, 'value' | 'standardError' | 'evaluations' | 'seconds' | 'bounds'> & {
  readonly value: number | null
  readonly standardError: number | null
  readonly bounds: LogNormalizerEstimate['bounds']
  readonly evaluations: number | null
  readonly seconds: number | null
}

export interface ModelNormalizer {
  readonly reported: { readonly value: number; readonly standardError: number | null; readonly method: string | null } | null
  readonly estimates: readonly ToldEstimate[]
}

/** What the methods look at: an energy on all of real space. */
export function normalizerContext({ energy, fit, metadata }: Omit<OpenedModel, 'energy'> & { readonly energy: FittedEnergy }, ladder: LadderEnergy | null, rows: Float64Array, random: Random): NormalizerContext {
  return { energy, rows, ladder, ownsNormalizer: (fit?.estimator.name ?? metadata.estimator) === 'dual', budget: BUDGET, random, now: () => performance.now() }
}

/**
 * log Z by the methods; the fit's own value where it is exact, or where no method can be relied on.
 * @param context null on a discrete domain, where the fit's sum is the only way
 * @param methods null: those that make sense
 * @throws UnnormError `invalid-option` where a method that is named does not apply
 */
export async function modelNormalizer({ metadata, domain }: OpenedModel, context: NormalizerContext | null, methods: readonly MethodName[] | null, warnings: Warning[]): Promise<ModelNormalizer> {
  const { logNormalizerMethods, normalize } = await import('../evaluate/log-normalizer/normalize.ts')
  const stored = metadata.logNormalizer
  const kept = { reported: stored, estimates: [] }
  if (context === null && methods !== null && methods.length > 0) throw new UnnormError('invalid-option', `invalid --log-z: on ${domain.text} the fit's own value is the only one (leave it out, or give stored)`)
  if (context === null || methods?.length === 0 || (methods === null && stored?.method === 'exact')) return kept
  for (const name of methods ?? []) {
    const reason = logNormalizerMethods[name].refuses(context)
    if (reason !== null) throw new UnnormError('invalid-option', `invalid --log-z: ${name} does not apply: ${reason}`)
  }
  const hasQuadrature = logNormalizerMethods.quadrature.refuses(context) === null
  const sensible: readonly MethodName[] = hasQuadrature ? ['quadrature', 'dual'] : ['bridge', 'annealed', 'importance', 'dual']
  const names = methods ?? sensible.filter((name) => logNormalizerMethods[name].refuses(context) === null)
  if (names.length === 0) return kept
  try {
    const { chosen, estimates, refused, warnings: found } = await normalize(context, names)
    warnings.push(...found)
    if (chosen && stored && stored.method !== chosen.method) warnings.push(...compare(chosen, stored))
    return {
      reported: chosen && stored?.method !== 'exact' ? { value: chosen.value, standardError: chosen.standardError, method: chosen.method } : stored,
      estimates: [...estimates, ...refused.map(({ method, reason }) => ({ method, value: null, standardError: null, bounds: null, doubt: reason, evaluations: null, seconds: null, diagnostics: {} }))],
    }
  } catch (error) {
    if (!(error instanceof UnnormError) || error.code !== 'not-integrable') throw error
    warnings.push({ code: error.code, message: error.message })
    return { reported: null, estimates: [] }
  }
}

function compare(found: KnownLogNormalizer, stored: { readonly value: number; readonly standardError: number | null; readonly method: string | null }): Warning[] {
  if (Math.abs(found.value - stored.value) <= TOLERATED + 3 * Math.hypot(found.standardError, stored.standardError ?? 0)) return []
  return [{
    code: 'normalizers-disagree',
    message: `log Z is ${formatNumber(found.value)} by ${found.method}, but ${formatNumber(stored.value)} in the model file (${stored.method ?? 'its method unknown'}), which score uses. ${stored.method === 'exact' ? 'The exact value is used.' : `The value by ${found.method} is used here.`}`,
  }]
}

const CHECKED_ROWS = 100

/** log p of some rows by the probability flow, beside what energy and log Z say. */
export interface FlowCheck {
  readonly method: 'probability-flow'
  readonly rows: number
  /** Mean log p by the flow, in nats. */
  readonly value: number
  readonly standardError: number
  /** The flow's log p minus that by energy and log Z, paired; null where log Z is unknown. */
  readonly difference: { readonly value: number; readonly standardError: number } | null
  /** Mean absolute change of log p against half as many steps. */
  readonly stepError: number
  readonly evaluations: number
  readonly seconds: number
}

/** Log-densities of up to 100 of the rows by the flow; a warning where they do not agree with energy and log Z. */
export async function checkByFlow(context: NormalizerContext, rows: Float64Array, logZ: ModelNormalizer['reported'], warnings: Warning[]): Promise<FlowCheck> {
  const [{ flowLikelihood }, { dual }, { meanWithError, pairedDifference }] = await Promise.all([
    import('../evaluate/flow-likelihood.ts'), import('../evaluate/log-normalizer/dual.ts'), import('../evaluate/mean-with-error.ts'),
  ])
  const start = context.now()
  const ladder = context.ladder!
  const d = ladder.columns.length
  const available = rows.length / d
  const { row } = spreadRows(available, CHECKED_ROWS)
  const chosen = someRows(rows, d, { count: Math.min(CHECKED_ROWS, available), row })
  const top = await dual.estimate({ ...context, random: context.random.split('top') })
  const { perRow, stepError, evaluations } = await flowLikelihood(ladder, chosen, top.value, context.random.split('probes'))
  const { value, standardError } = meanWithError(perRow)
  const own = logZ && (await context.energy.evaluate(chosen)).energy.map((energy) => -energy - logZ.value)
  const paired = own && pairedDifference(perRow, own)
  const difference = paired && { value: paired.value, standardError: Math.hypot(paired.standardError, logZ!.standardError ?? 0, top.standardError) }
  if (difference && Math.abs(difference.value) > TOLERATED + stepError + 3 * difference.standardError) {
    warnings.push({
      code: 'flow-disagrees',
      message: `by the probability flow log p of ${perRow.length} rows is ${formatNumber(Math.abs(difference.value), 2)} nats ${difference.value > 0 ? 'higher' : 'lower'} on average than by energy and log Z: the scores of the noise levels and the density of the smallest do not belong together (more --steps of the fit help)`,
    })
  }
  return { method: 'probability-flow', rows: perRow.length, value, standardError, difference, stepError, evaluations, seconds: (context.now() - start) / 1000 }
}
