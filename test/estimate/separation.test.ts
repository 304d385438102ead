// Separated rows: found whatever they are separated by, and only then.
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { pseudoLikelihood } from '../../src/estimate/estimators/pseudo-likelihood.ts'
import { ratioMatching } from '../../src/estimate/estimators/ratio-matching.ts'
import { refuseSeparation } from '../../src/estimate/separation.ts'
import { ising } from '../../src/model/energies/ising.ts'
import { domain } from '../../src/model/domain.ts'
import { trace } from '../../src/model/model.ts'
import { fitModel, onnx } from './parametric-fixtures.ts'

const tosses = new Float64Array(4 * 300)
createRandom(3).fillUniform(tosses)

/** 300 rows of zeros and ones made of four tosses each, as spins. */
const spins = (make: (a: number, b: number, c: number) => number[]): { rows: Float64Array; columns: string[] } => {
  const rows = Array.from({ length: 300 }, (_, k) => make(...Array.from(tosses.subarray(4 * k, 4 * k + 3), (u) => Number(u < 0.4)) as [number, number, number]))
  return { rows: Float64Array.from(rows.flat(), (value) => 2 * value - 1), columns: rows[0].map((_, j) => 'abcd'[j]) }
}
const look = async ({ rows, columns }: { rows: Float64Array; columns: string[] }, weights?: ArrayLike<number>): Promise<string> => {
  try {
    await refuseSeparation(trace(ising, domain('binary').over(columns)), rows, onnx, weights)
    return 'none'
  } catch (error) {
    return (error as Error).message
  }
}

describe('separated', () => {
  test.each<[string, (a: number, b: number, c: number) => number[], RegExp]>([
    ['a copy', (a, b) => [a, b, a], /as J\[1,3\] → \+∞: "a" is never 1 without "c"; "c" is never 1 without "a" \(/],
    ['the opposite', (a, b) => [a, b, 1 - a], /as J\[1,3\] → −∞: "a" and "c" are never 1 together; "a" or "c" is 1 in every row/],
    ['implied', (a, b, c) => [a, b, a === 1 ? 1 : c], /as h\[1\] → −∞, h\[3\] → \+∞, J\[1,3\] → \+∞ together: "a" is never 1 without "c" \(/],
    ['never together', (a, b, c) => (a === 1 && b === 1 ? [0, 0, c] : [a, b, c]), /as h\[1\] → −∞, h\[2\] → −∞, J\[1,2\] → −∞ together: "a" and "b" are never 1 together/],
    ['one of three', (a, b) => (a === 1 ? [1, 0, 0] : b === 1 ? [0, 1, 0] : [0, 0, 1]), /"a" and "b" are never 1 together; "a" and "c" are never 1 together; "b" and "c"/],
    ['the majority of the others, which no pair shows', (a, b, c) => [a, b, c, Number(a + b + c >= 2)], /J\[1,4\] → \+∞, J\[2,3\] → −∞, J\[2,4\] → \+∞, J\[3,4\] → \+∞ together \(take more rows/],
    ['constant', (a, b) => [a, b, 1], /"c" is the same in every row/],
  ])('%s', async (_, make, message) => {
    expect(await look(spins(make))).toMatch(message)
  })

  test('one row to the contrary, and it no longer is; one without weight does not count', async () => {
    const { rows, columns } = spins((a, b, c) => [a, b, a === 1 ? 1 : c])
    const more = Float64Array.from([...rows, 1, 1, -1])
    expect(await look({ rows: more, columns })).toBe('none')
    expect(await look({ rows: more, columns }, [...new Array<number>(300).fill(1), 0])).toMatch(/separated/)
  })

  test('a fit says so, by either estimator, before it searches', async () => {
    const { rows } = spins((a, b, c) => (a === 1 && b === 1 ? [0, 0, c] : [a, b, c]))
    for (const estimator of [pseudoLikelihood, ratioMatching]) await expect(fitModel(ising, estimator, rows, 3)).rejects.toMatchObject({ code: 'separation' })
  })
})

test('not separated: a parity, which no pair predicts; strong couplings, ten thousand to one', async () => {
  expect(await look(spins((a, b, c) => [a, b, c, (a + b + c) % 2]))).toBe('none')
  // All alike but for one row in each other cell of every pair: the estimates are finite, and far out.
  const rows = [...Array.from({ length: 20_000 }, (_, k) => new Array<number>(3).fill(k % 2 === 0 ? 1 : -1)), [1, -1, 1], [-1, 1, 1], [1, 1, -1], [-1, -1, 1], [-1, 1, -1], [1, -1, -1]]
  expect(await look({ rows: Float64Array.from(rows.flat()), columns: ['a', 'b', 'c'] })).toBe('none')
})
