// From a model and a table to a result: the one path every fit takes, on any engine.
import { UnnormError } from '../base/errors.ts'
import type { Warning } from '../base/errors.ts'
import { flagName, resolveOptions } from '../base/options.ts'
import { createRandom } from '../base/random.ts'
import { version } from '../base/version.ts'
import { denoiserProgram } from '../compile/denoiser-file.ts'
import { energyProgram } from '../compile/model-file.ts'
import type { ModelMetadata } from '../compile/model-file.ts'
import { checkCollinearity, checkConstantColumns, checkWeighting } from '../data/check.ts'
import { independentColumns, turnStarts } from '../data/domain-rows.ts'
import { columnScale, scaleOf } from '../data/standardize.ts'
import type { Table } from '../data/table.ts'
import { runEnergy, runLadder } from '../engine/energy.ts'
import type { Derived } from '../estimate/derived.ts'
import { objectiveProgram } from '../estimate/objective-program.ts'
import { clusterWarning, findClusters } from '../evaluate/clusters.ts'
import { calibrationWarnings } from '../evaluate/ladder-calibration.ts'
import { reconstruction } from '../evaluate/reconstruction.ts'
import { isDiscrete } from '../model/domain.ts'
import type { Model, TracedModel } from '../model/model.ts'
import { binaryMoments } from '../report/binary-moments.ts'
import type { FitJson } from '../report/fit-json.ts'
import { begin } from './apart.ts'
import { QUICK_KERNEL_ROWS, baselineRows, baselineWeights, compareLikelihoods, evaluationRows, evaluationWeighting, findLogNormalizer, findResiduals, noBaselines, partOf, scoredRows, testGoodness } from './assess.ts'
import type { KnownLogNormalizer } from './assess.ts'
import { calibrate } from './calibrate.ts'
import { correctNoise, refuseCorrection } from './correct-noise.ts'
import { refuseUndefined } from './defined.ts'
import { beginDiagnosis, nothingDiagnosed } from './diagnose.ts'
import { settleDomain } from './domain.ts'
import { estimateNetwork } from './network-fit.ts'
import { estimateParametric } from './parametric-fit.ts'
import { fitOptions } from './fit-options.ts'
import { findModes } from './modes.ts'
import { splitOfFit } from './held-out.ts'
import type { ResolvedNoise } from './noise.ts'
import type { FitEnvironment, FitRequest } from './request.ts'
import { completeResult } from './result.ts'
import type { FitResult } from './result.ts'
import { settle } from './setting.ts'

/** Rows that a model may be made from. */
const MODEL_ROWS = 10_000

/** Estimates a model from a table. */
export async function fitModel(source: Model, given: Table, request: FitRequest, environment: FitEnvironment): Promise<FitResult> {
  const { noise: _noise, resume: _resume, initial: _initial, command: _command, out: _out, ...asked } = request
  const options = resolveOptions(fitOptions, asked)
  const startedAt = environment.now()
  const random = createRandom(options.seed)
  const warnings: Warning[] = []
  const located = await settleDomain(source, given, options)
  const { domain, table, points } = located
  warnings.push(...located.warnings)
  checkWeighting(table)
  const isNetwork = source.kind === 'network'
  if (isNetwork) refuseParametricOptions(request, table, source.name)
  else refuseTrainingOptions(request, source.name)
  const split = splitOfFit(table.rows, options, isNetwork)
  const fitted = evaluationRows(table, 'train', split)
  const holdsOut = split.heldOutCount > 0
  const unseen = holdsOut ? evaluationRows(table, 'heldOut', split) : fitted
  // The training of a network takes all threads.
  const apart = isNetwork ? undefined : environment.apart
  const baselines = begin(apart, 'baselines', {
    rows: baselineRows(table, split), weights: baselineWeights(table, split), columns: table.columns, domain: domain.text, isQuick: !isNetwork,
    unseen, areTraining: !holdsOut, kernelRows: isNetwork ? Infinity : QUICK_KERNEL_ROWS,
  })

  const ofColumns = checkConstantColumns(table)
  // What binary columns have in common shows as separation, if the model looks for it.
  const independent = independentColumns(domain, table)
  if (!isDiscrete(domain)) warnings.push(...checkCollinearity(independent, scaleOf(ofColumns, independent.columns)))
  const scale = points === table ? ofColumns : columnScale(points)
  const setting = settle(source, located, scale, options.by, request.noise, () => partOf(points, 'train', split, MODEL_ROWS))
  const { name, estimator, traced, objective, noise, ladder } = setting
  const { correctNoise: correction } = options
  refuseCorrection(correction, setting)
  const { model } = traced
  warnings.push(...setting.warnings)

  const derived = options.derive === undefined ? undefined : await derivedOf(traced, options.derive)
  const context = { traced, estimator, objective, noise, derived, table: points, scale, split, random, options, request, environment }
  const estimated = isNetwork ? await estimateNetwork(context) : await estimateParametric(context)
  warnings.push(...estimated.warnings)
  const corrected = correction && await correctNoise(correction, context, estimated)
  warnings.push(...corrected?.warnings ?? [])

  environment.onPhase?.('assessing the fit')
  const standardization = isNetwork ? scale : undefined
  const energyOf = (of: TracedModel) => energyProgram(of, estimated.theta, standardization, undefined, ladder?.least)
  const run = (of: TracedModel) => runEnergy(energyOf(of), table.columns, environment.engine)
  const noisy = await run(traced)
  const energy = corrected ? await run(corrected.model) : noisy
  if (estimated.stopped !== 'unbounded' && estimated.theta.every(Number.isFinite)) await refuseUndefined(traced, estimated.theta, isNetwork || corrected ? energy : undefined, points, environment.engine)
  const levels = ladder && await runLadder(energyProgram(traced, estimated.theta, scale, undefined, 'given'), { columns: table.columns, ladder, deviations: scale.deviation }, environment.engine)
  const { sensitivity } = estimated
  // Begun before log Z is known, without which it is not looked at.
  const diagnosis = !sensitivity || !estimated.integrable || isDiscrete(domain) ? undefined
    : await beginDiagnosis({ energy, program: energyOf(corrected?.model ?? traced), engine: environment.engine, table, split, domain, sensitivity, seed: options.seed, apart })
  const logZ = (corrected ? undefined : estimated.logNormalizer) ?? (estimated.integrable ? await findLogNormalizer(
    { energy, domain, rows: fitted, ladder: levels ?? null, ownsNormalizer: name === 'dual', random: random.split('log normalizer'), now: environment.now }, warnings,
  ) : null)
  const about = { format: 'unnorm.model/1', columns: table.columns, domain: domain.text, model: model.name, estimator: name } as const
  const metadataOf = (noise: ResolvedNoise | undefined, logZ: KnownLogNormalizer | null): ModelMetadata => ({
    ...about,
    noise: noise ? Array.from(noise.deviations) : null,
    noiseCovariance: noise ? Array.from(noise.covariance) : null,
    ...(noise || correction === undefined ? {} : { noiseCorrection: correction }),
    ...(isDiscrete(domain) ? { lowCodes: Array.from(columnScale(table).minimum) } : {}),
    ...(domain.parts.some(({ angles }) => angles) ? { turnStarts: turnStarts(domain, table.values) } : {}),
    logNormalizer: logZ && { value: logZ.value, standardError: logZ.standardError, method: logZ.method },
  })
  const modelFile = {
    program: energyProgram(corrected?.model ?? traced, estimated.theta, standardization, logZ?.value, ladder?.least),
    metadata: metadataOf(corrected ? undefined : noise, logZ),
  }
  await environment.onModel?.(modelFile)
  const unseenWeighting = evaluationWeighting(table, holdsOut ? 'heldOut' : 'train', split)
  const scored = isDiscrete(domain) ? null : await scoredRows(energy, domain, unseen, unseenWeighting)
  const goodness = scored ? begin(apart, 'goodness', { scored, seed: options.seed }) : () => (isDiscrete(domain) ? testGoodness(energy, domain, unseen, random.split('goodness of fit'), unseenWeighting) : null)
  // Parametric families tie the heights of their modes together, and dual score matching carries them down the ladder.
  const clusters = isNetwork && name !== 'dual' ? findClusters(table.values, table.columns.length) : undefined
  const heightsUnknown = clusters?.separated === true
  if (clusters && heightsUnknown) warnings.push(clusterWarning(clusters))
  const modes = isNetwork && estimated.integrable ? await findModes(energy, fitted, !heightsUnknown, random.split('modes'), warnings) : null
  const residuals = !sensitivity || isDiscrete(domain) ? null : await findResiduals(points, split, sensitivity)
  const likelihoods = await compareLikelihoods(energy, unseen, logZ, await baselines(), unseenWeighting)
  const train = holdsOut ? (await compareLikelihoods(energy, fitted, logZ, noBaselines, evaluationWeighting(table, 'train', split))).model : likelihoods.model
  // It takes rows as independent draws that count alike.
  const calibration = ladder && holdsOut && !table.weights && !table.clusters ? await calibrate({ model: traced, theta: estimated.theta, scale, ladder, hasSlope: name === 'dual' }, unseen, environment.engine, random.split('calibration')) : null
  if (calibration) warnings.push(...calibrationWarnings(calibration))
  const restored = noise && await reconstruction(noisy, unseen, noise.covariance, random.split('reconstruction'), { deviations: scale.deviation })

  const fit: FitJson = {
    format: 'unnorm.fit/1', unnorm: version, command: request.command ?? '', seed: options.seed, out: request.out ?? null,
    data: { source: table.source, rows: table.rowsRead, rowsUsed: table.rows, columns: table.columns, columnsLeftOut: table.columnsLeftOut, ...countedBy(table) },
    model: { name: model.name, logDensity: model.formula, domain: domain.text, parameterCount: traced.parameterCount, ...(model.details ? { details: model.details } : {}) },
    estimator: { name, route: estimated.route, noise: noise ? Array.from(noise.deviations) : null, noiseCorrection: correction ?? null, boundaryWeight: name === 'score-matching' ? located.boundaryWeight : null, stopped: estimated.stopped },
    ...(estimated.parameters ? { parameters: estimated.parameters } : {}),
    derived: estimated.derived ?? [],
    ...(estimated.parameters ? { parameterCovariance: estimated.parameterCovariance ?? null } : {}),
    ...(estimated.tests === undefined ? {} : { tests: estimated.tests }),
    ...(estimated.bootstrap === undefined ? {} : { bootstrap: estimated.bootstrap }),
    level: options.level,
    objective: { ...estimated.objective, units: isNetwork ? 'standardized' : 'data' },
    logNormalizer: { value: logZ?.value ?? null, standardError: logZ?.standardError ?? null, method: logZ?.method ?? null },
    logLikelihood: {
      train: train?.value ?? null,
      heldOut: holdsOut ? (likelihoods.model?.value ?? null) : null,
      standardError: likelihoods.model?.standardError ?? null,
      baselines: likelihoods.baselines,
      differences: likelihoods.differences,
    },
    ...(residuals ? { residuals } : {}),
    ...(isNetwork ? { modes } : {}),
    ...(ladder ? { ladderCalibration: calibration } : {}),
    timing: { seconds: (environment.now() - startedAt) / 1000, stepsPerSecond: estimated.stepsPerSecond },
    warnings,
  }
  return completeResult({
    fit, energy, noisy, metrics: estimated.metrics, theta: estimated.theta, state: estimated.state, interrupted: estimated.stopped === 'interrupted',
    domain, table, noiseCovariance: noise?.covariance ?? null, ladder: levels ?? null,
    diagnose: async () => {
      const found = isDiscrete(domain) ? { ...nothingDiagnosed, binary: await binaryMoments(energy, table) } : (logZ && await diagnosis?.()) ?? nothingDiagnosed
      return { ...found, goodnessOfFit: await goodness() }
    },
    facts: {
      modelTex: model.tex ?? null,
      objective: { tex: estimator.tex, sentence: estimator.sentence },
      columnScales: Array.from(scale.deviation),
      noiseReason: setting.reason,
      denoiser: restored ? { units: 'standardized', reconstructionError: restored.total.error, floor: restored.total.floor, withoutDenoising: restored.total.noDenoising, standardError: restored.total.standardError, aboveFloor: restored.aboveFloor } : null,
    },
    modelFile,
    ladderFile: ladder ? { program: energyProgram(traced, estimated.theta, standardization, undefined, 'given'), metadata: { ...metadataOf(noise, logZ), ladder, deviations: Array.from(scale.deviation) } } : null,
    denoiserFile: noise ? {
      program: denoiserProgram(traced, estimated.theta, standardization, ladder ? 'given' : noise.covariance),
      metadata: { ...metadataOf(noise, null), ...(ladder ? { ladder, deviations: Array.from(scale.deviation) } : {}) },
    } : null,
    objective: objectiveProgram(traced, objective, estimated.theta, standardization),
  }, async () => sensitivity?.release())
}

/** @throws UnnormError `invalid-option` for a network, and those of `deriveFrom` */
async function derivedOf(traced: TracedModel, text: string): Promise<Derived> {
  if (traced.model.kind === 'network') throw new UnnormError('invalid-option', `invalid derive: ${traced.model.name} is a network, whose parameters mean nothing (leave it out)`, 'usage')
  // Reading formulas needs a parser, which most fits do without.
  const [{ deriveFrom }, { parseDerivations }] = await Promise.all([import('../estimate/derived.ts'), import('../model/formula/derivations.ts')])
  return deriveFrom(traced, parseDerivations(text))
}

/** What only a network's training has: silently ignoring it would mislead. */
function refuseTrainingOptions(request: FitRequest, model: string): void {
  const names = ['batch', 'learningRate', 'weightDecay'] as const
  const found = names.find((name) => request[name] !== undefined)
  if (found !== undefined) {
    throw new UnnormError('invalid-option', `invalid ${flagName(found)}: only a network is trained in minibatches, and ${model} is fitted over all rows (leave it out)`, 'usage')
  }
}

/** What only a parametric model has. */
function refuseParametricOptions({ fix, bootstrap, test, level }: FitRequest, { weights, clusters }: Table, model: string): void {
  const refuse = (name: string, why: string): UnnormError => new UnnormError('invalid-option', `invalid ${name}: ${why} (leave it out, or choose a parametric model; ${model} is a network)`, 'usage')
  if (fix !== undefined) throw refuse('fix', 'the weights of a network have no names')
  if (test !== undefined) throw refuse('test', 'the weights of a network have no names')
  if (bootstrap !== undefined) throw refuse('bootstrap', 'a network has no parameters to report')
  if (level !== undefined) throw refuse('level', 'a network has no parameters, and so no intervals')
  if (weights !== undefined) throw refuse('weights', 'networks are trained on rows that count alike')
  if (clusters !== undefined) throw refuse('cluster', 'clusters are for standard errors, and a network has none')
}

/** What fit.json says of how rows count. */
function countedBy({ weights, clusters }: Table): Pick<FitJson['data'], 'weights' | 'cluster' | 'clusters'> {
  return { ...(weights ? { weights: weights.column } : {}), ...(clusters ? { cluster: clusters.column, clusters: clusters.count } : {}) }
}
