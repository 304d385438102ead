// Where a model lives. Real space so far; a domain knows its name, its dimension and which rows lie outside.

export interface Domain {
  readonly name: string
  /** Number of columns it fixes; undefined: any. */
  readonly dimension: number | undefined
  /** Why a row lies outside, or undefined if it lies inside. */
  outside(row: ArrayLike<number>): string | undefined
}

/** All of ℝᵈ; d is that of the data unless given. */
export function real(dimension?: number): Domain {
  if (dimension !== undefined && (!Number.isInteger(dimension) || dimension < 1)) {
    throw new Error(`invalid dimension: ${dimension} (must be a whole number ≥ 1)`)
  }
  return { name: 'real', dimension, outside: () => undefined }
}
