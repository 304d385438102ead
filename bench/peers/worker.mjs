/** The worker protocol of `worker.py` for peers that run in Node: one JSON request a line in, one JSON answer a line out. */
import { createInterface } from 'node:readline'
import { fingerprint } from './problem.mjs'

const WARM_UP_SECONDS = 0.3
/** A step that takes so long is not repeated for the sake of warming up. */
const LONG_SECONDS = 3

/**
 * Answers requests until stdin closes. `makeStep(request)` resolves to { run, read?, compileSeconds?, variant? }:
 * `run()` does one step and resolves when its result is there, `read()` gives { loss, gradients }.
 */
export async function serve(makeStep, versions) {
  const answer = (record) => process.stdout.write(`${JSON.stringify(record)}\n`)
  const steps = new Map()
  answer({ ready: true, versions })
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      answer(await answerRequest(makeStep, JSON.parse(line), steps))
    } catch (error) {
      process.stderr.write(`${error.stack}\n`)
      answer({ error: String(error.message).slice(0, 400) })
    }
  }
}

async function answerRequest(makeStep, { repeats, ...request }, steps) {
  const key = JSON.stringify(request)
  let compileSeconds = null
  if (!steps.has(key)) {
    const start = performance.now()
    const step = await makeStep(request)
    const built = (performance.now() - start) / 1e3
    const first = await warmUp(step)
    const usual = first > LONG_SECONDS ? first : Math.min(...(await timeMany(step, 5)))
    steps.set(key, step)
    compileSeconds = step.compileSeconds ?? built + Math.max(0, first - usual)
  }
  const step = steps.get(key)
  const record = { compileSeconds, variant: step.variant ?? '' }
  if (repeats > 0) {
    const samples = (await timeMany(step, repeats)).map((seconds) => 1e3 * seconds).sort((a, b) => a - b)
    return { ...record, milliseconds: samples[0], median: median(samples) }
  }
  if (!step.read) return record
  const { loss, gradients } = await step.read()
  return { ...record, loss, ...fingerprint(gradients) }
}

function median(sorted) {
  const middle = sorted.length / 2
  return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2
}

async function timeMany(step, count) {
  const seconds = []
  for (let repeat = 0; repeat < count; repeat++) {
    const start = performance.now()
    await step.run()
    seconds.push((performance.now() - start) / 1e3)
  }
  return seconds
}

/** Runs for a while and at least five times, a long step once; resolves to the seconds of the first run. */
async function warmUp(step) {
  const [first] = await timeMany(step, 1)
  if (first > LONG_SECONDS) return first
  const end = performance.now() + 1e3 * WARM_UP_SECONDS
  for (let runs = 0; runs < 5 || performance.now() < end; runs++) await step.run()
  return first
}
