// Errors that leave out what each row has done to the estimate itself.
//
// A row that pulls hard draws the estimate towards it, so its own gradient there is smaller than at an estimate it had no part in:
// the sandwich is too small where few rows decide, as they do where gradients have heavy tails. Without row i a Newton step from θ̂
// gives θ̂₍ᵢ₎ − θ̂ = (A − Aᵢ/n)⁻¹ gᵢ/n, and the spread of these is the jackknife's (Efron 1982, section 3.5); for least squares it
// is HC3 (MacKinnon & White 1985), for clusters of rows CV3 (Bell & McCaffrey 2002).
import { choleskyDecompose, solveCholesky } from '../base/linear-algebra.ts'
import type { Curvature } from './curvature.ts'
import type { FullBatch } from './full-batch.ts'

/** Curvatures of rows that are computed at most, as numbers: where rows are more than that allows, no single one decides. */
const MOST_CURVATURES = 2 ** 21
/** From so many rows (clusters) on they differ by half a percent where quartic energies are fitted, and by less the more there are. */
const MOST_UNITS = 40_000
/** Gradients of rows are compared so many standard errors away to either side. */
const STEP = 0.1

/**
 * Gradients of rows (of clusters: sums), each (1 − Aᵢ/n)⁻¹ gᵢ in a basis where A = 1: those from which the sandwich becomes the jackknife.
 * @returns row-major [n × count]; undefined where rows are too many, where the estimate is no minimum, and where it would be none without one of the rows
 */
export async function gradientsWithoutOwnPull(batch: FullBatch, theta: Float64Array, { basis, signs }: Curvature): Promise<Float64Array | undefined> {
  const { count } = basis
  const { rowCount, unitCount } = batch
  if (count === 0 || unitCount > MOST_UNITS || rowCount * count ** 2 > MOST_CURVATURES || signs.some((sign) => sign < 0)) return undefined
  const gradients = await batch.rowGradients(theta, basis)
  const length = gradients.length / count
  const curvatures = new Float64Array(length * count * count)
  for (let c = 0; c < count; c++) {
    let squares = 0
    for (let i = 0; i < length; i++) squares += gradients[i * count + c] ** 2
    const step = (STEP * Math.sqrt(squares)) / rowCount
    if (step === 0) continue
    const at = (by: number): Promise<Float64Array> => batch.rowGradients(theta.map((value, k) => value + by * basis.columns[k * count + c]), basis)
    const [above, below] = [await at(step), await at(-step)]
    for (let i = 0; i < length; i++) {
      for (let b = 0; b < count; b++) {
        // Half to each side of the diagonal, which makes the matrix symmetric.
        const half = (above[i * count + b] - below[i * count + b]) / (4 * step * rowCount)
        curvatures[(i * count + b) * count + c] += half
        curvatures[(i * count + c) * count + b] += half
      }
    }
  }
  for (let i = 0; i < length; i++) {
    const left = curvatures.subarray(i * count * count, (i + 1) * count * count).map((value, e) => (e % (count + 1) === 0 ? 1 : 0) - value)
    const factor = choleskyDecompose(left, count)
    if (!factor) return undefined
    gradients.set(solveCholesky(factor, count, gradients.subarray(i * count, (i + 1) * count)), i * count)
  }
  return gradients
}
