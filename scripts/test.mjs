// `npm test`: installs what is missing, builds, runs every test and ends with `N passed, N failed`.
// Words after `npm test --` go to vitest: `npm test -- test/graph`.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ensureBrowser, ensurePackages, root, runOrEnd } from './ensure.mjs'

const results = join(root, '.cache', 'test-results.json')

/** The counts of a finished run; a file of tests that could not be loaded counts as one failure. */
function count() {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(readFileSync(results, 'utf8'))
  const broken = testResults.filter((file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'))
  return { passed: numPassedTests, failed: numFailedTests + broken.length, skipped: numPendingTests + numTodoTests }
}

ensurePackages()
const browser = ensureBrowser()
runOrEnd('node', ['scripts/build.mjs', '--if-changed'])
mkdirSync(join(root, '.cache'), { recursive: true })
rmSync(results, { force: true })
const words = ['run', ...process.argv.slice(2), '--reporter=default', '--reporter=json', `--outputFile.json=${results}`]
const { status } = spawnSync(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...words], {
  cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...(browser === undefined ? {} : { UNNORM_CHROMIUM: browser }) },
})
let counts
try {
  counts = count()
} catch {
  counts = { passed: 0, failed: 0, skipped: 0 }
}
// vitest also fails on errors outside of tests, and when no test was found: then the counts must not look like success.
if (status !== 0 && counts.failed === 0) counts.failed = 1
console.log(`${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`)
process.exitCode = counts.failed > 0 ? 1 : 0
