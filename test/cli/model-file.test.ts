// Models of the user's own, loaded from files without a build step, wherever the file lies.
import { mkdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { builtInModels } from '../../src/model/energies/index.ts'
import { iris, workspace } from './workspace.ts'

const here = workspace()
const petals = ['fit', iris, '--columns', 'Petal.Length,Petal.Width']
const gaussianText = (first: string) => `${first}
export default defineModel({
  name: 'my gaussian',
  parameters: { k: vector(2, { initial: 1 }), b: vector(2) },
  logDensity: ({ k, b }, x) => dot(k, x.square()).mul(-0.5).add(dot(b, x)),
})
`
const imports = "import { defineModel, dot, vector } from 'unnorm'"

describe('a model file', () => {
  it('of TypeScript is fitted like a built-in model', async () => {
    here.write('my-gaussian.ts', gaussianText(`${imports}\nimport type { Model } from 'unnorm'\nexport type Mine = Model`))
    const fit = await here.document(...petals, '--model', 'my-gaussian.ts')
    expect(fit).toMatchObject({
      out: 'runs/iris-my-gaussian',
      model: { name: 'my gaussian', logDensity: '({ k, b }, x) => dot(k, x.square()).mul(-0.5).add(dot(b, x))', parameterCount: 4 },
      estimator: { route: 'closed-form', stopped: 'solved' },
    })
    // Independent columns: each precision is one over its variance, which score matching finds column by column.
    const summary = await here.document('fit', iris, '--columns', 'Petal.Length', '--model', 'gaussian')
    const estimate = (document: Record<string, unknown>, name: string) => (document.parameters as { name: string; estimate: number }[]).find((entry) => entry.name === name)!.estimate
    expect(estimate(fit, 'k[1]') / estimate(summary, 'precision[1,1]')).toBeCloseTo(1, 9)
    expect(estimate(fit, 'b[1]') / estimate(summary, 'eta[1]')).toBeCloseTo(1, 9)
  })
  it.each([
    ['plain.js', gaussianText(imports)],
    ['module.mjs', gaussianText(imports)],
    ['common.cjs', "const { defineModel, dot, vector } = require('unnorm')\nmodule.exports = defineModel({ name: 'c', parameters: { k: vector(2, { initial: 1 }) }, logDensity: ({ k }, x) => dot(k, x.square()).mul(-0.5) })"],
    ['named.ts', gaussianText(`${imports}\nexport const other = 3`).replace('export default', 'export const mine =')],
    ['deep/in/a/folder.ts', gaussianText("import { defineModel } from 'unnorm'\nimport { dot, vector } from './helper.ts'")],
  ])('%s', async (name, text) => {
    here.write('deep/in/a/helper.ts', "export { dot, vector } from 'unnorm'")
    here.write(name, text)
    expect(await here.document(...petals, '--model', `./${name}`)).toMatchObject({ estimator: { stopped: 'solved' } })
  })
  it('resolves unnorm to the running package even where another lies nearer', async () => {
    here.write('trap/node_modules/unnorm/package.json', '{"name":"unnorm","version":"9.9.9","main":"index.js"}')
    here.write('trap/node_modules/unnorm/index.js', "throw new Error('the wrong package')")
    here.write('trap/model.ts', gaussianText(imports))
    expect(await here.document(...petals, '--model', 'trap/model.ts')).toMatchObject({ estimator: { stopped: 'solved' } })
  })
})

describe('a model file is refused', () => {
  const refusals: [string, string, string, RegExp][] = [
    ['that throws', "import { defineModel } from 'unnorm'\n\nthrow new Error('no luck')", 'model-file', /^cannot load the model \.\/bad\.ts: it throws: no luck \(line 3\)$/],
    ['that is no program', 'export default {\n  a: [\n', 'model-file', /^cannot load the model \.\/bad\.ts: it cannot be read as a program: .*\(line 3\)/],
    ['that imports what is not there', "import { nothing } from './nowhere.ts'\nexport default nothing", 'model-file', /^cannot load the model \.\/bad\.ts: it throws: Cannot find module '\.\/nowhere\.ts'/],
    ['without a model', 'export const a = 1, b = 2', 'model-file', /^cannot use \.\/bad\.ts: it exports no model \(only a, b\) \(write: export default defineModel/],
    ['with several models', gaussianText(imports).replace('export default', 'export const one =') + gaussianText('').replace('export default', 'export const two ='), 'model-file', /exports several models, one, two, and none as default/],
    ['whose function throws', gaussianText(imports).replace('({ k, b }, x) =>', "() => { throw new Error('inside') }, ignored: ({ k, b }: any, x: any) =>"), 'model', /^model my gaussian throws: inside \(.*bad\.ts:5\)$/],
    ['with an unknown parameter', gaussianText(imports).replace('dot(b, x)', 'dot((arguments as any)[0]?.c ?? b, x)').replace('({ k, b }, x) =>', '({ k, b, c }: any, x: any) => c ??'), 'model', /^model my gaussian: unknown parameter c \(.*bad\.ts:5\); model my gaussian has k, b$/],
    ['with shapes that do not fit', gaussianText(imports).replace('k: vector(2,', 'k: vector(3,'), 'model', /^model my gaussian: dot: .*\(.*bad\.ts:5\)$/],
    ['that is not scalar', gaussianText(imports).replace('dot(b, x)', 'b.mul(x)'), 'model', /^model my gaussian: logDensity returned shape \[2\]; it must return a scalar/],
    ['with a kink', gaussianText(imports.replace('dot', 'dot, relu')).replace('dot(b, x)', 'relu(dot(b, x))'), 'kink', /^model my gaussian: max of x has a kink or jump \(.*bad\.ts:5\), so the score-matching objective would be silently wrong\. Use a smooth form: softplus/],
    ['that is NaN at the rows', "import { defineModel, log, positive } from 'unnorm'\nexport default defineModel({ name: 'logs', parameters: { a: positive() }, logDensity: ({ a }, x) => log(x.at(0).sub(50)).add(x.at(1).square()).mul(a).neg() })", 'energy-not-finite', /^model logs: logDensity is not a number at 150 of 150 rows of .*iris\.csv: row 1 \(Petal\.Length = 1\.4, Petal\.Width = 0\.2\), row 2 \(/],
    ['for another number of columns', "import { defineModel, scalar, real } from 'unnorm'\nexport default defineModel({ name: 'one', domain: real(1), parameters: { a: scalar() }, logDensity: ({ a }, x) => x.at(0).mul(a) })", 'dimension', /^model one is for 1 column, the data have 2: choose columns with --columns$/],
    ['whose domain the rows leave', "import { defineModel, scalar } from 'unnorm'\nexport default defineModel({ name: 'bounded', domain: '`Petal.Length` < 6.6', parameters: { a: scalar() }, logDensity: ({ a }, x) => x.at(0).square().mul(a) })", 'outside-domain', /4 of 150 rows lie outside the domain `Petal\.Length` < 6\.6: row 106: `Petal\.Length` is 6\.6; row 118: `Petal\.Length` is 6\.7/],
  ]
  it.each(refusals)('%s', async (_, text, code, message) => {
    here.write('bad.ts', text)
    await here.refused([...petals, '--model', './bad.ts'], 1, { code, message })
  })
  it('that is missing, or a folder, or has a name that says nothing', async () => {
    await here.refused([...petals, '--model', 'none.ts'], 1, { code: 'missing-file', message: 'cannot read none.ts: no such file or folder (check the path)' })
    mkdirSync(here.path('folder.ts'))
    await here.refused([...petals, '--model', 'folder.ts'], 1, { code: 'model-file', message: 'cannot load the model folder.ts: it is no file (name the .ts or .js file)' })
    await here.refused([...petals, '--model', 'gausian'], 2, { code: 'unknown-model', message: `unknown model: gausian (did you mean gaussian?) (must be one of ${Object.keys(builtInModels).join(', ')}, or a file such as ./gausian.ts)` })
  })
})
