// Installs what a fresh clone lacks: the packages, and a browser where a test needs one. Uses nothing that must be installed first.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the project. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** Runs a program with its output shown on standard error, and ends this process when it fails. */
export function runOrEnd(program, words, environment = {}) {
  const { status, error } = spawnSync(program, words, {
    cwd: root, stdio: ['ignore', 2, 2], env: { ...process.env, ...environment }, shell: process.platform === 'win32',
  })
  if (status === 0) return
  console.error(`${program} ${words.join(' ')} failed${error === undefined ? '' : `: ${error.message}`}`)
  process.exit(status ?? 1)
}

/** Installs the packages when one that package.json names is missing. */
export function ensurePackages() {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const missing = Object.keys({ ...dependencies, ...devDependencies }).filter((name) => !existsSync(join(root, 'node_modules', name, 'package.json')))
  if (missing.length === 0) return
  console.error(`installing packages (missing: ${missing.slice(0, 3).join(', ')}${missing.length > 3 ? ' …' : ''})`)
  runOrEnd('npm', ['ci', '--no-audit', '--no-fund'])
}

/** The path of an installed Chromium or Chrome, or undefined. */
function findBrowser() {
  if (process.env.UNNORM_CHROMIUM) return process.env.UNNORM_CHROMIUM
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin']
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
  const places = [...folders.flatMap((folder) => names.map((name) => join(folder, name))), '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome']
  return places.find((path) => existsSync(path))
}

/** The tests that drive a browser, found by what they import. */
function testsWithBrowser() {
  return readdirSync(join(root, 'test'), { recursive: true })
    .filter((path) => path.endsWith('.ts') && readFileSync(join(root, 'test', path), 'utf8').includes("'playwright-core'"))
}

/**
 * Finds a browser for the tests that need one; as root on Debian it is installed.
 * @returns its path, or undefined when no test needs it
 */
export function ensureBrowser() {
  const tests = testsWithBrowser()
  if (tests.length === 0) return undefined
  const found = findBrowser()
  if (found !== undefined) return found
  const canInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')
  if (canInstall) {
    console.error('installing chromium, which some tests need')
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const options = { stdio: ['ignore', 2, 2], env: environment }
    try {
      execFileSync('apt-get', ['update', '-qq'], options)
      execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], options)
    } catch (error) {
      console.error(`apt-get failed: ${error.message}`)
    }
  }
  const installed = findBrowser()
  if (installed !== undefined) return installed
  console.error(`a Chromium is needed by test/${tests.join(', test/')}: install one (Debian: apt-get install chromium) or set UNNORM_CHROMIUM to its path`)
  process.exit(1)
}
