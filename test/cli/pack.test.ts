// The package as its users get it: packed, installed into an empty folder, run and imported there.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { version } from '../../src/base/version.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
let folder = ''
const inFolder = (program: string, ...words: string[]) => execFileSync(program, words, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'unnorm-pack-'))
  // The build is there already (build-first.ts), and another one now would disturb the tests beside this one.
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}')
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? ''
  // Of its install script only the download of CUDA files is turned off, as .npmrc does in a clone.
  execFileSync('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--silent', tarball], {
    cwd: folder, stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
  })
}, 300_000)
afterAll(() => { rmSync(folder, { recursive: true, force: true }) })

describe('the installed package', () => {
  it('holds what is needed and no sources, tests or secrets', () => {
    const installed = join(folder, 'node_modules/unnorm')
    expect(readdirSync(installed).sort()).toEqual(['dist', 'examples', 'README.md', 'package.json'].filter((name) => existsSync(join(installed, name))).sort())
    for (const path of ['dist/index.js', 'dist/index.d.ts', 'dist/node/index.js', 'dist/node/index.d.ts', 'dist/THIRD-PARTY-LICENSES.txt']) expect(existsSync(join(installed, path)), path).toBe(true)
    expect(statSync(join(installed, 'dist/cli/main.js')).mode & 0o111).toBe(0o111)
  })
  it('runs as npx unnorm', () => {
    expect(inFolder('npx', '--no-install', 'unnorm', '--version')).toBe(`${version}\n`)
    expect(inFolder('npx', '--no-install', 'unnorm', '--help')).toContain('Usage: unnorm COMMAND')
  })
  it('is imported, and its types are checked', () => {
    writeFileSync(join(folder, 'use.mts'), `
      import { UnnormError, version } from 'unnorm'
      import { writeFileWhole } from 'unnorm/node'
      const error: UnnormError = new UnnormError('code', version)
      // @ts-expect-error: a code is text; without types this line would be no error
      const wrong: number = error.code
      const written: Promise<void> = writeFileWhole('a.txt', String(wrong))
      await written
    `)
    const compiler = join(root, 'node_modules/typescript/bin/tsc')
    const flags = ['--strict', '--target', 'es2022', '--types', 'node', '--typeRoots', join(root, 'node_modules/@types')]
    // Our declarations are checked once in full; the second way to find them need only find them.
    inFolder(process.execPath, compiler, ...flags, '--skipDefaultLibCheck', '--module', 'nodenext', '--outDir', 'out', 'use.mts')
    inFolder(process.execPath, compiler, ...flags, '--skipLibCheck', '--module', 'preserve', '--noEmit', 'use.mts')
    inFolder(process.execPath, 'out/use.mjs')
    expect(existsSync(join(folder, 'a.txt'))).toBe(true)
  })
})
