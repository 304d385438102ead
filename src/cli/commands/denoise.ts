// `unnorm denoise`: every row with its best guess without the noise, x̃ + Cφ(x̃) (Tweedie–Miyasawa).
import { UnnormError } from '../../base/errors.ts'
import type { Options } from '../../base/options.ts'
import { columnScale } from '../../data/standardize.ts'
import type { OpenedModel } from '../../node/open-model.ts'
import { formatSetting } from '../../report/format.ts'
import { parseNoise, resolveNoise } from '../../result/noise.ts'
import type { NoiseSetting } from '../../result/noise.ts'
import { defineCommand } from '../command.ts'
import { dataArgument, dataOptions, requireData, threadsOption } from '../data-options.ts'
import { checkOutput, modelArgument, outOption, withModelAndData, writeRows } from '../model-rows.ts'
import type { ModelRows } from '../model-rows.ts'

export const command = defineCommand({
  arguments: { model: modelArgument, data: dataArgument },
  options: {
    out: outOption,
    noise: { type: 'string', placeholder: 'S', defaultWords: "the model's own", sentence: 'The noise in the rows: 0.1 standard deviations of each column of DATA; or 0.5,0.2 in the data\'s units; or @FILE with a covariance. Another noise than the model\'s own only for a Gaussian energy, whose score is known at every noise' },
    ...dataOptions, threads: threadsOption,
  } satisfies Options,
  details: `Adds denoised_<column>, the mean of the clean value given the noisy one, in the data's units.

Example:
  unnorm denoise runs/points-mlp noisy-points.csv -o restored.csv`,
  async run(context, { model, data }, options) {
    requireData(data, options, 'denoise')
    await checkOutput(options.out)
    const setting = options.noise === undefined || options.noise.startsWith('@') ? undefined : parseNoise(options.noise)
    return withModelAndData(context, model, data, options, async (opened, rows) => {
      const asked = options.noise === undefined ? null : covarianceOf(setting ?? await ofFile(options.noise.slice(1), rows), rows)
      const denoised = await denoise(opened, model, rows, asked)
      const d = opened.metadata.columns.length
      const newColumns = opened.metadata.columns.map((column, j) => ({
        name: `denoised_${column}`, values: Float64Array.from({ length: rows.table.rows }, (_, row) => denoised[row * d + j]),
      }))
      return writeRows(context, rows, newColumns, options.out)
    })
  },
})

async function ofFile(path: string, { table }: ModelRows): Promise<NoiseSetting> {
  const { readCovariance } = await import('../../node/read-covariance.ts')
  return { kind: 'covariance', covariance: await readCovariance(path, table.columns) }
}

/** The covariance in the data's units. Only a share of standard deviations needs those of the rows. */
function covarianceOf(setting: NoiseSetting, { table }: ModelRows): Float64Array {
  const ones = new Float64Array(table.columns.length).fill(1)
  const scale = setting.kind === 'relative' ? columnScale(table) : { columns: table.columns, mean: ones, deviation: ones, minimum: ones, maximum: ones }
  return resolveNoise(setting, table.columns, scale, false).covariance
}

async function denoise({ energy, metadata }: OpenedModel, model: string, { table }: ModelRows, asked: Float64Array | null): Promise<Float64Array> {
  const own = metadata.noiseCovariance
  const { tweedie } = await import('../../result/result.ts')
  if (own !== null && (asked === null || isSame(asked, own))) {
    return tweedie(table.values, (await energy.evaluate(table.values)).score, own, metadata.columns.length)
  }
  if (asked === null) {
    throw new UnnormError('no-noise', `${model} was fitted without noise (by ${metadata.estimator}), so it has none of its own: say how much the rows have with --noise, if the energy is a Gaussian, or fit the model with --by denoising`)
  }
  const { denoiseGaussian, gaussianForm } = await import('../../evaluate/gaussian-form.ts')
  const form = await gaussianForm(energy, table.values)
  const ownWords = metadata.noise === null ? 'the rows as they are, without noise' : `noise σ = ${metadata.noise.map(formatSetting).join(', ')}`
  if (form === null) {
    throw new UnnormError('unknown-noise', `cannot denoise with another noise: ${model} learned the score at ${ownWords}; at another noise the score of such an energy is not known (${own === null ? 'fit it with --by denoising and this --noise' : 'leave --noise out, or fit the model with this --noise'})`)
  }
  // A model that was fitted with noise is the Gaussian of noisy rows; the clean one has that much less covariance.
  const clean = own === null ? form : { mean: form.mean, covariance: form.covariance.map((value, k) => value - own[k]) }
  const denoised = denoiseGaussian(clean, table.values, asked)
  if (denoised === undefined) {
    throw new UnnormError('unknown-noise', `cannot denoise with another noise: the noise that ${model} was fitted with is larger than the spread it found, so no Gaussian of clean rows is left (leave --noise out)`)
  }
  return denoised
}

const isSame = (a: ArrayLike<number>, b: readonly number[]): boolean => b.every((value, k) => Math.abs(a[k] - value) <= 1e-9 * Math.max(Math.abs(a[k]), Math.abs(value)))
