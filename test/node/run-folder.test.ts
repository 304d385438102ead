// The folder of a run: never overwritten, resumable after kill -9, complete exactly when fit.json is there.
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createRunFolder, resumeRunFolder, runName } from '../../src/node/run-folder.ts'

let folder = ''
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'unnorm-run-')) })
afterEach(async () => { await rm(folder, { recursive: true, force: true }) })
const listing = async (path: string) => (await readdir(path)).sort()

describe('runName', () => {
  it.each([
    ['data/penguins.csv', 'mlp', 'penguins-mlp'], ['a.b.csv.gz', 'gaussian', 'a-gaussian'], ['-', 'mlp', 'stdin-mlp'], ['2024.01.csv', 'mlp', '2024-01-mlp'],
    ["select * from 'x.csv'", 'mlp', 'query-mlp'], ['parts/*.parquet', 'mlp', 'data-mlp'], ['parts/', './my-model.ts', 'parts-my-model'], ['Größe.csv', 'mlp', 'Größe-mlp'],
  ])('%s with %s → %s', (source, model, expected) => { expect(runName(source, model)).toBe(expected) })
})

describe('createRunFolder', () => {
  it('numbers default names, also for runs that start at once', async () => {
    const runs = await Promise.all([1, 2, 3].map(() => createRunFolder({ name: 'a-mlp', workingFolder: folder })))
    expect(runs.map((run) => run.path).sort()).toEqual(['a-mlp', 'a-mlp-2', 'a-mlp-3'].map((name) => join(folder, 'runs', name)))
  })
  it('uses an empty folder, and one abandoned before its first checkpoint; refuses others', async () => {
    const out = join(folder, 'out')
    await mkdir(out)
    await (await createRunFolder({ out, name: 'x' })).release()
    expect(await listing(out)).toEqual([])
    await writeFile(join(out, 'running.json'), JSON.stringify({ pid: 999_999_999, host: hostname(), start: null }))
    await (await createRunFolder({ out, name: 'x' })).writeCheckpoint('checkpoint.bin', 'state')
    await expect(createRunFolder({ out, name: 'x' })).rejects.toMatchObject({ code: 'out-not-empty', kind: 'work', message: expect.stringContaining(`--resume ${out}`) })
    await expect(createRunFolder({ out: join(out, 'checkpoint.bin'), name: 'x' })).rejects.toMatchObject({ code: 'not-a-folder' })
    await expect(createRunFolder({ out: join(out, 'checkpoint.bin', 'a'), name: 'x' })).rejects.toMatchObject({ code: 'not-a-folder' })
  })
  it('leaves nothing behind, made folders above included, when the run came to nothing', async () => {
    const run = await createRunFolder({ out: join(folder, 'a', 'b', 'c'), name: 'x' })
    await run.release()
    expect(await listing(folder)).toEqual([])
  })
  it('keeps a folder with a checkpoint', async () => {
    const run = await createRunFolder({ out: join(folder, 'a'), name: 'x' })
    await run.writeCheckpoint('checkpoint.bin', 'state')
    await run.release()
    expect(await listing(run.path)).toEqual(['checkpoint.bin'])
  })
})

describe('writeEarly', () => {
  it('puts a file in place at once, which a run that fails takes away', async () => {
    const run = await createRunFolder({ out: join(folder, 'a'), name: 'x' })
    await run.writeEarly('model.onnx', new Uint8Array([1]))
    expect(await listing(run.path)).toEqual(['model.onnx', 'running.json'])
    await run.release()
    expect(await listing(folder)).toEqual([])
  })
  it('is written anew by finish, and stays then', async () => {
    const run = await createRunFolder({ out: join(folder, 'a'), name: 'x' })
    await run.writeEarly('model.onnx', new Uint8Array([1]))
    await run.finish({ 'fit.json': '{}', 'model.onnx': new Uint8Array([2]) })
    await run.release()
    expect(await listing(run.path)).toEqual(['fit.json', 'model.onnx'])
    expect(await readFile(join(run.path, 'model.onnx'))).toEqual(Buffer.from([2]))
  })
})

describe('finish', () => {
  it('puts everything in place and leaves nothing else', async () => {
    const run = await createRunFolder({ out: join(folder, 'a'), name: 'x' })
    await run.writeCheckpoint('checkpoint.bin', 'state')
    await run.finish({ 'fit.json': '{}', 'model.onnx': new Uint8Array([1]) })
    await run.release()
    expect(await listing(run.path)).toEqual(['checkpoint.bin', 'fit.json', 'model.onnx'])
  })
  it('without space or with an impossible name, leaves the checkpoint and no output', async () => {
    const run = await createRunFolder({ out: join(folder, 'a'), name: 'x' })
    await run.writeCheckpoint('checkpoint.bin', 'state')
    await expect(run.finish({ 'model.onnx': 'x', ['long'.repeat(100)]: 'x', 'fit.json': '{}' })).rejects.toMatchObject({ code: 'not-a-name' })
    await run.release()
    expect(await listing(run.path)).toEqual(['checkpoint.bin'])
  })
})

describe('resumeRunFolder', () => {
  it('needs a checkpoint', async () => {
    await expect(resumeRunFolder(folder)).rejects.toMatchObject({ code: 'not-a-run' })
    await expect(resumeRunFolder(join(folder, 'none'))).rejects.toMatchObject({ code: 'missing-file' })
  })
  it('takes over from a killed process, clearing what it left half-written', async () => {
    const run = await createRunFolder({ out: join(folder, 'a'), name: 'x' })
    await run.writeCheckpoint('checkpoint.bin', 'state')
    await mkdir(join(run.path, '.outputs-7.partial'))
    await writeFile(join(run.path, '.outputs-7.partial', 'model.onnx'), 'half')
    await writeFile(join(run.path, '.checkpoint.bin.x.partial'), 'half')
    // This process number lives, but it started at another time: the system has given the number away again.
    await writeFile(join(run.path, 'running.json'), JSON.stringify({ pid: process.ppid, host: hostname(), start: '-1' }))
    const resumed = await resumeRunFolder(run.path)
    expect(await listing(run.path)).toEqual(['checkpoint.bin', 'running.json'])
    await resumed.finish({ 'fit.json': '{}' })
    expect(await readFile(join(run.path, 'checkpoint.bin'), 'utf8')).toBe('state')
  })
  it('refuses while another process writes', async () => {
    const run = await createRunFolder({ out: join(folder, 'a'), name: 'x' })
    await run.writeCheckpoint('checkpoint.bin', 'state')
    const other = spawn('sleep', ['30'])
    await writeFile(join(run.path, 'running.json'), JSON.stringify({ pid: other.pid, host: hostname(), start: null }))
    await expect(resumeRunFolder(run.path)).rejects.toMatchObject({ code: 'run-active', message: expect.stringContaining(`process ${other.pid}`) })
    other.kill('SIGKILL')
    await new Promise((resolve) => other.on('exit', resolve))
    await (await resumeRunFolder(run.path)).release()
  })
})
