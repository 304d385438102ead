// What a command is: its arguments, its options and the work; the frame around it is in run.ts.
import type { Options, OptionValues } from '../base/options.ts'
import type { Context } from './context.ts'

export interface Argument {
  /** As help shows it: `DATA`. */
  readonly placeholder: string
  /** One sentence without a final stop. */
  readonly sentence: string
  readonly required?: true
  /** One or more words: the last argument of a command. */
  readonly repeated?: true
}
/** Arguments in their order on the command line. */
export type Arguments = Readonly<Record<string, Argument>>

export type ArgumentValues<A extends Arguments> = {
  readonly [Name in keyof A]: A[Name] extends { repeated: true } ? readonly string[] : A[Name] extends { required: true } ? string : string | undefined
}

/** What a command hands back; the frame prints it. */
export interface CommandResult {
  /** The one document of `--json`. Numbers that are not finite become null. */
  readonly json: unknown
  /** What a person reads on standard output, without a final line end. */
  readonly text: string
  /** An `answer` is what was asked for and is printed even with `--quiet`; a `summary` tells of work done. */
  readonly kind: 'answer' | 'summary'
}

/** A command of the command line. Its name and sentence stand in commands.ts, so that `--help` need not load it. */
export interface Command<A extends Arguments = Arguments, O extends Options = Options> {
  readonly arguments: A
  readonly options: O
  /** Stands below the options in help: examples, formats. */
  readonly details?: string
  /**
   * Does the work. It watches `context.signal`, and throws `UnnormError` for whatever the user can mend.
   * @param given the options that stood on the command line, rather than being filled in by their defaults
   */
  run(context: Context, argumentValues: ArgumentValues<A>, optionValues: OptionValues<O>, given: ReadonlySet<keyof O & string>): Promise<CommandResult>
}

/** Types a command's `run` by its arguments and options. */
export function defineCommand<const A extends Arguments, const O extends Options>(command: Command<A, O>): Command<A, O> {
  return command
}

export interface CommandEntry {
  readonly sentence: string
  load(): Promise<Command>
}
export type CommandList = Readonly<Record<string, CommandEntry>>
