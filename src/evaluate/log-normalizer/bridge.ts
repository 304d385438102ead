// Bridge sampling (Meng & Wong 1996) in its optimal form, Bennett's acceptance ratio (Bennett 1976), between neighbouring stops of a
// path: the logs of the ratios of their normalizers add up to log Z.
import { move } from './hamiltonian.ts'
import { studentFactor } from './log-mean-exp.ts'
import type { LogNormalizerMethod } from './method.ts'
import { GROUPS, logWeightsBetween, resample } from './particles.ts'
import { pathOf, refusePath } from './path.ts'
import { MOVES, planAnnealing } from './schedule.ts'

const LARGEST_GROUP = 128
const SMALLEST_GROUP = 8

export const bridge: LogNormalizerMethod = {
  name: 'bridge',
  sentence: 'bridge sampling between neighbouring noise levels (or geometric means of a Gaussian and the density) with draws that annealing brings along',
  refuses: refusePath,
  async estimate(context) {
    const { random, budget, now } = context
    const start = now()
    const path = pathOf(context)
    const { stops, costPerChain, acceptance } = await planAnnealing(path, random.split('pilot'))
    const size = Math.max(SMALLEST_GROUP, Math.min(LARGEST_GROUP, Math.floor(budget / (costPerChain + stops.length) / GROUPS)))
    let points = await path.at(0, path.start.sample(size * GROUPS, random.split('start')))
    let [position, value] = [0, 0]
    const ofGroups = new Float64Array(GROUPS)
    for (const [k, { position: next, kernel }] of stops.entries()) {
      const forward = await path.at(next, points.rows)
      const up = logWeightsBetween(points, forward)
      let moved = resample(forward, up, size, random.split('resample').split(k))
      for (let m = 0; m < MOVES; m++) moved = (await move(path, next, moved, kernel, random.split('move').split(k).split(m))).points
      const down = logWeightsBetween(await path.at(position, moved.rows), moved)
      value += bridgeRatio(up, down)
      for (let group = 0; group < GROUPS; group++) {
        const part = (values: Float64Array): Float64Array => values.subarray(group * size, (group + 1) * size)
        ofGroups[group] += bridgeRatio(part(up), part(down))
      }
      points = moved
      position = next
    }
    const mean = ofGroups.reduce((a, b) => a + b, 0) / GROUPS
    const squares = ofGroups.reduce((total, each) => total + (each - mean) ** 2, 0)
    return {
      method: 'bridge', value, standardError: studentFactor(GROUPS) * Math.sqrt(squares / (GROUPS - 1) / GROUPS), bounds: null,
      doubt: Number.isFinite(value) ? null : 'no chain reached the energy',
      evaluations: path.evaluations(), seconds: (now() - start) / 1000, diagnostics: { chains: size * GROUPS, steps: stops.length, acceptance },
    }
  },
}

/**
 * log Z₂/Z₁ from as many draws of each density: the root r of Σ σ(l₁ − r) = Σ σ(r − l₂), σ the logistic function (Bennett 1976, eq. 12).
 * @param first log p₂/p₁ (unnormalized) at draws of the first
 * @param second the same at draws of the second
 */
export function bridgeRatio(first: Float64Array, second: Float64Array): number {
  const logistic = (x: number): number => 1 / (1 + Math.exp(-x))
  // Falls strictly in r; the root lies between the extremes.
  let [low, high] = [Infinity, -Infinity]
  for (const values of [first, second]) {
    for (const value of values) {
      if (!Number.isFinite(value)) continue
      low = Math.min(low, value)
      high = Math.max(high, value)
    }
  }
  if (low > high) return -Infinity
  // Each side weighs at most n, so that the root may lie a little beyond the extremes.
  const reach = Math.log(first.length + second.length)
  low -= reach
  high += reach
  for (let k = 0; k < 60; k++) {
    const middle = (low + high) / 2
    let balance = 0
    for (const value of first) balance += logistic(value - middle)
    for (const value of second) balance -= logistic(middle - value)
    if (balance > 0) low = middle
    else high = middle
  }
  return (low + high) / 2
}
