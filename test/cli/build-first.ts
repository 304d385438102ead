// Builds the command line before the tests that run it, unless it is built already.
import { execFileSync } from 'node:child_process'

export default function setup(): void {
  execFileSync(process.execPath, ['scripts/build.mjs', '--if-changed'], { stdio: ['ignore', 'inherit', 'inherit'] })
}
