// Down a ladder of noise levels: the levels, the Gaussian at their top, and the way from there to the lowest.
import { choleskyDecompose, invertCholesky } from '../base/linear-algebra.ts'
import type { Random } from '../base/random.ts'
import { UnnormError } from '../base/errors.ts'
import type { LadderEnergy } from '../engine/energy.ts'
import { draw, warmUp, watch } from './chains.ts'
import type { Watch } from './chains.ts'
import type { DescentSampler, DescentState, Levels } from './sampler.ts'
import { hmc } from './samplers/hmc.ts'
import { inCoordinates, scaled, toData } from './target.ts'
import type { Coordinates, Target } from './target.ts'

/** What of a `LadderEnergy` is sampled. */
export type LadderToSample = Pick<LadderEnergy, 'ladder' | 'deviations' | 'at'>

/**
 * Levels at equal ratios from the ladder's top down to `lowest`.
 * @param coordinates whose scale is the ladder's deviations
 */
export function levelsOf(ladder: LadderToSample, coordinates: Coordinates, count: number, lowest = ladder.ladder.least): Levels {
  const { most } = ladder.ladder
  const variances = Float64Array.from({ length: count }, (_, k) => (k === count - 1 ? lowest : most * (lowest / most) ** (k / (count - 1))))
  const targets = new Map<number, Target>()
  return {
    dimension: coordinates.center.length, variances,
    at: (level) => {
      const known = targets.get(level)
      if (known !== undefined) return known
      const made = inCoordinates(ladder.at(variances[level]), coordinates)
      targets.set(level, made)
      return made
    },
  }
}

/** The Gaussian that the highest level nearly is. */
export interface Top {
  /** Divided by the ladder's deviations, around the mean of the highest level. */
  readonly coordinates: Coordinates
  /** Covariance of the highest level, row-major [d × d], in these coordinates. */
  readonly covariance: Float64Array
}

const MOST_ITERATIONS = 30

/**
 * Mean and covariance of the highest level, N(mean, Σ + tI) up to what the rows lack in normality, by Newton's method: the score
 * of a Gaussian is affine, φ(y) = −(Σ + tI)⁻¹(y − mean), so the first step is exact but for that.
 */
export async function findTop(ladder: LadderToSample): Promise<Top> {
  const d = ladder.deviations.length
  const { most } = ladder.ladder
  const target = inCoordinates(ladder.at(most), scaled(new Float64Array(d), ladder.deviations))
  const width = Math.sqrt(1 + most)
  let mean = new Float64Array(d)
  let covariance = new Float64Array(d * d)
  for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
    const points = Float64Array.from({ length: (2 * d + 1) * d }, (_, k) => mean[k % d])
    for (let j = 0; j < d; j++) {
      points[(1 + 2 * j) * d + j] += width
      points[(2 + 2 * j) * d + j] -= width
    }
    const { score } = await target.evaluate(points)
    const slope = (i: number, j: number): number => (score[(2 + 2 * j) * d + i] - score[(1 + 2 * j) * d + i]) / (2 * width)
    const precision = Float64Array.from({ length: d * d }, (_, k) => (slope(Math.floor(k / d), k % d) + slope(k % d, Math.floor(k / d))) / 2)
    const lower = choleskyDecompose(precision, d)
    covariance = new Float64Array(lower === undefined ? Float64Array.from(precision, (_, k) => (k % (d + 1) === 0 ? width * width : 0)) : invertCholesky(lower, d))
    let moved = 0
    mean = mean.map((value, i) => {
      let shift = 0
      for (let j = 0; j < d; j++) shift += covariance[i * d + j] * score[j]
      moved = Math.max(moved, Math.abs(shift))
      return value + shift
    })
    if (moved < 1e-3 * width) break
  }
  if (!mean.every(Number.isFinite)) throw new UnnormError('energy-not-finite', 'no samples: the energy of the highest noise level is not a finite number (fit the model again, perhaps with a lower --learning-rate)')
  return { coordinates: scaled(toData(mean, scaled(new Float64Array(d), ladder.deviations)), ladder.deviations), covariance }
}

/** Steps at the top: a Gaussian forgets its start in a few, and so what it lacks in exactness. */
const STEPS_AT_TOP = { adapting: 20, moving: 10 }

/** Draws of the highest level, in the top's coordinates [count × d]. */
export async function drawTop(levels: Levels, { covariance }: Top, count: number, random: Random, watching: Watch = {}): Promise<Float64Array> {
  const d = levels.dimension
  const lower = choleskyDecompose(covariance, d) ?? Float64Array.from(covariance, (value, k) => (k % (d + 1) === 0 ? Math.sqrt(value) : 0))
  const normal = new Float64Array(count * d)
  random.split('normal').fillNormal(normal)
  const coordinates: Coordinates = { center: new Float64Array(d), lower }
  const top = levels.at(0)
  const started = await warmUp({ sampler: hmc, blocks: 1, in: (inner) => inCoordinates(top, inner) }, toData(normal, coordinates), coordinates, { ...watching, steps: STEPS_AT_TOP.adapting, coordinates: false }, random.split('adapting'))
  const { chains } = await draw(started, 1, STEPS_AT_TOP.moving, random.split('moving'), watching)
  return toData(chains.state.positions, coordinates)
}

export interface Descended {
  readonly state: DescentState
  /** Mean over levels and chains. */
  readonly acceptance: number
}

/** From draws of the highest level to the lowest. */
export async function descend(sampler: DescentSampler, levels: Levels, positions: Float64Array, random: Random, watching: Watch = {}): Promise<Descended> {
  let state = await sampler.init(levels, positions)
  let acceptance = 0
  const last = levels.variances.length - 1
  while (state.level < last) {
    const stepped = await sampler.step(levels, state, random.split(state.level))
    state = stepped.state
    acceptance += stepped.info.acceptance.reduce((sum, value) => sum + value, 0) / stepped.info.acceptance.length
    watch(watching, state.level, last)
  }
  if (!state.positions.every(Number.isFinite)) throw new UnnormError('diverged-chains', `no samples: on the way down the noise levels points ran off to infinity (the energy does not hold them; fit it with more --steps, or take another --sampler)`)
  return { state, acceptance: last > 0 ? acceptance / last : 1 }
}
