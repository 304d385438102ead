// Options as records: a default, a range and a sentence, from which come validation, command line flags and documentation.
import { UnnormError } from './errors.ts'
import { didYouMean, nearest } from './nearest.ts'

interface Described {
  /** What the option does: one sentence without a final stop. */
  readonly sentence: string
  /** What stands for an absent default in help, e.g. `chosen from the data`. */
  readonly defaultWords?: string
  /** The option must be given. */
  readonly required?: true
  /** A one-letter flag. */
  readonly short?: string
  /** The word for the value in help, e.g. `FILE`; by default it follows from the type. */
  readonly placeholder?: string
}

interface Range {
  readonly integer?: true
  readonly minimum?: number
  readonly maximum?: number
  /** Exclusive lower bound. */
  readonly above?: number
  /** Exclusive upper bound. */
  readonly below?: number
}

export interface NumberOption extends Described, Range { readonly type: 'number'; readonly default?: number }
/** A list of at least one number, each in the range. */
export interface NumbersOption extends Described, Range { readonly type: 'numbers'; readonly default?: readonly number[] }
export interface StringOption extends Described { readonly type: 'string'; readonly default?: string }
export interface PathOption extends Described { readonly type: 'path'; readonly default?: string }
export interface ChoiceOption extends Described { readonly type: 'choice'; readonly choices: readonly string[]; readonly default?: string; /** The value of the flag alone. */ readonly implied?: string }
/** A switch. One that is on by default is turned off by `--no-NAME`. */
export interface BooleanOption extends Described { readonly type: 'boolean'; readonly default: boolean }

export type Option = NumberOption | NumbersOption | StringOption | PathOption | ChoiceOption | BooleanOption
/** Options by name, in camelCase. */
export type Options = Readonly<Record<string, Option>>

type BaseValue<O extends Option> =
  O extends { type: 'number' } ? number
    : O extends { type: 'numbers' } ? readonly number[]
      : O extends { type: 'choice', choices: readonly (infer Choice)[] } ? Choice
        : O extends { type: 'boolean' } ? boolean
          : string

/** The value of one option: never undefined when it has a default or is required. */
export type OptionValue<O extends Option> =
  O extends { default: string | number | boolean | readonly number[] } | { required: true } ? BaseValue<O> : BaseValue<O> | undefined

/** The values of a record of options: `OptionValues<typeof fitOptions>`. */
export type OptionValues<O extends Options> = { readonly [Name in keyof O]: OptionValue<O[Name]> }

/** What a caller may give: any of the options, the required ones at least. */
export type OptionInputs<O extends Options> =
  { readonly [Name in keyof O as O[Name] extends { required: true } ? Name : never]: BaseValue<O[Name]> } &
  { readonly [Name in keyof O as O[Name] extends { required: true } ? never : Name]?: BaseValue<O[Name]> | undefined }

/** `learningRate` → `learning-rate`: the name of an option on the command line. */
export function flagName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => '-' + letter.toLowerCase())
}

function bounds(range: Range): string {
  return [
    range.minimum === undefined ? '' : `≥ ${range.minimum}`,
    range.above === undefined ? '' : `> ${range.above}`,
    range.maximum === undefined ? '' : `≤ ${range.maximum}`,
    range.below === undefined ? '' : `< ${range.below}`,
  ].filter(Boolean).join(' and ')
}

/** The values an option takes, in words: `> 0`, `an integer ≥ 1`, `one of refuse, drop`; empty when there is nothing to say. */
export function rangeWords(option: Option): string {
  switch (option.type) {
    case 'number':
      return [option.integer ? 'an integer' : '', bounds(option)].filter(Boolean).join(' ')
    case 'numbers':
      return [option.integer ? 'integers' : 'numbers', bounds(option)].filter(Boolean).join(' ') + ', separated by commas'
    case 'choice':
      return 'one of ' + option.choices.join(', ') + (option.implied === undefined ? '' : `; alone ${option.implied}`)
    default:
      return ''
  }
}

/** A value as an error or a help text shows it. */
function shown(value: unknown): string {
  const text = Array.isArray(value) ? value.join(',') : typeof value === 'string' ? value : String(value)
  return text.length > 60 ? text.slice(0, 57) + '…' : text
}

function invalid(name: string, value: unknown, requirement: string): UnnormError {
  return new UnnormError('invalid-option', `invalid ${name}: ${shown(value)} (must ${requirement})`, 'usage')
}

function inRange(value: number, range: Range): boolean {
  return (!range.integer || Number.isSafeInteger(value))
    && (range.minimum === undefined || value >= range.minimum)
    && (range.maximum === undefined || value <= range.maximum)
    && (range.above === undefined || value > range.above)
    && (range.below === undefined || value < range.below)
}

function checkNumber(name: string, option: NumberOption, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw invalid(name, value, ['be', option.integer ? 'an integer' : 'a number', bounds(option)].filter(Boolean).join(' '))
  }
  if (!inRange(value, option)) throw invalid(name, value, 'be ' + rangeWords(option))
  return value
}

function checkNumbers(name: string, option: NumbersOption, value: unknown): readonly number[] {
  const valid = Array.isArray(value) && value.length > 0
    && value.every((item) => typeof item === 'number' && Number.isFinite(item) && inRange(item, option))
  if (!valid) throw invalid(name, value, 'be ' + rangeWords(option))
  return value as readonly number[]
}

function checkChoice(name: string, option: ChoiceOption, value: unknown): string {
  if (typeof value === 'string' && option.choices.includes(value)) return value
  const meant = nearest(String(value), option.choices)
  throw invalid(name, value, `be one of ${option.choices.join(', ')}` + (meant === undefined ? '' : `; did you mean ${meant}?`))
}

/**
 * Checks one value against its option and returns it.
 * @param name the name as the caller wrote it, for the message
 * @throws UnnormError `invalid-option`, e.g. `invalid noise: -1 (must be > 0)`
 */
export function checkOption<O extends Option>(name: string, option: O, value: unknown): BaseValue<O> {
  const checked = checkAny(name, option, value)
  return checked as BaseValue<O>
}

function checkAny(name: string, option: Option, value: unknown): string | number | boolean | readonly number[] {
  switch (option.type) {
    case 'number': return checkNumber(name, option, value)
    case 'numbers': return checkNumbers(name, option, value)
    case 'choice': return checkChoice(name, option, value)
    case 'boolean':
      if (typeof value !== 'boolean') throw invalid(name, value, 'be true or false')
      return value
    default:
      if (typeof value !== 'string') throw invalid(name, value, 'be text')
      if (value.trim() === '') throw invalid(name, value, 'not be empty')
      return value
  }
}

/** A decimal number as people write it; anything else (empty, hexadecimal, `12px`) stays text, so that the check refuses it. */
function numberOrText(text: string): number | string {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : text
}

/**
 * Reads one option from the command line's text and checks it. (Switches have no text.)
 * @throws UnnormError `invalid-option`
 */
export function parseOption(name: string, option: Exclude<Option, BooleanOption>, text: string): string | number | readonly number[] {
  if (option.type === 'number') return checkNumber(name, option, numberOrText(text))
  if (option.type === 'numbers') {
    const items = text.split(',').map(numberOrText)
    if (items.some((item) => typeof item === 'string')) throw invalid(name, text, 'be ' + rangeWords(option))
    return checkNumbers(name, option, items)
  }
  return checkOption(name, option, text)
}

/**
 * Checks given values and fills in the defaults; undefined counts as not given.
 * @param nameOf how a name is written for this caller (`flagName` on the command line)
 * @throws UnnormError `unknown-option`, `missing-option`, `invalid-option`
 */
export function resolveOptions<O extends Options>(
  options: O, given: Readonly<Record<string, unknown>>, nameOf: (name: string) => string = (name) => name,
): OptionValues<O> {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(options, name)) continue
    throw new UnnormError('unknown-option', `unknown option: ${nameOf(name)}${didYouMean(name, Object.keys(options))}`, 'usage')
  }
  const values: Record<string, unknown> = {}
  for (const [name, option] of Object.entries(options)) {
    const value = given[name]
    if (value !== undefined) values[name] = checkOption(nameOf(name), option, value)
    else if (option.required) throw new UnnormError('missing-option', `missing ${nameOf(name)}: ${option.sentence}`, 'usage')
    else values[name] = option.default
  }
  return values as OptionValues<O>
}

/** The default as help and documentation show it; empty when there is none. */
export function defaultWords(option: Option): string {
  if (option.defaultWords !== undefined) return option.defaultWords
  if (option.type === 'boolean' || option.default === undefined) return ''
  return shown(option.default)
}

/** The word that stands for the value in help: `NUMBER`, `FILE` …; empty for a switch. */
function placeholderOf(option: Option): string {
  if (option.placeholder !== undefined) return option.placeholder
  switch (option.type) {
    case 'number': return 'N'
    case 'numbers': return 'N,N…'
    case 'choice': return 'NAME'
    case 'path': return 'PATH'
    case 'string': return 'TEXT'
    case 'boolean': return ''
  }
}

/** Whether the flag may stand without a value. */
const isOptional = (option: Option): boolean => option.type === 'choice' && option.implied !== undefined

/** The flag of an option as a user writes it: `-o, --out DIR`, `--no-figure`. */
export function flagWords(name: string, option: Option): string {
  const long = (option.type === 'boolean' && option.default ? '--no-' : '--') + flagName(name)
  const short = option.short === undefined ? '' : `-${option.short}, `
  const placeholder = placeholderOf(option)
  return `${short}${long} ${isOptional(option) ? `[${placeholder}]` : placeholder}`.trimEnd()
}

/** A Markdown table of options: flag, default, range and meaning. */
export function optionsMarkdown(options: Options): string {
  const cell = (text: string) => text.replaceAll('|', '\\|')
  const lines = Object.entries(options).map(([name, option]) => {
    const standard = option.required ? 'required' : defaultWords(option)
    return `| \`${cell(flagWords(name, option))}\` | ${cell(standard)} | ${cell(rangeWords(option))} | ${cell(option.sentence)} |`
  })
  return ['| option | default | range | meaning |', '|---|---|---|---|', ...lines].join('\n') + '\n'
}
