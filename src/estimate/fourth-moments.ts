// Moments of whitened rows up to the fourth order: means of m mᵀ, m the monomials 1, yᵢ, yᵢyⱼ.
//
// With y₀ = 1 every one is a mean of y_a y_b y_c y_d, a ≤ b ≤ c ≤ d: a product of pairs (a, b) and (c, d), of which the second run
// through an unbroken end of all pairs. So each is computed once: 1001 of them for ten columns, where m mᵀ has 4356 elements.
import { monomialCount } from './quadratic-in-x.ts'

/** Rows that are multiplied at once: what they add to a moment is loaded and stored once. */
const TOGETHER = 8

/**
 * Mean over rows of w² m mᵀ, row-major [monomials × monomials].
 * @param parts the rows in pieces, row-major [n × d], with their weights [n] if they have some
 */
export function fourthMoments(parts: Iterable<{ readonly whitened: Float64Array; readonly weights?: Float64Array }>, dimension: number): Float64Array {
  const size = dimension + 1
  const pairs = Array.from({ length: size }, (_, i) => i).flatMap((i) => Array.from({ length: size - i }, (_, k) => ({ i, j: i + k })))
  const startOf = Array.from({ length: size }, (_, k) => pairs.findIndex(({ i }) => i === k))
  const first = Int32Array.from(pairs, ({ i }) => i)
  const second = Int32Array.from(pairs, ({ j }) => j)
  const from = Int32Array.from(pairs, ({ j }) => startOf[j])
  const sums = new Float64Array(pairs.length ** 2)
  let rowCount = 0
  for (const { whitened, weights } of parts) {
    addMoments(whitened, dimension, weights, { first, second, from }, sums)
    rowCount += whitened.length / dimension
  }
  const place = (a: number, b: number): number => startOf[a] + b - a
  const result = new Float64Array(monomialCount(dimension) ** 2)
  pairs.forEach((p, k) => {
    pairs.forEach((q, l) => {
      const [a, b, c, d] = [p.i, p.j, q.i, q.j].sort((x, y) => x - y)
      result[k * pairs.length + l] = sums[place(a, b) * pairs.length + place(c, d)] / rowCount
    })
  })
  return result
}

interface Pairs {
  readonly first: Int32Array
  readonly second: Int32Array
  /** Where the pairs begin that a pair is multiplied with. */
  readonly from: Int32Array
}

function addMoments(whitened: Float64Array, d: number, weights: Float64Array | undefined, { first, second, from }: Pairs, sums: Float64Array): void {
  const count = whitened.length / d
  const pairCount = first.length
  const y = new Float64Array(TOGETHER * (d + 1))
  const products = new Float64Array(TOGETHER * pairCount)
  const squares = new Float64Array(TOGETHER)
  for (let row = 0; row < count; row += TOGETHER) {
    // Places beyond the last row count nothing.
    for (let r = 0; r < TOGETHER; r++) {
      const isRow = row + r < count
      squares[r] = isRow ? (weights ? weights[row + r] ** 2 : 1) : 0
      y[r] = 1
      for (let j = 0; j < d; j++) y[TOGETHER * (j + 1) + r] = isRow ? whitened[(row + r) * d + j] : 0
    }
    for (let p = 0; p < pairCount; p++) {
      const at = TOGETHER * p
      const a = TOGETHER * first[p]
      const b = TOGETHER * second[p]
      for (let r = 0; r < TOGETHER; r++) products[at + r] = y[a + r] * y[b + r]
    }
    for (let p = 0; p < pairCount; p++) {
      const at = TOGETHER * p
      // In variables, not in a loop: they stay in registers while the pairs are passed.
      const a0 = products[at] * squares[0], a1 = products[at + 1] * squares[1], a2 = products[at + 2] * squares[2], a3 = products[at + 3] * squares[3]
      const a4 = products[at + 4] * squares[4], a5 = products[at + 5] * squares[5], a6 = products[at + 6] * squares[6], a7 = products[at + 7] * squares[7]
      for (let q = from[p], c = TOGETHER * q, into = p * pairCount + q; q < pairCount; q++, c += TOGETHER, into++) {
        sums[into] += ((a0 * products[c] + a1 * products[c + 1]) + (a2 * products[c + 2] + a3 * products[c + 3]))
          + ((a4 * products[c + 4] + a5 * products[c + 5]) + (a6 * products[c + 6] + a7 * products[c + 7]))
      }
    }
  }
}
