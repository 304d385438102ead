// Independent component analysis as an energy (Hyvärinen 2005, §3.2): a linear mixture of sources with logistic distributions.
import { choleskyDecompose, logDeterminant, multiply, symmetricPower, transpose } from '../../base/linear-algebra.ts'
import { matmul, softplus, sum } from '../expression.ts'
import { defineModel } from '../model.ts'
import type { Model } from '../model.ts'
import { matrix } from '../parameters.ts'

/** A logistic distribution of variance one has the density c/2 · cosh(cs)⁻², c = π/(2√3). */
const STEEPNESS = Math.PI / (2 * Math.sqrt(3))

/**
 * log p = Σᵢ −2 log cosh(π/(2√3) wᵢᵀx) + constant on ℝᵈ, wᵢ the rows of W. Their order and signs mean nothing: the search starts at
 * the symmetric whitening matrix of the rows, and keeps those that it finds from there.
 */
export const ica: Model = icaFrom(undefined)

function icaFrom(start: Float64Array | undefined): Model {
  return defineModel<string>({
    name: 'ica',
    formula: 'Σᵢ −2 log cosh(π/(2√3) wᵢᵀ x)',
    tex: String.raw`\sum_i -2 \log\cosh\left(\frac{\pi}{2\sqrt{3}}\, w_i^\top x\right)`,
    parameters: (dimension) => ({ W: matrix(dimension, dimension, { initial: Array.from(start ?? identity(dimension)) }) }),
    logDensity: ({ W }, x) => {
      const u = matmul(W, x).mul(2 * STEEPNESS)
      // −2 log cosh(u/2) = u − 2 log(1 + eᵘ) + 2 log 2, which does not overflow.
      return sum(u.sub(softplus(u).mul(2)).add(2 * Math.LN2))
    },
    // x = W⁻¹s, and ∫ cosh(cs)⁻² ds = 2/c; |det W|² = det WWᵀ.
    logNormalizer: ({ W }, dimension) => {
      const factor = choleskyDecompose(multiply(W, transpose(W, dimension, dimension), dimension, dimension, dimension), dimension)
      return factor && dimension * Math.log(2 / STEEPNESS) - logDeterminant(factor, dimension) / 2
    },
    ...(start ? {} : {
      // Σ^(−½) is what W would be if whitening alone made the sources independent.
      forRows: ({ moments, dimension }) => icaFrom(symmetricPower(moments().covariance, dimension, -0.5)),
    }),
  })
}

const identity = (size: number): Float64Array => Float64Array.from({ length: size * size }, (_, e) => (e % (size + 1) === 0 ? 1 : 0))
