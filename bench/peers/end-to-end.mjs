/** From process start to trained model: `unnorm fit` against a PyTorch script that does the same work, in turn. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { python } from './peers.mjs'

const AT_MOST = 0.5
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const script = fileURLToPath(new URL('train_torch.py', import.meta.url))

/** The command line whose work equals the script's: same energy, steps, batch and noise, no rows held out. */
const unnormCommand = (data, out, threads) => [
  process.execPath, main, 'fit', data, '--by', 'denoising', '--noise', '0.1', '--hidden', '128,128', '--activation', 'silu',
  '--steps', '2000', '--batch', '256', '--holdout', '0', '--threads', String(threads), '--seed', '0', '--out', out, '--quiet',
]

/** Runs both `runs` times in turn; resolves to { peers: { name: { median, minimum, wholeMedian, seconds, whole, objective } }, ratio, atMost }. */
export async function endToEnd({ threads, runs }) {
  const folder = mkdtempSync(join(tmpdir(), 'unnorm-bench-'))
  const peers = { unnorm: { seconds: [], whole: [] }, PyTorch: { seconds: [], whole: [] } }
  try {
    const data = join(folder, 'points.csv')
    writeFileSync(data, makeTable(4000))
    if (!existsSync(main)) peers.unnorm.status = 'not built (npm run build)'
    if (!existsSync(python)) peers.PyTorch.status = 'not set up (npm run bench:setup)'
    for (let run = 0; run < runs; run++) {
      const out = join(folder, `run-${run}`)
      await time(peers.unnorm, unnormCommand(data, out, threads), join(out, 'model.onnx'))
      const model = join(folder, `model-${run}.pt`)
      await time(peers.PyTorch, [python, script, data, model, '--threads', String(threads)], model)
      if (existsSync(join(out, 'fit.json'))) peers.unnorm.objective = JSON.parse(readFileSync(join(out, 'fit.json'), 'utf8')).objective
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  for (const result of Object.values(peers)) summarize(result)
  const [ours, theirs] = [peers.unnorm.median, peers.PyTorch.median]
  return { threads, runs, peers, ratio: ours && theirs ? ours / theirs : null, atMost: AT_MOST }
}

/** Appends the seconds from process start until the model file is there, and until the process has ended; a failure becomes the status. */
async function time(result, [program, ...words], model) {
  if (result.status) return
  const start = performance.now()
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  child.stdout.on('data', (some) => (text += some))
  child.stderr.on('data', (some) => (text += some))
  let appeared = null
  const watch = setInterval(() => {
    if (existsSync(model)) {
      appeared ??= (performance.now() - start) / 1e3
      clearInterval(watch)
    }
  }, 10)
  const code = await new Promise((resolve) => child.on('close', resolve))
  clearInterval(watch)
  const whole = (performance.now() - start) / 1e3
  if (code !== 0 || !existsSync(model)) {
    result.status = `failed (exit code ${code}): ${text.trim().split('\n').at(-1)}`
    return
  }
  result.seconds.push(appeared ?? whole)
  result.whole.push(whole)
  result.output = text.trim().split('\n').at(-1)
}

function summarize(result) {
  if (result.status || result.seconds.length === 0) return
  const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]
  result.minimum = Math.min(...result.seconds)
  result.median = median(result.seconds)
  result.wholeMedian = median(result.whole)
}

/** x₁ ~ N(0, 1), x₂ = ½(x₁² − 1) + 0.35 n: a connected curved density, as CSV. */
function makeTable(rows) {
  let state = 1
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
  const lines = ['x,y']
  for (let row = 0; row < rows; row++) {
    const x = normal()
    lines.push(`${x},${0.5 * (x * x - 1) + 0.35 * normal()}`)
  }
  return `${lines.join('\n')}\n`
}
