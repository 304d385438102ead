// `unnorm score`: every row, its own columns kept, with its log-density and score, and how unusual it is.
import { counted } from '../../base/counted.ts'
import { UnnormError } from '../../base/errors.ts'
import type { Options } from '../../base/options.ts'
import type { ModelMetadata } from '../../compile/model-file.ts'
import { closeOption } from '../../data/domain-rows.ts'
import { domain as domainOf, isDiscrete } from '../../model/domain.ts'
import type { PlacedDomain } from '../../model/domain.ts'
import type { FittedEnergy } from '../../model/fitted-energy.ts'
import type { OpenedModel } from '../../node/open-model.ts'
import type { NewColumn } from '../../node/write-table.ts'
import { defineCommand } from '../command.ts'
import type { Context } from '../context.ts'
import { dataArgument, dataOptions, requireData, threadsOption } from '../data-options.ts'
import { levelNormalizer, openLevel } from '../model-level.ts'
import { addColumns, modelArgument, outOption, perColumn } from '../model-rows.ts'
import { noiseOption } from '../noise-option.ts'
import { trainingRows } from '../training-rows.ts'

export const command = defineCommand({
  arguments: { model: modelArgument, data: dataArgument },
  options: {
    out: outOption,
    attribution: { type: 'boolean', default: false, sentence: 'Add attribution_<column>: what each column adds to the energy above that of the most probable training row' },
    noise: { type: 'string', placeholder: 'S', defaultWords: "the run's smallest", sentence: 'Another noise level of a run by dual or ladder: 0.1 standard deviations of each column of the fit; or 0.5,0.2 in the data\'s units, in proportion to them' },
    train: { type: 'path', placeholder: 'DATA', defaultWords: "the run's own training rows", sentence: 'The rows that tail_probability and attributions compare with' },
    close: closeOption, ...dataOptions, threads: threadsOption,
  } satisfies Options,
  details: `Adds log_density (unnormalized_log_density where log Z is unknown), score_<column>, the gradient of the log-density, in the data's units (of binary columns log_odds_<column>, log p of the value 1 less that of the other, given the other columns), and tail_probability, the share of the training rows with an energy as high or higher.

Examples:
  unnorm score runs/iris-gaussian new-flowers.csv -o scored.csv
  unnorm score runs/machines-mlp today.csv --attribution -o unusual.csv`,
  async run(context, { model, data }, options) {
    requireData(data, options, 'score')
    if (data === '-' && options.train === '-') throw new UnnormError('conflicting-options', 'invalid --train: standard input, which is DATA already (name a file for one of them)', 'usage')
    const setting = options.noise === undefined ? undefined : noiseOption(options.noise)
    let compared: Reference | null = null
    const result = await addColumns(context, model, data, options, {
      names: ({ columns, domain, logNormalizer }) => [
        ...(logNormalizer === null || setting !== undefined ? ['unnormalized_log_density'] : []), ...(logNormalizer === null ? [] : ['log_density']),
        ...columns.map((name) => `${isBinary({ columns, domain }) ? 'log_odds' : 'score'}_${name}`), 'tail_probability', ...(options.attribution ? columns.map((name) => `attribution_${name}`) : []),
      ],
      values: async (opened, rows) => {
        const { values } = rows.table
        context.progress.phase('reading the training rows')
        const training = await trainingRows(context, opened, options.train, rows.options)
        const level = setting && await openLevel(opened, model, await setting(opened.metadata.columns), options.threads)
        try {
          const { energy } = level ?? opened
          const logZ = level ? await logZAt(context, energy, opened, typeof training === 'string' ? values : training) : opened.metadata.logNormalizer?.value
          const { conditionalLogOdds } = await import('../../evaluate/log-odds.ts')
          context.progress.phase(`computing the score of ${counted(rows.table.rows, 'row')}`)
          const found = await energy.evaluate(values)
          refuseUndefined(context, found.energy, model, rows.table.source)
          const scored = [
            { name: logZ === undefined ? 'unnormalized_log_density' : 'log_density', values: found.energy.map((value) => -value - (logZ ?? 0)) },
            ...(isDiscrete(opened.domain) ? perColumn('log_odds', energy.columns, await conditionalLogOdds(energy, values)) : perColumn('score', energy.columns, found.score)),
          ]
          if (typeof training === 'string') {
            if (options.attribution) throw new UnnormError('no-training-data', `cannot attribute energies: ${training} (name training rows with --train)`)
            context.warn({ code: 'no-tail-probability', message: `no tail_probability: ${training} (name training rows with --train)` })
            return scored
          }
          const { tailProbabilities } = await import('../../evaluate/tail-probability.ts')
          const { energy: theirs } = await energy.evaluate(training)
          const withTail = [...scored, { name: 'tail_probability', values: tailProbabilities(found.energy, theirs) }]
          if (!options.attribution) return withTail
          if (isDiscrete(opened.domain)) throw new UnnormError('invalid-option', `invalid attribution: on ${opened.domain.text} no straight line leads from row to row (leave it out)`)
          compared = mostProbable(training, theirs, energy.columns)
          return [...withTail, ...await attribute(context, energy, values, compared, opened.domain)]
        } finally {
          await level?.release()
        }
      },
    })
    return compared === null ? result : { ...result, json: { ...result.json as object, attribution: { reference: (compared as Reference).row, energy: (compared as Reference).energy } } }
  },
})

/** Columns of two values have log-odds in place of scores. */
const isBinary = ({ columns, domain }: Pick<ModelMetadata, 'columns' | 'domain'>): boolean => isDiscrete(domainOf(domain).over(columns))

/** The row that others are compared with. */
interface Reference {
  readonly row: Readonly<Record<string, number>>
  readonly energy: number
}

/** The training row of the lowest energy: unlike a mean, it lies where rows are. */
function mostProbable(training: Float64Array, energies: Float64Array, columns: readonly string[]): Reference {
  const lowest = energies.reduce((best, value, i) => (value < energies[best] ? i : best), 0)
  return { row: Object.fromEntries(columns.map((name, j) => [name, training[lowest * columns.length + j]])), energy: energies[lowest] }
}

function refuseUndefined(context: Context, energies: Float64Array, model: string, source: string): void {
  const count = energies.reduce((sum, value) => sum + (Number.isFinite(value) ? 0 : 1), 0)
  if (count === energies.length) throw new UnnormError('energy-not-finite', `the energy of ${model} is not a finite number at any of the ${counted(energies.length, 'row')} of ${source} (are they in the units of the fit?)`)
  if (count > 0) context.warn({ code: 'energy-not-finite', message: `the energy is not a finite number at ${count} of ${counted(energies.length, 'row')}; they are written as they are` })
}

/** log Z of another level: by quadrature in up to three columns; a dual energy has the same at all levels. */
async function logZAt(context: Context, energy: FittedEnergy, { metadata }: OpenedModel, rows: Float64Array): Promise<number | undefined> {
  if (metadata.columns.length > 3) return metadata.estimator === 'dual' ? metadata.logNormalizer?.value : undefined
  context.progress.phase('finding log Z at this noise')
  return (await levelNormalizer(energy, rows, (warning) => { context.warn(warning) }))?.value
}

async function attribute(context: Context, energy: FittedEnergy, values: Float64Array, reference: Reference, domain: PlacedDomain): Promise<NewColumn[]> {
  context.progress.phase('attributing energies to columns')
  const { attributeEnergy } = await import('../../evaluate/attribution.ts')
  const found = await attributeEnergy(energy, values, Float64Array.from(energy.columns, (name) => reference.row[name]), domain)
  if (found.unsettled > 0) {
    context.warn({ code: 'rough-attribution', message: `the attributions of ${found.unsettled} of ${counted(values.length / energy.columns.length, 'row')} are rough: on the way to them the energy has features too fine to integrate, so they do not add up to within a thousandth` })
  }
  return perColumn('attribution', energy.columns, found.values)
}
