// The coordinates a search moves in: parameters as they are, positive ones by their logarithm.
import type { FullBatch } from './full-batch.ts'

/** An objective as a search sees it, in its own coordinates u. */
export interface SearchProblem {
  readonly size: number
  /** Coordinates that are logarithms. */
  readonly logarithmic: readonly boolean[]
  evaluate(u: Float64Array): Promise<{ objective: number; gradient: Float64Array }>
  /** Row-major [size × size]. */
  hessian(u: Float64Array): Promise<Float64Array>
  /** Standard error of each element of the gradient, which is a mean over rows: what a gradient of zero means. */
  gradientErrors(u: Float64Array): Promise<Float64Array>
}

export const toSearch = (theta: Float64Array, positive: readonly boolean[]): Float64Array => theta.map((value, k) => (positive[k] ? Math.log(value) : value))
export const fromSearch = (u: Float64Array, positive: readonly boolean[]): Float64Array => u.map((value, k) => (positive[k] ? Math.exp(value) : value))

/** The objective over a table in search coordinates; derivatives by the chain rule. */
export function searchProblem(batch: FullBatch, positive: readonly boolean[]): SearchProblem {
  const size = batch.parameterCount
  const slopes = (theta: Float64Array): Float64Array => theta.map((value, k) => (positive[k] ? value : 1))
  return {
    size,
    logarithmic: positive,
    evaluate: async (u) => {
      const theta = fromSearch(u, positive)
      const { objective, gradient } = await batch.evaluate(theta)
      const slope = slopes(theta)
      return { objective, gradient: gradient.map((value, k) => value * slope[k]) }
    },
    hessian: async (u) => {
      const theta = fromSearch(u, positive)
      const slope = slopes(theta)
      const hessian = (await batch.hessian(theta)).map((value, e) => value * slope[Math.floor(e / size)] * slope[e % size])
      // d²J/du² = J″·(dθ/du)² + J′·d²θ/du², and the second derivative of exp is itself.
      const { gradient } = positive.includes(true) ? await batch.evaluate(theta) : { gradient: undefined }
      positive.forEach((logarithmic, k) => { if (logarithmic && gradient) hessian[k * size + k] += gradient[k] * theta[k] })
      return hessian
    },
    gradientErrors: async (u) => {
      const theta = fromSearch(u, positive)
      const slope = slopes(theta)
      return (await batch.gradientSquares(theta)).map((value, k) => Math.sqrt(value / batch.rowCount) * slope[k])
    },
  }
}
