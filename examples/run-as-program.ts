// Lets an example be run by itself and imported by a test.
import { pathToFileURL } from 'node:url'

/** Calls `main` when the module is the program that Node was started with, through a loader or not. */
export async function runAsProgram(module: string, main: (print: (line: string) => void) => Promise<void> | void): Promise<void> {
  if (process.argv.slice(1).some((argument) => pathToFileURL(argument).href === module)) await main((line) => process.stdout.write(`${line}\n`))
}
