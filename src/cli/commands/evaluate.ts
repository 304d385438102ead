// `unnorm evaluate`: how well rows fit a model: log-likelihood beside the baselines, objective, goodness of fit.
import { counted } from '../../base/counted.ts'
import { UnnormError } from '../../base/errors.ts'
import type { Warning } from '../../base/errors.ts'
import type { Options } from '../../base/options.ts'
import type { MethodName } from '../../evaluate/log-normalizer/method.ts'
import { closeOption } from '../../data/domain-rows.ts'
import { isDiscrete } from '../../model/domain.ts'
import type { OpenedModel } from '../../node/open-model.ts'
import { defineCommand } from '../command.ts'
import { dataArgument, dataOptions, requireData, threadsOption } from '../data-options.ts'
import { evaluationText } from '../evaluation-text.ts'
import type { Evaluation } from '../evaluation-text.ts'
import { checkByFlow, modelNormalizer, normalizerContext, readMethods } from '../model-normalizer.ts'
import { modelArgument, withModelAndData } from '../model-rows.ts'
import type { ModelRows } from '../model-rows.ts'
import { stoppableLadder } from '../stoppable.ts'

export const command = defineCommand({
  arguments: { model: modelArgument, data: dataArgument },
  options: {
    logZ: { type: 'string', placeholder: 'METHOD,…', defaultWords: 'those that make sense', sentence: "How log Z is found: some of quadrature, bridge, annealed, importance, dual; or stored, the fit's value as it is" },
    check: { type: 'boolean', default: false, sentence: 'Compare log p of up to 100 rows with that by the probability flow through all noise levels (fits by dual or ladder)' },
    train: { type: 'path', placeholder: 'DATA', defaultWords: "the run's own training rows", sentence: 'The rows that the baselines are fitted to' },
    close: closeOption, ...dataOptions, threads: threadsOption,
  } satisfies Options,
  details: `The log-likelihood is the mean per row in nats, in the data's units; baselines are a Gaussian, a kernel density and a Gaussian mixture (of binary columns: independence), fitted to training rows only. Where log Z is not exact it is found again, by several methods where quadrature does not reach, and the one that can be relied on most is used; they are compared.

Example:
  unnorm evaluate runs/iris-gaussian new-flowers.csv --json`,
  async run(context, { model, data }, options) {
    requireData(data, options, 'evaluate')
    if (data === '-' && options.train === '-') throw new UnnormError('conflicting-options', 'invalid --train: standard input, which is DATA already (name a file for one of them)', 'usage')
    const methods = readMethods(options.logZ)
    const warnings: Warning[] = []
    const evaluation = await withModelAndData(context, model, data, options, async (opened, rows) => {
      context.progress.phase('reading the training rows')
      const training = await trainingRows(opened, rows, options.train, warnings)
      context.progress.phase(`evaluating ${counted(rows.table.rows, 'row')}`)
      return evaluate(opened, rows, training, { threads: options.threads, methods, check: options.check, signal: context.signal }, warnings)
    })
    for (const warning of warnings) context.warn(warning)
    return { json: evaluation, text: evaluationText(evaluation), kind: 'answer' }
  },
})

/** What the baselines are fitted to. */
interface Training {
  /** Row-major [n × d]. */
  readonly rows: Float64Array
  /** Of the rows, with mean one, where the fit weighed them. */
  readonly weights: Float64Array | undefined
  /** Whether a row that is evaluated is one of them. */
  includes(row: number): boolean
}

/** Rows for the baselines; null, with the reason among the warnings, where there are none. */
async function trainingRows(opened: OpenedModel, { table, options }: ModelRows, train: string | undefined, warnings: Warning[]): Promise<Training | null> {
  const [{ tableFingerprint }, { baselineRows, baselineWeights }, { splitOfFit }] = await Promise.all([
    import('../../node/fingerprint.ts'), import('../../result/assess.ts'), import('../../result/held-out.ts'),
  ])
  const sameRows = (where: string): void => {
    warnings.push({ code: 'training-rows', message: `these are the very rows ${where}: on rows it has seen, a model or baseline looks better than it is; use rows that were not in the fit` })
  }
  if (train !== undefined) {
    const { readTable } = await import('../../node/read-table.ts')
    // `--table` and `--sql` are of DATA.
    const { table: _table, sql: _sql, ...reading } = options
    const training = await readTable(train, reading)
    for (const warning of training.warnings ?? []) warnings.push(warning)
    const isSame = tableFingerprint(training) === tableFingerprint(table)
    if (isSame) sameRows('that --train names')
    return { rows: baselineRows(training, splitOfFit(training.rows, { seed: 0, holdout: 0 }, false)), weights: undefined, includes: () => isSame }
  }
  const unknown = (why: string): null => {
    warnings.push({ code: 'no-baselines', message: `no baselines: ${why} (name training rows with --train)` })
    return null
  }
  if (opened.folder === null) return unknown('a model file alone does not say which rows it was fitted to')
  const { trainingTable } = await import('../run-data.ts')
  try {
    const { table: training, checkpoint } = await trainingTable(opened.folder)
    const { seed = 0, holdout } = checkpoint.request.fit
    const split = splitOfFit(training.rows, { seed, holdout }, checkpoint.state !== null)
    const isSame = checkpoint.dataFingerprint === tableFingerprint(table)
    if (isSame) {
      sameRows(`that the model was fitted to${split.heldOutCount > 0 ? ` (but for ${split.heldOutCount} held out of it, whose log-likelihood fit.json tells)` : ''}`)
    }
    const heldOut = new Set(Array.from({ length: isSame ? split.heldOutCount : 0 }, (_, k) => split.heldOutRow(k)))
    return { rows: baselineRows(training, split), weights: baselineWeights(training, split), includes: (row) => isSame && !heldOut.has(row) }
  } catch (error) {
    if (error instanceof UnnormError && error.code === 'no-training-data') return unknown(error.message)
    throw error
  }
}

interface Asked {
  readonly threads: number | undefined
  /** Of log Z; null for those that make sense. */
  readonly methods: readonly MethodName[] | null
  readonly check: boolean
  readonly signal: AbortSignal
}

async function evaluate(opened: OpenedModel, { table }: ModelRows, training: Training | null, { threads, methods, check, signal }: Asked, warnings: Warning[]): Promise<Evaluation> {
  const { energy, metadata, fit, folder } = opened
  const d = metadata.columns.length
  const [{ meanWithError }, { objectiveOfRows }, { logLikelihood }, { baselineLikelihoods, fitBaselines, testGoodness }, { createRandom }, { openLadder }, { openToIntegrate }, { perBaseline }] = await Promise.all([
    import('../../evaluate/mean-with-error.ts'), import('../row-objective.ts'), import('../../evaluate/log-likelihood.ts'), import('../../result/assess.ts'), import('../../base/random.ts'), import('../../node/open-model.ts'), import('../../evaluate/open-energy.ts'), import('../../evaluate/baselines/baseline.ts'),
  ])
  const rows = table.values
  const random = createRandom(fit?.seed ?? 0).split('evaluate')
  const ladder = folder === null ? null : await openLadder(folder, threads === undefined ? {} : { threads }).then((found) => found && stoppableLadder(found, signal))
  try {
    if (check && ladder === null) throw new UnnormError('invalid-option', 'invalid --check: the probability flow needs all noise levels, the run folder of a fit by dual or ladder (leave it out)')
    const open = isDiscrete(opened.domain) ? null : openToIntegrate(energy, opened.domain)
    const context = open && normalizerContext({ ...opened, energy: open.energy }, ladder, open.toOpen(training?.rows ?? rows), random.split('log normalizer'))
    const { reported, estimates } = await modelNormalizer(opened, context, methods, warnings)
    const own = reported === null ? null : await logLikelihood(energy, rows, { value: reported.value, standardError: reported.standardError ?? 0 })
    if (own === null) warnings.push({ code: 'unnormalized', message: 'the log-likelihood is unknown, because log Z is: no method found it with an error that can be relied on' })
    const { kernelDensityRows, ...baselines } = training === null ? { ...perBaseline(() => null), kernelDensityRows: table.rows } : baselineLikelihoods(fitBaselines(training.rows, opened.domain, training.weights), rows, d, (row) => training.includes(row))
    if (kernelDensityRows < table.rows) {
      warnings.push({ code: 'thinned-rows', message: `the kernel density is evaluated on ${kernelDensityRows} of these rows, evenly spread: its log-likelihood is that of ${baselines.gaussian !== null ? 'the Gaussian' : baselines.independent === undefined ? 'von Mises–Fisher' : 'independence'} on all rows plus their difference on those` })
    }
    const objectives = await objectiveOfRows(opened, rows, threads, random.split('noise'))
    const goodness = await testGoodness(energy, opened.domain, rows, random.split('goodness of fit'))
    return {
      rows: table.rows,
      logLikelihood: {
        value: own?.value ?? null, standardError: own?.standardError ?? null, baselines,
      },
      logNormalizer: { value: reported?.value ?? null, standardError: reported?.standardError ?? null, method: reported?.method ?? null },
      logNormalizers: estimates,
      check: check && context ? await checkByFlow(context, rows, reported, warnings) : null,
      objective: { ...(objectives === null ? { value: null, standardError: null } : meanWithError(objectives)), units: fit?.objective.units ?? null },
      goodnessOfFit: { test: goodness?.test ?? null, statistic: goodness?.statistic ?? null, pValue: goodness?.pValue ?? null },
      warnings,
    }
  } finally {
    await ladder?.release()
  }
}
