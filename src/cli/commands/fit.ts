// `unnorm fit`: estimates a model and writes a run folder.
import { UnnormError } from '../../base/errors.ts'
import { flagName } from '../../base/options.ts'
import type { Options } from '../../base/options.ts'
import { builtInModels } from '../../model/energies/index.ts'
import type { FormulaRequest } from '../../node/checkpoint.ts'
import type { FitJson } from '../../report/fit-json.ts'
import { fitOptions } from '../../result/fit-options.ts'
import type { FitOptions } from '../../result/fit-options.ts'
import { parseNoise } from '../../result/noise.ts'
import { defineCommand } from '../command.ts'
import type { Context } from '../context.ts'
import { dataArgument, dataOptions, requireData, threadsOption } from '../data-options.ts'

/** The options of all built-in models; which of them the chosen model has is checked when it is loaded. */
const modelOptions: Options = Object.assign({}, ...Object.values(builtInModels).map(({ options }) => options))

const { by, ...training } = fitOptions
const options = {
  columns: { type: 'string', placeholder: 'A,B,…', defaultWords: 'every numeric column', sentence: 'Columns to fit, separated by commas; names that hold commas in backquotes' },
  weights: { type: 'string', placeholder: 'COLUMN', sentence: 'Column of numbers ≥ 0 that say how much each row counts; no data column then (parametric models)' },
  cluster: { type: 'string', placeholder: 'COLUMN', sentence: 'Column, text or numbers, whose equal cells say which rows belong together: standard errors then take clusters, not rows, for independent (parametric models)' },
  model: { type: 'string', placeholder: 'NAME|FILE', default: 'mlp', sentence: 'Built-in model (see unnorm models), or a .ts or .js file that exports one made by defineModel' },
  logDensity: { type: 'string', placeholder: 'FORMULA', sentence: 'The unnormalized log-density as a formula of the columns, in place of --model; names that are no columns are its parameters' },
  parameters: { type: 'string', placeholder: 'LIST', sentence: 'Constraints and starting values of the parameters of --log-density: "k > 0, mu = 170"' },
  by,
  noise: { type: 'string', placeholder: 'S', defaultWords: 'chosen from the data', sentence: 'Noise of denoising: 0.1 standard deviations of each column; or 0.5,0.2 in the data\'s units, one a column; or @FILE with a covariance in the data\'s units' },
  ...training,
  ...dataOptions,
  threads: threadsOption,
  out: { type: 'path', placeholder: 'DIR', defaultWords: 'runs/<data>-<model>, numbered if taken', sentence: 'Folder for the outputs; never overwritten' },
  init: { type: 'path', placeholder: 'RUN', sentence: 'Start a network from the weights of this run, a search for parameters from its estimates' },
  resume: { type: 'path', placeholder: 'DIR', sentence: 'Continue the run in this folder; everything else comes from its checkpoint' },
} as const satisfies Options

const details = `Examples:
  unnorm fit examples/data/iris.csv --model gaussian
  unnorm fit points.parquet --columns x,y --steps 2000 --out runs/points
  unnorm fit points.csv --model ./my-model.ts
  unnorm fit heights.csv --log-density "-k*(height-mu)^2/2 - a*(height-mu)^4" --parameters "a > 0, mu = 170"
  unnorm fit --sql "select a, b from 'points.csv' where a > 0"
  unnorm fit --resume runs/points

Writes model.onnx, fit.json, metrics.csv, report.html, figure.svg, figure.png and checkpoint.* into the folder.`

export const command = defineCommand({
  arguments: { data: dataArgument },
  options: { ...options, ...modelOptions },
  details,
  async run(context, { data }, values, given) {
    const run = given.has('resume') ? await resumed(context, data, values as Values, given) : await fresh(context, data, values as Values, given)
    const failed = run.estimator.stopped === 'non-finite'
    // Each warning is told once: the summary has them all, so standard error has them only where no summary is printed.
    for (const warning of run.warnings) if ((context.json || failed) && warning.code !== 'non-finite') context.warn(warning)
    if (failed) {
      const { message } = run.warnings.find(({ code }) => code === 'non-finite') ?? { message: 'the objective became NaN or infinite' }
      throw new UnnormError('non-finite', `${message} What was learned until then is in ${run.out}.`)
    }
    const { summarize } = await import('../../report/summary.ts')
    const bold = context.output.isTerminal ? { bold: (text: string) => `\u001B[1m${text}\u001B[22m` } : {}
    return { json: run, text: summarize(run, { width: Math.min(context.output.columns, 100), height: context.output.rows, ...bold }), kind: 'summary' }
  },
})

type Values = {
  readonly [Name in 'columns' | 'weights' | 'cluster' | 'model' | 'logDensity' | 'parameters' | 'noise' | 'table' | 'sql' | 'out' | 'init' | 'resume']?: string
} & { readonly model: string; readonly missing: 'refuse' | 'drop'; readonly threads?: number } & Readonly<Record<string, unknown>>

async function resumed(context: Context, data: string | undefined, values: Values, given: ReadonlySet<string>): Promise<FitJson> {
  const other = Object.keys({ ...options, ...modelOptions }).find((name) => name !== 'resume' && given.has(name))
  if (other !== undefined) {
    throw new UnnormError('conflicting-options', `invalid ${flagName(other)}: with --resume everything comes from the checkpoint (leave it out, or start a new run with --init ${values.resume})`, 'usage')
  }
  const { resumeRun } = await import('../fit-run.ts')
  return resumeRun(context, values.resume!, data)
}

/** What the command line says of a formula; mistakes that the text alone shows are told before anything is read. */
async function givenFormula({ logDensity, parameters }: Values, given: ReadonlySet<string>): Promise<FormulaRequest | undefined> {
  if (logDensity === undefined) {
    if (parameters === undefined) return undefined
    throw new UnnormError('conflicting-options', 'invalid parameters: it describes the parameters of a formula (give one with --log-density, or leave it out)', 'usage')
  }
  if (given.has('model')) throw new UnnormError('conflicting-options', 'invalid log-density: with --model the log-density is that of the model (leave one of them out)', 'usage')
  const option = Object.keys(modelOptions).find((name) => given.has(name))
  if (option !== undefined) throw new UnnormError('conflicting-options', `invalid ${flagName(option)}: a formula has no such option (leave it out)`, 'usage')
  const [{ parseFormula }, { parseParameterList }] = await Promise.all([import('../../model/formula/parse.ts'), import('../../model/formula/parameter-list.ts')])
  parseFormula(logDensity)
  if (parameters !== undefined) parseParameterList(parameters)
  return { logDensity, ...(parameters === undefined ? {} : { parameters }) }
}

async function fresh(context: Context, data: string | undefined, values: Values, given: ReadonlySet<string>): Promise<FitJson> {
  requireData(data, values, 'fit')
  const formula = await givenFormula(values, given)
  const pick = (names: readonly string[]): Record<string, unknown> => Object.fromEntries(names.filter((name) => given.has(name)).map((name) => [name, values[name]]))
  if (typeof values.derive === 'string') (await import('../../model/formula/derivations.ts')).parseDerivations(values.derive)
  const { noise } = values
  const covarianceFile = noise?.startsWith('@') ? noise.slice(1) : undefined
  const setting = noise === undefined || covarianceFile !== undefined ? null : parseNoise(noise)
  const [{ startRun }, { defaultThreads }, { parseColumnList }] = await Promise.all([
    import('../fit-run.ts'), import('../../node/engine.ts'), import('../../node/read-table.ts'),
  ])
  const oneColumn = (option: string, text: string): string => {
    const [name, ...more] = parseColumnList(text)
    if (more.length > 0) throw new UnnormError('invalid-option', `invalid ${option}: ${text} (must be one column; put \` around a name that holds a comma)`, 'usage')
    return name
  }
  return startRun(context, {
    request: {
      source: data ?? null,
      read: {
        missing: values.missing,
        ...(values.columns === undefined ? {} : { columns: parseColumnList(values.columns) }),
        ...(values.weights === undefined ? {} : { weights: oneColumn('weights', values.weights) }),
        ...(values.cluster === undefined ? {} : { cluster: oneColumn('cluster', values.cluster) }),
        ...(values.table === undefined ? {} : { table: values.table }),
        ...(values.sql === undefined ? {} : { sql: values.sql }),
      },
      workingFolder: process.cwd(),
      model: { text: formula ? 'formula' : values.model, options: pick(Object.keys(modelOptions)), ...(formula ? { formula } : {}) },
      fit: pick(Object.keys(fitOptions)) as FitOptions,
      noise: setting,
      threads: values.threads ?? defaultThreads(),
      command: context.commandLine,
    },
    out: values.out,
    init: values.init,
    ...(covarianceFile === undefined ? {} : {
      noiseOf: async (columns) => {
        const { readCovariance } = await import('../../node/read-covariance.ts')
        return { kind: 'covariance', covariance: await readCovariance(covarianceFile, columns) }
      },
    }),
  })
}
