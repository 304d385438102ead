// The properties of DESIGN.md §3 that hold the source together, read off the source itself.
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { commands } from '../src/cli/commands.ts'
import { allOps } from '../src/graph/ops/index.ts'
import { builtInModels } from '../src/model/energies/index.ts'
import { figures } from '../src/report/figures/index.ts'
import { estimators } from '../src/result/estimators.ts'
import { fitOptions } from '../src/result/fit-options.ts'

const root = fileURLToPath(new URL('../src/', import.meta.url))

interface Source {
  /** Path below src. */
  readonly path: string
  readonly text: string
  readonly tree: ts.SourceFile
  /** Everything imported: types, values, re-exports and dynamic imports. */
  readonly imports: readonly string[]
}

const sources: readonly Source[] = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
  .sort()
  .map((path) => {
    const text = readFileSync(join(root, path), 'utf8')
    return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true), imports: ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName) }
  })
const sourceAt = new Map(sources.map((source) => [source.path, source]))

/** The folders in the order of processing, as src/README.md lists them. */
const stages = Array.from(readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^\d+\. `([^`]+)`/gm), (match) => match[1])
const stageOf = (path: string): string => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '')
const browserStages = stages.slice(0, stages.indexOf('node'))

/** The place of a folder in the list; the library's entrance `index.ts` comes after all that runs in a browser. */
const rank = (path: string): number => (stageOf(path) === '' ? browserStages.length - 0.5 : stages.indexOf(stageOf(path)))

const isRelative = (name: string): boolean => name.startsWith('.')
const target = (source: Source, name: string): string => normalize(join(dirname(source.path), name))
const relativeImports = (source: Source): string[] => source.imports.filter(isRelative).map((name) => target(source, name))

const parse = (text: string): ts.SourceFile => ts.createSourceFile('text.ts', text, ts.ScriptTarget.ES2022, true)

/** Nodes of a syntax tree that a question is answered with yes for, as `line: text`. */
function found(tree: ts.SourceFile, question: (node: ts.Node) => boolean): string[] {
  const list: string[] = []
  const walk = (node: ts.Node): void => {
    if (question(node)) list.push(`${tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1}: ${node.getText(tree).slice(0, 80)}`)
    ts.forEachChild(node, walk)
  }
  walk(tree)
  return list
}
const offences = (question: (node: ts.Node) => boolean, among: readonly Source[] = sources): string[] =>
  among.flatMap(({ path, tree }) => found(tree, question).map((where) => `${path}:${where}`))

/** A circle of imports, if there is one. */
function findCycle(edges: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const state = new Map<string, 'open' | 'done'>()
  const trail: string[] = []
  const visit = (path: string): string[] | undefined => {
    if (state.get(path) === 'done') return undefined
    if (state.get(path) === 'open') return [...trail.slice(trail.indexOf(path)), path]
    state.set(path, 'open')
    trail.push(path)
    for (const next of edges.get(path) ?? []) {
      const cycle = visit(next)
      if (cycle) return cycle
    }
    trail.pop()
    state.set(path, 'done')
    return undefined
  }
  for (const path of edges.keys()) {
    const cycle = visit(path)
    if (cycle) return cycle
  }
  return undefined
}

describe('stages', () => {
  test('the list in src/README.md names every folder once', () => {
    expect(stages.length).toBeGreaterThan(10)
    expect([...stages].sort()).toEqual([...new Set(sources.map(({ path }) => stageOf(path)).filter((stage) => stage !== ''))].sort())
  })

  test('a folder imports only itself and folders above it', () => {
    const wrong = sources.flatMap((source) => relativeImports(source).filter((to) => rank(to) > rank(source.path) || rank(to) < 0).map((to) => `${source.path} imports ${to}`))
    expect(wrong).toEqual([])
  })

  test('every import of a file names a file that is there', () => {
    const known = (path: string): boolean => sourceAt.has(path) || path.endsWith('.json') || path.endsWith('.d.ts')
    expect(sources.flatMap((source) => relativeImports(source).filter((to) => !known(to)).map((to) => `${source.path}: ${to}`))).toEqual([])
  })

  test('no import cycles, types included', () => {
    expect(findCycle(new Map(sources.map((source) => [source.path, relativeImports(source)])))).toBeUndefined()
    expect(findCycle(new Map([['a', ['b']], ['b', ['c']], ['c', ['b']]]))).toEqual(['b', 'c', 'b'])
  })

  test('what runs in a browser imports no package that needs Node', () => {
    const allowed = new Set(['ml-matrix', '@observablehq/plot', 'katex', 'mathjs/number'])
    const wrong = sources.filter((source) => rank(source.path) < browserStages.length)
      .flatMap((source) => source.imports.filter((name) => !isRelative(name) && !allowed.has(name)).map((name) => `${source.path} imports ${name}`))
    expect(wrong).toEqual([])
  })

  test('only the command line knows the command line: the library does not write to the console or end the process', () => {
    const isOutput = (node: ts.Node): boolean => ts.isIdentifier(node) && node.text === 'console' && !(ts.isPropertyAccessExpression(node.parent) && node.parent.name === node)
    expect(offences(isOutput, sources.filter(({ path }) => stageOf(path) !== 'cli'))).toEqual([])
  })
})

describe('files', () => {
  test('each opens with a sentence', () => {
    const opening = ({ text }: Source): string => /^(?:#!.*\n)?\/\/ (.*(?:\n\/\/.*)*)/.exec(text)?.[1] ?? ''
    expect(sources.filter((source) => !/^[\p{L}`'].*[.:?]$/su.test(opening(source))).map(({ path }) => path)).toEqual([])
  })

  test('each has fewer than 400 lines', () => {
    expect(sources.filter(({ text }) => text.split('\n').length > 400).map(({ path }) => path)).toEqual([])
  })

  test('names are in kebab case', () => {
    expect(sources.filter(({ path }) => !/^(?:[a-z0-9]+(?:-[a-z0-9]+)*\/)*[a-z0-9]+(?:-[a-z0-9]+)*\.ts$/.test(path)).map(({ path }) => path)).toEqual([])
  })

  const isDefault = (node: ts.Node): boolean => ts.isExportAssignment(node) || node.kind === ts.SyntaxKind.DefaultKeyword && !ts.isDefaultClause(node.parent)
    || ts.isExportSpecifier(node) && node.name.text === 'default'
  test('exports are named', () => {
    expect(offences(isDefault)).toEqual([])
    expect(found(parse('export default 1; export { a as default }; export default function () {}'), isDefault)).toHaveLength(3)
  })

  const isMutable = (node: ts.Node): boolean => ts.isVariableStatement(node) && node.parent.kind === ts.SyntaxKind.SourceFile && (node.declarationList.flags & (ts.NodeFlags.Const | ts.NodeFlags.Using)) === 0
  test('no module holds a variable: state is passed', () => {
    expect(offences(isMutable)).toEqual([])
    expect(found(parse('let a = 1\nvar b\nconst c = 2\n{ let d }'), isMutable)).toHaveLength(2)
  })

  const isAny = (node: ts.Node): boolean => node.kind === ts.SyntaxKind.AnyKeyword
  test('no type is written as any', () => {
    expect(offences(isAny)).toEqual([])
  })

  test('no exported type is inferred as any', () => {
    const { config } = ts.readConfigFile(fileURLToPath(new URL('../tsconfig.json', import.meta.url)), ts.sys.readFile) as { config: { compilerOptions: Record<string, unknown> } }
    const { options } = ts.convertCompilerOptionsFromJson({ ...config.compilerOptions, paths: {}, noEmit: false, declaration: true, emitDeclarationOnly: true, allowImportingTsExtensions: true, rewriteRelativeImportExtensions: true, rootDir: root, outDir: '/out' }, dirname(root))
    const program = ts.createProgram(sources.map(({ path }) => join(root, path)).concat(join(root, 'base/globals.d.ts')), options)
    const wrong: string[] = []
    let written = 0
    program.emit(undefined, (path, text) => {
      written++
      wrong.push(...found(parse(text), isAny).map((where) => `${path}: ${where}`))
    }, undefined, true)
    expect(written).toBeGreaterThanOrEqual(sources.length)
    expect(wrong).toEqual([])
  }, 60_000)
})

describe('one op, one record', () => {
  const ops = allOps().map(({ op }) => op)
  const names = new Set(ops.map(({ name }) => name))
  const outside = sources.filter(({ path }) => !path.startsWith('graph/ops/'))

  test('names are unique: nodes are told apart by them', () => {
    expect(names.size).toBe(ops.length)
  })

  test('every file of ops but the shared tools is a family', () => {
    const tools = ['index', 'elementwise', 'polynomial', 'coefficients', 'algebra']
    const families = new Set(allOps().map(({ family }) => family))
    const files = sources.flatMap(({ path }) => (path.startsWith('graph/ops/') ? [path.slice('graph/ops/'.length, -'.ts'.length)] : []))
    expect([...families, ...tools].sort()).toEqual(files.sort())
  })

  // The name of an op is for people (and for fingerprints): a decision by it would be a second place that knows the op.
  const isOpName = (node: ts.Node): boolean => ts.isPropertyAccessExpression(node) && node.name.text === 'name' && /(?:^|\.)op$/.test(node.expression.getText()) && !ts.isTemplateSpan(node.parent) && !ts.isArrayLiteralExpression(node.parent)
  test('names of ops are shown, never compared or looked up', () => {
    expect(offences(isOpName)).toEqual([])
    expect(found(parse("node.op.name === 'add'; table[op.name]; show(`${node.op.name}`)"), isOpName)).toHaveLength(2)
  })

  const isText = (node: ts.Node | undefined): boolean => node !== undefined && ts.isStringLiteral(node) && names.has(node.text)
  const isTable = (node: ts.Node): boolean => {
    if (ts.isArrayLiteralExpression(node)) return node.elements.filter(isText).length > 1
    if (ts.isCaseBlock(node)) return node.clauses.filter((clause) => ts.isCaseClause(clause) && isText(clause.expression)).length > 1
    if (!ts.isObjectLiteralExpression(node)) return false
    return node.properties.filter((property) => ts.isPropertyAssignment(property) && names.has(property.name.getText().replaceAll(/['"]/g, ''))).length > 2
  }
  test('no table by op stands outside their families', () => {
    expect(offences(isTable, outside)).toEqual([])
    expect(found(parse("['add', 'exp']; ({ add: 1, exp: 2, log: 3 }); switch (a) { case 'add': case 'exp': }"), isTable)).toHaveLength(3)
  })

  test('the ONNX operators are written by the ops alone', () => {
    const isEmit = (node: ts.Node): boolean => ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === 'emit'
    // The compiler itself writes what belongs to no op: the number of rows, reshapes, and the one fusion without a function in a family.
    const writers = new Set(offences(isEmit, outside).map((where) => where.slice(0, where.indexOf(':'))))
    expect([...writers].sort()).toEqual(['compile/fuse.ts', 'compile/onnx.ts'])
  })
})

describe('one file each, and in its registry', () => {
  const filesOf = (folder: string): string[] => sources.flatMap(({ path }) => (dirname(path) === folder && !path.endsWith('/index.ts') ? [path.slice(folder.length + 1, -'.ts'.length)] : [])).sort()

  test('estimators, by their names', () => {
    expect(Object.keys(estimators).sort()).toEqual(filesOf('estimate/estimators'))
    for (const [name, estimator] of Object.entries(estimators)) expect(estimator.name).toBe(name)
    expect(fitOptions.by.choices).toEqual(Object.keys(estimators))
  })

  test('built-in models, by their names', () => {
    expect(Object.keys(builtInModels).sort()).toEqual(filesOf('model/energies'))
  })

  test('commands, by their names', async () => {
    expect(Object.keys(commands).sort()).toEqual(filesOf('cli/commands'))
    for (const entry of Object.values(commands)) expect((await entry.load()).run).toBeTypeOf('function')
  })

  test('figures: a file that draws one is registered or part of one that is', async () => {
    const drawn = new Set<unknown>(figures)
    expect(drawn.size).toBe(figures.length)
    for (const name of filesOf('report/figures')) {
      const exported = Object.values(await import(`../src/report/figures/${name}.ts`) as Record<string, unknown>)
      const isRegistered = exported.some((value) => drawn.has(value))
      const isPart = sources.some((source) => dirname(source.path) === 'report/figures' && !source.path.endsWith('/index.ts') && relativeImports(source).includes(`report/figures/${name}.ts`))
      expect(isRegistered || isPart, name).toBe(true)
    }
  })
})
