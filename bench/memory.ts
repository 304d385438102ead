// Memory and time to the first step of a neural fit on a large Parquet file, by the built program.
//
//   npm run bench:memory                          20 million rows × 4 columns
//   npm run bench:memory -- --rows 2000000        fewer
//
// Required: the largest resident memory stays below 2 GiB, and the first step starts within 15 s of the program.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'

const program = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const GIBI = 2 ** 30
const required = { memory: 2 * GIBI, firstStepSeconds: 15 }

/** Four columns of doubles that no grid or constant makes easy: bumps, a curve and noise. */
async function writeRows(path: string, rows: number): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '1GB', temp_directory: `${path}.spill` })
  const connection = await instance.connect()
  const normal = (k: number): string => `sqrt(-2 * ln(1 - (hash(i * 8 + ${2 * k}) >> 11)::double / 9007199254740992.0)) * cos(2 * pi() * (hash(i * 8 + ${2 * k + 1}) >> 11)::double / 9007199254740992.0)`
  await connection.run(`copy (select a, 0.5 * (a * a - 1) + 0.35 * b as b, c + a as c, d * (1 + 0.2 * c) as d
    from (select ${['a', 'b', 'c', 'd'].map((name, k) => `${normal(k)} as ${name}`).join(', ')} from range(${rows}) as numbers(i))) to '${path}' (format parquet)`)
  connection.closeSync()
  instance.closeSync()
}

interface Watched {
  readonly code: number | null
  /** Bytes, as the kernel counted them for the process (VmHWM). */
  readonly memory: number
  readonly seconds: number
  /** Memory over time: seconds, bytes, and what the program said it did. */
  readonly trace: readonly { readonly seconds: number; readonly resident: number; readonly phase: string }[]
  readonly output: string
}

/** Runs a program and watches its memory until it ends. */
function watch(words: readonly string[], directory: string): Promise<Watched> {
  const started = performance.now()
  const child = spawn(process.execPath, [program, ...words], { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] })
  const seconds = (): number => (performance.now() - started) / 1000
  const trace: { seconds: number; resident: number; phase: string }[] = []
  let [memory, output, phase] = [0, '', '']
  const look = (): void => {
    try {
      const status = readFileSync(`/proc/${child.pid!}/status`, 'utf8')
      const kibibytes = (name: string): number => 1024 * Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0)
      memory = Math.max(memory, kibibytes('VmHWM'))
      if (trace.length === 0 || seconds() - trace.at(-1)!.seconds > 0.5 || trace.at(-1)!.phase !== phase) trace.push({ seconds: seconds(), resident: kibibytes('VmRSS'), phase })
    } catch {
      // It has just ended.
    }
  }
  const timer = setInterval(look, 20)
  const read = (part: Buffer): void => {
    output += part.toString()
    phase = output.trimEnd().split('\n').at(-1)!
    look()
  }
  child.stdout.on('data', read)
  child.stderr.on('data', read)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      clearInterval(timer)
      resolve({ code, memory, seconds: seconds(), trace, output })
    })
  })
}

const { values: given } = parseArgs({ options: { rows: { type: 'string', default: '20000000' } } })
const rows = Number(given.rows)
const isWhole = rows === 20_000_000
const folder = await mkdtemp(join(tmpdir(), 'unnorm-memory-'))
try {
  const path = join(folder, 'rows.parquet')
  console.error(`writing ${rows} rows`)
  await writeRows(path, rows)
  const runs = []
  for (const by of ['denoising', 'score-matching']) {
    const { code, output, memory, seconds, trace } = await watch(['fit', path, '--by', by, '--out', join(folder, by), '--steps', '300'], folder)
    if (code !== 0) throw new Error(`unnorm ended with ${code}:\n${output}`)
    // Plain progress reports the first step when it is done.
    const firstStep = trace.find(({ phase }) => phase.startsWith('step 1/'))
    if (firstStep === undefined) throw new Error(`the first step was not reported:\n${output}`)
    for (const moment of trace) console.error(`${moment.seconds.toFixed(1).padStart(6)} s  ${(moment.resident / GIBI).toFixed(3)} GiB  ${moment.phase}`)
    console.log(`${rows} rows × 4, ${by}: largest resident memory ${(memory / GIBI).toFixed(3)} GiB, first step done after ${firstStep.seconds.toFixed(1)} s, ${seconds.toFixed(1)} s in all`)
    runs.push({ by, memoryBytes: memory, memoryGibibytes: memory / GIBI, firstStepSeconds: firstStep.seconds, seconds, trace })
    if (memory > required.memory || firstStep.seconds > required.firstStepSeconds) process.exitCode = 1
  }
  const date = new Date().toISOString().slice(0, 10)
  const result = { date, node: process.version, machine: cpus()[0].model.trim(), cores: cpus().length, rows, columns: 4, fileBytes: (await stat(path)).size, required, runs }
  mkdirSync(fileURLToPath(new URL('results/', import.meta.url)), { recursive: true })
  writeFileSync(fileURLToPath(new URL(`results/memory-${date}${isWhole ? '' : '-partial'}.json`, import.meta.url)), `${JSON.stringify(result, null, 1)}\n`)
} finally {
  await rm(folder, { recursive: true, force: true })
}
