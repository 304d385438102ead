// What is sampled, p ∝ exp(−E), and the coordinates it is sampled in: a linear change of them is the metric of every sampler
// (Girolami & Calderhead 2011, §2: a constant mass matrix M = (LLᵀ)⁻¹ is unit mass in y = L⁻¹(x − c)).
import { choleskyDecompose } from '../base/linear-algebra.ts'
import type { SphereBlock } from './geometry.ts'

/** Energies and scores of rows. */
export interface Evaluated {
  /** E, [n]. */
  readonly energy: Float64Array
  /** ∇ log p = −∇E, row-major [n × d]. */
  readonly score: Float64Array
}

/** A density known up to its normalizer. A `FittedEnergy` becomes one by `inCoordinates`. */
export interface Target {
  readonly dimension: number
  /** Coordinates that lie on spheres, if some do; scores are along these. */
  readonly spheres?: readonly SphereBlock[]
  /**
   * Energies and scores of many points at once.
   * @param points row-major [n × d]
   * @returns fresh arrays, which whoever asked may overwrite
   */
  evaluate(points: Float64Array): Promise<Evaluated>
  /** The scores alone, fresh; present where they take less time without the energies. */
  scores?(points: Float64Array): Promise<Float64Array>
}

/** x = center + L y: `lower` is L, row-major [d × d], or its diagonal alone [d]. */
export interface Coordinates {
  readonly center: Float64Array
  readonly lower: Float64Array
  /** Positions of unit vectors: there c is zero and L a multiple of the identity, so that they lie on a sphere here too. */
  readonly spheres?: readonly (readonly number[])[]
}

/** The spheres of coordinates, in these. */
export const spheresIn = ({ center: { length: d }, lower, spheres = [] }: Coordinates): SphereBlock[] => spheres.map((positions) => {
  const [j] = positions
  return { positions, radius: 1 / lower[lower.length === d ? j : j * (d + 1)] }
})

/** Moments [d], [d × d] that have unit vectors around zero, each as wide in all directions as it is on average along its sphere, by themselves. */
export function roundOnSpheres(mean: Float64Array, covariance: Float64Array, spheres: readonly (readonly number[])[] = []): { readonly mean: Float64Array; readonly covariance: Float64Array } {
  const d = mean.length
  const [center, round] = [mean.slice(), covariance.slice()]
  for (const own of spheres) {
    const variance = own.reduce((sum, j) => sum + covariance[j * (d + 1)], 0) / (own.length - 1)
    for (const j of own) {
      center[j] = 0
      for (let k = 0; k < d; k++) round[j * d + k] = round[k * d + j] = j === k ? variance : 0
    }
  }
  return { mean: center, covariance: round }
}

/** Coordinates divided by the scale of each column. */
export function scaled(center: ArrayLike<number>, scale: ArrayLike<number>): Coordinates {
  return { center: Float64Array.from(center), lower: Float64Array.from(scale) }
}

/** Beyond this many columns a full L costs more than the correlations it removes. */
const MOST_DENSE = 100

/**
 * The coordinates in which points of the given second moments have mean zero and unit covariance.
 * @param ofPoints mean of y [d], in `from`
 * @param covarianceOfPoints of y, row-major [d × d]; its diagonal alone is used beyond a hundred columns, or when it is singular
 */
export function whitened(from: Coordinates, ofPoints: Float64Array, covarianceOfPoints: Float64Array): Coordinates {
  const { mean, covariance } = roundOnSpheres(ofPoints, covarianceOfPoints, from.spheres)
  const kept = from.spheres ? { spheres: from.spheres } : {}
  const d = mean.length
  const center = toData(mean, from)
  const inner = d > MOST_DENSE ? undefined : choleskyDecompose(covariance, d)
  if (inner === undefined) {
    const scale = Float64Array.from(mean, (_, j) => Math.sqrt(covariance[j * (d + 1)]) || 1)
    return { center, lower: from.lower.map((value, k) => value * scale[from.lower.length === d ? k : k % d]), ...kept }
  }
  const lower = new Float64Array(d * d)
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      if (from.lower.length === d) lower[i * d + j] = from.lower[i] * inner[i * d + j]
      else for (let k = j; k <= i; k++) lower[i * d + j] += from.lower[i * d + k] * inner[k * d + j]
    }
  }
  return { center, lower, ...kept }
}

/** x = center + L y of points [n × d], into `rows`. */
export function toData(points: Float64Array, { center, lower }: Coordinates, rows: Float64Array = new Float64Array(points.length)): Float64Array {
  const d = center.length
  for (let start = 0; start < points.length; start += d) {
    for (let i = 0; i < d; i++) {
      let value = center[i]
      if (lower.length === d) value += lower[i] * points[start + i]
      else for (let j = 0; j <= i; j++) value += lower[i * d + j] * points[start + j]
      rows[start + i] = value
    }
  }
  return rows
}

/** y = L⁻¹(x − center) of rows [n × d]. */
export function fromData(rows: Float64Array, { center, lower }: Coordinates): Float64Array {
  const d = center.length
  const points = new Float64Array(rows.length)
  for (let start = 0; start < rows.length; start += d) {
    for (let i = 0; i < d; i++) {
      let value = rows[start + i] - center[i]
      if (lower.length !== d) for (let j = 0; j < i; j++) value -= lower[i * d + j] * points[start + j]
      points[start + i] = value / (lower.length === d ? lower[i] : lower[i * d + i])
    }
  }
  return points
}

/** ∇_y = Lᵀ∇ₓ of scores [n × d], in place. */
function scoresFromData(score: Float64Array, { center, lower }: Coordinates): void {
  const d = center.length
  for (let start = 0; start < score.length; start += d) {
    // Along increasing j, so that what is still needed has not been overwritten.
    for (let j = 0; j < d; j++) {
      if (lower.length === d) {
        score[start + j] *= lower[j]
        continue
      }
      let value = 0
      for (let i = j; i < d; i++) value += lower[i * d + j] * score[start + i]
      score[start + j] = value
    }
  }
}

/** Anything that gives energies and scores of rows in the data's units, such as a `FittedEnergy`. */
export type Evaluates = Pick<Target, 'evaluate' | 'scores'>

/** An energy seen in other coordinates; the constant log |L| is left out. */
export function inCoordinates(energy: Evaluates, coordinates: Coordinates): Target {
  let rows = new Float64Array(0)
  const rowsOf = (points: Float64Array): Float64Array => {
    if (rows.length !== points.length) rows = new Float64Array(points.length)
    return toData(points, coordinates, rows)
  }
  const { scores } = energy
  return {
    dimension: coordinates.center.length,
    ...(coordinates.spheres ? { spheres: spheresIn(coordinates) } : {}),
    evaluate: async (points) => {
      const evaluated = await energy.evaluate(rowsOf(points))
      scoresFromData(evaluated.score, coordinates)
      return evaluated
    },
    ...(scores ? {
      scores: async (points) => {
        const found = await scores(rowsOf(points))
        scoresFromData(found, coordinates)
        return found
      },
    } : {}),
  }
}
