// Fitting a parametric model: float64, over all rows, in the data's own units.
import { UnnormError } from '../base/errors.ts'
import type { Warning } from '../base/errors.ts'
import { checkCollinearity, checkRowCount, checkUnits } from '../data/check.ts'
import { bootstrapWarnings, describeReplicates } from '../estimate/bootstrap-errors.ts'
import { independentColumns } from '../data/domain-rows.ts'
import { describeParameters, fitParametric } from '../estimate/parametric.ts'
import { checkBoundaries } from '../estimate/boundary-check.ts'
import { overRows } from '../estimate/batch.ts'
import { openSensitivity } from '../estimate/sensitivity.ts'
import { cancellation, fewClusters, noTest } from '../estimate/parametric-warnings.ts'
import { logDensityRounding } from '../estimate/rounding.ts'
import { evaluationRows, evaluationWeighting, partOf, weightingOfPart } from './assess.ts'
import type { Estimated, FitContext } from './estimated.ts'
import { meanWithError } from '../evaluate/mean-with-error.ts'
import { waldTest } from '../estimate/wald.ts'
import { isDiscrete } from '../model/domain.ts'
import { parseHypotheses } from '../model/hypotheses.ts'
import { parseFixings, restrictionOf } from '../model/fixing.ts'

/** A log-likelihood in error by more nats than this would mislead: models are told apart by some hundredths. */
const LARGEST_ROUNDING = 1e-3

/** Below it standard errors over clusters are too small as a rule (Cameron & Miller 2015). */
const FEW_CLUSTERS = 30

/** @throws UnnormError `too-few-rows`, `extreme-unit`; `unbounded` or `cancellation` where there is no estimate; those of `fitParametric` */
export async function estimateParametric(context: FitContext): Promise<Estimated> {
  const { traced, estimator, objective, noise, derived, table, scale, split, random, options, request, environment } = context
  const rows = split.heldOutCount === 0 ? table.values : partOf(table, 'train', split, split.trainCount)
  const weighting = weightingOfPart(table, 'train', split, split.trainCount)
  const restriction = options.fix === undefined ? undefined : restrictionOf(traced, parseFixings(options.fix), rows, weighting.weights)
  checkRowCount(table, restriction?.names.length ?? traced.parameterCount, weighting.weights ? weighting.weights.filter((weight) => weight > 0).length : split.trainCount)
  checkUnits(table, scale)
  // Names are checked before the work.
  const hypotheses = options.test === undefined ? [] : parseHypotheses(options.test, [...traced.parameterNames, ...traced.model.reported?.names(traced.dimension) ?? []])
  // What holds of all rows need not hold of those that the fit sees.
  if (split.heldOutCount > 0 && !isDiscrete(traced.domain)) checkCollinearity(independentColumns(traced.domain, { ...table, source: `${table.source} (training rows)`, rows: split.trainCount, values: rows }, 'coordinates'))
  const fit = await fitParametric(traced, estimator, rows, environment.engine, {
    ...(noise ? { noise: noise.inObjective } : {}),
    scale, random: random.split('parametric'), weighting,
    ...(request.initial ? { initial: request.initial } : {}),
    ...(restriction ? { restriction } : {}),
    ...(options.bootstrap === undefined ? {} : { bootstrap: options.bootstrap }),
    onPhase: (text) => environment.onPhase?.(text),
    ...(environment.signal ? { signal: environment.signal } : {}),
    ...(options.steps === undefined ? {} : { maxSteps: options.steps }),
    onProgress: (update) => environment.onProgress?.({ step: update.step, steps: null, objective: update.objective, heldOutObjective: null }),
  })
  const described = describeParameters(traced, fit, options.level)
  const tests = hypotheses.map((hypothesis) => waldTest(described, hypothesis))
  const replicates = fit.replicates && describeReplicates(traced, fit.replicates, described.parameters, options.level)
  const natural = Object.fromEntries(traced.parameters.map(({ name, start, parameter }) => [name, fit.theta.slice(start, start + parameter.size)]))
  // Where the search ran off, θ is only the last value tried: its density means nothing.
  const ranOff = fit.stopped === 'unbounded'
  if (ranOff && estimator.unboundedBecause === undefined) throw noEstimate(fit.warnings)
  const rounding = ranOff ? 0 : await logDensityRounding(traced, fit.theta, rows, environment.engine)
  const isRough = rounding > LARGEST_ROUNDING
  const known = ranOff || isRough ? undefined : traced.model.logNormalizer?.(natural, traced.dimension)
  const isOptimal = fit.stopped === 'solved' || fit.stopped === 'converged' || fit.stopped === 'at a bound'
  const boundary = isOptimal && estimator.name === 'score-matching' ? await checkBoundaries(traced, objective, { theta: fit.theta, fixed: restriction?.fixed }, rows, environment.engine) : []
  return {
    theta: fit.theta, route: fit.route, stopped: fit.stopped,
    objective: { train: fit.objective, ...await heldOut(context, fit.theta) },
    parameters: described.parameters, derived: derived?.describe(fit, described, options.level) ?? [], parameterCovariance: described.covariance,
    ...(options.test === undefined ? {} : { tests }),
    ...(options.bootstrap === undefined ? {} : { bootstrap: replicates && { replicates: replicates.replicates, failed: replicates.failed, seed: options.seed, parameters: replicates.parameters } }),
    ...(known === undefined ? {} : { logNormalizer: { value: known, standardError: 0, method: 'exact' } }),
    // A family that knows its log Z says by leaving it undefined that there is none.
    integrable: !ranOff && !isRough && (traced.model.logNormalizer === undefined || known !== undefined),
    sensitivity: fit.free && !noise && !ranOff ? openSensitivity(fit.free, environment.engine) : null,
    stepsPerSecond: null, metrics: fit.history.map((entry) => ({ ...entry, heldOutObjective: null, seconds: 0 })), state: null,
    warnings: [
      ...fit.warnings, ...boundary,
      ...(isRough && !fit.warnings.some(({ code }) => code === 'cancellation') ? [cancellation(rounding, scale)] : []),
      ...(weighting.clusters && weighting.clusters.count < FEW_CLUSTERS ? [fewClusters(weighting.clusters.count)] : []),
      ...tests.flatMap((test) => (test.pValue === null ? [noTest(test.hypothesis)] : [])),
      ...(replicates ? bootstrapWarnings(replicates, described.parameters) : []),
    ],
  }
}

/** The work failed: there is nothing to report, and a model file would hold the last values of a search that ran away. */
function noEstimate(warnings: readonly Warning[]): UnnormError {
  const { code, message } = warnings.find((warning) => warning.code === 'unbounded' || warning.code === 'cancellation')!
  return new UnnormError(code, message)
}

/** The objective on rows held out for evaluation. */
async function heldOut({ traced, objective, table, split, random, environment }: FitContext, theta: Float64Array) {
  if (split.heldOutCount === 0) return { heldOut: null, heldOutStandardError: null }
  const batch = overRows(traced, objective)
  const rows = evaluationRows(table, 'heldOut', split)
  const d = traced.dimension
  const draws = new Float64Array(rows.length)
  random.split('held-out noise').fillNormal(draws)
  const look = await environment.engine.prepare({ name: 'objective', type: 'float64', inputs: [traced.theta, ...batch.inputs], outputs: { perRow: batch.perRow } })
  const shape = [rows.length / d, d]
  const { perRow } = await look.run({ theta: { shape: [theta.length], data: theta }, rows: { shape, data: rows }, draws: { shape, data: draws } })
  await look.release()
  const { value, standardError } = meanWithError(perRow.data, evaluationWeighting(table, 'heldOut', split))
  return { heldOut: value, heldOutStandardError: standardError }
}
