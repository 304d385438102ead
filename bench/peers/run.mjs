/** `npm run bench:peers`: unnorm's training step against its peers, side by side in one run. See bench/README.md. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { allRatios, judgeRequirements, markdownReport, markdownTable, overGemms } from './compare.mjs'
import { endToEnd } from './end-to-end.mjs'
import { measure } from './measure.mjs'
import { PEERS, python } from './peers.mjs'

const BEGIN = '<!-- peers:begin (written by npm run bench:peers) -->'
const END = '<!-- peers:end -->'

const DEFAULTS = { threads: '1,2', rounds: '4', objectives: 'dsm,sm,dual,paths,gemms', modes: 'gradient,whole', 'end-to-end': '5' }

const HELP = `usage: npm run bench:peers -- [options]
  --threads 1,2        thread counts; each is pinned to that many cores
  --rounds 4           interleaved rounds of a quarter of a second for each peer and step
  --objectives dsm,sm,dual,paths,gemms
  --modes gradient,whole
  --peers NAME,NAME    only these: ${PEERS.map(({ name }) => `"${name}"`).join(', ')}
  --end-to-end N       also N runs from process start to trained model (0: none; default 5)
  --docs               write the generated section of docs/benchmarks.md
  --help`

/** Integer options are counts; anything else is a mistake of the caller, said at once. */
function count(name, text, least) {
  const value = Number(text)
  if (!Number.isInteger(value) || value < least) throw new Error(`invalid --${name}: ${text} (must be a whole number ≥ ${least})`)
  return value
}

function list(name, text, known) {
  const values = text.split(',').map((value) => value.trim())
  const unknown = values.find((value) => !known.includes(value))
  if (unknown !== undefined) throw new Error(`invalid --${name}: ${unknown} (must be among ${known.join(', ')})`)
  return values
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      threads: { type: 'string', default: DEFAULTS.threads },
      rounds: { type: 'string', default: DEFAULTS.rounds },
      objectives: { type: 'string', default: DEFAULTS.objectives },
      modes: { type: 'string', default: DEFAULTS.modes },
      peers: { type: 'string' },
      'end-to-end': { type: 'string', default: DEFAULTS['end-to-end'] },
      docs: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const names = PEERS.map(({ name }) => name)
  const peers = values.peers === undefined ? names : list('peers', values.peers, names)
  return {
    help: values.help,
    docs: values.docs,
    // A run of a part must not replace the results or the published table of a whole one.
    partial: values.peers !== undefined || ['threads', 'rounds', 'objectives', 'modes'].some((name) => values[name] !== DEFAULTS[name]),
    threads: values.threads.split(',').map((text) => count('threads', text, 1)),
    rounds: count('rounds', values.rounds, 1),
    objectives: list('objectives', values.objectives, ['dsm', 'sm', 'dual', 'paths', 'gemms']),
    modes: list('modes', values.modes, ['gradient', 'whole']),
    peers: (name) => peers.includes(name),
    endToEndRuns: count('end-to-end', values['end-to-end'], 0),
  }
}

function writeDocs(report) {
  const path = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url))
  const old = existsSync(path) ? readFileSync(path, 'utf8') : `# Benchmarks\n\n## Speed against the peers\n\n${BEGIN}\n${END}\n`
  const [from, to] = [old.indexOf(BEGIN), old.indexOf(END)]
  if (from < 0 || to < from) throw new Error(`invalid docs/benchmarks.md: no generated section (must hold "${BEGIN}" and "${END}")`)
  mkdirSync(fileURLToPath(new URL('../../docs/', import.meta.url)), { recursive: true })
  writeFileSync(path, `${old.slice(0, from + BEGIN.length)}\n${markdownReport(report)}\n${old.slice(to)}`)
  console.log(`wrote ${path}`)
}

async function main() {
  const options = readOptions()
  if (options.help) return console.log(HELP)
  if (options.docs && options.partial) throw new Error('invalid --docs: the run covers a part (run it without the options that narrow it)')
  if (!existsSync(python)) throw new Error(`missing ${python} (run: npm run bench:setup)`)
  const most = Math.max(...options.threads)
  if (most > cpus().length) throw new Error(`invalid --threads: ${most} (must be ≤ ${cpus().length}, the cores of this machine)`)
  const machine = {
    processor: cpus()[0].model.trim(), cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`, loadBefore: loadavg()[0],
  }
  if (machine.loadBefore > 0.5) console.error(`warning: load average ${machine.loadBefore.toFixed(1)}: other work disturbs the times, those of 2 threads most`)
  const date = new Date().toISOString()
  const cells = []
  const versions = { node: process.versions.node }
  for (const threads of options.threads) {
    const measured = await measure({ ...options, threads }, (cell) => console.log(`${markdownTable([cell])}\n`))
    cells.push(...measured.cells)
    Object.assign(versions, measured.versions)
  }
  const report = {
    format: 'unnorm.peers/1', date, machine, versions, rounds: options.rounds, cells,
    ratios: allRatios(cells), requirements: judgeRequirements(cells), overGemms: overGemms(cells),
    endToEnd: options.endToEndRuns > 0 ? await endToEnd({ threads: most, runs: options.endToEndRuns }) : null,
    loadAfter: loadavg()[0],
  }
  const folder = new URL('../results/', import.meta.url)
  mkdirSync(folder, { recursive: true })
  const path = fileURLToPath(new URL(`peers-${date.slice(0, 10)}${options.partial ? '-partial' : ''}.json`, folder))
  writeFileSync(path, `${JSON.stringify(report, null, 1)}\n`)
  console.log(markdownReport(report))
  console.log(`wrote ${path}`)
  if (options.docs) writeDocs(report)
}

try {
  await main()
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
