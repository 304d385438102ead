// Reading a command's words with commander, from the records of its arguments and options.
import { Command as Parser, CommanderError, Option as ParserOption } from 'commander'
import { UnnormError } from '../base/errors.ts'
import { defaultWords, flagName, flagWords, parseOption, rangeWords, resolveOptions } from '../base/options.ts'
import type { Option, Options } from '../base/options.ts'
import type { Command, CommandList } from './command.ts'

/** Options that every command has. */
const commonOptions = {
  json: { type: 'boolean', default: false, sentence: 'print exactly one JSON document, errors too' },
  quiet: { type: 'boolean', default: false, sentence: 'print no progress, warnings or summary' },
  debug: { type: 'boolean', default: false, sentence: 'show the stack trace of an error' },
} as const satisfies Options

export interface ParsedCommand {
  readonly argumentValues: Record<string, string | readonly string[] | undefined>
  readonly optionValues: Record<string, unknown>
  readonly given: ReadonlySet<string>
}

function optionHelp(option: Option): string {
  const standard = defaultWords(option)
  const facts = [rangeWords(option), option.required ? 'required' : standard && `default ${standard}`].filter(Boolean)
  return option.sentence + (facts.length > 0 ? ` (${facts.join('; ')})` : '')
}

function missingValue(name: string): UnnormError {
  return new UnnormError('missing-value', `missing value after --${flagName(name)}`, 'usage')
}

function parserOption(name: string, option: Option, flags: ReadonlySet<string>): ParserOption {
  const words = flagWords(name, option)
  if (option.type === 'boolean') return new ParserOption(words, optionHelp(option))
  const parser = new ParserOption(words.endsWith(']') ? words : words.replace(/ (\S+)$/, ' <$1>'), optionHelp(option))
  if (option.type === 'choice' && option.implied !== undefined) parser.preset(option.implied)
  return parser.argParser((text: string) => {
      // `--noise --json`: the next flag is not the value.
      if (flags.has(text)) throw missingValue(name)
      return parseOption(flagName(name), option, text)
    })
}

function baseParser(name: string, sentence: string): Parser {
  return new Parser(name)
    .description(sentence)
    .helpOption('-h, --help', 'show this help')
    .exitOverride()
    .configureOutput({ writeOut() {}, writeErr() {}, outputError() {} })
}

function commandParser(name: string, sentence: string, command: Command): Parser {
  const parser = baseParser(`unnorm ${name}`, sentence)
  for (const argument of Object.values(command.arguments)) {
    const term = argument.placeholder + (argument.repeated ? '...' : '')
    const words = argument.required ? `<${term}>` : `[${term}]`
    parser.argument(words, argument.sentence)
  }
  const flags = new Set(Object.keys({ ...command.options, ...commonOptions }).map((key) => '--' + flagName(key)))
  for (const [key, option] of Object.entries(command.options)) parser.addOption(parserOption(key, option, flags))
  parser.optionsGroup('Everywhere:')
  for (const [key, option] of Object.entries(commonOptions)) parser.addOption(parserOption(key, option, flags))
  if (command.details !== undefined) parser.addHelpText('after', `\n${command.details}`)
  return parser
}

/** The help of a command, as text. */
export function commandHelp(name: string, sentence: string, command: Command, columns: number): string {
  let text = ''
  commandParser(name, sentence, command)
    .configureOutput({ writeOut: (part) => { text += part }, getOutHelpWidth: () => columns })
    .outputHelp()
  return text.trimEnd()
}

/** The help of a command for programs. */
export function commandHelpJson(name: string, sentence: string, command: Command): unknown {
  return {
    command: name, sentence,
    arguments: Object.entries(command.arguments).map(([key, argument]) => ({ name: key, required: argument.required === true, sentence: argument.sentence })),
    options: Object.entries({ ...command.options, ...commonOptions }).map(([key, option]: [string, Option]) => ({
      name: key, flag: flagWords(key, option), type: option.type, required: option.required === true,
      default: option.default ?? null, range: rangeWords(option), sentence: option.sentence,
    })),
  }
}

/** The help of the whole program, as text. */
export function programHelp(sentence: string, commands: CommandList, columns: number): string {
  const parser = baseParser('unnorm', sentence)
    .usage('COMMAND [arguments] [options]')
    .helpCommand(false)
    .option('-V, --version', 'show the version')
  for (const [name, entry] of Object.entries(commands)) {
    parser.addCommand(new Parser(name).description(entry.sentence).helpOption(false))
  }
  let text = ''
  parser
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .addHelpText('after', '\nEvery command takes --help, --json, --quiet and --debug.\nExit codes: 0 done, 1 the work failed, 2 the command line is wrong, 130 stopped.')
    .configureOutput({ writeOut: (part) => { text += part }, getOutHelpWidth: () => columns })
    .outputHelp()
  return text.trimEnd()
}

/** commander's errors in our words: `unknown option --nois (did you mean --noise?)`. */
function usageError(error: CommanderError, name: string, command: Command, parser: Parser): UnnormError {
  const see = `(see unnorm ${name} --help)`
  const placeholders = Object.values(command.arguments)
  switch (error.code) {
    case 'commander.missingArgument': {
      const missing = placeholders.find(({ placeholder }) => error.message.includes(`'${placeholder}'`))
      return new UnnormError('missing-argument', `missing ${missing?.placeholder ?? 'argument'}: ${missing?.sentence ?? ''} ${see}`, 'usage')
    }
    case 'commander.optionMissingArgument': {
      const key = Object.keys(command.options).find((option) => error.message.includes(`--${flagName(option)} <`))
      return missingValue(key ?? '')
    }
    case 'commander.excessArguments': {
      const expected = placeholders.length === 0 ? 'none is expected' : `expected ${placeholders.map(({ placeholder }) => placeholder).join(' ')}; put patterns such as '*.csv' in quotes`
      return new UnnormError('excess-arguments', `too many arguments: ${parser.args.slice(placeholders.length).join(' ')} (${expected})`, 'usage')
    }
    default: {
      const message = error.message.replace(/^error: /, '').replace(/\.?\s*\n\(Did you mean/, ' (did you mean').replaceAll("'", '')
      const code = error.code.replace(/^commander\./, '').replace(/[A-Z]/g, (letter) => '-' + letter.toLowerCase())
      return new UnnormError(code, message.includes('(') ? message : `${message} ${see}`, 'usage')
    }
  }
}

/**
 * Reads the words after a command's name.
 * @returns undefined when help was asked for
 * @throws UnnormError of kind `usage`
 */
export function parseCommand(name: string, command: Command, words: readonly string[]): ParsedCommand | undefined {
  const parser = commandParser(name, '', command)
  try {
    parser.parse([...words], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.helpDisplayed') return undefined
    throw usageError(error, name, command, parser)
  }
  const all: Options = { ...command.options, ...commonOptions }
  const given = new Set(Object.keys(all).filter((key) => parser.getOptionValueSource(key) === 'cli'))
  const values: Record<string, unknown> = parser.opts()
  const optionValues = resolveOptions(all, Object.fromEntries([...given].map((key) => [key, values[key]])), (key) => '--' + flagName(key))
  const argumentValues = Object.fromEntries(Object.entries(command.arguments).map(([key, { repeated }], index) => [key, repeated ? parser.args.slice(index) : parser.args[index]]))
  return { argumentValues, optionValues, given }
}
