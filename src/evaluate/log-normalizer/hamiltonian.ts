// Hamiltonian moves of many chains at once (Duane et al. 1987; Neal 2011): the transitions that annealing needs, nothing more.
import type { Random } from '../../base/random.ts'
import type { Path, Points } from './path.ts'

export interface Kernel {
  /** Of a leapfrog step, in units of the frame. */
  readonly step: number
  readonly leaps: number
}

/** Every chain takes between this share of the step and all of it, so that no period of the motion is met. */
const LEAST_SHARE = 0.4

/**
 * One move of every chain, reversible with respect to the density at the position: momentum z ~ N(0, I) in the coordinates
 * y = L⁻¹x of the frame, leapfrog, Metropolis. A trajectory that leaves the finite numbers is refused.
 */
export async function move(path: Path, position: number, from: Points, kernel: Kernel, random: Random): Promise<{ points: Points; acceptance: number }> {
  const d = path.dimension
  const lower = path.frame(position)
  const count = from.energy.length
  const momentum = new Float64Array(count * d)
  random.fillNormal(momentum)
  const [steps, thresholds] = [new Float64Array(count), new Float64Array(count)]
  random.fillUniform(steps)
  random.fillUniform(thresholds)
  for (let i = 0; i < count; i++) steps[i] = kernel.step * (LEAST_SHARE + (1 - LEAST_SHARE) * steps[i])
  const kinetic = (i: number): number => {
    let sum = 0
    for (let k = i * d; k < (i + 1) * d; k++) sum += momentum[k] * momentum[k]
    return sum / 2
  }
  const before = from.energy.map((value, i) => value + kinetic(i))
  const push = (score: Float64Array, share: number): void => {
    for (let i = 0; i < count; i++) {
      const size = share * steps[i]
      for (let r = 0; r < d; r++) {
        const force = size * score[i * d + r]
        for (let k = 0; k <= r; k++) momentum[i * d + k] += lower[r * d + k] * force
      }
    }
  }
  let to = from
  push(from.score, 0.5)
  for (let leap = 1; leap <= kernel.leaps; leap++) {
    const rows = new Float64Array(to.rows)
    for (let i = 0; i < count; i++) {
      for (let r = 0; r < d; r++) {
        let sum = 0
        for (let k = 0; k <= r; k++) sum += lower[r * d + k] * momentum[i * d + k]
        rows[i * d + r] += steps[i] * sum
      }
    }
    to = await path.at(position, rows)
    push(to.score, leap < kernel.leaps ? 1 : 0.5)
  }
  let total = 0
  const points = { rows: to.rows.slice(), energy: to.energy.slice(), score: to.score.slice() }
  for (let i = 0; i < count; i++) {
    const probability = Math.min(1, Math.exp(before[i] - to.energy[i] - kinetic(i)))
    // NaN, of a trajectory that ran off, is refused too.
    if (probability >= 0) total += probability
    if (thresholds[i] < probability) continue
    points.energy[i] = from.energy[i]
    points.rows.set(from.rows.subarray(i * d, (i + 1) * d), i * d)
    points.score.set(from.score.subarray(i * d, (i + 1) * d), i * d)
  }
  return { points, acceptance: total / count }
}
