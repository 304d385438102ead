// The frame of the command line: finds the command, reads its words, runs it, prints its result or its error (DESIGN, "Command line").
import { UnnormError } from '../base/errors.ts'
import { didYouMean } from '../base/nearest.ts'
import { version } from '../base/version.ts'
import type { Command, CommandEntry, CommandList } from './command.ts'
import { createContext } from './context.ts'
import type { CommonOptions, Surroundings } from './context.ts'
import type { OutputStream } from './progress.ts'
import { commandHelp, commandHelpJson, parseCommand, programHelp } from './parse.ts'

const programSentence = 'Estimates energy-based models: probability densities known only up to their normalizing constant.'

export const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const

/** Writes and waits until it is handed on, or until nobody reads any more. */
function print(stream: OutputStream, text: string): Promise<void> {
  return new Promise((resolve) => { stream.write(text + '\n', () => { resolve() }) })
}

function printJson(stream: OutputStream, value: unknown): Promise<void> {
  return print(stream, JSON.stringify(value))
}

/** The switches of every command as the words alone show them, also where the line cannot be read as a whole. */
export function switchesOf(words: readonly string[]): CommonOptions {
  const end = words.indexOf('--')
  const flags = end < 0 ? words : words.slice(0, end)
  return { json: flags.includes('--json'), quiet: flags.includes('--quiet'), debug: flags.includes('--debug') }
}

/** Prints an error in the form that was asked for. @returns the exit code */
export async function reportError(error: unknown, common: CommonOptions, streams: Pick<Surroundings, 'stdout' | 'stderr'>): Promise<number> {
  const known = error instanceof UnnormError
  const text = error instanceof Error ? error.message : String(error)
  const code = known ? error.code : 'internal'
  const message = known ? text : `unexpected error: ${text} (this is a mistake in unnorm${common.debug ? '' : '; --debug shows where'})`
  if (common.debug && error instanceof Error) await print(streams.stderr, stackWithCauses(error))
  if (common.json) await printJson(streams.stdout, { error: { code, message } })
  else await print(streams.stderr, `${code === 'interrupted' ? 'stopped' : 'error'}: ${message}`)
  if (code === 'interrupted') return exitCodes.interrupted
  return known && error.kind === 'usage' ? exitCodes.usage : exitCodes.failed
}

function stackWithCauses(error: Error): string {
  const own = error.stack ?? String(error)
  return error.cause instanceof Error ? `${own}\ncaused by: ${stackWithCauses(error.cause)}` : own
}

interface Chosen { readonly name: string, readonly entry: CommandEntry, readonly words: readonly string[] }

function choose(words: readonly string[], commands: CommandList): Chosen | undefined {
  const index = words.findIndex((word) => !word.startsWith('-'))
  if (index < 0) return undefined
  const name = words[index]
  const rest = words.toSpliced(index, 1)
  if (name === 'help') return choose([...rest, '--help'], commands)
  if (Object.hasOwn(commands, name)) return { name, entry: commands[name], words: rest }
  throw new UnnormError('unknown-command', `unknown command: ${name}${didYouMean(name, Object.keys(commands)) || ' (see unnorm --help)'}`, 'usage')
}

async function runProgram(words: readonly string[], commands: CommandList, json: boolean, surroundings: Surroundings): Promise<number> {
  const { stdout, stderr } = surroundings
  const known = new Set(['-h', '--help', '-V', '--version', '--json', '--quiet', '--debug'])
  const unknown = words.find((word) => !known.has(word))
  if (unknown !== undefined) {
    throw new UnnormError('unknown-option', `unknown option ${unknown}${didYouMean(unknown, [...known].filter((flag) => flag.startsWith('--'))) || ' (see unnorm --help)'}`, 'usage')
  }
  if (words.includes('-V') || words.includes('--version')) {
    await (json ? printJson(stdout, { version }) : print(stdout, version))
    return exitCodes.done
  }
  const asked = words.includes('-h') || words.includes('--help')
  if (json && !asked) throw new UnnormError('missing-command', 'missing command (see unnorm --help)', 'usage')
  const list = Object.entries(commands).map(([name, entry]) => ({ name, sentence: entry.sentence }))
  if (json) await printJson(stdout, { program: 'unnorm', version, sentence: programSentence, commands: list })
  else await print(asked ? stdout : stderr, programHelp(programSentence, commands, stdout.columns ?? 80))
  return asked ? exitCodes.done : exitCodes.usage
}

async function runCommand(chosen: Chosen, common: CommonOptions, surroundings: Surroundings): Promise<number> {
  const { name, entry, words } = chosen
  const { stdout } = surroundings
  const command: Command = await entry.load()
  const parsed = parseCommand(name, command, words)
  if (parsed === undefined) {
    if (common.json) await printJson(stdout, commandHelpJson(name, entry.sentence, command))
    else await print(stdout, commandHelp(name, entry.sentence, command, stdout.columns ?? 80))
    return exitCodes.done
  }
  const context = createContext(surroundings, common, [name, ...words])
  try {
    const result = await command.run(context, parsed.argumentValues as never, parsed.optionValues as never, parsed.given)
    context.progress.clear()
    if (common.json) await printJson(stdout, result.json)
    else if (result.kind === 'answer' || !common.quiet) await print(stdout, result.text)
  } finally {
    context.progress.clear()
  }
  // Whoever asked to stop is told that the program did stop, even where all was done before it could.
  return surroundings.signal.aborted ? exitCodes.interrupted : exitCodes.done
}

/**
 * Runs one command line.
 * @param words the words after the program's name
 * @returns the exit code
 */
export async function runCommandLine(words: readonly string[], commands: CommandList, surroundings: Surroundings): Promise<number> {
  const common = switchesOf(words)
  try {
    const chosen = choose(words, commands)
    return await (chosen === undefined ? runProgram(words, commands, common.json, surroundings) : runCommand(chosen, common, surroundings))
  } catch (error) {
    return reportError(error, common, surroundings)
  }
}
