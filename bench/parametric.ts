// Parametric fits from process start to end by the built program: the whole command, report and figures included.
//
//   npx jiti bench/parametric.ts [ROUNDS] [--docs]       (5; --docs rewrites the section of docs/benchmarks.md)
//
// Shown are the least and the median of the runs, wall and CPU seconds (user and system): on a machine that others use, CPU seconds
// are to be trusted more. Writes bench/results/parametric.json.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createRandom } from '../src/base/random.ts'
import type { Random } from '../src/base/random.ts'
import { dirichletDraw } from '../test/model/family-cases.ts'
import { writeSection } from './sections.ts'

const program = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const rounds = Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? 5)

interface Timed {
  readonly name: string
  readonly rows: number
  readonly columns: readonly string[]
  readonly words: readonly string[]
  /** Wall seconds that are asked for. */
  readonly asked: number
  draw(random: Random): readonly number[]
}

const bent = (random: Random): number[] => {
  const x = random.normal()
  return [x, 0.25 * x * x + 0.6 * random.normal()]
}
const timed: readonly Timed[] = [
  { name: 'two columns, 5 parameters', rows: 100_000, columns: ['x', 'y'], words: ['--log-density', '-a*(y - b*x^2)^2 - c*x^2 - d*x^4 + k*x'], asked: 1.5, draw: bent },
  {
    name: 'quartic, one column', rows: 100_000, columns: ['x'], words: ['--log-density', '-a*(x - mu)^4 + b*(x - mu)^2 + c*x'], asked: 1.5,
    draw: (random) => [0.5 + 1.6 * (random.uniform() < 0.5 ? -1 : 1) + 0.6 * random.normal()],
  },
  {
    name: 'positive columns', rows: 100_000, columns: ['x', 'y'], words: ['--domain', 'positive', '--log-density', '-a*(log(x) - m)^2 - b*(log(y) - k)^2 - c*log(x)*log(y)'], asked: 1.5,
    draw: (random) => { const z = random.normal(); return [Math.exp(0.4 * z), Math.exp(0.2 + 0.1 * z + 0.5 * random.normal())] },
  },
  { name: 'ppi of 5 components', rows: 100_000, columns: ['p1', 'p2', 'p3', 'p4', 'p5'], words: ['--model', 'ppi'], asked: 2, draw: (random) => dirichletDraw(random, [1.5, 2, 2.5, 3, 4]) },
  { name: 'gaussian, 2000 bootstrap fits', rows: 10_000, columns: ['x', 'y'], words: ['--model', 'gaussian', '--bootstrap', '2000'], asked: 5, draw: bent },
]

interface Run {
  readonly seconds: number
  readonly cpuSeconds: number
}

/** Runs the program to its end; the shell's `times` tells what it took. */
function run(words: readonly string[]): Promise<Run> {
  const started = performance.now()
  const child = spawn('bash', ['-c', '"$@" >/dev/null 2>&1 || exit 1; times', 'bash', process.execPath, program, ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (part: Buffer) => { output += part.toString() })
  return new Promise((resolve, reject) => {
    child.on('close', (code) => {
      const seconds = (performance.now() - started) / 1000
      // The second line is of children: user and system, like 0m1.234s.
      const spent = [...(output.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)].map(([, minutes, rest]) => 60 * Number(minutes) + Number(rest))
      if (code === 0 && spent.length === 2) resolve({ seconds, cpuSeconds: spent[0] + spent[1] })
      else reject(new Error(`unnorm ${words.join(' ')} ended with ${String(code)}`))
    })
  })
}

const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b)
const folder = mkdtempSync(join(tmpdir(), 'unnorm-parametric-'))
try {
  const results = []
  for (const { name, rows, columns, words, asked, draw } of timed) {
    const random = createRandom(name)
    const data = join(folder, 'data.csv')
    writeFileSync(data, `${columns.join(',')}\n${Array.from({ length: rows }, () => draw(random).join(',')).join('\n')}\n`)
    const runs: Run[] = []
    for (let round = 0; round < rounds; round++) {
      const out = join(folder, 'run')
      runs.push(await run(['fit', data, ...words, '--out', out]))
      if (round === 0 && !('parameters' in (JSON.parse(readFileSync(join(out, 'fit.json'), 'utf8')) as object))) throw new Error(`${name}: no estimates`)
      rmSync(out, { recursive: true })
    }
    const [seconds, cpuSeconds] = [sorted(runs.map((one) => one.seconds)), sorted(runs.map((one) => one.cpuSeconds))]
    const middle = rounds >> 1
    results.push({ name, rows, columns: columns.length, command: `unnorm fit data.csv ${words.map((word) => (/[^\w-]/.test(word) ? `"${word}"` : word)).join(' ')}`, asked, seconds: { least: seconds[0], median: seconds[middle] }, cpuSeconds: { least: cpuSeconds[0], median: cpuSeconds[middle] } })
    console.log(name, JSON.stringify(results.at(-1)))
  }
  const about = { date: new Date().toISOString().slice(0, 10), node: process.version, threads: availableParallelism(), loadAverage: loadavg()[0], rounds }
  writeFileSync('bench/results/parametric.json', `${JSON.stringify({ ...about, results }, null, 2)}\n`)
  const shown = ({ least, median }: { least: number; median: number }): string => `${least.toFixed(2)} (${median.toFixed(2)})`
  if (process.argv.includes('--docs')) {
    writeSection('docs/benchmarks.md', 'parametric', [
      `Written by \`npx jiti bench/parametric.ts --docs\` on ${about.date}: ${about.threads} cores, load ${about.loadAverage.toFixed(1)} by others and itself, node ${about.node}. Seconds from process start to end, report and figures included: least (median) of ${rounds} runs. CPU seconds are user and system.`, '',
      '| fit | rows | wall | CPU | asked (wall) |', '|---|--:|--:|--:|--:|',
      ...results.map(({ name, rows, seconds, cpuSeconds, asked }) => `| ${name} | ${rows} | ${shown(seconds)} | ${shown(cpuSeconds)} | ${asked} |`), '',
      ...results.map(({ name, command }) => `- ${name}: \`${command}\``),
    ].join('\n'))
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
