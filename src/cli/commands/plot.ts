// `unnorm plot`: the figure of a fitted density and its score, as SVG or PNG.
import { UnnormError } from '../../base/errors.ts'
import type { Options } from '../../base/options.ts'
import type { Table } from '../../data/table.ts'
import { headingWords } from '../../report/words.ts'
import { defineCommand } from '../command.ts'
import type { Context } from '../context.ts'
import { dataArgument, dataOptions, openData, readModelColumns, readOptions, threadsOption } from '../data-options.ts'
import { modelArgument, withModel } from '../model-rows.ts'

export const command = defineCommand({
  arguments: {
    model: modelArgument,
    data: { ...dataArgument, sentence: 'rows to draw beside the density, as for unnorm fit; a run folder without it draws the rows it was fitted to' },
  },
  options: {
    out: { type: 'path', short: 'o', placeholder: 'FILE', required: true, sentence: 'Where the picture goes: .svg or .png' },
    ...dataOptions, threads: threadsOption,
  } satisfies Options,
  details: `Example:
  unnorm plot runs/iris-gaussian -o iris.png`,
  async run(context, { model, data }, options) {
    const format = /\.(svg|png)$/i.exec(options.out)?.[1].toLowerCase()
    if (format === undefined) throw new UnnormError('unknown-format', `invalid out: ${options.out} (must end in .svg or .png)`, 'usage')
    const [{ loadDrawing }, { writableFile, writeFileWhole }] = await Promise.all([import('../../node/drawing.ts'), import('../../node/files.ts')])
    await writableFile(options.out)
    return withModel(model, options.threads, async ({ metadata, energy, folder, fit }) => {
      const table = data === undefined && options.sql === undefined
        ? await rowsOfRun(context, folder, model)
        : await rowsOf(context, data, options, metadata.columns)
      const { prepareLandscape, drawLandscape, createSvgDocument, renderPng } = await loadDrawing()
      const landscape = await prepareLandscape(energy, table, {
        heading: headingWords(metadata.model, metadata.estimator, table.source),
        logNormalizer: metadata.logNormalizer, noise: metadata.noise, warnings: fit?.warnings ?? [],
      })
      const { svg } = drawLandscape(landscape, await createSvgDocument())
      await writeFileWhole(options.out, format === 'svg' ? svg : await renderPng(svg))
      return { json: { out: options.out, rows: table.rows, columns: metadata.columns }, text: `the density and its score of ${metadata.columns.join(', ')}: ${options.out}`, kind: 'summary' }
    })
  },
})

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
