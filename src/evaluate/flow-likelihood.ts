// Log-densities of rows by the probability flow (Song et al. 2021, eqs. 13 and 39): the scores of all noise levels carry a row up to
// the largest level, where the density is known, and the divergence on the way tells how much room it gained.
//
// With noise of covariance tD², D the ladder's deviations: dx/dt = −½D²φ(x, t) and d log p/dt = ½ tr(D²∇φ) along it.
// Nothing but scores enters, so that the check is independent of how the energy is normalized.
import type { Random } from '../base/random.ts'
import type { LadderEnergy } from '../engine/energy.ts'

export interface FlowLikelihood {
  /** log p of every row at the ladder's smallest level. */
  readonly perRow: Float64Array
  /** Mean absolute change of a row's value against half as many steps. */
  readonly stepError: number
  /** Rows at which a score was evaluated. */
  readonly evaluations: number
}

export interface FlowOptions {
  /** Steps of the Runge–Kutta method, even in log t; an even number. */
  readonly steps?: number
  /** Directions in which the divergence is measured where there are more than ten columns. */
  readonly probes?: number
}

const EXACT_UP_TO = 10
/** Of a difference of scores, in units of √t · deviation, the smallest scale of the density at level t. */
const DIFFERENCE = 0.02

/**
 * @param rows row-major [n × d], in the data's units
 * @param topLogNormalizer log Z at the ladder's largest level
 * @param random for the probes of the divergence above ten columns (Hutchinson 1990)
 */
export async function flowLikelihood(ladder: LadderEnergy, rows: Float64Array, topLogNormalizer: number, random: Random, { steps = 60, probes = 8 }: FlowOptions = {}): Promise<FlowLikelihood> {
  const directions = probeDirections(ladder.columns.length, rows.length, probes, random)
  const fine = await follow(ladder, rows, directions, steps)
  const coarse = await follow(ladder, rows, directions, steps / 2)
  const top = ladder.at(ladder.ladder.most)
  const logDensity = async ({ end, gained }: Journey): Promise<Float64Array> => (await top.evaluate(end)).energy.map((value, k) => -value - topLogNormalizer - gained[k])
  const [perRow, rough] = [await logDensity(fine), await logDensity(coarse)]
  return {
    perRow,
    stepError: perRow.reduce((sum, value, k) => sum + Math.abs(value - rough[k]), 0) / perRow.length,
    evaluations: fine.evaluations + coarse.evaluations + 2 * perRow.length,
  }
}

/** Where rows end, and how much log p gained on the way by the divergence. */
interface Journey {
  readonly end: Float64Array
  readonly gained: Float64Array
  readonly evaluations: number
}

/** Directions [n × d] in units of the deviations, one table for every probe; their mean vᵀ∇φv is the trace, with the given weight each. */
interface Directions {
  readonly tables: readonly Float64Array[]
  readonly weight: number
}

function probeDirections(d: number, size: number, probes: number, random: Random): Directions {
  if (d <= EXACT_UP_TO) return { tables: Array.from({ length: d }, (_, j) => Float64Array.from({ length: size }, (__, k) => (k % d === j ? 1 : 0))), weight: 1 }
  return { tables: Array.from({ length: probes }, () => Float64Array.from({ length: size }, () => (random.uniform() < 0.5 ? -1 : 1))), weight: 1 / probes }
}

/** The classical Runge–Kutta method in s = log t: dx/ds = −½tD²φ. */
async function follow(ladder: LadderEnergy, rows: Float64Array, { tables, weight }: Directions, steps: number): Promise<Journey> {
  const { columns, deviations, ladder: { least, most } } = ladder
  const d = columns.length
  const count = rows.length / d
  const stride = Math.log(most / least) / steps
  let evaluations = 0
  const rates = async (x: Float64Array, s: number): Promise<{ velocity: Float64Array; rate: Float64Array }> => {
    const t = Math.exp(s)
    const h = DIFFERENCE * Math.sqrt(t)
    // The rows, then for every direction the rows a little ahead and behind: one batch.
    const batch = new Float64Array(x.length * (1 + 2 * tables.length))
    batch.set(x)
    tables.forEach((table, p) => {
      for (let k = 0; k < x.length; k++) {
        const shift = h * deviations[k % d] * table[k]
        batch[(1 + 2 * p) * x.length + k] = x[k] + shift
        batch[(2 + 2 * p) * x.length + k] = x[k] - shift
      }
    })
    const { score } = await ladder.at(t).evaluate(batch)
    evaluations += batch.length / d
    const rate = new Float64Array(count)
    tables.forEach((table, p) => {
      for (let k = 0; k < x.length; k++) {
        const change = score[(1 + 2 * p) * x.length + k] - score[(2 + 2 * p) * x.length + k]
        rate[Math.floor(k / d)] += 0.5 * t * weight * table[k] * deviations[k % d] * change / (2 * h)
      }
    })
    return { velocity: x.map((_, k) => -0.5 * t * deviations[k % d] ** 2 * score[k]), rate }
  }
  let x = rows
  const gained = new Float64Array(count)
  for (let step = 0; step < steps; step++) {
    const s = Math.log(least) + step * stride
    const ahead = (velocity: Float64Array, share: number): Float64Array => x.map((value, k) => value + share * stride * velocity[k])
    const first = await rates(x, s)
    const second = await rates(ahead(first.velocity, 0.5), s + stride / 2)
    const third = await rates(ahead(second.velocity, 0.5), s + stride / 2)
    const fourth = await rates(ahead(third.velocity, 1), s + stride)
    const mean = (a: Float64Array, b: Float64Array, c: Float64Array, e: Float64Array): Float64Array => a.map((value, k) => (value + 2 * b[k] + 2 * c[k] + e[k]) / 6)
    x = ahead(mean(first.velocity, second.velocity, third.velocity, fourth.velocity), 1)
    mean(first.rate, second.rate, third.rate, fourth.rate).forEach((value, k) => { gained[k] += stride * value })
  }
  return { end: x, gained, evaluations }
}
