// Which pairs of columns are worth a picture: those that depend on each other most, by their mutual information.

/** Quantile bins a column. */
const BINS = 8

/**
 * The `most` pairs (a < b) with the largest mutual information of their columns cut into eight quantile bins, largest first;
 * all pairs, in the order of the columns, where there are no more.
 * @param rows row-major [n × d]
 */
export function dependentPairs(rows: Float64Array, d: number, most: number): readonly (readonly [number, number])[] {
  const pairs = Array.from({ length: d }, (_, a) => Array.from({ length: d - a - 1 }, (_unused, k): readonly [number, number] => [a, a + 1 + k])).flat()
  if (pairs.length <= most) return pairs
  const bins = Array.from({ length: d }, (_, j) => quantileBins(Float64Array.from({ length: rows.length / d }, (_unused, row) => rows[row * d + j])))
  const known = pairs.map((pair) => ({ pair, information: mutualInformation(bins[pair[0]], bins[pair[1]]) }))
  return known.sort((a, b) => b.information - a.information).slice(0, most).map(({ pair }) => pair)
}

/** The bin of each value; equal values share one. */
function quantileBins(values: Float64Array): Uint8Array {
  const sorted = values.slice().sort()
  const bounds = Array.from({ length: BINS - 1 }, (_, k) => sorted[Math.floor(((k + 1) * sorted.length) / BINS)])
  return Uint8Array.from(values, (value) => bounds.filter((bound) => value >= bound).length)
}

function mutualInformation(first: Uint8Array, second: Uint8Array): number {
  const joint = new Float64Array(BINS * BINS)
  first.forEach((bin, row) => { joint[bin * BINS + second[row]] += 1 / first.length })
  const [across, down] = [new Float64Array(BINS), new Float64Array(BINS)]
  joint.forEach((share, k) => {
    across[Math.floor(k / BINS)] += share
    down[k % BINS] += share
  })
  return joint.reduce((sum, share, k) => (share > 0 ? sum + share * Math.log(share / (across[Math.floor(k / BINS)] * down[k % BINS])) : sum), 0)
}
