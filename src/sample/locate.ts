// Where the density of an energy lies, found by the energy alone: points climb from near and far, and the reach of the hills they
// end on gives a scale for each column. For model files without rows.
import { UnnormError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import { flatTarget } from './flat-target.ts'
import { inCoordinates, scaled, toData } from './target.ts'
import type { Coordinates, Evaluates } from './target.ts'

const STARTS_PER_RADIUS = 8
const powersOfTen = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, k) => 10 ** (first + k))
const CLIMBS = 300
/** Hills lower than this below the highest hold nothing. */
const DEEP = 20

/**
 * @param spheres positions of unit vectors: there is nothing to look for
 * @throws UnnormError `energy-not-finite`, `not-integrable`
 */
export async function locate(energy: Evaluates, d: number, random: Random, spheres: readonly (readonly number[])[] = []): Promise<Coordinates> {
  if (spheres.length === 0) return locateFlat(energy, d, random)
  const unit: Coordinates = { ...scaled(new Float64Array(d), new Float64Array(d).fill(1)), spheres }
  const flat = flatTarget(inCoordinates(energy, unit), random.split('directions'))
  if (!flat) return unit
  const { center, lower } = await locateFlat(flat.target, flat.target.dimension, random)
  const curved = new Set(spheres.flat())
  let next = 0
  const place = Array.from({ length: d }, (_, j) => (curved.has(j) ? -1 : next++))
  return { center: Float64Array.from(place, (k) => (k < 0 ? 0 : center[k])), lower: Float64Array.from(place, (k) => (k < 0 ? 1 : lower[k])), spheres }
}

async function locateFlat(energy: Evaluates, d: number, random: Random): Promise<Coordinates> {
  const roughly = await search(energy, scaled(new Float64Array(d), new Float64Array(d).fill(1)), powersOfTen(-4, 8), random.split('far'))
  // Again in units that fit, in which climbs reach the top.
  return search(energy, roughly, powersOfTen(-1, 1), random.split('near'))
}

async function search(original: Evaluates, coordinates: Coordinates, radii: readonly number[], random: Random): Promise<Coordinates> {
  const energy = inCoordinates(original, coordinates)
  const d = energy.dimension
  const count = radii.length * STARTS_PER_RADIUS
  const points = new Float64Array(count * d)
  random.fillNormal(points)
  const step = Float64Array.from({ length: count }, (_, i) => radii[Math.floor(i / STARTS_PER_RADIUS)])
  for (let k = 0; k < points.length; k++) points[k] *= step[Math.floor(k / d)] / Math.sqrt(d)
  const heights = await climb(energy, points, step, d)
  const best = heights.reduce((most, value, i) => (value > heights[most] || Number.isNaN(heights[most]) ? i : most), 0)
  if (heights[best] === Infinity) throw new UnnormError('not-integrable', 'no samples: the energy falls to −∞, so that exp(−energy) cannot be integrated: it is no density (fit the model again: the rows are too few for it, or do not fit it)')
  if (!Number.isFinite(heights[best])) throw new UnnormError('energy-not-finite', 'no samples: nowhere is the energy found to be a finite number (give the run folder instead of the model file: its rows say where to look)')
  const peak = points.slice(best * d, (best + 1) * d)
  const low = await reach(energy, peak, -1)
  const high = await reach(energy, peak, 1)
  for (let i = 0; i < count; i++) {
    if (!(heights[i] > heights[best] - DEEP)) continue
    for (let j = 0; j < d; j++) {
      const x = points[i * d + j]
      low[j] = Math.min(low[j], x)
      high[j] = Math.max(high[j], x)
    }
  }
  // A Gaussian falls by 20 within 6.3 deviations.
  const center = toData(low.map((value, j) => (value + high[j]) / 2), coordinates)
  return scaled(center, low.map((value, j) => (high[j] - value) / (2 * Math.sqrt(2 * DEEP)) * coordinates.lower[j]))
}

/**
 * Gradient ascent with a step length per point that grows after a success and shrinks after a failure.
 * @param points moved in place
 * @param enough how far below the highest point the others may stay where they are
 */
export async function climb(energy: Evaluates, points: Float64Array, step: Float64Array, d: number, enough = 0): Promise<Float64Array> {
  const first = await energy.evaluate(points)
  const height = first.energy.map((value) => -value)
  const gradient = first.score.slice()
  for (let iteration = 0; iteration < CLIMBS; iteration++) {
    const least = height.reduce((most, value) => (value > most ? value : most), -Infinity) - enough
    if (enough > 0 && height.every((value) => value >= least)) break
    const trial = points.slice()
    for (let i = 0; i < step.length; i++) {
      if (enough > 0 && height[i] >= least) continue
      let norm = 0
      for (let k = i * d; k < (i + 1) * d; k++) norm += gradient[k] ** 2
      if (!(norm > 0 && norm < Infinity)) continue
      for (let k = i * d; k < (i + 1) * d; k++) trial[k] += step[i] * gradient[k] / Math.sqrt(norm)
    }
    const found = await energy.evaluate(trial)
    for (let i = 0; i < step.length; i++) {
      const better = -found.energy[i] > height[i] || (Number.isNaN(height[i]) && !Number.isNaN(found.energy[i]))
      step[i] *= better ? 1.6 : 0.4
      if (!better) continue
      height[i] = -found.energy[i]
      for (let k = i * d; k < (i + 1) * d; k++) {
        points[k] = trial[k]
        gradient[k] = found.score[k]
      }
    }
  }
  return height
}

/** How far along each axis the energy stays within reach of the peak: at steps of √2, the last at which it does, and one more. */
async function reach(energy: Evaluates, peak: Float64Array, sign: number): Promise<Float64Array> {
  const d = peak.length
  const steps = 160
  const distance = (k: number): number => 2 ** ((k - 80) / 2)
  const points = new Float64Array((1 + d * steps) * d)
  for (let row = 0; row < 1 + d * steps; row++) points.set(peak, row * d)
  for (let j = 0; j < d; j++) for (let k = 0; k < steps; k++) points[(1 + j * steps + k) * d + j] += sign * distance(k)
  const { energy: found } = await energy.evaluate(points)
  return peak.map((x, j) => {
    for (let k = steps - 2; k >= 0; k--) if (found[1 + j * steps + k] - found[0] < DEEP) return x + sign * distance(k + 1)
    return x + sign * distance(0)
  })
}
