// What a baseline is: a normalized density fitted to training rows, to which a model's log-likelihood is compared.

/** The baselines that fits are compared to, as they are called in fit.json: the first three on real columns, the last on binary ones. */
export type BaselineName = 'gaussian' | 'kernelDensity' | 'gaussianMixture' | 'independent'
/** Something of each baseline. */
export type PerBaseline<T> = Readonly<Record<BaselineName, T>>

/** The same of each baseline, from its name. */
export function perBaseline<T>(of: (name: BaselineName) => T): PerBaseline<T> {
  return { gaussian: of('gaussian'), kernelDensity: of('kernelDensity'), gaussianMixture: of('gaussianMixture'), independent: of('independent') }
}

/** A normalized density in the data's units. */
export interface Baseline {
  readonly name: string
  /**
   * log p of every row [n], in nats.
   * @param rows row-major [n × d]
   * @param isTraining which of these rows the baseline was fitted to; a baseline that would know them by heart leaves each out for itself
   */
  logDensity(rows: Float64Array, isTraining?: (row: number) => boolean): Float64Array
}
