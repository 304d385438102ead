// Order statistics against sorting.
import { expect, test } from 'vitest'
import { atPlaces } from '../../src/base/order.ts'
import { createRandom } from '../../src/base/random.ts'

const random = createRandom('order')
const kinds: Record<string, (k: number) => number> = {
  'all different': () => random.normal(),
  'few values': () => random.integer(3),
  equal: () => 1,
  rising: (k) => k,
  falling: (k) => -k,
  'with signed zeros and ends': (k) => [0, -0, 1, -1e300, 1e300][k % 5],
}

test.each(Object.keys(kinds))('%s: the values that sorting would put there', (kind) => {
  for (const count of [1, 2, 3, 7, 1000]) {
    const values = Float64Array.from({ length: count }, (_, k) => kinds[kind](k))
    const before = values.slice()
    const sorted = values.slice().sort()
    const places = [count - 1, 0, Math.floor(count / 2), Math.floor(count / 3), Math.floor(count / 2)]
    expect(atPlaces(values, places).map((value) => value + 0)).toEqual(places.map((place) => sorted[place] + 0))
    expect(values).toEqual(before)
  }
})
