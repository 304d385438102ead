// A denoiser computed by an engine, many rows at once: of each noisy row the mean and covariance of what lies behind the noise.
import type { Executable } from './engine.ts'

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
  const most = Math.max(1, Math.floor(CHUNK / d))
  return {
    posterior: async (rows, level) => {
      const count = rows.length / d
      const mean = new Float64Array(count * d)
      const covariance = new Float64Array(count * d * d)
      for (let start = 0; start < count; start += most) {
        const size = Math.min(most, count - start)
        const part = await executable.run({
          x: { shape: [size, d], data: rows.subarray(start * d, (start + size) * d) },
          ...(level === undefined ? {} : { t: { shape: [size], data: new Float64Array(size).fill(level) } }),
        })
        mean.set(part.denoised.data, start * d)
        covariance.set(part.covariance.data, start * d * d)
      }
      return { mean, covariance }
    },
    release: () => executable.release(),
  }
}
