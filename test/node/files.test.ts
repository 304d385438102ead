// Files that appear whole or not at all.
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fileError, makeFolder, writeFileWhole, writeWhole } from '../../src/node/files.ts'

let folder = ''
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'unnorm-files-')) })
afterEach(async () => { await rm(folder, { recursive: true, force: true }) })

describe('writeFileWhole', () => {
  it('writes, and replaces without leaving anything else', async () => {
    const path = join(folder, 'a.txt')
    await writeFileWhole(path, 'one')
    await writeFileWhole(path, new Uint8Array([116, 119, 111]))
    expect(await readFile(path, 'utf8')).toBe('two')
    expect(await readdir(folder)).toEqual(['a.txt'])
  })
  it('writes through a link', async () => {
    await writeFile(join(folder, 'target'), 'old')
    await symlink('target', join(folder, 'link'))
    await writeFileWhole(join(folder, 'link'), 'new')
    expect(await readFile(join(folder, 'target'), 'utf8')).toBe('new')
  })
  it('names the reason when the folder is missing, is a file, or the target is a folder', async () => {
    await writeFile(join(folder, 'file'), '')
    const error = async (path: string) => writeFileWhole(path, 'x').then(() => 'written', (thrown: Error) => thrown.message)
    expect(await error(join(folder, 'none', 'a'))).toBe(`cannot write ${join(folder, 'none', 'a')}: no such file or folder (check the path)`)
    expect(await error(join(folder, 'file', 'a'))).toContain('a part of the path is a file')
    expect(await error(folder)).toContain('it is a folder (name a file)')
  })
  it('refuses devices and pipes, which cannot be written whole or not at all', async () => {
    await expect(writeFileWhole('/dev/full', 'x')).rejects.toMatchObject({ code: 'not-a-file', kind: 'work' })
  })
  it('says that a folder is not writable', async () => {
    // Permissions do not hold root back; the kernel's own file system does.
    const closed = process.getuid?.() === 0 ? '/sys' : folder
    if (closed === folder) await chmod(folder, 0o500)
    await expect(writeFileWhole(join(closed, 'a'), 'x')).rejects.toMatchObject({ code: 'not-permitted' })
    await chmod(folder, 0o700)
  })
})

describe('writeWhole', () => {
  it('keeps the old file and leaves nothing when the writer fails half-way', async () => {
    const path = join(folder, 'a.txt')
    await writeFile(path, 'old')
    const work = writeWhole(path, async (temporary) => {
      await writeFile(temporary, 'half')
      throw new Error('IO Error: write failed: No space left on device')
    })
    await expect(work).rejects.toMatchObject({ code: 'disk-full', message: expect.stringContaining(`cannot write ${path}: no space is left`) })
    expect(await readdir(folder)).toEqual(['a.txt'])
    expect(await readFile(path, 'utf8')).toBe('old')
  })
  it('passes on errors that are not of the file system', async () => {
    const bug = new TypeError('bug')
    await expect(writeWhole(join(folder, 'a'), () => Promise.reject(bug))).rejects.toBe(bug)
  })
})

describe('fileError', () => {
  it.each([['ENOSPC', 'disk-full'], ['EACCES', 'not-permitted'], ['EROFS', 'not-permitted'], ['EDQUOT', 'disk-full']])('knows %s', (code, expected) => {
    expect(fileError(Object.assign(new Error('x'), { code }), 'write', 'p')).toMatchObject({ code: expected, kind: 'work' })
  })
})

describe('makeFolder', () => {
  it('says which folder it made first, and refuses a file in the way', async () => {
    expect(await makeFolder(join(folder, 'a', 'b'))).toBe(join(folder, 'a'))
    expect(await makeFolder(join(folder, 'a'))).toBeUndefined()
    await writeFile(join(folder, 'file'), '')
    await expect(makeFolder(join(folder, 'file'))).rejects.toMatchObject({ code: 'not-a-folder' })
    await mkdir(join(folder, 'c'))
    await expect(makeFolder(join(folder, 'file', 'c'))).rejects.toMatchObject({ code: 'not-a-folder' })
  })
})
