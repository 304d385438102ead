// `unnorm evaluate`: how well rows fit a model: log-likelihood beside the baselines, objective, goodness of fit.
import { UnnormError } from '../../base/errors.ts'
import type { Warning } from '../../base/errors.ts'
import type { Options } from '../../base/options.ts'
import type { Random } from '../../base/random.ts'
import type { OpenedModel } from '../../node/open-model.ts'
import { defineCommand } from '../command.ts'
import { dataArgument, dataOptions, requireData, threadsOption } from '../data-options.ts'
import { evaluationText } from '../evaluation-text.ts'
import type { Evaluation } from '../evaluation-text.ts'
import { modelArgument, withModelAndData } from '../model-rows.ts'
import type { ModelRows } from '../model-rows.ts'

export const command = defineCommand({
  arguments: { model: modelArgument, data: dataArgument },
  options: {
    train: { type: 'path', placeholder: 'DATA', defaultWords: "the run's own training rows", sentence: 'The rows that the baselines are fitted to' },
    ...dataOptions, threads: threadsOption,
  } satisfies Options,
  details: `The log-likelihood is the mean per row in nats, in the data's units; baselines are a Gaussian and a kernel density, fitted to training rows only.

Example:
  unnorm evaluate runs/iris-gaussian new-flowers.csv --json`,
  async run(context, { model, data }, options) {
    requireData(data, options, 'evaluate')
    const warnings: Warning[] = []
    const evaluation = await withModelAndData(context, model, data, options, async (opened, rows) => {
      context.progress.phase('reading the training rows')
      const training = await trainingRows(opened, rows, options.train, warnings)
      context.progress.phase(`evaluating ${rows.table.rows} rows`)
      return evaluate(opened, rows, training, options.threads, warnings)
    })
    for (const warning of warnings) context.warn(warning)
    return { json: evaluation, text: evaluationText(evaluation), kind: 'answer' }
  },
})

/** What the baselines are fitted to. */
interface Training {
  /** Row-major [n × d]. */
  readonly rows: Float64Array
  /** Whether a row that is evaluated is one of them. */
  includes(row: number): boolean
}

/** Rows for the baselines; null, with the reason among the warnings, where there are none. */
async function trainingRows(opened: OpenedModel, { table, options }: ModelRows, train: string | undefined, warnings: Warning[]): Promise<Training | null> {
  const [{ tableFingerprint }, { baselineRows }, { splitOfFit }] = await Promise.all([
    import('../../node/fingerprint.ts'), import('../../result/assess.ts'), import('../../result/held-out.ts'),
  ])
  const sameRows = (where: string): void => {
    warnings.push({ code: 'training-rows', message: `these are the very rows ${where}: on rows it has seen, a model or baseline looks better than it is; use rows that were not in the fit` })
  }
  if (train !== undefined) {
    const { readTable } = await import('../../node/read-table.ts')
    const training = await readTable(train, { columns: opened.metadata.columns, ...(options.missing === undefined ? {} : { missing: options.missing }) })
    const isSame = tableFingerprint(training) === tableFingerprint(table)
    if (isSame) sameRows('that --train names')
    return { rows: baselineRows(training, splitOfFit(training.rows, { seed: 0, holdout: 0 }, false)), includes: () => isSame }
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
    return { rows: baselineRows(training, split), includes: (row) => isSame && !heldOut.has(row) }
  } catch (error) {
    if (error instanceof UnnormError && error.code === 'no-training-data') return unknown(error.message)
    throw error
  }
}

async function evaluate(opened: OpenedModel, { table }: ModelRows, training: Training | null, threads: number | undefined, warnings: Warning[]): Promise<Evaluation> {
  const { energy, metadata, fit } = opened
  const d = metadata.columns.length
  const [{ logLikelihood }, { baselineLikelihoods, fitBaselines, testGoodness }, { createRandom }] = await Promise.all([
    import('../../evaluate/log-likelihood.ts'), import('../../result/assess.ts'), import('../../base/random.ts'),
  ])
  const rows = table.values
  const random = createRandom(fit?.seed ?? 0).split('evaluate')
  const { logNormalizer } = metadata
  const own = logNormalizer === null ? null : await logLikelihood(energy, rows, { value: logNormalizer.value, standardError: logNormalizer.standardError ?? 0 })
  if (own === null) warnings.push({ code: 'unnormalized', message: 'the log-likelihood is unknown, because log Z is: the energy could not be normalized when it was fitted' })
  const baselines = training === null ? null : baselineLikelihoods(fitBaselines(training.rows, d), rows, d, (row) => training.includes(row))
  if (baselines !== null && baselines.kernelDensityRows < table.rows) {
    warnings.push({ code: 'thinned-rows', message: `the kernel density is evaluated on ${baselines.kernelDensityRows} of these rows, evenly spread: its log-likelihood is the Gaussian's on all rows plus their difference on those` })
  }
  const goodness = await testGoodness(energy, rows, random.split('goodness of fit'))
  return {
    rows: table.rows,
    logLikelihood: {
      value: own?.value ?? null, standardError: own?.standardError ?? null,
      baselines: { gaussian: baselines?.gaussian ?? null, kernelDensity: baselines?.kernelDensity ?? null },
    },
    logNormalizer: { value: logNormalizer?.value ?? null, standardError: logNormalizer?.standardError ?? null, method: logNormalizer?.method ?? null },
    objective: { ...(await objectiveOf(opened, rows, threads, random.split('noise'))), units: fit?.objective.units ?? null },
    goodnessOfFit: { test: goodness?.test ?? null, statistic: goodness?.statistic ?? null, pValue: goodness?.pValue ?? null },
    warnings,
  }
}

/** Draws of the noise for each row, in pairs ±z: as many as a fit takes, fewer where rows are many. */
const MOST_DRAWS = 32
const ROWS_TIMES_DRAWS = 2_000_000

/** The objective of the run on these rows; its error is that over rows, draws of one row averaged first. */
async function objectiveOf({ folder, metadata }: OpenedModel, rows: Float64Array, threads: number | undefined, random: Random) {
  const [{ openObjective }, { meanWithError }] = await Promise.all([import('../../node/open-model.ts'), import('../../evaluate/mean-with-error.ts')])
  const objective = folder === null ? null : await openObjective(folder, metadata.columns.length, threads === undefined ? {} : { threads })
  if (objective === null) return { value: null, standardError: null }
  try {
    if (objective.drawsPerRow === 0) return meanWithError(await objective.perRow(rows, null))
    const total = new Float64Array(rows.length / metadata.columns.length)
    const draws = new Float64Array(total.length * objective.drawsPerRow)
    const levels = new Float64Array(total.length)
    const count = Math.max(2, Math.min(MOST_DRAWS, 2 * Math.floor(ROWS_TIMES_DRAWS / total.length / 2)))
    for (let draw = 0; draw < count; draw++) {
      if (draw % 2 === 0) {
        random.split(draw).fillNormal(draws)
        random.split(draw).split('levels').fillUniform(levels)
      } else {
        draws.forEach((z, k) => { draws[k] = -z })
      }
      const values = await objective.perRow(rows, { normal: draws, uniform: levels })
      values.forEach((value, k) => { total[k] += value / count })
    }
    return meanWithError(total)
  } finally {
    await objective.release()
  }
}
