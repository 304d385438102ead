// Samples of binary columns: independent draws where all rows can be listed, else the Gibbs sampler (Geman & Geman 1984), which draws
// one column after the other given the rest.
import { UnnormError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import { MOST_ENUMERATED, drawRows, enumerate } from '../engine/enumeration.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'
import { refuseIfStopped } from './chains.ts'
import type { Watch } from './chains.ts'
import { diagnose, MIXED } from './diagnostics.ts'
import type { Diagnostics } from './diagnostics.ts'
import { DOUBLINGS, LEAST_DRAWS } from './draw-samples.ts'
import type { Samples } from './draw-samples.ts'

export const spinSamplers = ['enumeration', 'gibbs'] as const
export type SpinSampler = (typeof spinSamplers)[number]

/** What `sampleSpins` takes where nothing else is asked for. */
export const usualSpinSampler = (columns: number): SpinSampler => (columns <= MOST_ENUMERATED ? 'enumeration' : 'gibbs')

export interface SpinSettings extends Watch {
  readonly count: number
  /** Of the Gibbs sampler. */
  readonly chains: number
  readonly warmUp: number
  readonly thin: number
}

/**
 * Draws of binary columns, in −1 and +1.
 * @throws UnnormError `too-many-columns` for more than can be listed, `energy-not-finite`, `interrupted`
 */
export async function sampleSpins(energy: FittedEnergy, sampler: SpinSampler, settings: SpinSettings, random: Random): Promise<Samples> {
  return sampler === 'enumeration' ? byEnumeration(energy, settings.count, random) : byGibbs(energy, settings, random)
}

async function byEnumeration(energy: FittedEnergy, count: number, random: Random): Promise<Samples> {
  const d = energy.columns.length
  if (d > MOST_ENUMERATED) throw new UnnormError('too-many-columns', `${d} binary columns have 2^${d} rows, and those of up to ${MOST_ENUMERATED} columns can be listed (take --sampler gibbs)`)
  const all = await enumerate(energy)
  if (!all) throw new UnnormError('energy-not-finite', 'the energy is not a number at some of the rows that the columns can have')
  const rows = drawRows(all, count, random)
  const energies = (await energy.evaluate(rows)).energy
  const independent = (at: (row: number) => number): Diagnostics => {
    let [mean, squares] = [0, 0]
    for (let row = 0; row < count; row++) mean += at(row) / count
    for (let row = 0; row < count; row++) squares += (at(row) - mean) ** 2
    const deviation = Math.sqrt(squares / Math.max(1, count - 1))
    return { rHat: null, bulk: count, tail: count, mean, deviation, error: deviation / Math.sqrt(count) }
  }
  return {
    rows, energy: energies, columns: Array.from({ length: d }, (_, j) => independent((row) => rows[row * d + j])), energyDiagnostics: independent((row) => energies[row]),
    mixed: true, chains: count, steps: 1, acceptance: 1, divergences: 0, leastSwap: null,
  }
}

/** Chains in lock-step. */
interface Sweep {
  /** Row-major [chains × d] of −1 and +1; changed in place. */
  readonly rows: Float64Array
  energy: Float64Array
}

async function sweep(energy: FittedEnergy, { rows, energy: current }: Sweep, random: Random): Promise<Sweep> {
  const d = energy.columns.length
  const chains = rows.length / d
  const uniform = new Float64Array(chains * d)
  random.fillUniform(uniform)
  let now = current
  for (let i = 0; i < d; i++) {
    const flipped = rows.map((value, e) => (e % d === i ? -value : value))
    const there = (await energy.evaluate(flipped)).energy
    now = now.map((own, c) => {
      // The probability of the other value given the rest.
      const isFlipped = uniform[c * d + i] < 1 / (1 + Math.exp(there[c] - own))
      if (isFlipped) rows[c * d + i] *= -1
      return isFlipped ? there[c] : own
    })
  }
  if (now.some(Number.isNaN)) throw new UnnormError('energy-not-finite', 'the energy is not a number at some rows that the sampler came to')
  return { rows, energy: now }
}

async function byGibbs(energy: FittedEnergy, { count, chains, warmUp, thin, signal, onStep }: SpinSettings, random: Random): Promise<Samples> {
  const d = energy.columns.length
  // Starts far apart: every column by the toss of a coin.
  const starts = new Float64Array(chains * d)
  random.split('starts').fillUniform(starts)
  starts.forEach((value, e) => { starts[e] = value < 0.5 ? -1 : 1 })
  let state: Sweep = { rows: starts, energy: (await energy.evaluate(starts)).energy }
  let step = 0
  const steps = async (number: number): Promise<void> => {
    for (let k = 0; k < number; k++) {
      refuseIfStopped(signal)
      state = await sweep(energy, state, random.split('sweep').split(step++))
    }
  }
  for (let k = 1; k <= warmUp; k++) {
    await steps(1)
    onStep?.(k, warmUp + Math.max(LEAST_DRAWS, Math.ceil(count / chains)))
  }
  const kept: { rows: Float64Array; energy: Float64Array }[] = []
  for (let doubling = 0, more = Math.max(LEAST_DRAWS, Math.ceil(count / chains)); ; doubling++, more = kept.length) {
    for (let k = 1; k <= more; k++) {
      await steps(thin)
      kept.push({ rows: state.rows.slice(), energy: state.energy })
      onStep?.(warmUp + kept.length, warmUp + more + kept.length - k)
    }
    const draws = { chains, draws: kept.length }
    const columns = Array.from({ length: d }, (_, j) => diagnose({ ...draws, at: (c, i) => kept[i].rows[c * d + j] }))
    const energyDiagnostics = diagnose({ ...draws, at: (c, i) => kept[i].energy[c] })
    const mixed = [...columns, energyDiagnostics].every(({ rHat, deviation }) => (rHat !== null && rHat <= MIXED) || deviation === 0)
    if (!mixed && doubling < DOUBLINGS) continue
    // Spread evenly over chains and steps.
    const places = Array.from({ length: count }, (_, k) => Math.floor((k + 0.5) * kept.length * chains / count))
    const rows = new Float64Array(count * d)
    places.forEach((place, k) => { rows.set(kept[Math.floor(place / chains)].rows.subarray((place % chains) * d, (place % chains + 1) * d), k * d) })
    return {
      rows, energy: Float64Array.from(places, (place) => kept[Math.floor(place / chains)].energy[place % chains]),
      columns, energyDiagnostics, mixed, chains, steps: kept.length * thin, acceptance: 1, divergences: 0, leastSwap: null,
    }
  }
}
