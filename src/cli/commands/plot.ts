// `unnorm plot`: the figure of a fitted density and its score, or a film of them through the noise levels of a run.
import { UnnormError } from '../../base/errors.ts'
import type { Warning } from '../../base/errors.ts'
import type { Options, OptionValues } from '../../base/options.ts'
import type { Table } from '../../data/table.ts'
import { isDiscrete } from '../../model/domain.ts'
import type { OpenedModel } from '../../node/open-model.ts'
import type { NoiseSetting } from '../../result/noise.ts'
import { formatSetting } from '../../report/format.ts'
import { headingWords } from '../../report/words.ts'
import { defineCommand } from '../command.ts'
import type { CommandResult } from '../command.ts'
import type { Context } from '../context.ts'
import { dataArgument, dataOptions, openData, readModelColumns, readOptions, threadsOption } from '../data-options.ts'
import { levelNormalizer, openLevel, openLevels } from '../model-level.ts'
import { modelArgument, withModel } from '../model-rows.ts'
import { refuseIfStopped } from '../stoppable.ts'
import { noiseOption } from '../noise-option.ts'

const options = {
  out: { type: 'path', short: 'o', placeholder: 'FILE', required: true, sentence: 'Where the picture goes: .svg or .png. A .gif is a film through the noise levels of a run by dual or ladder, from the largest to the smallest; a folder (frames/) gets its frames as PNG' },
  noise: { type: 'string', placeholder: 'S', defaultWords: "the run's smallest", sentence: 'The noise level of a run by dual or ladder to show: 0.1 standard deviations of each column of the fit; or 0.5,0.2 in the data\'s units, in proportion to them' },
  frames: { type: 'number', integer: true, minimum: 2, maximum: 1000, defaultWords: '40', sentence: 'How many noise levels a film shows, at equal ratios' },
  ...dataOptions, threads: threadsOption,
} as const satisfies Options
type Values = OptionValues<typeof options>

const usualFrames = 40

/** What a picture is drawn from. */
interface Scene {
  readonly opened: OpenedModel
  /** As the user named it. */
  readonly model: string
  readonly values: Values
  /** Reads the rows to draw. */
  rows(): Promise<Table>
}

export const command = defineCommand({
  arguments: {
    model: modelArgument,
    data: { ...dataArgument, sentence: 'rows to draw beside the density, as for unnorm fit; a run folder without it draws the rows it was fitted to' },
  },
  options,
  details: `Examples:
  unnorm plot runs/iris-gaussian -o iris.png
  unnorm plot runs/airports-mlp --noise 0.5 -o blurred.png
  unnorm plot runs/airports-mlp -o film.gif`,
  async run(context, { model, data }, values) {
    const kind = outputKind(values.out)
    const isFilm = kind === 'gif' || kind === 'folder'
    if (isFilm && values.noise !== undefined) throw new UnnormError('conflicting-options', 'invalid --noise: a film goes through all noise levels (leave it out, or name a .svg or .png)', 'usage')
    if (!isFilm && values.frames !== undefined) throw new UnnormError('invalid-option', `--frames has no effect with a .${kind} (leave it out, or name a .gif)`, 'usage')
    const setting = values.noise === undefined ? undefined : noiseOption(values.noise)
    const { writableFile, writableFolder } = await import('../../node/files.ts')
    await (kind === 'folder' ? writableFolder(values.out) : writableFile(values.out))
    return withModel(model, values.threads, context.signal, async (opened) => {
      const { columns } = opened.metadata
      const rows = () => (data === undefined && values.sql === undefined ? rowsOfRun(context, opened.folder, model) : rowsOf(context, data, values, columns))
      const scene = { opened, model, values, rows }
      return isFilm ? film(context, scene, kind) : picture(context, scene, kind, await setting?.(columns))
    })
  },
})

function outputKind(out: string): 'svg' | 'png' | 'gif' | 'folder' {
  if (/[\\/]$/.test(out)) return 'folder'
  const format = /\.(svg|png|gif)$/i.exec(out)?.[1].toLowerCase()
  if (format === undefined) throw new UnnormError('unknown-format', `invalid out: ${out} (must end in .svg, .png or .gif, or be a folder: frames/)`, 'usage')
  return format as 'svg' | 'png' | 'gif'
}

const heading = ({ opened: { metadata } }: Scene, { source }: Table): string => headingWords(metadata.model, metadata.estimator, source)

async function picture(context: Context, scene: Scene, format: 'svg' | 'png', setting: NoiseSetting | undefined): Promise<CommandResult> {
  const { opened: { metadata, domain, energy, fit }, model, values: { out, threads } } = scene
  const { columns } = metadata
  if (isDiscrete(domain)) return binaryPicture(context, scene, format)
  const level = setting && await openLevel(scene.opened, model, setting, threads)
  try {
    const table = await scene.rows()
    const [{ loadDrawing }, { writeFileWhole }] = await Promise.all([import('../../node/drawing.ts'), import('../../node/files.ts')])
    const [{ prepareLandscape, drawLandscape, createSvgDocument, renderPng }, { domainFrame, energyByColumns }] = await Promise.all([loadDrawing(), import('../../evaluate/open-energy.ts')])
    if (level) context.progress.phase('finding log Z at this noise')
    const shown = level
      ? { noise: level.noise, level: level.share, logNormalizer: columns.length > 2 ? null : await levelNormalizer(level.energy, table.values, (warning) => { context.warn(warning) }) }
      : { noise: metadata.noise, logNormalizer: metadata.logNormalizer }
    const landscape = await prepareLandscape(level?.energy ?? energyByColumns(energy, domain), table, { heading: heading(scene, table), warnings: fit?.warnings ?? [], ...domainFrame(domain, table.values), ...shown })
    const { svg } = drawLandscape(landscape, await createSvgDocument())
    await writeFileWhole(out, format === 'svg' ? svg : await renderPng(svg))
    return { json: { out, rows: table.rows, columns, noise: shown.noise }, text: `the density and its score of ${columns.join(', ')}: ${out}`, kind: 'summary' }
  } finally {
    await level?.release()
  }
}

/** Shares and pairs: between two values there is no density to draw. */
async function binaryPicture(context: Context, scene: Scene, format: 'svg' | 'png'): Promise<CommandResult> {
  const { opened: { metadata: { columns }, domain, energy }, model, values: { out, noise } } = scene
  if (noise !== undefined) throw new UnnormError('no-noise-levels', `invalid noise: ${model} lives on ${domain.text}, where there is no noise (leave it out)`)
  const table = await scene.rows()
  const [{ loadDrawing }, { writeFileWhole }, { checkDomain }] = await Promise.all([import('../../node/drawing.ts'), import('../../node/files.ts'), import('../../data/domain-rows.ts')])
  checkDomain(domain, table)
  const { binaryMoments, drawBinary, createSvgDocument, renderPng } = await loadDrawing()
  context.progress.phase('drawing')
  const { svg } = drawBinary(await binaryMoments(energy, table), heading(scene, table), await createSvgDocument())
  await writeFileWhole(out, format === 'svg' ? svg : await renderPng(svg))
  return { json: { out, rows: table.rows, columns, noise: null }, text: `shares and correlations of ${columns.join(', ')}, of the rows and of the fit: ${out}`, kind: 'summary' }
}

/** log Z of a frame need not be better known than what can be seen. */
const SEEN = 1e-3

async function film(context: Context, scene: Scene, kind: 'gif' | 'folder'): Promise<CommandResult> {
  const { opened, model, values: { out, frames = usualFrames, threads } } = scene
  const { columns } = opened.metadata
  const ladder = await openLevels(opened, model, 'a film goes through the noise levels of a run by dual or ladder', threads)
  try {
    if (columns.length > 2) throw new UnnormError('too-many-columns', `a film shows one column or two, and ${model} has ${columns.length}: ${columns.join(', ')} (fit two of them with --columns, or name a .svg or .png)`)
    const table = await scene.rows()
    const { prepareFilm, drawFilm, createSvgDocument, writeGif, writePngFrames } = await (await import('../../node/drawing.ts')).loadFilm()
    // A frame is computed, and later drawn.
    const onStep = (step: number): void => {
      refuseIfStopped(context.signal, 'the film is not done, and nothing was written')
      context.progress.update({ step, steps: 2 * frames, objective: null, heldOutObjective: null })
    }
    const told = new Set<string>()
    const warnOnce = (warning: Warning): void => {
      if (!told.has(warning.code)) context.warn(warning)
      told.add(warning.code)
    }
    context.progress.phase(`a film of ${frames} noise levels`)
    const landscapes = await prepareFilm(ladder, table, { heading: heading(scene, table), frames, onFrame: onStep, normalizer: (energy) => levelNormalizer(energy, table.values, warnOnce, SEEN) })
    await (kind === 'gif' ? writeGif : writePngFrames)(Array.from(drawFilm(landscapes, await createSvgDocument())), out, (frame) => { onStep(frames + frame) })
    const { least, most } = ladder.ladder
    const [from, to] = [most, least].map((t) => formatSetting(Math.sqrt(t)))
    return {
      json: { out, rows: table.rows, columns, frames, noise: landscapes.map(({ noise }) => noise) },
      text: `a film of ${frames} noise levels, ${from} to ${to} standard deviations of ${columns.join(', ')}: ${out}`, kind: 'summary',
    }
  } finally {
    await ladder.release()
  }
}

async function rowsOfRun(context: Context, folder: string | null, model: string): Promise<Table> {
  if (folder === null) {
    throw new UnnormError('missing-argument', `missing DATA: ${model} alone does not say where its density lies; name rows to draw beside it, or give the run folder`)
  }
  const { trainingTable } = await import('../run-data.ts')
  try {
    const { table } = await trainingTable(folder)
    for (const warning of table.warnings ?? []) context.warn(warning)
    return table
  } catch (error) {
    if (!(error instanceof UnnormError) || error.code !== 'no-training-data') throw error
    throw new UnnormError('missing-data', `${error.message} (name rows to draw: unnorm plot ${folder} DATA -o FILE)`)
  }
}

async function rowsOf(context: Context, data: string | undefined, options: Parameters<typeof readOptions>[1] & { readonly threads?: number | undefined }, columns: readonly string[]): Promise<Table> {
  const reading = readOptions(context, options, options.threads)
  const source = await openData(data, reading)
  try {
    return await readModelColumns(context, source, columns, reading)
  } finally {
    await source.close()
  }
}
