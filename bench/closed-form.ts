// Closed forms at speed, side by side with numpy: the Gaussian of 5 million × 10 numbers in memory, and 2000 bootstrap fits.
//
//   npx jiti bench/closed-form.ts [ROWS] [PYTHON]       (5000000, bench/.venv/bin/python)
//
// unnorm and numpy take turns, five times; shown are minima, in seconds. `estimate` is what numpy's covariance and inverse are: K
// and η, exact. `with errors` is the whole fit: sandwich standard errors of all 65 parameters, which take moments of fourth order.
// Writes bench/results/closed-form.json.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createRandom } from '../src/base/random.ts'
import { scoreMatching } from '../src/estimate/estimators/score-matching.ts'
import { integrateNoise } from '../src/estimate/integrate-noise.ts'
import { openTable } from '../src/estimate/moment-points.ts'
import { fitParametric } from '../src/estimate/parametric.ts'
import { solve } from '../src/estimate/parametric-solve.ts'
import { gaussian } from '../src/model/energies/gaussian.ts'
import { trace } from '../src/model/model.ts'
import { nodeEngine } from '../src/node/engine.ts'

const count = Number(process.argv[2] ?? 5_000_000)
const python = process.argv[3] ?? 'bench/.venv/bin/python'
const d = 10
const rounds = 5
const engine = nodeEngine()
const random = createRandom(0)
const names = trace(gaussian, d).parameterNames

const numpy = `
import sys, time, json, numpy as np
X = np.fromfile(sys.argv[1]).reshape(-1, ${d})
for line in sys.stdin:
    start = time.perf_counter()
    K = np.linalg.inv(np.cov(X, rowvar=False, bias=True))
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "precision": K.ravel().tolist(), "numpy": np.__version__}), flush=True)
`

function makeRows(n: number, columns: number): Float64Array {
  const rows = new Float64Array(n * columns)
  createRandom('bench').fillNormal(rows)
  // Correlated columns with means.
  for (let k = 0; k < rows.length; k++) rows[k] += k % columns === 0 ? 1 : 0.5 * rows[k - 1]
  return rows
}

async function timed<T>(work: () => Promise<T>): Promise<{ seconds: number; result: T }> {
  const start = performance.now()
  const result = await work()
  return { seconds: (performance.now() - start) / 1000, result }
}

/** The solution alone. */
async function estimate(rows: Float64Array): Promise<Float64Array> {
  const traced = trace(gaussian, d)
  const objective = integrateNoise(traced, scoreMatching.objective(traced, undefined), { random })
  const batch = openTable(traced, objective, rows, engine)
  const { theta } = await solve({ traced, estimator: scoreMatching, objective, quadratic: true, batch, options: { random } })
  await batch.release()
  return theta
}

const folder = mkdtempSync(join(tmpdir(), 'unnorm-bench-'))
try {
  const rows = makeRows(count, d)
  const file = join(folder, 'rows.f64')
  const handle = await open(file, 'w')
  const bytes = new Uint8Array(rows.buffer)
  for (let start = 0; start < bytes.length; start += 2 ** 28) await handle.write(bytes.subarray(start, start + 2 ** 28))
  await handle.close()
  const peer = spawn(python, ['-c', numpy, file], { stdio: ['pipe', 'pipe', 'inherit'] })
  const answers = createInterface({ input: peer.stdout })[Symbol.asyncIterator]()
  const askNumpy = async (): Promise<{ seconds: number; precision: number[]; numpy: string }> => {
    peer.stdin.write('\n')
    const { value, done } = await answers.next()
    if (done) throw new Error(`${python} ended`)
    return JSON.parse(value as string) as { seconds: number; precision: number[]; numpy: string }
  }
  await estimate(rows.subarray(0, 1000 * d))
  const best = { numpy: Infinity, estimate: Infinity, withErrors: Infinity }
  let version = ''
  for (let round = 0; round < rounds; round++) {
    const theirs = await askNumpy()
    const ours = await timed(() => estimate(rows))
    const whole = await timed(() => fitParametric(trace(gaussian, d), scoreMatching, rows, engine, { random }))
    version = theirs.numpy
    best.numpy = Math.min(best.numpy, theirs.seconds)
    best.estimate = Math.min(best.estimate, ours.seconds)
    best.withErrors = Math.min(best.withErrors, whole.seconds)
    for (const [k, name] of names.entries()) {
      const place = /^precision\[(\d+),(\d+)\]$/.exec(name)
      const expected = place && theirs.precision[(Number(place[1]) - 1) * d + Number(place[2]) - 1]
      if (expected !== null && Math.abs(ours.result[k] - expected) > 1e-9 * Math.max(1, Math.abs(expected))) throw new Error(`${name}: ${ours.result[k]}, numpy says ${expected}`)
    }
  }
  peer.stdin.end()
  console.log(`${count} × ${d}: numpy ${version} covariance and inverse ${best.numpy.toFixed(3)}; unnorm estimate ${best.estimate.toFixed(3)} (${(best.estimate / best.numpy).toFixed(2)} of it), with errors ${best.withErrors.toFixed(3)} (${(best.withErrors / best.numpy).toFixed(2)})`)
  const bootstraps = []
  for (const columns of [2, 4, 10]) {
    const some = makeRows(10_000, columns)
    let seconds = Infinity
    for (let round = 0; round < 3; round++) seconds = Math.min(seconds, (await timed(() => fitParametric(trace(gaussian, columns), scoreMatching, some, engine, { random, bootstrap: 2000 }))).seconds)
    bootstraps.push({ rows: 10_000, columns, replicates: 2000, seconds })
    console.log(`2000 bootstrap fits of 10000 × ${columns}: ${seconds.toFixed(2)}`)
  }
  writeFileSync('bench/results/closed-form.json', `${JSON.stringify({ rows: count, columns: d, seconds: best, numpy: version, bootstraps, threads: availableParallelism(), loadAverage: loadavg()[0] }, null, 2)}\n`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
