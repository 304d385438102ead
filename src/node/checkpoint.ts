// Checkpoints: what a run was asked for and where its training stands, as one binary file.
//
// Layout, little-endian: 8 bytes `unnormCK`; the length of the header (uint32); the header, JSON padded with blanks to a
// multiple of eight bytes; the arrays one behind the other, float32; SHA-256 of all before it.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UnnormError } from '../base/errors.ts'
import type { TrainingState } from '../estimate/train.ts'
import type { FitOptions } from '../result/fit-options.ts'
import type { NoiseSetting } from '../result/noise.ts'
import { fileError } from './files.ts'

export const checkpointName = 'checkpoint.bin'
const FORMAT = 'unnorm.checkpoint/1'
const MAGIC = 'unnormCK'
const HASH_BYTES = 32
const HEADER_START = MAGIC.length + 4

/** A model as a formula over the columns, and what is said of its parameters. */
export interface FormulaRequest {
  readonly logDensity: string
  readonly parameters?: string
}

/** All that a run was asked for: with it and the same data the run can be repeated or continued. */
export interface RunRequest {
  /** DATA as the user wrote it; null with `sql` alone. */
  readonly source: string | null
  readonly read: { readonly columns?: readonly string[]; readonly missing?: 'refuse' | 'drop'; readonly table?: string; readonly sql?: string; readonly weights?: string; readonly cluster?: string }
  /** Where relative paths start. */
  readonly workingFolder: string
  readonly model: {
    /** A built-in name or a file; `formula` where there is one. */
    readonly text: string
    readonly options: Readonly<Record<string, unknown>>
    readonly formula?: FormulaRequest
  }
  readonly fit: FitOptions
  readonly noise: NoiseSetting | null
  /** Where a search for parameters starts, of `--init`; null where the model starts by itself. */
  readonly startValues?: readonly (number | null)[]
  readonly threads: number
  readonly command: string
}

export interface Checkpoint {
  /** Version that wrote it. */
  readonly unnorm: string
  readonly request: RunRequest
  readonly columns: readonly string[]
  readonly dataFingerprint: string
  readonly modelFingerprint: string
  /** Weights that the run started from, of `--init`. */
  readonly initial: Float32Array | null
  /** null for a parametric fit, which starts anew. */
  readonly state: TrainingState | null
}

interface Header extends Omit<Checkpoint, 'initial' | 'state'> {
  readonly format: string
  readonly state: Omit<TrainingState, ArrayName | 'best'> & { readonly best: { readonly step: number; readonly objective: number } | null } | null
  readonly arrays: readonly { readonly name: string; readonly length: number }[]
}
type ArrayName = 'theta' | 'firstMoment' | 'secondMoment' | 'average'

/** The bytes of a checkpoint. */
export function encodeCheckpoint({ state, initial, ...rest }: Checkpoint): Uint8Array {
  const arrays: [string, Float32Array][] = []
  if (initial !== null) arrays.push(['initial', initial])
  if (state !== null) {
    for (const name of ['theta', 'firstMoment', 'secondMoment', 'average'] as const) arrays.push([name, state[name]])
    if (state.best !== null) arrays.push(['best', state.best.theta])
  }
  const header: Header = {
    format: FORMAT, ...rest,
    state: state && { step: state.step, usualNorm: state.usualNorm, running: state.running, metrics: state.metrics, best: state.best && { step: state.best.step, objective: state.best.objective } },
    arrays: arrays.map(([name, values]) => ({ name, length: values.length })),
  }
  const text = new TextEncoder().encode(JSON.stringify(header))
  const headerLength = Math.ceil((HEADER_START + text.length) / 8) * 8 - HEADER_START
  const arrayBytes = arrays.reduce((total, [, values]) => total + 4 * values.length, 0)
  const bytes = new Uint8Array(HEADER_START + headerLength + arrayBytes + HASH_BYTES)
  bytes.set(new TextEncoder().encode(MAGIC))
  new DataView(bytes.buffer).setUint32(MAGIC.length, headerLength, true)
  bytes.fill(0x20, HEADER_START, HEADER_START + headerLength)
  bytes.set(text, HEADER_START)
  let at = HEADER_START + headerLength
  for (const [, values] of arrays) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at)
    at += values.byteLength
  }
  bytes.set(createHash('sha256').update(bytes.subarray(0, at)).digest(), at)
  return bytes
}

/**
 * Reads the bytes of a checkpoint.
 * @param path for the error
 * @throws UnnormError `bad-checkpoint` when it is damaged, cut off, no checkpoint, or of another format
 */
export function decodeCheckpoint(bytes: Uint8Array, path: string): Checkpoint {
  const bad = (what: string): UnnormError => new UnnormError('bad-checkpoint', `${path} ${what} (start the fit anew)`)
  if (bytes.length < HEADER_START + HASH_BYTES || new TextDecoder().decode(bytes.subarray(0, MAGIC.length)) !== MAGIC) throw bad('is no checkpoint of unnorm')
  const end = bytes.length - HASH_BYTES
  const sum = createHash('sha256').update(bytes.subarray(0, end)).digest()
  if (!sum.equals(bytes.subarray(end))) throw bad('is damaged or cut off: its checksum does not fit')
  const headerLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC.length, true)
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(HEADER_START, HEADER_START + headerLength))) as Header
  if (header.format !== FORMAT) throw bad(`has format ${String(header.format)}, this version reads ${FORMAT}`)
  const arrays = new Map<string, Float32Array>()
  let at = HEADER_START + headerLength
  for (const { name, length } of header.arrays) {
    // A copy, because views of float32 must start at a multiple of four, and a Buffer need not.
    const values = new Float32Array(length)
    new Uint8Array(values.buffer).set(bytes.subarray(at, at + values.byteLength))
    arrays.set(name, values)
    at += 4 * length
  }
  const { format: _format, arrays: _arrays, state, ...rest } = header
  const array = (name: string): Float32Array => arrays.get(name)!
  return {
    ...rest, initial: arrays.get('initial') ?? null,
    state: state && {
      ...state, theta: array('theta'), firstMoment: array('firstMoment'), secondMoment: array('secondMoment'), average: array('average'),
      best: state.best && { ...state.best, theta: array('best') },
    },
  }
}

/**
 * The checkpoint in a run folder.
 * @throws UnnormError `missing-file` …, `bad-checkpoint`
 */
export async function readCheckpoint(folder: string): Promise<Checkpoint> {
  const path = join(folder, checkpointName)
  return decodeCheckpoint(await readFile(path).catch((error: unknown) => { throw fileError(error, 'read', path) }), path)
}
