// What `--model` stands for: a built-in model by name, or the model that a user's own file exports, loaded without a build step.
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { UnnormError } from '../base/errors.ts'
import { didYouMean } from '../base/nearest.ts'
import { flagName, resolveOptions } from '../base/options.ts'
import { builtInModels } from '../model/energies/index.ts'
import { product } from '../model/product.ts'
import type { Model } from '../model/model.ts'
import type { FormulaRequest } from './checkpoint.ts'
import { fileError } from './files.ts'

/** A model ready to be fitted, and what it was asked for by. */
export interface LoadedModel {
  readonly source: Model
  /** Values of all its own options; empty for a user's file and a formula. */
  readonly options: Readonly<Record<string, unknown>>
  /** Built-in, under this name; null for a user's file and a formula. */
  readonly builtIn: string | null
}

/** Modules that a model file may import by these names, whatever lies around the file: the running package. */
export type OwnModules = Readonly<Record<string, unknown>>

const isFileName = (text: string): boolean => /[\\/]|\.[cm]?[jt]sx?$/.test(text)

/**
 * Loads a model.
 * @param text a built-in name, several joined by + for their product, or the path of a .ts or .js file
 * @param given values for the options of a built-in model
 * @param ownModules loads the modules that `import … from 'unnorm'` gives; called for files only
 * @throws UnnormError `unknown-model`, `unknown-option`, `missing-file`, `model-file`
 */
export async function loadModel(text: string, given: Readonly<Record<string, unknown>>, ownModules: () => Promise<OwnModules>): Promise<LoadedModel> {
  const names = text.split('+').map((name) => name.trim())
  if (names.every((name) => Object.hasOwn(builtInModels, name))) return builtInModel(names, given)
  if (!isFileName(text)) {
    const known = Object.keys(builtInModels)
    const wrong = names.find((name) => !Object.hasOwn(builtInModels, name))!
    const file = names.length === 1 ? `, or a file such as ./${text}.ts` : ''
    throw new UnnormError('unknown-model', `unknown model: ${wrong}${didYouMean(wrong, known)} (must be one of ${known.join(', ')}${file})`, 'usage')
  }
  const [option] = Object.keys(given)
  if (option !== undefined) throw foreignOption(option, text)
  return { source: await modelOfFile(text, await ownModules()), options: {}, builtIn: null }
}

/** A built-in model, or the product of several; each takes those of the options that it has. */
function builtInModel(names: readonly string[], given: Readonly<Record<string, unknown>>): LoadedModel {
  const foreign = Object.keys(given).find((name) => !names.some((model) => Object.hasOwn(builtInModels[model].options, name)))
  if (foreign !== undefined) throw foreignOption(foreign, names.join(' + '))
  const made = names.map((name) => {
    const own = Object.entries(given).filter(([option]) => Object.hasOwn(builtInModels[name].options, option))
    const options = resolveOptions(builtInModels[name].options, Object.fromEntries(own), flagName)
    return { options, source: builtInModels[name].make(options) }
  })
  return {
    source: made.length === 1 ? made[0].source : product(made.map(({ source }) => source)),
    options: Object.assign({}, ...made.map(({ options }) => options)) as Record<string, unknown>,
    builtIn: names.join(' + '),
  }
}

/**
 * The model of a formula over the columns of a table.
 * @param domain as the fit is asked for it
 * @throws UnnormError those of `formulaModel`
 */
export async function loadFormula({ logDensity, parameters }: FormulaRequest, columns: readonly string[], domain: string | undefined): Promise<LoadedModel> {
  const { formulaModel } = await import('../model/formula/formula-model.ts')
  return { source: formulaModel(logDensity, { columns, ...(parameters === undefined ? {} : { parameters }), ...(domain === undefined ? {} : { domain }) }), options: {}, builtIn: null }
}

function foreignOption(name: string, model: string): UnnormError {
  const owners = Object.keys(builtInModels).filter((owner) => Object.hasOwn(builtInModels[owner].options, name))
  return new UnnormError('unknown-option', `invalid ${flagName(name)}: ${model} has no such option (${owners.join(', ')} ${owners.length === 1 ? 'has' : 'have'}; leave it out)`, 'usage')
}

async function modelOfFile(path: string, ownModules: OwnModules): Promise<Model> {
  const found = await stat(path).catch((error: unknown) => { throw fileError(error, 'read', path) })
  if (!found.isFile()) throw new UnnormError('model-file', `cannot load the model ${path}: it is no file (name the .ts or .js file)`)
  const { createJiti } = await import('jiti')
  // No cache on the disk: a run leaves nothing behind but its outputs.
  const jiti = createJiti(resolve(path), { virtualModules: { ...ownModules }, fsCache: false, moduleCache: false, interopDefault: false })
  let exported: Record<string, unknown>
  try {
    exported = await jiti.import<Record<string, unknown>>(resolve(path))
  } catch (error) {
    throw new UnnormError('model-file', `cannot load the model ${path}: ${loadingError(error, resolve(path))}`)
  }
  const model = modelAmong(exported, path)
  return { ...model, formula: asWritten(model.formula) }
}

/** A function's text as its author wrote it: translating imports turns `log(x)` into `(0, _unnorm.log)(x)`. */
function asWritten(text: string): string {
  return text.replaceAll(/\(0, _\w+\.(\w+)\)/g, '$1')
}

/** The default export, or the only model among the others. */
function modelAmong(exported: Readonly<Record<string, unknown>>, path: string): Model {
  if (isModel(exported.default)) return exported.default
  // CommonJS: module.exports = defineModel({ … }).
  if (isModel(exported)) return exported
  const models = Object.entries(exported).filter(([, value]) => isModel(value))
  if (models.length === 1) return models[0][1] as Model
  const names = Object.keys(exported).filter((name) => name !== '__esModule')
  const what = models.length > 1
    ? `it exports several models, ${models.map(([name]) => name).join(', ')}, and none as default`
    : `it exports no model${names.length > 0 ? ` (only ${names.join(', ')})` : ''}`
  throw new UnnormError('model-file', `cannot use ${path}: ${what} (write: export default defineModel({ … }))`)
}

function isModel(value: unknown): value is Model {
  if (typeof value !== 'object' || value === null) return false
  const { name, kind, domain, parameters, logDensity } = value as Partial<Model>
  return typeof name === 'string' && typeof kind === 'string' && typeof domain === 'object' && typeof parameters === 'function' && typeof logDensity === 'function'
}

/** Why a file could not be loaded, with the line: of its own code where the stack shows it, or of a syntax error. */
function loadingError(error: unknown, file: string): string {
  if (!(error instanceof Error)) return `it throws ${String(error)}`
  const place = new RegExp(`${file.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}:(\\d+)`).exec(error.stack ?? '')?.[1]
  const [first] = error.message.split('\n')
  const message = first.replace(/^(?:Parse|Syntax)Error: /, '').trim()
  const line = place === undefined || message.includes(`${file}:${place}`) ? '' : ` (line ${place})`
  return `${error instanceof SyntaxError || message !== first.trim() ? 'it cannot be read as a program' : 'it throws'}: ${message}${line}`
}
