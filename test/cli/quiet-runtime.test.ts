// Nothing of a run is left behind or sent: ONNX Runtime writes logs of what it would report into the folder for temporary files.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { run } from './program.ts'

const data = fileURLToPath(new URL('../../examples/data/frets.csv', import.meta.url))

test('the folder for temporary files is as empty after a fit, and after scores of its model, as before', async () => {
  const [temporary, work] = ['temporary', 'work'].map((name) => mkdtempSync(join(tmpdir(), `unnorm-${name}-`)))
  const { ORT_DISABLE_TELEMETRY: _, ...env } = process.env
  try {
    const options = { cwd: work, env: { ...env, TMPDIR: temporary } }
    expect((await run(['fit', data, '--model', 'gaussian', '--out', 'run', '--quiet'], options)).code).toBe(0)
    expect((await run(['score', 'run', data, '--out', 'scores.csv'], options)).code).toBe(0)
    expect(readdirSync(temporary)).toEqual([])
  } finally {
    for (const folder of [temporary, work]) rmSync(folder, { recursive: true, force: true })
  }
})
