// The files of a run folder, made from a result: model, numbers, metrics, figure and report.
import { UnnormError } from '../base/errors.ts'
import type { Warning } from '../base/errors.ts'
import { createRandom } from '../base/random.ts'
import { writeModelFile } from '../compile/model-file.ts'
import { compileOnnx } from '../compile/onnx.ts'
import type { Table } from '../data/table.ts'
import { domainFrame, energyByColumns } from '../evaluate/open-energy.ts'
import { isDiscrete } from '../model/domain.ts'
import type { FigureSource } from '../report/figure.ts'
import type { FitJson, MetricsRow } from '../report/fit-json.ts'
import type { Landscape } from '../report/landscape/landscape.ts'
import type { LearnedSample } from '../report/landscape/learned-sample.ts'
import type { ReportFigure } from '../report/report-input.ts'
import { headingWords } from '../report/words.ts'
import type { FitResult } from '../result/result.ts'
import { loadDrawing } from './drawing.ts'
import { denoiserName, ladderName, objectiveName } from './open-model.ts'
import { createRunFolder } from './run-folder.ts'

/** `metrics.csv`: numbers that are unknown are empty cells. */
function metricsCsv(metrics: readonly MetricsRow[]): string {
  const lines = metrics.map(({ step, objective, heldOutObjective, seconds }) => [step, objective, heldOutObjective ?? '', Number(seconds.toFixed(3))].join(','))
  return ['step,objective,heldOutObjective,seconds', ...lines].join('\n') + '\n'
}

/** What the figure says in words, from a fit. */
function landscapeDetails(fit: FitJson, rows: Table) {
  return {
    heading: headingWords(fit.model.name, fit.estimator.name, rows.source),
    logNormalizer: fit.logNormalizer, noise: fit.estimator.noiseCorrection === null ? fit.estimator.noise : null, warnings: fit.warnings,
  }
}

/** The landscape of a fit, or the warning why there is none: numbers are worth keeping without a figure. */
async function landscapeOf({ energy, domain, table }: FitResult, fit: FitJson): Promise<{ landscape: Landscape | null; warnings: readonly Warning[] }> {
  if (isDiscrete(domain)) return { landscape: null, warnings: [] }
  const { prepareLandscape } = await loadDrawing()
  try {
    return { landscape: await prepareLandscape(energyByColumns(energy, domain), table, { ...landscapeDetails(fit, table), ...domainFrame(domain, table.values) }), warnings: [] }
  } catch (error) {
    if (!(error instanceof UnnormError)) throw error
    return { landscape: null, warnings: [{ code: 'no-figure', message: `no figure of the density: ${error.message}` }] }
  }
}

/** Draws beside the rows, of a fit at many noise levels; null where they cannot be made: the fit's own warnings say why. */
async function learnedSampleOf({ ladder, fit, table }: FitResult): Promise<LearnedSample | null> {
  if (ladder === null || fit.logNormalizer.value === null) return null
  const { prepareLearnedSample } = await loadDrawing()
  try {
    return await prepareLearnedSample(ladder, table, createRandom(fit.seed).split('draws of the report'))
  } catch (error) {
    if (error instanceof UnnormError) return null
    throw error
  }
}

/**
 * The files of a run, by name, and its `fit.json` as a record.
 * @param fit that of the result, with the warnings of whoever read the table
 */
export async function runOutputs(result: FitResult, fit: FitJson): Promise<{ fit: FitJson; files: Record<string, string | Uint8Array> }> {
  const { figures, densityAndScore, reportHtml, createSvgDocument, renderPng } = await loadDrawing()
  const { landscape, warnings } = await landscapeOf(result, fit)
  const known: FitJson = { ...fit, warnings: [...fit.warnings, ...warnings] }
  const document = await createSvgDocument()
  const start: FigureSource = { fit: known, metrics: result.metrics, landscape, learned: null, margins: null, probabilities: null, binary: null }
  // Its image is rendered on another thread, while the rest is looked at.
  const density = densityAndScore.draw(start, document)
  const densityPng = density && renderPng(density.svg)
  densityPng?.catch(() => undefined)
  const { margins, probabilities, binary, goodnessOfFit } = await result.diagnose()
  const { timing, ...others } = known
  const whole: FitJson = { ...others, goodnessOfFit, timing }
  const source: FigureSource = { ...start, learned: await learnedSampleOf(result), margins, probabilities, binary }
  const drawn = figures.flatMap((figure): ReportFigure[] => {
    const { name, sentence } = figure
    const picture = figure === densityAndScore ? density : figure.draw(source, document)
    return picture === null ? [] : [{ name, sentence, drawn: picture }]
  })
  const main = density?.svg ?? drawn.find(({ name }) => name === 'binary')?.drawn.svg
  const png = densityPng ?? (main === undefined ? undefined : renderPng(main))
  const report = reportHtml({ fit: whole, figures: drawn, ...result.facts, goodnessOfFit, noMargins: margins?.margins === null ? margins.reason : null })
  return {
    fit: whole,
    files: {
      'model.onnx': writeModelFile(result.modelFile.program, result.modelFile.metadata),
      ...(result.ladderFile ? { [ladderName]: writeModelFile(result.ladderFile.program, result.ladderFile.metadata) } : {}),
      ...(result.denoiserFile ? { [denoiserName]: writeModelFile(result.denoiserFile.program, result.denoiserFile.metadata) } : {}),
      'metrics.csv': metricsCsv(result.metrics),
      'report.html': report,
      ...(main === undefined || png === undefined ? {} : { 'figure.svg': main, 'figure.png': await png }),
      [objectiveName]: compileOnnx(result.objective, {}),
      'fit.json': `${JSON.stringify(whole, finiteOrNull, 2)}\n`,
    },
  }
}

/** Numbers that are not finite become null, as in all of our JSON. */
const finiteOrNull = (_key: string, value: unknown): unknown => (typeof value === 'number' && !Number.isFinite(value) ? null : value)

/**
 * Writes a result as a run folder, which `openModel` and the command line read.
 * @param folder must not exist yet, or be empty
 * @throws UnnormError `out-not-empty`, and those of the file system
 */
export async function saveRun(result: FitResult, folder: string): Promise<void> {
  const run = await createRunFolder({ out: folder, name: '' })
  try {
    const { files } = await runOutputs(result, { ...result.fit, out: folder })
    await run.finish(files)
  } catch (error) {
    await run.release()
    throw error
  }
}
