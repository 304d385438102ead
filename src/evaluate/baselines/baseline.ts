// What a baseline is: a normalized density fitted to training rows, to which a model's log-likelihood is compared.

/** A normalized density in the data's units. */
export interface Baseline {
  readonly name: string
  /**
   * log p of every row [n], in nats.
   * @param rows row-major [n × d]; none of the training rows, unless the comparison is meant to flatter the baseline
   */
  logDensity(rows: Float64Array): Float64Array
}
