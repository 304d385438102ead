// A mixture of Gaussians, log p(x) = log Σₖ wₖ N(x; mₖ, Σₖ), with score Σₖ rₖ Σₖ⁻¹(mₖ − x), rₖ the posterior weights.
import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import { UnnormError } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import type { SyntheticDensity } from './density.ts'

/** One component: a weight > 0 (weights are divided by their sum), a mean [d], a covariance [d × d], symmetric and positive. */
export interface GaussianComponent {
  readonly weight: number
  readonly mean: readonly number[]
  readonly covariance: readonly (readonly number[])[]
}

/** A mixture also shows its components, so that e.g. its density under added noise is gaussianMixture with Σₖ + C. */
export interface GaussianMixture extends SyntheticDensity {
  readonly components: readonly GaussianComponent[]
}

/** The covariance s² I [d × d] of a round component. */
export function isotropicCovariance(dimension: number, deviation: number): number[][] {
  return Array.from({ length: dimension }, (_, i) => Array.from({ length: dimension }, (_, j) => (i === j ? deviation * deviation : 0)))
}

/**
 * A mixture of Gaussians of any covariances.
 * Without its constant it is Σₖ wₖ |Σₖ|^(−½) exp(−½ (x − mₖ)ᵀΣₖ⁻¹(x − mₖ)), so that log Z = (d/2) log 2π.
 * @throws UnnormError `invalid-mixture`
 */
export function gaussianMixture(name: string, components: readonly GaussianComponent[]): GaussianMixture {
  const dimension = components[0]?.mean.length ?? 0
  if (dimension === 0) throw new UnnormError('invalid-mixture', 'invalid mixture: no component (must have at least one, of dimension at least 1)')
  const total = components.reduce((sum, component) => sum + component.weight, 0)
  const prepared = components.map((component, index) => prepare(component, index, dimension, total))
  const logNormalizer = (dimension / 2) * Math.log(2 * Math.PI)

  const logTerms = (x: ArrayLike<number>): Float64Array => Float64Array.from(prepared, ({ logScale, mean, precision }) => {
    let form = 0
    for (let i = 0; i < dimension; i++) {
      for (let j = 0; j < dimension; j++) form += (x[i] - mean[i]) * precision[i * dimension + j] * (x[j] - mean[j])
    }
    return logScale - form / 2
  })
  const unnormalizedLogDensity = (x: ArrayLike<number>): number => logSumExp(logTerms(x))

  return {
    name,
    dimension,
    columns: Array.from({ length: dimension }, (_, i) => `x${i + 1}`),
    components,
    logNormalizer,
    unnormalizedLogDensity,
    logDensity: (x) => unnormalizedLogDensity(x) - logNormalizer,
    score(x) {
      const terms = logTerms(x)
      const sum = logSumExp(terms)
      const score = new Float64Array(dimension)
      prepared.forEach(({ mean, precision }, k) => {
        const posterior = Math.exp(terms[k] - sum)
        for (let i = 0; i < dimension; i++) {
          for (let j = 0; j < dimension; j++) score[i] += posterior * precision[i * dimension + j] * (mean[j] - x[j])
        }
      })
      return score
    },
    sample(n, random) {
      const rows = new Float64Array(n * dimension)
      const noise = new Float64Array(dimension)
      for (let row = 0; row < n; row++) {
        const { mean, factor } = prepared[chooseComponent(prepared, random)]
        random.fillNormal(noise)
        for (let i = 0; i < dimension; i++) {
          let value = mean[i]
          for (let j = 0; j <= i; j++) value += factor[i * dimension + j] * noise[j]
          rows[row * dimension + i] = value
        }
      }
      return rows
    },
  }
}

interface PreparedComponent {
  readonly weight: number
  readonly mean: readonly number[]
  /** log wₖ − ½ log |Σₖ| */
  readonly logScale: number
  /** Σₖ⁻¹, row-major. */
  readonly precision: Float64Array
  /** The Cholesky factor L of Σₖ, row-major. */
  readonly factor: Float64Array
}

function prepare(component: GaussianComponent, index: number, dimension: number, total: number): PreparedComponent {
  const { weight, mean, covariance } = component
  const where = `component ${index + 1} of the mixture`
  if (!(weight > 0)) throw new UnnormError('invalid-mixture', `invalid weight of ${where}: ${weight} (must be > 0)`)
  if (mean.length !== dimension || covariance.length !== dimension || covariance.some((row) => row.length !== dimension)) {
    throw new UnnormError('invalid-mixture', `invalid shape of ${where} (its mean and covariance must have the dimension of the first, ${dimension})`)
  }
  const matrix = new Matrix(covariance.map((row) => [...row]))
  const decomposition = matrix.isSymmetric() ? new CholeskyDecomposition(matrix) : null
  if (!decomposition?.isPositiveDefinite()) {
    throw new UnnormError('invalid-mixture', `invalid covariance of ${where} (must be symmetric and positive definite)`)
  }
  const factor = decomposition.lowerTriangularMatrix
  let logDeterminant = 0
  for (let i = 0; i < dimension; i++) logDeterminant += 2 * Math.log(factor.get(i, i))
  return {
    weight: weight / total,
    mean,
    logScale: Math.log(weight / total) - logDeterminant / 2,
    precision: Float64Array.from(decomposition.solve(Matrix.eye(dimension)).to1DArray()),
    factor: Float64Array.from(factor.to1DArray()),
  }
}

function chooseComponent(components: readonly PreparedComponent[], random: Random): number {
  let rest = random.uniform()
  for (let k = 0; k < components.length - 1; k++) {
    rest -= components[k].weight
    if (rest < 0) return k
  }
  return components.length - 1
}

function logSumExp(terms: Float64Array): number {
  const largest = terms.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  if (!Number.isFinite(largest)) return largest
  let sum = 0
  for (const term of terms) sum += Math.exp(term - largest)
  return largest + Math.log(sum)
}
