// A denoiser computed by an engine, many rows at once: of each noisy row the mean and covariance of what lies behind the noise.
import type { Executable } from './engine.ts'
import { inParts } from './parts.ts'

/** Second derivatives computed in one run, counted in rows of one column each: bounds their memory. */
const CHUNK = 16_384

export interface Posterior {
  /** E{x|x̃}, row-major [n × d], in the data's units. */
  readonly mean: Float64Array
  /** Cov{x|x̃}, row-major [n × d × d], in the data's units squared. */
  readonly covariance: Float64Array
}

export interface Denoiser {
  /**
   * @param rows noisy rows, row-major [n × d], in the data's units
   * @param level t of a ladder's noise; left out for a fit at one level
   */
  posterior(rows: Float64Array, level?: number): Promise<Posterior>
  release(): Promise<void>
}

/** The denoiser that an executable of `denoiserProgram` computes, for d columns. */
export function denoiserOf(executable: Executable, dimension: number): Denoiser {
  const d = dimension
  const compute = inParts(executable, Math.max(1, Math.floor(CHUNK / d)))
  return {
    posterior: async (rows, level) => {
      const count = rows.length / d
      const mean = new Float64Array(count * d)
      const covariance = new Float64Array(count * d * d)
      await compute(
        { x: { shape: [count, d], data: rows }, ...(level === undefined ? {} : { t: { shape: [count], data: new Float64Array(count).fill(level) } }) },
        { denoised: { shape: [count, d], data: mean }, covariance: { shape: [count, d, d], data: covariance } },
      )
      return { mean, covariance }
    },
    release: () => executable.release(),
  }
}
