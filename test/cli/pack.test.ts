// The package as its users get it: packed, installed into an empty folder, run and imported there.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
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
    expect(readdirSync(installed).sort()).toEqual(['LICENSE', 'README.md', 'dist', 'examples', 'package.json'])
    for (const path of ['dist/index.js', 'dist/index.d.ts', 'dist/node/index.js', 'dist/node/index.d.ts', 'dist/THIRD-PARTY-LICENSES.txt']) expect(existsSync(join(installed, path)), path).toBe(true)
    expect(statSync(join(installed, 'dist/cli/main.js')).mode & 0o111).toBe(0o111)
  })
  it('runs as npx unnorm', () => {
    expect(inFolder('npx', '--no-install', 'unnorm', '--version')).toBe(`${version}\n`)
    expect(inFolder('npx', '--no-install', 'unnorm', '--help')).toContain('Usage: unnorm COMMAND')
  })
  it('fits a table, with a model of a file too, and scores rows', () => {
    writeFileSync(join(folder, 'points.csv'), 'a,b\n' + Array.from({ length: 40 }, (_, k) => `${Math.sin(3 * k)},${Math.cos(7 * k)}`).join('\n'))
    writeFileSync(join(folder, 'model.ts'), `
      import { defineModel, dot, vector } from 'unnorm'
      export default defineModel({ name: 'mine', parameters: { k: vector(2) }, logDensity: ({ k }, x) => dot(k, x.square()).mul(-0.5) })
    `)
    for (const model of ['gaussian', './model.ts']) {
      const fit = JSON.parse(inFolder('npx', '--no-install', 'unnorm', 'fit', 'points.csv', '--model', model, '--json')) as { estimator: unknown; out: string }
      expect(fit.estimator).toMatchObject({ stopped: 'solved' })
      expect(readdirSync(join(folder, fit.out))).toEqual(expect.arrayContaining(['figure.png', 'fit.json', 'model.onnx', 'report.html']))
    }
    inFolder('npx', '--no-install', 'unnorm', 'score', 'runs/points-gaussian', 'points.csv', '-o', 'scored.csv')
    expect(readFileSync(join(folder, 'scored.csv'), 'utf8').split('\n')[0]).toBe('a,b,log_density,score_a,score_b,tail_probability')
  })
  it('is imported, and its types are checked', () => {
    writeFileSync(join(folder, 'use.mts'), `
      import { UnnormError, defineModel, fit, positive, version } from 'unnorm'
      import type { Table } from 'unnorm'
      import { openModel, readTable, saveRun, writeFileWhole } from 'unnorm/node'
      const error: UnnormError = new UnnormError('code', version)
      // @ts-expect-error: a code is text; without types this line would be no error
      const wrong: number = error.code
      const written: Promise<void> = writeFileWhole('a.txt', String(wrong))
      await written
      const table: Table = await readTable('points.csv', { columns: ['b'] })
      const quartic = defineModel({ name: 'quartic', parameters: { a: positive() }, logDensity: ({ a }, x) => x.at(0).pow(4).mul(a).neg() })
      const result = await fit(quartic, table)
      await saveRun(result, 'run')
      const opened = await openModel('run')
      const [here] = await result.score(Float64Array.of(0.5))
      const { score: [there] } = await opened.energy.evaluate(Float64Array.of(0.5))
      if (here !== there || !(here < 0)) throw new Error(here + ' is not ' + there)
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
