// Stopping and resuming `unnorm fit`: a run that was interrupted, or killed, ends with the very bits of one that was not.
import { cpSync, existsSync, mkdirSync, rmdirSync, statSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { run, start } from './program.ts'
import { iris, ridgeCsv, workspace } from './workspace.ts'

const here = workspace()
const csv = here.write('ridge.csv', ridgeCsv(500, 2))
const modelFile = here.write('wave.ts', `
  import { defineModel, scalar, sin, tanh } from 'unnorm'
  export default defineModel({
    name: 'wave', kind: 'network', parameters: { a: scalar({ initial: 0.3 }), b: scalar({ initial: 0.2 }), c: scalar({ initial: 0.1 }) },
    logDensity: ({ a, b, c }, y) => y.square().sum().mul(-0.5).add(sin(y.at(0)).mul(a)).add(tanh(y.at(1)).mul(b)).add(sin(y.at(1).mul(y.at(0))).mul(c)),
  })
`)
const words = ['fit', csv, '--hidden', '32,32', '--batch', '64', '--steps', '4000', '--holdout', '0', '--threads', '1', '--seed', '5']
const withoutSeconds = (name: string) => here.read(`${name}/metrics.csv`).toString().split('\n').map((line) => line.split(',').slice(0, 3).join(','))
const numbers = (name: string) => {
  const { timing: _timing, out: _out, command: _command, ...rest } = here.json(`${name}/fit.json`)
  return rest
}

/** Starts a fit, and waits until it has written a checkpoint in the middle of its training. */
async function untilCheckpoint(name: string) {
  const running = start([...words, '--out', name], { cwd: here.folder })
  const checkpoint = here.path(`${name}/checkpoint.bin`)
  for (let tries = 0; !existsSync(checkpoint); tries++) {
    expect(tries).toBeLessThan(600)
    await wait(50)
  }
  return running
}

describe('a run that is resumed', () => {
  it('after Ctrl-C, which exits 130 and says how', async () => {
    await here.document(...words, '--out', 'whole')
    const { child, ended } = await untilCheckpoint('stopped')
    child.kill('SIGINT')
    const { code, stderr } = await ended
    expect(code).toBe(130)
    expect(stderr).toMatch(/stopped: at step \d+; continue with: unnorm fit --resume stopped\n$/)
    expect(here.files().filter((name) => name.startsWith('stopped/'))).toEqual(['stopped/checkpoint.bin'])
    await here.refused(['score', 'stopped', csv, '-o', 'x.csv'], 1, { code: 'incomplete-run', message: 'stopped holds a run that was stopped before its end (continue it with unnorm fit --resume stopped)' })
    const resumed = await here.document('fit', '--resume', 'stopped')
    expect(here.read('stopped/model.onnx').equals(here.read('whole/model.onnx'))).toBe(true)
    expect(withoutSeconds('stopped')).toEqual(withoutSeconds('whole'))
    expect(numbers('stopped')).toEqual(numbers('whole'))
    expect(resumed.command).toBe(`unnorm ${words.join(' ')} --out stopped`)
  })
  it('after kill -9, twice', async () => {
    const { child, ended } = await untilCheckpoint('killed')
    child.kill('SIGKILL')
    await ended
    const first = statSync(here.path('killed/checkpoint.bin')).mtimeMs
    const second = start(['fit', '--resume', 'killed'], { cwd: here.folder })
    for (let tries = 0; statSync(here.path('killed/checkpoint.bin')).mtimeMs === first && !existsSync(here.path('killed/fit.json')); tries++) {
      expect(tries).toBeLessThan(600)
      await wait(50)
    }
    second.child.kill('SIGKILL')
    await second.ended
    if (!existsSync(here.path('killed/fit.json'))) await here.document('fit', '--resume', 'killed')
    expect(here.read('killed/model.onnx').equals(here.read('whole/model.onnx'))).toBe(true)
    expect(here.files().filter((name) => name.startsWith('killed/'))).toEqual(here.files().filter((name) => name.startsWith('whole/')).map((name) => name.replace('whole', 'killed')))
  })
  it('of a parametric model starts anew', async () => {
    const { child, ended, stderrHas } = start(['fit', here.write('long.csv', ridgeCsv(15_000, 3)), '--model', './slow.ts', '--out', 'slow'], { cwd: here.folder })
    here.write('slow.ts', `
      import { defineModel, vector, sin, dot } from 'unnorm'
      export default defineModel({ name: 'slow', parameters: { w: vector(2, { initial: 0.1 }), v: vector(2, { initial: 1 }) },
        logDensity: ({ w, v }, x) => x.square().sum().mul(-0.5).add(sin(dot(w, x)).mul(0.5)).add(sin(dot(v, x)).mul(0.3)) })
    `)
    await stderrHas('step ')
    child.kill('SIGINT')
    const { code, stderr } = await ended
    // A fast machine may have been done.
    if (here.files().includes('slow/fit.json')) return
    expect(code).toBe(130)
    expect(stderr).toContain('continue with: unnorm fit --resume slow')
    await here.document('fit', '--resume', 'slow')
    await here.document('fit', 'long.csv', '--model', './slow.ts', '--out', 'slow-whole')
    expect(here.read('slow/model.onnx').equals(here.read('slow-whole/model.onnx'))).toBe(true)
  })
  it('after an error at its end, which says that the checkpoint is kept', async () => {
    const { ended } = await untilCheckpoint('failed')
    // A folder where a file should go: found only when all is learned.
    mkdirSync(here.path('failed/report.html'))
    const { code, stderr } = await ended
    expect(code).toBe(1)
    expect(stderr).toMatch(/warning: what was learned until this error is kept in failed \(when its cause is gone, continue with unnorm fit --resume failed; otherwise remove the folder\)\nerror: cannot write failed: it is a folder/)
    rmdirSync(here.path('failed/report.html'))
    await here.document('fit', '--resume', 'failed')
    expect(here.read('failed/model.onnx').equals(here.read('whole/model.onnx'))).toBe(true)
  })
  it('with nothing to show for it leaves nothing', async () => {
    const before = here.files()
    const { child, ended, stderrHas } = start(['fit', '-', '--out', 'empty'], { cwd: here.folder, input: ridgeCsv(200_000, 1) })
    await stderrHas('reading')
    child.kill('SIGINT')
    const { code, stderr } = await ended
    expect(code).toBe(130)
    if (stderr.includes('nothing was saved')) expect(here.files()).toEqual(before)
  })
})

describe('a checkpoint is refused', () => {
  const copy = (name: string) => { cpSync(here.path('left'), here.path(name), { recursive: true }) }
  it('when the rows have changed, unless they are found elsewhere', async () => {
    const { child, ended } = await untilCheckpoint('left')
    child.kill('SIGINT')
    await ended
    copy('other-data')
    const rows = here.read('ridge.csv').toString()
    here.write('ridge.csv', rows.replace(/\n[^\n]*\n/, '\n0.5,0.25\n'))
    await here.refused(['fit', '--resume', 'other-data'], 1, { code: 'wrong-data', message: /^cannot resume other-data: it is the checkpoint of other data; .*ridge\.csv does not hold the rows that the run began with/ })
    here.write('moved.csv', rows)
    await here.document('fit', 'moved.csv', '--resume', 'other-data')
    expect(here.json('other-data/fit.json').data).toMatchObject({ source: csv })
    expect(here.read('other-data/model.onnx').equals(here.read('whole/model.onnx'))).toBe(true)
    here.write('ridge.csv', rows)
  })
  it('when the file of the model has changed', async () => {
    const running = start(['fit', csv, '--model', modelFile, '--steps', '400000', '--threads', '1', '--out', 'waves'], { cwd: here.folder })
    for (let tries = 0; !existsSync(here.path('waves/checkpoint.bin')) && tries < 600; tries++) await wait(50)
    running.child.kill('SIGINT')
    expect((await running.ended).code).toBe(130)
    const text = here.read('wave.ts').toString()
    here.write('wave.ts', text.replace('mul(-0.5)', 'mul(-0.6)'))
    await here.refused(['fit', '--resume', 'waves'], 1, { code: 'wrong-model', message: /^cannot resume waves: it is the checkpoint of another model; .*wave\.ts is not what it was/ })
    here.write('wave.ts', `// A comment changes nothing.\n${text}`)
    const again = start(['fit', '--resume', 'waves'], { cwd: here.folder })
    await again.stderrHas('fitting ')
    again.child.kill('SIGINT')
    expect((await again.ended).code).toBe(130)
  })
  it('when it is damaged, cut off or no checkpoint', async () => {
    const bytes = here.read('left/checkpoint.bin')
    const flipped = Buffer.from(bytes)
    flipped[Math.floor(bytes.length / 2)] ^= 1
    const damages: [string, Buffer, string][] = [
      ['flipped', flipped, 'is damaged or cut off: its checksum does not fit'],
      ['cut', bytes.subarray(0, bytes.length - 1000), 'is damaged or cut off: its checksum does not fit'],
      ['foreign', Buffer.from('a text that is long enough to be looked at as if it were something'), 'is no checkpoint of unnorm'],
    ]
    for (const [name, content, what] of damages) {
      copy(name)
      here.write(`${name}/checkpoint.bin`, content)
      await here.refused(['fit', '--resume', name], 1, { code: 'bad-checkpoint', message: `${name}/checkpoint.bin ${what} (start the fit anew)` })
    }
  })
  it('with other options, of a complete run, of no run, and of standard input', async () => {
    await here.refused(['fit', '--resume', 'left', '--learning-rate', '1'], 2, { code: 'conflicting-options', message: /^invalid learning-rate: with --resume everything comes from the checkpoint/ })
    await here.refused(['fit', '--resume', 'whole'], 1, { code: 'complete-run', message: /^cannot resume whole: it ran to its end .*--init whole/ })
    await here.refused(['fit', '--resume', 'nowhere'], 1, { code: 'missing-file', message: /^cannot read nowhere: no such file or folder/ })
    here.write('folder/a.txt', 'a')
    await here.refused(['fit', '--resume', 'folder'], 1, { code: 'not-a-run', message: /^cannot resume folder: it holds no checkpoint/ })
    const piped = start(['fit', '-', ...words.slice(2), '--out', 'piped'], { cwd: here.folder, input: here.read('ridge.csv').toString() })
    for (let tries = 0; !existsSync(here.path('piped/checkpoint.bin')) && tries < 600; tries++) await wait(50)
    piped.child.kill('SIGINT')
    expect((await piped.ended).stderr).toContain('rows of standard input cannot be read again')
    await here.refused(['fit', '--resume', 'piped'], 1, { code: 'not-resumable', message: /^cannot resume piped: its rows came from standard input/ })
    await here.document('fit', 'ridge.csv', '--resume', 'piped')
    expect(here.read('piped/model.onnx').equals(here.read('whole/model.onnx'))).toBe(true)
  })
  it('while the run is still being written', async () => {
    copy('busy')
    const running = start(['fit', '--resume', 'busy'], { cwd: here.folder })
    await running.stderrHas('fitting ')
    const { code, stderr } = await run(['fit', '--resume', 'busy'], { cwd: here.folder })
    // Unless the first was done by then.
    if (!stderr.includes('ran to its end')) expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/process \d+ is still writing it/) })
    expect((await running.ended).code).toBe(0)
  })
  it('of nothing: DATA or --resume must be given', async () => {
    await here.refused(['fit'], 2, { code: 'missing-argument', message: /^missing DATA: / })
    await here.refused(['fit', iris, '--resume'], 2, { code: 'missing-value', message: 'missing value after --resume' })
  })
})
