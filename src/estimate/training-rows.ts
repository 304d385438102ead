// What a training step is fed: rows, noise in pairs ±z, places on the ladder; and the objective over rows that are looked at.
import type { Random } from '../base/random.ts'
import type { Scale } from '../data/standardize.ts'
import type { Split } from '../data/split.ts'
import type { Executable, Values } from '../engine/engine.ts'

export interface TrainingData {
  /** Row-major [rows × columns], in the data's units. */
  readonly values: Float64Array
  readonly scale: Scale
  readonly split: Split
}

export interface MeanObjective {
  readonly mean: number
  readonly standardError: number
}

/** What a row's objective needs beside the row. */
export interface Needs {
  /** Standard normal numbers. */
  readonly draws: number
  readonly levels: boolean
}

/** Rows whose objective is reported at the end: enough for a small error. */
const MOST_ROWS = 4096
/** Noise draws for each of them, in pairs ±z. */
const MOST_DRAWS = 8
export const REPORTED_EVALUATIONS = MOST_ROWS * MOST_DRAWS
/** Evaluations of each look on the way: fewer, since looks share rows and noise and fifty of them must cost little. */
export const LOOK_EVALUATIONS = 4096

/** Gathers rows, standardized in float64, then rounded; with draws each row twice, for ±z. */
export function fillBatch(target: Float32Array, rowNumbers: Uint32Array, { values, scale }: TrainingData, d: number, twice: boolean): void {
  const { mean, deviation } = scale
  const half = rowNumbers.length * d
  for (let k = 0; k < rowNumbers.length; k++) {
    const from = rowNumbers[k] * d
    for (let j = 0; j < d; j++) target[k * d + j] = (values[from + j] - mean[j]) / deviation[j]
  }
  if (twice) target.copyWithin(half, 0, half)
}

/** z in the first half, −z in the second: the noise of order 1/σ cancels in the gradient. */
export function fillPairs(target: Float32Array, random: Random): void {
  const half = target.length / 2
  random.fillNormal(target, 0, half)
  for (let k = 0; k < half; k++) target[half + k] = -target[k]
}

/** One level in each of as many equal parts of the ladder as there are rows; a row keeps its level for z and −z. */
export function fillLevels(target: Float32Array, random: Random): void {
  const half = target.length / 2
  for (let k = 0; k < half; k++) target[k] = target[half + k] = (k + random.uniform()) / half
}

export type Part = 'train' | 'heldOut'

export interface LookedAt {
  readonly rows: Values
  readonly draws: Values
  readonly levels: Values
  /** Times each row occurs. */
  readonly repeats: number
}

/** Rows of one part with noise that is the same at every look, so that looks can be compared; more draws where rows are few. */
export function lookBatch(data: TrainingData, part: Part, d: number, needs: Needs, random: Random, evaluations: number): LookedAt | undefined {
  const { split } = data
  const [all, rowOf] = part === 'train' ? [split.trainCount, split.trainRow] : [split.heldOutCount, split.heldOutRow]
  const count = Math.min(MOST_ROWS, all, needs.draws > 0 ? evaluations / 2 : evaluations)
  if (count === 0) return undefined
  const repeats = needs.draws > 0 ? Math.min(MOST_DRAWS, 2 * Math.floor(evaluations / (2 * count))) : 1
  const numbers = Uint32Array.from({ length: count }, (_, k) => rowOf(Math.floor((k * all) / count)))
  const once = new Float32Array(count * d)
  fillBatch(once, numbers, data, d, false)
  const rows = new Float32Array(repeats * once.length)
  const draws = new Float32Array(repeats * count * needs.draws)
  const stream = random.split('held-out noise')
  for (let k = 0; k < repeats; k++) rows.set(once, k * once.length)
  const levels = new Float32Array(repeats * count)
  for (let k = 0; k < repeats; k += 2) {
    if (needs.draws > 0) fillPairs(draws.subarray(k * count * needs.draws, (k + 2) * count * needs.draws), stream.split(k))
    if (needs.levels) fillLevels(levels.subarray(k * count, (k + 2) * count), stream.split(k).split('levels'))
  }
  return { levels: { shape: [repeats * count], data: levels }, rows: { shape: [repeats * count, d], data: rows }, draws: { shape: [repeats * count, needs.draws], data: draws }, repeats }
}

/** The objective of each row, its draws averaged. */
async function objectiveByRow(look: Executable, theta: Values, { repeats, ...inputs }: LookedAt): Promise<Float64Array> {
  const { perRow } = await look.run({ theta, ...inputs })
  const count = perRow.data.length / repeats
  return Float64Array.from({ length: count }, (_, row) => {
    let value = 0
    for (let k = 0; k < repeats; k++) value += perRow.data[k * count + row]
    return value / repeats
  })
}

/** Mean objective over rows and its standard error over rows (draws of one row averaged first). */
export async function meanObjective(look: Executable, theta: Values, rows: LookedAt): Promise<MeanObjective> {
  return ofValues(await objectiveByRow(look, theta, rows))
}

/** Mean objective under some weights less that under others, on the same rows and draws, with the standard error of the difference. */
export async function objectiveDifference(look: Executable, theta: Values, other: Values, rows: LookedAt): Promise<MeanObjective> {
  const others = await objectiveByRow(look, other, rows)
  return ofValues((await objectiveByRow(look, theta, rows)).map((value, row) => value - others[row]))
}

function ofValues(values: Float64Array): MeanObjective {
  const count = values.length
  let total = 0
  let squares = 0
  for (const value of values) {
    total += value
    squares += value * value
  }
  const mean = total / count
  return { mean, standardError: Math.sqrt(Math.max(0, squares / count - mean * mean) / count) }
}
