// Densities fitted to rows to draw from in importance sampling: heavier tails than a Gaussian, or more than one mode.
import { logDeterminant } from '../../base/linear-algebra.ts'
import { chooseBandwidth } from '../../estimate/kernel-bandwidth.ts'
import { thinRows, whiten, unwhiten } from '../../estimate/row-moments.ts'
import type { Gaussian, Proposal } from '../gaussian-proposal.ts'

const FREEDOM = 5

/** The multivariate Student t with the Gaussian's mean and covariance, 5 degrees of freedom: weights of Gaussian tails stay bounded. */
export function studentProposal({ mean, lower }: Gaussian): Proposal {
  const d = mean.length
  // A t has the covariance ν/(ν − 2) times its scale matrix.
  const scale = lower.map((value) => value * Math.sqrt((FREEDOM - 2) / FREEDOM))
  const factor = { dimension: d, lower: scale, logDeterminant: logDeterminant(scale, d) / 2 }
  const constant = logGammaOfHalf(FREEDOM + d) - logGammaOfHalf(FREEDOM) - (d / 2) * Math.log(FREEDOM * Math.PI) - factor.logDeterminant
  return {
    sample: (n, random) => {
      const y = new Float64Array(n * d)
      const squares = new Float64Array(FREEDOM)
      for (let row = 0; row < n; row++) {
        random.fillNormal(y, row * d, (row + 1) * d)
        random.fillNormal(squares)
        const chi = squares.reduce((sum, z) => sum + z * z, 0)
        for (let k = row * d; k < (row + 1) * d; k++) y[k] *= Math.sqrt(FREEDOM / chi)
      }
      return unwhiten(y, mean, factor)
    },
    logDensity: (rows) => {
      const y = whiten(rows, mean, factor)
      return Float64Array.from({ length: rows.length / d }, (_, row) => {
        let form = 0
        for (let k = row * d; k < (row + 1) * d; k++) form += y[k] * y[k]
        return constant - ((FREEDOM + d) / 2) * Math.log1p(form / FREEDOM)
      })
    },
  }
}

/** log Γ(k/2) of a whole number k > 0, by Γ(a + 1) = aΓ(a) from Γ(½) = √π and Γ(1) = 1. */
function logGammaOfHalf(k: number): number {
  let value = k % 2 === 1 ? Math.log(Math.PI) / 2 : 0
  for (let a = k % 2 === 1 ? 0.5 : 1; a < k / 2; a++) value += Math.log(a)
  return value
}

const CENTRES = 200
/** Wider than the best kernel density: of a proposal that is too narrow the weights run off. */
const WIDENING = 1.25
const STUDENT_SHARE = 0.1

/**
 * A mixture of Gaussians around rows, with a tenth of a Student t, so that no weight is unbounded where no row lies.
 * @param gaussian that of the rows
 */
export function kernelProposal(rows: Float64Array, gaussian: Gaussian): Proposal {
  const { mean, lower } = gaussian
  const d = mean.length
  const factor = { dimension: d, lower, logDeterminant: logDeterminant(lower, d) / 2 }
  const centres = whiten(thinRows(rows, d, CENTRES), mean, factor)
  const count = centres.length / d
  const bandwidth = WIDENING * chooseBandwidth(centres, d, { maximumCentres: count, maximumQueries: 300 }).bandwidth
  const student = studentProposal(gaussian)
  const constant = Math.log((1 - STUDENT_SHARE) / count) - d * Math.log(bandwidth * Math.sqrt(2 * Math.PI)) - factor.logDeterminant
  return {
    sample: (n, random) => {
      const heavy = Math.round(n * STUDENT_SHARE)
      const y = new Float64Array((n - heavy) * d)
      random.fillNormal(y)
      for (let row = 0; row < n - heavy; row++) {
        const centre = random.integer(count)
        for (let j = 0; j < d; j++) y[row * d + j] = centres[centre * d + j] + bandwidth * y[row * d + j]
      }
      const all = new Float64Array(n * d)
      all.set(unwhiten(y, mean, factor))
      all.set(student.sample(heavy, random), y.length)
      return all
    },
    logDensity: (points) => {
      const y = whiten(points, mean, factor)
      const tail = student.logDensity(points)
      const exponents = new Float64Array(count + 1)
      return tail.map((logStudent, row) => {
        exponents[count] = Math.log(STUDENT_SHARE) + logStudent
        let most = exponents[count]
        for (let c = 0; c < count; c++) {
          let squared = 0
          for (let j = 0; j < d; j++) squared += (y[row * d + j] - centres[c * d + j]) ** 2
          exponents[c] = constant - squared / (2 * bandwidth * bandwidth)
          if (exponents[c] > most) most = exponents[c]
        }
        let sum = 0
        for (const exponent of exponents) sum += Math.exp(exponent - most)
        return most + Math.log(sum)
      })
    },
  }
}
