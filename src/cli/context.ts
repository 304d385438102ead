// What a command sees of the world: streams, clock, the wish to stop, and where warnings and progress go.
import type { Warning } from '../base/errors.ts'
import { createProgress } from './progress.ts'
import type { OutputStream, Progress } from './progress.ts'

/** The world as main.ts hands it in, so that the frame itself touches no global. */
export interface Surroundings {
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly stdin: NodeJS.ReadableStream
  /** Milliseconds of a clock that never goes back. */
  now(): number
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal
}

/** Options that every command has. */
export interface CommonOptions { readonly json: boolean, readonly quiet: boolean, readonly debug: boolean }

export interface Context extends CommonOptions {
  readonly stdin: NodeJS.ReadableStream
  /** Size and kind of standard output, for summaries. */
  readonly output: { readonly isTerminal: boolean, readonly columns: number, readonly rows: number }
  readonly now: () => number
  /** Aborted when the user asked to stop: finish the current step, keep what is worth keeping, and end. */
  readonly signal: AbortSignal
  /** The command as typed, quoted for a shell, without options that only change what is printed. */
  readonly commandLine: string
  readonly progress: Progress
  /** Tells the user of something on standard error; nothing with `--quiet`. Results carry their warnings too. */
  warn(warning: Warning): void
}

/** What is written to a file or a pipe scrolls. */
const rowsOfFile = 60

const printingOnly = new Set(['--json', '--quiet', '--debug'])

function shellQuoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}

/** The command line that does the same again. */
function reproducingCommand(words: readonly string[]): string {
  return ['unnorm', ...words.filter((word) => !printingOnly.has(word)).map(shellQuoted)].join(' ')
}

export function createContext(surroundings: Surroundings, common: CommonOptions, words: readonly string[]): Context {
  const { stdout, stderr, signal } = surroundings
  const now = () => surroundings.now()
  const progress = createProgress(stderr, now, common.quiet)
  return {
    ...common, now, signal, progress,
    // Touching standard input starts to hold it, so it is left alone until a command reads it.
    get stdin() { return surroundings.stdin },
    output: { isTerminal: stdout.isTTY === true, columns: stdout.columns ?? 80, rows: stdout.isTTY === true ? stdout.rows ?? 24 : rowsOfFile },
    commandLine: reproducingCommand(words),
    warn({ message }) {
      if (common.quiet) return
      progress.clear()
      stderr.write(`warning: ${message}\n`)
    },
  }
}
