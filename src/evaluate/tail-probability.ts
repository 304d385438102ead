// How unusual a row is among others: the share of them with an energy as high or higher (a conformal p-value, Vovk, Gammerman &
// Shafer 2005, section 2.2, without the row itself among those it is compared with).

/**
 * @param energies [n]
 * @param reference energies of the rows to compare with, at least one
 * @returns [n]; NaN for energies that are NaN
 */
export function tailProbabilities(energies: ArrayLike<number>, reference: Float64Array): Float64Array {
  const sorted = reference.filter((value) => !Number.isNaN(value)).sort()
  return Float64Array.from(energies, (value) => (Number.isNaN(value) ? NaN : (sorted.length - below(sorted, value)) / sorted.length))
}

/** How many of sorted values lie below one. */
function below(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle] < value) low = middle + 1
    else high = middle
  }
  return low
}
