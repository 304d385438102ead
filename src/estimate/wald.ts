// Wald tests of linear hypotheses Lθ = c: W = (Lθ̂ − c)ᵀ(LVLᵀ)⁻¹(Lθ̂ − c) is χ² with as many degrees of freedom as equations
// (Wald 1943), V the sandwich covariance, so that the model need not be true.
import { chiSquaredTail } from '../base/chi-squared.ts'
import { choleskyDecompose, multiply, scaleToUnitDiagonal, solveCholesky, transpose } from '../base/linear-algebra.ts'
import type { Hypothesis } from '../model/hypotheses.ts'
import type { ParameterDescription } from './uncertainty.ts'

export interface WaldTest {
  /** As the user wrote it. */
  readonly hypothesis: string
  /** null where a parameter has no error, or where the equations repeat each other. */
  readonly statistic: number | null
  readonly degreesOfFreedom: number
  readonly pValue: number | null
}

/** A correlation matrix whose Cholesky pivots fall below this share is that of equations that repeat each other. */
const SINGULAR = 1e-10

/** Tests a hypothesis about natural and reported parameters. */
export function waldTest({ parameters, root }: Pick<ParameterDescription, 'parameters' | 'root'>, { text, equations }: Hypothesis): WaldTest {
  const size = equations.length
  const unknown = { hypothesis: text, statistic: null, degreesOfFreedom: size, pValue: null }
  if (!root) return unknown
  const { columns, count } = root
  const distance = equations.map(({ factors, value }) => [...factors].reduce((total, [k, factor]) => total + factor * (parameters[k].estimate ?? NaN), -value))
  // LR, R the root: its products with itself are LVLᵀ.
  const seen = new Float64Array(size * count)
  equations.forEach(({ factors }, e) => {
    for (const [k, factor] of factors) if (factor !== 0) for (let c = 0; c < count; c++) seen[e * count + c] += factor * columns[k * count + c]
  })
  const covariance = multiply(seen, transpose(seen, size, count), size, count, size)
  const variances = equations.map((_, e) => covariance[e * (size + 1)])
  if (![...distance, ...variances].every(Number.isFinite) || variances.includes(0)) return unknown
  const { matrix, factors } = scaleToUnitDiagonal(covariance, size)
  const lower = choleskyDecompose(matrix, size)
  if (!lower || equations.some((_, e) => lower[e * (size + 1)] ** 2 < SINGULAR)) return unknown
  const scaled = distance.map((value, e) => value * factors[e])
  const statistic = solveCholesky(lower, size, scaled).reduce((total, value, e) => total + value * scaled[e], 0)
  return { hypothesis: text, statistic, degreesOfFreedom: size, pValue: chiSquaredTail(statistic, size) }
}
