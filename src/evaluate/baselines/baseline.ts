// What a baseline is: a normalized density fitted to training rows, to which a model's log-likelihood is compared.

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
