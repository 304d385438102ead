// A second thread that dies: whoever waits is told, and so is whoever asks later.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { openApart } from '../../src/node/apart.ts'

test.each([
  ['throws', "require('node:worker_threads').parentPort.on('message', () => { throw new Error('out of order') })", 'out of order'],
  ['ends', "require('node:worker_threads').parentPort.on('message', () => process.exit(3))", 'the second thread ended before its work'],
])('that %s', async (_, program, message) => {
  const folder = mkdtempSync(join(tmpdir(), 'unnorm-apart-'))
  try {
    writeFileSync(join(folder, 'worker.cjs'), program)
    const { apart, close } = openApart(2, pathToFileURL(join(folder, 'worker.cjs')))!
    await expect(apart('goodness', {} as never)).rejects.toThrow(message)
    await expect(apart('margins', {} as never)).rejects.toThrow(message)
    await close()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
