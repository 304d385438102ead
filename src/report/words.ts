// What a fit did, in words: names of estimators, routes, reasons to stop, and how the log-likelihood compares.
import type { BaselineName } from '../evaluate/baselines/baseline.ts'
import type { GoodnessOfFit } from '../evaluate/goodness-of-fit.ts'
import type { NoiseCorrection } from '../evaluate/noise-correction.ts'
import type { FitJson, FitMode, FitStop } from './fit-json.ts'
import { formatEstimate, formatNumber, formatWithError } from './format.ts'

const routes: Readonly<Record<FitJson['estimator']['route'], string>> = {
  'closed-form': 'in closed form',
  newton: 'by Newton\'s method',
  lbfgs: 'by L-BFGS',
  adam: 'by Adam in minibatches',
}

const verdicts: Readonly<Record<FitStop, string>> = {
  solved: 'solved exactly',
  converged: 'converged',
  'at a bound': 'ended with a positive parameter at zero, its bound',
  'flat direction': 'ended at one of many equally good estimates, since the rows do not determine all parameters',
  unbounded: 'ended without an estimate, since the objective falls without bound',
  stuck: 'stopped before it converged, since no step lowered the objective any more',
  steps: 'took all its steps',
  'early-stopping': 'stopped early, since the held-out objective had become clearly worse',
  interrupted: 'stopped by the user before its end',
  'non-finite': 'stopped at the last good state, since the objective became infinite or not a number',
}

const corrections: Readonly<Record<NoiseCorrection, string>> = { derivatives: 'by derivatives', extrapolate: 'by extrapolation' }

const tests: Readonly<Record<GoodnessOfFit['test'], string>> = { 'kernel-stein': 'kernel Stein test', 'discrete-kernel-stein': 'discrete kernel Stein test' }

/** `score matching in closed form`. */
export function routeWords(fit: FitJson): string {
  return `${estimatorWords(fit.estimator.name)} ${routes[fit.estimator.route]}`
}

/** Names that say too little alone. */
const fullNames: Readonly<Record<string, string>> = { dual: 'dual score matching', ladder: 'denoising at many levels' }

/** An estimator by its name: `score matching`. */
export function estimatorWords(estimator: string): string {
  return fullNames[estimator] ?? estimator.replaceAll('-', ' ')
}

/** Where a model lives: `ℝ²` for all of space, else the domain's own name. */
export function domainWords({ model, data }: FitJson): string {
  const d = data.columns.length
  return model.domain === 'real' ? `ℝ${d === 1 ? '' : [...String(d)].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('')}` : model.domain
}

/** What a picture of a fit shows: `mlp energy by denoising, positions.csv`. */
export function headingWords(model: string, estimator: string, source: string): string {
  return `${model} energy by ${estimatorWords(estimator)}, ${source}`
}

/** How noise was taken out of a fit. */
export function correctionWords(correction: NoiseCorrection): string {
  return `taken out again to first order, ${corrections[correction]}`
}

/** Why the fit ended: `solved exactly`. */
export function stoppedWords(fit: FitJson): string {
  return verdicts[fit.estimator.stopped]
}

/** `kernel Stein test`. */
export function testWords(test: GoodnessOfFit['test']): string {
  return tests[test]
}

/** The mean log-likelihood of a fit, and whether of held-out rows; null when unknown. */
export function shownLogLikelihood(fit: FitJson): { readonly value: number; readonly rows: 'held-out' | 'training' } | null {
  const { heldOut, train } = fit.logLikelihood
  if (heldOut !== null) return { value: heldOut, rows: 'held-out' }
  return train === null ? null : { value: train, rows: 'training' }
}

/** What the baselines are called, in the order in which they are shown. */
export const baselineWords: readonly (readonly [BaselineName, string])[] = [
  ['gaussian', 'Gaussian'], ['kernelDensity', 'kernel density'], ['gaussianMixture', 'Gaussian mixture'],
  ['uniform', 'uniform'], ['vonMisesFisher', 'von Mises–Fisher'], ['independent', 'independence'],
]

/** One baseline against the model. */
export interface BaselineComparison {
  readonly name: string
  readonly value: number
  /** Model less baseline: positive where the model is better, zero where they differ by rounding alone. */
  readonly difference: number
  /** Of the paired difference; null when unknown. */
  readonly standardError: number | null
}

/** The baselines that are known, beside a known log-likelihood. */
export function compareBaselines(fit: FitJson): BaselineComparison[] {
  const own = shownLogLikelihood(fit)
  if (own === null) return []
  const { baselines, differences } = fit.logLikelihood
  return baselineWords.flatMap(([key, name]) => {
    const value = baselines[key] ?? null
    const pair = differences?.[key] ?? null
    if (value === null) return []
    const difference = pair?.value ?? own.value - value
    const isEqual = Math.abs(difference) < 1e-9 * Math.max(1, Math.abs(value))
    return [{ name, value, difference: isEqual ? 0 : difference, standardError: isEqual ? null : pair?.standardError ?? null }]
  })
}

const bestOf = (comparisons: readonly BaselineComparison[]): BaselineComparison => comparisons.reduce((a, b) => (b.value > a.value ? b : a))

/** Whether model and best baseline differ by more than two standard errors of the paired difference, where that is known. */
export function isDecided(comparisons: readonly BaselineComparison[]): boolean {
  if (comparisons.length === 0) return false
  const { difference, standardError } = bestOf(comparisons)
  return difference !== 0 && (standardError === null || Math.abs(difference) > 2 * standardError)
}

/**
 * Which of model and baselines wins, in a sentence; null without baselines.
 * @param precision an error that says how many digits are worth printing where the paired one is unknown
 */
export function comparisonWords(comparisons: readonly BaselineComparison[], precision: number | null): string | null {
  if (comparisons.length === 0) return null
  const best = bestOf(comparisons)
  const size = formatEstimate(Math.abs(best.difference), best.standardError ?? precision)
  if (best.difference === 0) return `The model equals the best baseline (${best.name}).`
  if (best.standardError !== null && !isDecided(comparisons)) {
    return `No clear winner: the difference from the best baseline (${best.name}) is ${size} nats a row, within two standard errors (${formatNumber(best.standardError, 2)}).`
  }
  const unsure = best.standardError === null ? '; the error of this difference is unknown' : ''
  return best.difference > 0
    ? `The model wins: ${size} nats a row above the best baseline (${best.name})${unsure}.`
    : `The ${best.name} baseline wins: it lies ${size} nats a row above the model${unsure}.`
}

const SHOWN_MODES = 5

/** `3: 50.1, 29.8, 20.1 % of the density; 50.3, 29.4, 20.3 % of the rows`; null where there is but one, or none is known. */
export function modeWords({ modes }: FitJson): string | null {
  if (!modes || modes.list.length < 2) return null
  // To the first digit of the error that the rows' share of the heaviest has.
  const percent = (value: (mode: FitMode) => number): string =>
    `${modes.list.slice(0, SHOWN_MODES).map((mode) => formatEstimate(100 * value(mode), 1000 * modes.list[0].rowsShareError)).join(', ')}${modes.list.length > SHOWN_MODES ? ', …' : ''} %`
  return `${modes.list.length}: ${percent(({ weight }) => weight)} of the density${modes.identified ? '' : ' (not identified)'}; ${percent(({ rowsShare }) => rowsShare)} of the rows`
}

/** A mode's weight in percent, with its error where that is not far below the error of a sample. */
export function weightWords({ weight, standardError, rowsShareError }: FitMode): string {
  return standardError < 0.1 * rowsShareError ? formatEstimate(100 * weight, 100 * rowsShareError) : formatWithError(100 * weight, 100 * standardError)
}
