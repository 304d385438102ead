// `npm run quickstart`: installs what is missing, builds, and fits a neural energy to a real table of two columns,
// with a third of the usual training steps: the density is nearly the same.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ensurePackages, root, runOrEnd } from './ensure.mjs'

ensurePackages()
runOrEnd('node', ['scripts/build.mjs', '--if-changed'])
const { status } = spawnSync(process.execPath, [join(root, 'dist/cli/main.js'), 'fit', 'examples/data/airports.csv', '--steps', '4000'], { cwd: root, stdio: 'inherit' })
process.exitCode = status ?? 1
