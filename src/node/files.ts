// Files that appear whole or not at all, and file errors in words.
import { constants } from 'node:fs'
import { access, mkdir, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { UnnormError } from '../base/errors.ts'

const reasons: Readonly<Record<string, { code: string, reason: string, remedy: string }>> = {
  ENOENT: { code: 'missing-file', reason: 'no such file or folder', remedy: 'check the path' },
  EACCES: { code: 'not-permitted', reason: 'permission denied', remedy: 'choose another place or change its permissions' },
  EPERM: { code: 'not-permitted', reason: 'operation not permitted', remedy: 'choose another place or change its permissions' },
  EROFS: { code: 'not-permitted', reason: 'the file system is read-only', remedy: 'choose another place' },
  ENOTDIR: { code: 'not-a-folder', reason: 'a part of the path is a file, not a folder', remedy: 'check the path' },
  EISDIR: { code: 'is-a-folder', reason: 'it is a folder', remedy: 'name a file' },
  EEXIST: { code: 'exists', reason: 'it exists already', remedy: 'choose another name' },
  ENOSPC: { code: 'disk-full', reason: 'no space is left on the disk', remedy: 'free some space or choose another disk' },
  EDQUOT: { code: 'disk-full', reason: 'the disk quota is used up', remedy: 'free some space or choose another disk' },
  EFBIG: { code: 'disk-full', reason: 'the file would be larger than allowed', remedy: 'choose another disk' },
  ENAMETOOLONG: { code: 'not-a-name', reason: 'the name is too long', remedy: 'choose a shorter one' },
  EMFILE: { code: 'too-many-files', reason: 'too many files are open', remedy: 'raise the limit (ulimit -n)' },
  EIO: { code: 'disk-error', reason: 'the disk reports an error', remedy: 'choose another disk' },
}

/** An error such as the file system gives, for what we find out ourselves. */
function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code })
}

function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/**
 * An error of the file system in words: `cannot write out.csv: no space is left on the disk (free some space …)`.
 * Errors of another kind come back unchanged.
 */
export function fileError(error: unknown, verb: 'read' | 'write', path: string): unknown {
  // A library that writes by itself (DuckDB) reports a full disk without its code.
  const full = error instanceof Error && error.message.includes('No space left on device')
  const known = reasons[systemCode(error) ?? (full ? 'ENOSPC' : '')]
  return known === undefined ? error : new UnnormError(known.code, `cannot ${verb} ${path}: ${known.reason} (${known.remedy})`)
}

/** Asks the disk to keep what was written; folders cannot be synchronized everywhere, and then nothing is lost but a guarantee. */
export async function synchronize(path: string, kind: 'file' | 'folder'): Promise<void> {
  try {
    const handle = await open(path, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (kind === 'file') throw error
  }
}

/** The name of a temporary file beside `path`, hidden and recognizable. */
function partialPath(path: string): string {
  const unique = `${process.pid.toString(36)}${Math.random().toString(36).slice(2, 8)}`
  return join(dirname(path), `.${basename(path)}.${unique}.partial`)
}

/**
 * The file that is replaced when `path` is written: through a link, the one it points to. Ask for it before the work whose
 * result goes there, so that a path that cannot be written is found out then.
 * @throws UnnormError as `writeWhole`
 */
export async function writableFile(path: string): Promise<string> {
  try {
    return await targetOf(path)
  } catch (error) {
    throw fileError(error, 'write', path)
  }
}

async function targetOf(path: string): Promise<string> {
  const found = await stat(path).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  })
  if (found?.isDirectory()) throw systemError('EISDIR', path)
  if (found !== undefined && !found.isFile()) {
    throw new UnnormError('not-a-file', `cannot write ${path}: it is a pipe or device, which cannot be written whole or not at all (name a file)`)
  }
  const target = await realpath(path).catch(() => path)
  await access(dirname(target), constants.W_OK)
  return target
}

/**
 * Lets `write` fill a temporary file beside `path`, and gives it its name once it is whole and on the disk.
 * Whatever goes wrong, `path` is as it was before and the temporary file is gone.
 * @param write fills the file at the path it is given, which does not exist yet
 * @throws UnnormError `not-a-file` for a pipe or device, and errors of the file system
 */
export async function writeWhole(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const target = await writableFile(path)
  const temporary = partialPath(target)
  try {
    await write(temporary)
    await synchronize(temporary, 'file')
    await rename(temporary, target)
    await synchronize(dirname(target), 'folder')
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw fileError(error, 'write', path)
  }
}

/** Writes a file that appears whole or not at all. @throws UnnormError for errors of the file system */
export async function writeFileWhole(path: string, content: string | Uint8Array): Promise<void> {
  await writeWhole(path, async (temporary) => {
    const handle = await open(temporary, 'w')
    try {
      await handle.writeFile(content)
    } finally {
      await handle.close()
    }
  })
}

/**
 * Makes a folder and the folders above it.
 * @returns the topmost folder that had to be made, or undefined when all were there
 * @throws UnnormError for errors of the file system
 */
export async function makeFolder(path: string): Promise<string | undefined> {
  try {
    return await mkdir(path, { recursive: true })
  } catch (error) {
    // With `recursive`, EEXIST means that a file stands where the folder should.
    const cause = systemCode(error) === 'EEXIST' ? systemError('ENOTDIR', path) : error
    throw fileError(cause, 'write', path)
  }
}

/**
 * That a folder of files can be written at `path`: nothing is there, or an empty folder.
 * @throws UnnormError `out-not-empty`, and errors of the file system
 */
export async function writableFolder(path: string): Promise<void> {
  try {
    const found = await readdir(path).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return []
      throw error
    })
    if (found.length > 0) throw new UnnormError('out-not-empty', `cannot write into ${path}: it is not empty (choose another folder)`)
    await access(dirname(resolve(path)), constants.W_OK)
  } catch (error) {
    throw fileError(error, 'write', path)
  }
}

/**
 * Lets `write` fill a temporary folder beside `path`, and gives it its name once all is on the disk.
 * @throws UnnormError as `writableFolder`
 */
export async function writeFolderWhole(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  await writableFolder(path)
  const target = resolve(path)
  const temporary = partialPath(target)
  try {
    await mkdir(temporary)
    await write(temporary)
    // Takes the place of an empty folder.
    await rename(temporary, target)
    await synchronize(dirname(target), 'folder')
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined)
    throw fileError(error, 'write', path)
  }
}
