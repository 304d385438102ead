// Order statistics against sorting.
import { expect, test } from 'vitest'
import { atPlaces, weightedQuantile } from '../../src/base/order.ts'
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

test.each(Object.keys(kinds))('%s: weighted quantiles are those of values that are repeated', (kind) => {
  for (const count of [1, 2, 3, 7, 1000]) {
    const values = Float64Array.from({ length: count }, (_, k) => kinds[kind](k))
    const times = values.map(() => random.integer(4))
    times[0] = 2
    const repeated = Float64Array.from([...values].flatMap((value, k) => new Array<number>(times[k]).fill(value))).sort()
    for (const share of [0.01, 0.3, 0.5, 0.99]) {
      // Beside the places where rounding decides.
      const place = Math.ceil(share * repeated.length - 1e-9) - 1
      if (Math.abs(share * repeated.length - Math.round(share * repeated.length)) < 1e-6) continue
      expect(weightedQuantile(values, times.map((own) => own / repeated.length), share) + 0).toBe(repeated[place] + 0)
    }
  }
})
