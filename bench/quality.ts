// Quality of neural fits against known densities: Fisher divergence, log-likelihood and the warning about separated clusters.
//
//   npm run bench:quality                     everything; writes bench/results/quality-<date>.json and docs/quality.md
//   npm run bench:quality -- --only parabola  cases whose name contains the text; writes quality-<date>-partial.json only
//   npm run bench:quality -- --seeds 2 --threads 1
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createRandom } from '../src/base/random.ts'
import { version } from '../src/base/version.ts'
import type { SyntheticDensity } from '../src/data/synthetic/density.ts'
import { parabola } from '../src/data/synthetic/parabola.ts'
import { threeGaussians } from '../src/data/synthetic/three-gaussians.ts'
import { fisherDivergence } from '../src/evaluate/fisher-divergence.ts'
import { meanWithError } from '../src/evaluate/mean-with-error.ts'
import { builtInModels } from '../src/model/energies/index.ts'
import { defaultThreads, nodeEngine } from '../src/node/engine.ts'
import { fitModel } from '../src/result/fit.ts'
import type { FitRequest } from '../src/result/request.ts'

/** Points of the true density, not those of the fit, on which score and log-likelihood are compared. */
const SCORED_POINTS = 2000
const LIKELIHOOD_POINTS = 20_000

type EstimatorName = 'score-matching' | 'denoising'
interface Requirement { readonly name: keyof Measures; readonly bound: number }
interface Case {
  readonly name: string
  readonly density: SyntheticDensity
  readonly rows: number
  readonly by: EstimatorName
  /** As for `unnorm fit`; nothing but the seed where the defaults are judged. */
  readonly request: Omit<FitRequest, 'by' | 'seed'>
  readonly words: string
  readonly requirements: readonly Requirement[]
  /** Whether the rows form separated clusters, so that the warning must appear. */
  readonly separated: boolean
}

/** What is measured of one fit. */
interface Measures {
  /** mean ‖φ − φ*‖² over fresh points. */
  readonly fisher: number
  /** The same as a share of mean ‖φ*‖². */
  readonly relativeFisher: number
  /** Mean true log-density minus mean fitted one, on the same fresh points, in nats. */
  readonly gap: number
  readonly absoluteGap: number
  readonly gapError: number
  readonly seconds: number
  readonly stoppedAt: number
}

const issueOptions = { steps: 2000, batch: 256 }
const both: readonly EstimatorName[] = ['score-matching', 'denoising']
const noiseOf = (by: EstimatorName): Pick<FitRequest, 'noise'> => (by === 'denoising' ? { noise: { kind: 'columns', deviations: [0.1, 0.1] } } : {})

const cases: readonly Case[] = both.flatMap((by): Case[] => {
  const given = { ...issueOptions, ...noiseOf(by) }
  const words = `2000 steps of 256${by === 'denoising' ? ', σ = 0.1' : ''}`
  return [
    { name: 'mixture sd .5', density: threeGaussians(), rows: 2000, by, request: given, words, requirements: [{ name: 'fisher', bound: 0.15 }], separated: true },
    { name: 'mixture sd .5', density: threeGaussians(), rows: 100_000, by, request: given, words, requirements: [{ name: 'fisher', bound: 0.05 }], separated: true },
    { name: 'mixture sd 1', density: threeGaussians({ deviation: 1 }), rows: 2000, by, request: given, words, requirements: [{ name: 'fisher', bound: 0.1 }, { name: 'absoluteGap', bound: 0.02 }], separated: false },
    { name: 'parabola', density: parabola(), rows: 4000, by, request: {}, words: 'default options', requirements: [{ name: 'relativeFisher', bound: 0.05 }, { name: 'absoluteGap', bound: 0.03 }], separated: false },
  ]
})

/** One fit of fresh rows, with a seed of its own, against the truth. */
async function measure(each: Case, seed: number, threads: number): Promise<{ measures: Measures; warned: boolean; noise: readonly number[] | null }> {
  const { density, rows } = each
  const random = createRandom('fit quality').split(each.name).split(seed)
  const table = { source: each.name, columns: density.columns, rows, values: density.sample(rows, random.split('rows')), rowsRead: rows, columnsLeftOut: [] }
  const model = builtInModels.mlp.make({ hidden: [128, 128], activation: 'silu' })
  const result = await fitModel(model, table, { ...each.request, by: each.by, seed }, { engine: nodeEngine({ threads }), now: () => performance.now() })
  const d = density.dimension
  const scored = density.sample(SCORED_POINTS, random.split('scored'))
  const point = (values: Float64Array, row: number): Float64Array => values.subarray(row * d, (row + 1) * d)
  const trueScore = new Float64Array(scored.length)
  for (let row = 0; row < SCORED_POINTS; row++) trueScore.set(density.score(point(scored, row)), row * d)
  const fisher = await fisherDivergence(result.energy, scored, trueScore)
  const compared = density.sample(LIKELIHOOD_POINTS, random.split('compared'))
  const fitted = await result.logDensity(compared)
  const gap = meanWithError(fitted.map((value, row) => density.logDensity(point(compared, row)) - value))
  await result.release()
  return {
    measures: {
      fisher: fisher.value, relativeFisher: fisher.relative, gap: gap.value, absoluteGap: Math.abs(gap.value), gapError: gap.standardError,
      seconds: result.fit.timing.seconds, stoppedAt: result.metrics.at(-1)?.step ?? 0,
    },
    warned: result.fit.warnings.some(({ code }) => code === 'separated-clusters'),
    noise: result.fit.estimator.noise,
  }
}

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

interface Outcome {
  readonly each: Case
  readonly seeds: readonly Awaited<ReturnType<typeof measure>>[]
  readonly medians: Measures
  /** Fits that warned of separated clusters. */
  readonly warned: number
  readonly isMet: boolean
}

function outcomeOf(each: Case, seeds: Outcome['seeds']): Outcome {
  const names = Object.keys(seeds[0].measures) as (keyof Measures)[]
  const medians = Object.fromEntries(names.map((name) => [name, median(seeds.map(({ measures }) => measures[name]))])) as unknown as Measures
  const warned = seeds.filter((seed) => seed.warned).length
  const isMet = each.requirements.every(({ name, bound }) => medians[name] <= bound) && warned === (each.separated ? seeds.length : 0)
  return { each, seeds, medians, warned, isMet }
}

const three = (value: number): string => value.toFixed(value < 0.1 ? 4 : 3)

function line({ each, seeds, medians, warned, isMet }: Outcome): string[] {
  const needed = (name: keyof Measures): string => {
    const bound = each.requirements.find((requirement) => requirement.name === name)?.bound
    return bound === undefined ? '' : ` (≤ ${bound})`
  }
  const spread = seeds.map(({ measures }) => measures.fisher)
  return [
    each.name, String(each.rows), each.by, each.words,
    `${three(medians.fisher)}${needed('fisher')}`, `${three(Math.min(...spread))}–${three(Math.max(...spread))}`,
    `${(100 * medians.relativeFisher).toFixed(2)} %${needed('relativeFisher').replace(/[\d.]+/, (bound) => `${100 * Number(bound)} %`)}`,
    `${medians.absoluteGap.toFixed(4)}${needed('absoluteGap')}`,
    `${warned} of ${seeds.length}`, medians.seconds.toFixed(1), isMet ? 'yes' : 'no',
  ]
}

const headings = ['density', 'rows', 'estimator', 'settings', 'Fisher divergence', 'range over seeds', 'of mean ‖φ*‖²', 'log-likelihood gap (nats)', 'warned of clusters', 'seconds', 'as required']

function markdown(outcomes: readonly Outcome[], seeds: number, machine: string, date: string): string {
  const rows = [headings, headings.map(() => '---'), ...outcomes.map(line)].map((cells) => `| ${cells.join(' | ')} |`)
  return `# Quality of fits against the truth

Written by \`npm run bench:quality\` on ${date} (unnorm ${version}, ${machine}). Medians over ${seeds} seeds, each with rows, start weights and noise of its own.

The network is 2–128–128–1 with SiLU on top of a Gaussian. *Fisher divergence* is mean ‖φ − φ*‖² over ${SCORED_POINTS} fresh points, φ* the true score of the clean density; also as a share of mean ‖φ*‖². *Log-likelihood gap* is the distance of the fitted mean log-density from the true one on ${LIKELIHOOD_POINTS} fresh points, log Z by quadrature. Seconds are those of a whole fit, its assessment included.

${rows.join('\n')}

- *Mixture*: three round Gaussians of standard deviation .5 or 1 around (−2.5, −1.5), (2.5, −1.5), (0, 2.5) with weights .5, .3, .2 (Dive into Deep Learning, draft §17.3). At .5 the components are separated: score matching and denoising at one noise level hardly see their relative weights, the log-likelihood suffers, and the fit must warn. At 1 they overlap, and it must not.
- *Parabola*: x₁ ~ N(0, 1), x₂ = ½(x₁² − 1) + 0.35 n.
- Numbers in brackets are what is required.
`
}

const { values: given } = parseArgs({ options: { only: { type: 'string' }, by: { type: 'string' }, seeds: { type: 'string' }, threads: { type: 'string' } } })
const seedCount = Number(given.seeds ?? 5)
const threads = Number(given.threads ?? defaultThreads())
const chosen = cases.filter(({ name, by, rows }) => `${name} ${rows}`.includes(given.only ?? '') && by.includes(given.by ?? ''))
const isWhole = chosen.length === cases.length && seedCount >= 5
const date = new Date().toISOString().slice(0, 10)
const machine = `${cpus()[0].model.trim()}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`

const outcomes: Outcome[] = []
for (const each of chosen) {
  const seeds: Outcome['seeds'][number][] = []
  for (let seed = 0; seed < seedCount; seed++) {
    seeds.push(await measure(each, seed, threads))
    const { fisher, relativeFisher, gap, stoppedAt, seconds } = seeds.at(-1)!.measures
    console.error(`${each.name}, ${each.rows} rows, ${each.by}, seed ${seed}: Fisher ${three(fisher)} (${(100 * relativeFisher).toFixed(2)} %), gap ${gap.toFixed(4)}, step ${stoppedAt}, ${seconds.toFixed(1)} s${seeds.at(-1)!.warned ? ', warned' : ''}`)
  }
  outcomes.push(outcomeOf(each, seeds))
  console.log(line(outcomes.at(-1)!).map((cell, k) => `${headings[k]}: ${cell}`).join(' · '))
}

const folder = fileURLToPath(new URL('results/', import.meta.url))
mkdirSync(folder, { recursive: true })
const report = {
  date, unnorm: version, node: process.version, machine, seeds: seedCount, points: { score: SCORED_POINTS, likelihood: LIKELIHOOD_POINTS },
  cases: outcomes.map(({ each: { density: _density, ...about }, ...measured }) => ({ ...about, ...measured })),
}
writeFileSync(`${folder}quality-${date}${isWhole ? '' : '-partial'}.json`, `${JSON.stringify(report, null, 1)}\n`)
if (isWhole) writeFileSync(fileURLToPath(new URL('../docs/quality.md', import.meta.url)), markdown(outcomes, seedCount, machine, date))
if (outcomes.some(({ isMet }) => !isMet)) process.exitCode = 1
