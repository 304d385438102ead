/** Who is compared: each peer's command, what it can do, and the process that speaks the workers' protocol. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))

/** The interpreter that `setup.sh` made. */
export const python = fileURLToPath(new URL('../.venv/bin/python', import.meta.url))

const steps = ['dsm', 'sm']

/** Every contender. `ours` is what the others are compared with; `modes` the kinds of step it can do. */
export const PEERS = [
  { name: 'unnorm', ours: true, command: [process.execPath, 'unnorm-worker.mjs'], objectives: [...steps, 'dual', 'paths'], modes: ['gradient', 'whole'] },
  { name: 'PyTorch eager', command: [python, 'torch_eager.py'], objectives: [...steps, 'dual', 'paths'], modes: ['gradient', 'whole'] },
  { name: 'torch.compile', command: [python, 'torch_compiled.py'], objectives: steps, modes: ['gradient', 'whole'] },
  { name: 'JAX jit', command: [python, 'jax_jit.py'], objectives: [...steps, 'dual', 'paths'], modes: ['gradient', 'whole'] },
  { name: 'folx', command: [python, 'jax_folx.py'], objectives: ['sm'], modes: ['gradient', 'whole'] },
  { name: 'TorchEBM', command: [python, 'torch_ebm.py'], objectives: steps, modes: ['gradient', 'whole'] },
  { name: '@jax-js/jax jit', command: [process.execPath, 'jax-js-worker.mjs'], objectives: steps, modes: ['gradient'] },
  { name: '@jax-js/jax', command: [process.execPath, 'jax-js-worker.mjs', '--no-jit'], objectives: steps, modes: ['gradient'] },
  { name: 'Gemms (ONNX Runtime)', command: [process.execPath, 'gemm-worker.mjs'], objectives: ['gemms'], modes: ['gradient'] },
  { name: 'Gemms (PyTorch)', command: [python, 'torch_gemms.py'], objectives: ['gemms'], modes: ['gradient'] },
]

/**
 * Starts one peer's worker on `threads` threads, pinned to that many cores (JAX sizes its pool by the cores it may use
 * and ignores its flags). Resolves to { versions, ask(request), stop() }; `ask` resolves to the worker's answer, which
 * is { error } when the peer failed or died.
 */
export async function startWorker({ command }, threads) {
  const pinned = existsSync('/usr/bin/taskset')
  const words = pinned ? ['taskset', '-c', `0-${threads - 1}`, ...command] : command
  const child = spawn(words[0], words.slice(1), { cwd: here, env: environment(threads), stdio: ['pipe', 'pipe', 'pipe'] })
  const waiting = []
  let complaint = ''
  const failed = () => ({ error: `the worker ended: ${complaint.trim().split('\n').at(-1) ?? ''}`.slice(0, 400) })
  let ended = false
  child.stderr.on('data', (text) => (complaint = (complaint + text).slice(-4000)))
  // A write to a worker that has died would otherwise end the driver; the answer { error } says it.
  child.stdin.on('error', () => {})
  child.on('error', (error) => (complaint = error.message))
  child.on('close', () => {
    ended = true
    for (const resolve of waiting.splice(0)) resolve(failed())
  })
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.(JSON.parse(line)))
  const next = () => new Promise((resolve) => (ended ? resolve(failed()) : waiting.push(resolve)))
  const hello = await next()
  return {
    versions: hello.versions ?? {},
    ask(request) {
      const answer = next()
      if (!ended) child.stdin.write(`${JSON.stringify(request)}\n`)
      return answer
    },
    async stop() {
      if (ended) return
      const closed = new Promise((resolve) => child.once('close', resolve))
      child.stdin.end()
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
      await closed
      clearTimeout(timer)
    },
  }
}

/** Thread counts for every runtime that reads them; compilers without their disk caches, so that compile times are real. */
function environment(threads) {
  const count = String(threads)
  return {
    ...process.env,
    OMP_NUM_THREADS: count,
    MKL_NUM_THREADS: count,
    OPENBLAS_NUM_THREADS: count,
    JAX_PLATFORMS: 'cpu',
    TORCHINDUCTOR_FORCE_DISABLE_CACHES: '1',
    PYTHONWARNINGS: 'ignore',
  }
}
