// `unnorm sample`: draws from a model, with chain diagnostics; what has not mixed is not called a sample.
import { UnnormError } from '../../base/errors.ts'
import type { Warning } from '../../base/errors.ts'
import { flagName } from '../../base/options.ts'
import type { Options, OptionValues } from '../../base/options.ts'
import type { Random } from '../../base/random.ts'
import type { LadderEnergy } from '../../engine/energy.ts'
import { isDiscrete } from '../../model/domain.ts'
import type { OpenEnergy } from '../../evaluate/open-energy.ts'
import type { OpenedModel } from '../../node/open-model.ts'
import type { Samples } from '../../sample/draw-samples.ts'
import type { Sampler } from '../../sample/samplers/index.ts'
import { samplers } from '../../sample/samplers/index.ts'
import { spinSamplers, usualSpinSampler } from '../../sample/spins.ts'
import type { SpinSampler } from '../../sample/spins.ts'
import type { Coordinates } from '../../sample/target.ts'
import { defineCommand } from '../command.ts'
import type { Context } from '../context.ts'
import { threadsOption } from '../data-options.ts'
import { noiseNeedsLevels, noLevels } from '../model-level.ts'
import { checkOutput, modelArgument, outOption, withModel } from '../model-rows.ts'
import { sampleReport, sampleText } from '../sample-text.ts'

/** Options that only chains have, and only ways down a ladder. */
const chainsOnly = ['chains', 'warmUp', 'thin', 'stepSize'] as const
const descentsOnly = ['levels'] as const

const options = {
  count: { type: 'number', short: 'n', integer: true, minimum: 1, maximum: 100_000_000, required: true, sentence: 'How many rows' },
  out: outOption,
  sampler: { type: 'choice', choices: [...Object.keys(samplers), ...spinSamplers], defaultWords: 'predictor-corrector for runs with noise levels, enumeration (of up to 20) or gibbs for binary columns, else hmc', sentence: 'How they are drawn: enumeration (independent draws of all possible rows) and gibbs are for binary columns; hmc, mala and ula are Markov chains on one energy, parallel-tempering on several at once; the others come down the noise levels of a run by dual or ladder' },
  noise: { type: 'string', placeholder: 'S', defaultWords: "the run's smallest", sentence: 'The noise level of a run by dual or ladder to sample at: 0.1 standard deviations of each column of the fit; or 0.5,0.2 in the data\'s units, in proportion to them' },
  levels: { type: 'number', integer: true, minimum: 2, defaultWords: '200 for predictor-corrector, 100 for probability-flow, 120 for annealed-langevin', sentence: 'Noise levels on the way down, at equal ratios' },
  chains: { type: 'number', integer: true, minimum: 4, default: 32, sentence: 'Markov chains, which start far apart and run side by side' },
  warmUp: { type: 'number', integer: true, minimum: 1, default: 500, sentence: 'Steps in which the chains find their step size and metric; not kept' },
  thin: { type: 'number', integer: true, minimum: 1, default: 1, sentence: 'Keep every N-th step' },
  stepSize: { type: 'number', above: 0, defaultWords: 'found in the warm-up; 0.2 for ula', sentence: 'Step size, in units of the spread of the density' },
  force: { type: 'boolean', default: false, sentence: 'Write the draws even if the chains have not mixed' },
  seed: { type: 'number', integer: true, default: 0, sentence: 'Seed of everything random' },
  threads: threadsOption,
} as const satisfies Options
type Values = OptionValues<typeof options>

export const command = defineCommand({
  arguments: { model: modelArgument },
  options,
  details: `OUT gets the model's columns, in the units of the data. Reports acceptance, split R̂, bulk and tail effective sample sizes; chains with R̂ above 1.01 exit with 1 and write nothing.

Examples:
  unnorm sample runs/airports-mlp -n 1000 -o drawn.csv
  unnorm sample runs/iris-gaussian -n 10000 --sampler mala --chains 100 -o drawn.parquet`,
  async run(context, { model }, values, given) {
    await checkOutput(values.out)
    const [{ writeColumns }, { createRandom }] = await Promise.all([import('../../node/write-table.ts'), import('../../base/random.ts')])
    const random = createRandom(values.seed).split('sample')
    return withModel(model, values.threads, context.signal, async (opened) => {
      if (opened.fit?.warnings.some(({ code }) => code === 'not-integrable')) {
        throw new UnnormError('not-integrable', `no samples: the estimate of ${model} is no density, as its fit warned: with these values exp(−energy) cannot be integrated (the rows are too few for the model, or do not fit it)`)
      }
      const warnings: Warning[] = []
      const { name, samples } = await drawFrom(context, opened, model, values, given, random, warnings)
      const { columns } = opened.metadata
      const report = sampleReport(values.out, name, columns, samples, warnings)
      if (!samples.mixed) {
        const why = notMixed(report.columns, report.energy, name, values.out)
        if (!values.force) throw new UnnormError('not-mixed', `${why}; --force writes them all the same`)
        warnings.push({ code: 'not-mixed', message: `${why}; written because of --force` })
      }
      if (samples.divergences > 0) {
        warnings.push({ code: 'divergences', message: `${samples.divergences} proposals ran off (their energy error was beyond 1000): the density has places too narrow for the step size, where chains may never go (take a smaller --step-size, or a longer --warm-up)` })
      }
      for (const warning of warnings) context.warn(warning)
      context.progress.phase(`writing ${values.out}`)
      await writeColumns(columns.map((column, j) => ({ name: column, values: Float64Array.from({ length: values.count }, (_, row) => samples.rows[row * columns.length + j]) })), values.out)
      return { json: report, text: sampleText(report), kind: 'summary' }
    })
  },
})

function notMixed(columns: readonly { readonly column: string; readonly rHat: number | null }[], energy: { readonly rHat: number | null }, sampler: string, out: string): string {
  const size = (rHat: number | null): number => rHat ?? Number.POSITIVE_INFINITY
  const worst = [...columns, { column: 'the energy', ...energy }].reduce((most, each) => (size(each.rHat) > size(most.rHat) ? each : most))
  const remedy = isForSpins(sampler) ? 'chains from different starts tell different stories: more --warm-up and --thin' : samplers[sampler].kind === 'descent'
    ? 'what came down the noise levels is not what the lowest level holds: more --levels, or another --sampler'
    : `chains from different starts tell different stories, as they do where modes are separated: --sampler parallel-tempering${sampler === 'parallel-tempering' ? ' did not cross them' : ''}, more --warm-up and --thin, or a fit by --by dual, whose samples come down a ladder of noise levels`
  return `not mixed: R̂ is ${worst.rHat === null ? 'undefined' : worst.rHat.toFixed(3)} for ${worst.column}, and must be at most 1.01 (it compares the spread of all chains with that inside each, and is 1 when all draw from the same density), so that ${out} would be no sample (${remedy})`
}

async function drawFrom(
  context: Context, opened: OpenedModel, model: string, values: Values, given: ReadonlySet<string>, random: Random, warnings: Warning[],
): Promise<{ name: string; samples: Samples }> {
  const [{ openLadder }, { sampleEnergy, sampleLadder, temperLadder }] = await Promise.all([import('../../node/open-model.ts'), import('../../sample/draw-samples.ts')])
  if (isDiscrete(opened.domain)) return drawSpins(context, opened, values, given, random)
  if (isForSpins(values.sampler)) throw new UnnormError('invalid-option', `invalid sampler: ${values.sampler} draws binary columns, and ${model} lives on ${opened.domain.text} (leave it out)`)
  const ladder = opened.folder === null ? null : await openLadder(opened.folder, values.threads === undefined ? {} : { threads: values.threads })
  try {
    const name = values.sampler ?? (ladder === null ? 'hmc' : 'predictor-corrector')
    const sampler = samplers[name]
    refuseUnused(name, sampler, given)
    if (given.has('noise') && ladder === null) throw noLevels(noiseNeedsLevels, opened, model)
    const watch = {
      signal: context.signal,
      onStep: (step: number, steps: number) => { context.progress.update({ step, steps, objective: null, heldOutObjective: null }) },
    }
    context.progress.phase(`sampling by ${name}`)
    if (ladder !== null) {
      const lowest = await levelOf(values.noise, ladder)
      if (sampler.kind === 'descent') {
        return { name, samples: await sampleLadder(ladder, sampler, { ...watch, count: values.count, lowest, levels: values.levels ?? sampler.levels }, random) }
      }
      const { stepSize, ...chains } = values
      const settings = { ...watch, ...chains, ...(stepSize === undefined ? {} : { stepSize }) }
      if (sampler.kind === 'replicas') return { name, samples: await temperLadder(ladder, lowest, sampler as Parameters<typeof temperLadder>[2], settings, random) }
      const energy = ladder.at(lowest)
      return { name, samples: await sampleEnergy(energy, await whereabouts(opened, energy, random), sampler, settings, random) }
    }
    if (sampler.kind === 'descent') throw new UnnormError('no-noise-levels', `--sampler ${name} comes down a ladder of noise levels, which ${model} has not (take --sampler hmc or parallel-tempering, or give the folder of a run by dual or ladder)`)
    warnOfOneLevel(opened, model, warnings)
    const { stepSize, ...chains } = values
    const settings = { ...watch, ...chains, ...(stepSize === undefined ? {} : { stepSize }) }
    const [{ openEnergy }, { intoTurns }] = await Promise.all([import('../../evaluate/open-energy.ts'), import('../../data/domain-rows.ts')])
    const open = openEnergy(opened.energy, opened.domain, 'ambient')
    const starts = opened.metadata.turnStarts
    const toRows = starts === undefined ? open.toRows : (points: Float64Array) => intoTurns(open.toRows(points), starts)
    return { name, samples: await sampleEnergy(open.energy, await whereabouts(opened, open.energy, random, open), sampler, { ...settings, toRows }, random) }
  } finally {
    await ladder?.release()
  }
}

const isForSpins = (name: string | undefined): name is SpinSampler => spinSamplers.some((own) => own === name)

async function drawSpins(context: Context, { energy, domain, metadata }: OpenedModel, values: Values, given: ReadonlySet<string>, random: Random): Promise<{ name: string; samples: Samples }> {
  const name = values.sampler ?? usualSpinSampler(energy.columns.length)
  if (!isForSpins(name)) throw new UnnormError('invalid-option', `invalid sampler: ${name} follows gradients, and on ${domain.text} there are none (use --sampler ${usualSpinSampler(energy.columns.length)}, or leave it out)`)
  const unused = ['noise', 'levels', 'stepSize', ...(name === 'enumeration' ? ['chains', 'warmUp', 'thin'] : [])].find((option) => given.has(option))
  if (unused !== undefined) throw new UnnormError('invalid-option', `--${flagName(unused)} has no effect with --sampler ${name} (leave it out)`)
  context.progress.phase(`sampling by ${name}`)
  const { sampleSpins } = await import('../../sample/spins.ts')
  const { count, chains, warmUp, thin } = values
  const samples = await sampleSpins(energy, name, {
    count, chains, warmUp, thin, signal: context.signal,
    onStep: (step, steps) => { context.progress.update({ step, steps, objective: null, heldOutObjective: null }) },
  }, random)
  return { name, samples: metadata.lowCodes === undefined ? samples : inCodes(samples, metadata.lowCodes) }
}

/** Draws of −1 and +1 as the rows of the fit write them. */
function inCodes(samples: Samples, lowCodes: readonly number[]): Samples {
  return {
    ...samples,
    rows: samples.rows.map((value, e) => (value === 1 ? 1 : lowCodes[e % lowCodes.length])),
    columns: samples.columns.map(({ mean, deviation, error, ...others }, j) => {
      const half = (1 - lowCodes[j]) / 2
      return { ...others, mean: 1 - half * (1 - mean), deviation: half * deviation, error: error === null ? null : half * error }
    }),
  }
}

function refuseUnused(name: string, sampler: Sampler, given: ReadonlySet<string>): void {
  const unused = sampler.kind === 'descent' ? chainsOnly : descentsOnly
  const found = unused.find((option) => given.has(option))
  if (found !== undefined) throw new UnnormError('invalid-option', `--${flagName(found)} has no effect with --sampler ${name} (leave it out)`, 'usage')
}

/** The variance of the level that --noise names. */
async function levelOf(noise: string | undefined, ladder: LadderEnergy): Promise<number> {
  if (noise === undefined) return ladder.ladder.least
  const [{ noiseOption }, { ladderLevel }] = await Promise.all([import('../noise-option.ts'), import('../../result/ladder-level.ts')])
  return ladderLevel(await noiseOption(noise)(ladder.columns), ladder)
}

/** Where the density lies: by the rows of the run if they can be read again, else by the energy alone. */
async function whereabouts({ folder }: OpenedModel, energy: Pick<OpenedModel['energy'], 'evaluate' | 'columns'>, random: Random, open?: OpenEnergy): Promise<Coordinates> {
  const { locate } = await import('../../sample/locate.ts')
  if (folder !== null) {
    const [{ trainingTable }, { rowMoments }, { coordinatesOf }] = await Promise.all([import('../run-data.ts'), import('../../estimate/row-moments.ts'), import('../../sample/draw-samples.ts')])
    try {
      const { table } = await trainingTable(folder)
      const { mean, covariance } = rowMoments(open ? open.toOpen(table.values) : table.values, energy.columns.length)
      return coordinatesOf(mean, covariance, open?.spheres)
    } catch (error) {
      if (!(error instanceof UnnormError) || error.code !== 'no-training-data') throw error
    }
  }
  return locate(energy, energy.columns.length, random.split('locate'), open?.spheres)
}

/** Up to this many columns a network fitted at one level can be looked at as a whole. */
const FEW_COLUMNS = 3

function warnOfOneLevel({ metadata, fit }: OpenedModel, model: string, warnings: Warning[]): void {
  const isNetwork = metadata.noise !== null || (fit !== null && fit.parameters === undefined)
  if (!isNetwork || metadata.columns.length <= FEW_COLUMNS) return
  warnings.push({ code: 'one-noise-level', message: `${model} was fitted at one noise level in ${metadata.columns.length} columns: nothing in such a fit says how much weight separated modes have, nor what the energy is where no rows were, so that even well-mixed chains may draw what the data are not${metadata.noise === null ? '' : '; and its density has the noise in it'} (fit it with --by dual, whose samples come down a ladder of noise levels)` })
}
