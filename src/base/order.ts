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

/** The least value such that a share of the weights, which sum to one, lies at or below it; NaN for none. */
export function weightedQuantile(values: Float64Array, weights: Float64Array, share: number): number {
  let [least, most] = [Infinity, -Infinity]
  for (const value of values) {
    if (value < least) least = value
    if (value > most) most = value
  }
  // Only those that fall into the bin where the share is reached are sorted.
  const bins = Math.max(1, values.length >> 4)
  const binOf = (value: number): number => Math.min(bins - 1, Math.floor((value - least) / (most - least) * bins)) || 0
  const sums = new Float64Array(bins)
  for (let k = 0; k < values.length; k++) sums[binOf(values[k])] += weights[k]
  let sum = 0
  let bin = 0
  while (bin < bins - 1 && sum + sums[bin] < share) sum += sums[bin++]
  const inside = Array.from(values.keys()).filter((k) => binOf(values[k]) === bin).sort((a, b) => values[a] - values[b])
  for (const k of inside) if ((sum += weights[k]) >= share) return values[k]
  return inside.length > 0 ? values[inside[inside.length - 1]] : NaN
}

/** Moves the values between two places until the one that belongs there stands at `place`. */
function select(values: Float64Array, place: number, from: number, to: number): void {
  if (place === from || place === to) return selectEnd(values, place, from, to)
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

/** The least stands at `from`, or the largest at `to`. */
function selectEnd(values: Float64Array, place: number, from: number, to: number): void {
  const isLeast = place === from
  let found = place
  for (let k = from; k <= to; k++) {
    if (isLeast ? values[k] < values[found] : values[k] > values[found]) found = k
  }
  [values[place], values[found]] = [values[found], values[place]]
}
