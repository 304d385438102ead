// Which columns make a row unusual: the energy above that of a reference, split among the columns.
//
// Integrated gradients (Sundararajan, Taly & Yan 2017, eq. 1): Aⱼ = (xⱼ − rⱼ) ∫₀¹ ∂ⱼE(r + s(x − r)) ds. They are complete: Σⱼ Aⱼ = E(x) − E(r).
// On spheres the way is the great circle, x(s): Aⱼ = ∫₀¹ ∂ⱼE(x(s)) ẋⱼ(s) ds with the gradient along the sphere (a path method, section 4).
import type { PlacedDomain } from '../model/domain.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'
import { gaussLegendre } from './log-normalizer/gauss-legendre.ts'

export interface Attributions {
  /** Row-major [n × d], in nats; NaN in rows whose energy is not finite. */
  readonly values: Float64Array
  /** Energy at the reference. */
  readonly referenceEnergy: number
  /** Rows whose integrals had not settled, or did not add up, with the most nodes. */
  readonly unsettled: number
}

/** Nodes on the way from the reference to a row: doubled until nothing changes any more. */
const FEWEST = 8
const MOST = 512
/** Error of an attribution, as a share of one nat and of the energy that is split. */
const TOLERANCE = 1e-3
const POINTS_AT_ONCE = 65_536

/**
 * @param rows row-major [n × d]
 * @param reference [d], a usual row: what the columns of the others are compared with
 * @param domain where it has spheres
 */
export async function attributeEnergy(energy: FittedEnergy, rows: Float64Array, reference: Float64Array, domain?: PlacedDomain): Promise<Attributions> {
  const d = energy.columns.length
  const count = rows.length / d
  const [energies, [referenceEnergy]] = [(await energy.evaluate(rows)).energy, (await energy.evaluate(reference)).energy]
  const values = new Float64Array(rows.length).fill(NaN)
  let open = Array.from({ length: count }, (_, i) => i).filter((i) => Number.isFinite(energies[i]))
  for (let order = FEWEST; order <= MOST && open.length > 0; order *= 2) {
    const found = await integrate(energy, rows, reference, open, order, domain)
    open = open.filter((row, k) => {
      const whole = energies[row] - referenceEnergy
      const tolerance = TOLERANCE * (1 + Math.abs(whole))
      let [sum, change] = [0, 0]
      for (let j = 0; j < d; j++) {
        const value = found[k * d + j]
        sum += value
        change = Math.max(change, Math.abs(value - values[row * d + j]))
        values[row * d + j] = value
      }
      // Both: a sum can be right by chance, and two coarse rules can miss the same narrow feature.
      return !(change <= tolerance && Math.abs(sum - whole) <= tolerance)
    })
  }
  return { values, referenceEnergy, unsettled: open.length }
}

/** The integrals of some rows by one rule, row-major [chosen × d]. */
async function integrate(energy: FittedEnergy, rows: Float64Array, reference: Float64Array, chosen: readonly number[], order: number, domain: PlacedDomain | undefined): Promise<Float64Array> {
  const d = reference.length
  const { nodes, weights } = gaussLegendre(order)
  const result = new Float64Array(chosen.length * d)
  const curved = (domain?.parts ?? []).filter(({ path }) => path !== undefined)
  const most = Math.max(1, Math.floor(POINTS_AT_ONCE / order))
  for (let start = 0; start < chosen.length; start += most) {
    const size = Math.min(most, chosen.length - start)
    const points = new Float64Array(size * order * d)
    const velocities = new Float64Array(points.length)
    for (let k = 0; k < size; k++) {
      const row = chosen[start + k] * d
      for (let n = 0; n < order; n++) {
        const at = (k * order + n) * d
        for (let j = 0; j < d; j++) {
          velocities[at + j] = rows[row + j] - reference[j]
          points[at + j] = reference[j] + (nodes[n] + 1) / 2 * velocities[at + j]
        }
      }
      for (const { columns, path } of curved) {
        const along = path!(columns.map((j) => reference[j]), columns.map((j) => rows[row + j]))
        for (let n = 0; n < order; n++) {
          const at = (k * order + n) * d
          const { values, velocity } = along((nodes[n] + 1) / 2)
          columns.forEach((j, i) => {
            points[at + j] = values[i]
            velocities[at + j] = velocity[i]
          })
        }
      }
    }
    const { score } = await energy.evaluate(points)
    for (let k = 0; k < size; k++) {
      for (let n = 0; n < order; n++) {
        // ∂E = −φ, and the rule's weights sum to 2.
        for (let j = 0; j < d; j++) result[(start + k) * d + j] -= weights[n] / 2 * score[(k * order + n) * d + j] * velocities[(k * order + n) * d + j]
      }
    }
  }
  return result
}
