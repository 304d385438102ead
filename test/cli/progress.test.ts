// Progress on a terminal, piped and quiet, written to a stream that only remembers.
import { describe, expect, it } from 'vitest'
import { createProgress } from '../../src/cli/progress.ts'

function recorder(isTTY: boolean, columns = 120) {
  const written: string[] = []
  let time = 0
  const stream = { isTTY, columns, write: (text: string) => { written.push(text); return true } }
  return { stream, written, now: () => time, pass: (milliseconds: number) => { time += milliseconds } }
}
const update = (step: number, steps: number | null = 1000) => ({ step, steps, objective: -1.23456, heldOutObjective: -1.2 })

describe('progress', () => {
  it('redraws one line on a terminal, at most ten times a second, and takes it away', () => {
    const { stream, written, now, pass } = recorder(true)
    const progress = createProgress(stream, now, false)
    for (let step = 1; step <= 500; step++) {
      pass(1)
      progress.update(update(step))
    }
    progress.clear()
    progress.clear()
    expect(written).toHaveLength(6)
    expect(written[4]).toBe('\r████████░░░░░░░░░░░░  step 401/1000 (40 %)  objective -1.2346  held-out -1.2000  1000 steps/s  0:01 left\u001B[K')
    expect(written[5]).toBe('\r\u001B[K')
  })
  it('never fills the width of a narrow terminal', () => {
    for (const columns of [1, 10, 30, 50, 79, 100]) {
      const { stream, written, now, pass } = recorder(true, columns)
      const progress = createProgress(stream, now, false)
      progress.phase('reading a file with a rather long name.parquet')
      pass(1000)
      progress.update(update(1))
      pass(1000)
      progress.update(update(100))
      for (const line of written) expect(line.replace('\r', '').replace('\u001B[K', '').length).toBeLessThan(columns + 0.5)
    }
  })
  it('counts the speed from where a resumed run starts', () => {
    const { stream, written, now, pass } = recorder(false)
    const progress = createProgress(stream, now, false)
    progress.update(update(900))
    pass(10_000)
    progress.update(update(1000))
    expect(written.at(-1)).toBe('step 1000/1000 (100 %)  objective -1.2346  held-out -1.2000  10 steps/s\n')
  })
  it('prints about ten lines when piped, and at doublings without an end in sight', () => {
    const known = recorder(false)
    const progress = createProgress(known.stream, known.now, false)
    for (let step = 1; step <= 1234; step++) progress.update(update(step, 1234))
    expect(known.written).toHaveLength(11)
    expect(known.written.at(-1)).toContain('step 1234/1234 (100 %)')
    const unknown = recorder(false)
    const open = createProgress(unknown.stream, unknown.now, false)
    for (let step = 1; step <= 100; step++) open.update(update(step, null))
    expect(unknown.written.map((line) => line.split('  ')[0])).toEqual([1, 2, 4, 8, 16, 32, 64].map((step) => `step ${step}`))
  })
  it('says nothing when quiet', () => {
    const { stream, written, now } = recorder(true)
    const progress = createProgress(stream, now, true)
    progress.phase('reading')
    progress.update(update(1))
    progress.clear()
    expect(written).toEqual([])
  })
})
