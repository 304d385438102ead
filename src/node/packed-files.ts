// Whether a compressed file is whole: DuckDB reads a file that was cut off up to the cut, and says nothing.
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { UnnormError } from '../base/errors.ts'

/**
 * Refuses a .gz or .zst file that is cut off or is none; other files pass unread. A gz file is unpacked for it (its length
 * stands nowhere else), of a zst file only the headers of its blocks are read.
 * @param shown what messages call the file
 * @throws UnnormError `damaged-file`
 */
export async function refuseDamaged(path: string, shown: string): Promise<void> {
  const ending = /\.(gz|zst)$/i.exec(path)?.[1].toLowerCase()
  const reason = ending === 'gz' ? await gzipDamage(path) : ending === 'zst' ? await zstandardDamage(path) : null
  if (reason !== null) throw new UnnormError('damaged-file', `${shown}: ${reason} (copy or pack the file again)`)
}

async function gzipDamage(path: string): Promise<string | null> {
  try {
    await pipeline(createReadStream(path), createGunzip(), new Writable({ write: (_chunk, _encoding, done) => done() }))
    return null
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    if (code === 'Z_BUF_ERROR') return 'the compressed file is cut off'
    if (code === 'Z_DATA_ERROR') return 'not a gzip file, or a damaged one'
    throw error
  }
}

// Walks the frames and blocks of RFC 8878, section 3.1; whatever ends beyond the file is cut off.
async function zstandardDamage(path: string): Promise<string | null> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    let at = 0
    while (at < size) {
      const next = await endOfFrame(handle, at, size)
      if (next === null) return 'not a Zstandard file, or a damaged one'
      if (next > size) return 'the compressed file is cut off'
      at = next
    }
    return size === 0 ? 'not a Zstandard file, or a damaged one' : null
  } finally {
    await handle.close()
  }
}

// Where the frame that begins at `at` ends; beyond the file if it is cut off; null if no frame begins there.
async function endOfFrame(handle: FileHandle, at: number, size: number): Promise<number | null> {
  if (at + 8 > size) return at + 8
  const head = await bytes(handle, at, 8)
  const magic = head.readUInt32LE(0)
  if (magic >= 0x184d2a50 && magic <= 0x184d2a5f) return at + 8 + head.readUInt32LE(4)
  if (magic !== 0xfd2fb528) return null
  const descriptor = head[4]
  const singleSegment = (descriptor & 0x20) !== 0
  const contentSize = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]
  const dictionary = [0, 1, 2, 4][descriptor & 3]
  let block = at + 5 + (singleSegment ? 0 : 1) + dictionary + contentSize
  for (;;) {
    if (block + 3 > size) return block + 3
    const header = await bytes(handle, block, 3)
    const word = header.readUIntLE(0, 3)
    const type = (word >> 1) & 3
    if (type === 3) return null
    // A run-length block holds one byte, whatever its size says.
    block += 3 + (type === 1 ? 1 : word >> 3)
    if (block > size) return block
    if ((word & 1) === 1) return block + ((descriptor & 4) === 0 ? 0 : 4)
  }
}

async function bytes(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  await handle.read(buffer, 0, length, at)
  return buffer
}
