// Points at which the density is known to be high, so that a mode narrower than the cells is not stepped over.
import { thinRows } from '../../estimate/row-moments.ts'
import type { MeasuredCell } from './cells.ts'
import type { Detectors, Integrand, Surroundings } from './integrand.ts'

/** Rows, and points that climbed from the best nodes of the cells. */
export async function findDetectors(nodes: readonly MeasuredCell[], where: Surroundings, integrand: Integrand): Promise<Detectors> {
  const { dimension } = integrand
  const starts = nodes.toSorted((a, b) => b.peak - a.peak).slice(0, 128)
  const rows = 'rows' in where ? integrand.toWhitened(thinRows(where.rows, dimension, 512)) : new Float64Array(0)
  const points = new Float64Array(rows.length + starts.length * dimension)
  points.set(rows)
  starts.forEach((cell, i) => points.set(cell.best, rows.length + i * dimension))
  const rowCount = rows.length / dimension
  const step = Float64Array.from({ length: points.length / dimension }, (_, i) => (i < rowCount ? 0.1 : starts[i - rowCount].half))
  return climb(points, step, integrand)
}

// Gradient ascent with a step length per point that grows after a success and shrinks after a failure.
async function climb(points: Float64Array, step: Float64Array, integrand: Integrand): Promise<Detectors> {
  const { dimension } = integrand
  let current = await integrand.scout(points)
  const log = current.log.slice()
  const gradient = current.gradient.slice()
  for (let iteration = 0; iteration < 20; iteration++) {
    const trial = new Float64Array(points.length)
    for (let i = 0; i < step.length; i++) {
      let norm = 0
      for (let j = 0; j < dimension; j++) norm += gradient[i * dimension + j] ** 2
      // A point without a usable gradient stays where it is.
      const movable = norm > 0 && norm < Infinity
      const factor = step[i] / Math.sqrt(norm)
      for (let k = i * dimension; k < (i + 1) * dimension; k++) trial[k] = points[k] + (movable ? factor * gradient[k] : 0)
    }
    current = await integrand.scout(trial)
    for (let i = 0; i < step.length; i++) {
      const better = current.log[i] > log[i]
      step[i] *= better ? 1.5 : 0.35
      if (!better) continue
      log[i] = current.log[i]
      for (let k = i * dimension; k < (i + 1) * dimension; k++) {
        points[k] = trial[k]
        gradient[k] = current.gradient[k]
      }
    }
  }
  return { points, log }
}
