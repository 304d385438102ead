// Bad input through the built program: message, exit code, and nothing half-written left behind (DESIGN §6).
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { run } from './program.ts'
import { iris, ridgeCsv, workspace } from './workspace.ts'

const here = workspace()
const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const small = ['--hidden', '8', '--steps', '40', '--threads', '1']
beforeAll(async () => { await here.document('fit', iris, '--model', 'gaussian', '--out', 'good') })
/** Rows of CSV made one by one. */
const csv = (name: string, head: string, rows: number, row: (k: number) => string) => here.write(name, `${head}\n${Array.from({ length: rows }, (_, k) => row(k)).join('\n')}\n`)
const wave = (k: number) => `${Math.sin(3 * k)},${Math.cos(7 * k)}`

describe('a table is refused', () => {
  csv('text.csv', 'a,b', 20, (k) => `x${k},y`)
  csv('mixed.csv', 'a,b', 20, (k) => (k === 6 ? 'twelve,1.5' : wave(k)))
  csv('holes.csv', 'a,b', 20, (k) => (k % 3 === 1 ? `${k},` : k === 5 ? 'inf,2' : wave(k)))
  csv('constant.csv', 'a,b', 20, (k) => `${Math.sin(k)},7`)
  csv('copies.csv', 'a,b', 20, (k) => `${Math.sin(k)},${Math.sin(k)}`)
  csv('dependent.csv', 'a,b,c', 20, (k) => `${wave(k)},${2 * Math.sin(3 * k) - Math.cos(7 * k) + 1}`)
  csv('few.csv', 'a,b,c', 6, (k) => `${wave(k)},${Math.sin(k * k)}`)
  csv('one.csv', 'a,b', 1, wave)
  csv('ragged.csv', 'a,b', 20, (k) => (k === 9 ? '1,2,3' : wave(k)))
  here.write('empty.csv', '')
  here.write('header.csv', 'a,b\n')
  here.write('picture.bin', Buffer.from([0, 1, 2, 3, 0, 0, 255, 216]))
  const refusals: [string, string[], string, RegExp][] = [
    ['that is missing', ['nowhere.csv'], 'missing-file', /^cannot read nowhere\.csv: no such file or folder \(check the path\)$/],
    ['by a pattern that nothing matches', ['no-*.csv'], 'missing-file', /^no file matches no-\*\.csv/],
    ['that is no table', ['picture.bin'], 'unknown-format', /^picture\.bin: unknown format/],
    ['that is empty', ['empty.csv'], 'empty-table', /^empty\.csv: /],
    ['without rows', ['header.csv'], 'empty-table', /^header\.csv: no rows/],
    ['without a numeric column', ['text.csv'], 'no-numeric-column', /^text\.csv: no numeric column among a \("x0"\), b \("y"\) \(at least one is needed\)$/],
    ['without an asked column', ['mixed.csv', '--columns', 'a,bb'], 'unknown-column', /^mixed\.csv: unknown column: bb \(did you mean b\?\)/],
    ['with text among its numbers', ['mixed.csv'], 'text-in-numeric-column', /^mixed\.csv: column "a" is numeric but for 1 of its 20 cells: row 7 has "twelve"/],
    ['with empty and infinite cells', ['holes.csv'], 'missing-values', /^holes\.csv: 8 rows have missing or infinite values: row 2 \("b" is empty\), row 5 \("b" is empty\), row 6 \("a" is inf.*\), row 8 .*, row 11 .*, … .*--missing drop/],
    ['with a constant column', ['constant.csv'], 'constant-column', /^constant\.csv: column "b" is constant: every row is 7/],
    ['with a column twice', ['copies.csv'], 'duplicate-column', /copies\.csv: .*"b".*"a"/],
    ['with columns that depend on each other', ['dependent.csv'], 'collinear-columns', /dependent\.csv: column "c" is 1 \+ 2·"a" - "b"|dependent\.csv: .*"c"/],
    ['with fewer rows than parameters', ['few.csv', '--model', 'gaussian'], 'too-few-rows', /^few\.csv: 6 rows for 9 parameters/],
    ['with one row', ['one.csv', '--model', 'gaussian'], 'constant-column', /^one\.csv: column "a" is constant/],
    ['with a row that is too long', ['ragged.csv'], 'malformed-csv', /^ragged\.csv: line 11: 3 cells where the header has 2/],
    ['of a database that is none', ['mixed.csv', '--table', 't'], 'not-a-database', /^invalid --table: t/],
    ['of a statement that is wrong', ['--sql', 'selekt 1'], 'invalid-sql', /^invalid --sql: /],
  ]
  it.each(refusals)('%s', async (_, words, code, message) => { await here.refused(['fit', ...words], 1, { code, message }) })
  it('that may not be read', async () => {
    csv('locked.csv', 'a,b', 20, wave)
    chmodSync(here.path('locked.csv'), 0)
    const ended = spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, program, 'fit', here.path('locked.csv'), '--out', '/tmp/unnorm-never'], { encoding: 'utf8' })
    // Only root can become someone else; anybody else is refused by the file itself.
    const stderr = ended.error === undefined && !ended.stderr.includes('setpriv') ? ended.stderr : (await here.cli('fit', 'locked.csv')).stderr
    expect(stderr).toMatch(/error: cannot read .*(locked\.csv: permission denied|no such file)/)
  })
  it('but dropped rows are counted, and a warning says so', async () => {
    const fit = await here.document('fit', 'holes.csv', '--missing', 'drop', '--model', 'gaussian') as unknown as { data: unknown; warnings: { code: string; message: string }[] }
    expect(fit.data).toMatchObject({ rows: 20, rowsUsed: 12 })
    expect(fit.warnings).toContainEqual({ code: 'rows-dropped', message: 'holes.csv: 8 of 20 rows were dropped for missing or infinite values' })
  })
})

describe('a fit warns', () => {
  const codes = async (...words: string[]) => ((await here.document('fit', ...words)).warnings as { code: string }[]).map(({ code }) => code)
  it('of separated clusters, and not of one cloud', async () => {
    const random = createRandom(1)
    csv('clusters.csv', 'x,y', 300, (k) => `${random.normal() + (k % 2 === 0 ? 20 : 0)},${random.normal()}`)
    expect(await codes('clusters.csv', '--by', 'denoising', ...small)).toContain('separated-clusters')
    here.write('ridge.csv', ridgeCsv(300, 1))
    expect(await codes('ridge.csv', '--by', 'denoising', ...small)).toEqual([])
  })
  it('of rounded values under exact score matching of a network', async () => {
    const random = createRandom(1)
    csv('rounded.csv', 'x,y', 300, () => `${(2 * random.normal()).toFixed(0)},${random.normal()}`)
    expect(await codes('rounded.csv', ...small, '--by', 'score-matching')).toContain('tied-values')
  })
  it('of an objective without a minimum', async () => {
    expect(await codes(iris, '--columns', 'Petal.Length', '--model', 'gaussian', '--by', 'naive-likelihood', '--out', 'naive')).toContain('unbounded')
    for (const words of [['evaluate', 'naive', iris], ['sample', 'naive', '-n', '5', '-o', 'x.csv'], ['score', 'naive', iris, '-o', 'x.csv'], ['plot', 'naive', '-o', 'x.svg']]) {
      await here.refused(words, 1, { code: 'no-estimate', message: /^naive holds no estimate: its objective has no minimum/ })
    }
  })
})

describe('options are refused', () => {
  const refusals: [string[], number, string, RegExp][] = [
    [['--noise', '-1'], 2, 'invalid-noise', /^invalid noise: -1 \(must be > 0/],
    [['--noise', '0.5,,0.2'], 2, 'invalid-noise', /^invalid noise: 0\.5,,0\.2 \(must be > 0/],
    [['--noise', '0.1,'], 1, 'invalid-noise', /^invalid noise: 1 value for 4 columns/],
    [['--noise', '0.1,0.2'], 1, 'invalid-noise', /^invalid noise: 2 values for 4 columns/],
    [['--noise', '@none.csv'], 1, 'missing-file', /^cannot read none\.csv/],
    [['--model', 'gaussian', '--noise', '0.1'], 2, 'invalid-option', /^invalid noise: score-matching adds none/],
    [['--model', 'gaussian', '--hidden', '3'], 2, 'unknown-option', /^invalid hidden: gaussian has no such option/],
    [['--model', 'gaussian', '--batch', '3'], 2, 'invalid-option', /^invalid batch: only a network/],
    [['--holdout', '1'], 2, 'invalid-option', /^invalid holdout: 1 \(must be ≥ 0 and < 1\)/],
    [['--activation', 'relu'], 2, 'invalid-option', /^invalid activation: relu \(must be one of silu, softplus, tanh, sigmoid/],
    [['--by', 'denoisng'], 2, 'invalid-option', /^invalid by: denoisng .*did you mean denoising/],
    [['--columns', 'a,,b'], 2, 'invalid-columns', /^invalid columns: a,,b/],
    [['--threads', '0'], 2, 'invalid-option', /^invalid threads: 0/],
  ]
  it.each(refusals)('%j', async (words, exit, code, message) => { await here.refused(['fit', iris, ...words], exit, { code, message }) })
  it.each([
    ['0.04,0.01\n0.02,0.09\n', /not symmetric/], ['1,2\n2,1\n', /not positive definite/], ['1,2,3\n', /has 1 line of numbers/], ['a,b\n1,0\n0,1\n', /does not name the column Petal\.Length/], ['1,x\n', /does not name/],
  ])('a covariance %j', async (text, message) => {
    here.write('covariance.csv', text)
    await here.refused(['fit', iris, '--columns', 'Petal.Length,Petal.Width', '--model', 'gaussian', '--by', 'denoising', '--noise', '@covariance.csv'], 1, { code: 'invalid-noise', message })
  })
})

describe('an objective that turns non-finite', () => {
  it('ends the run at the last good state, says at which step, and fails', async () => {
    here.write('ridge.csv', ridgeCsv(300, 1))
    const { code, stdout } = await here.cli('fit', 'ridge.csv', ...small, '--learning-rate', '1000', '--out', 'blown-up', '--json')
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toEqual({ error: { code: 'non-finite', message: expect.stringMatching(/^the objective became .* at step 4; the last good state \(step 2\) is kept\..*What was learned until then is in blown-up\.$/) } })
    expect(here.json('blown-up/fit.json')).toMatchObject({ estimator: { stopped: 'non-finite' } })
    expect(here.files()).toContain('blown-up/checkpoint.bin')
  })
})

describe('a model is refused', () => {
  const score = (model: string) => ['score', model, iris, '-o', 'x.csv']
  it('that is cut off, foreign, or no model', async () => {
    const bytes = here.read('good/model.onnx')
    for (const length of [10, 200, Math.floor(bytes.length / 2), bytes.length - 3]) {
      here.write('cut.onnx', bytes.subarray(0, length))
      const { code, stdout } = await here.cli(...score('cut.onnx'), '--json')
      const { error } = JSON.parse(stdout) as { error: { code: string; message: string } }
      expect({ code, length, error: ['bad-model', 'foreign-model'].includes(error.code) }).toEqual({ code: 1, length, error: true })
      expect(error.message).toMatch(/^cut\.onnx /)
    }
    // The objective is an ONNX model too, but does not say what it is of.
    here.write('foreign.onnx', here.read('good/checkpoint.objective.onnx'))
    await here.refused(score('foreign.onnx'), 1, { code: 'foreign-model', message: /^foreign\.onnx is an ONNX model, but not one that unnorm wrote/ })
    here.write('text.onnx', 'hello')
    await here.refused(score('text.onnx'), 1, { code: 'bad-model', message: /^text\.onnx is no ONNX model, or it is cut off/ })
    await here.refused(score('none.onnx'), 1, { code: 'missing-file', message: /^cannot read none\.onnx/ })
    mkdirSync(here.path('folder'))
    await here.refused(score('folder'), 1, { code: 'not-a-run', message: /^folder is no run folder: it holds no fit\.json/ })
    here.write('folder/fit.json', '{"format": "other"}')
    await here.refused(score('folder'), 1, { code: 'not-a-run', message: /^folder\/fit\.json is damaged or of another version/ })
  })
  it('where the metadata are damaged', async () => {
    const bytes = Buffer.from(here.read('good/model.onnx'))
    const at = bytes.indexOf('"columns":[')
    bytes.write('"kolumns"', at)
    here.write('damaged.onnx', bytes)
    await here.refused(score('damaged.onnx'), 1, { code: 'bad-model', message: /^damaged\.onnx: its description is damaged/ })
  })
})

describe('a place that cannot be written', () => {
  it('is found out before the work, and nothing is left', async () => {
    here.write('a-file', 'x')
    await here.refused(['fit', iris, '--model', 'gaussian', '--out', 'a-file/run'], 1, { code: 'not-a-folder', message: /^cannot write a-file: a part of the path is a file/ })
    await here.refused(['fit', iris, '--model', 'gaussian', '--out', '/proc/run'], 1, { code: 'missing-file', message: /^cannot write \/proc\/run/ })
    await here.refused(['score', 'good', iris, '-o', 'a-file/x.csv'], 1, { code: 'not-a-folder', message: /^cannot write a-file\/x\.csv/ })
    await here.refused(['plot', 'good', iris, '-o', 'none/x.png'], 1, { code: 'missing-file', message: /^cannot write none\/x\.png/ })
    // Neither data nor model are there: nothing was read before.
    await here.refused(['fit', 'nowhere.csv', '--out', 'a-file'], 1, { code: 'not-a-folder', message: /^cannot write a-file/ })
    await here.refused(['fit', 'nowhere.csv', '--out', 'good'], 1, { code: 'out-not-empty', message: 'cannot write the run into good: it is not empty (choose another --out)' })
    for (const words of [['score', 'nowhere', iris], ['denoise', 'nowhere', iris], ['sample', 'nowhere', '-n', '10']]) {
      await here.refused([...words, '-o', 'none/x.csv'], 1, { code: 'missing-file', message: /^cannot write none\/x\.csv/ })
    }
    await here.refused(['plot', 'nowhere', '-o', 'none/x.svg'], 1, { code: 'missing-file', message: /^cannot write none\/x\.svg/ })
    csv('taken.csv', 'Sepal.Length,Sepal.Width,Petal.Length,Petal.Width,log_density', 3, (k) => `${k},oops,1,2,3`)
    await here.refused(['score', 'good', 'taken.csv', '-o', 'x.csv'], 1, { code: 'column-exists', message: /^cannot write x\.csv: taken\.csv already has a column "log_density"/ })
  })
  it('because it is no file: a device, or a pipe, which would be waited for', async () => {
    execFileSync('mkfifo', [here.path('pipe.csv')])
    symlinkSync('/dev/full', here.path('full.svg'))
    await here.refused(['score', 'good', iris, '-o', '/dev/stdout'], 2, { code: 'unknown-format', message: /^invalid output: \/dev\/stdout \(must end in \.csv/ })
    await here.refused(['plot', 'good', '-o', '/dev/stdout'], 2, { code: 'unknown-format', message: 'invalid out: /dev/stdout (must end in .svg, .png or .gif, or be a folder: frames/)' })
    await here.refused(['score', 'good', iris, '-o', 'pipe.csv'], 1, { code: 'not-a-file', message: 'cannot write pipe.csv: it is a pipe or device, which cannot be written whole or not at all (name a file)' })
    await here.refused(['plot', 'good', '-o', 'full.svg'], 1, { code: 'not-a-file', message: /^cannot write full\.svg: it is a pipe or device/ })
    await here.refused(['fit', 'pipe.csv'], 1, { code: 'not-a-file', message: /^cannot read pipe\.csv: it is a pipe or device/ })
  })
  it('by its permissions', ({ skip }) => {
    mkdirSync(here.path('locked'), { mode: 0o555 })
    const words = ['--reuid=65534', '--regid=65534', '--clear-groups']
    if (process.getuid?.() !== 0 || spawnSync('setpriv', [...words, 'true']).status !== 0) skip('needs root and setpriv, to become somebody without permissions')
    const ended = spawnSync('setpriv', [...words, process.execPath, program, 'fit', iris, '--model', 'gaussian', '--out', here.path('locked/run')], { encoding: 'utf8', cwd: '/' })
    expect({ code: ended.status, stderr: ended.stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/error: cannot (?:write|read) .*(?:locked\/run|iris\.csv|unnorm-cli).*: permission denied/) })
  })
  it('because files may not grow', async () => {
    for (const limit of [1, 20, 200]) {
      const before = here.files()
      const ended = spawnSync('bash', ['-c', `ulimit -f ${limit}; exec "$0" "$@"`, process.execPath, program, 'fit', iris, '--model', 'gaussian', '--out', 'too-large', '--json'], { cwd: here.folder, encoding: 'utf8' })
      expect(ended.status).toBe(1)
      expect(JSON.parse(ended.stdout)).toEqual({ error: { code: 'disk-full', message: expect.stringMatching(/^cannot write .*: the file would be larger than allowed/) } })
      expect(here.files()).toEqual(before)
    }
  })
  it('because the disk is full', ({ skip }) => {
    const disk = here.path('disk')
    mkdirSync(disk)
    const script = (work: string) => ['-m', 'bash', '-c', `mount -t tmpfs -o size=200k tmpfs ${disk} && cd ${disk} && ${work}`]
    if (spawnSync('unshare', script('true')).status !== 0) skip('needs the right to mount a small file system of its own (unshare -m)')
    const unnorm = `${process.execPath} ${program}`
    for (const work of [`fit ${iris} --model gaussian --out run`, `score ${here.path('good')} ${here.path('many.csv')} -o rows.csv`]) {
      here.write('many.csv', `${'Sepal.Length,Sepal.Width,Petal.Length,Petal.Width'}\n${'5.1,3.5,1.4,0.2\n'.repeat(5000)}`)
      const output = execFileSync('unshare', script(`${unnorm} ${work} --json; echo "exit $?"; ls -A`), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      const [document, ...rest] = output.trim().split('\n')
      expect(JSON.parse(document)).toEqual({ error: { code: 'disk-full', message: expect.stringMatching(/^cannot write .*: no space is left on the disk/) } })
      expect(rest).toEqual(['exit 1'])
    }
  })
})

it('standard input that is no table', async () => {
  const { code, stdout } = await run(['fit', '-', '--json'], { cwd: here.folder, input: '' })
  expect({ code, document: JSON.parse(stdout) as unknown }).toEqual({ code: 1, document: { error: { code: 'empty-table', message: expect.stringMatching(/^standard input: /) } } })
})
