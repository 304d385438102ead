// The folder of a run: claimed at the start, holding checkpoints while the run lasts, completed at its end; see docs/decisions.md.
//
// While a fit runs the folder holds `running.json` (who writes it) and the checkpoint, each replaced whole: `kill -9` leaves
// a folder that can be resumed. A network's model.onnx is there as soon as it is trained, while the fit is still assessed. Outputs are staged in a hidden folder inside and renamed into place, `fit.json` last,
// so a folder with `fit.json` is complete and one without it is not.
import { readFileSync } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { UnnormError } from '../base/errors.ts'
import { fileError, makeFolder, synchronize, writeFileWhole } from './files.ts'

const markerName = 'running.json'
const completeName = 'fit.json'
const stagingPattern = /^\..*\.partial$/

/** The folder of one run, open for writing. */
export interface RunFolder {
  /** As the user wrote it, or `runs/…`. */
  readonly path: string
  /** Stores a checkpoint file; the earlier one stays until the new one is on the disk. */
  writeCheckpoint(name: `checkpoint.${string}`, content: string | Uint8Array): Promise<void>
  /** Puts an output in place before the others; `finish` writes it anew, and `release` takes it away. */
  writeEarly(name: string, content: Uint8Array): Promise<void>
  /** Puts all outputs in place, `fit.json` last (it must be among them), and closes the folder. */
  finish(outputs: Readonly<Record<string, string | Uint8Array>>): Promise<void>
  /**
   * Closes the folder without outputs. One that holds a checkpoint or earlier outputs stays; one made for nothing is removed.
   * @returns whether a checkpoint stays that was written since the folder was opened
   */
  release(): Promise<boolean>
}

/** What tells one process from a later one with the same number; undefined where the system does not say. */
function startOfProcess(pid: number): string | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // Fields after the command's name, which may itself hold blanks and brackets; the start time is field 22, the 20th of these.
    return status.slice(status.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

interface Marker { readonly pid: number, readonly host: string, readonly start: string | null }

function ownMarker(): string {
  const marker: Marker = { pid: process.pid, host: hostname(), start: startOfProcess(process.pid) ?? null }
  return JSON.stringify(marker) + '\n'
}

/** The process that is writing the folder now, if the marker tells of one that still runs on this machine. */
export async function writerOf(path: string): Promise<number | undefined> {
  try {
    const { pid, host, start } = JSON.parse(await readFile(join(path, markerName), 'utf8')) as Marker
    if (host !== hostname()) return undefined
    process.kill(pid, 0)
    return start === null || startOfProcess(pid) === start ? pid : undefined
  } catch {
    return undefined
  }
}

/** A name for the run from the data's source and the model: `penguins-mlp`. */
export function runName(source: string, model: string): string {
  const isStatement = /\s/.test(source.trim())
  const stem = source === '-' ? 'stdin' : isStatement ? 'query' : basename(source.replace(/[\\/]+$/, '')).replace(/(?<=.)\.[A-Za-z].*$/, '')
  const plain = (text: string) => text.replace(/[^\p{L}\p{N}_-]+/gu, '-').replace(/^-+|-+$/g, '').slice(0, 60)
  return `${plain(stem) || 'data'}-${plain(basename(model).replace(/\.[cm]?[jt]s$/, '')) || 'model'}`
}

async function claim(path: string): Promise<boolean> {
  try {
    await mkdir(path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw fileError(error, 'write', path)
  }
}

async function claimNumbered(path: string): Promise<string> {
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? path : `${path}-${number}`
    if (await claim(candidate)) return candidate
  }
}

async function entriesOf(path: string, verb: 'read' | 'write'): Promise<string[]> {
  return readdir(path).catch((error: unknown) => { throw fileError(error, verb, path) })
}

/**
 * Claims a new folder for a run.
 * @param out the folder the user asked for: made with those above it, or there and empty; without it
 *   `runs/<name>` in `workingFolder`, numbered if taken. Nothing is ever overwritten, also by two runs that start at once.
 * @throws UnnormError `out-not-empty`, or for errors of the file system
 */
export async function createRunFolder(request: { out?: string | undefined, name: string, workingFolder?: string }): Promise<RunFolder> {
  const parent = request.out === undefined ? join(request.workingFolder ?? '', 'runs') : dirname(request.out)
  const madeAbove = await makeFolder(parent)
  const path = request.out ?? await claimNumbered(join(parent, request.name))
  const made = request.out === undefined || await claim(path)
  const found = made ? [] : await entriesOf(path, 'write')
  // What a run leaves that was killed before its first checkpoint is worth nothing.
  const isAbandoned = found.length === 1 && found[0] === markerName && await writerOf(path) === undefined
  if (isAbandoned) await rm(join(path, markerName), { force: true })
  else if (found.length > 0) {
    const canResume = !found.includes(completeName) && found.some((name) => name.startsWith('checkpoint.'))
    const hint = canResume ? `, or continue that run with --resume ${path}` : ''
    throw new UnnormError('out-not-empty', `cannot write the run into ${path}: it is not empty (choose another --out${hint})`)
  }
  await writeFile(join(path, markerName), ownMarker(), { flag: 'wx' }).catch((error: unknown) => { throw fileError(error, 'write', path) })
  return runFolder(path, made, madeAbove)
}

/**
 * Opens the folder of an earlier run to continue it, and clears away what a killed process left half-written.
 * @throws UnnormError `not-a-run` without a checkpoint; `run-active` while another process writes it
 */
export async function resumeRunFolder(path: string): Promise<RunFolder> {
  const found = await entriesOf(path, 'read')
  if (!found.some((name) => name.startsWith('checkpoint.'))) {
    throw new UnnormError('not-a-run', `cannot resume ${path}: it holds no checkpoint (give the folder of a run that was stopped)`)
  }
  const writer = await writerOf(path)
  if (writer !== undefined && writer !== process.pid) {
    throw new UnnormError('run-active', `cannot resume ${path}: process ${writer} is still writing it (stop it first; if it is not unnorm, remove ${join(path, markerName)})`)
  }
  try {
    for (const name of found) if (stagingPattern.test(name)) await rm(join(path, name), { recursive: true, force: true })
    await writeFileWhole(join(path, markerName), ownMarker())
  } catch (error) {
    throw fileError(error, 'write', path)
  }
  return runFolder(path, false, undefined)
}

function runFolder(path: string, made: boolean, madeAbove: string | undefined): RunFolder {
  const removeMarker = () => rm(join(path, markerName), { force: true })
  let hasCheckpoint = false
  const early = new Set<string>()

  async function finish(outputs: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
    const staging = join(path, `.outputs-${process.pid}.partial`)
    try {
      await mkdir(staging)
      // All at once, because each waits for the disk; all are waited for, so that none writes on while a failure is cleared away.
      const written = await Promise.allSettled(Object.entries(outputs).map(([name, content]) => writeSynchronized(join(staging, name), content)))
      const failed = written.find((outcome) => outcome.status === 'rejected')
      if (failed !== undefined) throw failed.reason
      // From here until fit.json is back, the folder counts as unfinished, and its checkpoint can be resumed.
      await rm(join(path, completeName), { force: true })
      for (const name of Object.keys(outputs)) if (name !== completeName) await rename(join(staging, name), join(path, name))
      await rename(join(staging, completeName), join(path, completeName))
      await synchronize(path, 'folder')
      await rmdir(staging)
      await removeMarker()
      early.clear()
    } catch (error) {
      await rm(staging, { recursive: true, force: true }).catch(() => undefined)
      throw fileError(error, 'write', path)
    }
  }

  async function release(): Promise<boolean> {
    for (const name of early) await rm(join(path, name), { force: true }).catch(() => undefined)
    await removeMarker().catch(() => undefined)
    if (!made || hasCheckpoint) return hasCheckpoint
    // rmdir takes empty folders only, so whatever is worth keeping stays.
    const top = resolve(madeAbove ?? path)
    for (let folder = resolve(path); folder.length >= top.length; folder = dirname(folder)) {
      const removed = await rmdir(folder).then(() => true, () => false)
      if (!removed) break
    }
    return false
  }

  async function writeCheckpoint(name: string, content: string | Uint8Array): Promise<void> {
    await writeFileWhole(join(path, name), content)
    hasCheckpoint = true
  }

  async function writeEarly(name: string, content: Uint8Array): Promise<void> {
    early.add(name)
    await writeFileWhole(join(path, name), content)
  }

  return { path, finish, release, writeCheckpoint, writeEarly }
}

async function writeSynchronized(path: string, content: string | Uint8Array): Promise<void> {
  const handle = await open(path, 'wx')
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
}
