// log Z on a sphere of up to three dimensions: adaptive Gauss–Legendre quadrature on the faces of the cube around it, each seen
// from the center (the gnomonic projection z = v/‖v‖, whose area element is ‖v‖^−p in p coordinates).
import { thinRows } from '../../estimate/row-moments.ts'
import { logGammaOf } from '../../graph/ops/special.ts'
import { pointsOf, rowsOf } from '../../model/domain.ts'
import type { PlacedDomain } from '../../model/domain.ts'
import type { FittedEnergy } from '../../model/fitted-energy.ts'
import { measureCells, refineCells } from './cells.ts'
import type { Cell } from './cells.ts'
import { cubeRule, gaussLegendre } from './gauss-legendre.ts'
import { notIntegrable } from './integrand.ts'
import type { Integrand } from './integrand.ts'
import { ORDER } from './quadrature.ts'
import type { LogNormalizer } from './quadrature.ts'

/** Faces lie side by side, this far from center to center, along the first coordinate. */
const APART = 4
const TOLERANCE = 1e-6
const MOST_EVALUATIONS = 1_500_000
/** Rows that show where the density is high, so that no narrow mode is stepped over. */
const DETECTORS = 512

/**
 * log ∫ exp(−E) over the sphere's area (the circle's length); undefined in more than three dimensions, and where the domain has other parts.
 * @param rows that were fitted, row-major [n × columns]
 * @throws UnnormError `not-integrable` where the energy is NaN or −∞
 */
export async function sphereNormalizer(energy: FittedEnergy, domain: PlacedDomain, rows: Float64Array): Promise<LogNormalizer | undefined> {
  const [part] = domain.parts
  const p = part.coordinates.length
  if (domain.parts.length > 1 || part.kind !== 'sphere' || p > 4) return undefined
  const dimension = p - 1
  const integrand = onFaces(energy, domain, dimension)
  const rule = cubeRule(gaussLegendre(ORDER[dimension]), dimension)
  const points = onCube(thinRows(pointsOf(domain, rows), p, DETECTORS), p)
  const detectors = { points, log: await integrand.evaluate(points) }
  const cells = await measureCells(faces(dimension), rule, integrand)
  const { total, error, reference } = await refineCells(cells, detectors, rule, integrand, { tolerance: TOLERANCE, maximumEvaluations: MOST_EVALUATIONS })
  return { value: reference + Math.log(total), standardError: error / total, method: 'quadrature', evaluations: integrand.evaluations() }
}

/** log of the area of the unit sphere in p coordinates, 2π^{p/2}/Γ(p/2). */
export const sphereArea = (p: number): number => Math.LN2 + (p / 2) * Math.log(Math.PI) - logGammaOf(p / 2)

/** The 2p faces of the cube [−1, 1]ᵖ: face 2j is where coordinate j is 1, face 2j + 1 where it is −1. */
const faces = (dimension: number): Cell[] => Array.from({ length: 2 * (dimension + 1) }, (_, face) => ({ middle: Array.from({ length: dimension }, (__, k) => (k === 0 ? APART * face : 0)), half: 1 }))

function onFaces(energy: FittedEnergy, domain: PlacedDomain, dimension: number): Integrand {
  const p = dimension + 1
  let evaluations = 0
  const evaluate = async (points: Float64Array): Promise<Float64Array> => {
    const count = points.length / dimension
    evaluations += count
    const units = new Float64Array(count * p)
    const logArea = new Float64Array(count)
    for (let i = 0; i < count; i++) {
      const face = Math.round(points[i * dimension] / APART)
      const axis = face >> 1
      let squares = 1
      for (let k = 0; k < dimension; k++) {
        const value = points[i * dimension + k] - (k === 0 ? APART * face : 0)
        units[i * p + (k < axis ? k : k + 1)] = value
        squares += value * value
      }
      units[i * p + axis] = face % 2 === 0 ? 1 : -1
      for (let k = 0; k < p; k++) units[i * p + k] /= Math.sqrt(squares)
      logArea[i] = -(p / 2) * Math.log(squares)
    }
    const found = await energy.evaluate(rowsOf(domain, units))
    return logArea.map((value, i) => {
      if (Number.isNaN(found.energy[i]) || found.energy[i] === -Infinity) throw notIntegrable(`the energy is ${found.energy[i]} at (${Array.from(units.subarray(i * p, (i + 1) * p), (z) => z.toPrecision(4)).join(', ')})`)
      return value - found.energy[i]
    })
  }
  return {
    dimension, evaluate,
    scout: async (points) => ({ log: await evaluate(points), gradient: new Float64Array(points.length) }),
    evaluations: () => evaluations,
    toWhitened: (rows) => onCube(rows, p),
  }
}

/** Unit vectors [n × p] as points of the faces [n × (p − 1)]. */
function onCube(units: Float64Array, p: number): Float64Array {
  const count = units.length / p
  const points = new Float64Array(count * (p - 1))
  for (let i = 0; i < count; i++) {
    const z = units.subarray(i * p, (i + 1) * p)
    const axis = z.reduce((best, value, k) => (Math.abs(value) > Math.abs(z[best]) ? k : best), 0)
    let at = i * (p - 1)
    for (let k = 0; k < p; k++) if (k !== axis) points[at++] = z[k] / Math.abs(z[axis])
    points[i * (p - 1)] += APART * (2 * axis + (z[axis] > 0 ? 0 : 1))
  }
  return points
}
