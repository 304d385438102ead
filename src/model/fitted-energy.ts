// What every consumer of a fit needs of it, whatever computes it: energies and scores of rows in the data's units.

/** A fitted energy. Scores are ∇ₓ log p = −∇ₓE. */
export interface FittedEnergy {
  readonly columns: readonly string[]
  /**
   * Energies and scores of many rows at once.
   * @param rows row-major [n × d], in the data's units and column order
   * @returns `energy` [n]; `score` row-major [n × d], NaN on a binary domain, where there is none
   */
  evaluate(rows: Float64Array): Promise<{ energy: Float64Array; score: Float64Array }>
  /** The scores alone [n × d], fresh; present where they take less time without the energies. */
  scores?(rows: Float64Array): Promise<Float64Array>
}
