// Builds dist: the library, its part for Node and the command line as ES modules that share code, and their type declarations.
import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import * as esbuild from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const require = createRequire(import.meta.url)

/** Packages that stay packages: native ones, those that read files of their own, and what loads quickly by itself. */
const external = ['onnxruntime-node', '@duckdb/node-api', '@resvg/resvg-js', 'dejavu-fonts-ttf', 'jiti', 'jiti/*', 'commander']

/** All files below a folder, as paths relative to it. */
async function filesBelow(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)))
}

/** The bundles, as contents by path relative to dist. */
async function bundles() {
  const result = await esbuild.build({
    absWorkingDir: root,
    entryPoints: { 'index': 'src/index.ts', 'node/index': 'src/node/index.ts', 'node/main': 'src/node/main.ts', 'node/row-worker': 'src/node/row-worker.ts', 'node/apart-worker': 'src/node/apart-worker.ts', 'cli/main': 'src/cli/main.ts' },
    outdir: 'dist', bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20.19',
    chunkNames: 'chunks/[name]-[hash]', external, write: false, metafile: true, logLevel: 'warning',
    // Names are kept for error messages and stack traces; whitespace is what costs time to read.
    minifyWhitespace: true, keepNames: false, legalComments: 'none', charset: 'utf8',
  })
  const contents = new Map(result.outputFiles.map((file) => [relative(dist, file.path), file.contents]))
  contents.set('THIRD-PARTY-LICENSES.txt', Buffer.from(await licencesOf(Object.keys(result.metafile.inputs))))
  return contents
}

/** The licences of the packages that were bundled, as their terms ask. */
async function licencesOf(inputs) {
  const packages = new Set(inputs.map((path) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]).filter(Boolean))
  const texts = await Promise.all([...packages].sort().map(async (path) => {
    const { name, version, license } = JSON.parse(await readFile(join(root, path, 'package.json'), 'utf8'))
    const file = (await readdir(join(root, path))).find((entry) => /^licen[cs]e/i.test(entry))
    return `${name} ${version} (${license})\n\n${file === undefined ? '' : (await readFile(join(root, path, file), 'utf8')).trim()}\n`
  }))
  return texts.length > 0 ? texts.join(`\n${'-'.repeat(80)}\n\n`) : 'No third-party code is bundled.\n'
}

/** The declarations of what the entry points export, as contents by path relative to dist. (Types are checked by `npm run typecheck`.) */
async function declarations() {
  await mkdir(join(root, '.cache'), { recursive: true })
  const folder = await mkdtemp(join(root, '.cache', 'types-'))
  const project = join(folder, 'tsconfig.json')
  try {
    await writeFile(project, JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        noEmit: false, declaration: true, emitDeclarationOnly: true, noCheck: true, rewriteRelativeImportExtensions: true,
        rootDir: join(root, 'src'), outDir: join(folder, 'out'), typeRoots: [join(root, 'node_modules/@types')],
      },
      include: [], files: ['src/index.ts', 'src/node/index.ts', 'src/node/main.ts', 'src/base/globals.d.ts'].map((path) => join(root, path)),
    }))
    await promisify(execFile)(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', project]).catch((error) => {
      throw new Error(`declarations could not be written:\n${error.stdout}${error.stderr}`)
    })
    const paths = await filesBelow(join(folder, 'out'))
    return new Map(await Promise.all(paths.map(async (path) => {
      // Declarations keep the sources' `.ts` endings; older resolvers know only `.js`.
      const text = (await readFile(join(folder, 'out', path), 'utf8')).replace(/((?:from|import) ?\(?)(['"])(\.[^'"]+)\.ts\2/g, '$1$2$3.js$2')
      return [path, Buffer.from(text)]
    })))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Makes dist hold exactly these files. Each is replaced whole, entry points last, so that a program started meanwhile works. */
async function place(contents) {
  const before = await filesBelow(dist)
  const order = [...contents.keys()].sort((a, b) => Number(b.startsWith('chunks/')) - Number(a.startsWith('chunks/')))
  for (const path of order) {
    const target = join(dist, path)
    const content = contents.get(path)
    if (Buffer.compare(await readFile(target).catch(() => Buffer.alloc(0)), content) === 0 && content.length > 0) continue
    await mkdir(dirname(target), { recursive: true })
    await writeFile(`${target}.${process.pid}.partial`, content)
    if (path === 'cli/main.js') await chmod(`${target}.${process.pid}.partial`, 0o755)
    await rename(`${target}.${process.pid}.partial`, target)
  }
  for (const path of before) {
    if (contents.has(path) || path.endsWith('.partial')) continue
    await rm(join(dist, path), { force: true })
    await rmdir(dirname(join(dist, path))).catch(() => undefined)
  }
}

/** The time of the latest change below the given paths, in milliseconds. */
async function latestChange(paths) {
  const times = await Promise.all(paths.map(async (path) => {
    const found = await stat(path).catch(() => undefined)
    if (found === undefined) return 0
    if (!found.isDirectory()) return found.mtimeMs
    return Math.max(found.mtimeMs, await latestChange((await readdir(path)).map((name) => join(path, name))))
  }))
  return Math.max(0, ...times)
}

/** Builds dist, unless nothing has changed since it was built. */
export async function build({ force = false } = {}) {
  const started = Date.now()
  const stamp = join(root, '.cache', 'built')
  const isThere = await stat(join(dist, 'cli/main.js')).then(() => true, () => false)
  const built = isThere ? Number(await readFile(stamp, 'utf8').catch(() => 0)) : 0
  const sources = ['src', 'scripts/build.mjs', 'package.json', 'package-lock.json', 'tsconfig.json'].map((path) => join(root, path))
  if (!force && built > await latestChange(sources)) return false
  const [code, types] = await Promise.all([bundles(), declarations()])
  await place(new Map([...code, ...types]))
  await writeFile(stamp, `${started}\n`)
  console.error(`built dist in ${((Date.now() - started) / 1000).toFixed(1)} s`)
  return true
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build({ force: !process.argv.includes('--if-changed') })
