// The documentation is true: options and codes as in the source, links that lead somewhere, code that runs.
// After a change of options: npx vitest run test/docs.test.ts -u
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
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
      await saveRun(fitted, table, join(folder, 'run'))
      await fitted.release()
      const printed = await run(opening.replace("'runs/airports-mlp'", `'${join(folder, 'run')}'`).replace("'examples/", `'${root}examples/`), folder)
      expect(printed.split(',').map(Number).filter(Number.isFinite)).toHaveLength(2)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
