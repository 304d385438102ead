// log Z of known densities by every method, many times over: whether 95 % intervals cover the truth as often as they say.
//
//   npx jiti bench/normalizers.ts                            200 runs of everything; writes docs/normalizers.md
//   npx jiti bench/normalizers.ts --runs 20 --dimensions 2   a part of it; prints the table only
//   npx jiti bench/normalizers.ts --dimensions 50 --append   writes the lines of that dimension into the page
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createRandom } from '../src/base/random.ts'
import type { NormalizerContext } from '../src/evaluate/log-normalizer/method.ts'
import { logNormalizerMethods, normalize } from '../src/evaluate/log-normalizer/normalize.ts'
import { knownEnergies } from '../test/evaluate/known-normalizers.ts'
import type { KnownEnergy } from '../test/evaluate/known-normalizers.ts'

const ROWS = 2000
/** Energies that each method may evaluate, by dimension. */
const BUDGETS: Readonly<Record<number, number>> = { 2: 30_000, 10: 60_000, 50: 100_000 }
/** `reported`: what the rule of `evaluate` chooses of quadrature, annealing and importance sampling. */
type Method = 'reported' | 'annealed' | 'bridge' | 'importance'
const METHODS: readonly Method[] = ['reported', 'annealed', 'bridge', 'importance']

const { values } = parseArgs({ options: { runs: { type: 'string', default: '200' }, dimensions: { type: 'string', default: '2,10,50' }, methods: { type: 'string', default: METHODS.join(',') }, densities: { type: 'string' }, append: { type: 'boolean', default: false } } })
const runs = Number(values.runs)
const dimensions = values.dimensions.split(',').map(Number)
const methods = METHODS.filter((name) => values.methods.split(',').includes(name))
const wanted = values.densities?.split(',') ?? knownEnergies.map((make) => make(2).name)
const isWhole = values.densities === undefined && runs === 200 && dimensions.length === 3 && methods.length === METHODS.length

interface Found {
  readonly error: number
  readonly standardError: number
  /** Of a bound from above: how far it is above the truth, and its error. */
  readonly above: { readonly value: number; readonly standardError: number } | null
  readonly doubted: boolean
  readonly seconds: number
}

async function once(known: KnownEnergy, d: number, name: Method, run: number): Promise<Found> {
  const random = createRandom(name === 'reported' ? 'reported normalizers' : 'normalizers').split(known.name).split(d).split(run)
  const context: NormalizerContext = {
    energy: known.energy, rows: known.sample(ROWS, random.split('rows')), ladder: null, ownsNormalizer: false, budget: BUDGETS[d] ?? 100_000, random: random.split(name), now: () => performance.now(),
  }
  const started = performance.now()
  const found = name === 'reported' ? (await normalize(context, ['quadrature', 'annealed', 'importance'])).chosen : await logNormalizerMethods[name].estimate(context)
  const seconds = (performance.now() - started) / 1000
  // Nothing is reported where nothing can be relied on.
  if (found === null) return { error: NaN, standardError: NaN, above: null, doubted: true, seconds }
  const { value, standardError, bounds, doubt } = found
  const upper = bounds?.upper ?? null
  return { error: value - known.logNormalizer, standardError, above: upper && { value: upper.value - known.logNormalizer, standardError: upper.standardError }, doubted: doubt !== null, seconds }
}

const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length
const percent = (list: readonly boolean[]): string => (list.length === 0 ? '–' : `${(100 * mean(list.map(Number))).toFixed(1)} %`)

for (const d of dimensions) {
  for (const make of knownEnergies.filter((each) => wanted.includes(each(2).name))) {
    for (const name of methods) {
      const known = make(d)
      const all: Found[] = []
      for (let run = 0; run < runs; run++) all.push(await once(known, d, name, run))
      // What a method doubts itself is not reported, so it is not counted.
      const kept = all.filter(({ doubted }) => !doubted)
      const covered = kept.map(({ error, standardError }) => Math.abs(error) < 1.96 * standardError)
      const bracketed = kept.filter(({ above }) => above !== null).map(({ error, standardError, above }) => error - 1.96 * standardError < 0 && above!.value + 1.96 * above!.standardError > 0)
      const of = (pick: (found: Found) => number): string => (kept.length === 0 ? '–' : mean(kept.map(pick)).toFixed(4))
      const line = `| ${d} | ${known.name} | ${name} | ${runs} | ${percent(covered)} | ${of(({ error }) => error)} | ${of(({ standardError }) => standardError)} | ${percent(bracketed)} | ${all.length - kept.length} | ${mean(all.map(({ seconds }) => seconds)).toFixed(2)} |`
      console.log(line)
      // One by one: a run that is cut off has not been for nothing.
      if (isWhole || values.append) writeLine(line)
    }
  }
}

/** Puts a line into the table of the page, in the place of the one for the same dimension, density and method. */
function writeLine(line: string): void {
  const keyOf = (each: string): string => each.split('|').slice(1, 4).join('|')
  const path = fileURLToPath(new URL('../docs/normalizers.md', import.meta.url))
  const kept = existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter((each) => /^\| \d/.test(each) && keyOf(each) !== keyOf(line)) : []
  const order = (each: string): string => [each.split('|')[1].trim().padStart(3), String(knownEnergies.findIndex((make) => make(2).name === each.split('|')[2].trim())), each.split('|')[3].replace('reported', '!')].join('|')
  const table = [...kept, line].toSorted((one, other) => (order(one) < order(other) ? -1 : 1))
  writeFileSync(path, `# log Z of known densities

Written by \`npx jiti bench/normalizers.ts\`. Every run has rows of its own (${ROWS} exact draws), from which the Gaussian to start from is fitted, and a seed of its own; each method may evaluate about ${Object.entries(BUDGETS).map(([d, budget]) => `${budget} energies in ${d} dimensions`).join(', ')}.

*Reported*: what the rule of \`unnorm evaluate\` chooses, with seeds that no rule was chosen with; the other lines are the methods alone. *Covered*: how often log Z ± 1.96 standard errors holds the truth. *Bias* and *standard error* are means over the runs. *Bracketed*: how often the bounds of annealing, each widened by 1.96 of its errors, hold the truth. *Doubted*: runs that the method itself would not have reported (bounds that do not meet, too few draws that count); they are left out of the other columns. Of 200 intervals that are right 95 % of the time, 92 to 98 % cover the truth nineteen times in twenty.

| dimensions | density | method | runs | covered | bias | standard error | bracketed | doubted | seconds |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
${table.join('\n')}

- Bridge sampling in the funnel is biased by more than its spread shows, and importance sampling from a kernel density of the banana misses its tails: that is why neither is reported where annealing has bounds, whether they meet or not. Lines with fewer than 200 runs, and those that are missing, are of densities whose runs take seconds each.
- *Correlated Gaussian*: neighbouring columns have correlation 0.9. *Mixture of two Gaussians*: 0.3 N(−3e₁, I) + 0.7 N(3e₁, I). *Funnel*: v ~ N(0, 1), all others N(0, eᵛ). *Banana*: pairs x ~ N(0, 1), y = ½(x² − 1) + n/2.
`)
}
