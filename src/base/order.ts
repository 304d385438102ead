// Order statistics without sorting all there is (Hoare 1961; pivots are medians of three).

/**
 * The values that would stand at some places of the sorted list: 0 the smallest.
 * @param values finite numbers, which stay as they are
 * @param places whole numbers below the number of values
 */
export function atPlaces(values: Float64Array, places: readonly number[]): number[] {
  const some = values.slice()
  const found = new Map<number, number>()
  // What lies before a place that was found is no larger than it, and what lies behind no smaller.
  let from = 0
  for (const place of [...new Set(places)].sort((a, b) => a - b)) {
    select(some, place, from, some.length - 1)
    found.set(place, some[place])
    from = place + 1
  }
  return places.map((place) => found.get(place)!)
}

/** Moves the values between two places until the one that belongs there stands at `place`. */
function select(values: Float64Array, place: number, from: number, to: number): void {
  let [low, high] = [from, to]
  while (low < high) {
    const [a, b, c] = [values[low], values[(low + high) >>> 1], values[high]]
    const pivot = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c))
    let [left, right] = [low, high]
    while (left <= right) {
      while (values[left] < pivot) left++
      while (values[right] > pivot) right--
      if (left <= right) {
        const value = values[left]
        values[left++] = values[right]
        values[right--] = value
      }
    }
    if (place <= right) high = right
    else if (place >= left) low = left
    else return
  }
}
