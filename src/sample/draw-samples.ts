// Samples of an energy or of a ladder of energies, with what tells whether they can be trusted.
import { choleskyDecompose } from '../base/linear-algebra.ts'
import type { Random } from '../base/random.ts'
import { draw, warmUp } from './chains.ts'
import type { Chains, Drawn, Problem, Watch } from './chains.ts'
import { descend, drawTop, findTop, levelsOf } from './descent.ts'
import type { LadderToSample } from './descent.ts'
import { diagnose, MIXED } from './diagnostics.ts'
import type { Diagnostics } from './diagnostics.ts'
import { climb } from './locate.ts'
import { noiseRungs, temperatures } from './rungs.ts'
import type { Rungs } from './rungs.ts'
import type { ChainSampler, DescentSampler } from './sampler.ts'
import { mala } from './samplers/mala.ts'
import { refuseOpenTails } from './tails.ts'
import { ontoSpheres } from './geometry.ts'
import { flatTarget } from './flat-target.ts'
import { inCoordinates, roundOnSpheres, scaled, spheresIn, toData } from './target.ts'
import type { Coordinates, Evaluates, Target } from './target.ts'

export interface Samples {
  /** Row-major [count × d], in the data's units. */
  readonly rows: Float64Array
  readonly energy: Float64Array
  /** One a column. */
  readonly columns: readonly Diagnostics[]
  /** Of the energy: it mixes last where anything does. */
  readonly energyDiagnostics: Diagnostics
  /** Whether no R̂ exceeds 1.01. */
  readonly mixed: boolean
  readonly chains: number
  /** Steps of each chain after the warm-up: down the ladder, or between the first draw and the last. */
  readonly steps: number
  readonly acceptance: number
  readonly divergences: number
  /** The least of the mean exchange probabilities between neighbouring rungs; null without rungs. */
  readonly leastSwap: number | null
}

export interface ChainSettings extends Watch {
  readonly count: number
  readonly chains: number
  readonly warmUp: number
  readonly thin: number
  readonly stepSize?: number
  /** The rows that points of the energy stand for, where it is sampled in other coordinates than theirs. */
  toRows?(points: Float64Array): Float64Array
}

/** Chains spread twice as wide as the density that the moments promise: what they all agree on is no habit of their starts. */
const OVERDISPERSED = 2
/** Fewer draws a chain say little about mixing. */
export const LEAST_DRAWS = 500
/** How often the number of steps is doubled before chains are given up. */
export const DOUBLINGS = 3
/** Inverse temperatures 1, 0.46, 0.22 … 0.01. */
const INVERSE_TEMPERATURES = Array.from({ length: 7 }, (_, k) => 0.01 ** (k / 6))
const LADDER_RUNGS = 16

/** Starts for chains: draws of N(center, 4 LLᵀ), on spheres of the uniform distribution. */
function overdispersedStarts(coordinates: Coordinates, count: number, random: Random): Float64Array {
  const points = new Float64Array(count * coordinates.center.length)
  random.fillNormal(points)
  for (let k = 0; k < points.length; k++) points[k] *= OVERDISPERSED
  return ontoSpheres(points, coordinates.center.length, spheresIn(coordinates))
}

/** How far above the lowest of all starts the energy of another may be: of wide starts in a Gaussian hardly one is farther. */
const farUp = (d: number): number => 10 + 2 * d

/**
 * Starts on a wall of the energy come down before the chains begin, each where it is: steps that suit all other chains would be
 * refused there for ever. (On the half-line, by the logarithm, an exponential density has such a wall.)
 */
async function downFromWalls(energy: Evaluates, coordinates: Coordinates, points: Float64Array): Promise<void> {
  const d = coordinates.center.length
  if (coordinates.spheres === undefined) await climb(inCoordinates(energy, coordinates), points, new Float64Array(points.length / d).fill(1), d, farUp(d))
}

/**
 * Coordinates in which rows [n × d] of given moments have unit covariance; their columns' scales alone where that is singular.
 * @param spheres positions of unit vectors
 */
export function coordinatesOf(ofRows: Float64Array, covarianceOfRows: Float64Array, spheres?: readonly (readonly number[])[]): Coordinates {
  const { mean, covariance } = roundOnSpheres(ofRows, covarianceOfRows, spheres)
  const d = mean.length
  return { center: mean, lower: choleskyDecompose(covariance, d) ?? mean.map((_, j) => Math.sqrt(covariance[j * (d + 1)]) || 1), ...(spheres && spheres.length > 0 ? { spheres } : {}) }
}

/**
 * Samples one energy by Markov chains, which start overdispersed around `where`; they run on, up to eight times as long, until
 * they have mixed.
 * @throws UnnormError `not-integrable`, `energy-not-finite`, `diverged-chains`, `interrupted`
 */
export async function sampleEnergy(energy: Evaluates, where: Coordinates, sampler: ChainSampler | ChainSampler<Rungs>, settings: ChainSettings, random: Random): Promise<Samples> {
  const flat = flatTarget(inCoordinates(energy, where), random.split('directions'))
  if (flat) await refuseOpenTails(flat.target, (point) => `(${Array.from(toData(flat.whole(point), where), (x) => x.toPrecision(3)).join(', ')}) and beyond`, random.split('rays'))
  const starts = overdispersedStarts(where, settings.chains * (sampler.kind === 'chain' ? 1 : INVERSE_TEMPERATURES.length), random.split('starts'))
  await downFromWalls(energy, where, starts)
  if (sampler.kind === 'chain') {
    return runToMixing<Target>({ sampler: sampler as ChainSampler, blocks: 1, in: (coordinates) => inCoordinates(energy, coordinates) }, where, starts, settings, random)
  }
  return runToMixing<Rungs>({
    sampler: sampler as ChainSampler<Rungs>, blocks: INVERSE_TEMPERATURES.length,
    in: (coordinates) => temperatures(inCoordinates(energy, coordinates), INVERSE_TEMPERATURES),
  }, where, starts, settings, random)
}

/** Parallel tempering over the noise levels of a ladder, down to `lowest`. */
export async function temperLadder(ladder: LadderToSample, lowest: number, sampler: ChainSampler<Rungs>, settings: ChainSettings, random: Random): Promise<Samples> {
  const { coordinates } = await findTop(ladder)
  const problem: Problem<Rungs> = {
    sampler, blocks: LADDER_RUNGS,
    // The noise is round only in the ladder's own coordinates, so that these are kept.
    in: (inner) => noiseRungs(levelsOf(ladder, inner, LADDER_RUNGS, lowest)),
  }
  return runToMixing(problem, coordinates, overdispersedStarts(coordinates, settings.chains * LADDER_RUNGS, random.split('starts')), settings, random, false)
}

/** @param starts in these coordinates, for the chains of all blocks */
async function runToMixing<T>(problem: Problem<T>, where: Coordinates, starts: Float64Array, settings: ChainSettings, random: Random, adaptCoordinates = true): Promise<Samples> {
  const { count, chains, thin, stepSize } = settings
  const watching: Watch = { ...(settings.signal ? { signal: settings.signal } : {}), ...(settings.onStep ? { onStep: settings.onStep } : {}) }
  let running: Chains<T> = await warmUp(problem, toData(starts, where), where, { ...watching, steps: settings.warmUp, coordinates: adaptCoordinates, ...(stepSize === undefined ? {} : { stepSize }) }, random.split('warm-up'))
  const parts: Drawn<T>[] = []
  let draws = Math.max(LEAST_DRAWS, Math.ceil(count / chains))
  for (let doubling = 0; ; doubling++) {
    const part = await draw(running, draws, thin, random.split('draws').split(doubling), watching)
    running = part.chains
    parts.push(part)
    const found = judge(parts, count, settings.toRows)
    if (found.mixed || doubling === DOUBLINGS) return { ...found, steps: found.steps * thin }
    draws = parts.reduce((sum, { energy }) => sum + energy.length / chains, 0)
  }
}

/** All draws together, of which `count` are kept, evenly over time. */
function judge<T>(parts: readonly Drawn<T>[], count: number, toRows: (points: Float64Array) => Float64Array = (points) => points): Samples {
  const { chainCount: chains } = parts[0]
  const rows = toRows(joined(parts.map((part) => part.rows)))
  const energy = joined(parts.map((part) => part.energy))
  const d = rows.length / energy.length
  const draws = energy.length / chains
  const columns = Array.from({ length: d }, (_, j) => diagnose({ chains, draws, at: (c, i) => rows[(i * chains + c) * d + j] }))
  const energyDiagnostics = diagnose({ chains, draws, at: (c, i) => energy[i * chains + c] })
  const kept = Float64Array.from({ length: count }, (_, k) => Math.floor((k + 0.5) * energy.length / count))
  const share = (part: Drawn<T>): number => part.energy.length / energy.length
  const swaps = parts[0].swaps?.map((_, k) => parts.reduce((sum, part) => sum + share(part) * part.swaps![k], 0))
  return {
    rows: Float64Array.from({ length: count * d }, (_, k) => rows[kept[Math.floor(k / d)] * d + (k % d)]),
    energy: Float64Array.from(kept, (k) => energy[k]),
    // Of a uniform density the energy says nothing.
    columns, energyDiagnostics, mixed: areMixed(energy.every((value) => value === energy[0]) ? columns : [...columns, energyDiagnostics]),
    chains, steps: draws,
    acceptance: parts.reduce((sum, part) => sum + share(part) * part.acceptance, 0),
    divergences: parts.reduce((sum, { divergences }) => sum + divergences, 0),
    leastSwap: swaps ? swaps.reduce((a, b) => Math.min(a, b)) : null,
  }
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0))
  let start = 0
  for (const part of parts) {
    all.set(part, start)
    start += part.length
  }
  return all
}

const areMixed = (all: readonly Diagnostics[]): boolean => all.every(({ rHat }) => rHat !== null && rHat <= MIXED)

export interface DescentSettings extends Watch {
  readonly count: number
  /** The level to end at, a variance within the ladder. */
  readonly lowest: number
  readonly levels: number
}

/** Steps of MALA at the lowest level: they take away what the way down left, if it is little, and show it. */
const POLISHING = { adapting: 30, moving: 30 }
/** Independent draws stand in this many groups for chains. */
const GROUPS = 16

/**
 * Samples a ladder: independent draws of its top, carried down to `lowest`, then polished there by MALA. R̂ compares the draws
 * before the polish with those after it: it sees whether the way down ended in the density of the lowest level. That the weights
 * of separated modes are those of the energy it cannot see; they come from the levels above.
 * @throws UnnormError `energy-not-finite`, `diverged-chains`, `interrupted`
 */
export async function sampleLadder(ladder: LadderToSample, sampler: DescentSampler, settings: DescentSettings, random: Random): Promise<Samples> {
  const { count, lowest } = settings
  const top = await findTop(ladder)
  const { coordinates } = top
  const d = coordinates.center.length
  const levels = levelsOf(ladder, coordinates, settings.levels, lowest)
  // Enough to judge by, however few are asked for.
  const chains = Math.max(count, LEAST_DRAWS)
  // The steps told are those down the ladder.
  const watching: Watch = settings.signal ? { signal: settings.signal } : {}
  const down = await descend(sampler, levels, await drawTop(levels, top, chains, random.split('top'), watching), random.split('descent'), settings)
  const before = { rows: toData(down.state.positions, coordinates), energy: down.state.energy }
  const energy = ladder.at(lowest)
  // No mode is narrower than the noise, so that the first steps are taken in its units.
  const narrow = scaled(coordinates.center, coordinates.lower.map((scale) => scale * Math.sqrt(lowest)))
  const started = await warmUp({ sampler: mala, blocks: 1, in: (inner) => inCoordinates(energy, inner) }, before.rows, narrow, { ...watching, steps: POLISHING.adapting, coordinates: false }, random.split('adapting'))
  const after = await draw(started, 1, POLISHING.moving, random.split('polish'), watching)
  const groups = GROUPS
  const size = Math.floor(chains / groups)
  const compared = (x: (source: { readonly rows: Float64Array; readonly energy: Float64Array }, row: number) => number): Diagnostics => {
    const both = diagnose({ chains: groups, draws: 2 * size, at: (g, i) => x(i < size ? before : after, g * size + (i % size)) })
    const last = diagnose({ chains: groups, draws: size, at: (g, i) => x(after, g * size + i) })
    return { ...last, rHat: both.rHat }
  }
  const columns = Array.from({ length: d }, (_, j) => compared(({ rows }, row) => rows[row * d + j]))
  const energyDiagnostics = compared((source, row) => source.energy[row])
  return {
    rows: after.rows.slice(0, count * d), energy: after.energy.slice(0, count), columns, energyDiagnostics,
    mixed: areMixed([...columns, energyDiagnostics]), chains, steps: settings.levels - 1 + POLISHING.adapting + POLISHING.moving,
    acceptance: after.acceptance, divergences: after.divergences, leastSwap: null,
  }
}
