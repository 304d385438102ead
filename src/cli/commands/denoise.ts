// `unnorm denoise`: every row with its best guess without the noise, x̃ + Cφ(x̃) (Tweedie–Miyasawa), and how uncertain that is.
import { counted } from '../../base/counted.ts'
import { UnnormError } from '../../base/errors.ts'
import type { Options } from '../../base/options.ts'
import { isDiscrete } from '../../model/domain.ts'
import { columnScale } from '../../data/standardize.ts'
import type { Posterior } from '../../engine/denoiser.ts'
import type { LadderEnergy } from '../../engine/energy.ts'
import type { FittedEnergy } from '../../model/fitted-energy.ts'
import type { OpenedDenoiser, OpenedModel } from '../../node/open-model.ts'
import type { NewColumn } from '../../node/write-table.ts'
import { formatSetting } from '../../report/format.ts'
import { resolveNoise } from '../../result/noise.ts'
import type { NoiseSetting } from '../../result/noise.ts'
import { defineCommand } from '../command.ts'
import type { Context } from '../context.ts'
import { dataArgument, dataOptions, requireData, threadsOption } from '../data-options.ts'
import { addColumns, modelArgument, outOption, perColumn } from '../model-rows.ts'
import type { ModelRows } from '../model-rows.ts'
import { noiseOption } from '../noise-option.ts'

export const command = defineCommand({
  arguments: { model: modelArgument, data: dataArgument },
  options: {
    out: outOption,
    covariance: { type: 'boolean', default: false, sentence: 'Add covariance_<column>_<column>, how uncertain the clean values are, together too' },
    noise: { type: 'string', placeholder: 'S', defaultWords: "the model's own", sentence: 'The noise in the rows: 0.1 standard deviations of each column of DATA; or 0.5,0.2 in the data\'s units; or @FILE with a covariance. Another noise than the model\'s own only where its score is known: any level of a run by dual or ladder (there 0.1 is a share of the standard deviations of the fit), and a Gaussian energy' },
    ...dataOptions, threads: threadsOption,
  } satisfies Options,
  details: `Adds denoised_<column>, the mean of the clean value given the noisy one, in the data's units.

Examples:
  unnorm denoise runs/points-mlp noisy-points.csv -o restored.csv
  unnorm denoise runs/points-mlp noisy-points.csv --noise 0.3 --covariance -o restored.csv`,
  async run(context, { model, data }, options) {
    requireData(data, options, 'denoise')
    const noise = options.noise === undefined ? undefined : noiseOption(options.noise)
    return addColumns(context, model, data, options, {
      names: ({ columns }) => [...columns.map((name) => `denoised_${name}`), ...(options.covariance ? pairs(columns).map(({ name }) => name) : [])],
      values: async (opened, rows) => {
        const { columns } = opened.metadata
        const asked = noise && await noise(columns)
        const { mean, covariance } = await denoise({ opened, model, rows, asked, withCovariance: options.covariance, threads: options.threads })
        return [...perColumn('denoised', columns, mean), ...(options.covariance ? covarianceColumns(context, columns, covariance) : [])]
      },
    })
  },
})

/** `covariance_a_b` for a ≤ b, and where in a covariance it stands. */
function pairs(columns: readonly string[]): { name: string; place: number }[] {
  return columns.flatMap((a, i) => columns.slice(i).map((b, k) => ({ name: `covariance_${a}_${b}`, place: i * columns.length + i + k })))
}

function covarianceColumns(context: Context, columns: readonly string[], covariance: Float64Array): NewColumn[] {
  const size = columns.length ** 2
  const count = covariance.length / size
  const wrong = Array.from({ length: count }, (_, row) => row).filter((row) => columns.some((_, j) => covariance[row * size + j * (columns.length + 1)] < 0)).length
  if (wrong > 0) {
    context.warn({ code: 'negative-variance', message: `the variance of a clean value is negative at ${wrong} of ${counted(count, 'row')}: there the model's score is not that of any density with this noise, and neither mean nor covariance can be trusted` })
  }
  return pairs(columns).map(({ name, place }) => ({ name, values: Float64Array.from({ length: count }, (_, row) => covariance[row * size + place]) }))
}

/** The covariance in the data's units. Only a share of standard deviations needs those of the rows. */
function covarianceOf(setting: NoiseSetting, { table }: ModelRows): Float64Array {
  const ones = new Float64Array(table.columns.length).fill(1)
  const scale = setting.kind === 'relative' ? columnScale(table) : { columns: table.columns, mean: ones, deviation: ones, minimum: ones, maximum: ones }
  return resolveNoise(setting, table.columns, scale, false).covariance
}

interface Request {
  readonly opened: OpenedModel
  readonly model: string
  readonly rows: ModelRows
  readonly asked: NoiseSetting | undefined
  readonly withCovariance: boolean
  readonly threads: number | undefined
}

/** Means of the clean rows, and covariances where they are wanted (empty otherwise: they need second derivatives). */
async function denoise(request: Request): Promise<Posterior> {
  const { opened: { folder, domain }, model, threads } = request
  if (isDiscrete(domain)) throw new UnnormError('no-noise', `cannot denoise with ${model}: on ${domain.text} there is no Gaussian noise to take out (unnorm score gives the log-odds of each value given the others)`)
  const options = threads === undefined ? {} : { threads }
  const { openDenoiser, openLadder } = await import('../../node/open-model.ts')
  const [ladder, denoiser] = folder === null ? [null, null] : await Promise.all([openLadder(folder, options), openDenoiser(folder, options)])
  try {
    return await (ladder === null ? atOwnNoise(request, denoiser) : onLadder(request, ladder, denoiser))
  } finally {
    await ladder?.release()
    await denoiser?.release()
  }
}

async function onLadder(request: Request, ladder: LadderEnergy, denoiser: OpenedDenoiser | null): Promise<Posterior> {
  const { ladderLevel } = await import('../../result/ladder-level.ts')
  const level = request.asked === undefined ? ladder.ladder.least : ladderLevel(request.asked, ladder)
  const d = ladder.columns.length
  const noise = Float64Array.from({ length: d * d }, (_, k) => (k % (d + 1) === 0 ? level * ladder.deviations[k % d] ** 2 : 0))
  return byScore(request, ladder.at(level), noise, denoiser, level)
}

async function atOwnNoise(request: Request, denoiser: OpenedDenoiser | null): Promise<Posterior> {
  const { opened: { energy, metadata }, model, rows, asked, withCovariance } = request
  // A model whose noise was taken out is no longer that of noisy rows; its denoiser still is.
  const own = metadata.noiseCovariance ?? denoiser?.metadata.noiseCovariance ?? null
  const covariance = asked && covarianceOf(asked, rows)
  if (own !== null && (covariance === undefined || isSame(covariance, own))) return byScore(request, metadata.noiseCovariance === null ? null : energy, own, denoiser)
  if (covariance === undefined) {
    const why = metadata.noiseCorrection === undefined ? `was fitted without noise (by ${metadata.estimator}), so it has none of its own` : 'holds the density without the noise of its fit'
    const remedy = metadata.noiseCorrection === undefined ? 'say how much the rows have with --noise, if the energy is a Gaussian, or fit the model with --by denoising' : 'give the run folder, which has its denoiser'
    throw new UnnormError('no-noise', `${model} ${why}: ${remedy}`)
  }
  const { denoiseGaussian, gaussianForm, posteriorCovariance } = await import('../../evaluate/gaussian-form.ts')
  const form = await gaussianForm(energy, rows.table.values)
  if (form === null) {
    const ownWords = metadata.noise === null ? 'the rows as they are, without noise' : `noise σ = ${metadata.noise.map(formatSetting).join(', ')}`
    throw new UnnormError('unknown-noise', `cannot denoise with another noise: ${model} learned the score at ${ownWords}; at another noise the score of such an energy is not known (${own === null ? 'fit it with --by denoising and this --noise' : 'leave --noise out, or fit the model with this --noise'})`)
  }
  // A model of noisy rows is their Gaussian; the clean one has that much less covariance.
  const noisy = metadata.noiseCovariance
  const clean = noisy === null ? form : { mean: form.mean, covariance: form.covariance.map((value, k) => value - noisy[k]) }
  const denoised = denoiseGaussian(clean, rows.table.values, covariance)
  if (denoised === undefined) {
    throw new UnnormError('unknown-noise', `cannot denoise with another noise: the noise that ${model} was fitted with is larger than the spread it found, so no Gaussian of clean rows is left (leave --noise out)`)
  }
  if (!withCovariance) return { mean: denoised, covariance: new Float64Array(0) }
  const one = posteriorCovariance(clean, covariance)
  return { mean: denoised, covariance: Float64Array.from({ length: rows.table.rows * one.length }, (_, k) => one[k % one.length]) }
}

/**
 * @param noisy the energy of rows with this noise; null where only the denoiser has it
 * @param level t of a ladder
 */
async function byScore({ opened: { metadata }, model, rows: { table }, withCovariance }: Request, noisy: FittedEnergy | null, noise: ArrayLike<number>, denoiser: OpenedDenoiser | null, level?: number): Promise<Posterior> {
  if (noisy !== null && !withCovariance) {
    const { tweedie } = await import('../../result/result.ts')
    return { mean: tweedie(table.values, (await noisy.evaluate(table.values)).score, noise, metadata.columns.length), covariance: new Float64Array(0) }
  }
  if (denoiser === null) throw new UnnormError('no-denoiser', `no covariance: ${model} alone holds no second derivatives (give the run folder, whose denoiser.onnx has them, or leave --covariance out)`)
  return denoiser.posterior(table.values, level)
}

const isSame = (a: ArrayLike<number>, b: readonly number[]): boolean => b.every((value, k) => Math.abs(a[k] - value) <= 1e-9 * Math.max(Math.abs(a[k]), Math.abs(value)))
