// The process around the frame: signals, closed pipes, errors that nobody caught, the exit code.
import process from 'node:process'
import type { CommandList } from './command.ts'
import { exitCodes, reportError, runCommandLine, switchesOf } from './run.ts'

const signals = { SIGINT: exitCodes.interrupted, SIGTERM: 143 } as const

/** A reader that has gone away (`unnorm models | head -1`) is no error; what is left to do is done all the same. */
function surviveClosedPipe(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

/** Runs the command line of this process and ends it. */
export async function runProcess(commands: CommandList): Promise<void> {
  const words = process.argv.slice(2)
  const { quiet } = switchesOf(words)
  const stop = new AbortController()
  let codeOfSignal: number | undefined
  for (const [signal, code] of Object.entries(signals)) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(code)
      codeOfSignal = code
      stop.abort()
      if (!quiet) process.stderr.write('\nstopping after the current step (Ctrl-C again quits at once)\n')
    })
  }
  surviveClosedPipe(process.stdout)
  surviveClosedPipe(process.stderr)
  const fatal = async (error: unknown) => {
    await reportError(error, switchesOf(words), process)
    process.exit(exitCodes.failed)
  }
  process.on('uncaughtException', fatal)
  process.on('unhandledRejection', fatal)

  const code = await runCommandLine(words, commands, {
    stdout: process.stdout, stderr: process.stderr,
    // Reading starts only when a command asks for it.
    get stdin() { return process.stdin },
    now: () => performance.now(), signal: stop.signal,
  })
  // Leftover handles (a database, a runtime's threads) must not keep the process alive.
  process.exit(code === exitCodes.interrupted ? codeOfSignal ?? code : code)
}
