// log Z by several methods, which of them is reported, and whether they agree.
import { UnnormError } from '../../base/errors.ts'
import type { Warning } from '../../base/errors.ts'
import { annealed } from './annealed.ts'
import { bridge } from './bridge.ts'
import { dual } from './dual.ts'
import { importance } from './importance.ts'
import { methodNames } from './method.ts'
import type { LogNormalizerEstimate, LogNormalizerMethod, MethodName, NormalizerContext } from './method.ts'
import { quadrature } from './quadrature.ts'
import { refuseRisingTails } from './tails.ts'

export const logNormalizerMethods: Readonly<Record<MethodName, LogNormalizerMethod>> = { quadrature, bridge, annealed, importance, dual }

export interface Normalization {
  /** The estimate to report; null where none can be relied on. */
  readonly chosen: LogNormalizerEstimate | null
  readonly estimates: readonly LogNormalizerEstimate[]
  /** Methods that were asked for and do not apply, or failed. */
  readonly refused: readonly { readonly method: MethodName; readonly reason: string }[]
  readonly warnings: readonly Warning[]
}

/**
 * Runs the methods that apply and chooses.
 * @param names the methods to run
 * @throws UnnormError `not-integrable`
 */
export async function normalize(context: NormalizerContext, names: readonly MethodName[] = methodNames): Promise<Normalization> {
  const estimates: LogNormalizerEstimate[] = []
  const refused: { method: MethodName; reason: string }[] = []
  if (!names.includes('quadrature') || quadrature.refuses(context) !== null) await refuseRisingTails(context.energy, context.rows, context.random.split('tails'))
  for (const name of names) {
    const method = logNormalizerMethods[name]
    const reason = method.refuses(context)
    if (reason !== null) {
      refused.push({ method: name, reason })
      continue
    }
    try {
      estimates.push(await method.estimate({ ...context, random: context.random.split(name) }))
    } catch (error) {
      // That the energy is no density is no matter of the method.
      if (!(error instanceof UnnormError) || error.code === 'not-integrable') throw error
      refused.push({ method: name, reason: error.message })
    }
  }
  return { ...choose(estimates), estimates, refused }
}

/** Values are said to disagree beyond this and three standard errors: 5 % in Z. */
const TOLERATED = 0.05

/**
 * The rule: quadrature; else annealing, if its bounds meet: their distance also shows what the spread over chains does not; else
 * bridge sampling, if annealing was not asked for; else importance sampling of which enough draws count, unless annealing shows by bounds
 * that do not meet that rows and energy differ where draws may not come either; else a dual energy's own value, with a warning.
 */
export function choose(estimates: readonly LogNormalizerEstimate[]): Pick<Normalization, 'chosen' | 'warnings'> {
  const of = (name: MethodName): LogNormalizerEstimate | undefined => estimates.find(({ method }) => method === name)
  const sound = (name: MethodName): LogNormalizerEstimate | undefined => (of(name)?.doubt === null ? of(name) : undefined)
  const warnings: Warning[] = []
  const bounds = of('annealed')
  const boundsFail = bounds !== undefined && bounds.doubt !== null
  const byAnnealing = boundsFail ? undefined : sound('annealed') ?? sound('bridge')
  const byImportance = boundsFail && bounds.bounds!.upper !== null ? undefined : sound('importance')
  const chosen = sound('quadrature') ?? byAnnealing ?? byImportance ?? of('dual') ?? null
  if (boundsFail) {
    const { lower, upper } = bounds.bounds!
    const span = upper === null ? `at least ${short(lower.value)}` : `between ${short(lower.value)} and ${short(upper.value)}`
    warnings.push({ code: 'bounds-do-not-meet', message: `annealing finds log Z ${span}, no closer: ${bounds.doubt}. More rows, more steps of the fit or more noise help.` })
  }
  if (chosen?.method === 'dual') {
    warnings.push({ code: 'own-normalizer', message: `log Z is the energy's own: ${chosen.doubt}. Its error is larger than the standard error says; compare the log-likelihood of rows that were held out.` })
  }
  for (const other of estimates) {
    if (chosen === null || other === chosen || (other.doubt !== null && other.method !== 'dual')) continue
    if (Math.abs(other.value - chosen.value) <= TOLERATED + 3 * Math.hypot(other.standardError, chosen.standardError)) continue
    const why = other.method === 'dual' ? 'the levels of the energy do not fit together well yet (more --steps help)' : 'one of them has missed a part of the density'
    warnings.push({
      code: 'normalizers-disagree',
      message: `log Z is ${short(chosen.value)} by ${chosen.method} and ${short(other.value)} by ${other.method === 'dual' ? "the energy's own normalization" : other.method}: ${why}. The value by ${chosen.method} is used.`,
    })
  }
  return { chosen, warnings }
}

const short = (value: number): string => String(Number(value.toPrecision(4)))
