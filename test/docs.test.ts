// The documentation is true: options and codes as in the source, links that lead somewhere, code that runs.
// After a change of options: npx vitest run test/docs.test.ts -u
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createJiti } from 'jiti'
import { describe, expect, test, vi } from 'vitest'
import { optionsMarkdown } from '../src/base/options.ts'
import { commands } from '../src/cli/commands.ts'
import { readTable } from '../src/node/read-table.ts'
import { saveRun } from '../src/node/save-run.ts'
import { loadModel } from '../src/node/load-model.ts'
import * as library from '../src/node/main.ts'
import * as node from '../src/node/index.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const pages = ['README.md', 'CONTRIBUTING.md', 'src/README.md', 'examples/README.md', 'examples/data/README.md', 'bench/README.md',
  ...readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)]

/** The code blocks of a page in one language. */
const blocks = (page: string, language: string): string[] => Array.from(read(page).matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms')), (match) => match[1])

/** What GitHub makes of a heading. */
const anchorOf = (heading: string): string => heading.trim().toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-')

test('options.md is made from the records of the options', async () => {
  const parts = await Promise.all(Object.entries(commands).map(async ([name, { sentence, load }]) => {
    const { arguments: named, options } = await load()
    const words = Object.values(named).map(({ placeholder, required }) => (required ? placeholder : `[${placeholder}]`))
    const table = Object.keys(options).length > 0 ? optionsMarkdown(options) : 'No options of its own.\n'
    return `## ${['unnorm', name, ...words].join(' ')}\n\n${sentence}\n\n${table}`
  }))
  const head = '# Options\n\nGenerated from the source by `npx vitest run test/docs.test.ts -u`. Every command also takes `--help`, `--json` (exactly one JSON document on standard output, errors too), `--quiet` and `--debug` (the stack trace of an error).\n'
  await expect([head, ...parts].join('\n')).toMatchFileSnapshot('../docs/options.md')
})

test('messages.md has every code of the source, and no other', () => {
  const inSource = new Set(['internal'])
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
  for (const path of files) {
    const text = read(`src/${path}`)
    for (const [, one, other] of text.matchAll(/new UnnormError\(\s*(?:\w+ \? )?'([a-z-]+)'(?: : '([a-z-]+)')?/g)) for (const code of [one, other]) if (code !== undefined) inSource.add(code)
    for (const [, code] of text.matchAll(/\bcode: '([a-z-]+)'/g)) inSource.add(code)
  }
  // Commander's own errors pass under their names.
  const page = read('docs/messages.md')
  const rows = page.split('\n').filter((line) => line.startsWith('| `')).map((line) => line.split('|')[1]).join()
  const onPage = new Set([...rows.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code).concat('internal'))
  expect([...onPage].sort()).toEqual([...inSource].sort())
})

test('the README lists every command', () => {
  for (const name of Object.keys(commands)) expect(read('README.md')).toMatch(new RegExp(`^\\| \`unnorm ${name}\\b`, 'm'))
})

describe('links and paths', () => {
  test.each(pages)('of %s lead somewhere', (page) => {
    const text = read(page)
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const [path, anchor] = target.split('#')
      const file = path === '' ? join(root, page) : resolve(root, dirname(page), path)
      expect(existsSync(file), `${page}: ${target}`).toBe(true)
      if (anchor !== undefined) expect(Array.from(readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm), ([, heading]) => anchorOf(heading)), `${page}: ${target}`).toContain(anchor)
    }
    // NAME stands for whatever a reader adds.
    for (const [, path] of text.replaceAll(/`[^`\n]*NAME[^`\n]*`/g, '').matchAll(/`((?:src|test|docs|examples|bench|scripts)\/[\w./-]+\.[a-z]+)`/g)) expect(existsSync(join(root, path)), `${page}: ${path}`).toBe(true)
  })
})

/** Runs a program as a user's file would run, and gives what it printed. */
async function run(program: string, folder: string): Promise<string> {
  const path = join(folder, `program-${Math.random().toString(36).slice(2)}.ts`)
  await writeFile(path, program)
  const printed: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((...words) => { printed.push(words.map(String).join(' ')) })
  try {
    await createJiti(path, { virtualModules: { unnorm: library, 'unnorm/node': node }, fsCache: false }).import(path)
  } finally {
    log.mockRestore()
  }
  return printed.join('\n')
}

describe('code', () => {
  test('of the README runs and prints what stands below it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'unnorm-docs-'))
    try {
      const [program] = blocks('README.md', 'ts')
      const printed = await run(program.replace("'examples/", `'${root}examples/`), folder)
      const shown = /```\n(parameter .*?)```/s.exec(read('README.md'))![1]
      expect(printed).toContain(shown.trim())
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('of the README: a parametric fit prints what stands there', async () => {
    const [, shown] = /```text\n(parameter .*?)```/s.exec(read('README.md'))!
    const [, columns, derive] = /--columns (\S+) --derive "([^"]*)"/.exec(read('README.md'))!
    const result = await library.fit(library.gaussian, await readTable(join(root, 'examples/data/iris.csv'), { columns: columns.split(',') }), { derive })
    expect(result.summary({ height: 60 })).toContain(shown.trim())
    await result.release()
  })

  test('of the guide runs: a model of its own, and a model opened again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'unnorm-docs-'))
    try {
      const [model, opening] = blocks('docs/guide.md', 'ts')
      await writeFile(join(folder, 'my-model.ts'), model)
      const { source } = await loadModel(join(folder, 'my-model.ts'), {}, async () => ({ unnorm: library, 'unnorm/node': node }))
      const sepals = await readTable(join(root, 'examples/data/iris.csv'), { columns: ['Sepal.Length'] })
      const own = await library.fit(source, sepals)
      expect(own.fit.estimator.stopped).toBe('solved')
      await own.release()

      const table = await readTable(join(root, 'examples/data/airports.csv'))
      const fitted = await library.fit(library.gaussian, table)
      await saveRun(fitted, join(folder, 'run'))
      await fitted.release()
      const printed = await run(opening.replace("'runs/airports-mlp'", `'${join(folder, 'run')}'`).replace("'examples/", `'${root}examples/`), folder)
      expect(printed.split(',').map(Number).filter(Number.isFinite)).toHaveLength(2)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

/** The skeletons of extending.md, each with the file it belongs to. */
const skeletons = Array.from(read('docs/extending.md').matchAll(/^```ts (\S+)\n(.*?)^```/gms), ([, path, code]) => ({ path, code }))

/** A file with the lines of a skeleton where an author would put them: imports among the others, an entry at the end of the list. */
function extended(text: string, code: string): string {
  const lines = text.trimEnd().split('\n')
  const place = (line: string, same: (other: string) => boolean, otherwise: number): void => {
    const at = lines.findIndex(same)
    if (at < 0) lines.splice(otherwise, 0, line)
    else lines[at] = line
  }
  const isImport = (line: string): boolean => line.startsWith('import ')
  for (const line of code.split('\n').filter(isImport)) {
    const source = /from '.*'$/.exec(line)![0]
    place(line, (other) => isImport(other) && !other.startsWith('import type') && other.endsWith(source), lines.findLastIndex(isImport) + 1)
  }
  const body = code.split('\n').filter((line) => !isImport(line)).join('\n').replace(/^\n+|\n+$/g, '')
  if (body.startsWith(' ')) lines.splice(lines.findLastIndex((line) => line.startsWith('}')), 0, body)
  else place(body, (other) => other.startsWith(/^export const \w+\b/m.exec(body)![0]), lines.length)
  return `${lines.join('\n')}\n`
}

test('every skeleton of extending.md does what it says', async () => {
  expect(read('docs/extending.md')).not.toMatch(/^```(?!(?:ts \S+)?$)/m)
  const folder = await mkdtemp(join(tmpdir(), 'unnorm-extending-'))
  const tool = async (path: string, ...words: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'node_modules', path), ...words], { cwd: folder, env: { ...process.env, NO_COLOR: '1' } })
      .catch((error: { stdout: string; stderr: string }) => { throw new Error(`${path} ${words.join(' ')}:\n${error.stdout}${error.stderr}`) })
    return stdout
  }
  try {
    for (const name of ['src', 'test/contract', 'test/sample', 'package.json', 'tsconfig.json', 'vitest.config.ts', '.oxlintrc.json']) await cp(join(root, name), join(folder, name), { recursive: true })
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
    for (const { path, code } of skeletons) await writeFile(join(folder, path), existsSync(join(root, path)) ? extended(read(path), code) : code)
    await writeFile(join(folder, 'test/skeletons.ts'), skeletonChecks)
    await tool('typescript/bin/tsc', '--noEmit')
    await tool('oxlint/bin/oxlint', '--deny-warnings', 'src')

    const contracts = await tool('vitest/vitest.mjs', 'run', '--project', 'library', '--reporter', 'verbose', '-t', 'logCosh|random-walk', 'test/contract', 'test/sample/contract.test.ts')
    expect(contracts).toMatch(/✓.*logCosh/)
    expect(contracts).toMatch(/✓.*random-walk/)

    const { wave, student, estimates, speed } = JSON.parse(await tool('jiti/lib/jiti-cli.mjs', 'test/skeletons.ts', join(root, 'examples/data/iris.csv'))) as Record<string, number[][]> & { speed: string }
    // φ = −k tanh x, so that k = mean (1 − tanh²)/mean tanh².
    const squares = [-1, 0.5, 2].map((x) => Math.tanh(x) ** 2).reduce((a, b) => a + b)
    expect(wave[0]).toEqual([-1, 0.5, 2].map((x) => expect.closeTo(-((3 - squares) / squares) * Math.tanh(x), 10)))
    const [w, m] = student[0]
    expect(student[1]).toEqual([4, 5.5, 9].map((x) => expect.closeTo((-6 * w * (x - m)) / (5 + w * (x - m) ** 2), 10)))
    estimates[0].forEach((estimate, k) => expect(estimates[1][k] / estimate).toBeCloseTo(1, 9))
    expect(speed).toMatch(/^<svg.*Steps against time/s)

    const { columns } = JSON.parse(await tool('jiti/lib/jiti-cli.mjs', 'src/cli/main.ts', 'columns', join(root, 'examples/data/iris.csv'), '--json')) as { columns: { name: string; mean: number }[] }
    expect(columns).toHaveLength(4)
    expect(columns[0]).toMatchObject({ name: 'Sepal.Length', mean: expect.closeTo(5.84333, 4) })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}, 300_000)

/** Runs in the copy: uses what the skeletons add, and prints what came out. */
const skeletonChecks = `
import { logCosh } from '../src/model/expression.ts'
import { builtInModels } from '../src/model/energies/index.ts'
import { readTable } from '../src/node/index.ts'
import { defineModel, fit, gaussian, mlp, scalar } from '../src/node/main.ts'
import { createSvgDocument } from '../src/node/render.ts'
import { figures } from '../src/report/figures/index.ts'

const iris = await readTable(process.argv[2])
const lengths = await readTable(process.argv[2], { columns: ['Sepal.Length'] })
const values = Float64Array.of(-1, 0.5, 2)
const waves = await fit(
  defineModel({ name: 'wave', parameters: { k: scalar() }, logDensity: ({ k }, x) => logCosh(x.at(0)).mul(k).neg() }),
  { source: 'test', columns: ['x'], rows: 3, rowsRead: 3, columnsLeftOut: [], values },
)
const students = await fit(builtInModels.student.make({}), lengths)
const parameters = (result: typeof students) => result.fit.parameters!.map(({ estimate }) => estimate)
const matched = await fit(gaussian, iris)
const sliced = await fit(gaussian, iris, { by: 'sliced' })
const network = await fit(mlp({ hidden: [4] }), lengths, { by: 'sliced', steps: 100 })
const speed = figures.find(({ name }) => name === 'speed')!.draw({ fit: network.fit, metrics: network.metrics, landscape: null, margins: null, probabilities: null }, await createSvgDocument())
console.log(JSON.stringify({
  wave: [[...await waves.score(values)]],
  student: [parameters(students), [...await students.score(Float64Array.of(4, 5.5, 9))]],
  estimates: [parameters(matched), parameters(sliced)],
  speed: speed?.svg,
}))
`
